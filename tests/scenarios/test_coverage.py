"""Every node and flow of what ships is taken by a worked case that checks something on its way."""

from pathlib import Path

import pytest

from engine.scenarios.coverage import coverage
from tests.bpmn.drawing import doc, flows, node, user

PROCESSES = Path(__file__).parents[2] / "processes"
FORKED = doc(
    node("startEvent", "s")
    + user("a")
    + node("exclusiveGateway", "g", default="g_e")
    + user("b")
    + node("endEvent", "e")
    + flows("s>a", "a>g", "g>b?again", "g>e", "b>e")
)


@pytest.mark.slow
def test_the_worked_cases_take_every_node_and_flow_that_ships():
    folders = sorted(path.parent for path in PROCESSES.glob("*/procedure.yaml"))
    covered = coverage(folders)
    assert covered.wrong == []
    missing = {one.process: one.missing for one in covered.processes.values() if one.missing}
    assert missing == {}
    assert {folder.name for folder in folders} == set(covered.processes)


def covered(folder: Path, scenario: str) -> tuple[list[str], list[str]]:
    """What one worked case of the forked diagram misses, and which runs went wrong."""
    (folder / "scenarios").mkdir()
    (folder / "p.bpmn").write_bytes(FORKED)
    (folder / "scenarios" / "one.yaml").write_text(scenario, "utf-8")
    found = coverage([folder])
    return found.processes["p"].missing, found.wrong


def test_a_run_covers_what_it_takes(tmp_path):
    steps = (
        "[{start: {}}, {tasks: [a]}, {complete: {task: a, data: {again: false}}}, {ended: true}]"
    )
    missing, wrong = covered(tmp_path, f"runs: [{{name: one, steps: {steps}}}]")
    assert missing == ["b", "b_e", "g_b"]
    assert wrong == []


def test_a_run_that_asserts_only_the_end_covers_nothing(tmp_path):
    steps = "[{start: {}}, {complete: {task: a, data: {again: false}}}, {ended: true}]"
    missing, _ = covered(tmp_path, f"runs: [{{name: one, steps: {steps}}}]")
    assert missing == ["a", "a_g", "b", "b_e", "e", "g", "g_b", "g_e", "s", "s_a"]


def test_a_run_that_goes_wrong_covers_nothing_and_is_named(tmp_path):
    steps = "[{start: {}}, {tasks: [a]}, {complete: {task: a, data: {again: false}}}, {tasks: [b]}]"
    missing, wrong = covered(tmp_path, f"runs: [{{name: one, steps: {steps}}}]")
    assert "a" in missing
    assert wrong == [f"{tmp_path.name}/one.yaml: one"]
