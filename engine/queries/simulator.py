"""The simulator (期限试算): what a clock says of facts that belong to no case, and what it can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from engine.access import require
from engine.case_file import CHANNEL, CaseFile
from engine.deployed import Deployed
from engine.environment import Environment
from engine.identity import Actor
from engine.queries.calculation import calculation_of
from engine.queries.pages import Calculation, SimulatorFacts, SimulatorOptions
from engine.statutory_clock import CaseEvent, ClockDefinition


def simulator_options(env: Environment, actor: Actor, chosen: str = "") -> SimulatorOptions:
    """Return the clocks of all procedures in force, the channels, and the facts by procedure.

    What asks how a request came in is what most people calculate: it stands first among the clocks. The facts of
    the chosen clock's procedure stand first among the facts.

    Args:
        chosen: ``procedure.clock``, "" for the first.

    Raises:
        Denied: the actor may not use the simulator.
    """
    require(env.institution().rules, actor, "simulator.use")
    offered = [
        (key, env.deployed(version)) for key, version in sorted(env.procedures_in_force().items())
    ]
    offered = [(key, deployed) for key, deployed in offered if deployed.definition.clocks]
    offered.sort(key=lambda one: not _channels(one[1]))
    first = chosen.partition(".")[0]
    return SimulatorOptions(
        clocks=[
            (f"{key}.{clock_id}", f"{deployed.procedure.title} · {clock.title}")
            for key, deployed in offered
            for clock_id, clock in _own(deployed).items()
        ],
        channels=list({k: v for _, one in offered for k, v in _channels(one).items()}.items()),
        facts=_facts(
            [one for _, one in sorted(offered, key=lambda one: first not in ("", one[0]))]
        ),
        numbers={
            kind: field
            for _, deployed in offered
            for clock in _own(deployed).values()
            for kind, field in _numbers(clock).items()
        },
    )


def simulate(
    env: Environment,
    actor: Actor,
    procedure: str,
    clock_id: str,
    channel: str,
    events: Sequence[tuple[str, date, Mapping[str, object]]],
) -> Calculation | None:
    """Return what a clock would say of facts that belong to no case.

    Args:
        events: (kind, legal day, fields), in any order.

    Raises:
        Denied, NotFound; FactUnusable: a fact lacks what a rule needs.
    """
    require(env.institution().rules, actor, "simulator.use")
    deployed = env.deployed(env.version_in_force(procedure))
    file = CaseFile(
        number="",
        procedure=procedure,
        deployed=deployed,
        institution=env.institution(),
        fields={CHANNEL: channel},
        events=[CaseEvent(kind, day, dict(fields)) for kind, day, fields in events],
        now=env.time.now(),
    )
    return calculation_of(env, file, clock_id)


def _own(deployed: Deployed) -> Mapping[str, ClockDefinition]:
    """The clocks that the folder's own diagrams draw; those of a called process stand under its own name."""
    return {
        key: clock for key, clock in deployed.clocks.items() if key in deployed.definition.clocks
    }


def _channels(deployed: Deployed) -> dict[str, str]:
    return {
        option.value: option.label
        for form in deployed.procedure.forms.values()
        for one in form.fields
        if one.key == CHANNEL
        for option in one.options
    }


def _facts(offered: Sequence[Deployed]) -> list[SimulatorFacts]:
    """The facts that the clocks or the diagram of each procedure know, in the order of their words, each once."""
    seen: set[str] = set()
    groups: list[SimulatorFacts] = []
    for deployed in offered:
        nodes = deployed.definition.all_nodes()
        known = {record.event for node in nodes for record in node.records if not record.kind}
        known |= {kind for clock in _own(deployed).values() for kind in clock.event_names}
        words = deployed.procedure.facts
        kinds = [kind for kind in words if kind in known] + sorted(known - set(words))
        groups.append(
            SimulatorFacts(
                deployed.procedure.title,
                [(kind, words.get(kind, kind)) for kind in kinds if kind not in seen],
            )
        )
        seen |= known
    return [group for group in groups if group.facts]


def _numbers(clock: ClockDefinition) -> dict[str, str]:
    """Return {event: field} for events that say a number of days."""
    return {
        event: field
        for rule in clock.rules
        for event in (*rule.words("event"), *rule.words("from"))
        if (field := rule.attributes.get("by") or rule.attributes.get("lengthField"))
    }
