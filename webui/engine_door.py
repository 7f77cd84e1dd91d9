"""The one door to the engine: whatever a page asks or does passes here.

Views know ``engine().queries``, ``.commands``, ``.people``, ``.accounts`` and ``.may`` and nothing
else of the engine; tests put a made-up office behind the same door. What a page needs in a shape of its own
(the sign-in page, the questions that apply, the choices of the simulator) is put together here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app

from engine.queries.pages import Account, Today


@dataclass(frozen=True)
class Engine:
    """An environment and the groups of functions that are called with it.

    ``may(actor, action)`` returns None where the actor's roles allow the action at all, else the Chinese
    sentence that says why not; which objects the action may touch is decided by the query or the command.
    """

    environment: Any
    queries: Any
    commands: Any
    accounts: Any
    may: Callable[[Any, str], str | None]
    people: Any = None  # accounts and posts: engine.people


@dataclass(frozen=True)
class FrontPage:
    """The sign-in page; accounts and their password only in the demonstration."""

    today: Today
    bureau: str
    helper: str
    demo_accounts: tuple[Account, ...] = ()
    demo_password: str = ""


@dataclass(frozen=True)
class MachineClock:
    """What is wrong with the machine's clock ("": nothing), and whether the reader may confirm it."""

    sentence: str
    may_confirm: bool


def engine() -> Engine:
    """Return the engine of the running application."""
    found: Engine = current_app.extensions["gongkai"]
    return found


def real_engine(environment: Any) -> Engine:
    """Return the door to the product's own engine."""
    from engine import accounts, commands, people
    from engine.access import GENERAL, Refused, can

    def may(actor: Any, action: str) -> str | None:
        if action not in GENERAL:
            return None
        decision = can(environment.institution().rules, actor, action)
        return decision.sentence if isinstance(decision, Refused) else None

    return Engine(environment, RealQueries(), commands, accounts, may, people)


class RealQueries:
    """``engine.queries``, and what the pages need besides."""

    def __getattr__(self, name: str) -> Any:
        from engine import queries

        return getattr(queries, name)

    def front_page(self, env: Any) -> FrontPage:
        """Return the sign-in page."""
        from engine import queries
        from engine.queries.common import today_of

        demo = queries.demo_accounts(env)
        accounts, password = demo if demo else ((), "")
        return FrontPage(today_of(env), queries.bureau(env), "", tuple(accounts), password)

    def examine(self, env: Any, actor: Any) -> list[dict[str, Any]]:
        """Return what ``gongkai doctor`` says: {name, ok, sentence} each, in its order.

        Raises:
            Denied: the actor does not keep the machine.
        """
        from engine import doctor
        from engine.access import require

        require(env.institution().rules, actor, "machine.read")
        return [vars(remark) for remark in doctor.examine(env)]

    def machine_clock(self, env: Any, actor: Any) -> MachineClock:
        """Return what is known of the machine's clock, in a sentence where there is something to say.

        Raises:
            Denied: the actor does not keep the machine.
        """
        from engine import doctor
        from engine.access import can, require

        rules = env.institution().rules
        require(rules, actor, "machine.read")
        remark = doctor.clock_remark(env)
        return MachineClock(
            "" if remark.ok else remark.sentence,
            bool(can(rules, actor, "machine.confirm_clock").ok),
        )
