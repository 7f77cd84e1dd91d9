"""What the executor takes and gives: the host it asks, the step it returns, the errors it raises.

Plain values. A step says what changed; whoever stores cases writes it in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from engine.errors import EngineError
from engine.words import say

if TYPE_CHECKING:
    from engine.bpmn.model import Action, Definition

State = dict[str, Any]


class StepFailed(EngineError):
    """A step could not be carried out; nothing of it may be saved. Becomes an incident.

    ``element_id`` names the element of the drawing, ``cause`` is English, ``sentence`` Chinese.
    """

    code = "step_failed"

    def __init__(self, element_id: str, cause: str, sentence: str | None = None) -> None:
        super().__init__(f"{element_id}: {cause}")
        self.element_id, self.cause = element_id, cause
        self.sentence = sentence or say(
            "“{element_id}”无法继续：{cause}", element_id=element_id, cause=cause
        )


class NotWaiting(EngineError):
    """The token, timer or activity named does not wait (any more); nothing was changed."""

    code = "not_waiting"

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"no {kind} {key!r} waits")
        self.kind, self.key = kind, key


class BpmnError(EngineError):
    """An effect reports a BPMN error: an error boundary event or event subprocess may catch it."""

    code = "bpmn_error"

    def __init__(self, error_code: str, message: str = "") -> None:
        super().__init__(f"{error_code} {message}".strip())
        self.error_code = error_code


@dataclass(frozen=True, slots=True)
class Effect:
    """What a service or send task asks for; carried out by the host, in order.

    ``names`` is what an expression at the task sees: its instance's, its call's, the case's. ``process_id`` and
    ``version`` say in which process it is drawn: the pinned version of a called one, None for the case's own.
    """

    name: str
    arguments: Mapping[str, Any]
    activity_id: str
    token: str
    names: Mapping[str, object] = field(default_factory=dict)
    process_id: str = ""
    version: str | None = None


class Host(Protocol):
    """What surrounds an instance. ``now`` is aware; calls come in the order of the drawing.

    A host may also have ``calendar`` (timers in working days) and ``typed(name, value, process_id, version)``,
    which returns a text or list of the state as its field says: dates as dates; and ``written(name, value)``,
    which takes a variable of the case into its record.
    """

    @property
    def now(self) -> datetime: ...

    @property
    def functions(self) -> Mapping[str, Callable[..., object]]: ...

    def names(self) -> Mapping[str, object]:
        """Return the case's fields, ``case`` and ``clock``; asked after locals and state variables."""

    def record(
        self, kind: str, on: date | None, fields: Mapping[str, object], activity_id: str
    ) -> None:
        """Record a case event (``gk:records``)."""

    def perform(self, effect: Effect) -> Mapping[str, object] | None:
        """Carry out an effect; what it returns goes into the variables."""

    def decide(
        self, decision: str, names: Mapping[str, object], process_id: str, version: str | None
    ) -> object:
        """Evaluate a decision that the process refers to; ``version`` as in an ``Effect``."""

    def called(self, process_id: str, version: str | None = None) -> Definition:
        """Return the definition of a called process: the one in force, or the pinned version."""


class WorkItem(NamedTuple):
    """A user or receive task that is open."""

    token: str
    activity_id: str
    name: str
    kind: str  # user or receive
    groups: tuple[str, ...]
    users: tuple[str, ...]
    assignee: str | None
    unit: str | None
    form: str | None
    separation: tuple[str, ...]
    due: dict[str, Any] | None
    item: object
    loop: int | None
    priority: object
    documentation: str
    process_id: str = ""
    button: Mapping[str, str] | None = None


class Closed(NamedTuple):
    """A work item that is no longer open; ``how`` is completed or cancelled."""

    token: str
    activity_id: str
    how: str


class Timer(NamedTuple):
    """An armed timer. ``due_at`` is None where it hangs on a clock (``clock``, ``offset``, ``party``)."""

    id: str
    token: str
    activity_id: str
    due_at: datetime | None
    clock: str | None
    offset: str | None
    party: str | None = None


class Wait(NamedTuple):
    """Something awaited: a message, a signal or a condition."""

    id: str
    token: str
    activity_id: str
    kind: str
    name: str | None
    correlation: str | None
    action: Action | None


class Entry(NamedTuple):
    """One line of history; ``what`` is entered, left, taken, cancelled, fired or threw."""

    activity_id: str
    flow_id: str | None
    what: str
    token: str
    process_id: str
    detail: str | None = None


class Thrown(NamedTuple):
    """A message or signal thrown to others."""

    kind: str
    name: str
    values: Mapping[str, Any]
    correlation: str | None
    activity_id: str
    process_id: str


@dataclass(slots=True)
class Step:
    """What one step did: the new state and everything that changed around it."""

    state: State
    opened: list[WorkItem] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    timers_armed: list[Timer] = field(default_factory=list)
    timers_gone: list[str] = field(default_factory=list)
    waits_added: list[Wait] = field(default_factory=list)
    waits_gone: list[str] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)
    signals: list[Thrown] = field(default_factory=list)
    messages: list[Thrown] = field(default_factory=list)
    ended: bool = False
    how: str | None = None  # completed, terminated or cancelled


@dataclass(slots=True)
class Frontier:
    """Everything that waits in a state."""

    tasks: list[WorkItem]
    timers: list[Timer]
    waits: list[Wait]
    begin: list[str] = field(
        default_factory=list
    )  # activities of ad hoc subprocesses that may begin
