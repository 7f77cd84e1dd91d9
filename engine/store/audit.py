"""The audit trail in the database: append, read, and where it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, desc, func, insert, select

from engine import audit
from engine.store.prepared import Prepared
from engine.store.rows import many
from engine.tables import audit_event, audit_personal

_INSERT = Prepared.insert(audit_event)


def head(connection: Connection) -> audit.Head:
    """Return the end of the trail; in a writing transaction nobody else moves it."""
    row = connection.execute(
        select(audit_event.c.seq, audit_event.c.hash).order_by(desc(audit_event.c.seq)).limit(1)
    ).first()
    return audit.Head(row.seq, row.hash) if row else audit.Head()


def hashes(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return {number of a row: its hash} of those that are there."""
    wanted, found = sorted({*numbers}), {}
    for at in range(0, len(wanted), 500):
        rows = connection.execute(
            select(audit_event.c.seq, audit_event.c.hash).where(
                audit_event.c.seq.in_(wanted[at : at + 500])
            )
        )
        found.update({row.seq: row.hash for row in rows})
    return found


def case_heads(connection: Connection, case_ids: Iterable[str]) -> dict[str, audit.Head]:
    """Return the last row of each named case's own chain, in one statement."""
    wanted = sorted(set(case_ids))
    if not wanted:
        return {}
    last = (
        select(audit_event.c.case_id, func.max(audit_event.c.case_seq).label("case_seq"))
        .where(audit_event.c.case_id.in_(wanted))
        .group_by(audit_event.c.case_id)
        .subquery()
    )
    found = connection.execute(
        select(audit_event.c.case_id, audit_event.c.case_seq, audit_event.c.hash).join(
            last,
            and_(
                audit_event.c.case_id == last.c.case_id, audit_event.c.case_seq == last.c.case_seq
            ),
        )
    )
    return {row.case_id: audit.Head(row.case_seq, row.hash) for row in found}


def append(
    connection: Connection,
    events: Sequence[audit.AuditEvent],
    *,
    who: audit.Who,
    at: datetime,
    alg: str,
    seal: Any,
    ends: tuple[audit.Head, Mapping[str, audit.Head]] | None = None,
) -> None:
    """Append events to the trail in one statement, personal values sealed beside it.

    Args:
        seal: ``seal(text, name) -> str`` for the erasable side table.
        ends: where the trail and the cases' own chains end, where the caller has read that already.
    """
    if not events:
        return
    rows, aside = audit.chain(
        events,
        who=who,
        at=at,
        head=ends[0] if ends else head(connection),
        case_heads=ends[1]
        if ends
        else case_heads(connection, (e.case_id for e in events if e.case_id)),
        alg=alg,
    )
    _INSERT(connection, rows)
    if aside:
        for row in aside:
            row["value"] = seal(row["value"], f"audit_personal|{row['seq']}|{row['name']}")
        connection.execute(insert(audit_personal), aside)


def rows(
    connection: Connection, *, case_id: str | None = None, after: int = 0, batch: int = 5000
) -> Iterator[Mapping[str, Any]]:
    """Yield the trail in order, or one case's rows of it, in batches."""
    while True:
        statement = select(audit_event).where(audit_event.c.seq > after)
        if case_id:
            statement = statement.where(audit_event.c.case_id == case_id)
        found = many(connection, statement.order_by(audit_event.c.seq).limit(batch))
        if not found:
            return
        yield from (dict(row) for row in found)
        after = int(found[-1]["seq"])


def search(
    connection: Connection, conditions: Mapping[str, Any], *, limit: int, offset: int = 0
) -> tuple[list[Mapping[str, Any]], int]:
    """Return rows newest first that meet the conditions, and how many meet them in all.

    Args:
        conditions: any of ``actor``, ``action``, ``case_id``, ``result`` (equal), ``since`` and
            ``until`` (texts as the trail writes instants, half open).
    """
    wanted = [
        audit_event.c[name] == value
        for name, value in conditions.items()
        if name in {"actor", "action", "case_id", "result"} and value
    ]
    if conditions.get("since"):
        wanted.append(audit_event.c.at >= conditions["since"])
    if conditions.get("until"):
        wanted.append(audit_event.c.at < conditions["until"])
    where = and_(True, *wanted)
    found = many(
        connection,
        select(audit_event)
        .where(where)
        .order_by(desc(audit_event.c.seq))
        .limit(limit)
        .offset(offset),
    )
    total = connection.execute(
        select(func.count()).select_from(audit_event).where(where)
    ).scalar_one()
    return [dict(row) for row in found], total


def actors(connection: Connection) -> list[tuple[str, str]]:
    """Return who stands in the trail: (id, name), by name."""
    found = connection.execute(
        select(audit_event.c.actor, func.max(audit_event.c.actor_name).label("name"))
        .group_by(audit_event.c.actor)
        .order_by("name", audit_event.c.actor)
    )
    return [(row.actor, row.name) for row in found]


def actions(connection: Connection) -> list[str]:
    """Return the kinds of events that stand in the trail."""
    return list(
        connection.scalars(select(audit_event.c.action).distinct().order_by(audit_event.c.action))
    )
