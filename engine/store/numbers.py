"""Number series without gaps: a number is looked at freely and taken only in the step that uses it."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from engine.errors import EngineError
from engine.tables import number_series


class NumberTaken(EngineError):
    """Somebody else took the number meanwhile; nothing was written, the caller renders again."""

    code = "number_taken"


def next_number(connection: Connection, series: str, year: int) -> int:
    """Return the number that would come next, taking nothing."""
    last = connection.execute(
        select(number_series.c.last).where(
            number_series.c.series == series, number_series.c.year == year
        )
    ).scalar()
    return (last or 0) + 1


def take(connection: Connection, series: str, year: int, number: int) -> None:
    """Take ``number`` if it is still the next.

    Raises:
        NumberTaken: it is not.
    """
    if number != next_number(connection, series, year):
        raise NumberTaken(f"{series} {year}: {number} is no longer the next")
    changed = connection.execute(
        update(number_series)
        .where(
            number_series.c.series == series,
            number_series.c.year == year,
            number_series.c.last == number - 1,
        )
        .values(last=number)
    ).rowcount
    if not changed:
        connection.execute(insert(number_series), {"series": series, "year": year, "last": number})
