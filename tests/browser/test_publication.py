"""主动公开 clicked to its end: published, put right, withdrawn at once; the site shows each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import commands
from tests.browser.bureau import Bureau
from tests.browser.test_walk import number_of

pytestmark = pytest.mark.timeout(300)  # a whole case is clicked, on a machine that may be busy

FORMED = {
    "origin": "formed",
    "info_title": "房屋安全鉴定机构名单",
    "formed_on": "2026-11-20",
    "info_category": "livelihood",
    "source_agency": "own",
}


def text(name: str) -> dict[str, Any]:
    return {
        "attribute": "proactive",
        "info_summary": "本市鉴定机构的名称和地址。",
        "publish_files": [name],
        "privacy_masked": "none",
        "other_agencies": "none",
    }


def published(bureau: Bureau, number: str, name: str, entry: dict[str, Any]) -> None:
    """From the section's text to the web site and the archive."""
    for login, step, data in [
        ("liguoliang", "定公开属性", text(name)),
        ("xujianhua", "科室初审", {"first_result": "open"}),
        ("shenyiming", "保密复审", {"second_result": "open"}),
        ("zhoumin", "编目", entry),
        ("hejingbo", "分管领导审核", {"review_result": "agree"}),
        ("luhuaiyuan", "主要领导审批", {"approve_result": "agree"}),
        ("tangyue", "网上发布", {"published_url": "https://cg.example.gov.cn/9.html", "page_check": "same"}),
        ("zhoumin", "移送公开信息", {"delivered_to": ["archive", "library"]}),
    ]:  # fmt: skip
        bureau.do(login, number, step, data)
    commands.tick(bureau.env)


def on_the_site(bureau: Bureau) -> dict[str, Any]:
    (entry,) = (bureau.config.data / "publication" / "items").glob("*/entry.json")
    found: dict[str, Any] = json.loads(entry.read_text("utf-8"))
    return found


def test_a_text_put_right_leaves_no_earlier_one_on_the_site_and_is_withdrawn(
    bureau: Bureau,
) -> None:
    case = bureau.start("proactive_disclosure", "liguoliang", FORMED)
    number = number_of(bureau.window("liguoliang"))
    entry = {"info_topic": "城乡建设", "info_validity": "现行有效", "channels": ["website"]}
    published(bureau, number, "名单.pdf", entry)
    assert [one["name"] for one in on_the_site(bureau)["files"]] == ["名单.pdf"]

    wrong = {"error_note": "第三家的地址写错。", "error_by": "public"}
    bureau.act("zhoumin", case, "更正公开内容", wrong)
    page = bureau.task("liguoliang", number, "定公开属性")
    assert "第三家的地址写错" in page.locator("#task-form").inner_text()
    assert page.locator("[name=publish_files][type=checkbox]").count() == 0
    published(bureau, number, "名单（更正）.pdf", {"revision_note": "更正第三家的地址。"})
    corrected = on_the_site(bureau)
    assert [one["name"] for one in corrected["files"]] == ["名单（更正）.pdf"]
    assert corrected["notes"][-1]["text"] == "更正第三家的地址。"

    down = {"withdrawn_kind": "privacy", "withdrawn_reason": "含住址。", "withdrawn_by": "陆怀远"}
    bureau.act("zhoumin", case, "撤下", down)
    commands.tick(bureau.env)
    gone = on_the_site(bureau)
    assert (gone["files"], gone["title"]) == ([], "")
    bureau.do("tangyue", number, "网站撤下", {"reposts_checked": "none"})
    page = bureau.window("zhoumin")
    page.goto(case)
    assert "已撤下" in page.locator("main").inner_text()
