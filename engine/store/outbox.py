"""What is to be sent, what was told, and the heartbeats of what works in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    delete,
    exists,
    false,
    insert,
    or_,
    select,
    true,
    update,
)

from engine.store.prepared import Prepared
from engine.store.rows import IS_OPEN, Row, many
from engine.store.warnings import RUNNING
from engine.tables import cases, clock, heartbeat, notice, outbox, work_item

_TELL = Prepared.insert(notice, without=("id",))
_PLAIN = {
    "card": "",
    "channel": "inbox",
    **dict.fromkeys(("clock", "party", "due", "task_id", "until")),
}


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
    """Store notices that people see inside the product.

    One that warns names its cause: ``clock``, ``party`` and ``due``, or ``task_id`` and ``due``; one that tells of a
    case ``until`` when. One without any holds until it is looked at.
    """
    if rows:
        _TELL(connection, [{**_PLAIN, **row} for row in rows])


def tell_roles(connection: Connection, roles: Sequence[str], text: str, at: datetime) -> None:
    """Store a notice about no case for whoever holds one of these posts."""
    told = {"case_id": None, "person_id": None, "unit": None, "text": text, "at": at}
    tell(connection, [{**told, "role": role} for role in roles])


def settle(connection: Connection, text: str) -> None:
    """Let what was told about no case be over: it is told again, or its cause is gone."""
    connection.execute(
        update(notice)
        .where(notice.c.case_id.is_(None), notice.c.text == text, notice.c.until.is_(None))
        .values(until="over")
    )


def notices(
    connection: Connection,
    posts: Sequence[tuple[str, str | None]],
    person_id: str,
    since: datetime,
    *,
    limit: int,
) -> list[Row]:
    """Return what a person was told since an instant, by name or by post, newest first; ``holds``: see ``_HOLDS``."""
    return _once(
        many(
            connection,
            select(notice, _HOLDS.label("holds"))
            .where(notice.c.at >= since, _told_to(posts, person_id))
            .order_by(notice.c.id.desc())
            .limit(limit),
        )
    )


def new_notices(
    connection: Connection,
    posts: Sequence[tuple[str, str | None]],
    person_id: str,
    after: int,
    since: datetime,
) -> tuple[int, list[str]]:
    """Return how many notices that hold came after the one with id ``after``, and their banners, newest first.

    Of a case only its newest banner: what it said before is no longer so.
    """
    found = _once(
        many(
            connection,
            select(notice.c.channel, notice.c.text, notice.c.case_id, notice.c.at)
            .where(notice.c.id > after, notice.c.at >= since, _told_to(posts, person_id), _HOLDS)
            .order_by(notice.c.id.desc()),
        )
    )
    banners: dict[str, str] = {}
    for row in found:
        if row["channel"] == "banner":
            banners.setdefault(row["case_id"] or row["text"], row["text"])
    return len(found), list(banners.values())


def _once(rows: Sequence[Row]) -> list[Row]:
    """Of what reached a person twice, by name and by post or by two posts, one; it holds where any of them does."""
    one: dict[tuple[object, ...], Row] = {}
    for row in rows:
        key = (row["case_id"], row["at"], row["text"])
        if key not in one or (row.get("holds") and not one[key]["holds"]):
            one[key] = row
    return list(one.values())


# A warning holds as long as its cause: the limit still runs (or ran out) to that day, the step is still open
# (and, where it was handed to somebody, in these hands).
_HOLDS = or_(
    and_(notice.c.clock.is_(None), notice.c.task_id.is_(None), notice.c.until.is_(None)),
    and_(
        notice.c.until == "case",
        exists().where(cases.c.id == notice.c.case_id, cases.c.status == "open"),
    ),
    exists().where(
        work_item.c.case_id == notice.c.case_id,
        work_item.c.activity_id == notice.c.until,
        IS_OPEN,
    ),
    exists().where(
        clock.c.case_id == notice.c.case_id,
        clock.c.clock == notice.c.clock,
        clock.c.party == notice.c.party,
        clock.c.due == notice.c.due,
        clock.c.state.in_(RUNNING),
        cases.c.id == clock.c.case_id,
        cases.c.status == "open",
    ),
    exists().where(
        work_item.c.id == notice.c.task_id,
        IS_OPEN,
        or_(
            work_item.c.due_on == notice.c.due,
            and_(notice.c.due.is_(None), work_item.c.assignee == notice.c.person_id),
        ),
    ),
)


def _told_to(posts: Sequence[tuple[str, str | None]], person_id: str) -> ColumnElement[bool]:
    by_post = [
        and_(
            notice.c.role == role,
            true() if unit is None else or_(notice.c.unit.is_(None), notice.c.unit == unit),
        )
        for role, unit in posts
    ]
    return or_(
        notice.c.person_id == person_id, and_(notice.c.person_id.is_(None), or_(false(), *by_post))
    )


def beat(connection: Connection, name: str, at: datetime, note: str = "") -> None:
    """Set the heartbeat of a background part."""
    changed = connection.execute(
        update(heartbeat).where(heartbeat.c.name == name).values(at=at, note=note)
    ).rowcount
    if not changed:
        connection.execute(insert(heartbeat), {"name": name, "at": at, "note": note})


def forget_beat(connection: Connection, name: str) -> None:
    """Drop the heartbeat of a background part."""
    connection.execute(delete(heartbeat).where(heartbeat.c.name == name))


def heartbeats(connection: Connection) -> dict[str, Row]:
    """Return the heartbeats by name."""
    return {row["name"]: row for row in many(connection, select(heartbeat))}
