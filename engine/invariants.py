"""What must hold of every stored case, whatever happened: looked at by a sweep, by ``doctor`` and by tests.

A case never stops silently: an open one has a task, an armed timer, an awaited event or an open incident.
The rows that lists are made of say the same as the live state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.bpmn.execute import frontier
from engine.environment import Environment
from engine.store import awaited, cases, incidents
from engine.store.cases import CaseRow
from engine.stored_case import Onlooker
from engine.unit_of_work import Connection, UnitOfWork


@dataclass(frozen=True)
class Violation:
    """Something that does not hold of a case."""

    case: str
    what: str


def violations(env: Environment, case_ids: list[str] | None = None) -> list[Violation]:
    """Look at the named cases, else at every open one."""
    found: list[Violation] = []
    with UnitOfWork(env.database, writing=False) as uow:
        for case_id in case_ids if case_ids is not None else cases.open_case_ids(uow.connection):
            case = cases.load(uow.connection, case_id)
            if case is not None:
                found += _of_case(env, uow.connection, case)
    return found


def _of_case(env: Environment, connection: Connection, case: CaseRow) -> list[Violation]:
    if not case.state:
        return []  # taken over closed from the old register: it has no instance
    definition = env.deployed(case.version_id).definition
    host: Any = Onlooker(env, case)
    waiting = frontier(definition, case.state, host)
    rows = {
        row["token"] for row in cases.case_items(connection, case.id) if row["status"] == "open"
    }
    timers = {row["timer"] for row in awaited.case_timers(connection, case.id)}
    waits = {row["wait"] for row in awaited.case_waits(connection, case.id)}
    checks = [
        ({item.token for item in waiting.tasks} == rows, "open work items differ from the state"),
        ({timer.id for timer in waiting.timers} == timers, "armed timers differ from the state"),
        ({wait.id for wait in waiting.waits} == waits, "awaited events differ from the state"),
        (
            case.status == "closed"
            or bool(rows or timers or waits or incidents.incidents(connection, case.id)),
            "open, but waits for nothing and nobody",
        ),
        (case.status == "open" or not rows, "closed with open work"),
        (
            case.revision == len(cases.case_history(connection, case.id)),
            "revision and history differ",
        ),
    ]
    return [Violation(case.number, what) for holds, what in checks if not holds]
