"""States as each released version stored them load and finish on today's code (R21).

A file of ``golden/<version>/`` holds a diagram, the state of an instance in the middle of it as that version wrote it,
and the user tasks that are left, in order. A file of a released version is never changed. Those of ``unreleased`` are
of the format to come: until the first release they may be written anew with the change that moves the format.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.bpmn import compile_definition, execute
from tests.bpmn.drawing import MemoryHost

GOLDEN = Path(__file__).parent / "golden"
CHANGELOG = Path(__file__).parents[2] / "CHANGELOG.md"
FILES = sorted(GOLDEN.glob("*/*.json"))


@pytest.mark.parametrize("file", FILES, ids=[f"{one.parent.name}/{one.stem}" for one in FILES])
def test_fault_r21_a_state_of_an_earlier_version_goes_on_and_ends(file: Path) -> None:
    golden = json.loads(file.read_text("utf-8"))
    definition = compile_definition({"t.bpmn": golden["diagram"].encode()})
    host, state, done = MemoryHost(), golden["state"], []
    ended = how = None
    while not ended:
        task = execute.frontier(definition, state).tasks[0]
        answers = {"more": False, "again": False}
        step = execute.complete(definition, host, state, task.token, answers)
        done.append(task.activity_id)
        state, ended, how = json.loads(json.dumps(step.state)), step.ended, step.how
    assert (done, how) == (golden["steps"], golden["how"])


def test_every_released_version_left_its_states() -> None:
    """What to do at a release: copy ``golden/unreleased`` to a folder named as the version."""
    released = set(re.findall(r"^## \[?v?(\d+\.\d+\.\d+)", CHANGELOG.read_text("utf-8"), re.M))
    kept = {file.parent.name for file in FILES}
    assert kept >= released | {"unreleased"}
