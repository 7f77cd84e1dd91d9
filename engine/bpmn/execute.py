"""The token executor: a state and one thing that happens, in; a step, out.

Pure: it changes neither the definition nor the state it is given, keeps nothing, reads no clock and no
database. Time is ``host.now``; timers fire only when ``fire`` says so. See docs/adr/0001-token-executor.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.bpmn import activities, events, gateways, throwing
from engine.bpmn.machine import WORK, Machine, fresh_state, work_item
from engine.bpmn.model import Body, Definition, Node
from engine.bpmn.step import Frontier, Host, NotWaiting, State, Step, StepFailed, Timer, Wait
from engine.words import say

__all__ = [
    "begin",
    "cancel",
    "complete",
    "deliver",
    "fire",
    "frontier",
    "gathers",
    "receiver",
    "set_variables",
    "start",
    "visible",
    "waits_for_somebody",
]


def start(
    definition: Definition,
    host: Host,
    variables: Mapping[str, object] | None = None,
    *,
    process_id: str | None = None,
    event: str | None = None,
) -> Step:
    """Start an instance.

    Args:
        variables: what is known at the start.
        process_id: which process; the definition's main one by default.
        event: id of the start event (or instantiating catch event) that starts it, where that is not
            the plain start; the key of the one definition that came (``id#n``) where it needs several.
            Without a key a start event that needs several has them all.

    Raises:
        StepFailed: it cannot start, or its first steps fail.
    """
    process = definition.processes.get(process_id or definition.main)
    if process is None:
        raise StepFailed(
            process_id or definition.main,
            "no such process",
            say("没有流程“{process_id}”", process_id=process_id),
        )
    machine = Machine(definition, host, fresh_state())
    machine.v.update(variables or {})
    scope = machine.open("", process.body, None, None)
    for name, value in process.body.first.items():
        if name not in machine.v:
            machine.write(name, value, scope)
    if event is None:
        trigger = _only_trigger(process.body)
        if trigger is None:
            activities.enter_body(machine, scope)
            return _finish(machine)
        event = trigger.id
    node_id, which = events.split_key(event, process.nodes)
    node = process.nodes.get(node_id)
    if node is None or node not in process.body.triggers + process.body.starts:
        raise StepFailed(
            event,
            "not a start event of this process",
            say("“{event}”不是流程的开始事件", event=event),
        )
    machine.s[scope]["k"] = 1
    if which is not None and node.together and len(node.events) > 1:
        events.gather(machine, scope, node, event)
        return _finish(machine)
    if process.body.handlers:
        events.arm_scope(machine, scope)
    gateway = _gateway_before(process.body, node)
    if gateway is not None:
        machine.log(gateway, "entered")
        events.chosen(machine, gateway, node)
        if gateway.together:
            others = [f for f in gateway.out if f.target is not node]
            machine.s[scope]["k"] += 1
            machine.take(scope, gateway, others)
    machine.log(node, "fired" if node.events else "entered")
    events.leave_event(machine, scope, node)
    return _finish(machine)


def _only_trigger(body: Body) -> Node | None:
    """A process without a plain start begins, when started by hand, at its first start event."""
    return body.triggers[0] if not body.starts and body.triggers else None


def gathers(state: Mapping[str, Any], key: str) -> bool:
    """Return whether an instance waits at its start for this definition, so that it starts no other one."""
    of = (key, key.rpartition("#")[0])
    return any(row[1] in of and key in (row[3].get("w") or ()) for row in state["t"].values())


def _gateway_before(body: Body, node: Node) -> Node | None:
    """Return the instantiating event-based gateway before a start, None where it has none."""
    return next(
        (
            n
            for n in body.nodes.values()
            if n.kind == "race" and any(f.target is node for f in n.out)
        ),
        None,
    )


def complete(
    definition: Definition,
    host: Host,
    state: State,
    token: str,
    values: Mapping[str, object] | None = None,
    *,
    everything: bool = False,
) -> Step:
    """Complete a user task; on a receive task, deliver its message.

    Args:
        values: what the person gave. Of a task with a form only the names that route are kept in the
            state, unless ``everything``.

    Raises:
        NotWaiting: the task is not open.
        StepFailed: what follows fails; nothing of it may be saved.
    """
    machine = Machine(definition, host, state)
    row = machine.t.get(token)
    if row is not None and row[2] not in WORK:
        raise NotWaiting("task", token)
    activities.complete(machine, token, values, everything=everything)
    return _finish(machine)


def fire(definition: Definition, host: Host, state: State, timer: str) -> Step:
    """Fire an armed timer, whether it is due or not.

    Raises:
        NotWaiting: the timer is not armed.
    """
    machine = Machine(definition, host, state)
    events.fire_timer(machine, timer)
    return _finish(machine)


def deliver(
    definition: Definition,
    host: Host,
    state: State,
    *,
    message: str | None = None,
    signal: str | None = None,
    values: Mapping[str, object] | None = None,
    token: str | None = None,
    correlation: str | None = None,
) -> Step:
    """Deliver a signal to all that wait for it, a message to one; where nothing waits, nothing changes."""
    machine = Machine(definition, host, state)
    kind, name = ("message", message) if message is not None else ("signal", signal or "")
    events.deliver(machine, kind, name, values, token=token, correlation=correlation)
    return _finish(machine)


def receiver(
    definition: Definition,
    host: Host,
    state: State,
    message: str,
    *,
    token: str | None = None,
    correlation: str | None = None,
) -> Wait | None:
    """Return the wait that would take a message, None where nothing waits for it."""
    machine = Machine(definition, host, state)
    found = events.receiver(machine, message, token=token, correlation=correlation)
    if found is None:
        return None
    holder, _, record, node, event = found
    token_of = "" if holder.startswith("s") else holder
    return cast("Wait", events.described(machine, holder, token_of, node, event, record))


def set_variables(
    definition: Definition, host: Host, state: State, values: Mapping[str, object]
) -> Step:
    """Change variables of the instance; conditional events that become true fire."""
    machine = Machine(definition, host, state)
    machine.v.update(values)
    return _finish(machine)


def begin(definition: Definition, host: Host, state: State, activity_id: str) -> Step:
    """Begin an activity of an open ad hoc subprocess."""
    machine = Machine(definition, host, state)
    activities.begin_adhoc(machine, activity_id)
    return _finish(machine)


def cancel(definition: Definition, host: Host, state: State) -> Step:
    """End the instance with everything in it."""
    machine = Machine(definition, host, state)
    for scope in [s for s, row in machine.s.items() if not row["o"]]:
        machine.close(scope)
    machine.how = "cancelled"
    return machine.step()


def frontier(definition: Definition, state: State, host: Host | None = None) -> Frontier:
    """Return everything that waits; ``host`` is needed where other definitions are pinned."""
    machine = Machine(definition, host, state)  # type: ignore[arg-type]  # never asked without pins
    found = Frontier([], [], [])
    for token, row in machine.t.items():
        if row[2] in WORK:
            found.tasks.append(work_item(machine, token))
    for holder, _, record, node, event in events.waiting(machine):
        token = "" if holder.startswith("s") else holder
        entry = events.described(machine, holder, token, node, event, record)
        if isinstance(entry, Timer):
            found.timers.append(entry)
        else:
            found.waits.append(entry)
    for scope, scope_row in machine.s.items():
        adhoc = machine.body(scope).adhoc
        if adhoc is not None and not (adhoc.sequential and scope_row["k"]):
            found.begin.extend(adhoc.enabled)
    return found


def waits_for_somebody(state: State) -> bool:
    """Whether a work item is open: as much of the frontier as most steps need to know."""
    return any(row[2] in WORK for row in state["t"].values())


def visible(definition: Definition, host: Host, state: State, token: str) -> Mapping[str, object]:
    """Return the names that a form at a waiting task sees: its instance, its scopes, the case.

    ``item`` is what the innermost multi-instance around it works on.

    Raises:
        NotWaiting: nothing waits there.
    """
    machine = Machine(definition, host, state)
    row = machine.t.get(token)
    if row is None:
        raise NotWaiting("task", token)
    frame, item = row[3].get("f"), machine.item(token)
    return machine.visible(row[0], frame if item is None else {"item": item, **(frame or {})})


def place(definition: Definition, state: State, token: str) -> str | None:
    """Return where a token stands on the drawing of a definition: inside a called process, the call.

    None where there is no such token.
    """
    row = state["t"].get(token)
    while row is not None:
        scope = state["s"][row[0]]
        if scope["p"] in definition.processes:
            return str(row[1])
        row = state["t"].get(scope["o"])
    return None


def _finish(machine: Machine) -> Step:
    machine.run()
    return machine.step()


def _settle(machine: Machine) -> bool:
    """Nothing moves: let an inclusive or complex gateway go on, else see which conditions have become true."""
    if machine.o and gateways.settle(machine):
        return True
    return bool(machine.q) and events.conditions(machine)


def _pass(machine: Machine, scope: str, node: Node, *_: object) -> None:
    """A link: nothing but a jump."""
    gateways.leave(machine, scope, node)


Machine.settle = _settle  # type: ignore[assignment]
Machine.conditions = events.conditions  # type: ignore[assignment]
Machine.completing = events.completing  # type: ignore[assignment]
Machine.owner_done = activities.owner_done  # type: ignore[assignment]
Machine.entering.update(
    dict.fromkeys(
        ("task", "user", "receive", "effect", "send", "rule", "formula", "subprocess", "call"),
        activities.enter,
    )
)
Machine.entering.update(
    {
        "exclusive": gateways.exclusive,
        "inclusive": gateways.inclusive,
        "parallel": gateways.parallel,
        "complex": gateways.complex_gateway,
        "race": events.race,
        "catch": events.catch,
        "throw": throwing.throw,
        "end": throwing.throw,
        "start": events.start,
        "link": _pass,
    }
)
