"""What one post wrote stands on the page of the next, who has to judge it."""

from __future__ import annotations

import pytest

from tests.browser.bureau import Bureau, submit
from tests.browser.test_walk import number_of

pytestmark = pytest.mark.timeout(300)

MACHINE = {
    "machine_number": "ZC-2026-07",
    "machine_model": "某牌台式机",
    "machine_disk": "S000",
    "machine_place": "办公室",
    "machine_uses": ["受理申请"],
    "network": "none",
    "no_secrets": True,
    "keeper": "yangfan",
    "appointed_on": "2026-11-24",
}
TAKEN = ["开机口令已更换", "自动锁屏已设置", "杀毒软件已安装", "外接设备已停用", "使用登记簿已设立", "备份已设置"]  # fmt: skip


def test_numbers_of_the_sections_are_filled_in_for_the_annual_report(bureau: Bureau) -> None:
    report = {"report_kind": "annual", "report_year": 2025, "collect_units": ["housing"]}
    bureau.start("periodic_submission", "zhoumin", report)
    zhou = bureau.window("zhoumin")
    number = number_of(zhou)
    page = bureau.task("xujianhua", number, "科室报数")
    rows = page.locator("[data-table=section_rows] tbody tr select")
    assert [one.input_value() for one in rows.all()].count("行政许可决定") == 1
    page.fill("[name='section_rows-3-number']", "12")
    page.fill("[name=section_problems]", "人手不足。")
    submit(page)
    figures = bureau.task("zhoumin", number, "汇总核对")
    assert figures.locator("[name=licences]").input_value() == "12"
    assert "房屋安全管理科：行政许可决定12" in figures.locator("#task-form").inner_text()


def test_what_the_keeper_marked_is_shown_to_who_checks_the_machine(bureau: Bureau) -> None:
    bureau.start("dedicated_machine", "zhaoqiming", MACHINE)
    number = number_of(bureau.window("zhaoqiming"))
    bureau.do("yangfan", number, "接管专机", {"taken_items": TAKEN, "signed": True})
    assert "使用中" in bureau.window("yangfan").locator("main").inner_text()
    bureau.at("2027-11-25")
    page = bureau.task("yangfan", number, "自查")
    results = page.locator("#task-form select[name$='-result']:visible").all()
    assert len(results) == 10
    for place, one in enumerate(results):
        one.select_option("正常" if place else "注意")
    page.fill("[name='self_items-0-note']", "换了移动硬盘。")
    page.locator("[name=unauthorised][value=false]").check()
    submit(page)
    shown = bureau.task("shenyiming", number, "检查专机").locator("#task-form").inner_text()
    assert "备份" in shown
