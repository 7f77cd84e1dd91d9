"""Failures that await a person: tried again on the button, by the rules and the data of that moment."""

from __future__ import annotations

from typing import Any

from engine.access import can
from engine.commands import acting, passing_time
from engine.commands.cause import Moved
from engine.environment import Environment
from engine.errors import Denied, NotFound
from engine.identity import Actor
from engine.personal import open_fields
from engine.store import accounts, incidents
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork


def retry_incident(env: Environment, actor: Actor, incident_id: str) -> Moved | None:
    """Do again what failed; the incident is closed with the step that succeeds.

    Raises:
        Denied: the actor may not retry. NotFound: it is closed already.
        CaseStopped: it failed again; a new incident takes its place.
    """
    decision = can(env.institution().rules, actor, "incidents.retry")
    if not decision.ok:
        raise Denied("role", "您的岗位不能重试异常，请找信息公开专员")
    with UnitOfWork(env.database, writing=False) as uow:
        row = incidents.incident_row(uow.connection, incident_id)
        if row is None or row["resolved_at"] is not None:
            raise NotFound("incident", incident_id)
        operation: dict[str, Any] = row["operation"]
        original = _original(env, uow, operation.get("actor"), actor)
    return _again(env, original, operation, incident_id)


def _original(env: Environment, uow: UnitOfWork, person_id: str | None, actor: Actor) -> Actor:
    """The submission stays that of the person who made it; who pressed retry is in the trail too."""
    person = accounts.by_id(uow.connection, person_id) if person_id else None
    if person is None:
        return actor
    posts = accounts.posts(uow.connection, person["id"], legal_day(env.time.now()))
    return Actor(person["id"], person["name"], posts, actor.address, person["login"])


def _again(
    env: Environment, actor: Actor, operation: dict[str, Any], incident_id: str
) -> Moved | None:
    resolves = (incident_id,)
    if operation.get("do") == "fire":
        return passing_time.fire_timer(env, operation["timer"], resolves=resolves)
    if operation.get("do") == "complete":
        values = open_fields(env, operation["values"])
        return acting.complete_task(env, actor, operation["task"], values, resolves=resolves)
    if operation.get("do") == "action":
        values = open_fields(env, operation["values"])
        return acting.deliver_action(
            env, actor, operation["case"], operation["wait"], values, resolves=resolves
        )
    raise NotFound("operation", str(operation.get("do")))
