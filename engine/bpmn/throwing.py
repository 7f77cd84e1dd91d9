"""What is thrown, and who catches it: messages, signals, escalations, errors, cancel, terminate.

Errors and escalations are sought from the scope of the thrower outwards; messages and signals go to whatever waits
(``events``) and to those outside.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.bpmn import activities, compensation, events
from engine.bpmn.machine import Extra, Machine
from engine.bpmn.model import EventDefinition, Flow, Node
from engine.bpmn.step import StepFailed, Thrown
from engine.words import say

_LAST = {"compensate": 1, "escalation": 2, "error": 3, "cancel": 3, "terminate": 3}


def throw(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    frame: Extra | None,
) -> None:
    """An intermediate throw event or an end event: throw all its definitions, then go on or end."""
    del parent, frame
    machine.log(node, "entered", flow=flow.id if flow else None)
    if node.inputs:
        activities.map_data(machine, node.inputs, scope, None, scope, node)
    if node.kind == "end" and node.records:
        activities.record(machine, node, node.records, scope, None)
    epoch = machine.epoch.get(scope, 0)
    for event in sorted(node.events, key=lambda e: _LAST.get(e.kind, 0)):
        if not _throw_one(machine, scope, node, event) or not machine.alive(scope, epoch):
            return
    if node.kind == "end":
        machine.log(node, "left")
        machine.consume(scope)
    else:
        events.leave_event(machine, scope, node)


def _throw_one(machine: Machine, scope: str, node: Node, event: EventDefinition) -> bool:
    """Throw one definition; return whether the token goes on from here."""
    kind = event.kind
    if kind == "message":
        throw_message(machine, scope, node, event)
    elif kind == "signal":
        machine.log(node, "threw", detail=event.name)
        machine.thrown.append(
            Thrown("signal", event.name or "", {}, None, node.id, node.process_id)
        )
        events.deliver(machine, "signal", event.name or "", None)
    elif kind == "escalation":
        machine.log(node, "threw", detail=event.name)
        propagate(machine, scope, "escalation", event.name)
    elif kind == "error":
        machine.log(node, "threw", detail=event.name)
        if not propagate(machine, scope, "error", event.name):
            raise _uncaught(node.id, event.name)
        return False
    elif kind == "compensate":
        return compensation.throw(machine, scope, node, event)
    elif kind == "cancel":
        compensation.cancel(machine, scope, node)
        return False
    elif kind == "terminate":
        machine.empty(scope)
        machine.s[scope]["e"] = 1
        if not machine.s[scope]["o"]:
            machine.how = "terminated"
        machine.scope_ended(scope)
        return False
    return True


def throw_when_done(machine: Machine, token: str, node: Node, event: EventDefinition) -> None:
    """An instance of a multi-instance activity is done and throws: its own boundary events come first.

    BPMN 2.0, 13.3.7, ``behavior``. ``token`` stands for the activity as a whole.
    """
    scope, kind = machine.t[token][0], event.kind
    if kind == "signal":
        _throw_one(machine, scope, node, event)
        return
    if kind == "message":
        machine.log(node, "threw", detail=event.name)
        if not events.deliver(machine, kind, event.name or "", None, token=token):
            throw_message(machine, scope, node, event)
        return
    machine.log(node, "threw", detail=event.name)
    boundary = _matching(node.boundary, kind, event.name)
    if boundary is not None:
        definition = _definition(boundary, kind, event.name)
        events.fire_boundary(machine, token, boundary, definition, _code(definition, event.name))
    elif not propagate(machine, scope, kind, event.name) and kind == "error":
        raise _uncaught(node.id, event.name)


def throw_message(machine: Machine, scope: str, node: Node, event: EventDefinition) -> None:
    """Hand a message to those outside, with the data and the key that it carries."""
    machine.log(node, "threw", detail=event.name)
    definition = machine.definition_of(machine.s[scope])
    key = None
    if event.correlation is not None:
        key = machine.value(event.correlation, scope, None, node.id)
    for value in definition.correlations.get(event.name or "", {}).values():
        key = machine.value(value, scope, None, node.id)
    values = (
        activities._mapped(machine, node.inputs, scope, None, node) if node.kind == "send" else {}
    )
    machine.thrown.append(
        Thrown(
            "message",
            event.name or "",
            values,
            None if key is None else str(key),
            node.id,
            node.process_id,
        )
    )


def throw_from_activity(
    machine: Machine, scope: str, node: Node, parent: str | None, code: str
) -> None:
    """An effect has reported a BPMN error: its own boundary events first, then outwards."""
    event = _matching(node.boundary, "error", code)
    if event is None:
        if not propagate(machine, scope, "error", code):
            raise _uncaught(node.id, code)
        return
    machine.log(event, "fired")
    machine.write_all(_code(_definition(event, "error", code), code), scope)
    if parent is not None:
        if machine.t[parent][2] == "multi":
            outer = machine.t[parent][3].get("p")
            machine.kill(parent)
            parent = outer
        if parent is not None:
            machine.s[scope]["k"] += 1
            compensation.go_on(machine, parent)
    events.leave_event(machine, scope, event)


def _uncaught(where: str, code: str | None) -> StepFailed:
    return StepFailed(
        where,
        f"the error {code!r} is not caught",
        say("错误“{code}”没有任何边界事件接收", code=code or where),
    )


def propagate(machine: Machine, scope: str, kind: str, code: str | None) -> bool:
    """Seek, from the scope outwards, who catches an error or escalation; return whether someone did.

    In each scope its event subprocesses come first, then the boundary events of the activity that owns
    it; an exact code before one that catches all. What a handler itself throws it does not catch: one
    beside it may, if it interrupted nothing.
    """
    at = scope
    thrower: Node | None = None  # the event subprocess of this scope that what is thrown comes from
    while True:
        row = machine.s[at]
        if not row.get("z"):
            starts = [events.start_of(h) for h in machine.body(at).handlers if h is not thrower]
            found = _matching(starts, kind, code)
            if found is not None:
                handler = next(h for h in machine.body(at).handlers if events.start_of(h) is found)
                event = _definition(found, kind, code)
                events.run_handler(machine, at, handler, found, event, _code(event, code))
                return True
        owner = row["o"]
        if not owner:
            return False
        node = machine.node(owner)
        holder = machine.t[owner][3].get("p")
        holder = holder if holder is not None and machine.t[holder][2] == "multi" else owner
        boundary = _matching(node.boundary, kind, code)
        if boundary is not None:
            event = _definition(boundary, kind, code)
            events.fire_boundary(machine, holder, boundary, event, _code(event, code))
            return True
        thrower = node if node.by_event else None
        at = machine.t[owner][0]


def _matching(nodes: list[Node], kind: str, code: str | None) -> Node | None:
    general = None
    for node in nodes:
        for event in node.events:
            if event.kind == kind:
                if event.name is not None and event.name == code:
                    return node
                if event.any and general is None:
                    general = node
    return general


def _definition(node: Node, kind: str, code: str | None) -> EventDefinition:
    mine = [e for e in node.events if e.kind == kind]
    return next((e for e in mine if e.name == code), next((e for e in mine if e.any), mine[0]))


def _code(event: EventDefinition, code: str | None) -> Mapping[str, object] | None:
    """Return the variable that takes the code of what was caught, where the diagram names one."""
    return {event.code_name: code} if event.code_name else None


def cancelled(machine: Machine, scope: str, node: Node) -> None:
    """A transaction has undone its activities: leave it by its cancel boundary event."""
    owner = machine.s[scope]["o"]
    host = machine.node(owner)
    holder = machine.t[owner][3].get("p")
    holder = holder if holder is not None and machine.t[holder][2] == "multi" else owner
    boundary = next((b for b in host.boundary if any(e.kind == "cancel" for e in b.events)), None)
    if boundary is not None:
        events.fire_boundary(machine, holder, boundary, _definition(boundary, "cancel", None), None)
        return
    outer = machine.t[holder][0]
    parent = machine.t[holder][3].get("p")
    machine.log(node, "left")
    machine.kill(holder)
    if parent is not None:
        compensation.go_on(machine, parent)
    else:
        machine.consume(outer)
