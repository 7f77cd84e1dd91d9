"""Counting: from a start, an allowance and the spans that do not count, to a due date.

Working days, calendar days, months, hours and fixed dates; nothing about events or rules. The day of the
event that starts a count is never counted (民法典第二百零一条); a month ends on the corresponding day, or on the
month's last day where there is none (第二百零二条).
"""

from __future__ import annotations

import calendar as months_of_the_year
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from engine.business_calendar import BusinessCalendar, CalendarNotCovered
from engine.lengths import Unit

# (after, until]: days after the first up to and with the second do not count; None: nobody knows until when.
Gap = tuple[date, date | None]


def shifted(day: date, amount: int, unit: Unit, calendar: BusinessCalendar) -> date:
    """Return the last day of ``amount`` units counted from the day after ``day``."""
    if unit == "working_day":
        return calendar.add_working_days(day, amount)
    try:
        return add_months(day, amount) if unit == "month" else day + timedelta(days=amount)
    except (OverflowError, ValueError) as error:
        raise CalendarNotCovered(calendar.first_day, calendar.last_day) from error


def counted(after: date, until: date, unit: Unit, calendar: BusinessCalendar) -> int:
    """Return how many days that count lie after ``after``, up to and with ``until``; 0 if it is not later.

    Of every unit but working days each day counts.
    """
    if until <= after:
        return 0
    if unit == "working_day":
        return calendar.working_days_between(after, until)
    return (until - after).days


def add_months(day: date, months: int) -> date:
    """Return the corresponding day ``months`` later, the month's last day where there is none (民法典第二百零二条)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = months_of_the_year.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def next_fixed_day(after: date, month: int, day: int) -> date:
    """Return the first such day of a year after ``after``; 29 February is the last of the month in common years."""
    for year in (after.year, after.year + 1):
        last = months_of_the_year.monthrange(year, month)[1]
        found = date(year, month, min(day, last))
        if found > after:
            break
    return found


def union(gaps: Iterable[Gap]) -> list[Gap]:
    """Join overlapping gaps, so that no day is taken out twice; oldest first. What follows an open one is in it."""
    joined: list[Gap] = []
    for after, until in sorted(gaps, key=_start):
        if until is not None and until <= after:
            continue
        if joined:
            first, last = joined[-1]
            if last is None:
                break
            if after <= last:
                joined[-1] = (first, None if until is None else max(last, until))
                continue
        joined.append((after, until))
    return joined


def due_date(
    start: date, amount: int, unit: Unit, gaps: Sequence[Gap], calendar: BusinessCalendar
) -> date | None:
    """Return the day on which the allowance is used up, the start and the gaps not counted.

    A gap that begins on or after that day changes nothing. None: the allowance is not used up before a gap that
    is still open. Months are moved by the calendar days of each gap, since a gap cannot be taken out of a month.
    """
    if not gaps:
        return shifted(start, amount, unit, calendar)
    if unit == "month":
        due = shifted(start, amount, unit, calendar)
        for after, until in union(gaps):
            after = max(after, start)
            if after >= due:
                break
            if until is None:
                return None
            due += timedelta(days=max(0, (until - after).days))
        return due
    remaining, cursor = amount, start
    for after, until in union(gaps):
        passed = counted(cursor, after, unit, calendar)
        if passed >= remaining:
            break
        remaining -= passed
        if until is None:
            return None
        cursor = max(cursor, until)
    return shifted(cursor, remaining, unit, calendar)


def _start(gap: Gap) -> tuple[date, date]:
    return gap[0], gap[1] or date.max
