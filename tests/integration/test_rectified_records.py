"""The procedure of correcting a record as it is shipped: a timer in working days on a stored case."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from engine import commands
from engine.commands import passing_time
from engine.identity import Post
from engine.store import accounts, cases
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_publishing import do
from tests.integration.test_steps import open_tasks

POSTS = {"staff": Post("section_staff", "policy"), "line": Post("line_leader", "policy")}
REGISTER = {
    "applicant_name": "顾某",
    "id_kind": "other",
    "id_number": "1",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "requested_on": "2026-03-02",
    "record_title": "房屋面积登记",
    "error_text": "面积应为86平方米。",
}
WANTED = {
    "own_record": "own",
    "examine_result": "more",
    "evidence_wanted": "测绘报告。",
    "evidence_days": "10",
}


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = open_desk(tmp_path, "rectification")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in POSTS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    return desk


def started(desk: Desk) -> str:
    return commands.start_case(desk.env, desk.actor("zhou"), "rectification", REGISTER).case_id


def letters(desk: Desk, case_id: str) -> list[str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return [row["letter"] for row in cases.case_documents(uow.connection, case_id)]


def test_evidence_that_does_not_come_within_ten_working_days_ends_in_a_refusal(desk):
    case_id = started(desk)
    do(desk, "zhou", case_id, "examine", WANTED)
    desk.time.set(datetime(2026, 3, 13, 12, tzinfo=OFFICE_ZONE))  # a Friday, the ninth working day
    passing_time.fire_due_timers(desk.env)
    assert list(open_tasks(desk, case_id)) == ["wait_evidence"]
    desk.time.set(datetime(2026, 3, 17, 12, tzinfo=OFFICE_ZONE))  # a Tuesday, the eleventh
    passing_time.fire_due_timers(desk.env)
    assert list(open_tasks(desk, case_id)) == ["serve"]
    assert letters(desk, case_id) == ["evidence", "refusal"]


def test_a_record_is_verified_corrected_and_told(desk):
    case_id = started(desk)
    ours = {"own_record": "own", "examine_result": "ours", "holding_section": "policy"}
    do(desk, "zhou", case_id, "examine", ours)
    verified = {"accuracy": "wrong", "finding": "确有误。", "correction_text": "改为86平方米。"}
    do(desk, "staff", case_id, "verify", verified)
    do(desk, "line", case_id, "approve", {"rect_decision": "correct"})
    corrected = {"corrected_on": "2026-03-02", "corrected_where": ["system"]}
    do(desk, "staff", case_id, "correct", corrected)
    served = {"service_way": "hand", "served_on": "2026-03-02"}
    assert do(desk, "zhou", case_id, "serve", served).ended
    assert letters(desk, case_id) == ["corrected"]
