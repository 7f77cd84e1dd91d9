"""The register shows the columns that the procedure draws, and hands them out as texts with a reason."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from engine import queries
from tests.web.conftest import look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text


def sheet(data: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.active.rows]


def test_columns_and_filters(real: RealOffice) -> None:
    real.at("2025-12-15")
    real.start(received_on="2025-12-15", title="去年的")
    real.at("2026-11-02")
    real.start(title="今年的")
    page = real.browser("zhou").get("/registers")
    assert [text(one) for one in page.select(".register th")] == [
        "编号", "收到日期", "来访人", "事由", "主办科室", "答复期限",
    ]  # fmt: skip
    assert [text(one) for one in page.select(".register tbody tr")] == [
        "2025-0001 2025-12-15 顾某 去年的 房屋安全管理科 2026-01-13",
        "2026-0001 2026-11-02 顾某 今年的 房屋安全管理科 2026-11-30",
    ]
    page = real.browser("zhou").get("/registers?procedure=visit&year=2026&status=open")
    assert len(page.select(".register tbody tr")) == 1
    assert page.select_one("form[action='/registers/export'] input[name=year]")["value"] == "2026"
    page = real.browser("zhou").get("/registers?procedure=visit&year=nonsense&status=closed")
    assert "没有符合条件的案件" in text(page.main)
    real.browser("zhou").get("/registers?procedure=nothing", 404)


def test_who_may_not_see_personal_values_has_no_such_column(real: RealOffice) -> None:
    real.start()
    meng = real.browser("meng")
    page = meng.get("/registers")
    assert "来访人" not in [text(one) for one in page.select(".register th")]
    assert "顾" not in page.main.text
    answer = meng.post(
        "/registers/export", {"procedure": "visit", "reason": "抽查"}, page="/registers"
    )
    assert sheet(answer.data)[0] == ["编号", "收到日期", "事由", "主办科室", "答复期限"]
    assert "顾小明" not in str(sheet(answer.data))


def test_an_export_speaks_the_readers_language(real: RealOffice) -> None:
    real.start(title="审核")
    zhou = real.browser("zhou")
    zhou.post("/display", {"language": "en"})
    sent = {"procedure": "visit", "reason": "statistics"}
    answer = zhou.post("/registers/export", sent, page="/registers")
    head, row = sheet(answer.data)
    assert head[:2] == ["Number", "Received on"]
    assert row[3:5] == ["审核", "Housing safety section"]  # typed, and a label
    page = zhou.get("/registers?procedure=visit")
    assert "审核" in text(page.select_one("table tbody tr"))


def test_an_export_holds_texts_only_and_is_recorded(real: RealOffice) -> None:
    hostile = '=HYPERLINK("http://x","y")'
    real.start(title=hostile, name="+顾小明")
    zhou = real.browser("zhou")
    without = zhou.post("/registers/export", {"procedure": "visit"}, page="/registers")
    assert without.status_code == 422
    assert "请写明导出的事由" in text(look_over(without).select_one(".errors"))
    answer = zhou.post(
        "/registers/export", {"procedure": "visit", "reason": "年度统计"}, page="/registers"
    )
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = sheet(answer.data)
    assert rows[1][2:4] == ["+顾小明", hostile]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        content = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in content
    assert "<f " not in content
    trail = queries.audit_page(real.env, real.actor("meng"), {"group": "reads"})
    assert [(row.who, row.act, row.reason) for row in trail.rows] == [
        ("周敏", "导出台账", "年度统计")
    ]


@pytest.mark.parametrize("login", ["li", "zhang", "lin"])
def test_the_register_is_not_for_everybody(real: RealOffice, login: str) -> None:
    real.start()
    real.browser(login).get("/registers", 403)
    answer = real.browser(login).post("/registers/export", {"procedure": "visit", "reason": "想看"})
    assert answer.status_code == 403
