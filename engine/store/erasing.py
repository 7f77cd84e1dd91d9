"""Statements that take sealed personal values and papers of a closed case out of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, bindparam, delete, func, select, update

from engine.tables import (
    ERASED_ACTION,
    audit_event,
    audit_personal,
    cases,
    document,
    draft,
    history,
    incident,
    outbox,
    work_item,
)

# Where values of a case stand, and what each row is known by. The database lets ``history`` be changed only behind
# the row of the trail that says so (``tables.ERASED_ACTION``).
_PLACES: tuple[tuple[Table, Column[Any], Column[Any], tuple[str, ...]], ...] = (
    (cases, cases.c.id, cases.c.id, ("fields", "state", "last_step")),
    (history, history.c.case_id, history.c.id, ("submission", "entries")),
    (work_item, work_item.c.case_id, work_item.c.id, ("item",)),
    (incident, incident.c.case_id, incident.c.id, ("operation",)),
    (outbox, outbox.c.case_id, outbox.c.id, ("body",)),
)


def rewrite(connection: Connection, case_id: str, change: Callable[[Any], Any]) -> int:
    """Give every stored value of a case to ``change`` and keep what it returns; return how many rows it changed."""
    changed = 0
    for table, of, key, names in _PLACES:
        rows = connection.execute(
            select(key.label("key"), *(table.c[name] for name in names))
            .where(of == case_id)
            .order_by(key)
        ).all()
        for row in rows:
            new = {
                name: after
                for name in names
                if (after := _changed(getattr(row, name), change)) != getattr(row, name)
            }
            if new:
                changed += 1
                statement = update(table).where(key == bindparam("of")).values(new)
                connection.execute(statement, {"of": row.key})
    return changed


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a changed value; two columns hold JSON as text."""
    if isinstance(value, str):
        return orjson.dumps(change(orjson.loads(value))).decode() if value else value
    return change(value)


def forget_aside(connection: Connection, case_id: str) -> int:
    """Drop the personal values and their salts that stand beside a case's rows of the trail."""
    own = select(audit_event.c.seq).where(audit_event.c.case_id == case_id)
    return connection.execute(delete(audit_personal).where(audit_personal.c.seq.in_(own))).rowcount


def forget_drafts(connection: Connection, case_id: str) -> None:
    """Drop what was typed in a case and never submitted."""
    own = select(work_item.c.id).where(work_item.c.case_id == case_id)
    connection.execute(delete(draft).where(draft.c.work_item_id.in_(own)))


def forget_documents(connection: Connection, ids: list[str]) -> None:
    """Drop the rows of documents; their bytes are the caller's."""
    connection.execute(delete(document).where(document.c.id.in_(ids)))


def named(connection: Connection, hashes: list[str]) -> set[str]:
    """Return which of the files a document names."""
    found: set[str] = set()
    for at in range(0, len(hashes), 500):
        some = hashes[at : at + 500]
        found |= set(
            connection.scalars(select(document.c.sha256).where(document.c.sha256.in_(some)))
        )
    return found


def was_erased(connection: Connection, case_id: str) -> bool:
    """Whether the case was erased before."""
    done = select(func.count()).where(
        audit_event.c.case_id == case_id, audit_event.c.action == ERASED_ACTION
    )
    return bool(connection.scalar(done))


def packed_in(connection: Connection, number: str) -> set[str]:
    """Return the ids of the cases in which a package of this one was made for the archive."""
    made = select(audit_event.c.case_id).where(
        audit_event.c.action == "CasePackaged", audit_event.c.object == f"case:{number}"
    )
    return {str(one) for one in connection.scalars(made)}
