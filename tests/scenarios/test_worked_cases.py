"""Every worked case of every procedure: ``processes/*/scenarios/*.yaml``, run in memory."""

from pathlib import Path

import pytest

from engine.scenarios import read_scenario
from engine.scenarios.checking import check_paths
from engine.scenarios.runner import run_one

PROCESSES = Path(__file__).parents[2] / "processes"
FOLDERS = sorted(path.parent for path in PROCESSES.glob("*/procedure.yaml"))
FILES = sorted(PROCESSES.glob("*/scenarios/*.yaml"))

# A scenario that asserts only that the case ended proves nothing.
TELLING = {"due", "letters", "offered", "tasks", "variables", "refused", "fails"}


def named(path: Path) -> str:
    return str(path.relative_to(PROCESSES))


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_worked_case_goes_as_its_file_says(file, loaded):
    scenario = read_scenario(file.read_bytes(), file.name)
    outcomes = [run_one(loaded(file.parents[1]), scenario, run) for run in scenario.runs]
    wrong = [
        f"{o.run}: step {o.step}: expected {o.expected}, got {o.got}" for o in outcomes if not o.ok
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_worked_case_asserts_something(file):
    for run in read_scenario(file.read_bytes(), file.name).runs:
        assert TELLING & {step.word for step in run.steps}, run.name


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_what_ships_has_no_warnings(folder):
    assert [one for one in check_paths((folder,)) if one.severity != "info"] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_every_procedure_has_worked_cases_and_a_readme(folder):
    assert list((folder / "scenarios").glob("*.yaml"))
    assert (folder / "README.md").is_file()
