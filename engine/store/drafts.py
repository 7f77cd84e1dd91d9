"""What people have typed into open work items and not yet handed in: theirs alone, and no evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select

from engine.store.rows import Row, one
from engine.tables import draft, work_item


def save_draft(
    connection: Connection, task_id: str, person_id: str, values: Mapping[str, Any], at: datetime
) -> None:
    """Keep what somebody has typed so far."""
    drop_draft(connection, task_id, person_id)
    connection.execute(
        insert(draft),
        {"work_item_id": task_id, "person_id": person_id, "values": dict(values), "saved_at": at},
    )


def drop_draft(connection: Connection, task_id: str, person_id: str | None = None) -> None:
    """Forget drafts of a work item."""
    condition = draft.c.work_item_id == task_id
    if person_id is not None:
        condition = and_(condition, draft.c.person_id == person_id)
    connection.execute(delete(draft).where(condition))


def drop_stale_drafts(connection: Connection) -> None:
    """Forget drafts of work items that are closed: no step waits for it."""
    closed = select(work_item.c.id).where(work_item.c.status != "open")
    connection.execute(delete(draft).where(draft.c.work_item_id.in_(closed)))


def draft_row(connection: Connection, task_id: str, person_id: str) -> Row | None:
    """Return somebody's draft of a work item."""
    return one(
        connection,
        select(draft).where(draft.c.work_item_id == task_id, draft.c.person_id == person_id),
    )
