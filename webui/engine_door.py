"""The one door to the engine: whatever a page asks or does passes here.

Views know ``engine().queries``, ``engine().commands``, ``engine().accounts`` and ``engine().may`` and nothing
else of the engine; tests put a made-up office behind the same door.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app


@dataclass(frozen=True)
class Engine:
    """An environment and the three groups of functions that are called with it.

    ``may(actor, action)`` returns None where the actor's roles allow the action at all, else the Chinese
    sentence that says why not; which objects the action may touch is decided by the query or the command.
    """

    environment: Any
    queries: Any
    commands: Any
    accounts: Any
    may: Callable[[Any, str], str | None]


def engine() -> Engine:
    """Return the engine of the running application."""
    found: Engine = current_app.extensions["gongkai"]
    return found


def real_engine(environment: Any) -> Engine:
    """Return the door to the product's own engine."""
    from engine import accounts, commands, queries
    from engine.access import GENERAL, Refused, can

    def may(actor: Any, action: str) -> str | None:
        if action not in GENERAL:
            return None
        decision = can(environment.institution().rights, actor, action)
        return decision.sentence if isinstance(decision, Refused) else None

    return Engine(environment, queries, commands, accounts, may)
