"""Why a step is taken, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.done_steps import DoneStep, acting_post
from engine.identity import Actor, Post

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Cause(NamedTuple):
    """Why a step is taken, for history and trail.

    kind: start, complete, fire, message, signal, cancel, migrate, recompute, or correction (of a closed case). ``operation`` is what a retry
    would do again. ``item`` is the row of the work item that is completed.
    """

    kind: str
    action: str
    operation: Mapping[str, Any]
    activity_id: str | None = None
    item: Mapping[str, Any] | None = None
    form: str | None = None
    submission: Mapping[str, Any] | None = None
    documents: Sequence[Mapping[str, Any]] = ()
    key: str | None = None
    body: Mapping[str, Any] = _NOTHING
    personal: Mapping[str, str] = _NOTHING
    reason: str = ""
    resolves: tuple[str, ...] = ()
    refers: Mapping[str, Sequence[str]] = _NOTHING  # {field: numbers of cases}
    roles: Sequence[str] = ()  # to whom the step was offered, where no work item says it

    def post_of(self, actor: Actor) -> Post | None:
        """Return the post in which the actor takes the step; None for the system."""
        if self.item is None:
            return acting_post(actor, self.roles)
        offered = self.item["candidates"].get("roles", [])
        return acting_post(actor, offered, self.item["unit"])

    def by_person(self, actor: Actor, name: str, day: date) -> DoneStep | None:
        """Return the step as one that a person completes; None where no drawn step is."""
        if self.activity_id is None or self.kind not in {"start", "complete", "message"}:
            return None
        post = self.post_of(actor)
        if post is None:
            return None
        deputy_for = actor.acts_for(post.role)
        own = post if post.deputy_for == deputy_for else replace(post, deputy_for=deputy_for)
        login = actor.login or actor.person_id
        return DoneStep(self.activity_id, name, login, own, day, self.submission or {})


class Moved(NamedTuple):
    """What a step came to: the case after it, and the work items that it opened."""

    case_id: str
    number: str
    revision: int
    ended: bool
    opened: tuple[Mapping[str, Any], ...] = ()
    repeated: bool = False  # the same rendered form was posted before; nothing was done now
