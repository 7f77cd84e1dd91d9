"""Rows as plain dictionaries, so that nobody outside meets the database library's own types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable, literal_column

from engine.tables import work_item

Row = dict[str, Any]

# In the text, not a parameter: so a planner sees that the index of open work items will do.
IS_OPEN = work_item.c.status == literal_column("'open'")


def many(connection: Connection, statement: Executable) -> list[Row]:
    """Return all rows of a query, in its order."""
    found = connection.execute(statement)
    names = tuple(found.keys())  # once: the library's own mappings look them up for every row
    return [dict(zip(names, row, strict=True)) for row in found]


def one(connection: Connection, statement: Executable) -> Row | None:
    """Return the first row of a query, None where there is none."""
    row = connection.execute(statement).mappings().first()
    return dict(row) if row is not None else None
