"""The node table: what a diagram says, compiled once a version and never changed afterwards.

Nothing here runs anything. Nodes keep the ids of the drawing, so that history, screens and migration
speak of what the administrator sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar


class Expression(Protocol):
    """A compiled FEEL expression (engine.feel)."""

    @property
    def names(self) -> frozenset[str]: ...

    def evaluate(
        self,
        names: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]] | None = None,
    ) -> object: ...


@dataclass(slots=True, eq=False, frozen=True)
class Value:
    """An attribute that is a constant, or FEEL after ``=``."""

    text: str
    expression: Expression | None = None


@dataclass(slots=True, eq=False)
class Flow:
    """A sequence flow; ``reason`` is the sentence of ``gk:reason`` for the audit trail."""

    id: str
    target: Node
    condition: Expression | None = None
    reason: str | None = None

    def __repr__(
        self,
    ) -> str:  # the nodes of a drawing name each other: written out it would never end
        return f"<{type(self).__name__} {self.id}>"


@dataclass(slots=True, eq=False)
class Action:
    """``gk:action``: while the event waits, the case page offers it as a button."""

    label: str
    group: str | None
    form: str | None
    message: str | None
    element: str


@dataclass(slots=True, eq=False)
class EventDefinition:
    """One definition on an event.

    kind: message, signal, timer, conditional, error, escalation, cancel, compensate, terminate or link.
    key: what a wait for it is called: the node's id, with ``#n`` where a node has several.
    name: of message or signal; code of error or escalation, else its name.
    any: an error or escalation without a code: an event that catches it catches every one.
    """

    key: str
    kind: str
    node_id: str
    name: str | None = None
    any: bool = False
    timer: str | None = None  # date, duration or cycle
    text: Value | None = None
    clock: str | None = None
    offset: Value | None = None
    party: Value | None = None  # whose clock, where it runs once per party
    condition: Expression | None = None
    activity: str | None = None
    wait: bool = True
    correlation: Value | None = None
    code_name: str | None = None  # variable that takes the code of a caught error or escalation


@dataclass(slots=True, eq=False)
class Recorded:
    """``gk:records``: completing the activity records this case event; ``kind`` says which, where it depends."""

    event: str
    date: Value | None
    fields: dict[str, Value]
    kind: Value | None = None


@dataclass(slots=True, eq=False)
class EffectCall:
    """``gk:effect``: a name, its arguments, and the variable that takes the answer."""

    name: str
    arguments: dict[str, Value]
    result: str | None


@dataclass(slots=True, eq=False)
class ThrownWhenDone:
    """What a multi-instance activity throws when an instance completes (``behavior`` None, One or Complex)."""

    event: EventDefinition
    first_only: bool = False
    condition: Expression | None = None


@dataclass(slots=True, eq=False)
class Repeat:
    """Multi-instance or standard loop of an activity."""

    kind: str  # parallel, sequential or loop
    cardinality: Value | None = None
    collection: Value | None = None
    item: str | None = None
    output: str | None = None
    output_item: Value | None = None
    condition: Expression | None = None  # completion condition, or the loop's condition
    maximum: Value | None = None
    test_before: bool = False
    throws: tuple[ThrownWhenDone, ...] = ()
    first: int = 0  # the loopCounter of the first instance


@dataclass(slots=True, eq=False)
class Mapped:
    """One mapping of data: ``source`` evaluated where it comes from, written as ``target``."""

    source: Value | None  # None: all variables
    target: str
    optional: bool = False  # a source that is not there leaves the target as it was
    but: frozenset[str] = frozenset()  # of all variables, those that are not handed on
    inside: tuple[
        str, ...
    ] = ()  # the way to the entry of ``target`` that is written, where not all of it


@dataclass(slots=True, eq=False)
class Call:
    """A call activity: the called process and what goes in and out."""

    process: Value
    inputs: list[Mapped]
    outputs: list[Mapped]
    isolated: bool


@dataclass(slots=True, eq=False, frozen=True)
class Button:
    """``gk:button`` with ``when``: the word of a task's button, and what comes then, for certain answers."""

    label: str
    then: str
    when: Expression


@dataclass(slots=True, eq=False)
class Work:
    """What a user or receive task shows and to whom; static parts, and FEEL where the diagram says so."""

    groups: tuple[Value, ...] = ()
    users: tuple[Value, ...] = ()
    assignee: Value | None = None
    unit: Value | None = None
    form: str | None = None
    separation: tuple[str, ...] = ()
    due: dict[str, Value] | None = None
    priority: Value | None = None
    button: dict[str, str] | None = None
    buttons: tuple[Button, ...] = ()  # the first whose condition holds stands instead of ``button``

    def dynamic(self) -> bool:
        """Return whether some part must be evaluated when the task opens."""
        values = [*self.groups, *self.users, self.assignee, self.unit, self.priority]
        values += (self.due or {}).values()
        return any(v is not None and v.expression is not None for v in values)


@dataclass(slots=True, eq=False)
class Body:
    """The content of a process or subprocess."""

    id: str
    process_id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    starts: list[Node] = field(default_factory=list)  # where a token begins when it is entered
    triggers: list[Node] = field(
        default_factory=list
    )  # start events of a process that wait for something
    handlers: list[Node] = field(default_factory=list)  # event subprocesses, not for compensation
    compensation: Node | None = None  # compensation event subprocess
    data: tuple[str, ...] = ()
    first: dict[str, object] = field(default_factory=dict)  # what data objects begin with
    adhoc: AdHoc | None = None
    keys: dict[str, Value] = field(default_factory=dict)  # message name -> correlation subscription

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"

    def only_by_event(self) -> bool:
        """Return whether nothing but an event begins this process, so that no call can."""
        return bool(self.triggers) and not self.starts


@dataclass(slots=True, eq=False)
class AdHoc:
    """How an ad hoc subprocess ends."""

    condition: Expression | None
    sequential: bool
    cancel_remaining: bool
    enabled: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Node:
    """One flow node.

    kind: task, user, receive, effect, send, rule, formula, exclusive, parallel, inclusive, complex, race, catch,
    throw, start, end, link, boundary, subprocess, call.
    """

    id: str
    kind: str
    tag: str
    process_id: str
    name: str = ""
    line: int | None = None
    out: list[Flow] = field(default_factory=list)
    default: Flow | None = None
    plain: bool = True  # leaving it takes every flow: no condition, no default
    incoming: tuple[str, ...] = ()
    before: dict[str, frozenset[str]] | None = (
        None  # inclusive or complex join: nodes that can still reach a flow, by a boundary event too
    )
    before_by_flows: dict[str, frozenset[str]] | None = None  # the same by sequence flows alone
    activation: Expression | None = None  # of a complex gateway
    boundary: list[Node] = field(default_factory=list)
    armed: list[Node] = field(default_factory=list)  # those of ``boundary`` that wait for something
    events: tuple[EventDefinition, ...] = ()
    together: bool = False  # an event with parallelMultiple; a parallel event-based gateway
    interrupting: bool = True
    repeat: Repeat | None = None
    body: Body | None = None
    call: Call | None = None
    work: Work | None = None
    effects: tuple[EffectCall, ...] = ()
    decision: Value | None = None
    formula: Value | None = None  # what a script task computes
    result: str | None = None
    records: tuple[Recorded, ...] = ()
    inputs: tuple[Mapped, ...] = ()
    outputs: tuple[Mapped, ...] = ()
    keeps: bool = False  # what it brings stays its own; only what is mapped leaves it
    handler: Node | None = None  # compensation handler of this activity
    by_event: bool = False
    transaction: bool = False
    action: Action | None = None
    documentation: str = ""
    host: Node | None = None  # of a boundary event
    parent: Body | None = None
    lanes: tuple[str, ...] = ()
    needs: int = 1  # tokens that must come before it starts (startQuantity)
    gives: int = 1  # tokens on each flow when it is done (completionQuantity)
    last: bool = False  # throws a signal: waits until everything else in the step has come to rest

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}>"


@dataclass(slots=True, eq=False, frozen=True)
class Activity:
    """What screens need to know of an activity."""

    id: str
    name: str
    kind: str
    groups: tuple[str, ...]
    form: str | None
    separation: tuple[str, ...]
    unit: str | None
    due: dict[str, str] | None
    documentation: str
    process_id: str
    button: dict[str, str] | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(slots=True, eq=False)
class Process:
    """An executable process of the definition."""

    id: str
    name: str
    file: str
    body: Body
    nodes: dict[str, Node] = field(default_factory=dict)
    bodies: dict[str, Body] = field(default_factory=dict)
    participant: str | None = None


@dataclass(slots=True, eq=False, frozen=True)
class MessageFlow:
    """A message flow of a collaboration between two elements or pools."""

    source: str
    target: str
    source_process: str | None
    target_process: str | None


@dataclass(slots=True, eq=False)
class Definition:
    """A compiled diagram; see the attributes. Share it freely: it is never changed."""

    main: str
    processes: dict[str, Process]
    activities: dict[str, Activity]
    clocks: Mapping[str, object]
    actions: dict[str, Action]
    routing_names: frozenset[str]
    flows: dict[str, tuple[str, str, str]]  # id -> source, target, name
    messages: frozenset[str]
    signals: frozenset[str]
    xml: dict[str, bytes]
    version: str
    message_flows: tuple[MessageFlow, ...] = ()
    correlations: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    message_ids: Mapping[str, str] = field(default_factory=dict)  # id -> name
    signal_ids: Mapping[str, str] = field(default_factory=dict)
    calls: tuple[
        str, ...
    ] = ()  # called processes by name; those that FEEL names are not known here
    watched: frozenset[str] = frozenset()  # names that conditional events read

    def node(self, process_id: str, node_id: str) -> Node:
        """Return a node of one process."""
        return self.processes[process_id].nodes[node_id]

    def all_nodes(self) -> Iterator[Node]:
        """Yield every node of every process."""
        for process in self.processes.values():
            yield from process.nodes.values()


T = TypeVar("T")


def given(value: T | None) -> T:
    """Return what the compiler has put there; its absence is a fault of ours, not of the drawing."""
    if value is None:
        raise LookupError("the node table lacks a part that its kind of node needs")
    return value
