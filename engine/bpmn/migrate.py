"""From one version's node table to another's: tokens, joins, waits, counters and records of one instance.

Nothing runs here. What stands keeps its number and its place under the new ids; moments of timers, loop counters,
what joins hold and what could be undone go along. What the new version does not have in the same kind and at
the same level is an obstacle, and then nothing is moved.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from engine.bpmn import activities, events
from engine.bpmn.compile import WAITING_KINDS
from engine.bpmn.findings import ERROR, Finding
from engine.bpmn.machine import Machine
from engine.bpmn.model import Body, Definition, EventDefinition, Node, Process, Value, Work
from engine.bpmn.step import Host, State
from engine.errors import EngineError
from engine.words import in_two

Mapped = Mapping[str, str]
Row = dict[str, Any]
Awaited = dict[str, tuple[Node, EventDefinition]]


class NotMovable(EngineError):
    """A case cannot be carried over to another version; ``obstacles`` says where and why, nothing was changed."""

    code = "not_movable"

    def __init__(self, obstacles: list[Finding]) -> None:
        super().__init__("; ".join(o.message_en for o in obstacles))
        self.obstacles = obstacles
        self.sentence = in_two(obstacles[0].message, obstacles[0].message_en)


def obstacles(
    old: Definition, new: Definition, state: State, mapping: Mapped | None = None
) -> list[Finding]:
    """Return why a state of ``old`` cannot stand in ``new``; empty where it can.

    mapping: old id -> new id, of nodes, flows and processes whose id changed.
    """
    mover = _Mover(old, new, state, mapping or {})
    mover.move()
    return mover.found


def migrate(
    old: Definition, new: Definition, host: Host, state: State, mapping: Mapped | None = None
) -> State:
    """Return the state as it stands in the new version.

    An event that only the new version has begins to wait now; one that it has no more waits no longer. A timer
    that hangs on a clock takes its offset from the new drawing, any other keeps its moment.

    Raises:
        NotMovable: something that stands in the old version has no place in the new one.
        StepFailed: what the new version says of an open task or a new timer cannot be computed.
    """
    mover = _Mover(old, new, state, mapping or {})
    moved = mover.move()
    if mover.found:
        raise NotMovable(mover.found)
    machine = Machine(new, host, moved)
    mover.arm(machine)
    return machine.state()


class _Mover:
    """One state on its way; obstacles are collected, not raised."""

    def __init__(self, old: Definition, new: Definition, state: State, mapping: Mapped) -> None:
        self.old, self.new, self.mapping = old, new, mapping
        self.state: State = copy.deepcopy(state)
        self.found: list[Finding] = []
        self.fresh: list[
            tuple[str, str]
        ] = []  # holder, key: to be armed, only the new version has it
        self.changed: list[tuple[str, str]] = []  # timers that hang on a clock in another way
        self.offers: list[str] = []  # open tasks that are offered in another way
        self.bodies: dict[str, Body] = {}  # scope -> its body in the new version

    def move(self) -> State:
        """Carry everything over as far as it goes."""
        before = self.state["s"]
        own = {s: self.old.processes[r["p"]] for s, r in before.items() if "d" not in r}
        for scope, process in own.items():
            self._scope(scope, before[scope], process)
        for token, row in self.state["t"].items():
            process_of = own.get(row[0])
            if process_of is not None and row[0] in self.bodies:
                self._token(token, row, process_of)
        self.state["q"] = sum("s" in record for record in self._records())
        return self.state

    def _records(self) -> Iterator[Row]:
        for row in self.state["s"].values():
            yield from (row.get("w") or {}).values()
        for token in self.state["t"].values():
            yield from (token[3].get("w") or {}).values()

    # ------------------------------------------------------------ names

    def _id(self, old_id: str) -> str:
        return self.mapping.get(old_id, old_id)

    def _process(self, old_id: str) -> Process | None:
        found = self.new.processes.get(self._id(old_id))
        if found is None and old_id == self.old.main:
            found = self.new.processes[self.new.main]
        return found

    def _say(self, node: Node, zh: str, en: str) -> None:
        named = f"“{node.name}”（{node.id}）" if node.name else f"“{node.id}”"
        file = self.old.processes[node.process_id].file
        found = Finding(
            file, node.id, "migration", ERROR, f"{named}{zh}", f"{node.id}: {en}", node.line
        )
        if found not in self.found:
            self.found.append(found)

    def _target(self, node: Node, body: Body | None) -> Node | None:
        """Return the node of the new version for one of the old; say so where there is none such."""
        process = self._process(node.process_id)
        target = process.nodes.get(self._id(node.id)) if process is not None else None
        if target is None:
            self._say(
                node,
                "在新版本里没有了，案件正停在这里；请指明改到哪一步，或先办完这一步",
                "the case stands here and the new version has no such element",
            )
        elif (target.kind, target.tag) != (node.kind, node.tag):
            self._say(
                node,
                f"在新版本里成了另一种元素（{target.tag}），不能接着办",
                f"a {node.tag} here, a {target.tag} in the new version",
            )
        elif body is not None and target.parent is not body:
            self._say(
                node,
                "在新版本里移到了另一层子流程，不能接着办",
                "it stands on another level in the new version",
            )
        else:
            return target
        return None

    # ------------------------------------------------------------ scopes

    def _scope(self, scope: str, row: Row, process: Process) -> None:
        body, target = process.bodies[row["c"]], self._process(process.id)
        key = target.id if target is not None and row["c"] == process.id else self._id(row["c"])
        found = target.bodies.get(key) if target is not None else None
        holder = next((n for n in process.nodes.values() if n.body is body), None)
        if holder is not None and self._target(holder, None) is None:
            return
        if found is None or target is None:
            self._lost(process)
            return
        self.bodies[scope] = found
        row["p"], row["c"] = target.id, found.id
        if "x" in row:
            row["x"] = [self._record(r, body, found) for r in row["x"]]
        if "y" in row:
            row["y"] = {self._id(a): 1 for a in row["y"] if self._id(a) in found.nodes}
        if found.data:
            row["v"] = {**dict.fromkeys(found.data), **(row.get("v") or {})}
        for place in ("j", "g"):
            if place in row:
                row[place] = dict(self._joins(row[place], body, found))
        if not row.get("z") and not self._gathers(scope, process.nodes):
            self._waits(f"s{scope}", row, dict(_listens(body)), dict(_listens(found)))

    def _gathers(self, scope: str, nodes: Mapping[str, Node]) -> bool:
        """A process that still gathers what its start needs listens to nothing else."""
        catching = (r for r in self.state["t"].values() if r[0] == scope and r[2] == "catch")
        return any(nodes[row[1]].kind == "start" for row in catching)

    def _lost(self, process: Process) -> None:
        name = process.name or process.id
        found = Finding(
            process.file,
            process.id,
            "migration",
            ERROR,
            f"流程“{name}”在新版本里没有了，案件正在其中",
            f"{process.id}: the case is in this process, which the new version has not",
        )
        if found not in self.found:
            self.found.append(found)

    def _record(self, record: list[Any], body: Body, into: Body) -> list[Any]:
        """Carry over what could be undone: ``[activity, locals, records inside]``."""
        activity, frame, inner = record
        node = body.nodes[activity]
        target = into.nodes.get(self._id(activity))
        if target is None:
            self._say(
                node,
                "已经办完，以后可能要撤销，而新版本里没有它",
                "it was completed and can be undone, and the new version has no such activity",
            )
            return record
        if inner and node.body is not None and target.body is not None:
            inner = [self._record(r, node.body, target.body) for r in inner]
        return [target.id, frame, inner]

    def _joins(self, joins: Row, body: Body, into: Body) -> Iterator[tuple[str, Any]]:
        """Carry over what gateways (and activities that need several tokens) hold, flow by flow."""
        for join_id, held in joins.items():
            node = body.nodes[join_id]
            target = self._target(node, into)
            if target is None:
                continue
            flows = {flow: self._flow(flow, node, body, target, into) for flow in held}
            if None in flows.values():
                self._say(
                    node,
                    "已经等到的分支在新版本里没有了，不能接着等",
                    "it holds a token of a flow that the new version has not",
                )
            elif isinstance(held, dict):
                yield target.id, {flows[flow]: count for flow, count in held.items()}
            else:
                yield target.id, [flows[flow] for flow in held]

    def _flow(self, flow: str, join: Node, body: Body, target: Node, into: Body) -> str | None:
        """Return a flow of the new version: by its id, else by the one node that it comes from."""
        if flow == "*" or self._id(flow) in target.incoming:
            return self._id(flow)
        sources = [n for n in body.nodes.values() if any(f.id == flow for f in n.out)]
        source = into.nodes.get(self._id(sources[0].id)) if sources else None
        ways = [f.id for f in source.out if f.target is target] if source is not None else []
        return ways[0] if len(ways) == 1 else None

    # ------------------------------------------------------------ tokens

    def _token(self, token: str, row: list[Any], process: Process) -> None:
        node = process.nodes[row[1]]
        target = self._target(node, self.bodies[row[0]])
        if target is None:
            return
        kind, extra = row[2], row[3]
        row[1] = target.id
        if not _repeats_alike(node, target):
            self._say(
                node,
                "在新版本里的循环或多实例方式变了，不能接着办",
                "it is repeated in another way in the new version",
            )
            return
        if kind == "multi" and target.repeat is not None and target.repeat.output:
            extra.setdefault("r", [None] * extra.get("n", 0))
        for records in ("todo", "x"):
            if records in extra and target.parent is not None and node.parent is not None:
                extra[records] = [
                    self._record(r, node.parent, target.parent) for r in extra[records]
                ]
        if kind in ("user", "receive") and _offer(node.work) != _offer(target.work):
            self.offers.append(token)
        edge = kind in ("user", "receive", "sub", "multi") and not self._is_instance(row)
        was, now = (dict(_awaits(kind, n, at_edge=edge)) for n in (node, target))
        self._waits(token, extra, was, now)

    def _is_instance(self, row: list[Any]) -> bool:
        parent = self.state["t"].get(row[3].get("p", ""))
        return parent is not None and parent[2] == "multi"

    # ------------------------------------------------------------ waits

    def _waits(self, holder: str, row: Row, was: Awaited, now: Awaited) -> None:
        """Carry over the waits of a holder; note those that only the new version has.

        What the old version had and does not wait any more (a reminder sent, one of several that has come)
        does not begin again.
        """
        waits, names = row.get("w") or {}, {}
        for key, (node, event) in was.items():
            found = self._same(node, event, now)
            if found is None:
                continue
            names[key] = found.key
            if key in waits and event.kind == "timer" and _hangs(event) != _hangs(found):
                self.changed.append((holder, found.key))
        self.fresh += [(holder, key) for key in now if key not in names.values()]
        kept = {names[key]: record for key, record in waits.items() if key in names}
        if "w" in row:
            row["w"] = kept

    def _same(self, node: Node, event: EventDefinition, now: Awaited) -> EventDefinition | None:
        """Return the definition that stands for an old one: the same key, else the only one of its kind."""
        node_id = self._id(node.id)
        key = node_id + event.key[len(node.id) :]
        if key in now and now[key][1].kind == event.kind:
            return now[key][1]
        alike = [e for n, e in now.values() if n.id == node_id and e.kind == event.kind]
        return alike[0] if len(alike) == 1 else None

    # ------------------------------------------------------------ what is new

    def arm(self, machine: Machine) -> None:
        """Let wait what only the new version has, and look again at what is drawn in another way."""
        for holder, key in self.changed:
            number, counter = _row(machine, holder)["w"][key]["n"], machine.n
            _arm(machine, holder, key)["n"] = number
            machine.n = counter
        for holder, key in self.fresh:
            _arm(machine, holder, key)
        for token in self.offers:
            activities.offer_again(machine, token)


def _row(machine: Machine, holder: str) -> Row:
    """Return what holds the waits of a token, or of a scope (``s`` and its number)."""
    row: Row = machine.s[holder[1:]] if holder.startswith("s") else machine.t[holder][3]
    return row


def _arm(machine: Machine, holder: str, key: str) -> Row:
    """Begin to wait for one definition; returns its record."""
    scope, token = (holder[1:], "") if holder.startswith("s") else (machine.t[holder][0], holder)
    node, event = events.event_of(machine.table(scope), key)
    row = _row(machine, holder)
    record = events.arm(machine, holder, token, node, event)
    row["w"] = {**(row.get("w") or {}), key: record}
    return record


def _listens(body: Body) -> Iterator[tuple[str, tuple[Node, EventDefinition]]]:
    """Yield what the event subprocesses of a body listen for, by key."""
    for start in map(events.start_of, body.handlers):
        yield from ((e.key, (start, e)) for e in start.events if e.kind in WAITING_KINDS)


def _awaits(
    kind: str, node: Node, *, at_edge: bool
) -> Iterator[tuple[str, tuple[Node, EventDefinition]]]:
    """Yield what a token at a node waits for, by key; ``at_edge``: its boundary events, too."""
    if kind == "catch" or (kind == "receive" and node.events):
        yield from ((e.key, (node, e)) for e in node.events)
    elif kind == "race":
        yield from ((e.key, (f.target, e)) for f in node.out for e in f.target.events)
    for boundary in node.armed if at_edge else ():
        yield from ((e.key, (boundary, e)) for e in boundary.events if e.kind in WAITING_KINDS)


def _hangs(event: EventDefinition) -> tuple[str | None, ...]:
    """Return on which clock a timer hangs and how; nothing of it where it has a moment of its own."""
    if event.timer != "clock":
        return ()
    return (event.clock, _text(event.offset), _text(event.party))


def _text(value: Value | None) -> str | None:
    return None if value is None else value.text


def _offer(work: Work | None) -> object:
    """Return how a task is offered, as drawn."""
    if work is None:
        return None
    due = {key: value.text for key, value in (work.due or {}).items()}
    one = [_text(v) for v in (work.assignee, work.unit, work.priority)]
    return [v.text for v in work.groups], [v.text for v in work.users], one, due


def _repeats_alike(node: Node, target: Node) -> bool:
    one, other = node.repeat, target.repeat
    if one is None or other is None:
        return one is other
    return one.kind == other.kind and (one.collection is None) == (other.collection is None)
