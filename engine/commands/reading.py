"""The rows of a case as a command reads them, and whether a rendered form was taken already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.commands import stepping
from engine.commands.cause import Moved
from engine.errors import NotFound
from engine.store import awaited, cases
from engine.store.cases import CaseRow
from engine.unit_of_work import Connection


def reading(case_id: str) -> Callable[[Connection], tuple[CaseRow, bool]]:
    """Return what ``stepping.run`` reads a stored case with."""

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        case = cases.load(connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        return case, False

    return read


def item_of(
    connection: Connection, task_id: str, key: str | None = None
) -> tuple[CaseRow, dict[str, Any], bool]:
    """Return the case, the work item, and whether the rendered form of ``key`` was taken already."""
    found = cases.load_with_item(connection, task_id, key)
    if found is None:
        raise NotFound("task", task_id)
    return found


def waiting(connection: Connection, case_id: str, wait_id: str) -> tuple[CaseRow, dict[str, Any]]:
    case = cases.load(connection, case_id)
    waits = awaited.case_waits(connection, case_id)
    wait = next((row for row in waits if row["wait"] == wait_id), None)
    if case is None or wait is None:
        raise NotFound("action", wait_id)
    return case, wait


def done_before(connection: Connection, key: str | None) -> Moved | None:
    """Return what a rendered form already did, where it comes in a second time."""
    done = cases.history_by_key(connection, key) if key else None
    return stepping.repeated(connection, done["case_id"]) if done else None
