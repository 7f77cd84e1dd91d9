"""The working calendar of a year as a page shows it, and the report of dates that a change moved."""

from __future__ import annotations

import calendar as months
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

from engine import audit
from engine.access import can, require, visibility
from engine.business_calendar import BusinessCalendar
from engine.commands.recomputing import Moving
from engine.environment import OFFICE, Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.queries.common import People, today_of
from engine.queries.pages import Today
from engine.store import audit_search, cases, figures
from engine.store import definitions as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork

Kind = Literal["work", "weekend", "off", "makeup"]
REPORTED = 500  # moved dates that a report lists; the trail has all


@dataclass(frozen=True)
class CalendarDay:
    """One day of a month; ``mark`` is 休 or 班 where the notice says so, ``name`` the holiday's."""

    date: date
    kind: Kind
    name: str
    is_today: bool


@dataclass(frozen=True)
class Month:
    """A month in weeks from Monday; None fills the week where another month's days would stand."""

    first: date
    weeks: Sequence[Sequence[CalendarDay | None]]
    working_days: int


@dataclass(frozen=True)
class Run:
    """A holiday: its days off in a row, and the make-up days that belong to it."""

    name: str
    first: date
    last: date
    days: int
    make_up: Sequence[date]


@dataclass(frozen=True)
class CalendarPage:
    """A year of the working calendar."""

    today: Today
    year: int
    years: Sequence[int]
    official: bool
    source: str
    checksum: str
    version: str
    counts_until: date
    working_days: int
    months: Sequence[Month]
    holidays: Sequence[Run]
    local: Sequence[tuple[date, str]]
    awaited: int | None  # the year whose notice should be out by now and is not in
    provisional_cases: int
    may_import: bool


def calendar_page(env: Environment, actor: Actor, year: int | None = None) -> CalendarPage:
    """Return a year of the calendar in force.

    Raises:
        Denied; NotFound: the calendar does not reach that year.
    """
    rules = env.institution().rules
    require(rules, actor, "calendar.read")
    days, today = env.institution().calendar, today_of(env)
    wanted = year if year is not None else today.date.year
    if not days.first_day.year <= wanted <= days.last_day.year:
        raise NotFound("year", str(wanted))
    file = days.years.get(wanted)
    first, last = date(wanted, 1, 1), date(wanted, 12, 31)
    with UnitOfWork(env.database, writing=False) as uow:
        provisional = figures.provisional_cases(uow.connection)
    return CalendarPage(
        today=today,
        year=wanted,
        years=list(range(days.first_day.year, days.last_day.year + 1)),
        official=wanted in days.official_years,
        source=file.source if file else "",
        checksum=file.checksum if file else "",
        version=days.version,
        counts_until=days.last_day,
        working_days=days.working_days_between(first, last) + days.is_working_day(first),
        months=[_month(days, wanted, month, today.date) for month in range(1, 13)],
        holidays=_runs(days, wanted),
        local=[
            (day, name) for day in _each(first, last) if (name := days.local_name(day)) is not None
        ],
        awaited=days.notice_awaited(today.date),
        provisional_cases=provisional,
        may_import=can(rules, actor, "calendar.import").ok,
    )


def _each(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _month(days: BusinessCalendar, year: int, month: int, today: date) -> Month:
    weeks = [
        [
            _day(days, day, today) if day.month == month and day.year == year else None
            for day in week
        ]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    working = sum(
        one is not None and one.kind in ("work", "makeup") for week in weeks for one in week
    )
    return Month(date(year, month, 1), weeks, working)


def _day(days: BusinessCalendar, day: date, today: date) -> CalendarDay:
    reason = days.reason(day)
    if reason == "make-up":
        return CalendarDay(day, "makeup", days.day_name(day) or "", day == today)
    if days.is_working_day(day):
        return CalendarDay(day, "work", "", day == today)
    if reason == "weekend":
        return CalendarDay(day, "weekend", "", day == today)
    return CalendarDay(day, "off", days.day_name(day) or "", day == today)


def _runs(days: BusinessCalendar, year: int) -> list[Run]:
    """Holidays that touch a year, each with the make-up days of its name."""
    specials = days.specials(date(year, 1, 1), date(year, 12, 31))
    listed = days.listed(date(year, 1, 1), date(year, 12, 31))
    make_up: dict[str, list[date]] = {}
    for day in listed:
        if not day.is_off:
            make_up.setdefault(day.name, []).append(day.date)
    told: set[str] = set()
    runs = []
    for one in specials:
        if not one.is_off:
            continue
        extra = make_up.get(one.name, []) if one.name not in told else []
        told.add(one.name)
        runs.append(Run(one.name, one.first, one.last, (one.last - one.first).days + 1, extra))
    return runs


@dataclass(frozen=True)
class MovedDate:
    """One limit that moved: its case (empty for who reads no cases), and the dates before and after."""

    case: str
    case_url: str
    clock: str
    before: date | None
    after: date | None
    why_url: str = ""  # the calculation, day by day


@dataclass(frozen=True)
class MovedDates:
    """Dates that a change moves or moved: how many cases and limits, and each one for who reads cases.

    ``settled`` limits keep their date and are provisional no longer; ``unsettled`` ones are so from then on.
    """

    cases: int
    limits: int
    rows: Sequence[MovedDate]
    settled: int = 0
    unsettled: int = 0


def moved_dates(env: Environment, actor: Actor, moving: Sequence[Moving]) -> MovedDates:
    """Return what a preview says, as the actor may see it."""
    changed = [one for one in moving if not one.stays]
    unsettled = sum(one.stays and one.provisional for one in moving)
    shown = changed[:REPORTED] if _reads_cases(env, actor) else []
    with UnitOfWork(env.database, writing=False) as uow:
        ids = {
            number: cases.id_of_number(uow.connection, number)
            for number in dict.fromkeys(one.case for one in shown)
        }
    titles = _titles(env)
    rows = [
        MovedDate(
            one.case,
            f"/cases/{ids[one.case]}",
            " · ".join(filter(None, (titles.get(one.clock, one.clock), one.party))),
            one.before,
            one.after,
            _why(ids[one.case], one.clock, one.party),
        )
        for one in shown
    ]
    settled = len(moving) - len(changed) - unsettled
    return MovedDates(len({one.case for one in changed}), len(changed), rows, settled, unsettled)


@dataclass(frozen=True)
class OfficeReport:
    """What a version of the office's data moved in open cases."""

    number: int
    at: datetime
    by: str
    reason: str
    moved: MovedDates


def office_report(env: Environment, actor: Actor, number: int) -> OfficeReport:
    """Return the dates that putting a version of the office's data into force moved, from the trail.

    Raises:
        Denied; NotFound: no such version.
    """
    require(env.institution().rules, actor, "calendar.read")
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        rows = store.versions(connection, OFFICE)
        row = next((one for one in rows if one["number"] == number), None)
        if row is None:
            raise NotFound("version", f"{OFFICE} {number}")
        later = [one["deployed_at"] for one in rows if one["number"] > number]
        wanted = audit_search.Wanted(
            actions=("ClocksRecomputed",),
            since=audit.stamp(row["deployed_at"]),
            until=audit.stamp(min(later)) if later else "",
        )
        events, _ = audit_search.find(connection, wanted, limit=REPORTED)
        numbers = cases.versions_of(connection, [one["case_id"] for one in events])
        people = People.read(connection, legal_day(env.time.now()))
    return OfficeReport(
        number,
        row["deployed_at"],
        people.name(row["deployed_by"]),
        row["reason"],
        _from_trail(env, actor, list(reversed(events)), numbers),
    )


def _from_trail(
    env: Environment,
    actor: Actor,
    events: Sequence[Mapping[str, Any]],
    numbers: Mapping[str, tuple[str, str]],
) -> MovedDates:
    titles, rows, limits, found = _titles(env), [], 0, set[str]()
    stay = {False: 0, True: 0}  # dates that stay, by whether they are provisional now
    reads = _reads_cases(env, actor)
    for event in events:
        for one in json.loads(event["body"]).get("moved", []):
            if one.get("before") == one.get("after"):
                stay[bool(one.get("provisional"))] += 1
                continue
            limits += 1
            found.add(event["case_id"])
            if not reads:
                continue
            rows.append(
                MovedDate(
                    numbers.get(event["case_id"], ("", ""))[0],
                    f"/cases/{event['case_id']}",
                    " · ".join(
                        filter(None, (titles.get(one["clock"], one["clock"]), one.get("party")))
                    ),
                    _date(one.get("before")),
                    _date(one.get("after")),
                    _why(event["case_id"], one["clock"], one.get("party")),
                )
            )
    return MovedDates(len(found), limits, rows, stay[False], stay[True])


def _why(case_id: str | None, clock: str, party: str | None) -> str:
    """The address of a calculation; of several parties, that of this one."""
    return f"/cases/{case_id}/clocks/{clock}" + (f"?{urlencode({'party': party})}" if party else "")


def _reads_cases(env: Environment, actor: Actor) -> bool:
    return visibility(env.institution().rules, actor).everything


def _titles(env: Environment) -> dict[str, str]:
    """What clocks are called in the procedures in force."""
    return {
        key: clock.title
        for version in env.procedures_in_force().values()
        for key, clock in env.deployed(version).clocks.items()
    }


def _date(text: object) -> date | None:
    return date.fromisoformat(str(text)) if text else None
