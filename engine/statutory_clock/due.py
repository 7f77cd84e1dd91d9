"""The last day of a count: from its start, length, gaps and extensions, rolled to a working day where the clock says so.

Knows nothing of the facts that made the count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.business_calendar import BusinessCalendar, CalendarNotCovered
from engine.statutory_clock import counting
from engine.statutory_clock.definition import ClockInvalid
from engine.statutory_clock.records import Count
from engine.statutory_clock.resolved import Resolved
from engine.timesource import OFFICE_ZONE
from engine.words import say


@dataclass(frozen=True, slots=True)
class DueDates:
    """When counts of a clock are due, by a calendar."""

    clock: Resolved
    calendar: BusinessCalendar

    def due(self, count: Count | None, *, extended: bool = True, roll: bool = True) -> date | None:
        """Return the due date as things stand, with or without extensions; None while it is unknown."""
        if count is None or count.waits:
            return None
        if count.length is None or count.length.unit in ("hour", "second"):
            due: date | None = self._plain(count)
        else:
            amount = count.allowance if extended else count.amount
            gaps = [span.gap for span in count.spans]
            due = counting.due_date(count.start, amount, count.length.unit, gaps, self.calendar)
        return self._rolled(due) if roll and due is not None else due

    def due_at(self, count: Count | None) -> datetime | None:
        """Return the instant of a length in hours or seconds; None for others and while it is unknown."""
        return None if count is None or count.waits else self.instant(count)

    def original(self, count: Count) -> date:
        """Return the due date of a count as it was granted: without gaps and extensions."""
        return self._rolled(self._plain(count))

    def instant(self, count: Count) -> datetime | None:
        """Return when a count in hours or seconds ends, whatever is waited for; None for other lengths."""
        if count.length is None or count.length.unit not in ("hour", "second"):
            return None
        # Where only the day is known, the strictest reading: from its first moment.
        begun = count.event.at or datetime.combine(count.start, datetime.min.time(), OFFICE_ZONE)
        seconds = count.length.amount * (3600 if count.length.unit == "hour" else 1)
        try:
            return begun + timedelta(seconds=seconds)
        except OverflowError as error:
            raise self._not_covered() from error

    def _plain(self, count: Count) -> date:
        if count.length is None:
            if self.clock.falls is None:
                raise ClockInvalid(
                    self.clock.definition.id, "no length", say("按现行设置没有长度，也没有固定日期")
                )
            try:
                return counting.next_fixed_day(count.start, *self.clock.falls.falls_on)
            except ValueError as error:
                raise self._not_covered() from error
        instant = self.instant(count)
        if instant is not None:
            return instant.date()
        return counting.shifted(count.start, count.granted, count.length.unit, self.calendar)

    def _rolled(self, due: date) -> date:
        """Move a last day that is a rest day to the next working day, where the clock says so (民法典第二百零三条)."""
        return self.calendar.next_working_day(due) if self.clock.rolls else due

    def _not_covered(self) -> CalendarNotCovered:
        return CalendarNotCovered(self.calendar.first_day, self.calendar.last_day)
