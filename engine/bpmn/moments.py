"""Moments of timer events: ISO 8601 dates, durations and cycles, in the office's time zone.

Texts in, instants out. A cycle may be a line of crontab too. Lengths may also be given in working days (``P3WD``), which need a calendar.
Nothing here knows what time it is or what waits.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.bpmn import crontab
from engine.bpmn.crontab import Crontab, CrontabUnreadable
from engine.errors import EngineError
from engine.timesource import OFFICE_ZONE

_LENGTH = re.compile(
    r"(?P<sign>[+-]?)P(?:(?P<wd>\d+)WD|(?:(?P<y>\d+)Y)?(?:(?P<m>\d+)M)?(?:(?P<w>\d+(?:[.,]\d+)?)W)?"
    r"(?:(?P<d>\d+(?:[.,]\d+)?)D)?(?:T(?:(?P<h>\d+(?:[.,]\d+)?)H)?(?:(?P<min>\d+(?:[.,]\d+)?)M)?(?:(?P<s>\d+(?:[.,]\d+)?)S)?)?)"
)
_DATE = re.compile(  # also by the week (2026-W03-1), and without hyphens and colons
    r"(\d{4}-\d{2}-\d{2}|\d{4}-W\d{2}-\d|\d{8}|\d{4}W\d{3})"
    r"(?:T(\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?|\d{4}(?:\d{2}(?:[.,]\d+)?)?)(Z|[+-]\d{2}(?::?\d{2})?)?"
    r"(?:@([\w/+-]+)|\[([\w/+-]+)\])?)?"
)
_REPEAT = re.compile(r"R(\d*|-1)")  # R and R-1: without end
MAX_ROUNDS = 100_000
_LONGEST = timedelta(days=366 * 1000)


class MomentUnreadable(EngineError):
    """A text is no date, duration or cycle of ISO 8601."""

    code = "moment_unreadable"


class NoMoreMoments(MomentUnreadable):
    """A line of crontab names years that are over."""


class WorkingDays(Protocol):
    """The part of the business calendar that lengths need."""

    def add_working_days(self, start: date, n: int) -> date: ...


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time as ISO 8601 writes it; ``working_days`` stands alone."""

    months: int = 0
    exact: timedelta = timedelta(0)
    working_days: int = 0
    sign: int = 1

    def is_zero(self) -> bool:
        """Return whether it is no time at all."""
        return not (self.months or self.exact or self.working_days)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A repetition: how often (None: without end), every how long, and from when (None: now).

    ``interval`` is ``every`` as it was written, which ``interval`` of this module reads again.
    """

    times: int | None
    every: Duration | Crontab
    start: datetime | None = None
    interval: str = ""


def duration(text: str) -> Duration:
    """Read ``PT5M``, ``P1Y2M3D``, ``P2W`` or ``P3WD``.

    Raises:
        MomentUnreadable: anything else.
    """
    stripped = text.strip()
    found = _LENGTH.fullmatch(stripped)
    if not found or stripped.endswith(("P", "T")):
        raise MomentUnreadable(f"{text!r} is no ISO 8601 duration")
    part = found.groupdict()

    def number(name: str) -> float:
        return float((part[name] or "0").replace(",", "."))

    months = int(part["y"] or 0) * 12 + int(part["m"] or 0)
    try:
        exact = timedelta(
            weeks=number("w"),
            days=number("d"),
            hours=number("h"),
            minutes=number("min"),
            seconds=number("s"),
        )
    except OverflowError as error:
        raise MomentUnreadable(f"{text!r} is too long") from error
    working = int(part["wd"] or 0)
    if exact > _LONGEST or months > 12000 or working > 100_000:
        raise MomentUnreadable(f"{text!r} is too long")
    return Duration(months, exact, working, -1 if part["sign"] == "-" else 1)


def instant(text: str) -> datetime:
    """Read an ISO 8601 date or date-time; without a zone it is the office's. Returns UTC.

    A zone may also stand by its name, as in FEEL (``@Europe/Paris``) or in Java (``[Europe/Paris]``).

    Raises:
        MomentUnreadable: anything else.
    """
    found = _DATE.fullmatch(text.strip())
    if not found:
        raise MomentUnreadable(f"{text!r} is no ISO 8601 date")
    day, clock, zone, named, bracketed = found.groups()
    zone_text = (zone or "").replace("Z", "+00:00")
    try:
        read = datetime.fromisoformat(f"{day}T{(clock or '00:00').replace(',', '.')}{zone_text}")
        place = ZoneInfo(named or bracketed) if named or bracketed else OFFICE_ZONE
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise MomentUnreadable(f"{text!r} is no ISO 8601 date") from error
    return (read if read.tzinfo else read.replace(tzinfo=place)).astimezone(UTC)


def cycle(text: str) -> Cycle:
    """Read ``R3/PT10M``, ``R/2026-01-05T09:00/P1D``, ``R2/P1D/2026-02-01``, ``R3/`` with begin and end of the first
    round, a bare duration or a line of crontab.

    ``R/duration/end`` counts back from its end, as ISO 8601 says: it needs a number of repetitions.

    Raises:
        MomentUnreadable: anything else.
    """
    if crontab.looks_like(text):
        return Cycle(None, interval(text), None, text.strip())
    parts = text.strip().split("/")
    times: int | None = None
    found = _REPEAT.fullmatch(parts[0])
    if found:
        times = int(found[1]) if found[1].isdigit() else None
        parts = parts[1:]
    if len(parts) == 1:
        every, start = duration(parts[0]), None
    elif len(parts) == 2 and parts[0].startswith("P"):
        every, end = duration(parts[0]), instant(parts[1])
        if times is None:
            raise MomentUnreadable(
                f"{text!r}: a cycle that counts back from its end needs a number"
            )
        start = end
        for _ in range(min(times, 10_000)):
            start = after(
                start, Duration(every.months, every.exact, every.working_days, -every.sign)
            )
    elif len(parts) == 2 and parts[1].startswith("P"):
        start, every = instant(parts[0]), duration(parts[1])
    elif len(parts) == 2:
        start = instant(parts[0])
        every = Duration(exact=instant(parts[1]) - start)
        parts = [f"PT{every.exact.total_seconds():.6f}S"]
    else:
        raise MomentUnreadable(f"{text!r} is no ISO 8601 cycle")
    if every.is_zero() or every.sign < 0 or every.exact < timedelta(0) or times == 0:
        raise MomentUnreadable(f"{text!r}: a cycle needs a length and at least one round")
    return Cycle(times, every, start, next(p for p in reversed(parts) if p.strip().startswith("P")))


def interval(text: str) -> Duration | Crontab:
    """Read how far two rounds of a cycle lie apart: a duration, or a line of crontab.

    Raises:
        MomentUnreadable: neither.
    """
    if not crontab.looks_like(text):
        return duration(text)
    try:
        return crontab.read(text)
    except CrontabUnreadable as error:
        raise MomentUnreadable(f"{text!r}: {error}") from error


def last_due(
    kind: str, said: object, since: datetime, now: datetime, calendar: WorkingDays | None = None
) -> datetime | None:
    """Return the last moment of a timer that lies after ``since`` and not after ``now``, None where none does.

    kind: date, duration or cycle; a duration, and a cycle without a begin of its own, count from ``since``.

    Raises:
        MomentUnreadable: it says no moment.
    """
    if kind == "cycle":
        found = _last_round(cycle(str(said)), since, now, calendar)
    else:
        found = as_instant(said) if kind == "date" else after(since, as_duration(said), calendar)
    return found if found is not None and since < found <= now else None


def _last_round(
    rounds: Cycle, since: datetime, now: datetime, calendar: WorkingDays | None
) -> datetime | None:
    every, left = rounds.every, MAX_ROUNDS if rounds.times is None else rounds.times
    left, found = min(left, MAX_ROUNDS), None
    try:
        moment = rounds.start or after(_near(every, since, now), every, calendar)
        if (
            moment < now
            and isinstance(every, Duration)
            and not (every.months or every.working_days)
        ):
            passed = (now - moment) // every.exact
            passed = passed if rounds.times is None else min(passed, left - 1)
            moment, left = moment + passed * every.exact, max(left - passed, 1)
        while left and moment <= now:
            found, left = moment, left - 1
            moment = after(moment, every, calendar)
    except NoMoreMoments:
        pass
    return found


def _near(every: Duration | Crontab, since: datetime, now: datetime) -> datetime:
    """Return from where to look for the last round: a line of crontab does not say how many have passed."""
    for back in (timedelta(hours=1), timedelta(days=1), timedelta(days=31)):
        start = now - back
        with suppress(NoMoreMoments):
            if isinstance(every, Crontab) and start > since and after(start, every) <= now:
                return start
    return since


def after(
    start: datetime, length: Duration | Crontab, calendar: WorkingDays | None = None
) -> datetime:
    """Return the instant ``length`` after ``start`` (UTC). Months and days are the office's calendar days.

    A line of crontab gives its next moment.
    """
    local = start.astimezone(OFFICE_ZONE)
    if isinstance(length, Crontab):
        try:
            return length.next_after(local).astimezone(UTC)
        except (CrontabUnreadable, OverflowError) as error:
            raise NoMoreMoments(str(error)) from error
    if length.working_days:
        if calendar is None:
            raise MomentUnreadable("working days need a business calendar")
        day = calendar.add_working_days(local.date(), length.sign * length.working_days)
        local = datetime.combine(day, local.timetz())
    if length.months:
        month = local.month - 1 + length.sign * length.months
        year, month = local.year + month // 12, month % 12 + 1
        if not 1 <= year <= 9998:
            raise MomentUnreadable("the moment lies outside the calendar")
        local = local.replace(year=year, month=month, day=min(local.day, _days_in(year, month)))
    try:
        return (local + length.sign * length.exact).astimezone(UTC)
    except OverflowError as error:
        raise MomentUnreadable("the moment lies outside the calendar") from error


def _days_in(year: int, month: int) -> int:
    first = date(year + month // 12, month % 12 + 1, 1)
    return (first - timedelta(days=1)).day


def as_instant(value: object) -> datetime:
    """Turn what FEEL gives (text, date or date-time) into an instant (UTC)."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=OFFICE_ZONE)).astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(0), OFFICE_ZONE).astimezone(UTC)
    if isinstance(value, str):
        return instant(value)
    raise MomentUnreadable(f"{value!r} is no date")


def as_duration(value: object) -> Duration:
    """Turn what FEEL gives (text or a duration of its own) into a length of time."""
    if isinstance(value, timedelta):
        return Duration(0, abs(value), 0, -1 if value < timedelta(0) else 1)
    if isinstance(value, str):
        return duration(value)
    if value is None:
        raise MomentUnreadable("no duration")
    return duration(str(value))


def looks_iso(text: str) -> bool:
    """Return whether a text is meant as ISO 8601, rightly written or not; else it is taken for FEEL."""
    return bool(re.match(r"[+-]?P([\dT]|$)|R-?\d*(/|$)|\d", text.strip())) or crontab.looks_like(
        text
    )
