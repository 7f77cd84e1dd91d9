"""The browser itself: it is the one that an office clerk has in front of her, as far as tests can tell."""

from __future__ import annotations

import json


def test_it_is_a_chinese_desktop(page):
    asked = "[navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone, innerWidth, innerHeight]"
    assert page.evaluate(asked) == ["zh-CN", "Asia/Shanghai", 1366, 768]


def test_it_can_draw_chinese(page):
    page.set_content('<canvas id="a" width="60" height="60"></canvas>')
    drawn = """sign => {
        const canvas = document.getElementById("a"), pen = canvas.getContext("2d");
        pen.clearRect(0, 0, 60, 60); pen.font = "40px sans-serif"; pen.fillText(sign, 5, 45);
        return canvas.toDataURL();
    }"""
    # Without a font, every sign is the same box.
    assert len({page.evaluate(drawn, sign) for sign in "公开期限"}) == 4


def test_the_built_assets_name_their_licences(assets):
    parties = json.loads((assets / "THIRD_PARTY.json").read_text("utf-8"))
    assert not [party["name"] for party in parties if not (party["licence"] and party["text"])]
    if (assets / "diagram.js").exists():
        assert "bpmn-js" in {party["name"] for party in parties}
