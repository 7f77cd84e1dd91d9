"""Events that are caught: what waits, what fires, and what then happens. What is thrown stands in ``throwing``.

Waits are part of what holds them: boundary events stand on the token of their host, event subprocesses
on their scope. Ending the holder ends them. A wait is named ``holder.key.number``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from engine.bpmn import activities, compensation, gateways, moments
from engine.bpmn.compile import WAITING_KINDS
from engine.bpmn.machine import Extra, Machine
from engine.bpmn.model import EventDefinition, Flow, Node, given
from engine.bpmn.step import NotWaiting, StepFailed, Timer, Wait
from engine.feel import to_json
from engine.words import say

Record = dict[str, Any]


# ---------------------------------------------------------------- waiting


def arm(machine: Machine, holder: str, token: str, node: Node, event: EventDefinition) -> Record:
    """Begin to wait for an event; ``token`` is empty for an event subprocess."""
    record: Record = {"n": machine.number()}
    scope = holder[1:] if not token else machine.t[token][0]
    frame = machine.t[token][3].get("f") if token else None
    if event.kind == "timer":
        _arm_timer(machine, scope, frame, event, record)
    elif event.kind == "conditional":
        record["s"] = False
        machine.q += 1
        machine.look = True
    elif event.correlation is not None:
        key = machine.value(event.correlation, scope, frame, node.id)
        record["c"] = None if key is None else str(key)
    announce(machine, holder, token, node, event, record)
    return record


def announce(
    machine: Machine, holder: str, token: str, node: Node, event: EventDefinition, record: Record
) -> None:
    """Say that something is awaited."""
    entry = described(machine, holder, token, node, event, record)
    machine.armed[entry.id] = entry


def described(
    machine: Machine, holder: str, token: str, node: Node, event: EventDefinition, record: Record
) -> Timer | Wait:
    """Return the timer or wait of a record, as those who store it see it."""
    wait_id = f"{holder}.{event.key}.{record['n']}"
    if event.kind == "timer":
        due = datetime.fromisoformat(record["t"]) if record["t"] else None
        return Timer(wait_id, token, node.id, due, event.clock, record.get("o"), record.get("y"))
    return Wait(wait_id, token, node.id, event.kind, event.name, record.get("c"), node.action)


def arm_boundary(machine: Machine, token: str, node: Node) -> None:
    """Let the boundary events of an activity wait."""
    extra = machine.t[token][3]
    waits = dict(extra.get("w") or {})
    for boundary in node.armed:
        for event in boundary.events:
            if event.kind in WAITING_KINDS:
                waits[event.key] = arm(machine, token, token, boundary, event)
    extra["w"] = waits


def arm_scope(machine: Machine, scope: str) -> None:
    """Let the event subprocesses of a scope listen."""
    waits = {}
    for handler in machine.body(scope).handlers:
        start = start_of(handler)
        for event in start.events:
            if event.kind in WAITING_KINDS:
                waits[event.key] = arm(machine, f"s{scope}", "", start, event)
    if waits:
        machine.s[scope]["w"] = waits


def completing(machine: Machine, scope: str) -> None:
    """Only event subprocesses still run: none that would run beside them begins any more.

    BPMN 2.0, 13.3.2: an activity in the state Completing waits for its handlers and makes no new ones. One that
    interrupts still may.
    """
    row = machine.s[scope]
    for key in list(row["w"]):
        start, _ = event_of(machine.table(scope), key)
        if not start.interrupting:
            _forget(machine, f"s{scope}", key)


def start_of(handler: Node) -> Node:
    """Return the start event of an event subprocess."""
    return next(n for n in given(handler.body).nodes.values() if n.kind == "start")


def _arm_timer(
    machine: Machine,
    scope: str,
    frame: Mapping[str, Any] | None,
    event: EventDefinition,
    record: Record,
) -> None:
    record["t"] = None
    if event.timer == "clock":
        if event.offset is not None:
            record["o"] = _offset(event, machine.value(event.offset, scope, frame, event.node_id))
        if event.party is not None:
            party = machine.value(event.party, scope, frame, event.node_id)
            record["y"] = None if party is None else str(party)
        return
    text = given(event.text)
    if text.expression is None:
        value: object = text.text
    else:
        value = to_json(machine.evaluate(text.expression, scope, frame, event.node_id))
    now = machine.host.now.astimezone(UTC)
    calendar = getattr(machine.host, "calendar", None)
    try:
        if event.timer == "date":
            due = moments.as_instant(value)
        elif event.timer == "duration":
            due = moments.after(now, moments.as_duration(value), calendar)
        else:
            cycle = moments.cycle(str(value))
            due = cycle.start or moments.after(now, cycle.every, calendar)
            record["r"] = None if cycle.times is None else cycle.times - 1
            record["i"] = cycle.interval
    except moments.MomentUnreadable as error:
        raise StepFailed(
            event.node_id,
            str(error),
            say("定时事件“{node_id}”的时间算不出来：{value}", node_id=event.node_id, value=value),
        ) from error
    record["t"] = due.isoformat()


def _offset(event: EventDefinition, value: object) -> str:
    try:
        moments.duration(str(value))
    except moments.MomentUnreadable as error:
        raise StepFailed(
            event.node_id,
            str(error),
            say(
                "定时事件“{node_id}”的提前或推迟量算不出来：{value}",
                node_id=event.node_id,
                value=value,
            ),
        ) from error
    return str(value)


def catch(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    frame: Extra | None,
) -> None:
    """An intermediate catch event: wait for one of its definitions, or for all where it says so."""
    machine.log(node, "entered", flow=flow.id if flow else None)
    extra: Extra = {} if parent is None else {"p": parent}
    token = machine.put(scope, node, "catch", extra)
    extra["w"] = {e.key: arm(machine, token, token, node, e) for e in node.events}


def gather(machine: Machine, scope: str, node: Node, came: str) -> None:
    """A start event that needs several definitions together: one has come, wait for the others."""
    machine.log(node, "entered")
    extra: Extra = {}
    token = machine.put(scope, node, "catch", extra)
    extra["w"] = {e.key: arm(machine, token, token, node, e) for e in node.events if e.key != came}


def race(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    frame: Extra | None,
) -> None:
    """An event-based gateway: wait for the first event of those behind it."""
    del parent, frame
    machine.log(node, "entered", flow=flow.id if flow else None)
    extra: Extra = {}
    token = machine.put(scope, node, "race", extra)
    extra["w"] = {
        e.key: arm(machine, token, token, way.target, e)
        for way in node.out
        for e in way.target.events
    }


def chosen(machine: Machine, gateway: Node, event: Node, token: str = "") -> None:
    """An event-based gateway is left by the flow to the event that came first."""
    flow = next(f for f in gateway.out if f.target is event)
    machine.log(gateway, "left", token)
    machine.log(gateway, "taken", flow=flow.id, detail=flow.reason)


# ---------------------------------------------------------------- firing


def waiting(machine: Machine) -> Iterator[tuple[str, str, Record, Node, EventDefinition]]:
    """Yield every wait: holder, key, record, the event's node and definition; oldest holder first."""
    for token, row in list(machine.t.items()):
        if "w" in row[3]:
            nodes = machine.table(row[0])
            for key, record in list(row[3]["w"].items()):
                node, event = event_of(nodes, key)
                yield token, key, record, node, event
    for scope, scope_row in list(machine.s.items()):
        if "w" in scope_row:
            nodes = machine.table(scope)
            for key, record in list(scope_row["w"].items()):
                node, event = event_of(nodes, key)
                yield f"s{scope}", key, record, node, event


def event_of(nodes: Mapping[str, Node], key: str) -> tuple[Node, EventDefinition]:
    """Return the node and definition behind the key of a wait."""
    node_id, number = split_key(key, nodes)
    node = nodes[node_id]
    return node, node.events[number or 0]


def split_key(key: str, nodes: Mapping[str, Node]) -> tuple[str, int | None]:
    """Return the node's id and which of several definitions a key names, None where it names the whole event."""
    if key in nodes:
        return key, None
    node_id, _, number = key.rpartition("#")
    return (node_id, int(number)) if number.isdecimal() else (key, None)


def _record(machine: Machine, holder: str, key: str) -> Record | None:
    if holder.startswith("s"):
        waits = machine.s.get(holder[1:], {}).get("w") or {}
    else:
        waits = machine.t[holder][3].get("w") or {} if holder in machine.t else {}
    return waits.get(key)


def _forget(machine: Machine, holder: str, key: str) -> None:
    """Take one wait away from its holder."""
    if holder.startswith("s"):
        scope = holder[1:]
        row: dict[str, Any] = machine.s[scope]
    else:
        scope, row = machine.t[holder][0], machine.t[holder][3]
    waits = dict(row["w"])
    machine.forget(holder, key, waits.pop(key), machine.table(scope))
    row["w"] = waits


def _rearm(
    machine: Machine, holder: str, token: str, key: str, node: Node, event: EventDefinition
) -> None:
    """What does not interrupt waits on: messages and signals as they are, cycles for their next round."""
    if event.kind != "timer":
        return
    record = given(_record(machine, holder, key))
    left = record.get("r", 0)
    _forget(machine, holder, key)
    if left == 0:
        return
    calendar = getattr(machine.host, "calendar", None)
    last = datetime.fromisoformat(record["t"])
    try:
        due = moments.after(last, moments.interval(record["i"]), calendar)
    except moments.NoMoreMoments:
        return
    again: Record = {
        "n": machine.number(),
        "t": due.isoformat(),
        "r": None if left is None else left - 1,
        "i": record["i"],
    }
    row = machine.t[token][3] if token else machine.s[holder[1:]]
    row["w"] = {**row["w"], key: again}
    announce(machine, holder, token, node, event, again)


def fire_timer(machine: Machine, timer: str) -> None:
    """Fire an armed timer.

    Raises:
        NotWaiting: it is not armed (any more).
    """
    holder, _, rest = timer.partition(".")
    key, _, number = rest.rpartition(".")
    record = _record(machine, holder, key)
    if record is None or "t" not in record or str(record["n"]) != number:
        raise NotWaiting("timer", timer)
    trigger(machine, holder, key, None)


def deliver(
    machine: Machine,
    kind: str,
    name: str,
    values: Mapping[str, object] | None,
    *,
    token: str | None = None,
    correlation: str | None = None,
) -> int:
    """Deliver a signal to everything that waits for it, a message to one receiver; returns how many took it.

    token: only this receive task, catch event or host. correlation: only waits with this key, or none.
    """
    if kind == "message":
        found = receiver(machine, name, token=token, correlation=correlation)
        hits = [] if found is None else [found[:3]]
    else:
        hits = [
            (holder, key, record)
            for holder, key, record, _, event in waiting(machine)
            if event.kind == kind and event.name == name and (token is None or holder == token)
        ]
    taken = 0
    for holder, key, was in hits:
        record = _record(machine, holder, key)
        if record is not None and record["n"] == was["n"]:
            trigger(machine, holder, key, values)
            taken += 1
    return taken


def receiver(
    machine: Machine, name: str, *, token: str | None = None, correlation: str | None = None
) -> tuple[str, str, Record, Node, EventDefinition] | None:
    """Return what takes a message, None where nothing waits for it.

    A message is for one receiver (BPMN 2.0, 8.4.2 and 13.3.3). One that waits for the very key comes before one
    that waits without a key, what lies inside before what is around it, then who has waited longest.
    """
    hits = [
        wait
        for wait in waiting(machine)
        if wait[4].kind == "message"
        and wait[4].name == name
        and (token is None or wait[0] == token)
        and (correlation is None or wait[2].get("c") in (None, correlation))
    ]
    if correlation is not None:
        hits = [h for h in hits if h[2].get("c") is not None] or hits
    if len(hits) > 1:
        around = {holder for hit in hits for holder in _around(machine, hit[0])}
        hits = [h for h in hits if h[0] not in around]
    return min(hits, key=lambda h: h[2]["n"], default=None)


def _around(machine: Machine, holder: str) -> Iterator[str]:
    """Yield the holders of waits that a holder lies inside of, from the nearest outwards."""
    if holder.startswith("s"):
        scope = holder[1:]
    else:
        yield from _instances_of(machine, holder)
        scope = machine.t[holder][0]
        yield f"s{scope}"
    while owner := machine.s[scope]["o"]:
        yield owner
        yield from _instances_of(machine, owner)
        scope = machine.t[owner][0]
        yield f"s{scope}"


def _instances_of(machine: Machine, token: str) -> Iterator[str]:
    """Yield the activity as a whole that a token is one instance of, if it is one."""
    whole = machine.t[token][3].get("p")
    if whole is not None:
        yield whole


def conditions(machine: Machine) -> bool:
    """Fire what waits for a condition that has become true; return whether anything did."""
    fired = False
    for holder, key, record, _, event in list(waiting(machine)):
        if event.kind != "conditional" or event.condition is None:
            continue
        current = _record(machine, holder, key)
        if current is None or current["n"] != record["n"]:
            continue
        scope = holder[1:] if holder.startswith("s") else machine.t[holder][0]
        frame = None if holder.startswith("s") else machine.t[holder][3].get("f")
        holds = machine.evaluate(event.condition, scope, frame, event.node_id) is True
        if holds != current["s"]:
            _see(machine, holder, key, holds)
            if holds:
                trigger(machine, holder, key, None)
                fired = True
    return fired


def _see(machine: Machine, holder: str, key: str, holds: bool) -> None:
    row: dict[str, Any] = machine.s[holder[1:]] if holder.startswith("s") else machine.t[holder][3]
    row["w"] = {**row["w"], key: {**row["w"][key], "s": holds}}


def trigger(machine: Machine, holder: str, key: str, values: Mapping[str, object] | None) -> None:
    """What a holder waited for has come."""
    if holder.startswith("s"):
        _start_handler(machine, holder[1:], key, values)
        return
    scope, _, kind, _ = machine.t[holder]
    node, event = event_of(machine.table(scope), key)
    if node.together and not _all_came(machine, holder, node, key):
        machine.write_all(values, scope)
        return
    if node.kind == "boundary":
        fire_boundary(machine, holder, node, event, values)
    elif kind == "receive":
        activities.complete(machine, holder, values)
    else:
        machine.write_all(_kept(machine, scope, node, values), scope)
        if kind == "race":
            chosen(machine, machine.node(holder), node, holder)
        elif node.kind == "start" and machine.body(scope).handlers:
            arm_scope(machine, scope)  # only now has the process begun
        machine.log(node, "fired", holder)
        machine.drop(holder)
        leave_event(machine, scope, node, values)


def _kept(
    machine: Machine, scope: str, node: Node, values: Mapping[str, object] | None
) -> Mapping[str, object] | None:
    """What an action's form wrote is kept only where it routes, as with tasks."""
    if node.keeps:
        return None
    if not values or node.action is None or not node.action.form:
        return values
    routing = machine.definition_of(machine.s[scope]).routing_names
    return {k: v for k, v in values.items() if k in routing}


def _all_came(machine: Machine, holder: str, node: Node, key: str) -> bool:
    """parallelMultiple: note that one has come; return whether it was the last."""
    mine = {e.key for e in node.events}
    row: dict[str, Any] = machine.s[holder[1:]] if holder.startswith("s") else machine.t[holder][3]
    if len(mine & set(row["w"])) == 1:
        return True
    _forget(machine, holder, key)
    return False


def fire_boundary(
    machine: Machine,
    token: str,
    node: Node,
    event: EventDefinition,
    values: Mapping[str, object] | None,
) -> None:
    scope, _, _, extra = machine.t[token]
    machine.log(node, "fired", token)
    machine.write_all(_kept(machine, scope, node, values), scope)
    if not node.interrupting:
        machine.s[scope]["k"] += 1
        if event.kind in WAITING_KINDS:
            if node.together:
                _wait_again(machine, token, token, node)
            else:
                _rearm(machine, token, token, event.key, node, event)
        leave_event(machine, scope, node, values)
        return
    parent = extra.get("p")
    machine.kill(token)
    if parent is not None and parent in machine.t:
        machine.s[scope]["k"] += 1
        compensation.go_on(machine, parent)
    leave_event(machine, scope, node, values)


def _wait_again(machine: Machine, holder: str, token: str, node: Node) -> None:
    """All definitions of an event that needs them together wait anew."""
    row: dict[str, Any] = machine.t[token][3] if token else machine.s[holder[1:]]
    for event in node.events:
        if event.key in row["w"]:
            _forget(machine, holder, event.key)
    for event in node.events:
        row["w"] = {**row["w"], event.key: arm(machine, holder, token, node, event)}


def _start_handler(
    machine: Machine, scope: str, key: str, values: Mapping[str, object] | None
) -> None:
    """An event subprocess begins: an interrupting one ends everything else in its scope."""
    start, event = event_of(machine.table(scope), key)
    if start.together and not _all_came(machine, f"s{scope}", start, key):
        return
    handler = next(h for h in machine.body(scope).handlers if start_of(h) is start)
    run_handler(machine, scope, handler, start, event, values)


def run_handler(
    machine: Machine,
    scope: str,
    handler: Node,
    start: Node,
    event: EventDefinition,
    values: Mapping[str, object] | None,
) -> None:
    machine.log(start, "fired", f"s{scope}")
    row = machine.s[scope]
    if start.interrupting:
        machine.empty(scope)
        for key, record in (row.pop("w", None) or {}).items():
            machine.forget(f"s{scope}", key, record, machine.table(scope))
        row["z"] = 1
        row["k"] = 1
    else:
        row["k"] += 1
        if start.together:
            _wait_again(machine, f"s{scope}", "", start)
        elif event.kind in WAITING_KINDS:
            _rearm(machine, f"s{scope}", "", event.key, start, event)
    machine.write_all(_kept(machine, scope, start, values), scope)
    token = machine.put(scope, handler, "sub", {})
    body = given(handler.body)
    inner = machine.open(token, body, None, scope)
    machine.t[token][3]["b"] = inner
    machine.s[inner]["k"] = 1
    machine.log(handler, "entered", token)
    if body.handlers:
        arm_scope(machine, inner)
    leave_event(machine, inner, start, values)


def leave_event(
    machine: Machine, scope: str, node: Node, values: Mapping[str, object] | None = None
) -> None:
    """An event has happened: record its facts, map its data, go on."""
    machine.log(node, "left")
    if node.outputs:
        activities.map_data(machine, node.outputs, scope, values, scope, node)
    if node.records:
        activities.record(machine, node, node.records, scope, values)
    gateways.leave(machine, scope, node)


def start(
    machine: Machine,
    scope: str,
    node: Node,
    flow: Flow | None,
    parent: str | None,
    frame: Extra | None,
) -> None:
    """A start event without a definition is passed."""
    del flow, parent, frame
    leave_event(machine, scope, node)
