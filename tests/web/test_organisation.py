"""The organisation on a page: who held which post on a day, who stood in, and what was changed with its reason."""

from __future__ import annotations

from datetime import timedelta

from engine import people
from tests.web.real import RealOffice
from tests.web.test_deputies import newcomer, stand_in, today
from tests.web.test_pages import text


def rows(real: RealOffice, login: str, path: str = "/organisation") -> list[str]:
    return [text(one) for one in real.browser(login).get(path).select("tbody tr")]


def test_everybody_sees_leading_group_sections_and_holders(real: RealOffice):
    found = rows(real, "li")
    assert any(one.startswith("主要领导 组长 无人担任") for one in found)
    assert any(one.startswith("信息公开专员 办公室专员 周敏") for one in found)
    assert any("房屋安全管理科" in one and "危险房屋" in one for one in found)
    assert any("科室经办人" in one and "李国梁" in one and "方玲" in one for one in found)


def test_another_day_shows_who_held_the_post_then(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    people.give_post(
        real.env, real.actor("bai"), person_id, "director", "", day + timedelta(days=7), "任职文件第3号"
    )  # fmt: skip
    before = rows(real, "li", f"/organisation?day={day + timedelta(days=6)}")
    after = rows(real, "li", f"/organisation?day={day + timedelta(days=7)}")
    assert any(one.startswith("主要领导 组长 无人担任") for one in before)
    assert any(one.startswith("主要领导 组长 苏岚") for one in after)


def test_a_deputy_and_every_change_with_its_reason_are_shown(real: RealOffice):
    person_id, day = newcomer(real), today(real)
    stand_in(real, person_id, "zhou", day, day)
    found = rows(real, "li")
    assert any("周敏" in one and "苏岚 代理周敏" in one for one in found)
    last = day.isoformat()
    change = f"苏岚自{last}至{last}代理周敏（信息公开专员） 白静 外出培训"
    assert any(one.endswith(change) for one in found)


def test_who_has_left_is_still_shown_for_the_days_before(real: RealOffice):
    day = today(real)
    people.set_active(
        real.env,
        real.actor("bai"),
        real.actor("li").person_id,
        "调离",
        active=False,
    )
    yesterday = f"/organisation?day={day - timedelta(days=1)}"
    assert any("李国梁" in one for one in rows(real, "zhou", yesterday))
    assert not any("李国梁 自" in one for one in rows(real, "zhou"))


def test_a_day_that_is_none_is_said(real: RealOffice):
    page = real.browser("li").get("/organisation?day=gestern", status=422)
    assert "2026-12-10" in text(page.select_one(".errors"))
