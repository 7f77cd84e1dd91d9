"""Plays the plan of the demonstration in simulated time, all cases side by side in the order of the days.

Everything happens through ``engine.commands``, by somebody who may; timers fire by a tick at the opening
of each day, as in the office. Knows no case in particular: who answers what stands in the plan.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from engine import commands
from engine.case_file import opening_names
from engine.commands.opening import first_form
from engine.demo.paper import paper
from engine.demo.plan import Action, Request, Step, read_arising
from engine.environment import Environment
from engine.errors import EngineError, NotFound
from engine.forms import Form
from engine.identity import Actor
from engine.personal import Unsealed
from engine.store import accounts, awaited, cases
from engine.stored_case import case_file, names_at, task_facts, task_form
from engine.timesource import FixedTime, legal_day, office_instant
from engine.unit_of_work import UnitOfWork

OPENING = time(8, 30)
FIRST_WORK = time(8, 40)
DAY_MINUTES = 8 * 60
SAME_DAY_MINUTES = (5, 40)

Say = Callable[[str], object]


@dataclass
class _Case:
    """A case on its way: its tasks seen so far, those that nobody does, how often each activity opened."""

    request: Request
    id: str
    seen: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    opened: Counter[str] = field(default_factory=Counter)


class Walk:
    """Carries out a plan up to the opening of the demonstration's today."""

    def __init__(
        self, env: Environment, clock: FixedTime, today: date, present: datetime, seed: int
    ) -> None:
        """Prepare.

        Args:
            env: whose time is ``clock``.
            today: its demonstration's today; people act before it, only time passes on it.
            present: the instant at which the last tick happens, on today.
        """
        self.env, self.clock, self.today, self.present = env, clock, today, present
        self.calendar = env.institution().calendar
        self.random = random.Random(seed)  # noqa: S311  # a story, no secret
        self.queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self.order = count()
        self.ticked: date | None = None
        self.silent: dict[int, _Case] = {}  # by serial: only a timer moves these on
        self.known: set[str] = set()
        self.numbers: dict[str, str] = {}  # by title
        self.actors: dict[str, Actor] = {}
        with UnitOfWork(env.database, writing=False) as uow:
            self.holders = accounts.holders(uow.connection, today)

    def play(self, requests: Sequence[Request], say: Say) -> int:
        """Play every request; return how many cases were registered."""
        self.say, self.total, self.started = say, len(requests), 0
        for request in requests:
            self._plan(request.arrives, lambda request=request: self._start(request))  # type: ignore[misc]
        while self.queue:
            at, _, act = heapq.heappop(self.queue)
            self._pass_until(legal_day(at))
            self.clock.set(at)
            act()
        self._pass_until(self.today)
        return self.started

    # Time ---------------------------------------------------------------------------------------------------

    def _plan(self, day: date, act: Callable[[], None]) -> None:
        """Have something done on a day, if that is before today: what is later stays undone."""
        at = self._moment(self.calendar.next_working_day(day))
        if legal_day(at) < self.today:
            heapq.heappush(self.queue, (at, next(self.order), act))

    def _plan_after(self, days: int, act: Callable[[], None]) -> None:
        day = legal_day(self.clock.now())
        self._plan(self.calendar.add_working_days(day, days), act)

    def _moment(self, day: date) -> datetime:
        """Return a time of an office day; on the present day a little later than now."""
        if self.ticked is not None and day == legal_day(self.clock.now()):
            return self.clock.now() + timedelta(minutes=self.random.randint(*SAME_DAY_MINUTES))
        minutes = self.random.randrange(DAY_MINUTES)
        return office_instant(day, FIRST_WORK) + timedelta(minutes=minutes)

    def _pass_until(self, day: date) -> None:
        """Let timers and warnings of the days between happen, each at the opening of its day."""
        if self.ticked is None:
            self.ticked = day
        while self.ticked < day:
            self.ticked += timedelta(days=1)
            opening = office_instant(self.ticked, OPENING)
            self.clock.set(self.present if self.ticked == self.today else opening)
            commands.tick(self.env)
            for case in list(self.silent.values()):
                self._look(case)
            self._take_up_arisen()

    def _take_up_arisen(self) -> None:
        """See to the cases that the engine itself has started, where the plan says how."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            new = [one for one in cases.open_case_ids(uow.connection) if one not in self.known]
            rows = [row for one in new if (row := cases.load(uow.connection, one))]
        for row in sorted(rows, key=lambda row: row.number):
            self.known.add(row.id)
            request = read_arising(
                self.total + len(self.known), row.procedure, row.subject, self.calendar
            )
            if request is not None:
                self._look(_Case(request, row.id))

    # Acting -------------------------------------------------------------------------------------------------

    def _start(self, request: Request) -> None:
        self.started += 1
        if self.started % 5 == 0:
            day = legal_day(self.clock.now())
            self.say(
                f"演示案件 {self.started}/{self.total}，办到{day.year}年{day.month}月{day.day}日"
            )
        deployed = self.env.deployed(self.env.version_in_force(request.procedure))
        first = first_form(deployed)
        initial = self._shown(first[1], opening_names(self.env.institution())) if first else {}
        values = {**initial, **self._filled(request, request.register)}
        start = deployed.procedure.start
        actor = self._somebody(start.roles if start else (), None, request.officer, set())
        moved = commands.start_case(self.env, actor, request.procedure, values)
        self.known.add(moved.case_id)
        self.numbers[request.title] = moved.number
        self._look(_Case(request, moved.case_id))

    def _look(self, case: _Case) -> None:
        """Plan what is done with the tasks that have opened since the last look."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, case.id)
        for item in rows:
            if item["id"] not in case.seen:
                self._take_up(case, item)
        still = [item for item in rows if item["status"] == "open"]
        if any(item["id"] in case.left for item in still) or (not still and self._runs(case)):
            self.silent[case.request.serial] = case
        else:
            self.silent.pop(case.request.serial, None)

    def _take_up(self, case: _Case, item: Mapping[str, Any]) -> None:
        case.seen.add(item["id"])
        activity, turn = item["activity_id"], case.opened[item["activity_id"]]
        case.opened[activity] += 1
        step = case.request.step(activity, turn)
        if step.leave:
            case.left.add(item["id"])
        act = self._claiming(case, item) if step.leave else self._completing(case, item, step)
        self._plan_after(self.random.randint(*step.after), act)
        for action in case.request.actions if turn == 0 else ():
            if action.when == activity:
                self._plan_after(action.after, self._delivering(case, action))

    def _completing(self, case: _Case, item: Mapping[str, Any], step: Step) -> Callable[[], None]:
        def complete() -> None:
            if not self._is_open(case, item):
                return  # withdrawn, or its time ran out meanwhile
            values = {**self._initial(case, item), **self._filled(case.request, step.values)}
            actor = self._actor_for(case, item)
            files = [
                commands.Upload(key, name, "application/pdf", paper(name.removesuffix(".pdf")))
                for key, name in self._filled(case.request, step.files).items()
            ]
            try:
                commands.complete_task(self.env, actor, item["id"], values, files)
            except commands.SubmissionInvalid as wrong:
                self._complete_anyhow(case, item, actor, values, wrong)
            self._look(case)

        return complete

    def _filled(self, request: Request, values: Mapping[str, Any]) -> dict[str, Any]:
        return request.filled(values, legal_day(self.clock.now()), self.numbers)

    def _initial(self, case: _Case, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the page of a task holds before anybody types."""
        row = self._row(case)
        deployed = self.env.deployed(row.version_id)
        form = task_form(self.env, deployed, row, item)
        if form is None:
            return {}
        file = case_file(self.env, deployed, row)
        known = names_at(self.env, deployed, row, file, item["token"])
        names = Unsealed(self.env, known, opened=True)
        return self._shown(form, names)

    def _shown(self, form: Form, names: Mapping[str, object]) -> dict[str, Any]:
        day = legal_day(self.clock.now())
        functions = self.env.institution().functions(day)
        return form.initial(today=day, names=names, functions=functions)

    def _row(self, case: _Case) -> cases.CaseRow:
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = cases.load(uow.connection, case.id)
        if row is None:
            raise NotFound("case", case.id)
        return row

    def _runs(self, case: _Case) -> bool:
        return self._row(case).status == "open"

    def _complete_anyhow(
        self,
        case: _Case,
        item: Mapping[str, Any],
        actor: Actor,
        values: Mapping[str, Any],
        wrong: commands.SubmissionInvalid,
    ) -> None:
        """The office has changed this form: what it asks beyond the plan gets the first permitted answer."""
        title, activity = case.request.title, item["activity_id"]
        self.say(f"“{title}”的“{item['name']}”与表单不合，缺的按第一个可选的填写：{wrong.errors}")
        row = self._row(case)
        form = task_form(self.env, self.env.deployed(row.version_id), row, item)
        if form is None:
            raise EngineError(f"demo {title} at {activity}: {wrong.errors}") from wrong
        known = {key: value for key, value in values.items() if key in form.field_keys}
        day = legal_day(self.clock.now())
        functions = self.env.institution().functions(day)
        filled = form.required_defaults(given=known, today=day, names={}, functions=functions)
        commands.complete_task(self.env, actor, item["id"], filled)

    def _claiming(self, case: _Case, item: Mapping[str, Any]) -> Callable[[], None]:
        def claim() -> None:
            if item["activity_id"] in case.request.ends and self._is_open(case, item):
                commands.claim(self.env, self._actor_for(case, item), item["id"])

        return claim

    def _delivering(self, case: _Case, action: Action) -> Callable[[], None]:
        def deliver() -> None:
            with UnitOfWork(self.env.database, writing=False) as uow:
                waits = awaited.case_waits(uow.connection, case.id)
                row = cases.load(uow.connection, case.id)
            wait = next((one for one in waits if one["activity_id"] == action.event), None)
            if wait is None or row is None:
                raise NotFound("action", f"{action.event} of {case.request.title}")
            drawn = self.env.deployed(row.version_id).definition.actions[action.event]
            roles = [drawn.group] if drawn.group else []
            actor = self._somebody(roles, None, case.request.officer, set())
            values = self._filled(case.request, action.values)
            commands.deliver_action(self.env, actor, case.id, wait["wait"], values)
            self._look(case)

        return deliver

    def _is_open(self, case: _Case, item: Mapping[str, Any]) -> bool:
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, case.id)
        return any(row["id"] == item["id"] and row["status"] == "open" for row in rows)

    # People -------------------------------------------------------------------------------------------------

    def _actor_for(self, case: _Case, item: Mapping[str, Any]) -> Actor:
        """Return whom the task is given to by name, or somebody in its post who is not kept apart from it."""
        apart: set[str] = set()
        if item["candidates"].get("apart"):
            with UnitOfWork(self.env.database, writing=False) as uow:
                row = cases.load(uow.connection, case.id)
            apart = set(task_facts(row, item).apart_from) if row else set()
        if item["assignee"] and not item["candidates"].get("roles"):
            return self._actor(self._holder(item["assignee"]))
        roles = item["candidates"].get("roles", [])
        return self._somebody(roles, item["unit"], case.request.officer, apart)

    def _somebody(
        self, roles: Sequence[str], unit: str | None, officer: str, apart: set[str]
    ) -> Actor:
        fitting = [
            row
            for role in roles
            for row in self.holders
            if row["role"] == role
            and (unit is None or row["unit"] in (None, unit))
            and row["person_id"] not in apart
        ]
        if not fitting:
            raise EngineError(f"the demonstration has nobody as {', '.join(roles)} in {unit}")
        return self._actor(next((row for row in fitting if row["login"] == officer), fitting[0]))

    def _holder(self, person_id: str) -> Mapping[str, Any]:
        return next(row for row in self.holders if row["person_id"] == person_id)

    def _actor(self, row: Mapping[str, Any]) -> Actor:
        login = row["login"]
        if login not in self.actors:
            with UnitOfWork(self.env.database, writing=False) as uow:
                posts = accounts.posts(uow.connection, row["person_id"], self.today)
            self.actors[login] = Actor(row["person_id"], row["name"], posts, "127.0.0.1", login)
        return self.actors[login]
