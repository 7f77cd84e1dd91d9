"""What open cases wait for besides people: armed timers, and events that somebody or another case delivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from engine.store.prepared import Prepared
from engine.store.rows import Row, many
from engine.tables import event_wait, timer

_ARM = Prepared.insert(timer)
_DISARM = Prepared(delete(timer).where(timer.c.id == bindparam("timer_id")))


def replace_timers(
    connection: Connection,
    case_id: str,
    *,
    armed: Sequence[Mapping[str, Any]],
    gone: Iterable[str],
) -> None:
    """Disarm timers by their instance ids and arm new ones."""
    ids = [{"timer_id": f"{case_id}:{name}"} for name in gone]
    if ids:
        _DISARM(connection, ids)
    if armed:
        _ARM(connection, armed)


def case_timers(connection: Connection, case_id: str) -> list[Row]:
    """Return the armed timers of a case."""
    return many(connection, select(timer).where(timer.c.case_id == case_id).order_by(timer.c.id))


def due_timers(
    connection: Connection, now: datetime, *, limit: int, max_failures: int
) -> list[str]:
    """Return the ids of timers that are due, oldest first."""
    return list(
        connection.scalars(
            select(timer.c.id)
            .where(timer.c.due_at <= now, timer.c.failures < max_failures)
            .order_by(timer.c.due_at, timer.c.id)
            .limit(limit)
        )
    )


def count_timer_failure(connection: Connection, timer_id: str) -> None:
    """Note that a timer could not be fired; the sweep leaves it to a person after a few times."""
    connection.execute(
        update(timer).where(timer.c.id == timer_id).values(failures=timer.c.failures + 1)
    )


def replace_waits(
    connection: Connection,
    case_id: str,
    *,
    added: Sequence[Mapping[str, Any]],
    gone: Iterable[str],
) -> None:
    """Drop awaited events by their instance ids and add new ones."""
    ids = [f"{case_id}:{name}" for name in gone]
    if ids:
        connection.execute(delete(event_wait).where(event_wait.c.id.in_(ids)))
    if added:
        connection.execute(insert(event_wait), [dict(row) for row in added])


def case_waits(connection: Connection, case_id: str) -> list[Row]:
    """Return the events that a case waits for."""
    return many(
        connection,
        select(event_wait).where(event_wait.c.case_id == case_id).order_by(event_wait.c.id),
    )


def waiting_cases(
    connection: Connection, kind: str, name: str, correlation: str | None = None
) -> list[str]:
    """Return the cases that wait for a message or signal of this name, with this key or with none."""
    where = [event_wait.c.kind == kind, event_wait.c.name == name]
    if correlation is not None:
        key = event_wait.c.correlation
        where.append(or_(key.is_(None), key == correlation))
    return list(
        connection.scalars(
            select(event_wait.c.case_id).where(*where).distinct().order_by(event_wait.c.case_id)
        )
    )
