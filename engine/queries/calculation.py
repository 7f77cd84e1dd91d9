"""How a due date came about: the rows of the calculation and the day ruler."""

from __future__ import annotations

from datetime import date, timedelta

from engine.case_file import CaseFile
from engine.day_ruler import day_ruler, days_of
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.queries.clocks import view_of
from engine.queries.opened import Opened, head_of, open_case
from engine.queries.pages import (
    CalcRow,
    Calculation,
    CaseHead,
    Ruler,
    RulerBracket,
    RulerCell,
    RulerMark,
)
from engine.statutory_clock import ClockAnswer, Entry
from engine.unit_of_work import UnitOfWork
from engine.words import say

MOST_LATE_DAYS = 45  # a ruler that is longer past its due date than this cannot be read any more


def calculation_of(
    env: Environment, file: CaseFile, clock_id: str, party: str | None = None
) -> Calculation | None:
    """Return the calculation of a clock of a case; None while it has not begun."""
    given = file.clock(clock_id, party)
    definition = file.clocks.get(clock_id)
    if given is None or definition is None:
        return None
    institution = env.institution()
    return Calculation(
        clock=view_of(given, definition, institution, file.today),
        rows=[row for entry in given.explanation if (row := _row(entry))],
        ruler=_ruler(given, env, file.today),
        basis=say(
            "{article} · 日历 {calendar}",
            article=definition.article,
            calendar=institution.calendar.version,
        ),
        today=file.today,
    )


def head_calculation(env: Environment, opened: Opened, head: CaseHead) -> Calculation | None:
    """Return the calculation of the clock that the head of the page shows; of the first drawn where it shows none."""
    if head.clock:
        return calculation_of(env, opened.file, head.clock.clock_id, head.clock.party)
    main = next(iter(opened.deployed.clocks), None)
    return calculation_of(env, opened.file, main) if main else None


def calculation(
    env: Environment, actor: Actor, case_id: str, clock_id: str, party: str | None = None
) -> tuple[CaseHead, Calculation]:
    """Return how one clock of a case was computed.

    Raises:
        NotFound: no such case for the actor, or the clock has not begun.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        opened = open_case(env, actor, case_id, uow.connection)
    found = calculation_of(env, opened.file, clock_id, party)
    if found is None:
        raise NotFound("clock", clock_id)
    return head_of(env, opened), found


def _row(entry: Entry) -> CalcRow | None:
    dates: list[tuple[date, str]] = []
    if entry.first:
        dates.append((entry.first, ""))
    if entry.last and entry.last != entry.first:
        dates.append((entry.last, ""))
    if entry.on and not dates:
        dates.append((entry.on, ""))
    return CalcRow(
        what=entry.title or entry.rule,
        dates=dates,
        text=entry.text,
        article=entry.article,
        due=entry.due,
        evidence="、".join(entry.evidence),
        is_result=entry.rule == "due",
    )


def _ruler(given: ClockAnswer, env: Environment, today: date) -> Ruler | None:
    calendar = env.institution().calendar
    drawn = day_ruler(given, calendar, today)
    if drawn is None:
        return None
    cells = [RulerCell(cell.date, cell.kind, cell.label) for cell in drawn.cells]
    marks = [RulerMark(mark.date, mark.text, mark.style) for mark in drawn.marks]
    brackets = [RulerBracket(one.first, one.last, one.text) for one in drawn.brackets]
    summary = drawn.summary
    if given.due and given.due < today and given.state in {"running", "exceeded"}:
        late = calendar.working_days_between(given.due, today)
        if (today - given.due).days <= MOST_LATE_DAYS:
            first, *_ = days = days_of(given.due + timedelta(days=1), today)
            cells += [
                RulerCell(day, "late" if calendar.is_working_day(day) else "off") for day in days
            ]
            marks.append(RulerMark(today, say("今天 {day}", day=f"{today:%m-%d}"), ""))
            if late:
                brackets.append(RulerBracket(first, today, say("逾期{n}", n=late)))
        summary = say("{summary}；逾期{n}个工作日", summary=summary, n=late)
    return Ruler(cells, marks, brackets, today=today, due=given.due, summary=summary)
