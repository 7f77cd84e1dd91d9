"""Lines of crontab, which Camunda, Flowable and Spring take for a timer cycle: fields in, moments out.

Five fields as Unix has them, six or seven with seconds first and a year last, or ``@daily`` and its like. What
the dialects read differently is not guessed at: days of the week by number beside seconds, a day of the month
together with a day of the week, ``W``, ``#``, and ``L`` but alone for the last day of the month. In the caller's local time; no zone is known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * SUN",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FARTHEST_DAYS = 366 * 8  # 29 February comes at least every eighth year
_EVERY = ("*", "?")
_LAST = 0  # stands for the last day of the month


class CrontabUnreadable(ValueError):
    """A text is no line of crontab, or one that means different things to different tools."""


@dataclass(frozen=True, slots=True)
class Crontab:
    """What each field allows; ``weekdays`` count from Sunday, ``years`` may be any (None), ``days`` hold 0 for the last."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    years: frozenset[int] | None = None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first moment after this one, in the same zone.

        Raises:
            CrontabUnreadable: there is none within eight years.
        """
        for ahead in range(_FARTHEST_DAYS):
            day = moment.date() + timedelta(days=ahead)
            if not (
                (day.day in self.days or (_LAST in self.days and _is_last(day)))
                and day.month in self.months
                and day.isoweekday() % 7 in self.weekdays
                and (self.years is None or day.year in self.years)
            ):
                continue
            today = day == moment.date()
            for hour in (h for h in self.hours if not today or h >= moment.hour):
                for minute in self.minutes:
                    for second in self.seconds:
                        at = datetime.combine(day, time(hour, minute, second), moment.tzinfo)
                        if at > moment:
                            return at
        raise CrontabUnreadable("no such moment comes any more")


def _is_last(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def looks_like(text: str) -> bool:
    """Return whether a text is meant as a line of crontab: a macro, or five to seven fields of its letters."""
    fields = text.split()
    if len(fields) == 1:
        return text.strip() in _MACROS
    return 5 <= len(fields) <= 7 and all(
        set(field) <= set("0123456789*?/,-#ABCDEFGHIJLMNOPRSTUVWY") for field in fields
    )


def read(text: str) -> Crontab:
    """Read a line of crontab.

    Raises:
        CrontabUnreadable: see there.
    """
    fields = _MACROS.get(text.strip(), text).split()
    if not 5 <= len(fields) <= 7:
        raise CrontabUnreadable("a line of crontab has five to seven fields")
    unix = len(fields) == 5
    second, minute, hour, day, month, weekday, year = (
        *(["0"] if unix else []),
        *fields,
        *(["*"] if len(fields) < 7 else []),
    )
    if day not in _EVERY and weekday not in _EVERY:
        raise CrontabUnreadable("a day of the month together with a day of the week")
    if not unix and any(letter.isdigit() for letter in weekday.partition("/")[0]):
        raise CrontabUnreadable("days of the week by number; write MON to SUN")
    return Crontab(
        seconds=_field(second, 0, 59),
        minutes=_field(minute, 0, 59),
        hours=_field(hour, 0, 23),
        days=frozenset((_LAST,) if day == "L" and not unix else _field(day, 1, 31)),
        months=frozenset(_field(month, 1, 12, _MONTHS)),
        weekdays=frozenset(n % 7 for n in _field(weekday, 0, 7 if unix else 6, _DAYS)),
        years=None if year in _EVERY else frozenset(_field(year, 1970, 2199)),
    )


def _field(text: str, low: int, high: int, names: list[str] | None = None) -> tuple[int, ...]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in _EVERY:
            start, stop = low, high
        else:
            start = _number(first, low, names)
            stop = _number(last, low, names) if dash else (high if slash else start)
            if names is _DAYS and stop < start:
                stop += 7  # FRI-MON
        every = _number(step, low, None) if slash else 1
        wraps = names is _DAYS and stop > high
        if every < 1 or not low <= start <= stop or (stop > high and not wraps):
            raise CrontabUnreadable(f"{text!r} is no field between {low} and {high}")
        found.update(n % 7 if wraps else n for n in range(start, stop + 1, every))
    return tuple(sorted(found))


def _number(text: str, low: int, names: list[str] | None) -> int:
    if names is not None and text.upper() in names:
        return names.index(text.upper()) + (low if names is _MONTHS else 0)
    if not text.isdecimal():
        raise CrontabUnreadable(f"{text!r} is neither a number nor a name")
    return int(text)
