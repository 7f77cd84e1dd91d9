"""What a person did last in each case, and how the case stood before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, func, or_, select, update

from engine.store.rows import IS_OPEN, Row
from engine.tables import cases, draft, work_item


def of(connection: Connection, case_id: str) -> Row | None:
    """Return the last step of a case where a person completed it, None where nothing is kept.

    It stands in the case's own row, so that a step writes no statement more: ``{revision, actor, work_item_id}``,
    ``opened`` (ids of the work items that came with it), ``armed`` (``{timers, waits}`` that came with it), ``why_not``
    (why it cannot be taken back, "" where it can); and as they stood before: ``state``, ``fields``, ``doers``.
    """
    text = connection.execute(select(cases.c.last_step).where(cases.c.id == case_id)).scalar()
    return orjson.loads(text) if text else None


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
            IS_OPEN,
            func.coalesce(work_item.c.assignee, person_id) == person_id,
        )
        .values(status="cancelled", closed_at=at)
    ).rowcount


def mark_taken_back(connection: Connection, task_id: str) -> None:
    """Mark a completed task as taken back: it counts as done no more, and nobody signs with it."""
    connection.execute(
        update(work_item).where(work_item.c.id == task_id).values(status="taken_back")
    )
