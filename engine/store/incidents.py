"""Incidents: steps that failed and wait for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.store.rows import Row, many, one
from engine.tables import incident


def add_incident(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store an incident."""
    connection.execute(insert(incident), dict(row))


def incidents(connection: Connection, case_id: str | None = None) -> list[Row]:
    """Return open incidents, oldest first."""
    statement = select(incident).where(incident.c.resolved_at.is_(None))
    if case_id:
        statement = statement.where(incident.c.case_id == case_id)
    return many(connection, statement.order_by(incident.c.created_at, incident.c.id))


def incident_row(connection: Connection, incident_id: str) -> Row | None:
    """Return one incident."""
    return one(connection, select(incident).where(incident.c.id == incident_id))


def resolve_incidents(connection: Connection, ids: Sequence[str], *, by: str, at: datetime) -> None:
    """Close incidents."""
    if ids:
        connection.execute(
            update(incident).where(incident.c.id.in_(ids)).values(resolved_at=at, resolved_by=by)
        )
