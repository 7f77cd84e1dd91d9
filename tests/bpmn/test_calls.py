"""Called processes of other definitions: the version in force when the call begins stays."""

from __future__ import annotations

import itertools
import json

import pytest

from engine.bpmn import BpmnError, Definition, StepFailed, compile_definition, execute
from engine.errors import NotFound
from tests.bpmn.drawing import MemoryHost, doc, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
CALLER = doc(
    S
    + node("callActivity", "c", calledElement="q")
    + user("after")
    + E
    + flows("s>c", "c>after", "after>e")
)


def called(*tasks: str) -> Definition:
    chain = ["qs", *tasks, "qe"]
    pairs = [f"{a}>{b}" for a, b in itertools.pairwise(chain)]
    body = node("startEvent", "qs") + user(*tasks) + node("endEvent", "qe") + flows(*pairs)
    return compile_definition({"q.bpmn": doc(body, process="q")})


class Library(MemoryHost):
    """Knows two versions of ``q``; ``force`` is the one for new calls."""

    def __init__(self, *versions: Definition) -> None:
        super().__init__()
        self.versions = {d.version: d for d in versions}
        self.force = versions[0]

    def called(self, process_id: str, version: str | None = None) -> Definition:
        if process_id != "q":
            raise NotFound("process", process_id)
        return self.versions[version] if version else self.force


def test_a_call_keeps_the_version_under_which_it_began() -> None:
    old, new = called("x", "y"), called("z")
    host, definition = Library(old, new), compile_definition({"p.bpmn": CALLER})
    first = execute.start(definition, host, {})
    host.force = new
    second = execute.start(definition, host, {})
    assert [t.activity_id for t in second.opened] == ["z"]
    state = json.loads(json.dumps(first.state))
    assert [t.activity_id for t in execute.frontier(definition, state, host).tasks] == ["x"]
    step = execute.complete(definition, host, state, first.opened[0].token)
    assert [t.activity_id for t in step.opened] == ["y"]
    step = execute.complete(definition, host, step.state, step.opened[0].token)
    assert [t.activity_id for t in step.opened] == ["after"]


def test_a_process_that_nobody_has_fails_the_step_and_names_the_call() -> None:
    xml = CALLER.replace(b'calledElement="q"', b'calledElement="= which"')
    definition, host = compile_definition({"p.bpmn": xml}), Library(called("x"))
    with pytest.raises(StepFailed) as failed:
        execute.start(definition, host, {"which": "nowhere"})
    assert failed.value.element_id == "c"
    assert execute.start(definition, host, {"which": "q"}).opened[0].activity_id == "x"


def test_an_error_that_an_effect_reports_is_caught_at_its_boundary() -> None:
    effect = '<bpmn:extensionElements><gk:effect name="pay"/></bpmn:extensionElements>'
    error = '<bpmn:errorEventDefinition errorRef="E"/>'
    xml = doc(
        S
        + node("serviceTask", "t", effect)
        + node("boundaryEvent", "b", error, attachedToRef="t")
        + user("caught")
        + E
        + flows("s>t", "t>e", "b>caught", "caught>e"),
        '<bpmn:error id="E" name="E" errorCode="E"/>',
    )
    definition, host = compile_definition({"p.bpmn": xml}), MemoryHost()
    host.answers["pay"] = BpmnError("E")
    assert execute.start(definition, host, {}).opened[0].activity_id == "caught"
    host.answers["pay"] = BpmnError("F")
    with pytest.raises(StepFailed):
        execute.start(definition, host, {})


def test_a_failed_step_leaves_the_state_as_it_was() -> None:
    gateway = node("exclusiveGateway", "g")
    xml = doc(S + user("a") + gateway + user("b") + E + flows("s>a", "a>g", "g>b?x = 1", "b>e"))
    definition, host = compile_definition({"p.bpmn": xml}), MemoryHost()
    state = execute.start(definition, host, {"list": [1], "map": {"k": 1}}).state
    before = json.dumps(state)
    with pytest.raises(StepFailed):
        execute.complete(definition, host, state, "2", {"x": 2, "list": [2]})
    assert json.dumps(state) == before
