"""A case moves in whole steps: state, work items, clocks, history and trail together or not at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from engine import commands, queries
from engine.errors import Denied, TaskAlreadyCompleted
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.counting import counting

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}


def registered(desk: Desk) -> commands.Moved:
    return commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER, key="k1")


def open_tasks(desk: Desk, case_id: str) -> dict[str, str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return {row["activity_id"]: row["id"] for row in rows if row["status"] == "open"}


def test_a_registered_case_stands_at_the_next_task_with_its_due_date(desk):
    moved = registered(desk)
    assert moved.number == "2026-0001"
    page = queries.case_page(desk.env, desk.actor("zhao"), moved.case_id)
    assert page.head.subject == "危房鉴定报告"
    assert page.head.step == "审核"
    assert page.head.clock is not None
    assert page.head.clock.due == date(2026, 3, 30)  # Monday, the 20th working day
    assert page.head.holders == ["赵启明（办公室主任）"]


def test_the_whole_path_closes_the_case_and_the_chain_holds(desk):
    moved = registered(desk)
    task = open_tasks(desk, moved.case_id)["review"]
    commands.complete_task(desk.env, desk.actor("zhao"), task, {"decision": "agree"})
    archive = open_tasks(desk, moved.case_id)["archive"]
    done = commands.complete_task(desk.env, desk.actor("zhou"), archive, {})
    assert done.ended
    page = queries.case_page(desk.env, desk.actor("zhou"), moved.case_id)
    assert page.head.state == "closed"
    assert commands.verify_audit(desk.env) == []


def test_the_same_form_posted_twice_starts_one_case(desk):
    first = registered(desk)
    second = registered(desk)
    assert second.repeated
    assert second.case_id == first.case_id


def test_the_second_clerk_is_told_who_did_it(desk):
    moved = registered(desk)
    task = open_tasks(desk, moved.case_id)["review"]
    commands.complete_task(desk.env, desk.actor("zhao"), task, {"decision": "agree"})
    with pytest.raises(TaskAlreadyCompleted) as told:
        commands.complete_task(desk.env, desk.actor("zhao"), task, {"decision": "return"})
    assert told.value.closed_by == "赵启明"


def test_four_eyes_and_candidates_are_enforced_and_refusals_recorded(desk):
    moved = registered(desk)
    task = open_tasks(desk, moved.case_id)["review"]
    with pytest.raises(Denied):
        commands.complete_task(desk.env, desk.actor("zhou"), task, {"decision": "agree"})
    page = queries.audit_page(desk.env, desk.actor("meng"), {"result": "denied"})
    assert [row.who for row in page.rows] == ["周敏"]


def test_a_missing_answer_changes_nothing(desk):
    with pytest.raises(commands.SubmissionInvalid) as wrong:
        commands.start_case(desk.env, desk.actor("zhou"), "leave", {"kind": "a"})
    assert set(wrong.value.errors) == {"title", "received_on"}
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert cases.count_cases(uow.connection) == 0


def test_personal_values_are_not_in_the_database_in_the_clear(tmp_path):
    desk = open_desk(tmp_path, "leave")
    registered(desk)
    desk.env.database.dispose()
    raw = b"".join(path.read_bytes() for path in desk.env.config.data.glob("gongkai.sqlite*"))
    assert "顾小明".encode() not in raw
    assert "危房鉴定报告".encode() in raw


def test_a_clock_timer_fires_on_its_day_and_says_how_late(desk):
    moved = registered(desk)
    desk.time.advance(timedelta(days=22))  # 2026-03-24 Tue: before 3 working days ahead of 03-30
    assert commands.fire_due_timers(desk.env) == 0
    desk.time.advance(timedelta(days=3))
    assert commands.fire_due_timers(desk.env) == 1
    assert commands.fire_due_timers(desk.env) == 0
    with UnitOfWork(desk.env.database, writing=False) as uow:
        told = uow.connection.execute(
            text("select text from notice where role = 'office_head'")
        ).scalars()
        assert list(told) == ["请尽快审核"]
    page = queries.case_page(desk.env, desk.actor("zhao"), moved.case_id)
    assert page.head.step == "审核"


def test_a_restart_between_two_steps_loses_nothing(desk):
    moved = registered(desk)
    task = open_tasks(desk, moved.case_id)["review"]
    again = desk.restart()
    commands.complete_task(again.env, again.actor("zhao"), task, {"decision": "agree"})
    assert "archive" in open_tasks(again, moved.case_id)
    assert commands.verify_audit(again.env) == []


def test_one_changed_byte_breaks_the_chain_at_its_row(desk):
    registered(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        sqlite = desk.env.database.dialect.name == "sqlite"
        drop = "audit_event_no_update" if sqlite else "audit_event_no_change on audit_event"
        uow.connection.execute(text(f"drop trigger {drop}"))
        uow.connection.execute(
            text(
                "update audit_event set body = replace(body, 'leave', 'leaves') where action = 'CaseStarted'"
            )
        )
        seq = uow.connection.execute(
            text("select seq from audit_event where action = 'CaseStarted'")
        ).scalar()
        uow.commit()
    found = commands.verify_audit(desk.env)
    assert found[0].seq == seq


def test_evidence_refuses_to_be_changed(desk):
    registered(desk)
    with (
        UnitOfWork(desk.env.database, writing=True) as uow,
        pytest.raises(Exception, match="append only"),
    ):
        uow.connection.execute(text("delete from history"))


def test_one_query_says_which_versions_are_in_force(desk):
    """It was one for each procedure, at every tick."""
    counted = counting(desk.env.database)
    desk.env.refresh()
    assert len(counted.statements) == 1
    assert set(desk.env.procedures_in_force()) == {"leave"}
