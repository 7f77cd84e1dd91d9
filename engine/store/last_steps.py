"""What a person did last in each case, and how the case stood before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, delete, func, insert, or_, select, update

from engine.store.rows import Row, one
from engine.tables import draft, last_step, work_item


def keep(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the last step of a case in place of the one before; ``state`` is a mapping or None."""
    forget(connection, row["case_id"])
    state = row["state"]
    text = None if state is None else orjson.dumps(state).decode()
    connection.execute(insert(last_step), {**row, "state": text})


def forget(connection: Connection, case_id: str) -> None:
    """Drop what is kept of a case."""
    connection.execute(delete(last_step).where(last_step.c.case_id == case_id))


def of(connection: Connection, case_id: str) -> Row | None:
    """Return the last step of a case by a person, ``state`` as a mapping; None where none is kept."""
    row = one(connection, select(last_step).where(last_step.c.case_id == case_id))
    if row is None or row["state"] is None:
        return row
    return {**row, "state": orjson.loads(row["state"])}


def begun_by_others(connection: Connection, task_ids: Sequence[str], person_id: str) -> bool:
    """Return whether somebody else has taken one of these open tasks, or typed something into it."""
    taken = select(work_item.c.id).where(
        work_item.c.id.in_(task_ids),
        or_(
            work_item.c.status != "open",
            func.coalesce(work_item.c.assignee, person_id) != person_id,
        ),
    )
    typed = select(draft.c.work_item_id).where(
        draft.c.work_item_id.in_(task_ids), draft.c.person_id != person_id
    )
    return any(connection.execute(query.limit(1)).first() for query in (taken, typed))


def withdraw_opened(
    connection: Connection, task_ids: Sequence[str], person_id: str, at: Any
) -> int:
    """Close tasks that came with a step which is taken back; return how many nobody else had taken."""
    return connection.execute(
        update(work_item)
        .where(
            work_item.c.id.in_(task_ids),
            work_item.c.status == "open",
            func.coalesce(work_item.c.assignee, person_id) == person_id,
        )
        .values(status="cancelled", closed_at=at)
    ).rowcount


def mark_taken_back(connection: Connection, task_id: str) -> None:
    """Mark a completed task as taken back: it counts as done no more, and nobody signs with it."""
    connection.execute(
        update(work_item).where(work_item.c.id == task_id).values(status="taken_back")
    )
