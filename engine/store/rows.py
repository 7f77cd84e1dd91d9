"""Rows as plain dictionaries, so that nobody outside meets the database library's own types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable

Row = dict[str, Any]


def many(connection: Connection, statement: Executable) -> list[Row]:
    """Return all rows of a query, in its order."""
    found = connection.execute(statement)
    names = tuple(found.keys())  # once: the library's own mappings look them up for every row
    return [dict(zip(names, row, strict=True)) for row in found]


def one(connection: Connection, statement: Executable) -> Row | None:
    """Return the first row of a query, None where there is none."""
    row = connection.execute(statement).mappings().first()
    return dict(row) if row is not None else None
