"""One way to put events into the audit trail, within somebody's transaction."""

from __future__ import annotations

from collections.abc import Mapping

from engine import audit
from engine.environment import Environment
from engine.identity import Actor
from engine.store import audit as trail
from engine.unit_of_work import Connection


def note(
    env: Environment,
    connection: Connection,
    actor: Actor,
    *events: audit.AuditEvent,
    role: str = "",
    ends: tuple[audit.Head, Mapping[str, audit.Head]] | None = None,
) -> None:
    """Append events as the actor's acts.

    Args:
        role: the post in which he acts; his first one where none is given or he does not hold it.
        ends: where the trail and the cases' chains end, where that was read already.
    """
    on_behalf = actor.acts_for(role)
    if role not in actor.roles:
        role = actor.posts[0].role if actor.posts else ""
    trail.append(
        connection,
        events,
        who=audit.Who(actor.person_id, actor.name, role, on_behalf, address=actor.address),
        at=env.time.now(),
        alg=env.config.hash_algorithm,
        seal=env.sealer.seal,
        ends=ends,
    )
