"""Files given with ``--with``: besides being called, their processes begin by messages and signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.scenarios import read_scenario, run_scenario
from tests.bpmn.drawing import doc, flows, node, user

S = node("startEvent", "s")
NAMES = '<bpmn:message id="m" name="m"/><bpmn:signal id="g" name="g"/>'
DEFINITIONS = {
    "message": '<bpmn:messageEventDefinition messageRef="m"/>',
    "signal": '<bpmn:signalEventDefinition signalRef="g"/>',
}


def played(folder: Path, first: bytes, other: bytes, *steps: dict[str, Any]) -> None:
    (folder / "first.bpmn").write_bytes(first)
    (folder / "other.bpmn").write_bytes(other)
    text = yaml.safe_dump({"runs": [{"name": "r", "steps": list(steps)}]})
    outcomes = run_scenario(
        folder / "first.bpmn",
        read_scenario(text.encode(), "r.yaml"),
        (folder / "other.bpmn",),
    )
    assert [o.as_dict() for o in outcomes if not o.ok] == []


def other(kind: str) -> bytes:
    start = node("startEvent", "os", DEFINITIONS[kind])
    return doc(start + user("there") + flows("os>there"), NAMES, "other")


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_what_a_case_throws_begins_a_process_of_a_file_beside_it(tmp_path: Path, kind: str) -> None:
    throw = node("intermediateThrowEvent", "t", DEFINITIONS[kind])
    first = doc(S + throw + user("here") + flows("s>t", "t>here"), NAMES)
    steps = [{"start": {}}, {"tasks": ["here", "there"]}, {"complete": "there"}]
    played(tmp_path, first, other(kind), *steps, {"tasks": ["here"]})


@pytest.mark.parametrize(("kind", "name"), [("message", "m"), ("signal", "g")])
def test_what_comes_from_outside_begins_it_too(tmp_path: Path, kind: str, name: str) -> None:
    first = doc(S + user("here") + flows("s>here"), NAMES)
    played(
        tmp_path,
        first,
        other(kind),
        {"start": {}},
        {"tasks": ["here"]},
        {kind: {"name": name, "data": {"x": 3}}},
        {"tasks": ["here", "there"]},
        {"complete": "here"},
        {"ended": False},
        {"complete": "there"},
        {"ended": True},
    )


def test_one_that_waits_for_a_message_goes_before_one_that_it_would_begin(tmp_path: Path) -> None:
    first = doc(S + node("receiveTask", "r", messageRef="m") + flows("s>r"), NAMES)
    message = {"message": {"name": "m"}}
    played(tmp_path, first, other("message"), {"start": {}}, message, {"ended": True})
