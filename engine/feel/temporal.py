"""Dates, times and durations of FEEL: reading, writing, taking apart, adding up.

Values are those of ``datetime`` wherever these can hold them; years outside 1..9999 and fractions finer than a
microsecond are held by ``FarDate``, ``FineTime`` and ``WideDateTime``. All functions take either kind.
Knows no clock: the present day comes from outside. Calendar: proleptic Gregorian with a year 0.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from engine.feel.values import (
    DAY_NANOS,
    MAX_MONTHS,
    MAX_NANOS,
    NANOS,
    DaysTime,
    Wide,
    YearsMonths,
)

MAX_YEAR: Final = 999_999_999
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()

_DATE = r"(-?(?:[1-9][0-9]{4,9}|[0-9]{4}))-([0-9]{2})-([0-9]{2})"
_TIME = (
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:(Z|z)|([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?|@([A-Za-z0-9_+\-/]{1,60}))?"
)
_DATE_RE: Final = re.compile(_DATE)
_TIME_RE: Final = re.compile(_TIME)
_DATE_TIME_RE: Final = re.compile(f"{_DATE}T{_TIME}")
_YEARS_MONTHS_RE: Final = re.compile(r"(-?)P(?:([0-9]{1,12})Y)?(?:([0-9]{1,12})M)?")
_DAYS_TIME_RE: Final = re.compile(
    r"(-?)P(?:([0-9]{1,18})D)?(T(?:([0-9]{1,18})H)?(?:([0-9]{1,18})M)?(?:([0-9]{1,18})(?:\.([0-9]{0,30}))?S)?)?"
)


@dataclass(frozen=True, slots=True)
class FarDate(Wide):
    """A date of a year that ``datetime.date`` does not reach."""

    year: int
    month: int
    day: int


@dataclass(frozen=True, slots=True)
class FineTime(Wide):
    """A time with a fraction finer than a microsecond; ``nanos`` since midnight."""

    nanos: int
    zone: dt.tzinfo | None


@dataclass(frozen=True, slots=True)
class WideDateTime(Wide):
    """A date and time that ``datetime.datetime`` does not reach or cannot resolve."""

    year: int
    month: int
    day: int
    nanos: int
    zone: dt.tzinfo | None


Date = dt.date | FarDate
Time = dt.time | FineTime
DateTime = dt.datetime | WideDateTime


def is_date(value: Any) -> bool:
    """True for a date without a time."""
    return type(value) is dt.date or type(value) is FarDate


def is_time(value: Any) -> bool:
    """True for a time without a date."""
    return type(value) is dt.time or type(value) is FineTime


def is_date_time(value: Any) -> bool:
    """True for a date with a time."""
    return type(value) is dt.datetime or type(value) is WideDateTime


def is_duration(value: Any) -> bool:
    """True for a duration of either kind."""
    return type(value) is YearsMonths or type(value) is DaysTime


# --- putting together -------------------------------------------------------------------------------


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def new_date(year: int, month: int, day: int) -> Date | None:
    """Return the date, or None where there is no such day."""
    if not (
        -MAX_YEAR <= year <= MAX_YEAR
        and 1 <= month <= 12
        and 1 <= day <= days_in_month(year, month)
    ):
        return None
    return dt.date(year, month, day) if 1 <= year <= 9999 else FarDate(year, month, day)


def new_time(nanos: int, zone: dt.tzinfo | None) -> Time:
    """Return the time of so many nanoseconds since midnight (0 to one day, exclusive)."""
    if nanos % 1000:
        return FineTime(nanos, zone)
    seconds, rest = divmod(nanos, NANOS)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, rest // 1000, zone)


def new_date_time(day: Date, nanos: int, zone: dt.tzinfo | None) -> DateTime:
    """Return the date with the time of so many nanoseconds since midnight."""
    if nanos % 1000 or type(day) is FarDate:
        return WideDateTime(day.year, day.month, day.day, nanos, zone)
    seconds, rest = divmod(nanos, NANOS)
    return dt.datetime(
        day.year,
        day.month,
        day.day,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        rest // 1000,
        zone,
    )


def clock_nanos(hour: int, minute: int, second: int, nano: int = 0) -> int | None:
    """Return nanoseconds since midnight, or None where a clock shows no such time."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
        return None
    return ((hour * 60 + minute) * 60 + second) * NANOS + nano


def offset_zone(seconds: int) -> dt.timezone | None:
    """Return the fixed offset, at most 18 hours either way, else None."""
    if abs(seconds) > 18 * 3600:
        return None
    return dt.timezone(dt.timedelta(seconds=seconds)) if seconds else dt.UTC


@cache
def _zone_names() -> frozenset[str]:
    # These are whatever the machine says, and differ from one to the next.
    return frozenset(available_timezones() - {"localtime", "posixrules", "Factory"})


def named_zone(name: str) -> dt.tzinfo | None:
    """Return the zone of the tz database with this name, else None; touches no other file."""
    return ZoneInfo(name) if name in _zone_names() else None


# --- taking apart -----------------------------------------------------------------------------------


def day_of(value: Date | DateTime) -> Date:
    """Return the date in it."""
    if type(value) is dt.datetime:
        return value.date()
    if type(value) is WideDateTime:
        day = new_date(value.year, value.month, value.day)
        assert day is not None  # noqa: S101  # it was made from one
        return day
    return value  # type: ignore[return-value]  # the two kinds of date are left


def nanos_of(value: Time | DateTime) -> int:
    """Return nanoseconds since midnight, as the clock on the wall there shows them."""
    if type(value) is FineTime or type(value) is WideDateTime:
        return value.nanos
    t: Any = value
    return ((t.hour * 60 + t.minute) * 60 + t.second) * NANOS + t.microsecond * 1000  # type: ignore[no-any-return]


def zone_of(value: Time | DateTime) -> dt.tzinfo | None:
    """Return the zone or offset, None where there is none."""
    if isinstance(value, FineTime | WideDateTime):
        return value.zone
    return value.tzinfo


def zone_name(value: Time | DateTime) -> str | None:
    """Return the name of the zone where it was given by name."""
    zone = zone_of(value)
    return zone.key if isinstance(zone, ZoneInfo) else None


def ordinal(day: Date) -> int:
    """Return the number of the day, 1970-01-01 being 0."""
    if type(day) is dt.date:
        return day.toordinal() - _EPOCH
    return _ordinal(day.year, day.month, day.day)


def _ordinal(year: int, month: int, day: int) -> int:
    # A shift by whole cycles of 400 years (146097 days) brings any year into reach of datetime.
    cycles, rest = divmod(year - 2000, 400)
    return dt.date(2000 + rest, month, day).toordinal() - _EPOCH + cycles * 146_097


def from_ordinal(number: int) -> Date | None:
    """Return the day of that number, None beyond year 999,999,999."""
    cycles, rest = divmod(number - 10_957, 146_097)  # 10957: 2000-01-01
    if abs(cycles) > MAX_YEAR // 400 + 10:
        return None
    near = dt.date.fromordinal(rest + 10_957 + _EPOCH)
    return new_date(near.year + cycles * 400, near.month, near.day)


def offset_seconds(value: Time | DateTime) -> int | None:
    """Return the seconds east of UTC, None where no zone is given (or a named zone's needs a date)."""
    zone = zone_of(value)
    if zone is None:
        return None
    if isinstance(zone, dt.timezone):
        return zone.utcoffset(None) // dt.timedelta(seconds=1)
    if is_time(value):
        return None
    moment: Any = value
    if type(value) is WideDateTime:
        seconds = value.nanos // NANOS
        year = value.year if 1 < value.year < 9999 else 9998 if value.year > 1 else 2
        # 29 February exists only in leap years; the offset does not hang on it.
        moment = dt.datetime(  # noqa: DTZ001  # the zone is set below
            year, value.month, min(value.day, 28), seconds // 3600, seconds // 60 % 60, seconds % 60
        ).replace(tzinfo=zone)
    shift = moment.utcoffset()
    return shift // dt.timedelta(seconds=1) if shift is not None else None


def instant(value: DateTime) -> int:
    """Return nanoseconds since 1970-01-01T00:00 UTC (of the wall clock where no zone is given)."""
    return (
        ordinal(day_of(value)) * DAY_NANOS + nanos_of(value) - (offset_seconds(value) or 0) * NANOS
    )


def midnight(day: Date, zone: dt.tzinfo | None = None) -> DateTime:
    """Return the date at 00:00."""
    return new_date_time(day, 0, zone)


def weekday(value: Date | DateTime) -> int:
    """Return 1 for Monday to 7 for Sunday."""
    return (ordinal(day_of(value)) + 3) % 7 + 1


# --- reading ----------------------------------------------------------------------------------------


def parse_date(text: str) -> Date | None:
    """Read ``2026-03-02``; None where the text is no date."""
    match = _DATE_RE.fullmatch(text)
    return new_date(int(match[1]), int(match[2]), int(match[3])) if match else None


def parse_time(text: str) -> Time | None:
    """Read ``08:30:00``, with fraction, offset or ``@zone``; None where the text is no time."""
    match = _TIME_RE.fullmatch(text)
    if not match:
        return None
    read = _read_time(match.groups())
    return new_time(*read) if read else None


def parse_date_time(text: str) -> DateTime | None:
    """Read ``2026-03-02T08:30:00`` (or a date alone: midnight); None where the text is neither."""
    match = _DATE_TIME_RE.fullmatch(text)
    if not match:
        day = parse_date(text)
        return midnight(day) if day else None
    day = new_date(int(match[1]), int(match[2]), int(match[3]))
    parts = match.groups()[3:]
    # ISO 8601 lets a day end with 24:00:00, the same moment as 00:00:00 of the next.
    ends_day = parts[:3] == ("24", "00", "00") and not int(parts[3] or 0)
    if day is not None and ends_day:
        day, parts = from_ordinal(ordinal(day) + 1), ("00", *parts[1:])
    read = _read_time(parts)
    return new_date_time(day, *read) if day and read else None


def _read_time(parts: tuple[str | None, ...]) -> tuple[int, dt.tzinfo | None] | None:
    hour, minute, second, fraction, utc, sign, east_h, east_m, east_s, name = parts
    nano = int((fraction or "0").ljust(9, "0")[:9])
    nanos = clock_nanos(int(hour or 0), int(minute or 0), int(second or 0), nano)
    if nanos is None:
        return None
    if utc:
        return nanos, dt.UTC
    zone: dt.tzinfo | None = None
    if sign:
        if int(east_m or 0) > 59 or int(east_s or 0) > 59:
            return None
        seconds = (int(east_h or 0) * 60 + int(east_m or 0)) * 60 + int(east_s or 0)
        zone = offset_zone(-seconds if sign == "-" else seconds)
    elif name:
        zone = named_zone(name)
    else:
        return nanos, None
    return (nanos, zone) if zone else None


def parse_duration(text: str) -> YearsMonths | DaysTime | None:
    """Read ``P1Y2M`` or ``P3DT4H``; None where the text is no duration of one kind."""
    match = _YEARS_MONTHS_RE.fullmatch(text)
    if match and (match[2] or match[3]):
        months = int(match[2] or 0) * 12 + int(match[3] or 0)
        return years_months(-months if match[1] else months)
    match = _DAYS_TIME_RE.fullmatch(text)
    if not match or not (match[2] or match[3]) or match[3] == "T":
        return None
    seconds = ((int(match[2] or 0) * 24 + int(match[4] or 0)) * 60 + int(match[5] or 0)) * 60
    nanos = (seconds + int(match[6] or 0)) * NANOS + int((match[7] or "0").ljust(9, "0")[:9])
    return days_time(-nanos if match[1] else nanos)


def parse_any(text: str) -> Any:
    """Read a date, date and time, time or duration, whichever the text is; None where it is none."""
    for read in (parse_date, parse_date_time, parse_time, parse_duration):
        value = read(text)
        if value is not None:
            return value
    return None


def years_months(months: int) -> YearsMonths | None:
    """Return the duration, None where it is out of all proportion."""
    return YearsMonths(months) if abs(months) <= MAX_MONTHS else None


def days_time(nanos: int) -> DaysTime | None:
    """Return the duration, None where it is out of all proportion."""
    return DaysTime(nanos) if abs(nanos) <= MAX_NANOS else None


# --- writing ----------------------------------------------------------------------------------------


def write(value: Any) -> str:
    """Return the ISO 8601 text of a date, time or duration, a named zone after ``@``."""
    if is_date(value):
        return _write_date(value)
    if is_time(value):
        return _write_time(nanos_of(value)) + _write_zone(value)
    if is_date_time(value):
        return f"{_write_date(day_of(value))}T{_write_time(nanos_of(value))}{_write_zone(value)}"
    if type(value) is YearsMonths:
        return _write_years_months(value.months)
    return _write_days_time(value.nanos)


def _write_date(day: Date) -> str:
    sign = "-" if day.year < 0 else ""
    return f"{sign}{abs(day.year):04d}-{day.month:02d}-{day.day:02d}"


def _write_time(nanos: int) -> str:
    seconds, rest = divmod(nanos, NANOS)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def _write_zone(value: Time | DateTime) -> str:
    name = zone_name(value)
    if name is not None:
        return "@" + name
    seconds = offset_seconds(value)
    if seconds is None:
        return ""
    if seconds == 0:
        return "Z"
    sign, seconds = ("-" if seconds < 0 else "+"), abs(seconds)
    tail = f":{seconds % 60:02d}" if seconds % 60 else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}{tail}"


def _write_years_months(months: int) -> str:
    years, rest = divmod(abs(months), 12)
    body = (f"{years}Y" if years else "") + (f"{rest}M" if rest or not years else "")
    return ("-" if months < 0 else "") + "P" + body


def _write_days_time(nanos: int) -> str:
    seconds, rest = divmod(abs(nanos), NANOS)
    days, seconds = divmod(seconds, 86_400)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    clock += f"{seconds}{fraction}S" if seconds or fraction else ""
    body = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if nanos < 0 else "") + "P" + (body or "T0S")


# --- arithmetic -------------------------------------------------------------------------------------


def add_months(day: Date, months: int) -> Date | None:
    """Return the same day so many months later; the last of the month where that day does not exist."""
    years, month0 = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return new_date(year, month0 + 1, min(day.day, days_in_month(year, month0 + 1)))


def plus(value: Any, duration: YearsMonths | DaysTime) -> Any:
    """Add a duration to a date, time or date and time; None where the result does not exist.

    A time of day wraps around midnight. A date takes whole days of a days and time duration (rounded down).
    """
    if is_time(value):
        if type(duration) is not DaysTime:
            return None
        return new_time((nanos_of(value) + duration.nanos) % DAY_NANOS, zone_of(value))
    day = day_of(value)
    if type(duration) is YearsMonths:
        moved = add_months(day, duration.months)
        if moved is None or is_date(value):
            return moved
        return new_date_time(moved, nanos_of(value), zone_of(value))
    assert type(duration) is DaysTime  # noqa: S101  # there are two kinds
    start = 0 if is_date(value) else nanos_of(value)
    days, nanos = divmod(start + duration.nanos, DAY_NANOS)
    moved = from_ordinal(ordinal(day) + days)
    if moved is None or is_date(value):
        return moved
    return new_date_time(moved, nanos, zone_of(value))


def minus(left: Any, right: Any) -> DaysTime | None:
    """Subtract two moments of the same sort; None where one has a zone and the other has none.

    A date beside a date and time counts as its midnight in UTC (DMN 1.5, 10.3.2.3.4).
    """
    if is_time(left) and is_time(right):
        east_l, east_r = offset_seconds(left) or 0, offset_seconds(right) or 0
        if (zone_of(left) is None) != (zone_of(right) is None):
            return None
        return DaysTime(nanos_of(left) - nanos_of(right) - (east_l - east_r) * NANOS)
    if is_time(left) or is_time(right):
        return None
    if is_date(left) and is_date(right):
        return days_time((ordinal(left) - ordinal(right)) * DAY_NANOS)
    left = midnight(left, dt.UTC) if is_date(left) else left
    right = midnight(right, dt.UTC) if is_date(right) else right
    if (zone_of(left) is None) != (zone_of(right) is None):
        return None
    return days_time(instant(left) - instant(right))


def months_between(start: Date | DateTime, end: Date | DateTime) -> int:
    """Return the whole months from start to end, negative where end is earlier."""
    first, last = day_of(start), day_of(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        return months - 1
    if months < 0 and last.day > first.day:
        return months + 1
    return months


def order_key(value: Any) -> tuple[int, ...]:
    """Return what ``<`` compares: exact, in UTC where a zone is given. Only like kinds may be compared."""
    if is_date(value):
        return (ordinal(value),)
    if is_time(value):
        return (nanos_of(value) - (offset_seconds(value) or 0) * NANOS,)
    return (instant(value),)


def equal_key(value: Any) -> tuple[Any, ...]:
    """Return what ``=`` compares: the standard names the whole second as the finest part."""
    if is_date(value):
        return (ordinal(value),)
    zoned = zone_of(value) is not None
    if is_time(value):
        named = zone_name(value) if offset_seconds(value) is None else None
        return (zoned, named, order_key(value)[0] // NANOS)
    return (zoned, instant(value) // NANOS)
