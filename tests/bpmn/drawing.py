"""Builders: small diagrams as text, a host in memory, and a driver that saves after every step."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from engine.bpmn import Definition, Effect, Known, Step, StepFailed, compile_definition, execute

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:gk="urn:gongkai:bpmn:1" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="t">'
)
NOW = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)


def flows(*pairs: str) -> str:
    """``a>b`` or ``a>b?condition`` -> sequence flows with ids ``a_b``."""
    out = []
    for pair in pairs:
        ends, _, condition = pair.partition("?")
        a, b = ends.split(">")
        inner = (
            f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        )
        out.append(
            f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{inner}</bpmn:sequenceFlow>'
        )
    return "".join(out)


def doc(body: str, after: str = "", process: str = "p") -> bytes:
    """A file with one process."""
    return (
        f'{HEAD}{after}<bpmn:process id="{process}" isExecutable="true">{body}</bpmn:process>'
        "</bpmn:definitions>"
    ).encode()


def user(*ids: str) -> str:
    return "".join(f'<bpmn:userTask id="{i}"/>' for i in ids)


def node(tag: str, node_id: str, inner: str = "", **attributes: str) -> str:
    extra = "".join(f' {k.replace("__", ":")}="{v}"' for k, v in attributes.items())
    return f'<bpmn:{tag} id="{node_id}"{extra}>{inner}</bpmn:{tag}>'


class MemoryHost:
    """A host that accepts every effect and remembers everything."""

    def __init__(self) -> None:
        self.now = NOW
        self.functions: Mapping[str, Callable[..., object]] = {}
        self.case: dict[str, object] = {}
        self.effects: list[Effect] = []
        self.recorded: list[tuple[str, date | None, Mapping[str, object], str]] = []
        self.library: dict[str, Definition] = {}
        self.answers: dict[str, Any] = {}

    def names(self) -> Mapping[str, object]:
        return self.case

    def record(
        self, kind: str, on: date | None, fields: Mapping[str, object], activity: str
    ) -> None:
        self.recorded.append((kind, on, fields, activity))

    def perform(self, effect: Effect) -> Mapping[str, object] | None:
        self.effects.append(effect)
        answer = self.answers.get(effect.name)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    def decide(
        self, decision: str, names: Mapping[str, object], process_id: str, version: str | None
    ) -> object:
        return self.answers[decision](names)

    def called(self, process_id: str, version: str | None = None) -> Definition:
        return self.library[process_id]


class Run:
    """Drives one instance; after every step the state is written, read and continued from a new parse."""

    def __init__(self, xml: bytes, *, fresh: bool = True, known: Known | None = None) -> None:
        self.xml, self.fresh = xml, fresh
        self.definition = compile_definition({"t.bpmn": xml}, known=known)
        self.host = MemoryHost()
        self.state: dict[str, Any] = {}
        self.step: Step | None = None
        self.done: list[str] = []

    def took(self, step: Step) -> Run:
        self.step = step
        self.done += [h.activity_id for h in step.history if h.what == "left"]
        text = json.dumps(step.state, ensure_ascii=False, sort_keys=True)
        self.state = json.loads(text)
        if self.fresh:
            self.definition = compile_definition({"t.bpmn": self.xml})
        return self

    def start(self, _variables: Mapping[str, Any] | None = None, **kw: Any) -> Run:
        return self.took(execute.start(self.definition, self.host, _variables or {}, **kw))

    def tasks(self) -> list[str]:
        return sorted(
            t.activity_id for t in execute.frontier(self.definition, self.state, self.host).tasks
        )

    def token(self, activity: str) -> str:
        items = execute.frontier(self.definition, self.state, self.host).tasks
        return next(t.token for t in items if t.activity_id == activity)

    def complete(self, activity: str, **values: Any) -> Run:
        return self.took(
            execute.complete(self.definition, self.host, self.state, self.token(activity), values)
        )

    def message(self, name: str, **values: Any) -> Run:
        return self.took(
            execute.deliver(self.definition, self.host, self.state, message=name, values=values)
        )

    def signal(self, name: str) -> Run:
        return self.took(execute.deliver(self.definition, self.host, self.state, signal=name))

    def fire(self, activity: str) -> Run:
        timers = execute.frontier(self.definition, self.state, self.host).timers
        timer = next(t.id for t in timers if t.activity_id == activity)
        return self.took(execute.fire(self.definition, self.host, self.state, timer))

    def set(self, **values: Any) -> Run:
        return self.took(execute.set_variables(self.definition, self.host, self.state, values))

    @property
    def ended(self) -> bool:
        return self.step is not None and self.step.ended


def fails(action: Callable[[], object]) -> StepFailed:
    """Return the failure of a step that must fail."""
    try:
        action()
    except StepFailed as failed:
        return failed
    raise AssertionError("the step did not fail")
