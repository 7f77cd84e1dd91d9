"""Looking for rows of the audit trail: filtered, newest first, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, desc, func, or_, select

from engine.store.rows import Row, many
from engine.tables import audit_event

SCANNED = 50_000  # rows looked at for corrections: what a row changed stands inside its body


@dataclass(frozen=True)
class Wanted:
    """Conditions; empty ones hold for every row. ``since`` and ``until`` as the trail writes instants."""

    actor: str = ""
    actors: Sequence[str] = ()
    actions: Sequence[str] = ()
    without: Sequence[str] = ()  # actions that are left out
    case_id: str = ""
    object: str = ""
    result: str = ""
    source: str = ""  # ``web``: from any address; ``system``: from none; else that address
    since: str = ""
    until: str = ""
    corrections: bool = False


def find(
    connection: Connection, wanted: Wanted, *, limit: int, offset: int = 0
) -> tuple[list[Row], int]:
    """Return a page of rows and how many there are in all.

    Corrections are rows that changed an answer which was there before.
    """
    where = _where(wanted)
    statement = select(audit_event).where(where).order_by(desc(audit_event.c.seq))
    if wanted.corrections:
        rows = [row for row in many(connection, statement.limit(SCANNED)) if is_correction(row)]
        return rows[offset : offset + limit], len(rows)
    return many(connection, statement.limit(limit).offset(offset)), count(connection, wanted)


def count(connection: Connection, wanted: Wanted) -> int:
    """Return how many rows meet the conditions, corrections not looked for."""
    statement = select(func.count()).select_from(audit_event).where(_where(wanted))
    return connection.execute(statement).scalar_one()


def is_correction(row: Mapping[str, Any]) -> bool:
    """Whether a row changed something that was there before."""
    body = json.loads(row["body"])
    return any(
        before not in (None, "", []) and after != before
        for _, before, after in body.get("changes", [])
    ) or any(one.get("before") for one in body.get("moved", []))


def _where(wanted: Wanted) -> ColumnElement[bool]:
    columns = audit_event.c
    conditions: list[ColumnElement[bool]] = [
        columns[name] == value
        for name in ("actor", "case_id", "object", "result")
        if (value := getattr(wanted, name))
    ]
    if wanted.source == "web":
        conditions.append(columns.address != "")
    elif wanted.source:
        conditions.append(columns.address == ("" if wanted.source == "system" else wanted.source))
    if wanted.actors:
        conditions.append(columns.actor.in_(list(wanted.actors)))
    if wanted.actions:
        conditions.append(columns.action.in_(list(wanted.actions)))
    if wanted.without:
        conditions.append(columns.action.not_in(list(wanted.without)))
    if wanted.since:
        conditions.append(columns.at >= wanted.since)
    if wanted.until:
        conditions.append(columns.at < wanted.until)
    if wanted.corrections:
        conditions.append(
            or_(columns.body.like('%"changes":[[%'), columns.body.like('%"moved":[{%'))
        )
    return and_(True, *conditions)
