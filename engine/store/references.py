"""Which case names which: written with the step whose form names it, read from both ends, within one's rights."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, insert, literal, or_, select

from engine.access import Visibility
from engine.store.lists import visible_cases
from engine.store.rows import Row, many
from engine.tables import case_reference, cases

_SHOWN = (cases.c.id, cases.c.number, cases.c.procedure, cases.c.subject, cases.c.version_id)


def replace(connection: Connection, case_id: str, named: Mapping[str, Sequence[str]]) -> None:
    """Write which cases the fields of a case name now, ``{field: numbers}``; other fields stay as they are."""
    if not named:
        return
    connection.execute(
        delete(case_reference).where(
            case_reference.c.case_id == case_id, case_reference.c.field.in_(sorted(named))
        )
    )
    for field, numbers in sorted(named.items()):
        if numbers:
            found = select(literal(case_id), literal(field), cases.c.id).where(
                cases.c.number.in_(sorted(set(numbers))), cases.c.id != case_id
            )
            connection.execute(insert(case_reference).from_select(list(case_reference.c), found))


def of_numbers(connection: Connection, numbers: Collection[str]) -> dict[str, Row]:
    """Return {number: case} of those that there are, whoever may see them."""
    found = select(*_SHOWN).where(cases.c.number.in_(sorted(numbers)))
    return {row["number"]: row for row in many(connection, found.order_by(cases.c.id))}


def near(
    connection: Connection,
    seen: Visibility,
    typed: str,
    procedures: Collection[str] = (),
    *,
    exact: bool = False,
    limit: int = 12,
) -> list[Row]:
    """Return cases that a person may see whose number or subject has what was typed, the newest first.

    Args:
        procedures: only cases of these; empty means any.
        exact: only the one whose number it is.
    """
    where = [visible_cases(seen)]
    if procedures:
        where.append(cases.c.procedure.in_(sorted(procedures)))
    if exact:
        where.append(cases.c.number == typed)
    else:
        where.append(
            or_(
                cases.c.number.contains(typed, autoescape=True),
                cases.c.subject.contains(typed, autoescape=True),
            )
        )
    found = select(*_SHOWN).where(*where).order_by(cases.c.opened_at.desc(), cases.c.id)
    return many(connection, found.limit(limit))


def named_by(connection: Connection, seen: Visibility, case_id: str) -> list[Row]:
    """Return the cases that a case names and a person may see, each with the ``field`` that names it."""
    return _joined(connection, seen, case_reference.c.to_case, case_reference.c.case_id == case_id)


def naming(connection: Connection, seen: Visibility, case_id: str) -> list[Row]:
    """Return the cases that name a case and that a person may see, each with its ``field`` that does."""
    return _joined(connection, seen, case_reference.c.case_id, case_reference.c.to_case == case_id)


def _joined(
    connection: Connection, seen: Visibility, other: ColumnElement[str], where: ColumnElement[bool]
) -> list[Row]:
    found = (
        select(*_SHOWN, case_reference.c.field)
        .join(case_reference, other == cases.c.id)
        .where(where, visible_cases(seen))
        .order_by(cases.c.opened_at, cases.c.number, case_reference.c.field)
    )
    return many(connection, found)
