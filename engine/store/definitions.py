"""Deployed versions of procedures and of the office's own data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, desc, func, insert, select, update

from engine.store.rows import Row, many, one
from engine.tables import cases, procedure_file, procedure_version
from engine.timesource import legal_day


def in_force(connection: Connection, procedure: str, day: date | None = None) -> Row | None:
    """Return the version of a procedure that is in force on a day, None where there is none.

    It is the newest that does not wait for a later day; without ``day`` the newest of all. A version waits only
    where its date in force was set after the day of its deployment: a machine clock set back changes nothing.
    """
    return next(
        (row for row in versions(connection, procedure) if day is None or not waits(row, day)), None
    )


def all_in_force(connection: Connection, day: date) -> dict[str, str]:
    """Return {procedure: id of the version in force on a day}, as ``in_force`` says of each."""
    found = many(
        connection,
        select(procedure_version).order_by(
            procedure_version.c.procedure, procedure_version.c.number
        ),
    )
    return {row["procedure"]: str(row["id"]) for row in found if not waits(row, day)}


def waits(row: Mapping[str, Any], day: date) -> bool:
    """Whether a version was deployed for a date that has not come yet."""
    begins: date = row["in_force_from"]
    return day < begins and legal_day(row["deployed_at"]) < begins


def version(connection: Connection, version_id: str) -> Row | None:
    """Return one version by id."""
    return one(connection, select(procedure_version).where(procedure_version.c.id == version_id))


def versions(connection: Connection, procedure: str) -> list[Row]:
    """Return all versions of a procedure, newest first."""
    return many(
        connection,
        select(procedure_version)
        .where(procedure_version.c.procedure == procedure)
        .order_by(desc(procedure_version.c.number)),
    )


def procedures(connection: Connection) -> list[str]:
    """Return the keys of all procedures that have a version."""
    return list(
        connection.scalars(
            select(procedure_version.c.procedure).distinct().order_by(procedure_version.c.procedure)
        )
    )


def files(connection: Connection, version_id: str) -> dict[str, bytes]:
    """Return the content of a version: path in the folder -> bytes."""
    found = connection.execute(
        select(procedure_file.c.path, procedure_file.c.data)
        .where(procedure_file.c.version_id == version_id)
        .order_by(procedure_file.c.path)
    )
    return {row.path: row.data for row in found}


def file(connection: Connection, version_id: str, path: str) -> bytes | None:
    """Return one file of a version, None where it holds none of that path."""
    asked = select(procedure_file.c.data).where(
        procedure_file.c.version_id == version_id, procedure_file.c.path == path
    )
    return connection.execute(asked).scalar()


def add(
    connection: Connection,
    *,
    procedure: str,
    content: Mapping[str, bytes],
    content_hash: str,
    by: str,
    at: datetime,
    reason: str,
    from_day: date,
) -> tuple[str, int]:
    """Store a new version with its whole content; return its id and number."""
    last = connection.execute(
        select(func.max(procedure_version.c.number)).where(
            procedure_version.c.procedure == procedure
        )
    ).scalar()
    version_id, number = uuid.uuid4().hex, (last or 0) + 1
    connection.execute(
        insert(procedure_version),
        {
            "id": version_id,
            "procedure": procedure,
            "number": number,
            "content_hash": content_hash,
            "deployed_at": at,
            "deployed_by": by,
            "reason": reason,
            "in_force_from": from_day,
        },
    )
    rows: list[dict[str, Any]] = [
        {"version_id": version_id, "path": path, "data": data} for path, data in content.items()
    ]
    connection.execute(insert(procedure_file), rows)
    return version_id, number


def open_cases_by_version(connection: Connection) -> dict[str, int]:
    """Return how many open cases run under each version."""
    found = connection.execute(
        select(cases.c.version_id, func.count())
        .where(cases.c.status == "open")
        .group_by(cases.c.version_id)
    )
    return {row[0]: row[1] for row in found}


def begin(connection: Connection, day: date) -> None:
    """Have every first version be in force from an earlier day on (an invented office's past)."""
    first = procedure_version.c.number == 1
    later = procedure_version.c.in_force_from > day
    connection.execute(update(procedure_version).where(first, later).values(in_force_from=day))
