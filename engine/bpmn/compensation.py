"""Compensation: undoing what was completed, last first; and the cancelling of transactions.

BPMN 2.0, 13.5.5. Each scope keeps a record of its completed activities that can be undone:
``[activity, its locals, records of its own scope]``. Handlers run one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.bpmn import events, throwing
from engine.bpmn.machine import Extra, Machine
from engine.bpmn.model import EventDefinition, Node, given


def remember(
    machine: Machine,
    scope: str,
    node: Node,
    frame: Mapping[str, Any] | None,
    inner: list[Any] | None,
    repetition: str | None,
) -> None:
    """Keep a record of a completed activity if anything could undo it.

    An instance of a repetition (its token) is kept with it: an activity that is still under way cannot be undone.
    """
    undoes_itself = node.body is not None and node.body.compensation is not None
    if node.handler is None and not inner and not undoes_itself:
        return
    row = machine.s[scope] if repetition is None else machine.t[repetition][3]
    row["x"] = [*row.get("x", ()), [node.id, dict(frame) if frame else None, inner]]


def hand_over(machine: Machine, scope: str, done: list[Any]) -> None:
    """A repetition is complete: from now on its scope can undo the instances."""
    row = machine.s[scope]
    row["x"] = [*row.get("x", ()), *done]


def throw(machine: Machine, scope: str, node: Node, definition: EventDefinition) -> bool:
    """Undo one activity, or all of the scope; return whether the thrower goes on at once."""
    todo = _take_records(machine, scope, definition.activity)
    extra: Extra = {"todo": todo}
    if not definition.wait:
        extra["free"] = 1
        machine.s[scope]["k"] += 1
    token = machine.put(scope, node, "undo", extra)
    go_on(machine, token)
    return not definition.wait


def cancel(machine: Machine, scope: str, node: Node) -> None:
    """A cancel end event: end the transaction's tokens, undo its activities, then leave by its boundary.

    Thrown in a subprocess of the transaction it undoes first what was completed there. What is merely ended
    beside it is not undone, as always when a subprocess is interrupted.
    """
    todo = list(reversed(machine.s[scope].get("x", ())))
    while not machine.node(machine.s[scope]["o"]).transaction:
        scope = machine.t[machine.s[scope]["o"]][0]
        todo += reversed(machine.s[scope].get("x", ()))
    machine.empty(scope)
    machine.s[scope]["k"] = 1
    machine.s[scope].pop("x", None)
    token = machine.put(scope, node, "undo", {"todo": todo, "cancel": 1})
    go_on(machine, token)


def go_on(machine: Machine, token: str) -> None:
    """Run the next handler, or finish."""
    scope, _, _, extra = machine.t[token]
    nodes = machine.table(scope)
    todo = list(extra["todo"])
    while todo:
        activity, frame, inner = todo.pop(0)
        node = nodes[activity]
        if node.handler is not None:
            extra["todo"] = todo
            machine.queue.append((scope, node.handler, None, token, frame))
            return
        if node.body is not None and node.body.compensation is not None:
            extra["todo"] = todo
            _own_handler(machine, scope, node.body.compensation, token, frame, inner)
            return
        todo = [*reversed(inner or ()), *todo]
    _finish(machine, token)


def _own_handler(
    machine: Machine, scope: str, handler: Node, parent: str, frame: Any, inner: list[Any] | None
) -> None:
    """Run the compensation event subprocess of a completed subprocess; its throws see the inner records."""
    owner = machine.put(scope, handler, "sub", {"p": parent})
    body = given(handler.body)
    within = machine.open(owner, body, None, scope)
    machine.t[owner][3]["b"] = within
    row = machine.s[within]
    if frame:
        row["v"] = {**(row.get("v") or {}), **frame}
        row["b"] = 1
    row["x"] = list(inner or ())
    row["k"] = 1
    start = next(n for n in body.nodes.values() if n.kind == "start")
    machine.log(handler, "entered", owner)
    events.leave_event(machine, within, start)


def _finish(machine: Machine, token: str) -> None:
    scope, _, _, extra = machine.t[token]
    node = machine.node(token)
    machine.drop(token)
    if extra.get("cancel"):
        throwing.cancelled(machine, scope, node)
    elif extra.get("free") or node.kind == "end":
        machine.consume(scope)
    else:
        events.leave_event(machine, scope, node)


def _take_records(machine: Machine, scope: str, activity: str | None) -> list[Any]:
    """Take out the records to undo, last first: of one activity (sought outwards), or of the whole scope."""
    if activity is None:
        scopes = _seen_from(machine, scope)
        return [record for at in scopes for record in reversed(machine.s[at].pop("x", []))]
    at = scope
    while True:
        records = machine.s[at].get("x") or []
        mine = [r for r in records if r[0] == activity]
        if mine:
            machine.s[at]["x"] = [r for r in records if r[0] != activity]
            return list(reversed(mine))
        owner = machine.s[at]["o"]
        if not owner or machine.node(owner).call is not None:
            return []
        at = machine.t[owner][0]


def _seen_from(machine: Machine, scope: str) -> list[str]:
    """Return the scopes that compensation thrown here undoes as a whole, innermost first.

    An event subprocess sees what it has done itself and the scope that it belongs to; one that is run to undo a
    subprocess sees the records of that one alone.
    """
    found = [scope]
    while True:
        owner = machine.s[scope]["o"]
        if not owner or not machine.node(owner).by_event or "p" in machine.t[owner][3]:
            return found
        scope = machine.t[owner][0]
        found.append(scope)
