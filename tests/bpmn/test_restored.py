"""Saved, restored on a freshly parsed definition and continued after every step is the same as never saved."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.bpmn import Step, compile_definition
from engine.scenarios import load_subject, read_scenario
from engine.scenarios.runner import run_one
from engine.scenarios.world import Instance, World


def _runs(file: Path) -> bool:
    """Return whether anything runs: some diagrams are there to be refused at deployment."""
    scenario = read_scenario(file.read_bytes(), file.name)
    return any(act.word != "refused" for run in scenario.runs for act in run.steps)


FEATURES = [
    f for f in sorted((Path(__file__).parents[1] / "features").glob("*/*.yaml")) if _runs(f)
]


class SavedWorld(World):
    """After every step the state goes through JSON and on with a definition that was parsed anew."""

    def _took(self, instance: Instance, step: Step) -> None:
        text = json.dumps(step.state, ensure_ascii=False, allow_nan=False)
        instance.state = step.state = json.loads(text)
        instance.definition = compile_definition(
            instance.definition.xml, main=instance.definition.main
        )
        super()._took(instance, step)


@pytest.mark.parametrize("file", FEATURES, ids=[f"{f.parent.name}/{f.stem}" for f in FEATURES])
def test_every_feature_goes_the_same_way_when_saved_after_every_step(file: Path) -> None:
    scenario = read_scenario(file.read_bytes(), file.name)
    subject = load_subject(file.with_suffix(".bpmn"), process=scenario.process)
    for run in scenario.runs:
        outcome = run_one(subject, scenario, run, SavedWorld)
        assert outcome.ok, outcome


CONTINUE = """
import json, sys
from tests.bpmn.drawing import MemoryHost
from engine.bpmn import compile_definition, execute
path, text = sys.argv[1], sys.stdin.read()
definition = compile_definition({"t.bpmn": open(path, "rb").read()})
state = json.loads(text)
token = execute.frontier(definition, state).tasks[0].token
step = execute.complete(definition, MemoryHost(), state, token, {"more": False, "again": False})
print(json.dumps([step.state, [t.activity_id for t in step.opened], [h._asdict() for h in step.history]]))
"""


@pytest.mark.parametrize(
    "name",
    [
        "gateways/parallel_join_in_a_loop",
        "repetition/multi_instance_subprocess",
        "compensation/subprocess",
        "event_subprocesses/in_a_subprocess",
    ],
)
def test_a_case_goes_on_in_another_process(name: str) -> None:
    from engine.bpmn import execute
    from tests.bpmn.drawing import MemoryHost

    path = Path(__file__).parents[1] / "features" / f"{name}.bpmn"
    definition = compile_definition({"t.bpmn": path.read_bytes()})
    state = execute.start(definition, MemoryHost(), {"units": ["x", "y"]}).state
    token = execute.frontier(definition, state).tasks[0].token
    here = execute.complete(definition, MemoryHost(), state, token, {"more": False, "again": False})
    there = subprocess.run(
        [sys.executable, "-c", CONTINUE, str(path)],
        input=json.dumps(state),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert json.loads(there.stdout) == json.loads(
        json.dumps(
            [here.state, [t.activity_id for t in here.opened], [h._asdict() for h in here.history]]
        )
    )
