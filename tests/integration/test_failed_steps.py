"""What fails stops its step, not the program: an incident, the case where it stood, a retry."""

from __future__ import annotations

import pytest

from engine import commands
from engine.bpmn.step import StepFailed
from engine.business_calendar import BusinessCalendar
from engine.commands import stepping
from engine.identity import SYSTEM
from engine.store import cases, incidents
from engine.unit_of_work import UnitOfWork
from engine.words import say, spoken_with
from tests.integration.conftest import Desk, open_desk


@pytest.fixture
def hearing(tmp_path, database) -> Desk:
    return open_desk(tmp_path, "hearing", server=database)


def at_record(desk: Desk) -> commands.Moved:
    return commands.start_case(desk.env, desk.actor("zhou"), "hearing", {"title": "听证"})


def open_tasks(desk: Desk, case_id: str) -> dict[str, str]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return {row["activity_id"]: row["id"] for row in rows if row["status"] == "open"}


def stored(desk: Desk, case_id: str) -> tuple[object, int]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
    assert case is not None
    return case.state, case.revision


def record(desk: Desk, case_id: str, **values: str) -> commands.Moved:
    task = open_tasks(desk, case_id)["record"]
    return commands.complete_task(desk.env, desk.actor("zhou"), task, values)


@pytest.mark.parametrize(
    ("held_on", "next_task"), [("2026-03-02", "urgent"), ("2026-02-02", "archive")]
)
def test_a_date_that_lived_in_the_state_as_text_could_not_be_counted_from(
    hearing, held_on, next_task
):
    moved = at_record(hearing)
    record(hearing, moved.case_id, held_on=held_on)
    assert list(open_tasks(hearing, moved.case_id)) == [next_task]


def test_working_days_from_a_date_that_is_not_known_are_not_known_and_the_choice_says_so(hearing):
    moved = at_record(hearing)
    before = stored(hearing, moved.case_id)
    with pytest.raises(commands.CaseStopped) as stopped:
        record(hearing, moved.case_id)
    assert stopped.value.element == "f4"
    assert "算不出" in stopped.value.sentence
    assert stored(hearing, moved.case_id) == before


def test_a_function_of_the_office_that_fails_leaves_an_incident_and_a_retry_goes_on(
    hearing, monkeypatch
):
    moved = at_record(hearing)
    before = stored(hearing, moved.case_id)

    def broken(self: BusinessCalendar, *_: object) -> None:
        raise RuntimeError("the calendar file is gone")

    with monkeypatch.context() as patched:
        patched.setattr(BusinessCalendar, "add_working_days", broken)
        with pytest.raises(commands.CaseStopped) as stopped:
            record(hearing, moved.case_id, held_on="2026-03-02")
    assert stopped.value.element == "f4"
    assert stored(hearing, moved.case_id) == before
    assert list(open_tasks(hearing, moved.case_id)) == ["record"]
    with UnitOfWork(hearing.env.database, writing=False) as uow:
        (incident,) = incidents.incidents(uow.connection)
    assert "the calendar file is gone" in incident["cause"]
    assert incident["sentence"] == "“f4”的表达式算不出来：请核对所用的日期和数据，改正后重试"
    done = commands.retry_incident(hearing.env, hearing.actor("zhou"), incident["id"])
    assert done is not None
    assert list(open_tasks(hearing, moved.case_id)) == ["urgent"]
    with UnitOfWork(hearing.env.database, writing=False) as uow:
        assert incidents.incidents(uow.connection) == []


def test_why_a_step_failed_is_kept_in_the_offices_language_whoever_acts(hearing, monkeypatch):
    moved = at_record(hearing)

    def refuse(*_: object) -> None:
        raise StepFailed("f4", "no such day", say("没有这一天"))

    monkeypatch.setattr(stepping, "refuse_silent_stop", refuse)
    in_english = spoken_with({"没有这一天": "There is no such day"}.__getitem__)
    with in_english, pytest.raises(commands.CaseStopped):
        record(hearing, moved.case_id, held_on="2026-03-02")
    with UnitOfWork(hearing.env.database, writing=False) as uow:
        (incident,) = incidents.incidents(uow.connection)
    assert incident["sentence"] == "没有这一天"


def test_an_endless_loop_of_automatic_steps_is_an_incident_and_the_case_stands_where_it_stood(
    hearing,
):
    file = hearing.env.config.processes / "hearing" / "hearing.bpmn"
    drawn = file.read_text()
    file.write_text(
        drawn.replace('sourceRef="soon" targetRef="archive"', 'sourceRef="soon" targetRef="soon"')
    )
    accepted = ("loop-without-person:soon", "unreachable:archive")
    commands.deploy_folder(hearing.env, SYSTEM, file.parent, "试", accepted=accepted)
    moved = at_record(hearing)
    before = stored(hearing, moved.case_id)
    with pytest.raises(commands.CaseStopped) as stopped:
        record(hearing, moved.case_id, held_on="2026-02-02")
    assert stopped.value.element == "soon"
    assert "疑为死循环" in stopped.value.sentence
    assert stored(hearing, moved.case_id) == before
