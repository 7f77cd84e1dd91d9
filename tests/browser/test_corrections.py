"""A wrong date is corrected by clicking: while the case is open by its officer, once it is closed by the head of the office."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.bureau import Bureau
from tests.browser.test_walk import ACCEPTED, REQUEST, closed, due, number_of

pytestmark = pytest.mark.timeout(300)


def rows(page: Page) -> str:
    return page.locator(".calc").inner_text()


def test_a_wrong_date_is_corrected_before_and_after_the_case_is_closed(
    bureau: Bureau, pictures: Path
) -> None:
    zhou = bureau.window("zhoumin")
    case = bureau.start("on_request", "zhoumin", {**REQUEST, "submitted_on": "2026-11-24"})
    number = number_of(zhou)
    assert "2026-12-22" in due(zhou, case)

    zhou.goto(case)
    zhou.locator("details.menu summary").click()
    zhou.get_by_role("link", name="更正登记的日期").click()
    zhou.get_by_text("当面提交申请：2026-11-24").click()
    zhou.get_by_text("日期登记错了", exact=True).click()
    zhou.locator("input[name=right_date]").fill("2026-11-20")
    zhou.locator("input[name=wrong_reason]").fill("登记簿上为11月20日")
    zhou.locator("input[name=wrong_evidence]").fill("来访登记簿第12页")
    zhou.screenshot(path=pictures / "30-correct-open.png")
    zhou.get_by_role("button", name="更正登记的日期").first.click()
    zhou.get_by_text("已办理：更正登记的日期").wait_for()
    assert "2026-12-18" in due(zhou, case)
    assert "原记载2026-11-24，更正为2026-11-20（登记簿上为11月20日）" in rows(zhou)
    zhou.screenshot(path=pictures / "31-corrected.png")

    bureau.do("zhoumin", number, "受理审查", ACCEPTED)
    bureau.act("zhoumin", case, "申请人撤回", {"withdrawn_on": "2026-11-24"})
    told = {"closing_sent_on": "2026-11-24", "closing_way": "hand"}
    bureau.do("zhoumin", number, "告知申请人", told)
    bureau.do("zhoumin", number, "归档", {"file_complete": "complete", "retention": "10"})
    closed(zhou, case)
    assert not zhou.get_by_role("link", name="更正登记的日期").count()

    zhao = bureau.window("zhaoqiming")
    zhao.goto(case)
    zhao.get_by_role("link", name="更正登记的日期").click()
    zhao.get_by_role("button", name="更正", exact=True).click()
    zhao.get_by_text("请填写正确的日期").wait_for()
    zhao.get_by_text("申请人撤回", exact=False).last.click()
    zhao.get_by_label("正确的日期").fill("2026-11-23")
    zhao.get_by_label("更正的理由").fill("撤回书上为11月23日")
    zhao.get_by_label("证据").fill("撤回书")
    zhao.screenshot(path=pictures / "32-correct-closed.png")
    zhao.get_by_role("button", name="更正", exact=True).click()
    zhao.get_by_text("已更正，各项期限按更正后的日期重新推算").wait_for()
    closed(zhao, case)
    assert (
        "赵启明更正申请人撤回的日期：2026-11-24 改为 2026-11-23"
        in zhao.locator("#timeline + *").inner_text()
    )
    zhao.screenshot(path=pictures / "33-corrected-closed.png")
    due(zhao, case)
    assert "原记载2026-11-24，更正为2026-11-23（撤回书上为11月23日）" in rows(zhao)
