"""The one door to the engine: whatever a page asks or does passes here.

Views know ``engine().queries``, ``.commands``, ``.people``, ``.accounts`` and ``.may`` and nothing
else of the engine; tests put a made-up office behind the same door. What a page needs in a shape of its own
(the sign-in page, the questions that apply, the choices of the simulator) is put together here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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


@dataclass(frozen=True)
class SimulatorOptions:
    """What the simulator offers: (value, word) each; ``numbers`` are facts that carry a number of days."""

    clocks: tuple[tuple[str, str], ...]
    channels: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    numbers: Mapping[str, str]


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

    def simulator_options(self, env: Any, actor: Any) -> SimulatorOptions:
        """Return clocks of all procedures in force, channels, and the facts that their rules know."""
        clocks: list[tuple[str, str]] = []
        channels: dict[str, str] = {}
        kinds: set[str] = set()
        numbers: dict[str, str] = {}
        offered = [(key, env.deployed(v)) for key, v in sorted(env.procedures_in_force().items())]
        # What asks how a request came in is what most people calculate: it stands first.
        offered.sort(key=lambda one: not _asks_channel(one[1]))
        for key, deployed in offered:
            for clock_id, clock in deployed.clocks.items():
                clocks.append((f"{key}.{clock_id}", f"{deployed.procedure.title} · {clock.title}"))
                kinds |= clock.event_names
                numbers |= _numbers(clock)
            for form in deployed.procedure.forms.values():
                for one in form.fields:
                    if one.key == "channel":
                        channels |= {option.value: option.label for option in one.options}
        return SimulatorOptions(
            tuple(clocks), tuple(channels.items()), tuple(sorted(kinds)), numbers
        )


def _asks_channel(deployed: Any) -> bool:
    return any(
        one.key == "channel" for form in deployed.procedure.forms.values() for one in form.fields
    )


def _numbers(clock: Any) -> dict[str, str]:
    """Return {event: field} for events that say a number of days."""
    return {
        event: field
        for rule in clock.rules
        for event in (*rule.words("event"), *rule.words("from"))
        if (field := rule.attributes.get("by") or rule.attributes.get("lengthField"))
    }
