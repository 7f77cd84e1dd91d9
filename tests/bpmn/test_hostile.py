"""Diagrams broken at random: findings or failed steps, never anything else."""

from __future__ import annotations

import copy
import random
from pathlib import Path

from lxml import etree

from engine.bpmn import analyse, execute
from engine.bpmn.tags import tag
from engine.errors import EngineError
from tests.bpmn.drawing import MemoryHost

FILES = [f.read_bytes() for f in sorted((Path(__file__).parents[1] / "features").glob("*/*.bpmn"))]
TAGS = ("userTask", "task", "subProcess", "exclusiveGateway", "parallelGateway", "inclusiveGateway")
TAGS += ("startEvent", "endEvent", "boundaryEvent", "intermediateCatchEvent", "adHocSubProcess")
TAGS += ("transaction", "callActivity", "receiveTask")
TEXTS = (
    "",
    "x",
    "= 1",
    "R/P1D",
    "PT1S",
    "= [1,2]",
    "null",
    "1/0",
    "= foo.bar(",
    "中",
    "99999999999999999999",
)


def broken(choose: random.Random) -> bytes:
    """Return one of our diagrams with a few things removed, renamed, moved or doubled."""
    root = etree.fromstring(choose.choice(FILES))
    elements = [e for e in root.iter() if isinstance(e.tag, str)]
    for _ in range(choose.randint(1, 4)):
        one, other = choose.choice(elements), choose.choice(elements)
        parent, kind = one.getparent(), choose.randrange(7)
        if kind == 0 and parent is not None:
            parent.remove(one)
        elif kind == 1 and one.attrib:
            del one.attrib[choose.choice(list(one.attrib))]
        elif kind == 2 and one.attrib:
            one.attrib[choose.choice(list(one.attrib))] = other.get("id") or choose.choice(TEXTS)
        elif kind == 3:
            one.text = choose.choice(TEXTS)
        elif kind == 4:
            one.tag = tag(choose.choice(TAGS))
        elif (
            kind == 5
            and parent is not None
            and one not in list(other.iterancestors())
            and one is not other
        ):
            other.append(one)
        elif kind == 6 and parent is not None:
            parent.append(copy.deepcopy(one))
    return etree.tostring(root)


def walk(data: bytes, choose: random.Random) -> None:
    """Check, start and drive a diagram; our own errors are answers."""
    _, definition = analyse({"f.bpmn": data})
    if definition is None:
        return
    host = MemoryHost()
    host.decide = lambda decision, names: None  # type: ignore[method-assign]
    try:
        step = execute.start(
            definition, host, {"x": 1, "units": ["a"], "items": [1], "people": ["p"]}
        )
        for _ in range(12):
            found = execute.frontier(definition, step.state, host)
            if step.ended or not (found.tasks or found.timers):
                return
            if found.tasks and (not found.timers or choose.random() < 0.7):
                task = choose.choice(found.tasks)
                step = execute.complete(
                    definition, host, step.state, task.token, {"x": choose.choice((1, True))}
                )
            else:
                step = execute.fire(definition, host, step.state, choose.choice(found.timers).id)
    except EngineError:
        return


def test_a_broken_diagram_is_refused_or_fails_by_name() -> None:
    for seed in range(250):
        choose = random.Random(seed)
        data = broken(choose)
        try:
            walk(data, choose)
        except Exception as error:
            raise AssertionError(f"seed {seed}\n{data.decode()}") from error
