"""Long and wide cases: what repeats costs the same at the end, and leaves nothing behind.

Cost is counted, not timed: the functions called in a step. Times stand in bench/executor_bench.py.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from engine.bpmn import StepFailed, compile_definition, execute
from tests.bpmn.drawing import MemoryHost, doc, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
ROUNDS = 2_000
FOR_EVER = (
    "<bpmn:standardLoopCharacteristics><bpmn:loopCondition>true</bpmn:loopCondition>"
    "</bpmn:standardLoopCharacteristics>"
)
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


def calls(act: Callable[[], object]) -> int:
    """Return how many Python functions an act calls."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return counted


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

    def signal(self) -> None:
        self.state = execute.deliver(self.definition, self.host, self.state, signal="g").state

    def set(self, **values: object) -> None:
        self.state = execute.set_variables(self.definition, self.host, self.state, values).state

    def begin(self, name: str) -> None:
        self.state = execute.begin(self.definition, self.host, self.state, name).state

    def timer(self) -> None:
        timer = execute.frontier(self.definition, self.state).timers[0].id
        self.state = execute.fire(self.definition, self.host, self.state, timer).state


SIGNAL = '<bpmn:signal id="g" name="g"/>'
CATCH_G = '<bpmn:signalEventDefinition signalRef="g"/>'
CALLED = '<bpmn:process id="q" isExecutable="true">' + node("startEvent", "qs") + user("t")
CALLED += flows("qs>t") + "</bpmn:process>"
MULTI = (
    "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>2</bpmn:loopCardinality>"
    "</bpmn:multiInstanceLoopCharacteristics>"
)
ROUND = flows("s>m", "g>m", "g>e?false")


def looped(body: str, *pairs: str, after: str = "") -> bytes:
    """A loop without end: ``m`` leads into it, ``g`` back."""
    return doc(S + LOOP + body + E + ROUND + flows(*pairs), after)


def edge(event: str, after: str = "") -> bytes:
    """A task with something at its edge that does not interrupt."""
    bound = node("boundaryEvent", "b", event, attachedToRef="x", cancelActivity="false")
    return doc(S + user("x", "t") + E + bound + flows("s>x", "x>e", "b>t"), after)


def conditional(condition: str) -> str:
    return f"<bpmn:conditionalEventDefinition><bpmn:condition>{condition}</bpmn:condition></bpmn:conditionalEventDefinition>"


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
    "signal at the edge": (edge(CATCH_G, SIGNAL), lambda c: (c.signal(), c.complete("t"))),
    "condition at the edge": (
        edge(conditional("w")),
        lambda c: (c.set(w=True), c.set(w=False), c.complete("t")),
    ),
    "escalation at the edge": (
        doc(
            S
            + node(
                "subProcess",
                "x",
                node("startEvent", "xs")
                + node("exclusiveGateway", "m")
                + user("u")
                + node("intermediateThrowEvent", "up", "<bpmn:escalationEventDefinition/>")
                + flows("xs>m", "m>u", "u>up", "up>m"),
            )
            + node(
                "boundaryEvent",
                "b",
                "<bpmn:escalationEventDefinition/>",
                attachedToRef="x",
                cancelActivity="false",
            )
            + user("t")
            + E
            + flows("s>x", "x>e", "b>t")
        ),
        lambda c: (c.complete("u"), c.complete("t")),
    ),
    "inclusive join": (
        looped(
            node("inclusiveGateway", "f") + node("inclusiveGateway", "j") + user("t", "u"),
            "m>f",
            "f>t",
            "f>u?true",
            "t>j",
            "u>j",
            "j>g",
        ),
        lambda c: (c.complete("t"), c.complete("u")),
    ),
    "complex gateway": (
        looped(
            node("parallelGateway", "f")
            + user("t", "u")
            + node(
                "complexGateway",
                "j",
                "<bpmn:activationCondition>activationCount &gt;= 2</bpmn:activationCondition>",
            ),
            "m>f",
            "f>t",
            "f>u",
            "t>j",
            "u>j",
            "j>g",
        ),
        lambda c: (c.complete("t"), c.complete("u")),
    ),
    "event gateway": (
        looped(
            node("eventBasedGateway", "r")
            + node("intermediateCatchEvent", "c1", CATCH_M.replace('"m"', '"said"'))
            + node("intermediateCatchEvent", "c2", CATCH_G.replace('"g"', '"rung"'))
            + node("exclusiveGateway", "y"),
            "m>r",
            "r>c1",
            "r>c2",
            "c1>y",
            "c2>y",
            "y>g",
            after='<bpmn:message id="said" name="m"/><bpmn:signal id="rung" name="g"/>',
        ),
        lambda c: (c.message(), c.signal()),
    ),
    "links": (
        looped(
            user("t")
            + node("intermediateThrowEvent", "out", '<bpmn:linkEventDefinition name="l"/>')
            + node("intermediateCatchEvent", "into", '<bpmn:linkEventDefinition name="l"/>'),
            "m>t",
            "t>out",
            "into>g",
        ),
        lambda c: c.complete("t"),
    ),
    "called process": (
        looped(node("callActivity", "c", calledElement="q"), "m>c", "c>g").replace(
            b"</bpmn:definitions>", CALLED.encode() + b"</bpmn:definitions>"
        ),
        lambda c: c.complete("t"),
    ),
    "parallel instances in a loop": (
        looped(node("userTask", "t", MULTI), "m>t", "t>g"),
        lambda c: (c.complete("t"), c.complete("t")),
    ),
    "transaction": (
        looped(
            node("transaction", "x", node("startEvent", "xs") + user("t") + flows("xs>t")),
            "m>x",
            "x>g",
        ),
        lambda c: c.complete("t"),
    ),
    "ad hoc": (
        doc(
            S
            + node(
                "adHocSubProcess",
                "x",
                user("t") + "<bpmn:completionCondition>false</bpmn:completionCondition>",
            )
            + E
            + flows("s>x", "x>e")
        ),
        lambda c: (c.begin("t"), c.complete("t")),
    ),
    "standard loop": (
        doc(S + node("userTask", "t", FOR_EVER) + E + flows("s>t", "t>e")),
        lambda c: c.complete("t"),
    ),
}


@pytest.mark.parametrize("kind", REPEATED)
def test_what_repeats_costs_and_keeps_the_same_at_the_end(kind: str) -> None:
    xml, act = REPEATED[kind]
    case = Case(xml)
    kept, cost = [], []
    for number in range(ROUNDS):
        if number in (50, ROUNDS - 1):
            cost.append(calls(lambda: act(case)))
            # Numbers given get longer: what is kept is counted, not their digits.
            kept.append((len(case.state["t"]), len(case.state["s"]), len(case.state["v"])))
            last = len(json.dumps(case.state))
        else:
            act(case)
    assert kept[0] == kept[1]
    assert last < 1_024
    assert cost[0] == cost[1]


def test_a_case_of_a_hundred_thousand_tasks_stays_small_and_ends() -> None:
    tasks = [f"t{i}" for i in range(10)]
    chain = ["s", "m", *tasks, "g"]
    xml = doc(
        S + LOOP + user(*tasks) + E + flows(*(f"{a}>{b}" for a, b in itertools.pairwise(chain)))
        + flows("g>m", "g>e?over")
    )  # fmt: skip
    definition, host = compile_definition({"t.bpmn": xml}), MemoryHost()
    filled = {f"field_{n}": "办理意见与说明" for n in range(60)}
    stored = json.dumps(execute.start(definition, host, {**filled, "over": False}).state)

    def step(number: int) -> bool:
        nonlocal stored
        state = json.loads(stored)
        done = execute.complete(
            definition, host, state, next(iter(state["t"])), {"over": number == 100_000}
        )
        stored = json.dumps(done.state, ensure_ascii=False)
        return done.ended

    cost, sizes = {}, []
    for number in range(1, 100_000):
        if number in (12, 99_992):  # the same task
            cost[number] = calls(lambda n=number: step(n))
            sizes.append(len(stored.encode()))
        else:
            assert not step(number)
    assert step(100_000)
    assert cost[12] == cost[99_992]
    assert sizes[1] - sizes[0] <= 8  # digits of the numbers given
    assert sizes[1] <= 5 * 1024


def test_an_endless_loop_of_automatic_steps_fails() -> None:
    xml = doc(S + LOOP + node("task", "t") + E + flows("s>m", "m>t", "t>g", "g>m", "g>e?false"))
    with pytest.raises(StepFailed) as failed:
        Case(xml)
    assert "endless loop" in failed.value.cause


def test_a_chain_of_two_thousand_nodes_runs_to_its_end() -> None:
    names = ["s", *(f"t{i}" for i in range(2_000)), "e"]
    middle = "".join(node("task", n) for n in names[1:-1])
    pairs = [f"{a}>{b}" for a, b in itertools.pairwise(names)]
    definition = compile_definition({"t.bpmn": doc(S + middle + E + flows(*pairs))})
    assert execute.start(definition, MemoryHost(), {}).ended


def test_compiling_twice_as_long_a_diagram_costs_twice_as_much() -> None:
    def cost(count: int) -> int:
        names = ["s", *(f"t{i}" for i in range(count)), "e"]
        pairs = [f"{a}>{b}" for a, b in itertools.pairwise(names)]
        xml = doc(S + "".join(node("task", n) for n in names[1:-1]) + E + flows(*pairs))
        return calls(lambda: compile_definition({"t.bpmn": xml}))

    cost(10)  # what is built once
    assert cost(800) < 2.1 * cost(400)


def test_a_thousand_parallel_subprocesses_start_and_are_cancelled() -> None:
    multi = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1000</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
    sub = node("subProcess", "sp", multi + node("startEvent", "ps") + user("t") + flows("ps>t"))
    boundary = node("boundaryEvent", "b", CATCH_M, attachedToRef="sp")
    case = Case(doc(S + sub + boundary + E + flows("s>sp", "sp>e", "b>e"), MESSAGE))
    assert len(case.state["t"]) == 2_001
    case.complete("t")
    assert len(case.state["t"]) == 1_999
    assert calls(case.message) < 100_000
    assert case.state["t"] == {}
    assert case.state["s"] == {}
