"""What the executor costs: CPU of a step, growth with history, width, length of a diagram.

    python bench/executor_bench.py

A step is: read the stored JSON, complete one user task, write the JSON. No database. The process: twelve
user tasks in a row, an exclusive loop, a called process, a boundary timer; the case carries 80 variables, about 3 KiB.
"""

from __future__ import annotations

import gc
import itertools
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import orjson

from engine.bpmn import Definition, Effect, compile_definition, execute

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'id="d" targetNamespace="urn:gongkai:bench">'
)
ROUNDS = 5


class Host:
    """Accepts everything, keeps nothing."""

    now = datetime(2026, 1, 5, 1, tzinfo=UTC)
    functions: Mapping[str, Callable[..., object]] = {}

    def names(self) -> Mapping[str, object]:
        return {}

    def record(
        self, kind: str, on: date | None, fields: Mapping[str, object], activity: str
    ) -> None:
        """Nothing is kept."""

    def perform(self, effect: Effect) -> None:
        """Nothing is done."""

    def decide(
        self, decision: str, names: Mapping[str, object], process_id: str, version: str | None
    ) -> object:
        return None

    def called(self, process_id: str, version: str | None = None) -> Definition:
        raise LookupError(process_id)


HOST = Host()


def flow(a: str, b: str, condition: str = "") -> str:
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{inner}</bpmn:sequenceFlow>'


def document(body: str) -> bytes:
    return f'{HEAD}<bpmn:process id="p" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'.encode()


def case_process() -> bytes:
    """Twelve user tasks, a loop, a called process, a boundary timer."""
    tasks = [f"t{i}" for i in range(10)]
    chain = ["start", *tasks, "call", "g"]
    body = '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>'
    body += "".join(f'<bpmn:userTask id="{t}"/>' for t in tasks)
    body += '<bpmn:callActivity id="call" calledElement="q"/><bpmn:exclusiveGateway id="g" default="g_t0"/>'
    body += (
        '<bpmn:boundaryEvent id="late" attachedToRef="t3" cancelActivity="false"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>P5D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        '<bpmn:endEvent id="reminded"/>'
    )
    body += "".join(flow(a, b) for a, b in itertools.pairwise(chain))
    body += flow("g", "t0") + flow("g", "end", "done = true") + flow("late", "reminded")
    called = (
        '<bpmn:process id="q" isExecutable="true"><bpmn:startEvent id="qs"/><bpmn:userTask id="q1"/>'
        '<bpmn:userTask id="q2"/><bpmn:endEvent id="qe"/>'
        + flow("qs", "q1")
        + flow("q1", "q2")
        + flow("q2", "qe")
        + "</bpmn:process>"
    )
    return document(body).replace(b"</bpmn:definitions>", called.encode() + b"</bpmn:definitions>")


def form(step: int) -> dict[str, Any]:
    """What one task writes: 20 fields, half of them Chinese."""
    return {
        f"s{step % 12}_f{i}": f"第{i}项内容：办理意见与说明" if i % 2 else f"value {i}"
        for i in range(20)
    }


def one_step(definition: Definition, stored: bytes, values: Mapping[str, Any]) -> bytes:
    """Read, complete the first open task, write."""
    state = orjson.loads(stored)
    token = next(t for t, row in state["t"].items() if row[2] == "user")
    return orjson.dumps(execute.complete(definition, HOST, state, token, values).state)


def steps(count: int, *, at: tuple[int, ...]) -> dict[int, tuple[float, int]]:
    """Complete ``count`` tasks of one case; return {step: (ms of CPU, bytes)} around the steps asked for."""
    definition = compile_definition({"bench.bpmn": case_process()})
    stored = orjson.dumps(execute.start(definition, HOST, {}).state)
    found: dict[int, tuple[float, int]] = {}
    times: list[float] = []
    wanted = set(at)
    for number in range(1, count + 1):
        values = dict(list(form(number).items())[:6]) if number <= 12 else {"again": number}
        begun = time.process_time_ns()
        stored = one_step(definition, stored, values)
        times.append((time.process_time_ns() - begun) / 1e6)
        if number in wanted:
            found[number] = (statistics.median(times[-240:]), len(stored))
    return found


def cpu_per_step(rounds: int = ROUNDS, count: int = 2_400) -> float:
    """Median over the rounds of the mean CPU ms of a step, with a case of about 3 KiB of variables."""
    definition = compile_definition({"bench.bpmn": case_process()})
    results = []
    for _ in range(rounds):
        stored = orjson.dumps(execute.start(definition, HOST, {}).state)
        for number in range(12):
            stored = one_step(
                definition,
                stored,
                {k: v for k, v in form(number).items() if k.endswith("5")}
                | {f"v{number}": "x" * 180},
            )
        gc.collect()
        begun = time.process_time_ns()
        for number in range(count):
            stored = one_step(definition, stored, {"again": number})
        results.append((time.process_time_ns() - begun) / 1e6 / count)
    return statistics.median(results)


def parallel(count: int = 1_000, rounds: int = ROUNDS) -> float:
    """CPU ms to start ``count`` parallel instances of a user task."""
    body = (
        '<bpmn:startEvent id="start"/><bpmn:userTask id="a"><bpmn:multiInstanceLoopCharacteristics>'
        f"<bpmn:loopCardinality>{count}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
        '</bpmn:userTask><bpmn:endEvent id="end"/>'
    )
    definition = compile_definition(
        {"bench.bpmn": document(body + flow("start", "a") + flow("a", "end"))}
    )
    return _median(lambda: execute.start(definition, HOST, {}), rounds)


def chain(count: int = 2_000, rounds: int = ROUNDS) -> float:
    """Ms to check and compile a chain of ``count`` nodes."""
    names = ["start", *(f"t{i}" for i in range(count)), "end"]
    body = '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>'
    body += "".join(f'<bpmn:task id="{n}"/>' for n in names[1:-1])
    body += "".join(flow(a, b) for a, b in itertools.pairwise(names))
    return _median(lambda: compile_definition({"bench.bpmn": document(body)}), rounds)


def blocks(count: int = 100, rounds: int = ROUNDS) -> float:
    """Ms to check and compile ``count`` parallel blocks of three user tasks."""
    body, last = '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>', "start"
    for b in range(count):
        body += f'<bpmn:parallelGateway id="f{b}"/><bpmn:parallelGateway id="j{b}"/>' + flow(
            last, f"f{b}"
        )
        for t in range(3):
            body += (
                f'<bpmn:userTask id="u{b}_{t}"/>'
                + flow(f"f{b}", f"u{b}_{t}")
                + flow(f"u{b}_{t}", f"j{b}")
            )
        last = f"j{b}"
    body += flow(last, "end")
    return _median(lambda: compile_definition({"bench.bpmn": document(body)}), rounds)


def _median(work: Callable[[], object], rounds: int) -> float:
    results = []
    for _ in range(rounds):
        gc.collect()
        begun = time.process_time_ns()
        work()
        results.append((time.process_time_ns() - begun) / 1e6)
    return statistics.median(results)


def main() -> None:
    """Print every figure."""
    print(f"CPU of a step (read, act, write)      {cpu_per_step():8.4f} ms   (target 0.06)")
    growth = steps(100_000, at=(240, 1_000, 10_000, 100_000))
    base = growth[240][0]
    for number, (cpu, size) in growth.items():
        print(f"step {number:>7}: {cpu:.4f} ms, {cpu / base:.2f} of step 240, state {size} bytes")
    print(f"1,000 parallel instances start in     {parallel():8.2f} ms   (target 10)")
    print(f"a chain of 2,000 nodes deploys in     {chain():8.0f} ms   (target 1,000)")
    print(f"300 tasks in 100 blocks deploy in     {blocks():8.0f} ms   (target 1,000)")


if __name__ == "__main__":
    main()
