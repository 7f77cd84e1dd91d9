"""Rows as plain dictionaries, so that nobody outside meets the database library's own types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable

Row = dict[str, Any]


def many(connection: Connection, statement: Executable) -> list[Row]:
    """Return all rows of a query, in its order."""
    return [dict(row) for row in connection.execute(statement).mappings()]


def one(connection: Connection, statement: Executable) -> Row | None:
    """Return the first row of a query, None where there is none."""
    row = connection.execute(statement).mappings().first()
    return dict(row) if row is not None else None
