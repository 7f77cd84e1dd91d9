"""What SpiffWorkflow's own run time does right is run on it too, and must go the same way."""

from __future__ import annotations

import random

import pytest
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.bpmn import compile_definition, execute
from engine.bpmn.load import load_xml
from tests.bpmn.blocks import Maker
from tests.bpmn.drawing import MemoryHost

# Loops and joins apart: its join of three branches fires too early in a loop's second round.
GROUPS = {"choices and joins": "tsxa", "choices and loops": "tsxl"}


def settle(workflow: BpmnWorkflow) -> list:
    """Run its engine; plain tasks, which it gives to a person, are passed."""
    while True:
        workflow.do_engine_steps()
        ready = workflow.get_tasks(state=TaskState.READY, manual=True)
        passing = [t for t in ready if t.task_spec.name.startswith("x")]
        if not passing:
            return ready
        passing[0].run()


@pytest.mark.parametrize("group", GROUPS)
def test_the_librarys_own_run_time_agrees(group: str) -> None:
    for seed in range(40):
        maker = Maker(seed)
        _, xml = maker.process(depth=2, kinds=GROUPS[group])
        definition, host = compile_definition({"r.bpmn": xml}), MemoryHost()
        step = execute.start(definition, host, dict(maker.variables))
        parser = BpmnParser()
        parser.add_bpmn_xml(load_xml(xml, "r.bpmn"))
        other = BpmnWorkflow(parser.get_spec("p"))
        first = other.get_tasks(state=TaskState.READY)[0]
        first.set_data(**maker.variables)
        choose = random.Random(seed)
        for number in range(25):
            ready = settle(other)
            tasks = execute.frontier(definition, step.state).tasks
            names = sorted(t.activity_id for t in tasks)
            assert names == sorted(t.task_spec.name for t in ready), (seed, xml.decode())
            assert step.ended == other.completed, seed
            if step.ended:
                break
            name = choose.choice(names)
            values = {loop: number < 8 and choose.random() < 0.4 for loop in maker.loops}
            token = next(t.token for t in tasks if t.activity_id == name)
            step = execute.complete(definition, host, step.state, token, values)
            theirs = next(t for t in ready if t.task_spec.name == name)
            theirs.set_data(**values)
            theirs.run()
