"""When a timer fires and when a task is due, from what the diagram says and the clocks of the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from engine.business_calendar import BusinessCalendar
from engine.case_file import CaseFile
from engine.institution import Institution
from engine.statutory_clock import instant_of, shift


class Place(Protocol):
    """What the moments of a case hang on: its file and the office's data."""

    @property
    def file(self) -> CaseFile: ...

    @property
    def institution(self) -> Institution: ...


def timer_due(timer: Hanging, place: Place) -> datetime | None:
    """Return when a timer that hangs on a clock fires, None while its clock has no date or has ended."""
    answer = place.file.clock(timer.clock or "", timer.party)
    if answer is None:
        return None
    institution = place.institution
    return instant_of(answer, timer.offset, institution.calendar, institution.opening_time)


@dataclass(frozen=True)
class Hanging:
    """On which clock a timer hangs, as the executor or a row says it."""

    clock: str | None
    offset: str | None
    party: str | None

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Hanging:
        """Return what a row of the table says."""
        return cls(row["clock"], row["offset"], row["party"])


def task_due(spec: Mapping[str, Any] | None, place: Place, opened: date) -> date | None:
    """Return the internal limit of a task: ``{length}`` from its opening, ``{clock, party, offset}``, or ``{date}``."""
    if not spec:
        return None
    if spec.get("date"):
        return as_date(spec["date"])
    calendar: BusinessCalendar = place.institution.calendar
    if spec.get("clock"):
        answer = place.file.clock(str(spec["clock"]), spec.get("party"))
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
