"""The demonstration office: people in every post, and cases that walked through the engine in simulated time.

Reproducible by seed and date. No row is inserted past ``engine.commands``: each case was registered,
handled and issued by somebody who may.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from engine import commands
from engine.accounts import hash_password
from engine.environment import Environment
from engine.errors import EngineError
from engine.forms import Form
from engine.identity import Actor, Post
from engine.store import accounts, cases
from engine.stored_case import case_file, task_facts, task_form
from engine.timesource import FixedTime, legal_day, office_instant
from engine.unit_of_work import UnitOfWork

FOLDER = Path(__file__).parent
PROCEDURE = "on_request"


def load_demo(
    env: Environment,
    *,
    seed: int,
    today: date | None = None,
    say: Callable[[str], object] = lambda line: None,
) -> int:
    """Fill an empty database with the demonstration office; return how many cases it holds.

    Args:
        seed: the same seed and day give the same cases.
        today: the demonstration's present day; the real one by default.
        say: told now and then how far it is.
    """
    day = today or legal_day(env.time.now())
    source = yaml.safe_load((FOLDER / "people.yaml").read_text(encoding="utf-8"))
    _people(env, source, day - timedelta(days=400))
    walk = _Walk(replace(env, time=FixedTime(office_instant(day - timedelta(days=200)))), day, seed)
    count = walk.run(yaml.safe_load((FOLDER / "requests.yaml").read_text(encoding="utf-8")), say)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.set_meta(uow.connection, "demo", source["password"])
        uow.commit()
    return count


def _people(env: Environment, source: Mapping[str, Any], since: date) -> None:
    hashed = hash_password(source["password"])  # one hash for all: the password is public anyway
    with UnitOfWork(env.database, writing=True) as uow:
        for one in source["people"]:
            person_id = accounts.add_person(
                uow.connection,
                login=one["login"],
                name=one["name"],
                password_hash=hashed,
                is_demo=True,
            )
            for text in one["posts"]:
                role, _, unit = text.partition("@")
                accounts.add_post(uow.connection, person_id, Post(role, unit or None), since)
        uow.commit()


@dataclass(order=True)
class _Due:
    """Something that happens in simulated time."""

    at: datetime
    number: int
    request: Mapping[str, Any] = field(compare=False)
    case_id: str | None = field(compare=False, default=None)
    step: int = field(compare=False, default=0)


class _Walk:
    """Plays all cases side by side, in the order of the days."""

    def __init__(self, env: Environment, today: date, seed: int) -> None:
        self.env, self.today = env, today
        self.time: FixedTime = env.time  # type: ignore[assignment]
        self.random = random.Random(seed)  # noqa: S311  # a story, no secret
        self.ticked: date | None = None
        self.actors: dict[str, Actor] = {}

    def run(self, source: Mapping[str, Any], say: Callable[[str], object]) -> int:
        """Play every request up to today."""
        queue = [
            _Due(self._moment(self.today - timedelta(days=request["days_ago"])), number, request)
            for number, request in enumerate(source["requests"])
        ]
        heapq.heapify(queue)
        self.applicants = source["applicants"]
        started = 0
        while queue:
            due = heapq.heappop(queue)
            if legal_day(due.at) > self.today:
                continue
            self._tick_until(legal_day(due.at))
            self.time.set(due.at)
            if due.case_id is None:
                started += 1
                if started % 5 == 0:
                    say(f"演示案件 {started}/{len(source['requests'])}")
            after = self._act(due)
            if after is not None:
                heapq.heappush(queue, after)
        self._tick_until(self.today)
        return started

    def _moment(self, day: date) -> datetime:
        """A time of an office day: the day itself or the next working day."""
        calendar = self.env.institution().calendar
        day = calendar.next_working_day(day)
        minutes = self.random.randrange(0, 8 * 60)
        start = datetime.combine(day, time(8, 40)) + timedelta(minutes=minutes)
        return office_instant(day, start.time())

    def _tick_until(self, day: date) -> None:
        """Let timers and warnings of the days between happen, each at the opening of its day."""
        if self.ticked is None:
            self.ticked = day
        while self.ticked < day:
            self.ticked += timedelta(days=1)
            self.time.set(office_instant(self.ticked, time(8, 30)))
            commands.tick(self.env)

    def _act(self, due: _Due) -> _Due | None:
        """Take one step of a case; return its next."""
        request = due.request
        if due.case_id is None:
            moved = commands.start_case(
                self.env,
                self._actor_in("disclosure_officer", None),
                PROCEDURE,
                self._register(request),
            )
            return self._next(due, moved.case_id)
        item = self._open_item(due.case_id)
        if item is None or item["activity_id"] == request.get("stop_at"):
            return None
        actor = self._actor_for(due.case_id, item)
        if actor is None:
            return None
        try:
            commands.complete_task(self.env, actor, item["id"], self._answers(due, item))
        except commands.SubmissionInvalid as wrong:
            raise EngineError(
                f"demo {request['title']} at {item['activity_id']}: {wrong.errors}"
            ) from wrong
        return self._next(due, due.case_id)

    def _next(self, due: _Due, case_id: str) -> _Due:
        pace: Sequence[int] = due.request.get("pace") or [1]
        days = pace[min(due.step, len(pace) - 1)]
        calendar = self.env.institution().calendar
        day = calendar.add_working_days(legal_day(due.at), days)
        return _Due(self._moment(day), due.number, due.request, case_id, due.step + 1)

    def _register(self, request: Mapping[str, Any]) -> dict[str, Any]:
        day = legal_day(self.time.now()).isoformat()
        form = self._first_form()
        given = {
            **self.applicants[request["who"] - 1],
            "channel": request["channel"],
            "submitted_on": day,
            "signed_on": day,
            "arrived_on": day,
            "info_title": request["title"],
            "info_description": request["text"],
            **request.get("answers", {}),
        }
        return self._filled(form, given, {})

    def _first_form(self) -> Form:
        from engine.commands.acting import first_form

        found = first_form(self.env.deployed(self.env.version_in_force(PROCEDURE)))
        if found is None:
            raise EngineError("the demonstration's procedure does not begin with a form")
        return found[1]

    def _answers(self, due: _Due, item: Mapping[str, Any]) -> dict[str, Any]:
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, str(due.case_id))
            events = cases.events(uow.connection, str(due.case_id))
        if case is None:
            raise EngineError("the case is gone")
        deployed = self.env.deployed(case.version_id)
        form = task_form(self.env, deployed, case, item)
        if form is None:
            return {}
        day = legal_day(self.time.now()).isoformat()
        given = {
            "lead_section": due.request["lead_section"],
            "documents": [{"title": due.request["title"], "openness": "open", "pages": 12}],
            "search_record": "检索了文书档案系统和业务台账，关键词为申请中的信息名称。",
            "attachment_list": [{"title": due.request["title"], "pages": 12}],
            "sent_on": day,
            "served_on": day,
            "confirmed_on": day,
            "tracking_number": f"EMS{due.number:09d}",
            **due.request.get("answers", {}),
        }
        names = case_file(self.env, deployed, case, events).names()
        return self._filled(form, given, names)

    def _filled(
        self, form: Form, given: Mapping[str, Any], names: Mapping[str, object]
    ) -> dict[str, Any]:
        known = {key: value for key, value in given.items() if key in form.field_keys}
        today = legal_day(self.time.now())
        return dict(form.required_defaults(given=known, today=today, names=names))

    def _open_item(self, case_id: str) -> Mapping[str, Any] | None:
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, case_id)
        return next((row for row in rows if row["status"] == "open"), None)

    def _actor_for(self, case_id: str, item: Mapping[str, Any]) -> Actor | None:
        """Somebody in the post that the task is offered to, and not kept apart from it."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, case_id)
            holders = accounts.holders(uow.connection, self.today)
        for row in holders:
            fits = row["role"] in item["candidates"]["roles"] and item["unit"] in (
                None,
                row["unit"],
            )
            if case and fits and row["person_id"] not in task_facts(case, item).apart_from:
                return self._actor(row)
        return None

    def _actor_in(self, role: str, unit: str | None) -> Actor:
        with UnitOfWork(self.env.database, writing=False) as uow:
            holders = accounts.holders(uow.connection, self.today)
        return self._actor(
            next(r for r in holders if r["role"] == role and unit in (None, r["unit"]))
        )

    def _actor(self, row: Mapping[str, Any]) -> Actor:
        login = row["login"]
        if login not in self.actors:
            with UnitOfWork(self.env.database, writing=False) as uow:
                posts = accounts.posts(uow.connection, row["person_id"], self.today)
            self.actors[login] = Actor(row["person_id"], row["name"], posts, "127.0.0.1", login)
        return self.actors[login]
