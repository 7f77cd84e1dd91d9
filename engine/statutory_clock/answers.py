"""The answer of a clock: a pure function of its definition, the facts, the calendar and the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.business_calendar import BusinessCalendar
from engine.lengths import Unit, parse_length
from engine.statutory_clock import counting, wording
from engine.statutory_clock.course import Course, Situation, run
from engine.statutory_clock.definition import ClockDefinition
from engine.statutory_clock.entries import Entry
from engine.statutory_clock.explanation import explain
from engine.statutory_clock.facts import CaseEvent, Supersession, in_force, in_order
from engine.timesource import OFFICE_ZONE
from engine.words import say

STATES = ("running", "waiting", "stopped", "abandoned", "exceeded")


HOLDING = ("suspends", "waits")  # rules under which days do not count


@dataclass(frozen=True, slots=True)
class ClockAnswer:
    """What a clock says.

    ``due`` is the last day in time, None while it cannot be known; ``original`` the one from the start event alone.
    ``state`` is one of ``STATES``. ``provisional``: a counted day or the due date lies in a year that is not
    announced. ``internal``: the office's own date before a fixed one. ``left``: what of the allowance is not used at
    the end of ``today`` (negative: by how much it is exceeded), None without ``today`` or due date. ``due_at`` and
    ``original_at``: the instants, for limits in hours. ``held``: the title of the pause or wait in which ``today`` lies, until
    ``held_until`` where that is known. ``before``: the due date before facts were corrected.
    """

    clock: str
    title: str
    due: date | None
    original: date | None
    state: str
    provisional: bool
    internal: date | None
    left: int | None
    due_at: datetime | None
    original_at: datetime | None
    explanation: tuple[Entry, ...]
    allowance: int
    unit: Unit
    started_on: date | None
    ended_on: date | None
    held: str
    held_until: date | None
    before: date | None
    nature: str
    party: str | None

    def to_json(self) -> dict[str, object]:
        """Return ``{due, original, state, provisional, internal?, before?, explanation}``; instants for limits in hours."""
        due: date | datetime | None = self.due_at or self.due
        original: date | datetime | None = self.original_at or self.original
        shown: dict[str, object] = {
            "due": due and due.isoformat(),
            "original": original and original.isoformat(),
            "state": self.state,
            "provisional": self.provisional,
        }
        if self.internal is not None:
            shown["internal"] = self.internal.isoformat()
        if self.before is not None:
            shown["before"] = self.before.isoformat()
        shown["explanation"] = [entry.to_json() for entry in self.explanation]
        return shown

    def row(self) -> dict[str, object]:
        """Return what is stored of the answer; ``held``: ``[first, last or None, title]`` of spans that do not count."""
        return {
            "clock": self.clock,
            "party": self.party or "",
            "due": self.due,
            "due_at": self.due_at,
            "original": self.original,
            "state": self.state,
            "provisional": self.provisional,
            "held": [
                [str(entry.first), str(entry.last) if entry.last else None, entry.title]
                for entry in self.explanation
                if entry.rule in HOLDING and entry.effective and entry.first
            ],
        }


def answer(
    definition: ClockDefinition,
    events: Sequence[CaseEvent],
    calendar: BusinessCalendar,
    settings: Mapping[str, object],
    *,
    definitions: Mapping[str, ClockDefinition],
    today: date | None = None,
    party: str | None = None,
) -> ClockAnswer:
    """Return what a clock says about the facts of a case.

    Args:
        definition: the clock asked about.
        events: the facts of the case, in any order; within one day in the order listed.
        calendar: the working days.
        settings: the office's choices by name, see ``engine.office.settings``.
        definitions: all clocks of the procedure by id; clocks ask each other.
        today: up to when silence is known; without it, up to the last fact.
        party: for a clock that runs once per party, whose; without it, the one that ends last.

    Raises:
        FactUnusable: a fact lacks a number that a rule needs.
        CalendarNotCovered: the count leaves the calendar.
        ClockInvalid, SettingMissing, LengthMixed: the definition does not fit the settings.
    """
    facts, superseded = in_force(events)
    situation = Situation(calendar, settings, definitions, today)
    if definition.per and party is None:
        parties = _parties(definition, facts)
        if len(parties) > 1:
            found = [
                answer(
                    definition,
                    events,
                    calendar,
                    settings,
                    definitions=definitions,
                    today=today,
                    party=one,
                )
                for one in parties
            ]
            return max(found, key=_ends_last)
    if party is not None and definition.per:
        facts = [event for event in facts if event.party in (None, party)]
    course = run(definition, facts, situation)
    superseded = [pair for pair in superseded if pair.old.kind in definition.event_names]
    before = None
    if superseded:
        new = {id(pair.new) for pair in superseded}
        before = run(
            definition, in_order(one for one in events if id(one) not in new), situation
        ).due
    return _answer(course, superseded, today, party, before)


def warning_days(definition: ClockDefinition, due: date, calendar: BusinessCalendar) -> list[date]:
    """Return the days on which the clock warns, in the order drawn."""
    return [shift(due, text, calendar) for text in definition.warnings]


def shift(day: date, length: str, calendar: BusinessCalendar) -> date:
    """Return ``day`` moved by a length such as ``-P3WD`` or ``P1D``."""
    parsed = parse_length(length)
    return counting.shifted(day, parsed.amount, parsed.unit, calendar)


def instant_of(
    result: ClockAnswer, offset: str | None, calendar: BusinessCalendar, opening: time
) -> datetime | None:
    """Return when a timer at this clock fires, aware; None while the due date is not known.

    Without ``offset`` when the limit has run out: at 00:00 of the day after the due date, or at the instant of a
    limit in hours. With one at the office's ``opening`` time of that day (or that many hours from the instant).
    A clock that ran out by itself keeps its moment: what waits for that must happen, also where it is computed later.
    """
    ended = result.state == "stopped" or (result.state == "abandoned" and result.ended_on)
    if result.due is None or ended:
        return None
    if not offset:
        if result.due_at is not None:
            return result.due_at
        return datetime.combine(result.due + timedelta(days=1), time(0), OFFICE_ZONE)
    parsed = parse_length(offset)
    if parsed.unit in ("hour", "second"):
        end = result.due_at or datetime.combine(
            result.due + timedelta(days=1), time(0), OFFICE_ZONE
        )
        return end + timedelta(seconds=parsed.amount * (3600 if parsed.unit == "hour" else 1))
    return datetime.combine(shift(result.due, offset, calendar), opening, OFFICE_ZONE)


def _answer(
    course: Course,
    superseded: Sequence[Supersession],
    today: date | None,
    party: str | None,
    before: date | None,
) -> ClockAnswer:
    count, definition = course.count, course.clock.definition
    unit = count.length.unit if count and count.length else course.clock.unit
    provisional = _provisional_years(course)
    left = _left(course, today, unit)
    held, held_until = _held(course, today)
    result = _result(course, provisional, today, left, unit, before)
    internal = course.clock.internal
    return ClockAnswer(
        clock=definition.id,
        title=definition.title,
        due=course.due,
        original=course.original,
        state=course.state,
        provisional=bool(provisional),
        internal=course.situation.calendar.last_working_day(course.due)
        if internal and course.due
        else None,
        left=left,
        due_at=course.due_at,
        original_at=course.original_at,
        explanation=explain(course, superseded, result),
        allowance=count.allowance if count else 0,
        unit=unit,
        started_on=count.start if count else None,
        ended_on=course.end.on if course.end else None,
        held=held,
        held_until=held_until,
        before=before,
        nature=definition.nature,
        party=party,
    )


def _parties(definition: ClockDefinition, facts: Sequence[CaseEvent]) -> list[str]:
    named = (event.party for event in facts if event.kind in definition.event_names)
    return list(dict.fromkeys(party for party in named if party is not None))


def _ends_last(found: ClockAnswer) -> tuple[bool, date]:
    """Open before ended; among them the latest. An unknown end is later than any."""
    open_ = found.state in ("running", "waiting") and found.started_on is not None
    return open_, found.due or (date.max if found.started_on else date.min)


def _provisional_years(course: Course) -> list[int]:
    """The years without a notice in which a counted day or the due date lies.

    A limit in hours and a fixed date ask no calendar, unless a rest day moves the date.
    """
    count, due = course.count, course.due
    if count is None or due is None:
        return []
    if count.length is None and course.clock.rolls is None:
        return []
    if count.length is not None and count.length.unit in ("hour", "second"):
        return []
    first = due if count.length is None else count.start + timedelta(days=1)
    official = course.situation.calendar.official_years
    return [year for year in range(first.year, due.year + 1) if year not in official]


def _left(course: Course, today: date | None, unit: Unit) -> int | None:
    count, due, calendar = course.count, course.due, course.situation.calendar
    if (
        today is None
        or due is None
        or count is None
        or count.length is None
        or unit in ("hour", "second")
    ):
        return None if today is None or due is None else (due - today).days
    if today > due:
        return -counting.counted(due, today, unit, calendar)
    here = max(today, count.start)
    left = counting.counted(here, due, unit, calendar)
    for after, until in counting.union(span.gap for span in count.spans):
        if until is not None:
            left -= counting.counted(max(after, here), min(until, due), unit, calendar)
    return left


def _held(course: Course, today: date | None) -> tuple[str, date | None]:
    count = course.count
    if today is None or count is None or course.end is not None:
        return "", None
    for wait in count.waits:
        return wait.effect.title, wait.ends_by
    for span in count.spans:
        after, until = span.gap
        if after < today and (until is None or today <= until):
            return span.effect.title, until
    return "", None


def _result(
    course: Course,
    provisional: Sequence[int],
    today: date | None,
    left: int | None,
    unit: Unit,
    before: date | None,
) -> str:
    due = course.due
    if due is None:
        if course.state == "abandoned":
            return say("期限已经终结，不再计算届满日")
        return say("现在还不能确定届满日")
    parts = [f"{due} {wording.weekday(due)}"]
    if course.due_at is not None:
        parts = [f"{course.due_at:%Y-%m-%d %H:%M}"]
    if before not in (None, due):
        parts.append(say("更正前为{before}", before=before))
    if provisional:
        years = "、".join(str(year) for year in provisional)
        parts.append(say("暂定：{years}年放假安排未公布，暂按周末和法定节假日推算", years=years))
    if today is not None and left is not None and course.end is None:
        length = wording.amount(abs(left), "working_day" if unit == "working_day" else "day")
        if left >= 0:
            parts.append(say("今天{day}，还有{length}", day=today, length=length))
        else:
            parts.append(say("今天{day}，已超过{length}", day=today, length=length))
    return wording.joined(parts)
