"""Plays a worked case in the product as people do: who is not answered posts the same form again.

Each act has a key of its own, so that an act whose answer was lost can be repeated without being done twice.
Comparisons of a run are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from engine import commands
from engine.environment import Environment
from engine.identity import Actor
from engine.scenarios.files import Act
from engine.store import accounts, cases
from engine.stored_case import case_file, task_form
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from tests.chaos.office import NEW_YEAR, moment

ACTS = ("now", "start", "complete", "message", "fact", "until")


class NotPlayable(Exception):
    """The run needs something that the product has no command for."""


class Player:
    """One run's acts in one office; knows nothing but what the database says."""

    def __init__(self, env: Environment, procedure: str, acts: Sequence[Act]) -> None:
        self.env, self.procedure, self.acts = env, procedure, acts

    def play(self, place: int) -> None:
        """Do the act at this place; done before, it changes nothing."""
        act = self.acts[place]
        getattr(self, f"_{act.word}")(act.value, f"act-{place}")

    def moment_of(self, place: int) -> None:
        """Set the clock to where the acts before ``place`` have brought it."""
        for act in self.acts[:place]:
            if act.word in ("now", "until"):
                at = moment(act.value, time(9) if act.word == "now" else time(12))
                self.env.time.set(at)

    def actor(self, login: str) -> Actor:
        """Return somebody in a post."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, login)
            if row is None:
                raise NotPlayable(f"nobody is {login}")
            posts = accounts.posts(uow.connection, row["id"], NEW_YEAR)
        return Actor(row["id"], row["name"], posts, "127.0.0.1", login)

    def case_id(self) -> str:
        """Return the case that the run began."""
        done = self._done("act-start")
        if done is None:
            raise NotPlayable("no case was started")
        return str(done["case_id"])

    def open_items(self) -> list[dict[str, Any]]:
        """Return the open work items of the case."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, self.case_id())
        return [row for row in rows if row["status"] == "open"]

    def open_item(self, activity: str) -> dict[str, Any]:
        """Return the open work item of an activity."""
        found = [row for row in self.open_items() if row["activity_id"] == activity]
        if not found:
            raise NotPlayable(f"{activity} is not open")
        return found[0]

    def values_for(self, item: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a person posts: what the form shows already, and what the run says."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, item["case_id"])
            assert case is not None
            events = cases.events(uow.connection, case.id)
        deployed = self.env.deployed(case.version_id)
        form = task_form(self.env, deployed, case, item)
        if form is None:
            return dict(given)
        names = dict(case_file(self.env, deployed, case, events).names())
        if item["item"]:
            names["item"] = item["item"]["item"]
        shown = form.initial(today=legal_day(self.env.time.now()), names=names)
        return {**shown, **given}

    # Acts ---------------------------------------------------------------------------------------

    def _now(self, value: object, key: str) -> None:
        self.env.time.set(moment(value))

    def _until(self, value: object, key: str) -> None:
        self.env.time.set(moment(value, time(12)))
        commands.tick(self.env)

    def _start(self, value: Mapping[str, Any], key: str) -> None:
        deployed = self.env.deployed(self.env.version_in_force(self.procedure))
        roles = deployed.procedure.start.roles if deployed.procedure.start else ()
        if not roles:
            raise NotPlayable(f"nobody starts {self.procedure}")
        commands.start_case(
            self.env,
            self.actor(sorted(roles)[0]),
            self.procedure,
            key="act-start",
            variables=value or {},
            via_form=False,
        )

    def _complete(self, value: Mapping[str, Any], key: str) -> None:
        if (done := self._done(key)) is not None:  # the answer was lost: the same form once more
            again = commands.complete_task(
                self.env, self.actor("office_head"), done["work_item_id"], {}, key=key
            )
            assert again.repeated
            return
        item = self.open_item(value["task"])
        roles = item["candidates"]["roles"]
        if not roles:
            raise NotPlayable(f"{value['task']} is offered to no role")
        values = self.values_for(item, value.get("data") or {})
        commands.complete_task(self.env, self.actor(roles[0]), item["id"], values, key=key)

    def _message(self, value: Mapping[str, Any], key: str) -> None:
        actor = self.actor("disclosure_officer")
        if self._done(key) is not None:
            assert commands.deliver_action(
                self.env, actor, self.case_id(), "gone", {}, key=key
            ).repeated
            return
        wait = self.wait(value["name"])
        commands.deliver_action(
            self.env, actor, self.case_id(), wait, value.get("data") or {}, key=key
        )

    def wait(self, name: str) -> str:
        """Return the id of what waits for a drawn action."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            waits = cases.case_waits(uow.connection, self.case_id())
        found = [str(row["wait"]) for row in waits if row["name"] == name]
        if not found:
            raise NotPlayable(f"nothing waits for {name}")
        return found[0]

    def _fact(self, value: Mapping[str, Any], key: str) -> None:
        fields = dict(value)
        kind, on = str(fields.pop("kind")), fields.pop("date", None)
        day = date.fromisoformat(str(on)[:10]) if on else legal_day(self.env.time.now())
        with UnitOfWork(self.env.database, writing=False) as uow:
            known = cases.events(uow.connection, self.case_id())
        if any(row["kind"] == kind and row["day"] == day for row in known):
            return  # whoever was not answered looks at the case first
        commands.record_fact(
            self.env, self.actor("disclosure_officer"), self.case_id(), kind, day, fields
        )

    def _done(self, key: str) -> dict[str, Any] | None:
        with UnitOfWork(self.env.database, writing=False) as uow:
            return cases.history_by_key(uow.connection, key)
