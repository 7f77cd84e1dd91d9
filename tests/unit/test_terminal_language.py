"""What the command line says on a terminal that is set to English; what it stores and prints as JSON stays as it is."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli import MODULES
from engine.cli.speaking import is_english, told

HAN = re.compile(r"[\u4e00-\u9fff]")
QUESTIONS = [
    {
        "id": "plain",
        "procedure": "on_request",
        "clock": "reply",
        "channel": "counter",
        "events": [
            {"date": "2026-03-02", "kind": "submitted"},
            {"date": "2026-03-10", "kind": "extension_approved", "working_days": 20},
            {"date": "2026-03-12", "kind": "third_party_sent", "party": "A"},
            {"date": "2026-03-20", "kind": "mailed", "evidence": "slip 7"},
        ],
    },
    {"id": "unknown", "procedure": "on_request", "clock": "repli", "events": []},
    {"id": "misspelt", "procedure": "on_request", "clock": "reply", "events": [{"date": "x"}]},
]


@pytest.fixture
def program() -> click.Group:
    group = click.Group("gongkai")
    for name in MODULES:
        importlib.import_module(f"engine.cli.{name}").register(group)
    return group


@pytest.fixture
def in_english(monkeypatch: pytest.MonkeyPatch, project: Path) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("LANGUAGE", "en_GB:en")


def run(program: click.Group, *arguments: object) -> Result:
    return CliRunner().invoke(program, [str(one) for one in arguments])


@pytest.mark.parametrize(
    ("environ", "english"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({}, False),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, False),
        ({"LANG": "zh_CN.UTF-8", "LANGUAGE": "en:zh"}, True),
    ],
)
def test_the_language_is_the_terminals(environ: dict[str, str], english: bool) -> None:
    assert is_english(environ) is english


def commands_of(command: click.Command) -> list[click.Command]:
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [command, *(one for child in below for one in commands_of(child))]


def test_every_help_is_in_both_languages(program: click.Group) -> None:
    helps = [command.help for command in commands_of(program)[1:]]
    helps += [
        option.help
        for command in commands_of(program)
        for option in command.params
        if isinstance(option, click.Option) and HAN.search(option.help or "")
    ]
    assert len(helps) > 20
    assert [
        one for one in helps if not HAN.search(one or "") or not re.search("[A-Z][a-z]", one or "")
    ] == []


@pytest.mark.usefixtures("in_english")
def test_due_dates_are_explained_in_english(program: click.Group, tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    file.write_text(json.dumps(QUESTIONS), "utf-8")
    answer = run(program, "clock", file)
    assert answer.exit_code == 1
    assert not HAN.search(answer.output)
    assert "plain: due not known yet, originally 2026-03-30" in answer.output
    assert 'unknown: There is no time limit "repli"; there are: reply, ' in answer.output
    assert HAN.search(run(program, "clock", file, "--json").output)


@pytest.mark.usefixtures("in_english")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["calendar", "status"], "not announced, provisional"),
        (["calendar", "show", "2026"], "2026-01-01 off New Year"),
        (["calendar", "show", "1900"], "The calendar has no year 1900"),
        (["feel", "1 +"], "Expression, line 1, character 4: the expression is incomplete"),
        (["check", "processes/confidentiality_review"], "Errors: 0, warnings: 0."),
        (["coverage", "tests"], "There is no procedure folder"),
        (["report", "annual", "2026", "-o", "report.txt"], "must end in .xlsx or .docx"),
    ],
)
def test_commands_speak_english(program: click.Group, arguments: list[str], says: str) -> None:
    answer = run(program, *arguments)
    assert says in answer.output
    assert not HAN.search(answer.output)


@pytest.mark.usefixtures("in_english")
def test_a_finding_is_told_in_english_and_both_in_json(
    program: click.Group, tmp_path: Path
) -> None:
    (tmp_path / "odd.bpmn").write_text("<definitions>", "utf-8")
    answer = run(program, "check", tmp_path / "odd.bpmn")
    assert answer.exit_code == 1
    assert not HAN.search(answer.output)
    found = json.loads(run(program, "check", tmp_path / "odd.bpmn", "--json").output)[0]
    assert HAN.search(found["message"])
    assert not HAN.search(found["message_en"])


@pytest.mark.usefixtures("in_english")
def test_a_sentence_made_where_things_are_stored_is_known_again() -> None:
    stored = "numbering.yaml第3行：没有编号系列“x”，请在 series 下补上"
    assert told(stored) == (
        'numbering.yaml, line 3: There is no series of numbers "x"; please add it under series'
    )
    assert told("张三的申请") == "张三的申请"


def test_a_chinese_terminal_is_told_in_chinese(program: click.Group, project: Path) -> None:
    answer = run(program, "feel", "1 +")
    assert answer.output.strip() == "表达式第1行第4个字：表达式没有写完"
