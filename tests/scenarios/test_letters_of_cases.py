"""Every letter that a worked case issues can be written, and reads as a letter: nothing is missing in it."""

import io
import re
from pathlib import Path

import docx
import pytest

from engine.letters import to_plain
from engine.letters import worker as letter_worker
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


NUMBER = "某城执公开〔2026〕第1号"
# What a reader stumbles over: a placeholder, a value of the machine, a stop too many, a blank in a sentence.
BLEMISH = re.compile(
    r"\{\{|\{%|\bNone\b|\bnull\b|\['|\bTrue\b|\bFalse\b|\d{4}-\d{2}-\d{2}"
    r"|。[。，；：、]|，[。，；：、]|；[。，；：、]|：[。，；：、]|、[。，；：、]|（）|“”|《》"
    r"|[\u4e00-\u9fff]  *[\u4e00-\u9fff]|您（单位）"
)
A_DAY = re.compile(r"^\d{4}年[1-9]\d?月[1-9]\d?日$", re.MULTILINE)


def named(path: Path) -> str:
    return str(path.relative_to(PROCESSES))


def text_of(letter: bytes) -> str:
    """The text of a letter, paragraph by paragraph, its tables and its head included."""
    document = docx.Document(io.BytesIO(letter))
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    heads = document.sections[0].first_page_header
    lines = [
        *heads.paragraphs,
        *document.paragraphs,
        *(p for cell in cells for p in cell.paragraphs),
    ]
    return "\n".join(line.text for line in lines)


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
            procedure = self._folder_of(effect.process_id).procedure
            values = procedure.letter_values(
                self.subject.institution.office,
                key,
                number=NUMBER if procedure.letters[key].series else "",
                issued_on=legal_day(self.now),
                names={**self.file.names(), **effect.names, **given},
                functions=self.functions,
            )
            found.append((procedure.template(key), procedure.letters[key], values))
        return answer

    monkeypatch.setattr(World, "perform", collecting)
    return found


@pytest.mark.parametrize("file", FILES, ids=named)
def test_every_letter_of_a_worked_case_is_complete(file, loaded, written):
    scenario = read_scenario(file.read_bytes(), file.name)
    for run in scenario.runs:
        assert run_one(loaded(file.parents[1]), scenario, run).ok, run.name
    seen = set()
    for template, chosen, values in written:
        key = chosen.key
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
        text = text_of(letter)
        assert not BLEMISH.search(text), f"{key}: {BLEMISH.search(text)}\n{text}"
        assert values["机关名称"] in text, key
        assert not chosen.series or text.count(NUMBER) >= 1, f"{key} has no number"
        assert key == "proof_of_service" or A_DAY.search(text), f"{key} has no date"
        assert bool(values.get("救济")) == ("如对本告知不服" in text), f"{key}: remedy"
