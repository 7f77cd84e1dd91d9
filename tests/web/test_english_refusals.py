"""Every sentence of the code can be said in English, and refusals are."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tests.web.conftest import look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text

HAN = re.compile(r"[\u4e00-\u9fff]")
# Chinese that is no sentence for a reader of the pages: {file or folder: why}.
NOT_SAID = {
    "engine/annual_report/workbook.py": "the annual report is written in the office's language",
    "engine/annual_report/writing.py": "names of blanks in the template of the report",
    "engine/audit/checkpoints.py": "the head of the file of checkpoints",
    "engine/bpmn/check_names.py": "nouns within findings, which are written in both languages",
    "engine/bpmn/reading.py": "nouns within findings, which are written in both languages",
    "engine/business_calendar/days.py": "the name of a calendar's version",
    "engine/business_calendar/notice.py": "patterns that read the State Council's notice",
    "engine/commands/archiving.py": "notes in the package for the archive",
    "engine/commands/bundling.py": "titles of documents",
    "engine/commands/importing.py": "the evidence of a fact from the old register",
    "engine/commands/publishing.py": "a key of the letterhead",
    "engine/commands/reporting.py": "titles of documents",
    "engine/counting/workbook.py": "sheets of a report in the office's language",
    "engine/day_ruler.py": "endings that are cut off",
    "engine/demo/walk.py": "what the loading of the demonstration tells on the terminal",
    "engine/dmn": "written in both languages",
    "engine/done_steps.py": "what stands under a letter",
    "engine/feel": "written in both languages",
    "engine/forms/form.py": "an answer made up for trials",
    "engine/forms/values.py": "dates in letters",
    "engine/letters": "dates in letters, and names of the template when none is given",
    "engine/office/organisation.py": "blanks of patterns, dates in letters",
    "engine/procedure.py": "blanks of letters",
    "engine/procedure_check.py": "blanks of letters",
    "engine/publication/pages.py": "the public site is in the office's language",
    "engine/queries/labels.py": "a key of the letterhead, the range of Chinese characters",
    "engine/queries/shell.py": "a key of the letterhead",
    "engine/register_import.py": "usual headers of registers",
    "engine/ruling.py": "a blank of the written rules",
    "engine/scenarios/world.py": "numbers of letters that nobody issues",
    "engine/sealing.py": "the mark that stands for a name",
    "engine/written_rules": "written rules are in the office's language",
    "webui/formatting.py": "dates on Chinese pages",
}


def texts(node: ast.AST) -> list[str]:
    return [
        part.value
        for part in ast.walk(node)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]


def is_chinese(node: ast.AST) -> bool:
    return any(HAN.search(one) for one in texts(node))


def is_english(node: ast.AST) -> bool:
    return not is_chinese(node) and any(" " in one for one in texts(node))


def chinese_of(tree: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
    """What a module says in Chinese: without docstrings, helps and sentences beside the same in English."""
    quiet: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            quiet |= {id(part) for part in ast.walk(node) if part is not node}
        if isinstance(node, ast.keyword) and node.arg == "help":
            quiet |= {id(part) for part in ast.walk(node)}  # in both languages, a test of its own
        row = node.args if isinstance(node, ast.Call) else getattr(node, "elts", [])
        for one, other in pairwise(row):
            if is_chinese(one) and is_english(other):
                quiet |= {id(part) for part in ast.walk(one)}
    for node in ast.walk(tree):
        told = isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in quiet
        if told and is_chinese(node):
            yield node


def loose(tree: ast.AST, known: Container[str]) -> list[str]:
    """Chinese that no catalogue can put into English: put together by an f-string, or not in the catalogue."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in chinese_of(tree)
        if isinstance(node, ast.JoinedStr) or node.value not in known
    ]


def test_everything_that_is_said_in_chinese_can_be_said_in_english(
    project: Path, english: Catalog
) -> None:
    """What to do: ``say("… {x} …", x=…)`` and a line in the catalogue; no f-string, no `+`."""
    left = []
    for folder in ("engine", "webui"):
        for file in sorted((project / folder).rglob("*.py")):
            name = file.relative_to(project).as_posix()
            if any(name == one or name.startswith(f"{one}/") for one in NOT_SAID):
                continue
            left += [f"{name}:{one}" for one in loose(ast.parse(file.read_text("utf-8")), english)]
    assert left == []


@pytest.mark.parametrize("name", sorted(NOT_SAID))
def test_no_refusal_is_put_together_where_no_catalogue_reaches(project: Path, name: str) -> None:
    """Also where much Chinese is right, a refusal is for the reader."""
    place = project / name
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    assert files
    found = [
        f"{file.name}:{one.lineno}"
        for file in files
        for raised in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(raised, ast.Raise)
        for one in chinese_of(raised)
        if isinstance(one, ast.JoinedStr)
    ]
    assert found == []


def test_a_new_sentence_is_found() -> None:
    source = """
def refuse(name):
    "说明。"
    report.error("rule", f"“{name}”不认识", f"{name!r} is unknown")
    entry.refuse("x", f"“{name}”不认识")
    return "没有" + name
"""
    assert [one.partition(":")[0] for one in loose(ast.parse(source), ())] == ["5", "6"]


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        (
            "2027年部分节假日安排\n一、元旦：1月1日（周四）放假，共1天。",
            "2027-01-01 is a Fri, the notice says Thu",
        ),
        ("一、元旦：1月1日放假。", "It does not say which year it arranges"),
    ],
)
def test_a_notice_that_does_not_fit_is_refused_in_english(
    real: RealOffice, notice: str, told: str
) -> None:
    zhou = real.browser("zhou")
    zhou.post("/display", {"language": "en"})
    answer = zhou.post("/calendar/preview", {"notice": notice}, page="/calendar")
    assert answer.status_code == 422
    said = text(look_over(answer).select_one(".errors"))
    assert told in said
    assert not HAN.search(said.replace("元旦", ""))
