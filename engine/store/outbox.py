"""What is to be sent, what was told, and the heartbeats of what works in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from engine.store.prepared import Prepared
from engine.store.rows import Row, many
from engine.tables import heartbeat, notice, outbox

_TELL = Prepared.insert(notice, without=("id", "read_at"))


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store messages to be sent after the transaction."""
    if rows:
        connection.execute(insert(outbox), [dict(row) for row in rows])


def has(connection: Connection, key: str) -> bool:
    """Return whether a message of this key was left, sent or not."""
    return connection.execute(select(outbox.c.id).where(outbox.c.key == key)).first() is not None


def pending(connection: Connection, now: datetime, *, limit: int) -> list[Row]:
    """Return messages that may be sent now, oldest first."""
    return many(
        connection,
        select(outbox)
        .where(
            outbox.c.sent_at.is_(None),
            or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now),
        )
        .order_by(outbox.c.id)
        .limit(limit),
    )


def sent(connection: Connection, message_id: int, at: datetime) -> None:
    """Note that a message went out."""
    connection.execute(update(outbox).where(outbox.c.id == message_id).values(sent_at=at))


def failed(connection: Connection, message_id: int, why: str, again_at: datetime) -> None:
    """Note that sending failed and when to try again."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == message_id)
        .values(attempts=outbox.c.attempts + 1, failure=why, not_before=again_at)
    )


def tell(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store notices that people see inside the product."""
    if rows:
        _TELL(connection, rows)


def case_notices(connection: Connection, case_id: str) -> list[Row]:
    """Return what was told about a case, oldest first."""
    return many(connection, select(notice).where(notice.c.case_id == case_id).order_by(notice.c.id))


def beat(connection: Connection, name: str, at: datetime, note: str = "") -> None:
    """Set the heartbeat of a background part."""
    changed = connection.execute(
        update(heartbeat).where(heartbeat.c.name == name).values(at=at, note=note)
    ).rowcount
    if not changed:
        connection.execute(insert(heartbeat), {"name": name, "at": at, "note": note})


def heartbeats(connection: Connection) -> dict[str, Row]:
    """Return the heartbeats by name."""
    return {row["name"]: row for row in many(connection, select(heartbeat))}
