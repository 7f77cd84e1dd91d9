"""A procedure whose diagram begins with a timer or a signal begins by itself: once for each moment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import commands, queries
from engine.identity import SYSTEM
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import MORNING, Desk, open_desk

TIMER = (
    '<bpmn:startEvent id="start"><bpmn:timerEventDefinition><bpmn:{0}>{1}</bpmn:{0}>'
    "</bpmn:timerEventDefinition></bpmn:startEvent>"
)


@pytest.fixture
def hearing(tmp_path, database) -> Desk:
    return open_desk(tmp_path, "hearing", server=database)


def begins_with(desk: Desk, start: str, before: str = "") -> None:
    file = desk.env.config.processes / "hearing" / "hearing.bpmn"
    drawn = file.read_text().replace('<bpmn:startEvent id="start"/>', start)
    file.write_text(drawn.replace("<bpmn:process ", f"{before}<bpmn:process ", 1))
    commands.deploy_folder(desk.env, SYSTEM, file.parent, "试")


def begun_after(desk: Desk, **passed: int) -> int:
    """Let time pass to so long after the beginning, and let the scheduler look twice."""
    desk.time.set(MORNING + timedelta(**passed))
    commands.tick(desk.env)
    commands.tick(desk.env)
    return len(opened(desk))


def opened(desk: Desk) -> list[cases.CaseRow]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return cases.open_cases(uow.connection, "hearing")


def open_steps(desk: Desk, case_id: str) -> list[tuple[str, str]]:
    """Return the open steps of a case: id and activity."""
    with UnitOfWork(desk.env.database, writing=False) as uow:
        items = cases.case_items(uow.connection, case_id)
    return [(row["id"], row["activity_id"]) for row in items if row["status"] == "open"]


def from_beginning_to_end(desk: Desk) -> None:
    """Start a case and complete its three steps."""
    case_id = commands.start_case(desk.env, SYSTEM, "hearing", via_form=False).case_id
    for values in ({"title": "听证"}, {"held_on": "2026-02-02"}, {}):
        ((task, _),) = open_steps(desk, case_id)
        commands.complete_task(desk.env, desk.actor("zhou"), task, values)


def test_a_cycle_begins_a_case_each_round_and_what_was_missed_counts_once(hearing):
    begins_with(hearing, TIMER.format("timeCycle", "R/P7D"))
    assert begun_after(hearing, days=6) == 0
    assert begun_after(hearing, days=7) == 1
    assert begun_after(hearing, days=13) == 1
    assert begun_after(hearing, days=14) == 2
    assert begun_after(hearing, days=60) == 3
    with UnitOfWork(hearing.env.database, writing=False) as uow:
        (item, *_) = cases.case_items(uow.connection, opened(hearing)[0].id)
    assert (item["activity_id"], item["status"]) == ("register", "open")
    assert commands.verify_audit(hearing.env) == []


def test_a_date_begins_one_case(hearing):
    begins_with(hearing, TIMER.format("timeDate", "2026-03-10"))
    assert begun_after(hearing, days=7) == 0
    assert begun_after(hearing, days=8) == 1
    assert begun_after(hearing, days=90) == 1


def test_a_date_that_had_passed_when_the_version_came_begins_none(hearing):
    begins_with(hearing, TIMER.format("timeDate", "2026-03-01"))
    assert begun_after(hearing, days=90) == 0


def test_a_cycle_with_a_number_ends(hearing):
    begins_with(hearing, TIMER.format("timeCycle", "R2/P1D"))
    assert [begun_after(hearing, days=n) for n in (1, 2, 3, 4)] == [1, 2, 2, 2]


def test_a_signal_thrown_by_a_case_begins_the_procedure_that_waits_for_it(hearing):
    signal = '<bpmn:signal id="alarm" name="alarm"/>'
    begins_with(
        hearing,
        '<bpmn:startEvent id="start"><bpmn:signalEventDefinition signalRef="alarm"/></bpmn:startEvent>'
        '<bpmn:endEvent id="rung"><bpmn:signalEventDefinition signalRef="alarm"/></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f9" sourceRef="archive" targetRef="rung"/>',
        signal,
    )
    from_beginning_to_end(hearing)
    assert opened(hearing) == []
    assert begun_after(hearing, minutes=1) == 1


def test_a_message_thrown_by_a_case_reaches_one_of_those_that_wait_for_it(hearing):
    message = '<bpmn:messageEventDefinition messageRef="ask"/>'
    begins_with(
        hearing,
        f'<bpmn:startEvent id="start"/><bpmn:endEvent id="asked">{message}</bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f9" sourceRef="archive" targetRef="asked"/>'
        f'<bpmn:boundaryEvent id="hears" attachedToRef="register">{message}</bpmn:boundaryEvent>'
        '<bpmn:sequenceFlow id="f8" sourceRef="hears" targetRef="urgent"/>',
        '<bpmn:message id="ask" name="ask"/>',
    )
    waiting = [
        commands.start_case(hearing.env, SYSTEM, "hearing", via_form=False).case_id
        for _ in range(2)
    ]
    for heard in (1, 2, 2):
        from_beginning_to_end(hearing)
        commands.tick(hearing.env)
        commands.tick(hearing.env)
        steps = [open_steps(hearing, case_id)[0][1] for case_id in waiting]
        assert sorted(steps) == sorted(["urgent"] * heard + ["register"] * (2 - heard))
    assert len(opened(hearing)) == 2


def test_a_start_timer_may_follow_a_setting(hearing):
    said = '= if settings.regular_returns = "{0}" then "R/P7D" else null'
    begins_with(hearing, TIMER.format("timeCycle", said.format("none")))
    assert begun_after(hearing, days=8) == 0


def test_the_returns_begin_on_their_days_and_their_first_form_is_filled_in(tmp_path):
    """Nobody was reminded that a return was due: each waited for somebody to register it."""
    desk = open_desk(tmp_path, "periodic_submission")
    desk.time.set(MORNING.replace(month=4, day=1))  # a Wednesday: the month's and the quarter's
    commands.tick(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        begun = cases.open_cases(uow.connection, "periodic_submission")
        tasks = [cases.case_items(uow.connection, one.id)[0] for one in begun]
    pages = [queries.task_page(desk.env, desk.actor("zhou"), one["id"]) for one in tasks]
    filled = {(one.values["report_kind"], one.values["period"]) for one in pages}
    assert filled == {("monthly", "3月"), ("quarterly", "一季度")}
    assert {one.values["report_year"] for one in pages} == {2026}
    assert {one.values["return_due"] for one in pages} == {"2026-04-10"}
