"""The business calendar: which days are working days (工作日), and the arithmetic on them.

A pure value over the year files of an office. Rule, in this order: a listed day off is no working day; a listed
make-up day (调休上班日) is one; else Monday to Friday are. A year whose notice is not out yet counts with
weekends and the statutory holidays of 放假办法 Art. 2 only, and its days are provisional (暂定).
It knows no limits, no cases and no present day.

Sources:
    国务院关于职工工作时间的规定第七条；全国年节及纪念日放假办法第二条、第六条、第七条.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.business_calendar.years import Day, YearFile, read_local, read_statutory, read_years
from engine.errors import BadInput
from engine.words import say

MAKE_UP = "调休上班"
_SATURDAY = 5


class CalendarNotCovered(BadInput):
    """The count reaches a day before the first year loaded, or after the last that can be counted."""

    code = "calendar_not_covered"

    def __init__(self, first: date, last: date) -> None:
        super().__init__(
            f"the business calendar reaches from {first} to {last} only",
            sentence=say("工作日历只覆盖{first}至{last}，请核对日期", first=first, last=last),
        )
        self.first, self.last = first, last


@dataclass(frozen=True, slots=True)
class Special:
    """A run of neighbouring listed days of one name: days off, or one make-up day."""

    first: date
    last: date
    name: str
    is_off: bool


class BusinessCalendar:
    """Working days from the first loaded year to the last that can be counted.

    ``official_years`` are the years whose notice is loaded. Look-ups and counting take the same short time
    however far they reach: working days are numbered once, when the calendar is built.
    """

    __slots__ = (
        "_base",
        "_first",
        "_last",
        "_listed",
        "_listed_days",
        "_local",
        "_number",
        "_working",
        "checksum",
        "official_years",
        "years",
    )

    def __init__(
        self,
        years: Mapping[int, YearFile],
        statutory: Mapping[date, str] | None = None,
        local: Sequence[Day] = (),
        *,
        local_counts: bool = False,
    ) -> None:
        """Build from year files.

        Args:
            years: by year; one without days is not announced yet.
            statutory: ``{day: name}`` for years that are not announced; it also says how far one can count.
            local: the office's overlay. It informs only, unless ``local_counts`` (a lawful local holiday).
        """
        statutory = statutory or {}
        self.years = dict(sorted(years.items()))
        self.official_years = frozenset(year for year, file in years.items() if file.is_official)
        self._first = date(min(years), 1, 1)
        self._last = date(max([*years, *(day.year for day in statutory)]), 12, 31)
        listed: dict[date, Day] = {
            day: Day(name, day, is_off=True)
            for day, name in statutory.items()
            if day.year not in self.official_years and day >= self._first
        }
        for file in self.years.values():
            listed.update((day.date, day) for day in file.days)
        self._local = {day.date: day for day in local}
        if local_counts:
            listed.update(self._local)
        self._number_days(listed)
        self.checksum = _checksum(self._listed.values(), sorted(self.official_years))

    @classmethod
    def load(cls, folder: Path, *, local_counts: bool = False) -> BusinessCalendar:
        """Read a calendar folder: year files, statutory holidays, local overlay.

        Raises:
            CalendarRefused: there is no year file, or one of the files cannot be used.
        """
        return cls(
            read_years(folder),
            read_statutory(folder),
            read_local(folder),
            local_counts=local_counts,
        )

    def _number_days(self, listed: dict[date, Day]) -> None:
        base = self._base = self._first.toordinal()
        exceptions = {day.toordinal(): entry.is_off for day, entry in listed.items()}
        working: list[date] = []
        # number[i] = working days before the i-th day: two look-ups answer any count.
        number = array("I", [0])
        for ordinal in range(base, self._last.toordinal() + 1):
            off = exceptions.get(ordinal)
            # Ordinal 1 was a Monday.
            if off is False or (off is None and (ordinal - 1) % 7 < _SATURDAY):
                working.append(date.fromordinal(ordinal))
            number.append(len(working))
        self._working, self._number = working, number
        self._listed = dict(sorted(listed.items()))
        self._listed_days = list(self._listed)

    # Questions about one day -------------------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        """Whether ``day`` counts as a working day."""
        index = self._index(day)
        return self._number[index + 1] != self._number[index]

    def is_provisional(self, day: date) -> bool:
        """Whether ``day`` lies in a year whose notice is not out yet."""
        return day.year not in self.official_years

    def day_name(self, day: date) -> str | None:
        """The holiday's name, 调休上班 on a make-up day, else None."""
        entry = self._listed.get(day)
        if entry is None:
            return None
        return entry.name if entry.is_off else MAKE_UP

    def local_name(self, day: date) -> str | None:
        """The name of a day of the office's local overlay, whether it counts or only informs."""
        entry = self._local.get(day)
        return entry.name if entry else None

    def reason(self, day: date) -> str:
        """Why ``day`` counts or does not: ``weekday``, ``weekend``, ``make-up`` or the holiday's name."""
        entry = self._listed.get(day)
        if entry is not None:
            return entry.name if entry.is_off else "make-up"
        return "weekend" if day.weekday() >= _SATURDAY else "weekday"

    def specials(self, first: date, last: date) -> list[Special]:
        """The listed days from ``first`` to ``last``, neighbouring days off of one name as one run, oldest first."""
        runs: list[Special] = []
        for entry in self.listed(first, last):
            day = entry.date
            if (
                runs
                and entry.is_off
                and runs[-1].is_off
                and runs[-1].name == entry.name
                and runs[-1].last.toordinal() + 1 == day.toordinal()
            ):
                runs[-1] = Special(runs[-1].first, day, entry.name, is_off=True)
            else:
                runs.append(Special(day, day, entry.name, entry.is_off))
        return runs

    def listed(self, first: date, last: date) -> list[Day]:
        """The listed days from ``first`` to ``last``, oldest first."""
        days = self._listed_days
        return [
            self._listed[day] for day in days[bisect_left(days, first) : bisect_right(days, last)]
        ]

    # Counting ----------------------------------------------------------------------------------------------

    def add_working_days(self, day: date, count: int) -> date:
        """Return the ``count``-th working day after ``day`` (before it where negative).

        ``day`` itself is never counted; with 0 it is returned as it is.

        Raises:
            CalendarNotCovered: the count leaves the calendar.
        """
        if count == 0:
            return day
        index = day.toordinal() - self._base
        if index < 0:
            raise CalendarNotCovered(self._first, self._last)
        try:
            if count > 0:
                return self._working[self._number[index + 1] + count - 1]
            place = self._number[index] + count
            if place >= 0:
                return self._working[place]
        except IndexError:
            pass
        raise CalendarNotCovered(self._first, self._last)

    def working_days_between(self, after: date, until: date) -> int:
        """Return how many working days lie after ``after``, up to and with ``until``; negative if it is earlier."""
        return self._number[self._index(until) + 1] - self._number[self._index(after) + 1]

    def next_working_day(self, day: date) -> date:
        """Return ``day`` itself if it is a working day, else the first one after it."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def last_working_day(self, day: date) -> date:
        """Return ``day`` itself if it is a working day, else the last one before it."""
        return day if self.is_working_day(day) else self.add_working_days(day, -1)

    def _index(self, day: date) -> int:
        index = day.toordinal() - self._base
        if not 0 <= index < len(self._number) - 1:
            raise CalendarNotCovered(self._first, self._last)
        return index

    # For screens -------------------------------------------------------------------------------------------

    @property
    def first_day(self) -> date:
        """The first day that can be counted."""
        return self._first

    @property
    def last_day(self) -> date:
        """The last day that can be counted."""
        return self._last

    @property
    def version(self) -> str:
        """A short text for screens: the last announced year and the first digits of the checksum."""
        newest = max(self.official_years, default=None)
        return f"{newest or '无'}·{self.checksum[:8]}"

    def notice_awaited(self, today: date) -> int | None:
        """The next year, where its notice is usually out by now (from 1 November) and is not loaded."""
        if today.month < 11 or today.year + 1 in self.official_years:
            return None
        return today.year + 1


def _checksum(days: Iterable[Day], years: Sequence[int]) -> str:
    text = "\n".join([*(f"{day.date} {day.is_off} {day.name}" for day in days), *map(str, years)])
    return hashlib.sha256(text.encode()).hexdigest()
