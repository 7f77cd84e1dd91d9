"""Two people, or a person and the clock, at the same moment: one wins, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from engine import commands
from engine.errors import EngineError, TaskAlreadyCompleted
from engine.invariants import violations
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk
from tests.integration.test_crashes import REGISTER, open_item


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all acts from a common start; return results and errors in their order."""
    barrier, results = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[place] = act()
        except EngineError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_six_people_complete_one_task_and_one_succeeds(desk: Desk):
    commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    task = open_item(desk, "review")
    actor = desk.actor("zhao")

    def complete() -> object:
        return commands.complete_task(desk.env, actor, task, {"decision": "agree"})

    results = at_once(*[complete] * 6)
    assert sum(isinstance(one, commands.Moved) for one in results) == 1
    assert sum(isinstance(one, TaskAlreadyCompleted) for one in results) == 5
    assert violations(desk.env) == []


def test_twenty_posts_of_one_form_start_one_case(desk: Desk):
    actor = desk.actor("zhou")

    def start() -> object:
        return commands.start_case(desk.env, actor, "leave", REGISTER, key="same")

    results = at_once(*[start] * 20)
    assert all(isinstance(one, commands.Moved) for one in results), results
    assert len({one.case_id for one in results}) == 1


def test_cases_registered_at_once_get_numbers_without_gap_or_double(desk: Desk):
    actor = desk.actor("zhou")
    results = at_once(*[lambda: commands.start_case(desk.env, actor, "leave", REGISTER)] * 6)
    assert sorted(one.number for one in results) == [f"2026-000{n}" for n in range(1, 7)]


def test_a_timer_and_a_person_at_once_leave_one_consistent_case(desk: Desk):
    moved = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    desk.time.advance(timedelta(days=26))
    task, actor = open_item(desk, "review"), desk.actor("zhao")
    at_once(
        lambda: commands.complete_task(desk.env, actor, task, {"decision": "agree"}),
        lambda: commands.fire_due_timers(desk.env),
    )
    assert violations(desk.env) == []
    with UnitOfWork(desk.env.database, writing=False) as uow:
        fired = [
            r for r in cases.case_history(uow.connection, moved.case_id) if r["cause"] == "fire"
        ]
    assert len(fired) <= 1
    assert commands.verify_audit(desk.env) == []
