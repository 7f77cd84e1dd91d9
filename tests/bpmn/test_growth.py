"""Long and wide cases: what repeats costs the same at the end, and leaves nothing behind."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.bpmn import StepFailed, compile_definition, execute
from tests.bpmn.drawing import MemoryHost, doc, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
ROUNDS = 2_000
MESSAGE = '<bpmn:message id="m" name="m"/>'
CATCH_M = '<bpmn:messageEventDefinition messageRef="m"/>'
CYCLE = (
    "<bpmn:timerEventDefinition><bpmn:timeCycle>R/PT1H</bpmn:timeCycle></bpmn:timerEventDefinition>"
)
HANDLER = node(
    "subProcess",
    "h",
    node("startEvent", "hs", CATCH_M, isInterrupting="false") + user("t") + flows("hs>t"),
    triggeredByEvent="true",
)
LOOP = node("exclusiveGateway", "m") + node("exclusiveGateway", "g", default="g_m")
SEQUENTIAL = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="true">'
    "<bpmn:loopCardinality>5000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
)


class Case:
    """One instance driven by name of task, message or timer."""

    def __init__(self, xml: bytes) -> None:
        self.definition, self.host = compile_definition({"t.bpmn": xml}), MemoryHost()
        self.state = execute.start(self.definition, self.host, {}).state

    def complete(self, name: str) -> None:
        token = next(t for t, row in self.state["t"].items() if row[1] == name and row[2] == "user")
        self.state = execute.complete(self.definition, self.host, self.state, token, {}).state

    def message(self) -> None:
        self.state = execute.deliver(self.definition, self.host, self.state, message="m").state

    def timer(self) -> None:
        timer = execute.frontier(self.definition, self.state).timers[0].id
        self.state = execute.fire(self.definition, self.host, self.state, timer).state


REPEATED: dict[str, tuple[bytes, Callable[[Case], Any]]] = {
    "loop": (
        doc(S + LOOP + user("t") + E + flows("s>m", "m>t", "t>g", "g>m", "g>e?false")),
        lambda c: c.complete("t"),
    ),
    "fork and join in a loop": (
        doc(
            S
            + LOOP
            + user("t", "u")
            + node("parallelGateway", "f")
            + node("parallelGateway", "j")
            + E
            + flows("s>m", "m>f", "f>t", "f>u", "t>j", "u>j", "j>g", "g>m", "g>e?false")
        ),
        lambda c: (c.complete("t"), c.complete("u")),
    ),
    "subprocess in a loop": (
        doc(
            S
            + LOOP
            + node("subProcess", "sp", node("startEvent", "ps") + user("t") + flows("ps>t"))
            + E
            + flows("s>m", "m>sp", "sp>g", "g>m", "g>e?false")
        ),
        lambda c: c.complete("t"),
    ),
    "event subprocess": (
        doc(S + user("x") + E + flows("s>x", "x>e") + HANDLER, MESSAGE),
        lambda c: (c.message(), c.complete("t")),
    ),
    "boundary message": (
        doc(
            S
            + user("x", "t")
            + E
            + flows("s>x", "x>e", "b>t")
            + node("boundaryEvent", "b", CATCH_M, attachedToRef="x", cancelActivity="false"),
            MESSAGE,
        ),
        lambda c: (c.message(), c.complete("t")),
    ),
    "timer cycle": (
        doc(
            S
            + user("x", "t")
            + E
            + flows("s>x", "x>e", "b>t")
            + node("boundaryEvent", "b", CYCLE, attachedToRef="x", cancelActivity="false")
        ),
        lambda c: (c.timer(), c.complete("t")),
    ),
    "sequential instances": (
        doc(S + node("userTask", "t", SEQUENTIAL) + E + flows("s>t", "t>e")),
        lambda c: c.complete("t"),
    ),
    "standard loop": (
        doc(
            S
            + node("userTask", "t", "<bpmn:standardLoopCharacteristics/>")
            + E
            + flows("s>t", "t>e")
        ),
        lambda c: c.complete("t"),
    ),
}


@pytest.mark.parametrize("kind", REPEATED)
def test_what_repeats_costs_and_keeps_the_same_at_the_end(kind: str) -> None:
    xml, act = REPEATED[kind]
    case = Case(xml)
    sizes, times = [], []
    for number in range(ROUNDS):
        begun = time.process_time_ns()
        act(case)
        times.append(time.process_time_ns() - begun)
        if number in (50, ROUNDS - 1):
            # Numbers given get longer: what is kept is counted, not their digits.
            sizes.append((len(case.state["t"]), len(case.state["s"]), len(case.state["v"])))
            last = len(json.dumps(case.state))
    assert sizes[0] == sizes[1]
    assert last < 1_024
    early, late = sorted(times[50:450])[200], sorted(times[-400:])[200]
    assert late < early * 1.5, (early, late)


def test_an_endless_loop_of_automatic_steps_fails() -> None:
    xml = doc(S + LOOP + node("task", "t") + E + flows("s>m", "m>t", "t>g", "g>m", "g>e?false"))
    with pytest.raises(StepFailed) as failed:
        Case(xml)
    assert "endless loop" in failed.value.cause


def test_a_chain_of_two_thousand_nodes_runs_to_its_end() -> None:
    names = ["s", *(f"t{i}" for i in range(2_000)), "e"]
    middle = "".join(node("task", n) for n in names[1:-1])
    pairs = [f"{a}>{b}" for a, b in itertools.pairwise(names)]
    begun = time.process_time()
    definition = compile_definition({"t.bpmn": doc(S + middle + E + flows(*pairs))})
    assert time.process_time() - begun < 1.5
    assert execute.start(definition, MemoryHost(), {}).ended


def test_a_thousand_parallel_subprocesses_start_and_are_cancelled() -> None:
    multi = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    sub = node("subProcess", "sp", multi + node("startEvent", "ps") + user("t") + flows("ps>t"))
    boundary = node("boundaryEvent", "b", CATCH_M, attachedToRef="sp")
    case = Case(doc(S + sub + boundary + E + flows("s>sp", "sp>e", "b>e"), MESSAGE))
    assert len(case.state["t"]) == 2_001
    case.complete("t")
    assert len(case.state["t"]) == 1_999
    begun = time.process_time()
    case.message()
    assert time.process_time() - begun < 1
    assert case.state["t"] == {}
    assert case.state["s"] == {}
