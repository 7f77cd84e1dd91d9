"""An old register comes in whole or not at all; what is wrong with a row is said row by row."""

from __future__ import annotations

import io
import os
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from engine import commands, queries
from engine.commands.registers import RegisterQuery
from engine.errors import BadInput
from engine.identity import SYSTEM
from engine.invariants import violations
from engine.register_import import ImportRefused, read_mapping, read_register
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

HEADER = "编号,收到日期,申请内容,申请人类别,办理结果,办结日期"
GOOD = f"""{HEADER}
2024-001,2024-03-04,2023年预算执行情况,自然人,予以公开,2024-03-20
2024-002,2024年3月5日,户外广告许可目录,商业企业,部分公开,2024/4/1
2024-003,2026-02-24,危房鉴定报告,自然人,,
"""
BROKEN = f"""{HEADER}
2024-001,2024-13-04,预算,自然人,予以公开,2024-03-20
2024-001,2024-03-05,许可,自然人,好像公开了,2024-03-01
,2024-03-06,,自然人,,
"""
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FOREIGN = os.environ.get("GONGKAI_REGISTER", "")


@pytest.fixture
def office(tmp_path: Path) -> Desk:
    return open_desk(tmp_path, "on_request")


def rows_of(desk: Desk, data: bytes, name: str):
    deployed = desk.env.deployed(desk.env.version_in_force("on_request"))
    return read_register(data, name, deployed.procedure, None, today=date(2026, 3, 2))


def as_xlsx(text: str) -> bytes:
    book = openpyxl.Workbook()
    for line in text.strip().splitlines():
        book.active.append(line.split(","))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [("a.csv", GOOD.encode()), ("a.csv", GOOD.encode("gb18030")), ("a.xlsx", as_xlsx(GOOD))],
    ids=["utf-8", "gb18030", "xlsx"],
)
def test_a_register_comes_in_whatever_it_was_written_with(office, name, data):
    rows = rows_of(office, data, name)
    assert [row.problems for row in rows] == [[], [], []]
    assert commands.import_register(office.env, SYSTEM, "on_request", rows) == 3
    found = queries.case_list(office.env, office.actor("zhou"), "户外广告", "", 1)
    assert [(row.number, row.subject) for row in found.rows] == [("2024-002", "户外广告许可目录")]
    assert commands.verify_audit(office.env) == []


def test_what_the_old_register_said_stands_in_the_columns_of_that_name(office):
    """An imported case has no forms: only its number was seen in the register."""
    commands.import_register(
        office.env, SYSTEM, "on_request", rows_of(office, GOOD.encode(), "a.csv")
    )
    page = queries.register_page(
        office.env, office.actor("zhou"), RegisterQuery("on_request", 2024, "closed")
    )
    found = [dict(zip(page.labels, row.values, strict=True)) for row in page.rows]
    assert [
        (one["编号"], one["收到日期"], one["申请内容"], one["申请人类别"], one["答复日期"])
        for one in found
    ] == [
        ("2024-001", "2024-03-04", "2023年预算执行情况", "自然人", "2024-03-20"),
        ("2024-002", "2024-03-05", "户外广告许可目录", "商业企业", "2024-04-01"),
    ]
    assert [one["办理结果"] for one in found] == ["（一）予以公开", "（二）部分公开"]


def test_a_column_with_another_cases_number_links_both_cases(tmp_path):
    """Imported cases named no other, though the old register did."""
    desk = open_desk(tmp_path, "follow", "loop")
    sheet = f"""{HEADER},跟哪件,前一件
旧1,2024-03-04,鉴定,自然人,,,,
旧2,2024-03-05,再鉴定,自然人,,,旧3,旧1
旧3,2024-03-06,又鉴定,自然人,,,别处9号,
"""
    mapping = "columns: {number: 编号, received_on: 收到日期, subject: 申请内容}\n"
    told = f"{mapping}cases: {{about: 跟哪件, from_case: 前一件}}\n".encode()
    sent = sheet.encode(), "a.csv"
    rows = commands.register_rows(desk.env, SYSTEM, "follow", *sent, (told, "m.yaml"))
    assert [dict(row.cases) for row in rows] == [
        {},
        {"about": "旧3", "from_case": "旧1"},
        {"about": "别处9号"},
    ]
    commands.import_register(desk.env, SYSTEM, "follow", rows)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        second, third = (cases.id_of_number(uow.connection, one) for one in ("旧2", "旧3"))
    page = queries.case_page(desk.env, desk.actor("zhou"), str(second))
    assert {(one.number, one.words) for one in page.related} == {
        ("旧3", "涉及案件"),
        ("旧1", "本件由它引起"),
    }
    [back] = queries.case_page(desk.env, desk.actor("zhou"), str(third)).related
    assert (back.number, back.words) == ("旧2", "其中的“涉及案件”是本件")
    for wrong in ("others: 跟哪件", "about: 没有这栏"):  # no field of one case, no column
        with pytest.raises(ImportRefused, match=r"cases|没有这栏"):
            commands.register_rows(
                desk.env, SYSTEM, "follow", *sent, (f"{mapping}cases: {{{wrong}}}".encode(), "m")
            )


def test_an_open_row_is_started_with_its_clock_at_the_old_date(office):
    commands.import_register(
        office.env, SYSTEM, "on_request", rows_of(office, GOOD.encode(), "a.csv")
    )
    with UnitOfWork(office.env.database, writing=False) as uow:
        case_id = cases.id_of_number(uow.connection, "2024-003")
    page = queries.case_page(office.env, office.actor("zhou"), case_id)
    assert page.head.state == "open"
    _, reply = queries.calculation(office.env, office.actor("zhou"), case_id, "reply")
    # Received Tue 2026-02-24; Sat 28 Feb is worked.
    assert reply.clock.due == date(2026, 3, 23)
    assert violations(office.env) == []


def test_a_closed_row_has_no_clock_and_counts_with_its_outcome(office):
    commands.import_register(
        office.env, SYSTEM, "on_request", rows_of(office, GOOD.encode(), "a.csv")
    )
    with UnitOfWork(office.env.database, writing=False) as uow:
        case = cases.load(uow.connection, cases.id_of_number(uow.connection, "2024-001"))
        assert cases.case_clocks(uow.connection, [case.id])[case.id] == []
    assert (case.status, case.how, case.outcome) == ("closed", "imported", "A1")


def test_every_broken_row_says_what_is_wrong_and_nothing_comes_in(office):
    rows = rows_of(office, BROKEN.encode(), "a.csv")
    said = ["；".join(row.problems) for row in rows]
    assert "认不出" in said[0]
    assert "重复" in said[1]
    assert "早于收到日期" in said[1]
    assert "对不上，请在对照文件的 outcomes 里写明" in said[1]
    assert "没有编号" in said[2]
    with pytest.raises(BadInput):
        commands.import_register(office.env, SYSTEM, "on_request", rows)
    with UnitOfWork(office.env.database, writing=False) as uow:
        assert cases.count_cases(uow.connection) == 0


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b"PK no book"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.csv", "姓名,电话\n甲,1\n".encode()),
        ("a.csv", HEADER.encode()),
    ],
    ids=["broken", "encoding", "columns", "empty"],
)
def test_a_file_that_is_no_register_is_refused_by_name(office, name, data):
    with pytest.raises(ImportRefused) as refused:
        rows_of(office, data, name)
    assert name in refused.value.sentence


def test_the_sample_register_of_the_manual_comes_in_with_its_mapping(office):
    mapped = read_mapping((EXAMPLES / "register.yaml").read_bytes(), "register.yaml")
    deployed = office.env.deployed(office.env.version_in_force("on_request"))
    data = (EXAMPLES / "register.csv").read_bytes()
    rows = read_register(data, "register.csv", deployed.procedure, mapped, today=date(2026, 3, 2))
    assert [row.problems for row in rows] == [[]] * 6
    assert commands.import_register(office.env, SYSTEM, "on_request", rows) == 6
    page = queries.register_page(
        office.env, office.actor("zhou"), RegisterQuery("on_request", 2023, "closed")
    )
    found = [dict(zip(page.labels, row.values, strict=True)) for row in page.rows]
    assert [one["答复日期"] for one in found][:2] == ["2023-02-27", "2023-04-12"]
    assert [one["办理结果"] for one in found][1] == "（二）部分公开"


@pytest.mark.skipif(not FOREIGN, reason="GONGKAI_REGISTER names no register")
def test_a_real_register_of_244_requests_is_taken_over_found_and_counted(office):
    mapped = read_mapping(
        (Path(__file__).parent / "registers" / "foreign_log.yaml").read_bytes(), "m"
    )
    deployed = office.env.deployed(office.env.version_in_force("on_request"))
    rows = read_register(
        Path(FOREIGN).read_bytes(), "log.csv", deployed.procedure, mapped, today=date(2026, 3, 2)
    )
    assert commands.import_register(office.env, SYSTEM, "on_request", rows) == 244
    listed = queries.case_list(office.env, office.actor("zhou"), "memoranda", "closed", 1)
    assert listed.total > 1
