"""Refusals in English, and a count of the sentences that no catalogue can translate yet."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.web.conftest import look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text

HAN = re.compile(r"[\u4e00-\u9fff]")
# Sentences with facts filled in by an f-string are Chinese in every language: say("… {x} …", x=…) instead.
# {file or folder: how many are left}; a number may only fall. Command line and stored texts may stay.
LEFT = {
    "engine/audit/checkpoints.py": 5,
    "engine/backup.py": 5,
    "engine/bpmn/activities.py": 7,
    "engine/bpmn/events.py": 2,
    "engine/bpmn/execute.py": 2,
    "engine/bpmn/load.py": 2,
    "engine/bpmn/machine.py": 3,
    "engine/bpmn/repetition.py": 2,
    "engine/business_calendar/years.py": 1,
    "engine/cli/clock_questions.py": 11,
    "engine/cli/decisions.py": 2,
    "engine/cli/keeping.py": 1,
    "engine/cli/server.py": 4,
    "engine/cli/time.py": 3,
    "engine/commands/archiving.py": 3,
    "engine/commands/deploying.py": 1,
    "engine/commands/effects.py": 4,
    "engine/commands/migrating.py": 1,
    "engine/commands/publishing.py": 2,
    "engine/commands/reporting.py": 1,
    "engine/config.py": 7,
    "engine/demo/unfinished.py": 1,
    "engine/feel/lexer.py": 2,
    "engine/feel/operations.py": 1,
    "engine/feel/parser.py": 1,
    "engine/feel/patterns.py": 1,
    "engine/feel/values.py": 4,
    "engine/letters/template.py": 1,
    "engine/office/organisation.py": 1,
    "engine/procedure.py": 5,
    "engine/register_import.py": 1,
    "engine/reporting.py": 1,
    "engine/scenarios/files.py": 4,
    "engine/scenarios/world.py": 6,
    "engine/statutory_clock/course.py": 1,
    "engine/statutory_clock/definition.py": 6,
    "engine/statutory_clock/resolved.py": 4,
    "engine/written_rules/wording.py": 1,
    "engine/yaml_source.py": 1,
}


def _filled_in(tree: ast.AST) -> int:
    """Count raises and flashes that hold an f-string with Chinese in it."""

    def holds(node: ast.AST) -> bool:
        return any(
            isinstance(part, ast.Constant) and HAN.search(str(part.value))
            for one in ast.walk(node)
            if isinstance(one, ast.JoinedStr)
            for part in one.values
        )

    return sum(
        (isinstance(node, ast.Raise) and holds(node))
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "flash" and holds(node))
        for node in ast.walk(tree)
    )


def test_no_new_refusal_is_put_together_where_no_catalogue_reaches(project: Path) -> None:
    found = {}
    for folder in ("engine", "webui"):
        for file in (project / folder).rglob("*.py"):
            if number := _filled_in(ast.parse(file.read_text("utf-8"))):
                found[file.relative_to(project).as_posix()] = number
    assert found == LEFT


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
