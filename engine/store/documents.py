"""Documents of cases: uploaded by people or issued by the engine. Their bytes are in the blob folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from engine.store.rows import Row, many, one
from engine.tables import cases, document

# Built once: each step asks, and most have no document.
_BEFORE = document.alias()
_NEXT = (
    select(func.coalesce(func.max(_BEFORE.c.position), 0) + 1)
    .where(_BEFORE.c.case_id == bindparam("of_case"))
    .scalar_subquery()
)
_INSERT = insert(document).values(position=_NEXT)


def add_document(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store uploaded or issued documents, in this order; their bytes are in the blob folder already."""
    given = [
        {
            **{key: value for key, value in row.items() if key != "position"},
            "of_case": row["case_id"],
        }
        for row in rows
    ]
    if given:
        connection.execute(_INSERT, given)


def document_row(connection: Connection, document_id: str) -> Row | None:
    """Return one document."""
    return one(connection, select(document).where(document.c.id == document_id))


def case_documents(connection: Connection, case_id: str) -> list[Row]:
    """Return a case's documents in the order they were made."""
    return many(
        connection,
        select(document).where(document.c.case_id == case_id).order_by(document.c.position),
    )


def stored_files(connection: Connection) -> list[Row]:
    """Return {sha256, title, number} of every document with its case's number, oldest first."""
    return many(
        connection,
        select(document.c.sha256, document.c.title, cases.c.number)
        .join(cases, cases.c.id == document.c.case_id)
        .order_by(document.c.created_at, cases.c.number, document.c.position),
    )
