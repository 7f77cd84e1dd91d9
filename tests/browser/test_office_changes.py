"""What an administrator does by hand: a limit changed in the file, an old register taken over.

Clicked on the product with the procedures of ``processes/``. Pictures lie in ``build/walk``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.bureau import Bureau, open_bureau
from tests.browser.test_walk import REQUEST, due

pytestmark = pytest.mark.timeout(300)  # whole pages of the product, on a machine that may be busy

TODAY = {"submitted_on": "2026-11-24"}
REGISTER = """编号,收到日期,申请内容,办理结果,办结日期
2019-001,2019-03-04,柳岸新村征收补偿方案,予以公开,2019-03-28
2019-002,2019-05-06,户外广告设置规划,部分公开,2019-05-30
2019-003,{day},渣土运输企业名录,予以公开,2019-06-20
"""


@pytest.fixture
def bureau(browser: Browser, tmp_path: Path, assets: object) -> Iterator[Bureau]:
    with open_bureau(tmp_path, browser, own_folders=True) as found:
        yield found


def test_a_limit_changed_in_the_file_counts_for_new_cases_once_it_is_enabled(
    bureau: Bureau, pictures: Path
) -> None:
    zhou, zhang = bureau.window("zhoumin"), bureau.window("zhangwei")
    before = bureau.start("on_request", "zhoumin", REQUEST | TODAY)
    assert "2026-12-22" in due(zhou, before)  # Tue: the twentieth working day after Tue 24 Nov

    diagram = bureau.config.processes / "on_request" / "on_request.bpmn"
    reply = '<gk:clock id="reply" title="答复期限" length="P20WD"'
    text = diagram.read_text("utf-8")
    assert reply in text
    diagram.write_text(text.replace(reply, reply.replace("P20WD", "P15WD")), "utf-8")

    waiting = bureau.start(
        "on_request", "zhoumin", {**REQUEST, **TODAY, "info_title": "启用之前收到的"}
    )
    assert "2026-12-22" in due(zhou, waiting)  # changed, not enabled: nothing follows it yet

    zhang.goto(bureau.address + "/procedures")
    zhang.get_by_role("row", name="依申请公开").get_by_role("link", name="查看和启用").click()
    assert "有改动，未启用" in zhang.locator(".banner").inner_text()
    assert "答复期限" in zhang.locator(".changes-list").inner_text()
    zhang.screenshot(path=pictures / "60-changed-limit.png", full_page=True)
    zhang.get_by_label("启用理由").fill("试行十五个工作日答复，局办公会纪要第12号")
    zhang.get_by_role("button", name="启用第2版").click()
    zhang.get_by_text("已启用。新收的案件按新版本办理。").wait_for()
    zhang.screenshot(path=pictures / "61-enabled.png", full_page=True)

    after = bureau.start(
        "on_request", "zhoumin", {**REQUEST, **TODAY, "info_title": "启用之后收到的"}
    )
    assert "2026-12-15" in due(zhou, after)  # Tue: the fifteenth
    for case in (before, waiting):
        assert "2026-12-22" in due(zhou, case)
    zhang.goto(bureau.address + "/procedures/on_request")
    assert [row.inner_text() for row in zhang.locator("table td.num").all()] == ["1", "2"]


def preview(page: Page, bureau: Bureau, name: str, content: str) -> None:
    """Choose a register by hand and press 预览."""
    page.goto(bureau.address + "/registers")
    page.get_by_role("link", name="导入登记簿").click()
    page.get_by_label("程序").select_option(label="依申请公开")
    page.set_input_files(
        "#file", {"name": name, "mimeType": "text/csv", "buffer": content.encode("gb18030")}
    )
    page.get_by_role("button", name="预览").click()
    page.wait_for_selector(".why:has-text('3行')")


def test_a_register_comes_in_whole_or_not_at_all_and_a_broken_row_is_named(
    bureau: Bureau, pictures: Path
) -> None:
    zhou = bureau.window("zhoumin")
    preview(zhou, bureau, "登记簿.csv", REGISTER.format(day="2019-13-40"))
    assert "1行有问题" in zhou.locator(".why").inner_text()
    first = zhou.locator("tbody tr").first
    assert first.locator("td").first.inner_text() == "4"  # the line of the file, its head counted
    assert "2019-003" in first.inner_text()
    assert "予以公开" in first.inner_text()
    assert "收到日期" in first.locator(".late").inner_text()
    zhou.screenshot(path=pictures / "70-import-broken.png")
    button = zhou.get_by_role("button", name="导入3行")
    assert button.get_attribute("aria-disabled") == "true"
    button.click(force=True)
    zhou.goto(bureau.address + "/registers?procedure=on_request&year=2019")
    assert zhou.locator(".register tbody tr").count() == 0

    preview(zhou, bureau, "登记簿.csv", REGISTER.format(day="2019-06-03"))
    assert "没有发现问题" in zhou.locator(".why").inner_text()
    zhou.screenshot(path=pictures / "71-import-good.png")
    zhou.get_by_role("button", name="导入3行").click()
    zhou.get_by_text("已导入").first.wait_for()
    zhou.screenshot(path=pictures / "72-imported.png")
    zhou.goto(bureau.address + "/registers?procedure=on_request&year=2019")
    rows = zhou.locator(".register tbody tr")
    assert rows.count() == 3
    assert "渣土运输企业名录" in rows.last.inner_text()
    zhou.goto(bureau.address + "/cases?q=渣土运输企业名录")
    zhou.get_by_role("link", name="在全部案件中查找").click()  # it was closed on paper
    zhou.wait_for_url("**state=&**")
    assert "2019-003" in zhou.locator(".inbox").inner_text()

    preview(zhou, bureau, "登记簿.csv", REGISTER.format(day="2019-06-03"))
    assert "3行有问题" in zhou.locator(".why").inner_text()  # already there: not taken in twice
