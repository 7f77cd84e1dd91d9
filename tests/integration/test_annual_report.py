"""The annual report over stored cases, live and taken over from paper, recomputed here from the rows themselves."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from engine import commands
from engine.annual_report.balance import ReportUnbalanced
from engine.bpmn.step import Effect
from engine.cli import reporting
from engine.commands.case_host import CaseHost
from engine.commands.errors import EffectFailed
from engine.commands.reporting import compile_report
from engine.errors import Denied
from engine.identity import SYSTEM
from engine.queries.report import annual_letter, annual_report, annual_workbook
from engine.register_import import read_register
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, PostgresServer, open_desk

CODES = ["A1", "B1", *(f"C{n}" for n in range(1, 9)), "D1", "D2", "D3"]
CODES += [*(f"E{n}" for n in range(1, 6)), "F1", "F2", "F3"]
WORDS = {
    "自然人": "person",
    "商业企业": "business",
    "科研机构": "research",
    "社会公益组织": "charity",
    "法律服务机构": "legal",
    "其他": "other",
}
WALK_IN = {
    "channel": "counter",
    "submitted_on": "2026-03-02",
    "applicant_kind": "business",
    "applicant_name": "某市某某物业有限公司",
    "uscc": "91110000600037341L",
    "legal_person": "王某",
    "contact_name": "李某",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "info_title": "2025年度市容环卫经费决算",
    "info_description": "申请公开2025年度市容环卫经费决算表。",
    "delivery_form": "paper",
    "delivery_way": "post",
    "on_spot": True,
}


@pytest.fixture
def office(tmp_path: Path, database: PostgresServer | None) -> Desk:
    return open_desk(
        tmp_path, "on_request", "periodic_submission", "review_and_litigation", server=database
    )


def paper(kind_of=tuple(WORDS)):
    """Rows of a register: each outcome once in 2025, done in 2026 for every second one."""
    lines = ["编号,收到日期,申请内容,申请人类别,办理结果,办结日期"]
    for place, code in enumerate(CODES):
        closed = "2026-01-12" if place % 2 else "2025-12-29"
        kind = kind_of[place % len(kind_of)]
        lines.append(f"2025-{place:03},2025-12-{1 + place:02},第{place}件,{kind},{code},{closed}")
    return "\n".join(lines)


def take_over(desk: Desk, text: str) -> None:
    procedure = desk.env.deployed(desk.env.version_in_force("on_request")).procedure
    rows = read_register(text.encode(), "a.csv", procedure, None, today=date(2026, 3, 2))
    commands.import_register(desk.env, SYSTEM, "on_request", rows)


def walk_in(desk: Desk) -> str:
    """Somebody is answered at the counter; the file is not closed yet."""
    clerk = desk.actor("zhou")
    moved = commands.start_case(desk.env, clerk, "on_request", WALK_IN)
    item = open_item(desk, moved.case_id)
    commands.complete_task(
        desk.env,
        clerk,
        item,
        {"answered_on": "2026-03-02", "on_spot_answer": "已当场告知网址。"},
    )
    return moved.number


def open_item(desk: Desk, case_id: str) -> str:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return next(
            row["id"]
            for row in cases.case_items(uow.connection, case_id)
            if row["status"] == "open"
        )


def test_cases_from_paper_and_live_ones_are_counted_alike(office):
    take_over(office, paper())
    live = walk_in(office)
    found = annual_report(office.env, SYSTEM, 2026)
    three = found.report.three

    rows = [line.split(",") for line in paper().splitlines()[1:]]
    by_cell = Counter((row[4], WORDS[row[3]]) for row in rows if row[5].startswith("2026"))
    by_cell["A1", "business"] += 1
    for code in CODES:
        for kind in WORDS.values():
            assert three[code][kind].value == by_cell[code, kind], (code, kind)
    assert three["new"]["total"].cases == [live]
    assert three["carried_in"]["total"].value == sum(row[5].startswith("2026") for row in rows)
    assert three["carried_out"]["total"].value == 0
    assert all(check.ok for check in found.checks if check.blocking)


def test_the_year_before_ends_with_what_this_year_begins(office):
    take_over(office, paper())
    before = annual_report(office.env, SYSTEM, 2025).report.three
    after = annual_report(office.env, SYSTEM, 2026).report.three
    for kind in [*WORDS.values(), "total"]:
        assert before["carried_out"][kind].cases == after["carried_in"][kind].cases


def test_a_kind_of_applicant_that_no_column_has_stops_the_report(office):
    take_over(office, paper(("法人",)))
    with pytest.raises(ReportUnbalanced, match="checks fail") as refused:
        annual_workbook(annual_report(office.env, SYSTEM, 2026))
    assert "2025-001" in refused.value.sentence


def test_only_those_who_may_read_the_register_see_it(office):
    with pytest.raises(Denied):
        annual_report(office.env, office.actor("li"), 2026)
    assert annual_report(office.env, office.actor("zhou"), 2026).report.year == 2026


def test_both_files_are_written(office, tmp_path):
    take_over(office, paper())
    found = annual_report(office.env, SYSTEM, 2026)
    assert annual_letter(office.env, found).startswith(b"PK")
    assert annual_workbook(found).startswith(b"PK")


def test_the_command_writes_what_its_endings_say(tmp_path, monkeypatch):
    desk = open_desk(tmp_path, "on_request", "periodic_submission", "review_and_litigation")
    take_over(desk, paper())
    monkeypatch.setattr(reporting, "build_environment", lambda config: desk.env)
    run = CliRunner()
    for name in ("年报.xlsx", "年报.docx"):
        done = run.invoke(reporting.report, ["annual", "2026", "-o", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        assert "核对相符" in done.output
    book = openpyxl.load_workbook(tmp_path / "年报.xlsx")
    assert book.sheetnames == ["第二部分", "第三部分", "第四部分", "核对", "取数依据"]
    shown = run.invoke(
        reporting.report, ["annual", "2026", "-o", str(tmp_path / "a.xlsx"), "--json"]
    )
    assert json.loads(shown.output)["three"]["B1"]["business"]["cases"] == ["2025-001"]
    wrong = run.invoke(reporting.report, ["annual", "2026", "-o", str(tmp_path / "a.pdf")])
    assert wrong.exit_code == 2


def reporting_case(desk: Desk) -> CaseHost:
    """A case of an annual report, opened as a step opens it."""
    values = {
        "report_kind": "annual",
        "report_year": 2025,
        "superior": "市政府办公室",
        "collect_units": ["finance"],
    }
    clerk = desk.actor("zhou")
    moved = commands.start_case(desk.env, clerk, "periodic_submission", values)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, moved.case_id)
    assert case is not None
    return CaseHost.open(desk.env, clerk, case, {})


def compiled(host: CaseHost, act: str) -> object:
    arguments = {"year": 2026, "act": act}
    return compile_report(host, arguments, Effect("compile_report", arguments, "write", ""))


def test_a_case_does_not_write_a_report_that_contradicts_itself(office):
    take_over(office, paper(("法人",)))
    host = reporting_case(office)
    with pytest.raises(EffectFailed) as refused:
        compiled(host, "files")
    assert "2025-001" in refused.value.sentence
    assert host.documents == []
    assert host.audit_events == []
    told = compiled(host, "figures")["report"]
    assert told["balanced"] is False
    assert any("2025-001" in sentence for sentence in told["failed"])


def test_a_case_keeps_a_report_that_balances_and_says_so_in_the_trail(office):
    take_over(office, paper())
    host = reporting_case(office)
    files = compiled(host, "files")["files"]
    assert [one["name"].rpartition(".")[2] for one in files] == ["docx", "xlsx"]
    assert [one["sha256"] for one in host.documents] == [one["sha256"] for one in files]
    assert [one.action for one in host.audit_events] == ["ReportCompiled"]


@pytest.mark.parametrize("arguments", [{"act": "files"}, {"year": 2026, "act": "paper"}])
def test_a_report_without_a_year_or_of_no_known_kind_is_refused(office, arguments):
    host = reporting_case(office)
    with pytest.raises(EffectFailed):
        compile_report(host, arguments, Effect("compile_report", arguments, "write", ""))
    assert host.documents == []
