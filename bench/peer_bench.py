"""A completed user task against another engine of the same kind: PyPI ``camunda-python``, both on SQLite.

It needs Python 3.12 and is nobody's dependency here: it runs in an environment of its own, named by
``PEER_PYTHON`` or found as ``python3.12``; where it is not installed the bench says that it was left out.
Rounds alternate. Its step is complete, gateway, next task; ours judges the form, files history and audit too.
"""

from __future__ import annotations

import gc
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.step_bench import Case, median_ms
from tests.integration.conftest import open_desk

ROUNDS = 5
STEPS = 10
AGES = (10, 1000)

# Reads "warm N" or "round N" from standard input; answers a round with the median time of a task in ms.
PEER = '''
import statistics, sys, time
from camunda.engine import ProcessEngine
from camunda.parser import parse_bpmn_xml
from camunda.persistence import Store

XML = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="d" targetNamespace="peer">
  <bpmn:process id="loop" isExecutable="true">
    <bpmn:startEvent id="start"/><bpmn:userTask id="work"/>
    <bpmn:exclusiveGateway id="again" default="back"/><bpmn:endEvent id="end"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="work"/>
    <bpmn:sequenceFlow id="f2" sourceRef="work" targetRef="again"/>
    <bpmn:sequenceFlow id="back" sourceRef="again" targetRef="work"/>
    <bpmn:sequenceFlow id="f3" sourceRef="again" targetRef="end">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">${done == true}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
</bpmn:definitions>"""

engine = ProcessEngine(store=Store(sys.argv[1]))
engine.deploy(parse_bpmn_xml(XML))
case = engine.start_process_instance_by_key("loop", {"done": False})

def step():
    (task,) = engine.create_task_query(process_instance_id=case.id)
    begun = time.perf_counter()
    engine.complete_task(task.id, {"done": False})
    return (time.perf_counter() - begun) * 1000

print("ready", flush=True)
for line in sys.stdin:
    what, times = line.split()
    print(statistics.median([step() for _ in range(int(times))]), flush=True)
'''


def peer_python() -> str | None:
    """Return a Python in which the peer is installed."""
    for python in (os.environ.get("PEER_PYTHON"), shutil.which("python3.12")):
        probe = [python, "-c", "import camunda.engine"]
        if python and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return python
    return None


class Peer:
    """The other engine in its own process."""

    def __init__(self, python: str, database: Path) -> None:
        self._process = subprocess.Popen(
            [python, "-c", PEER, f"sqlite:///{database}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the peer has ended")
        return line

    def steps(self, times: int) -> float:
        """Complete tasks; return the median time of one, in ms."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"steps {times}\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def compare(python: str, folder: Path, age: int) -> None:
    """Print both medians behind ``age`` completed tasks, and how many times ours goes into theirs."""
    ours = Case(open_desk(folder / "office", "loop"))
    gc.freeze()  # as the server does once it has started
    peer = Peer(python, folder / "peer.sqlite")
    for _ in range(age):
        ours.step()
    peer.steps(age)
    rounds = [(peer.steps(STEPS), median_ms(ours.step, STEPS)) for _ in range(ROUNDS)]
    peer.close()
    theirs, mine = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(
        f"a task at {age} completed: camunda-python {theirs:.1f} ms, ours {mine:.2f} ms,"
        f" {theirs / mine:.0f} times"
    )


def main() -> None:
    """Compare where the peer is at hand."""
    python = peer_python()
    if python is None:
        print("left out: no Python 3.12 with camunda-python (name one with PEER_PYTHON)")
        return
    for age in AGES:
        with tempfile.TemporaryDirectory() as folder:
            compare(python, Path(folder), age)


if __name__ == "__main__":
    main()
