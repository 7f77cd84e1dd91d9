"""The commands ``feel`` and ``decide``: exit status, one document with --json, one sentence without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli import decisions
from tests.dmn.builders import decision, file, table, text

PAIR = decision(text("1 + x"), "one") + decision(
    table(["x"], [""], ["> 1 => 1", "> 2 => 2"]), "two"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    group = click.Group()
    decisions.register(group)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(group, list(arguments))

    return invoke


def write(name: str, content: str | bytes) -> str:
    path = Path(name)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def test_feel_prints_the_value(run):
    done = run("feel", "1 + 1")
    assert (done.exit_code, done.stdout) == (0, "2\n")
    assert run("feel", '"中" + "文"').stdout == '"中文"\n'


def test_feel_says_why_something_is_null(run):
    done = run("feel", "abc")
    assert (done.exit_code, done.stdout) == (0, "null\n")
    assert "没有名为“abc”的数据" in done.stderr


@pytest.mark.parametrize(
    ("name", "content"),
    [("c.json", '{"a-b": 1.5, "days": {"n": 2}}'), ("c.yaml", "a-b: 1.5\ndays: {n: 2}\n")],
)
def test_feel_reads_its_names_from_a_file(run, name, content):
    done = run("feel", "a-b + days.n", "--context", write(name, content), "--json")
    assert json.loads(done.stdout) == {"value": 3.5, "warnings": []}


def test_feel_knows_the_day(run):
    assert json.loads(
        run("feel", "today() instance of date and now() instance of date and time", "--json").stdout
    )["value"]


def test_feel_refuses_in_one_sentence(run):
    done = run("feel", "1 +")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == "表达式第1行第4个字：表达式没有写完\n"
    done = run("feel", "1 +", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "error": "feel_syntax",
        "message": "表达式第1行第4个字：表达式没有写完",
        "message_en": "line 1, column 4: the expression is incomplete",
        "position": 3,
    }
    assert (
        json.loads(run("feel", "for i in 1..99999 return i", "--json").stdout)["error"]
        == "feel_budget"
    )


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("c.json", "{", "不是完整的 JSON"),
        ("c.json", '{"a": NaN}', "不是完整的 JSON"),
        ("c.json", "[1]", "内容应为"),
        ("c.json", b"\xff", "不是完整的 JSON"),
        ("c.json", "[" * 100_000, "不是完整的 JSON"),
        ("c.yaml", "a: [", "c.yaml"),
        ("c.yaml", "- 1", "内容应为"),
    ],
)
def test_a_file_of_names_must_hold_names(run, name, content, sentence):
    done = run("feel", "1", "--context", write(name, content))
    assert done.exit_code == 1
    assert sentence in done.stderr


def test_an_empty_file_of_names_is_none(run):
    assert run("feel", "1", "--context", write("c.yaml", "")).exit_code == 0


def test_wrong_usage_is_status_2(run):
    assert run("feel").exit_code == 2
    assert run("feel", "1", "--context", "missing.json").exit_code == 2
    assert run("decide", "missing.dmn", "--inputs", "missing.json").exit_code == 2
    assert run("decide", write("t.dmn", file(PAIR))).exit_code == 2


def test_decide_gives_value_matches_and_messages(run):
    arguments = (
        "decide",
        write("t.dmn", file(PAIR)),
        "--inputs",
        write("i.json", '{"x": 2}'),
        "--json",
    )
    done = run(*arguments, "--decision", "two")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "decision": "two",
        "value": 1,
        "matched": [
            {
                "table": "two",
                "rule": 1,
                "id": "r1",
                "inputs": {"x": 2},
                "outputs": {"two": 1},
                "annotations": {},
            }
        ],
        "messages": [],
    }
    assert json.loads(run(*arguments, "--decision", "one").stdout)["value"] == 3


def test_decide_without_json_prints_the_value_and_says_which_rule(run):
    done = run("decide", write("t.dmn", file(PAIR)), "--inputs", write("i.yaml", "x: 2"))
    assert (done.exit_code, done.stdout) == (0, "1\n")
    assert "符合：two 第1条规则" in done.stderr


def test_decide_reports_a_second_match_of_a_unique_table(run):
    arguments = ("decide", write("t.dmn", file(PAIR)), "--inputs", write("i.json", '{"x": 5}'))
    done = run(*arguments, "--json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert answer["value"] is None
    assert [match["rule"] for match in answer["matched"]] == [1, 2]
    assert answer["messages"][0]["code"] == "not_unique"
    done = run(*arguments)
    assert done.exit_code == 1
    assert "只有一条规则符合" in done.stderr


def test_decide_names_the_decisions_there_are(run):
    inputs = write("i.json", "{}")
    done = run("decide", write("t.dmn", file(PAIR)), "--inputs", inputs, "--decision", "three")
    assert done.exit_code == 1
    assert done.stderr == "没有名为“three”的决策，可用的有：one、two\n"
    done = run("decide", write("bad.dmn", "<a/>"), "--inputs", inputs, "--json")
    assert json.loads(done.stdout)["error"] == "dmn_refused"
    assert run("decide", write("bad.dmn", "<a"), "--inputs", inputs).exit_code == 1


def test_decide_imports_from_its_folder_and_skips_what_is_no_decision_file(run):
    write("low.dmn", file(decision(text("7"), "seven"), own="urn:low"))
    write("broken.dmn", "<a")
    write("other.dmn", "<a/>")
    needed = (
        '<informationRequirement><requiredDecision href="urn:low#seven"/></informationRequirement>'
    )
    link = '<import name="low" namespace="urn:low" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    top = write(
        "top.dmn", file(link + decision(text("low.seven + 1"), requires=needed), own="urn:top")
    )
    done = run("decide", top, "--inputs", write("i.json", "{}"), "--json")
    assert json.loads(done.stdout)["value"] == 8


def test_problems_of_the_file_are_among_the_messages(run):
    done = run(
        "decide",
        write("t.dmn", file(decision(text("1 +"), "a") + decision(text("2"), "b"))),
        "--inputs",
        write("i.json", "{}"),
        "--json",
    )
    answer = json.loads(done.stdout)
    assert done.exit_code == 0
    assert answer["value"] == 2
    assert answer["messages"][0]["code"] == "expression"
