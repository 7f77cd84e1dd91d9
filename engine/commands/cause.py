"""Why a step is taken, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from engine.done_steps import DoneStep, acting_post
from engine.identity import Actor, Post


@dataclass(frozen=True)
class Cause:
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
    body: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    resolves: tuple[str, ...] = ()
    refers: Mapping[str, Sequence[str]] = field(default_factory=dict)  # {field: numbers of cases}
    roles: Sequence[str] = ()  # to whom the step was offered, where no work item says it

    def post_of(self, actor: Actor) -> Post | None:
        """Return the post in which the actor takes the step; None for the system."""
        if self.item is None:
            return acting_post(actor, self.roles)
        offered = self.item["candidates"].get("roles", [])
        return acting_post(actor, offered, self.item["unit"])

    def role_of(self, actor: Actor) -> str:
        """Return the role of that post, "" where there is none."""
        post = self.post_of(actor)
        return post.role if post else ""

    def by_person(self, actor: Actor, name: str, day: date) -> DoneStep | None:
        """Return the step as one that a person completes; None where no drawn step is."""
        if self.activity_id is None or self.kind not in {"start", "complete", "message"}:
            return None
        post = self.post_of(actor)
        if post is None:
            return None
        own = replace(post, deputy_for=actor.acts_for(post.role))
        login = actor.login or actor.person_id
        return DoneStep(self.activity_id, name, login, own, day, self.submission or {})


@dataclass(frozen=True)
class Moved:
    """What a step came to: the case after it, and the work items that it opened."""

    case_id: str
    number: str
    revision: int
    ended: bool
    opened: tuple[Mapping[str, Any], ...] = ()
    repeated: bool = False  # the same rendered form was posted before; nothing was done now
