"""A form that names another case is filled in from it while one types; what one typed oneself stays."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.bureau import Bureau
from tests.browser.test_walk import ACCEPTED, ASSIGNED, ENOUGH, PROVIDED, REQUEST, number_of

PARTY = {
    "name": "第三方甲",
    "full_name": "顾明远",
    "information": "同幢住户名单",
    "address": "某市某路302室",
}


def test_a_dispute_is_filled_in_from_the_case_that_it_is_about(
    bureau: Bureau, pictures: Path
) -> None:
    case = bureau.start("on_request", "zhoumin", {**REQUEST, "submitted_on": "2026-11-02"})
    page = bureau.window("zhoumin")
    number = number_of(page)
    bureau.do("zhoumin", number, "受理审查", ACCEPTED)
    bureau.do("zhoumin", number, "分办", ASSIGNED)
    bureau.do("liguoliang", number, "科室检索提供", PROVIDED)
    bureau.do("zhoumin", number, "研究", {**ENOUGH, "third_parties": [PARTY]})
    page = bureau.task("zhoumin", number, "发出")
    assert "顾明远，某市某路302室" in page.locator("#task-form").inner_text()
    page.screenshot(path=pictures / "third_party.png", full_page=True)
    page.goto(case)
    assert "姓名 顾某" in page.locator("body").inner_text()
    page.screenshot(path=pictures / "masked.png", full_page=True)

    page.goto(f"{bureau.address}/start/review_and_litigation")
    page.fill("[name=subject_case]", number)
    page.locator("[name=subject_case]").blur()
    expect(page.locator("[name=claimant]")).to_have_value("顾小明")
    page.screenshot(path=pictures / "dispute.png")
    page.fill("[name=claimant]", "顾大明")
    with page.expect_response("**/visible"):
        page.locator("[name=claimant]").blur()
    assert page.input_value("[name=claimant]") == "顾大明"
