"""When a timer fires and when a task is due, from what the diagram says and the clocks of the case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from engine.business_calendar import BusinessCalendar
from engine.case_file import CaseFile
from engine.institution import Institution
from engine.statutory_clock import shift
from engine.timesource import office_instant


class Place(Protocol):
    """What the moments of a case hang on: its file and the office's data."""

    @property
    def file(self) -> CaseFile: ...

    @property
    def institution(self) -> Institution: ...


def timer_due(
    due_at: datetime | None, clock: str | None, offset: str | None, place: Place
) -> datetime | None:
    """Return when a timer fires, None while its clock has no date.

    A limit runs out at 24:00 of its due date, so a timer on the clock itself fires at 00:00 of the next
    day; one with an offset at the office's opening time of its day.
    """
    if clock is None:
        return due_at
    answer = place.file.clock(clock)
    if answer is None or answer.due is None:
        return None
    if not offset:
        return answer.due_at or office_instant(answer.due + timedelta(days=1))
    day = shift(answer.due, offset, place.institution.calendar)
    return office_instant(day, place.institution.opening_time)


def task_due(spec: Mapping[str, Any] | None, place: Place, opened: date) -> date | None:
    """Return the internal limit of a task: ``{length}`` from its opening, ``{clock, offset}``, or ``{date}``."""
    if not spec:
        return None
    if spec.get("date"):
        return as_date(spec["date"])
    calendar: BusinessCalendar = place.institution.calendar
    if spec.get("clock"):
        answer = place.file.clock(str(spec["clock"]))
        if answer is None or answer.due is None:
            return None
        offset = spec.get("offset")
        return shift(answer.due, str(offset), calendar) if offset else answer.due
    if spec.get("length"):
        return shift(opened, str(spec["length"]), calendar)
    return None


def plain_due(spec: Mapping[str, Any] | None) -> dict[str, str] | None:
    """Return a due specification as JSON keeps it."""
    if not spec:
        return None
    return {key: str(value) for key, value in spec.items() if value is not None}


def as_date(value: object) -> date | None:
    """Return a date from a date, an instant or ISO text; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
