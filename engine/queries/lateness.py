"""Why a case took as long as it did: in whose hands it was on each working day, and which days the law leaves out.

A day belongs to the step that was open on it, from the day after it opened to the day it closed; where
several were open, to the one that was closed last: it is what the case waited for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from engine.access import require
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.queries.common import People
from engine.statutory_clock import ClockAnswer
from engine.store import audit as trail
from engine.store import cases
from engine.stored_case import case_file
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

Kind = Literal["held", "over", "late", "legal", "nobody"]


@dataclass(frozen=True)
class Stretch:
    """Working days in a row in one pair of hands.

    kind: ``held``, ``over`` (the step's internal limit was past), ``late`` (the legal limit was past), ``legal``
    (not counted by law), ``nobody``.
    """

    who: str
    step: str
    kind: Kind
    first: date
    last: date
    days: int


@dataclass(frozen=True)
class Share:
    """How many working days one holder had, and the internal limits of his steps together (None: without)."""

    who: str
    days: int
    limit: int | None


@dataclass(frozen=True)
class Lateness:
    """The answer to 这件为什么晚了."""

    number: str
    case_url: str
    sentence: str
    stretches: Sequence[Stretch]
    shares: Sequence[Share]
    due: date | None
    original: date | None
    start: date
    end: date
    total: int
    late: int  # working days past the legal limit, 0 where in time


def lateness(env: Environment, actor: Actor, number: str) -> Lateness | None:
    """Return who held a case for how many working days; None while its clock has not begun.

    Raises:
        Denied: the actor may not read the trail. NotFound: no such case.
    """
    require(env.institution().rules, actor, "audit.read")
    today = legal_day(env.time.now())
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        case_id = cases.id_of_number(connection, number.strip())
        case = cases.load(connection, case_id) if case_id else None
        if case is None:
            raise NotFound("case", number)
        items = [dict(row) for row in cases.case_items(connection, case.id)]
        chased = sum(
            row["action"] == "WarningSent" for row in trail.rows(connection, case_id=case.id)
        )
        people = People.read(connection, today)
        deployed = env.deployed(case.version_id)
        file = case_file(env, deployed, case, cases.events(connection, case.id))
    main = next(iter(deployed.clocks), None)
    given = file.clock(main) if main else None
    if given is None or given.started_on is None:
        return None
    end = given.ended_on or (legal_day(case.closed_at) if case.closed_at else today)
    days = _Days(env, people, items, given).all(given.started_on, end)
    stretches = _joined(days)
    return Lateness(
        number=case.number,
        case_url=f"/cases/{case.id}",
        sentence=_sentence(env, given, end, stretches, _shares(stretches, days), chased),
        stretches=stretches,
        shares=_shares(stretches, days),
        due=given.due,
        original=given.original,
        start=given.started_on,
        end=end,
        total=len(days),
        late=_late(env, given, end),
    )


def _late(env: Environment, given: ClockAnswer, end: date) -> int:
    if given.due is None or end <= given.due:
        return 0
    return env.institution().calendar.working_days_between(given.due, end)


@dataclass(frozen=True)
class _Day:
    """One working day: whose it was."""

    day: date
    who: str
    step: str
    kind: Kind
    limit: int | None = None
    item: str = ""


class _Days:
    """Gives each working day to somebody."""

    def __init__(
        self,
        env: Environment,
        people: People,
        items: Sequence[Mapping[str, Any]],
        given: ClockAnswer,
    ) -> None:
        self.env, self.people, self.given = env, people, given
        self.calendar = env.institution().calendar
        self.items = items
        self.stops = _legal_stops(given)

    def all(self, start: date, end: date) -> list[_Day]:
        found, day = [], start + timedelta(days=1)
        while day <= end:
            if self.calendar.is_working_day(day):
                found.append(self._of(day))
            day += timedelta(days=1)
        return found

    def _of(self, day: date) -> _Day:
        for first, last, title in self.stops:
            if first <= day and (last is None or day <= last):
                return _Day(day, say("依法不计"), title, "legal")
        item = self._item_on(day)
        if item is None:
            return _Day(day, say("没有人经手"), "", "nobody")
        past = self.given.due is not None and day > self.given.due
        over = item["due_on"] is not None and day > item["due_on"]
        return _Day(
            day,
            self._holder(item),
            item["name"],
            "late" if past else "over" if over else "held",
            self._limit(item),
            item["id"],
        )

    def _item_on(self, day: date) -> Mapping[str, Any] | None:
        open_on = [
            item
            for item in self.items
            if legal_day(item["opened_at"]) < day
            and (item["closed_at"] is None or day <= legal_day(item["closed_at"]))
        ]
        return max(
            open_on,
            key=lambda item: (item["closed_at"] is None, item["closed_at"] or item["opened_at"]),
            default=None,
        )

    def _holder(self, item: Mapping[str, Any]) -> str:
        office = self.env.institution().office
        role, unit = office.roles.get(item["role"] or ""), office.units.get(item["unit"] or "")
        if unit and role and role.per_unit:
            return unit.title
        if role:
            return role.title
        return self.people.name(item["closed_by"] or item["assignee"])

    def _limit(self, item: Mapping[str, Any]) -> int | None:
        if item["due_on"] is None:
            return None
        opened = legal_day(item["opened_at"])
        return max(self.calendar.working_days_between(opened, item["due_on"]), 0)


def _legal_stops(given: ClockAnswer) -> list[tuple[date, date | None, str]]:
    return [
        (entry.first, entry.last, entry.title)
        for entry in given.explanation
        if entry.rule in ("suspends", "waits") and entry.effective and entry.first
    ]


def _joined(days: Sequence[_Day]) -> list[Stretch]:
    found: list[Stretch] = []
    for one in days:
        last = found[-1] if found else None
        if last and (last.who, last.step, last.kind) == (one.who, one.step, one.kind):
            found[-1] = Stretch(last.who, last.step, last.kind, last.first, one.day, last.days + 1)
        else:
            found.append(Stretch(one.who, one.step, one.kind, one.day, one.day, 1))
    return found


def _shares(stretches: Sequence[Stretch], days: Sequence[_Day]) -> list[Share]:
    """Holders by days, most first; what the law leaves out is not a share."""
    counts: dict[str, int] = {}
    limits: dict[str, dict[str, int]] = {}
    for one in days:
        if one.kind == "legal":
            continue
        counts[one.who] = counts.get(one.who, 0) + 1
        if one.limit is not None:
            limits.setdefault(one.who, {})[one.item] = one.limit
    order = sorted(counts, key=lambda who: -counts[who])
    return [
        Share(who, counts[who], sum(limits[who].values()) if who in limits else None)
        for who in order
    ]


def _sentence(
    env: Environment,
    given: ClockAnswer,
    end: date,
    stretches: Sequence[Stretch],
    shares: Sequence[Share],
    chased: int,
) -> str:
    calendar = env.institution().calendar
    legal = [one for one in stretches if one.kind == "legal"]
    parts = []
    if given.due and given.started_on:
        stopped = sum(one.days for one in legal if one.last <= given.due)
        allowed = calendar.working_days_between(given.started_on, given.due) - stopped
        base = (
            calendar.working_days_between(given.started_on, given.original)
            if given.original
            else allowed
        )
        used = sum(one.days for one in stretches if one.kind != "legal")
        if allowed > base:
            parts.append(
                say(
                    "限{n}个工作日（{base}＋延长{more}），已用{used}个",
                    n=allowed,
                    base=base,
                    more=allowed - base,
                    used=used,
                )
            )
        else:
            parts.append(say("限{n}个工作日，已用{used}个", n=allowed, used=used))
    said = [
        say("{who}持有{n}个（内部时限{limit}个）", who=one.who, n=one.days, limit=one.limit)
        if one.limit is not None
        else say("{who}{n}个", who=one.who, n=one.days)
        for one in shares
    ]
    text = (
        say("：").join([parts[0], say("，").join(said)])
        if parts and said
        else "".join(parts + said)
    )
    if legal:
        titles = "、".join(dict.fromkeys(one.step for one in legal if one.step))
        stop = say("依法不计{n}个（{why}）", n=sum(one.days for one in legal), why=titles)
    else:
        stop = say("没有依法不计的日子")
    return say("{what}；{stop}；已催办{n}次。", what=text, stop=stop, n=chased)
