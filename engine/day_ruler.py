"""The day ruler of a clock, as plain data: one cell a day, named days above, the arithmetic under it.

Says the same as the explanation's rows, once to see and once to cite. Geometry and colours are the web's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from engine.business_calendar import BusinessCalendar
from engine.statutory_clock import ClockAnswer, Entry
from engine.words import label_of, say, short_label

MAX_DAYS = 150
OUT = ("suspends", "waits")
COUNTING = ("counts", "extends")

CellKind = Literal["start", "counted", "ahead", "out", "off"]
MarkStyle = Literal["", "soon", "duelab"]


@dataclass(frozen=True)
class Cell:
    """One day; ``label`` is 班 on a make-up day, or a holiday's name on its middle day."""

    date: date
    kind: CellKind
    label: str = ""


@dataclass(frozen=True)
class Mark:
    """A named day."""

    date: date
    text: str
    style: MarkStyle = ""


@dataclass(frozen=True)
class Bracket:
    """A stretch of days with its count."""

    first: date
    last: date
    text: str


@dataclass(frozen=True)
class DayRuler:
    """Everything to draw, and one sentence that says it."""

    cells: Sequence[Cell]
    marks: Sequence[Mark]
    brackets: Sequence[Bracket]
    summary: str


def day_ruler(given: ClockAnswer, calendar: BusinessCalendar, today: date) -> DayRuler | None:
    """Return the ruler of a clock in days; None where it has not begun, counts hours, or is too long to see."""
    start = given.started_on
    last = given.due or max(given.ended_on or today, today)
    if start is None or given.due_at is not None or not 0 < (last - start).days <= MAX_DAYS:
        return None
    # A count begun anew leaves the earlier stretches in the explanation; the ruler shows the present one,
    # and of a pause that the office lets survive what reaches into it.
    entries = [
        e
        for e in given.explanation
        if e.effective and e.first and (e.first >= start or (e.rule in OUT and _reaches(e, start)))
    ]
    out = [(e.first, e.last or last) for e in entries if e.rule in OUT and e.first]
    labels = _labels(calendar, start, last)
    cells = [Cell(start, "start")]
    for day in days_of(start + timedelta(days=1), last):
        cells.append(Cell(day, _kind(day, given, calendar, out, today), labels.get(day, "")))
    brackets = _brackets(given, entries)
    return DayRuler(
        cells, _marks(given, entries, today), brackets, _summary(given, brackets, today)
    )


def _reaches(pause: Entry, day: date) -> bool:
    return pause.last is None or pause.last > day


def days_of(first: date, last: date) -> list[date]:
    """Return every day from ``first`` to ``last``, both included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _kind(
    day: date,
    given: ClockAnswer,
    calendar: BusinessCalendar,
    out: Sequence[tuple[date, date]],
    today: date,
) -> CellKind:
    if given.unit == "working_day" and not calendar.is_working_day(day):
        return "off"
    if any(first <= day <= last for first, last in out):
        return "out"
    return "counted" if day <= today else "ahead"


def _labels(calendar: BusinessCalendar, first: date, last: date) -> dict[date, str]:
    """班 on each make-up day; a holiday's name once, on the middle of its days off."""
    labels: dict[date, str] = {}
    run: list[date] = []
    for day in [*days_of(first, last), last + timedelta(days=1)]:
        name = calendar.day_name(day) if day <= last else None
        if name and calendar.is_working_day(day):
            labels[day] = say("班")
        if name and not calendar.is_working_day(day):
            run.append(day)
        elif run and (day > last or calendar.is_working_day(day)):
            name = holiday_word(calendar.day_name(run[0]) or "")
            labels[run[len(run) // 2]] = name
            run = []
    return labels


def holiday_word(name: str) -> str:
    """A holiday where there is little room: 国庆节、中秋节 becomes 国庆、中秋; other languages keep their word."""
    said = label_of(name)
    if said != name:
        return said
    return name.replace("节", "") if len(name) > 3 else name.removesuffix("节") or name


def _marks(given: ClockAnswer, entries: Sequence[Entry], today: date) -> list[Mark]:
    marks = []
    for entry in entries:
        if entry.rule in {"starts", "restarts"} and entry.on and entry.on == given.started_on:
            marks.append(Mark(entry.on, f"{short_label(entry.title, '申请')} {_md(entry.on)}"))
        elif entry.rule == "suspends" and entry.first:
            began = entry.on or entry.first
            marks.append(
                Mark(
                    began,
                    f"{short_label(entry.title, '意见')} {_md(began)}",
                )
            )
            if entry.last and entry.last <= today:
                marks.append(Mark(entry.last, say("恢复 {day}", day=_md(entry.last))))
    if given.started_on and given.started_on < today and (given.due is None or today < given.due):
        marks.append(Mark(today, say("今天 {day}", day=_md(today))))
    if given.due:
        marks.append(Mark(given.due, say("届满 {day}", day=_md(given.due)), "duelab"))
    return _once_a_day(marks)


def _once_a_day(marks: Sequence[Mark]) -> list[Mark]:
    """Two names of one day are written as one, so that they do not lie on each other."""
    by_day: dict[date, Mark] = {}
    for mark in marks:
        there = by_day.get(mark.date)
        if there is None:
            by_day[mark.date] = mark
        elif mark.text.rpartition(" ")[0] not in there.text:
            head, _, day = there.text.rpartition(" ")
            style = mark.style or there.style
            by_day[mark.date] = Mark(
                mark.date, f"{head}、{mark.text.rpartition(' ')[0]} {day}", style
            )
    return sorted(by_day.values(), key=lambda mark: mark.date)


def _md(day: date) -> str:
    return f"{day.month}-{day.day:02d}"


def _brackets(given: ClockAnswer, entries: Sequence[Entry]) -> list[Bracket]:
    brackets, so_far = [], 0
    limit = given.allowance - sum(entry.counted for entry in entries if entry.rule == "extends")
    for entry in entries:
        if not entry.first or not entry.last:
            continue
        if entry.rule == "counts":
            before, so_far = so_far, so_far + entry.counted
            full = before and so_far == limit
            brackets.append(
                Bracket(
                    entry.first,
                    entry.last,
                    say("计{n}，满{all}", n=entry.counted, all=so_far)
                    if full
                    else say("计{n}", n=entry.counted),
                )
            )
        elif entry.rule == "extends" and entry.counted:  # not one whose days are still to come
            so_far += entry.counted
            brackets.append(Bracket(entry.first, entry.last, say("延长{n}", n=entry.counted)))
        elif entry.rule in OUT and entry.skipped:
            brackets.append(Bracket(entry.first, entry.last, say("不计{n}", n=entry.skipped)))
    return brackets


def _summary(given: ClockAnswer, brackets: Sequence[Bracket], today: date) -> str:
    parts = [say("{day}起算", day=given.started_on)]
    parts += [
        say("{first}至{last}{what}", first=one.first, last=one.last, what=one.text)
        for one in brackets
    ]
    parts.append(say("{day}届满", day=given.due) if given.due else say("届满日还不能确定"))
    return say("；").join([*parts, say("今天{day}", day=today)])
