"""From SpiffWorkflow's process specifications to the node table that the executor runs.

One pass makes the nodes, a second ties flows, boundary events, handlers and links, a third computes
what joins need. Everything is done once a version; the result is shared and never changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeGuard

from lxml import etree

from engine.bpmn import dialect, dialect_data, dialect_events, tags
from engine.bpmn.model import (
    Activity,
    Body,
    Call,
    Definition,
    EventDefinition,
    Flow,
    Mapped,
    MessageFlow,
    Node,
    Process,
    Value,
)
from engine.bpmn.reading import Reading, line

_KINDS = {
    "task": "task",
    "manualTask": "task",
    "userTask": "user",
    "receiveTask": "receive",
    "serviceTask": "effect",
    "sendTask": "effect",
    "businessRuleTask": "rule",
    "scriptTask": "formula",
    "exclusiveGateway": "exclusive",
    "inclusiveGateway": "inclusive",
    "parallelGateway": "parallel",
    "complexGateway": "complex",
    "eventBasedGateway": "race",
    "startEvent": "start",
    "endEvent": "end",
    "intermediateCatchEvent": "catch",
    "intermediateThrowEvent": "throw",
    "boundaryEvent": "boundary",
    "subProcess": "subprocess",
    "transaction": "subprocess",
    "adHocSubProcess": "subprocess",
    "callActivity": "call",
}
# What a boundary event or the start of an event subprocess waits for; the others are sought when thrown.
WAITING_KINDS = frozenset(("message", "signal", "timer", "conditional"))


def names_of(root: etree._Element, reading: Reading) -> None:
    """Read what references stand for: messages, signals, errors, escalations, data objects."""
    objects: set[str] = set()
    reading.literal = tags.DROOLS in root.nsmap.values()
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        name, key = tags.local(element), str(element.get("id"))
        if name in ("message", "signal"):
            reading.foreign(element.get("name") or "", element, "name")
        if element.get("errorCode") or element.get("escalationCode"):
            reading.coded.add(key)
        if name == "message":
            subscription = tags.extension(element, tags.ZEEBE, "subscription")
            if subscription is not None and subscription.get("correlationKey"):
                reading.subscriptions[key] = str(subscription.get("correlationKey"))
            reading.messages[key] = (element.get("name") or "").strip() or key
        elif name == "signal":
            reading.signals[key] = (element.get("name") or "").strip() or key
        elif name == "error":
            reading.errors[key] = element.get("errorCode") or element.get("name") or key
        elif name == "escalation":
            reading.escalations[key] = element.get("escalationCode") or element.get("name") or key
        elif name in ("dataObject", "property"):
            reading.data[key] = (element.get("name") or "").strip() or key
            objects.add(key)
    for element in root.iter(tags.tag("dataObjectReference"), tags.tag("dataStoreReference")):
        target = element.get("dataObjectRef") or ""
        own = (element.get("name") or "").strip() or str(element.get("id"))
        if reading.data.get(target) == target and element.get("name"):
            reading.data[target] = own  # modelers name the reference and leave the object nameless
        reading.data[str(element.get("id"))] = reading.data.get(target) or own
    reading.data_ids = {
        name: key for key, name in reading.data.items() if key != name and key in objects
    }


class FileCompiler:
    """Compiles the executable processes of one file."""

    def __init__(
        self, file: str, root: etree._Element, specs: Mapping[str, Any], reading: Reading
    ) -> None:
        self.file, self.root, self.specs, self.reading = file, root, specs, reading
        self.lanes = _lanes(root)
        self.associations = [
            (str(a.get("sourceRef")), str(a.get("targetRef")))
            for a in root.iter(tags.tag("association"))
        ]

    def processes(self) -> list[Process]:
        """Return the processes of the file, in document order."""
        found = [
            self._process(element)
            for element in self.root.iter(tags.tag("process"))
            if element.get("id") in self.specs
        ]
        for process in found:
            for node in process.nodes.values():
                node.outputs = tuple(self._also_by_id(node.outputs))
        return found

    def _also_by_id(self, outputs: tuple[Mapped, ...]) -> Iterator[Mapped]:
        """What is written to a data object is written by its id too, where an expression reads that."""
        for mapped in outputs:
            yield mapped
            other = self.reading.data_ids.get(mapped.target, mapped.target)
            if other != mapped.target and other in self.reading.names:
                yield replace(mapped, target=other)

    def _process(self, element: etree._Element) -> Process:
        process_id = str(element.get("id"))
        body = Body(process_id, process_id)
        process = Process(process_id, element.get("name") or process_id, self.file, body)
        self._body(process, body, element)
        for made in process.bodies.values():
            _tie_joins(made)
        return process

    def _body(self, process: Process, body: Body, element: etree._Element) -> None:
        process.bodies[body.id] = body
        spec = self.specs[body.id]
        task_specs = [
            t for t in spec.task_specs.values() if getattr(t, "bpmn_id", None) is not None
        ]
        for task_spec in task_specs:
            node = self._node(process, body, task_spec)
            body.nodes[node.id] = process.nodes[node.id] = node
        for task_spec in task_specs:
            self._tie(body, body.nodes[task_spec.bpmn_id], task_spec)
        _tie_links(body)
        _tie_compensation(body, self.associations)
        self._data(body, element)
        self._enter(body, element)

    def _node(self, process: Process, body: Body, spec: Any) -> Node:
        element, reading = spec.extensions["element"], self.reading
        tag = tags.local(element)
        node = Node(
            id=spec.bpmn_id,
            kind=_KINDS[tag],
            tag=tag,
            process_id=process.id,
            name=spec.bpmn_name or "",
            line=line(element),
            documentation=spec.documentation or "",
            parent=body,
            lanes=tuple(str(lane.get("id")) for lane in self._lanes_of(element)),
        )
        node.records = dialect.records(element, reading)
        node.effects = dialect.effects(element, reading)
        if tag in tags.ACTIVITIES:
            self._activity(node, element)
        elif tag in tags.EVENTS:
            self._event(node, element)
        elif tag == "eventBasedGateway":
            node.together = element.get("eventGatewayType") == "Parallel"
        elif tag == "complexGateway":
            text = tags.text(tags.child(element, "activationCondition"))
            if text:
                node.activation = reading.expression(text, element, "activation condition")
        if tag in tags.SUBPROCESSES:
            node.by_event = element.get("triggeredByEvent") == "true"
            node.transaction = tag == "transaction"
            node.body = Body(node.id, process.id)
            if tag == "adHocSubProcess":
                node.body.adhoc = dialect.adhoc(element, reading)
            self._body(process, node.body, element)
        return node

    def _activity(self, node: Node, element: etree._Element) -> None:
        reading = self.reading
        node.repeat = dialect.repeat(element, reading)
        node.needs = int(element.get("startQuantity") or 1)
        node.gives = int(element.get("completionQuantity") or 1)
        if node.tag == "callActivity":
            node.call = dialect.call(element, reading)
            return
        if node.kind in ("user", "receive"):
            node.work = dialect.work(element, self._lanes_of(element), reading)
        if node.tag in ("receiveTask", "sendTask"):
            message = dialect_events.message_of(element, reading)
            node.events = (message,) if message else ()
            node.action = dialect.action(element, message.name if message else None)
            if node.tag == "sendTask" and message and not node.effects:
                node.kind = "send"
        if node.tag == "businessRuleTask":
            self._rule(node, element)
        if node.tag == "scriptTask":
            text, node.result = dialect.formula(element)
            node.formula = reading.feel(text, element, "script")
        node.inputs = tuple(dialect_data.mappings(element, "in", reading))
        node.outputs = tuple(dialect_data.mappings(element, "out", reading))
        node.keeps = dialect_data.keeps(element)

    def _rule(self, node: Node, element: etree._Element) -> None:
        zeebe = tags.extension(element, tags.ZEEBE, "calledDecision")
        reference = tags.vendor(element, "decisionRef") or tags.vendor(
            element, "decisionTableReferenceKey"
        )
        node.result = tags.vendor(element, "resultVariable")
        if zeebe is not None:
            reference = reference or zeebe.get("decisionId")
            node.result = node.result or zeebe.get("resultVariable")
        node.decision = self.reading.value(reference, element, "decision")
        if node.decision is None and node.effects:
            node.kind = "effect"

    def _event(self, node: Node, element: etree._Element) -> None:
        node.events = dialect_events.event_definitions(element, self.reading)
        node.together = element.get("parallelMultiple") == "true"
        node.last = node.kind in ("throw", "end") and any(e.kind == "signal" for e in node.events)
        if node.tag == "boundaryEvent":
            node.interrupting = element.get("cancelActivity") != "false"
            if any(e.kind == "error" for e in node.events):
                node.interrupting = True
        if node.tag == "startEvent":
            node.interrupting = element.get("isInterrupting") != "false"
            if any(e.kind == "error" for e in node.events):
                node.interrupting = True
        message = next((e.name for e in node.events if e.kind == "message"), None)
        node.action = dialect.action(element, message)
        node.inputs = tuple(dialect_data.associations(element, "in", self.reading))
        node.outputs = tuple(dialect_data.mappings(element, "out", self.reading))
        node.keeps = dialect_data.keeps(element)

    def _tie(self, body: Body, node: Node, spec: Any) -> None:
        element = spec.extensions["element"]
        default = element.get("default")
        for flow_element in spec.extensions["flows"]:
            target = body.nodes[flow_element.get("targetRef")]
            flow = Flow(str(flow_element.get("id")), target)
            text = tags.text(tags.child(flow_element, "conditionExpression"))
            if text:
                flow.condition = self.reading.expression(text, flow_element, "condition")
            reason = tags.extension(flow_element, tags.GK, "reason")
            if reason is not None:
                flow.reason = (reason.text or reason.get("text") or "").strip() or None
            if flow.id == default:
                node.default = flow
            node.out.append(flow)
            target.incoming = (*target.incoming, flow.id)
        node.plain = node.default is None and all(f.condition is None for f in node.out)
        for event_spec in spec.extensions.get("boundary", ()):
            event = body.nodes[event_spec.bpmn_id]
            event.host = node
            if any(e.kind == "compensate" for e in event.events):
                continue
            node.boundary.append(event)
            if any(e.kind in WAITING_KINDS for e in event.events):
                node.armed.append(event)

    def _data(self, body: Body, element: etree._Element) -> None:
        """Data objects and properties of a subprocess live in it; those of a process are case variables."""
        names: dict[str, None] = {}
        for data in tags.children(element, "dataObject", "property"):
            name = self.reading.data[str(data.get("id"))]
            names[name] = None
            if (value := dialect_data.first_value(data)) is not None:
                body.first[name] = value
        if body.id != body.process_id:
            body.data = tuple(names)
        for subscription in tags.children(element, "correlationSubscription"):
            for binding in tags.children(subscription, "correlationPropertyBinding"):
                text = tags.text(tags.child(binding, "dataPath"))
                value = self.reading.feel(text, binding, "correlation")
                key = tags.without_prefix(binding.get("correlationPropertyRef"))
                if value is not None:
                    body.keys[key] = value

    def _enter(self, body: Body, element: etree._Element) -> None:
        """Find where tokens begin and which event subprocesses listen."""
        for node in body.nodes.values():
            if node.by_event and node.body is not None:
                starts = [n for n in node.body.nodes.values() if n.kind == "start"]
                if any(e.kind == "compensate" for s in starts for e in s.events):
                    body.compensation = node
                else:
                    body.handlers.append(node)
        starts = [n for n in body.nodes.values() if n.kind == "start"]
        plain = [n for n in starts if not n.events]
        body.triggers = [n for n in starts if n.events] + _instantiating(body, self.root)
        handled = {n.handler.id for n in body.nodes.values() if n.handler is not None}
        handled |= {str(e.get("id")) for e in element if e.get("isForCompensation") == "true"}
        free = [n for n in body.nodes.values() if _begins(n) and n.id not in handled]
        if body.adhoc is not None:
            body.adhoc.enabled = tuple(n.id for n in free)
        elif plain:
            body.starts = plain[:1]
        elif not starts and not body.triggers:
            body.starts = free

    def _lanes_of(self, element: etree._Element) -> list[etree._Element]:
        """Return the lanes around an element, outermost first; a subprocess's content stands in its lane."""
        at: etree._Element | None = element
        while at is not None:
            if found := self.lanes.get(str(at.get("id"))):
                return found
            at = at.getparent()
        return []


def _begins(node: Node) -> bool:
    return not (
        node.incoming
        or node.by_event
        or node.kind in ("boundary", "start")
        or _is_link_target(node)
    )


def _is_link_target(node: Node) -> bool:
    return node.kind == "link" or (
        node.kind == "catch" and any(e.kind == "link" for e in node.events)
    )


def _instantiating(body: Body, root: etree._Element) -> list[Node]:
    """Return what starts a process besides start events: receive tasks and gateways with ``instantiate``."""
    found = []
    for node in body.nodes.values():
        if node.incoming or node.tag not in ("receiveTask", "eventBasedGateway"):
            continue
        element = next(e for e in root.iter(tags.tag(node.tag)) if e.get("id") == node.id)
        if element.get("instantiate") == "true":
            found += [node] if node.tag == "receiveTask" else [f.target for f in node.out]
    return found


def _lanes(root: etree._Element) -> dict[str, list[etree._Element]]:
    found: dict[str, list[etree._Element]] = {}
    for reference in root.iter(tags.tag("flowNodeRef")):
        around = list(reference.iterancestors(tags.tag("lane")))
        around.reverse()
        if len(around) >= len(found.get(tags.text(reference), ())):
            found[tags.text(reference)] = around
    return found


def _tie_links(body: Body) -> None:
    """A link throw goes on at the catch event of its name in the same body; both are plain nodes then."""
    targets = {
        e.name: node
        for node in body.nodes.values()
        if node.kind == "catch"
        for e in node.events
        if e.kind == "link"
    }
    for node in body.nodes.values():
        link = next((e for e in node.events if e.kind == "link"), None)
        if link is None:
            continue
        node.kind = "link"
        if node.tag == "intermediateThrowEvent" and link.name in targets:
            target = targets[link.name]
            flow = Flow(f"{node.id}->{target.id}", target)
            node.out = [flow]
            target.incoming = (*target.incoming, flow.id)
    for node in targets.values():
        node.kind = "link"


def _tie_compensation(body: Body, joined: list[tuple[str, str]]) -> None:
    """A compensation boundary event and its handler are joined by an association, drawn at any level."""
    for event in list(body.nodes.values()):
        if event.kind != "boundary" or event.host is None:
            continue
        if not any(e.kind == "compensate" for e in event.events):
            continue
        for source, target in joined:
            other = target if source == event.id else source if target == event.id else None
            if other in body.nodes:
                event.host.handler = body.nodes[other]


def _tie_joins(body: Body) -> None:
    """For each inclusive or complex join: from where each of its flows can still be reached."""
    joins = [n for n in body.nodes.values() if _looks_back(n)]
    if not joins:
        return
    into: dict[str, list[str]] = {}
    source_of: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for node in body.nodes.values():
        for flow in node.out:
            into.setdefault(flow.target.id, []).append(node.id)
            source_of[flow.id] = node.id
        if node.kind == "boundary" and node.host is not None:
            hosts[node.id] = node.host.id
    for join in joins:
        sources = {flow: source_of[flow] for flow in join.incoming}
        join.before_by_flows = {f: _back_from(at, join.id, into, {}) for f, at in sources.items()}
        join.before = {f: _back_from(at, join.id, into, hosts) for f, at in sources.items()}


def _back_from(
    source: str, stop: str, into: Mapping[str, list[str]], hosts: Mapping[str, str]
) -> frozenset[str]:
    """Return the nodes from which a node can be reached without passing ``stop``; a boundary event from its host."""
    seen: set[str] = set()
    stack = [source]
    while stack:
        at = stack.pop()
        if at != stop and at not in seen:
            seen.add(at)
            stack.extend(into.get(at, ()))
            if at in hosts:
                stack.append(hosts[at])
    return frozenset(seen)


def _looks_back(node: Node) -> bool:
    return node.kind == "complex" or (node.kind == "inclusive" and len(node.incoming) > 1)


# ---------------------------------------------------------------- the whole definition


def assemble(
    sources: Mapping[str, bytes],
    compiled: Iterable[tuple[etree._Element, Reading, list[Process]]],
    main: str | None,
) -> Definition:
    """Put the compiled files together; ``main`` names the process to start, else it is chosen."""
    files = list(compiled)
    processes = {p.id: p for _, _, found in files for p in found}
    clocks: dict[str, object] = {}
    flows: dict[str, tuple[str, str, str]] = {}
    message_flows: list[MessageFlow] = []
    correlations: dict[str, dict[str, Value]] = {}
    names: set[str] = set()
    for root, reading, _ in files:
        clocks.update(clocks_of(root))
        names |= reading.names
        for flow in root.iter(tags.tag("sequenceFlow")):
            flows[str(flow.get("id"))] = (
                str(flow.get("sourceRef")),
                str(flow.get("targetRef")),
                flow.get("name") or "",
            )
        message_flows += _message_flows(root, processes)
        _participants(root, processes)
        for message, keys in _correlations(root, reading).items():
            correlations.setdefault(message, {}).update(keys)
    nodes = [n for p in processes.values() for n in p.nodes.values()]
    return Definition(
        main=main or choose_main(processes),
        processes=processes,
        activities={n.id: _activity(n) for n in nodes},
        clocks=clocks,
        actions={n.id: n.action for n in nodes if n.action is not None},
        routing_names=frozenset(names),
        flows=flows,
        messages=frozenset(n for _, r, _ in files for n in r.messages.values())
        | {e.name for n in nodes for e in n.events if e.kind == "message" and e.name},
        signals=frozenset(n for _, r, _ in files for n in r.signals.values())
        | {e.name for n in nodes for e in n.events if e.kind == "signal" and e.name},
        xml=dict(sources),
        version=fingerprint(sources),
        message_flows=tuple(message_flows),
        correlations=correlations,
        message_ids={k: v for _, r, _ in files for k, v in r.messages.items()},
        signal_ids={k: v for _, r, _ in files for k, v in r.signals.items()},
        calls=tuple(dict.fromkeys(n.call.process.text for n in nodes if _is_named(n.call))),
        watched=frozenset(
            name for n in nodes for e in n.events if e.condition for name in e.condition.names
        ),
    )


def _is_named(call: Call | None) -> TypeGuard[Call]:
    return call is not None and call.process.expression is None


def fingerprint(sources: Mapping[str, bytes]) -> str:
    """Return the hash under which a set of sources is a version."""
    digest = hashlib.sha256()
    for name in sorted(sources):
        digest.update(name.encode() + b"\0" + hashlib.sha256(sources[name]).digest())
    return digest.hexdigest()


def choose_main(processes: Mapping[str, Process]) -> str:
    """Return the process to start where nobody says: the first that no other calls and that can start."""
    called = {
        n.call.process.text
        for p in processes.values()
        for n in p.nodes.values()
        if n.call is not None
    }
    free = [p for p in processes.values() if p.id not in called] or list(processes.values())
    startable = [p for p in free if p.body.starts] or free
    return startable[0].id


def clocks_of(root: etree._Element) -> dict[str, object]:
    """Read ``gk:clock`` of the file through the clocks' own reader."""
    from engine.bpmn.clocks import read_clocks

    return dict(read_clocks(root))


def _activity(node: Node) -> Activity:
    work = node.work
    due = work.due if work else None
    return Activity(
        id=node.id,
        name=node.name or node.id,
        kind=node.kind,
        groups=tuple(v.text for v in work.groups) if work else (),
        form=work.form if work else (node.action.form if node.action else None),
        separation=work.separation if work else (),
        unit=work.unit.text if work and work.unit else None,
        due={k: v.text for k, v in due.items()} if due else None,
        documentation=node.documentation,
        process_id=node.process_id,
        button=work.button if work else None,
        buttons=work.buttons if work else (),
    )


def _participants(root: etree._Element, processes: Mapping[str, Process]) -> None:
    for participant in root.iter(tags.tag("participant")):
        process = processes.get(participant.get("processRef") or "")
        if process is not None:
            process.participant = participant.get("id")


def _message_flows(root: etree._Element, processes: Mapping[str, Process]) -> list[MessageFlow]:
    pools = {p.get("id"): p.get("processRef") for p in root.iter(tags.tag("participant"))}
    owner = {n.id: p.id for p in processes.values() for n in p.nodes.values()}

    def process_of(element_id: str) -> str | None:
        return owner.get(element_id) or pools.get(element_id)

    found = []
    for flow in root.iter(tags.tag("messageFlow")):
        source, target = str(flow.get("sourceRef")), str(flow.get("targetRef"))
        found.append(MessageFlow(source, target, process_of(source), process_of(target)))
    return found


def _correlations(root: etree._Element, reading: Reading) -> dict[str, dict[str, Value]]:
    """Read correlation properties: message name -> property id -> FEEL over the sender's data."""
    found: dict[str, dict[str, Value]] = {}
    for prop in root.iter(tags.tag("correlationProperty")):
        for retrieval in tags.children(prop, "correlationPropertyRetrievalExpression"):
            message = tags.without_prefix(retrieval.get("messageRef"))
            path = tags.child(retrieval, "messagePath")
            if path is None:
                path = tags.child(retrieval, "formalExpression")
            value = reading.feel(tags.text(path), retrieval, "correlation")
            if value is not None:
                name = reading.messages.get(message, message)
                found.setdefault(name, {})[str(prop.get("id"))] = value
    return found


def waits(definition: EventDefinition) -> bool:
    """Return whether an event with this definition waits (rather than being sought when thrown)."""
    return definition.kind in WAITING_KINDS
