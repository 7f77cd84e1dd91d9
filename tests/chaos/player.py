"""Plays a worked case in the product as people do: who is not answered posts the same form again.

Each act has a key of its own, so that an act whose answer was lost can be repeated without being done twice.
Comparisons of a run are not its business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from engine import commands
from engine.access import can
from engine.commands.errors import SubmissionInvalid
from engine.environment import Environment
from engine.identity import Actor
from engine.scenarios.files import Act
from engine.store import accounts, awaited, cases
from engine.stored_case import case_file, task_facts, task_form
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from tests.chaos.office import NEW_YEAR, moment

ACTS = ("now", "start", "complete", "message", "fact", "until")


def playable(steps: Sequence[Act]) -> list[Act]:
    """Return the acts of a run, without those that are refused on purpose: they change nothing."""
    refused = {number - 1 for number, act in enumerate(steps) if act.word == "fails" and act.value}
    return [act for number, act in enumerate(steps) if act.word in ACTS and number not in refused]


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
        if (actor := self.found(login)) is None:
            raise NotPlayable(f"nobody is {login}")
        return actor

    def found(self, login: str) -> Actor | None:
        """Return somebody in a post, None where nobody is called so."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, login)
            if row is None:
                return None
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

    def values_for(
        self, item: Mapping[str, Any], given: Mapping[str, Any]
    ) -> tuple[dict[str, Any], list[commands.Upload]]:
        """Return what a person posts: what the form shows already, what the run says, and its files."""
        given = self.by_login(given)
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, item["case_id"])
            assert case is not None
            events = cases.events(uow.connection, case.id)
        deployed = self.env.deployed(case.version_id)
        form = task_form(self.env, deployed, case, item)
        if form is None:
            return dict(given), []
        names = dict(case_file(self.env, deployed, case, events).names())
        if item["item"]:
            names["item"] = item["item"]["item"]
        shown = form.initial(today=legal_day(self.env.time.now()), names=names)
        values = {**shown, **given}
        files = [
            commands.Upload(field.key, str(name), "application/pdf", f"%PDF {name}".encode())
            for field in form.fields
            if field.type == "file"
            for name in values.pop(field.key, None) or []
        ]
        return values, files

    def by_login(self, said: Any) -> Any:
        """Return answers in which who is called by post and section (``section_head@housing``) goes by login."""
        if isinstance(said, Mapping):
            return {key: self.by_login(one) for key, one in said.items()}
        if isinstance(said, list):
            return [self.by_login(one) for one in said]
        role, at, _ = str(said).partition("@")
        return role if at and role in self.env.institution().office.roles else said

    # Acts ---------------------------------------------------------------------------------------

    def _now(self, value: object, key: str) -> None:
        self.env.time.set(moment(value))

    def _until(self, value: object, key: str) -> None:
        self.env.time.set(moment(value, time(12)))
        commands.tick(self.env)

    def _start(self, value: Mapping[str, Any], key: str) -> None:
        self._begin(value, None)

    def _begin(self, value: Mapping[str, Any], event: str | None) -> None:
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
            event=event,
        )

    def _complete(self, value: Mapping[str, Any], key: str) -> None:
        if (done := self._done(key)) is not None:  # the answer was lost: the same form once more
            again = commands.complete_task(
                self.env, self.actor("office_head"), done["work_item_id"], {}, key=key
            )
            assert again.repeated
            return
        item = self.open_item(value["task"])
        values, files = self.values_for(item, value.get("data") or {})
        actor = self.whoever_may(item)
        try:
            commands.complete_task(self.env, actor, item["id"], values, files, key=key)
        except (
            SubmissionInvalid
        ) as invalid:  # this office has fewer cases than the worked case says
            values |= {
                name: "与系统取数不一致" for name in invalid.errors if name.endswith("_reason")
            }
            commands.complete_task(self.env, actor, item["id"], values, files, key=key)

    def whoever_may(self, item: Mapping[str, Any]) -> Actor:
        """Return the first who may do an open task: of its roles, then anybody."""
        roles = item["candidates"]["roles"]
        others = self.env.institution().office.roles
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, item["case_id"])
        assert case is not None
        for role in dict.fromkeys([*roles, *others]):
            for login in (role, f"{role}_2", f"{role}_3"):
                if (actor := self.found(login)) is None:
                    continue
                rules = self.env.institution().rules
                if can(rules, actor, "task.complete", task_facts(case, item)).ok:
                    return actor
        raise NotPlayable(f"nobody may do {item['activity_id']}")

    def _message(self, value: Mapping[str, Any], key: str) -> None:
        if self._done(key) is not None:
            actor = self.actor("disclosure_officer")
            assert commands.deliver_action(
                self.env, actor, self.case_id(), "gone", {}, key=key
            ).repeated
            return
        if (start := self.begins_by(value["name"])) is not None and self._done("act-start") is None:
            self._begin(value.get("data") or {}, start)
            return
        wait = self.wait(value["name"])
        if wait is None:
            return  # nothing waits for it: nobody has a button to press
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, self.case_id())
        assert case is not None
        action = self.env.deployed(case.version_id).definition.actions.get(wait["activity_id"])
        actor = self.actor(action.group if action and action.group else "disclosure_officer")
        commands.deliver_action(
            self.env,
            actor,
            case.id,
            wait["wait"],
            self.with_facts(value.get("data") or {}),
            key=key,
        )

    def begins_by(self, message: str) -> str | None:
        """Return the event of the procedure that begins by a message, None where none does."""
        definition = self.env.deployed(self.env.version_in_force(self.procedure)).definition
        triggers = definition.processes[definition.main].body.triggers
        events = (e for node in triggers for e in node.events if e.kind == "message")
        return next((e.key for e in events if e.name == message), None)

    def wait(self, name: str) -> dict[str, Any] | None:
        """Return what waits for a drawn action, None where nothing does."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            waits = awaited.case_waits(uow.connection, self.case_id())
        return next((row for row in waits if row["name"] == name), None)

    def with_facts(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return answers in which a fact, numbered in its order by the worked case, goes by its id here."""
        if "wrong_fact" not in data:
            return dict(data)
        with UnitOfWork(self.env.database, writing=False) as uow:
            facts = sorted(row["id"] for row in cases.events(uow.connection, self.case_id()))
        return {**data, "wrong_fact": str(facts[int(data["wrong_fact"]) - 1])}

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
