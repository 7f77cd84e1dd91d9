"""A breach and a finding become clues of the accountability procedure; neither decides anything."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from engine import commands
from engine.identity import SYSTEM
from engine.store import cases
from engine.store import report as store
from engine.stored_case import case_file, task_form
from engine.timesource import OFFICE_ZONE, legal_day
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

REQUEST = {
    "channel": "counter",
    "submitted_on": "2026-03-02",
    "applicant_kind": "person",
    "applicant_name": "顾某",
    "id_kind": "resident_id",
    "id_number": "11010519491231002X",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "info_title": "2025年度市容环卫经费决算",
    "info_description": "申请公开2025年度市容环卫经费决算表。",
    "delivery_form": "paper",
    "delivery_way": "post",
}


def clues(desk: Desk) -> list[dict[str, Any]]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return store.cases_of(uow.connection, ["accountability"])


def registration(desk: Desk, case_id: str) -> dict[str, Any]:
    """Return what the form of the open first step holds before anybody types."""
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
        items = cases.case_items(uow.connection, case_id)
    assert case is not None
    assert [item["activity_id"] for item in items if item["status"] == "open"] == ["register"]
    deployed = desk.env.deployed(case.version_id)
    form = task_form(desk.env, deployed, case, items[0])
    assert form is not None
    names = case_file(desk.env, deployed, case).names()
    return form.initial(today=legal_day(desk.time.now()), names=names)


def test_a_reply_that_is_late_becomes_a_clue_that_a_person_registers(tmp_path: Path) -> None:
    desk = open_desk(
        tmp_path, "on_request", "confidentiality_review", "review_and_approval", "accountability"
    )
    request = commands.start_case(desk.env, desk.actor("zhou"), "on_request", REQUEST)
    desk.time.set(datetime(2026, 3, 31, 9, tzinfo=OFFICE_ZONE))  # due Mon 30 March
    commands.tick(desk.env)
    commands.tick(desk.env)  # twice: what is recorded is recorded once
    [clue] = clues(desk)  # the notice of correction is late as well: one request, one clue
    assert clue["fields"]["breach_clock"] == "答复期限"
    assert (clue["status"], clue["outcome"]) == ("open", None)
    assert (
        clue["subject"] == f"{request.number}答复期限逾期"
    )  # a list named it by nothing but its number
    filled = registration(desk, clue["id"])
    assert filled["clue_source"] == "breach"
    assert filled["ground"] == "late_disclosure"
    assert request.number in filled["matter"]
    assert "2026-03-30" in filled["clue_text"]


def test_a_finding_of_an_inspection_becomes_a_clue(tmp_path: Path) -> None:
    desk = open_desk(tmp_path, "supervision", "accountability")
    given = {
        "clue_source": "supervision",
        "matter": "目录半年未更新",
        "responsible_unit": "sanitation",
        "ground": "not_updated",
        "clue_text": "监督检查发现：目录半年未更新",
    }
    moved = commands.start_case(desk.env, SYSTEM, "accountability", via_form=False, variables=given)
    filled = registration(desk, moved.case_id)
    assert {key: filled[key] for key in given} == given
