"""Every letter that a worked case issues can be written: nothing that its template needs is missing."""

from pathlib import Path

import pytest

from engine import letter_worker
from engine.letters import to_plain
from engine.scenarios import read_scenario
from engine.scenarios.runner import run_one
from engine.scenarios.world import World
from engine.timesource import legal_day

PROCESSES = Path(__file__).parents[2] / "processes"
FILES = sorted(
    path
    for path in PROCESSES.glob("*/scenarios/*.yaml")
    if list(path.parents[1].glob("letters/*.docx"))
)


def named(path: Path) -> str:
    return str(path.relative_to(PROCESSES))


@pytest.fixture
def written(monkeypatch):
    """Letters of the run: (key, values), collected while the case goes on."""
    found = []
    perform = World.perform

    def collecting(self, effect):
        answer = perform(self, effect)
        if effect.name == "issue_letter":
            given = dict(effect.arguments)
            key = given.pop("letter")
            procedure = self.subject.procedure
            values = procedure.letter_values(
                self.subject.institution.office,
                key,
                number="某城执公开〔2026〕第1号",
                issued_on=legal_day(self.now),
                names={**self.file.names(), **given},
                functions=self.functions,
            )
            found.append((procedure.template(key), key, values))
        return answer

    monkeypatch.setattr(World, "perform", collecting)
    return found


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_letter_of_a_worked_case_is_complete(file, loaded, written):
    scenario = read_scenario(file.read_bytes(), file.name)
    for run in scenario.runs:
        run_one(loaded(file.parents[1]), scenario, run)
    seen = set()
    for template, key, values in written:
        # Letters that differ in their words only are written once: a letter takes a tenth of a second.
        shape = (key, frozenset(name for name, value in values.items() if value not in (None, [])))
        if shape in seen:
            continue
        seen.add(shape)
        letter_worker.Missing.seen.clear()
        try:
            letter = letter_worker.render(template, to_plain(values))
        except letter_worker._Problem as problem:
            pytest.fail(f"{key}: {problem.answer}")
        assert letter.startswith(b"PK")
