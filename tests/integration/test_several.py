"""Several tasks dealt with at once: the same step of several cases, and tasks handed to a colleague."""

import json
from datetime import date

import pytest

from engine import commands, queries
from engine.errors import BadInput
from engine.identity import Post
from engine.store import accounts, cases, outbox
from engine.store import audit as trail
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import open_desk

REQUEST = {
    "channel": "counter",
    "submitted_on": "2026-03-02",
    "applicant_kind": "person",
    "applicant_name": "顾某",
    "id_kind": "resident_id",
    "id_number": "11010519491231002X",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "info_description": "申请公开柳岸新村征收补偿方案。",
    "delivery_form": "paper",
    "delivery_way": "post",
}
ACCEPTED = {
    "applicant_complete": "complete",
    "delivery_complete": "complete",
    "intake_result": "accept",
    "repeated": "first",
}
DIRECT = {"assign_way": "direct", "lead_section": "housing"}


@pytest.fixture
def desk(tmp_path):
    made = open_desk(tmp_path, "on_request", "confidentiality_review", "review_and_approval")
    with UnitOfWork(made.env.database, writing=True) as uow:
        person = accounts.add_person(uow.connection, login="qian", name="钱进")
        accounts.add_post(uow.connection, person, Post("disclosure_officer"), date(2026, 1, 1))
        uow.commit()
    return made


def at_assigning(desk, title: str) -> str:
    """Register a request and accept it; return the id of the task 分办."""
    zhou = desk.actor("zhou")
    moved = commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": title})
    for values in ({}, ACCEPTED):
        item = task_of(desk, moved.case_id)
        if item["activity_id"] != "answer_on_spot" and not values:
            continue
        commands.complete_task(desk.env, zhou, item["id"], values)
    item = task_of(desk, moved.case_id)
    assert item["activity_id"] == "assign"
    return item["id"]


def task_of(desk, case_id: str):
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return next(row for row in rows if row["status"] == "open")


def bodies(desk, action: str) -> list[dict]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows, _ = trail.search(uow.connection, {"action": action}, limit=100)
    return [json.loads(row["body"]) for row in rows]


def test_several_requests_are_assigned_with_one_form(desk):
    ids = [at_assigning(desk, title) for title in ("甲", "乙", "丙")]
    officer = desk.actor("zhou")
    page = queries.together_page(desk.env, officer, ids)
    assert (page.name, len(page.able), page.unable) == ("分办", 3, [])
    keys = [one.key for one in page.form.fields]
    assert "lead_section" in keys
    assert "co_assignments" not in keys  # a table differs from case to case
    results = commands.complete_all(desk.env, officer, ids, DIRECT, "key")
    assert [(list(one.opened), one.failure) for one in results] == [(["研究"], None)] * 3
    batches = {body.get("batch") for body in bodies(desk, "TaskCompleted") if body.get("batch")}
    assert len(batches) == 1
    # The same rendered form once more changes nothing.
    again = commands.complete_all(desk.env, officer, ids, DIRECT, "key")
    assert all(one.failure for one in again)


def test_one_that_cannot_be_done_stops_no_other(desk):
    first, second, third = (at_assigning(desk, title) for title in ("甲", "乙", "丙"))
    officer = desk.actor("zhou")
    commands.complete_task(desk.env, officer, second, DIRECT)
    results = commands.complete_all(desk.env, officer, [first, second, third], DIRECT, "key")
    assert [one.failure is None for one in results] == [True, False, True]
    assert results[1].task.why_not == "已经办理过了"


def test_answers_that_are_wrong_for_all_change_nothing(desk):
    ids = [at_assigning(desk, title) for title in ("甲", "乙")]
    results = commands.complete_all(desk.env, desk.actor("zhou"), ids, {}, "key")
    assert [one.failure.code for one in results] == ["submission_invalid"] * 2
    assert "assign_way" in results[0].failure.errors


def test_a_step_that_needs_a_judgement_of_its_own_is_not_done_together(desk):
    zhou = desk.actor("zhou")
    started = [
        commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": title})
        for title in ("甲", "乙")
    ]
    ids = [task_of(desk, one.case_id)["id"] for one in started]
    page = queries.together_page(desk.env, zhou, ids)
    assert [one.why_not for one in page.unable] == ["这一步要逐件办理"] * 2
    assert not page.able


def test_tasks_are_handed_to_a_colleague_who_is_told(desk):
    zhou, qian = desk.actor("zhou"), desk.actor("qian")
    started = [
        commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": title})
        for title in ("甲", "乙")
    ]
    ids = [task_of(desk, one.case_id)["id"] for one in started]
    commands.claim(desk.env, zhou, ids[0])
    people = commands.colleagues(desk.env, zhou, ids)
    assert [(one.name, one.takes) for one in people] == [("钱进", 2)]
    given, left = commands.hand_over_all(desk.env, zhou, ids, qian.person_id, "下周培训")
    assert (len(given), left) == (2, [])
    assert [one["to"] for one in bodies(desk, "TaskHandedOver")] == ["钱进", "钱进"]
    assert task_of(desk, started[0].case_id)["assignee"] == qian.person_id
    lines = queries.notices(desk.env, qian).lines
    assert "周敏转来" in lines[0].text
    assert [one.is_over for one in lines] == [False, False]
    # Who has given it away does not have it any more.
    given, left = commands.hand_over_all(desk.env, zhou, ids, qian.person_id, "")
    assert not given
    assert left[0].why_not == "这一步已由别人签收，请先请对方退回"


def test_nobody_gets_a_task_that_his_post_does_not_do(desk):
    zhou = desk.actor("zhou")
    moved = commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": "甲"})
    task = task_of(desk, moved.case_id)["id"]
    given, left = commands.hand_over_all(desk.env, zhou, [task], desk.actor("meng").person_id, "")
    assert not given
    assert left[0].why_not == "这一步不由孟书怡的岗位办理"
    with pytest.raises(BadInput):
        commands.hand_over_all(desk.env, zhou, [task], "nobody", "")
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = outbox.notices(
            uow.connection, [], desk.actor("meng").person_id, desk.env.time.now(), limit=5
        )
    assert not rows
