"""Functions on dates (DMN 1.5, 10.3.4.8). What day it is, is for the caller to say: ``today`` and ``now``
are names that the caller hands in; without them they are null.
"""

from __future__ import annotations

from typing import Any, Final

from engine.feel import temporal
from engine.feel.functions import BuiltIn
from engine.feel.scope import Run

_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _day(value: Any) -> Any:
    return (
        temporal.day_of(value) if temporal.is_date(value) or temporal.is_date_time(value) else None
    )


def _no_clock(_: Run) -> Any:
    return None


def _day_of_year(_: Run, value: Any) -> Any:
    day = _day(value)
    return (
        day
        and temporal.ordinal(day) - temporal.ordinal(temporal.new_date(day.year, 1, 1) or day) + 1
    )


def _day_of_week(_: Run, value: Any) -> Any:
    day = _day(value)
    return day and _DAYS[temporal.weekday(day) - 1]


def _month_of_year(_: Run, value: Any) -> Any:
    day = _day(value)
    return day and _MONTHS[day.month - 1]


def _week_of_year(_: Run, value: Any) -> Any:
    """Return the week of ISO 8601: the one with the year's first Thursday is week 1."""
    day = _day(value)
    if day is None:
        return None
    # The first and the last year of all begin and end so that their Thursdays exist.
    thursday = temporal.from_ordinal(temporal.ordinal(day) + 4 - temporal.weekday(day)) or day
    first = temporal.new_date(thursday.year, 1, 1) or thursday
    return (temporal.ordinal(thursday) - temporal.ordinal(first)) // 7 + 1


FUNCTIONS: Final = (
    BuiltIn("now", [""], _no_clock, 0),
    BuiltIn("today", [""], _no_clock, 0),
    BuiltIn("day of year", ["date"], _day_of_year, 1),
    BuiltIn("day of week", ["date"], _day_of_week, 1),
    BuiltIn("month of year", ["date"], _month_of_year, 1),
    BuiltIn("week of year", ["date"], _week_of_year, 1),
)
