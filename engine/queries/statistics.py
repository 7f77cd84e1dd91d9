"""The dashboard: what to ask about today, how many cases stand where, who holds them, and what the year brings.

Each number carries the narrowing of the list behind it; both are made by ``narrowing``, so they agree.
"""

from __future__ import annotations

import statistics as averages
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from engine.access import require, visibility
from engine.day_ruler import holiday_word
from engine.environment import Environment
from engine.errors import EngineError
from engine.identity import Actor
from engine.queries.common import People, holder_of, today_of
from engine.queries.narrowing import CLOCKS, DIRECT, Narrowing, Standing, unit_of, year_span
from engine.queries.pages import Today
from engine.queries.report import annual_report
from engine.store import figures
from engine.store.figures import Chosen
from engine.timesource import legal_day, office_instant
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

WEEKS = 12
AHEAD = 20  # working days for which due dates are shown
FEW = 5  # under so many no rate is given
MOST_FOR_REPORT = 3000  # cases up to which the annual report is checked while the page is made
TOLD = 3  # late cases named in the sentence


@dataclass(frozen=True)
class Figure:
    """A number and the list behind it: its narrowing, and open, closed or all ("")."""

    key: str
    word: str
    value: int
    only: Mapping[str, str]
    state: str


@dataclass(frozen=True)
class UnitRow:
    """One section: what it holds and how it kept its limits this year."""

    title: str
    only: Mapping[str, str]
    open: int
    median: float | None  # working days a step was held
    chased: int
    breaches: int
    in_time: int
    measured: int  # steps with an internal limit that were completed

    @property
    def rate(self) -> int | None:
        """Percent in time; None where too few were measured."""
        return round(100 * self.in_time / self.measured) if self.measured >= FEW else None


@dataclass(frozen=True)
class StepRow:
    """One step at which cases wait."""

    name: str
    only: Mapping[str, str]
    cases: int
    median: float
    stopped: int  # of them, cases whose clock stands still


@dataclass(frozen=True)
class Week:
    """One week from Monday: arrivals and completions, or (ahead) limits that fall due."""

    monday: date
    received: int
    closed: int
    due: int
    is_ahead: bool
    holiday: str = ""


@dataclass(frozen=True)
class Readiness:
    """One check of the annual report."""

    ok: bool
    sentence: str


@dataclass(frozen=True)
class LateCase:
    """A case to ask about today."""

    number: str
    url: str
    days: int
    holders: Sequence[str]


@dataclass(frozen=True)
class StatisticsPage:
    """The dashboard."""

    today: Today
    at: datetime
    calendar: str
    year: int
    procedure: str
    procedures: Sequence[tuple[str, str]]
    late: Sequence[LateCase]
    figures: Sequence[Figure]  # six states of the clock and those without one
    year_figures: Sequence[Figure]
    units: Sequence[UnitRow]
    total: UnitRow
    steps: Sequence[StepRow]
    weeks: Sequence[Week]
    readiness: Sequence[Readiness] = field(default_factory=tuple)
    report_year: int | None = None


def statistics_page(env: Environment, actor: Actor, procedure: str = "") -> StatisticsPage:
    """Return the dashboard over the cases that the actor may read.

    Args:
        procedure: key of one procedure; "" for all.

    Raises:
        Denied: the actor may not read the register.
    """
    rules = env.institution().rules
    require(rules, actor, "register.read")
    known = env.procedures_in_force()
    wanted = procedure if procedure in known else ""
    made = _Made(env, Chosen(visibility(rules, actor), procedure=wanted), wanted)
    with UnitOfWork(env.database, writing=False) as uow:
        page = made.read(uow.connection)
        size = figures.count(uow.connection, Chosen(visibility(rules, actor)))
        used = figures.procedures_of(uow.connection, Chosen(visibility(rules, actor)))
    year, checks = _readiness(env, actor, made.today.date, size)
    return StatisticsPage(
        today=made.today,
        at=env.time.now(),
        calendar=env.institution().calendar.version,
        year=made.today.date.year,
        procedure=wanted,
        procedures=sorted(
            (
                (key, env.deployed(version).procedure.title)
                for key, version in known.items()
                if key in used
            ),
            key=lambda pair: (pair[0] != "on_request", pair[0]),
        ),
        readiness=checks,
        report_year=year,
        **page,
    )


class _Made:
    """One dashboard being made."""

    def __init__(self, env: Environment, chosen: Chosen, procedure: str) -> None:
        self.env, self.chosen = env, chosen
        self.today = today_of(env)
        self.day = self.today.date
        self.calendar = env.institution().calendar
        self.base = {"procedure": procedure} if procedure else {}
        self.year_start = year_span(self.day.year)[0]

    def read(self, connection: Connection) -> dict[str, Any]:
        """Read and count everything."""
        opened = Chosen(self.chosen.seen, self.chosen.procedure, status="open")
        standing = Standing.read(self.env, connection, opened, self.day)
        people = People.read(connection, self.day)
        units = self._units(connection, standing)
        return {
            "late": self._late(standing, people),
            "figures": self._figures(standing),
            "year_figures": self._year_figures(connection, standing),
            "units": units,
            "total": self._total(units, standing),
            "steps": self._steps(standing),
            "weeks": self._weeks(connection, standing),
        }

    def _late(self, standing: Standing, people: People) -> list[LateCase]:
        found = []
        for row in standing.cases:
            clock = standing.clocks[row["id"]]
            if clock is None or clock.state != "late":
                continue
            holders = [
                holder_of(self.env, people, item) for item in standing.items.get(row["id"], [])
            ]
            found.append(
                LateCase(
                    row["number"],
                    f"/cases/{row['id']}",
                    -(clock.left or 0),
                    list(dict.fromkeys(holders)),
                )
            )
        return sorted(found, key=lambda one: (-one.days, one.number))[:TOLD]

    def _figures(self, standing: Standing) -> list[Figure]:
        states = [standing.state(row) for row in standing.cases]
        known = [*CLOCKS]
        return [
            Figure(key, say(CLOCKS[key]), states.count(key), {**self.base, "clock": key}, "open")
            for key in known
            if key != "none" or states.count(key)
        ]

    def _year_figures(self, connection: Connection, standing: Standing) -> list[Figure]:
        year = str(self.day.year)
        found = [Figure("open", say("在办"), len(standing.cases), dict(self.base), "open")]
        for key, word in (
            ("received", say("本年收到")),
            ("carried", say("上年结转")),
            ("closed", say("本年办结")),
        ):
            only = {**self.base, key: year}
            narrowed = Narrowing.of(self.env, self.chosen.seen, only)
            found.append(Figure(key, word, figures.count(connection, narrowed.chosen), only, ""))
        return found

    def _units(self, connection: Connection, standing: Standing) -> list[UnitRow]:
        done: dict[str, list[Mapping[str, Any]]] = {}
        for row in figures.steps_closed(connection, self.chosen, self.year_start):
            done.setdefault(unit_of(row), []).append(row)
        chased = figures.chased(connection, self.chosen, self.year_start)
        caused = self._caused(connection)
        opened: dict[str, set[str]] = {}
        waiting: dict[str, list[Mapping[str, Any]]] = {}
        for case_id, items in standing.items.items():
            for item in items:
                opened.setdefault(unit_of(item), set()).add(case_id)
                waiting.setdefault(unit_of(item), []).append(item)
        office = self.env.institution().office.units
        rows = []
        for key in [*office, DIRECT]:
            closed, now = done.get(key, []), waiting.get(key, [])
            if key != DIRECT and not (closed or now or chased.get(key) or caused.get(key)):
                continue
            rows.append(
                UnitRow(
                    title=office[key].title if key in office else say("不在科室（直接办理）"),
                    only={**self.base, "unit": key},
                    open=len(opened.get(key, ())),
                    median=self._median([*closed, *now]),
                    chased=chased.get("" if key == DIRECT else key, 0),
                    breaches=caused.get(key, 0),
                    in_time=sum(self._in_time(row) for row in closed if row["due_on"]),
                    measured=sum(row["due_on"] is not None for row in closed)
                    + sum(item["due_on"] is not None and item["due_on"] < self.day for item in now),
                )
            )
        return rows

    def _caused(self, connection: Connection) -> dict[str, int]:
        """Breaches by the section that held the case longest."""
        found: dict[str, int] = {}
        for row in figures.breaches_since(connection, self.chosen, self.year_start):
            held = sorted(row["held"], key=lambda one: -int(one.get("working_days") or 0))
            key = str(held[0].get("unit") or DIRECT) if held else DIRECT
            found[key] = found.get(key, 0) + 1
        return found

    def _total(self, units: Sequence[UnitRow], standing: Standing) -> UnitRow:
        return UnitRow(
            say("合计"),
            dict(self.base),
            len(standing.cases),
            None,
            sum(one.chased for one in units),
            sum(one.breaches for one in units),
            sum(one.in_time for one in units),
            sum(one.measured for one in units),
        )

    def _median(self, items: Sequence[Mapping[str, Any]]) -> float | None:
        days = [self._held(item) for item in items]
        return float(averages.median(days)) if days else None

    def _held(self, item: Mapping[str, Any]) -> int:
        until = legal_day(item["closed_at"]) if item["closed_at"] else self.day
        return self.calendar.working_days_between(legal_day(item["opened_at"]), until)

    def _in_time(self, row: Mapping[str, Any]) -> bool:
        return bool(legal_day(row["closed_at"]) <= row["due_on"])

    def _steps(self, standing: Standing) -> list[StepRow]:
        found: dict[str, list[tuple[str, int, bool]]] = {}
        for row in standing.cases:
            stopped = standing.state(row) in ("held", "waiting")
            for item in standing.items.get(row["id"], []):
                found.setdefault(item["name"], []).append((row["id"], self._held(item), stopped))
        rows = [
            StepRow(
                name,
                {**self.base, "step": name},
                len({case for case, _, _ in some}),
                float(averages.median(days for _, days, _ in some)),
                len({case for case, _, stopped in some if stopped}),
            )
            for name, some in found.items()
        ]
        return sorted(rows, key=lambda one: (-one.cases, one.name))

    def _weeks(self, connection: Connection, standing: Standing) -> list[Week]:
        monday = self.day - timedelta(days=self.day.weekday())
        first = monday - timedelta(weeks=WEEKS - 1)
        span = (office_instant(first), office_instant(monday + timedelta(weeks=1)))
        seen, procedure = self.chosen.seen, self.chosen.procedure
        received = figures.moments(connection, Chosen(seen, procedure, received=span))
        closed = figures.moments(connection, Chosen(seen, procedure, closed=span))
        weeks = [
            Week(
                start,
                _within(start, [legal_day(row["opened_at"]) for row in received]),
                _within(start, [legal_day(row["closed_at"]) for row in closed]),
                0,
                is_ahead=False,
                holiday=self._holiday(start),
            )
            for start in (first + timedelta(weeks=n) for n in range(WEEKS))
        ]
        return [*weeks, *self._ahead(standing, monday)]

    def _ahead(self, standing: Standing, monday: date) -> list[Week]:
        last = self.calendar.add_working_days(self.day, AHEAD)
        due = [
            clock.due
            for clock in standing.clocks.values()
            if clock and clock.due and clock.state in ("today", "soon", "run") and clock.due <= last
        ]
        weeks, start = [], monday
        while start <= last:
            weeks.append(
                Week(start, 0, 0, _within(start, due), is_ahead=True, holiday=self._holiday(start))
            )
            start += timedelta(weeks=1)
        return weeks

    def _holiday(self, monday: date) -> str:
        for special in self.calendar.specials(monday, monday + timedelta(days=6)):
            if special.is_off:
                return holiday_word(special.name)
        return ""


def _within(monday: date, days: Sequence[date]) -> int:
    return sum(monday <= day < monday + timedelta(weeks=1) for day in days)


def _readiness(
    env: Environment, actor: Actor, today: date, size: int
) -> tuple[int | None, list[Readiness]]:
    """Check this year's annual report as it stands; not where that would hold up the page, or has no format."""
    if size > MOST_FOR_REPORT:
        return today.year, []
    try:
        found = annual_report(env, actor, today.year)
    except EngineError:
        return None, []
    return today.year, [Readiness(check.ok, check.sentence) for check in found.checks]
