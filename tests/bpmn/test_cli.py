"""``gongkai check`` and ``gongkai try``: exit status, JSON and nothing else on standard output."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from engine.cli.definitions import register
from tests.bpmn.drawing import doc, flows, node, user

S, E = node("startEvent", "s"), node("endEvent", "e")
GOOD = doc(S + node("userTask", "a", camunda__candidateGroups="clerk") + E + flows("s>a", "a>e"))
LONELY = doc(S + user("a") + E + flows("s>a", "a>e"))
BAD = doc(S + node("scriptTask", "a") + E + flows("s>a", "a>e"))
CALLS = doc(S + node("callActivity", "c", calledElement="q") + E + flows("s>c", "c>e"))
CALLED = doc(S + user("inner") + E + flows("s>inner", "inner>e"), process="q")


def run(*arguments: str) -> Result:
    group = click.Group()
    register(group)
    return CliRunner().invoke(group, [*arguments])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in (("good", GOOD), ("lonely", LONELY), ("bad", BAD), ("calls", CALLS)):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.bpmn").write_bytes(data)
    return tmp_path


def test_check_answers_with_its_exit_status(folder: Path) -> None:
    assert run("check", str(folder / "good")).exit_code == 0
    assert run("check", str(folder / "lonely" / "lonely.bpmn")).exit_code == 0
    assert run("check", "--strict", str(folder / "lonely")).exit_code == 1
    assert run("check", str(folder / "bad" / "bad.bpmn")).exit_code == 1
    assert run("check", str(folder / "nowhere")).exit_code == 2


def test_check_prints_one_array(folder: Path) -> None:
    found = json.loads(run("check", "--json", str(folder / "bad"), str(folder / "lonely")).output)
    assert [(f["file"], f["element"], f["rule"], f["severity"]) for f in found] == [
        ("bad.bpmn", "a", "script-task", "error"),
        ("lonely.bpmn", "a", "nobody", "warning"),
    ]
    assert json.loads(run("check", "--json", str(folder / "good")).output) == []


def scenario(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_try_prints_one_object_a_run(folder: Path) -> None:
    file = scenario(
        folder / "s.yaml",
        "runs:\n"
        "  - name: right\n    steps: [{start: {}}, {tasks: [a]}, {complete: a}, {ended: true}]\n"
        "  - name: wrong\n    steps: [{start: {}}, {tasks: [b]}]\n",
    )
    result = run("try", str(folder / "good" / "good.bpmn"), "--scenario", file, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output) == [
        {"run": "right", "ok": True, "step": 3, "expected": None, "got": None},
        {"run": "wrong", "ok": False, "step": 1, "expected": ["b"], "got": ["a"]},
    ]


def test_try_tells_a_refusal_with_its_findings(folder: Path) -> None:
    file = scenario(
        folder / "s.yaml",
        "runs:\n  - {name: runs, steps: [{start: {}}]}\n  - {name: refused, steps: [{refused: script-task}]}\n",
    )
    result = run("try", str(folder / "bad" / "bad.bpmn"), "--scenario", file, "--json")
    told = json.loads(result.output)
    assert result.exit_code == 1
    assert told[0]["ok"] is False
    assert told[0]["refused"][0]["element"] == "a"
    assert told[1]["ok"] is True


def test_called_processes_come_from_siblings_or_from_with(folder: Path) -> None:
    file = scenario(
        folder / "s.yaml", "runs:\n  - {name: x, steps: [{start: {}}, {tasks: [inner]}]}\n"
    )
    alone = folder / "calls" / "calls.bpmn"
    assert run("try", str(alone), "--scenario", file).exit_code == 1
    (folder / "called.bpmn").write_bytes(CALLED)
    with_it = run("try", str(alone), "--scenario", file, "--with", str(folder / "called.bpmn"))
    assert with_it.exit_code == 0, with_it.output
    (folder / "q").mkdir()
    (folder / "q" / "q.bpmn").write_bytes(CALLED)
    assert run("try", str(folder / "calls"), "--scenario", file).exit_code == 0


def test_a_call_that_leads_nowhere_is_found_in_a_called_file(tmp_path: Path) -> None:
    for name, called in (("a", "b"), ("b", "nowhere")):
        call = f'<bpmn:callActivity id="{name}_calls" calledElement="{called}"/>'
        (tmp_path / f"{name}.bpmn").write_bytes(doc(call, process=name))
    file = tmp_path / "x.yaml"
    file.write_text("runs: [{name: x, steps: [{start: {}}]}]", encoding="utf-8")
    tried = run(
        "try", str(tmp_path / "a.bpmn"), "--scenario", str(file), "--with", str(tmp_path / "b.bpmn")
    )
    assert tried.exit_code == 1
    assert "b_calls" in tried.output
    assert "called-process" in tried.output


def test_several_files_may_follow_with(folder: Path) -> None:
    (folder / "q.bpmn").write_bytes(CALLED)
    file = scenario(folder / "s.yaml", "runs: [{steps: [{start: {}}, {tasks: [inner]}]}]\n")
    calls, called, other = (
        str(folder / p) for p in ("calls/calls.bpmn", "q.bpmn", "good/good.bpmn")
    )
    assert run("try", calls, "--scenario", file, "--with", other, called, "--json").exit_code == 0


@pytest.mark.parametrize(
    ("steps", "step"),
    [
        ("{fact: {kind: received, date: tomorrow}}", 1),
        ("{fact: {date: 2026-01-05}}", 1),
        ("{until: yesterday}", 1),
        ("{advance: 5 days}", 1),
        ("{now: soon}", 1),
        ("{fire: [a]}", 1),
        ("{message: [a]}", 1),
        ("{set: 5}", 1),
        ("{complete: {task: a, data: [1]}}", 1),
    ],
)
def test_a_step_that_cannot_be_read_ends_its_own_run_only(
    folder: Path, steps: str, step: int
) -> None:
    file = scenario(
        folder / "s.yaml",
        f"runs: [{{name: odd, steps: [start, {steps}]}}, {{name: other, steps: [start, {{tasks: a}}]}}]\n",
    )
    result = run("try", str(folder / "good" / "good.bpmn"), "--scenario", file, "--json")
    odd, other = json.loads(result.output)
    assert (odd["ok"], odd["step"], other["ok"]) == (False, step, True)
    assert isinstance(odd["got"], str)


@pytest.mark.parametrize(
    "text", ["", "runs: 4", "runs: [{steps: [{fly: true}]}]", "{", "a: &b c\nd: *b"]
)
def test_a_broken_scenario_is_one_sentence(folder: Path, text: str) -> None:
    file = scenario(folder / "s.yaml", text)
    result = run("try", str(folder / "good" / "good.bpmn"), "--scenario", file, "--json")
    assert result.exit_code == 1
    assert json.loads(result.output)[0]["ok"] is False


def test_a_run_fails_where_a_step_fails_and_nobody_expected_it(folder: Path) -> None:
    file = scenario(
        folder / "s.yaml",
        "runs:\n  - {name: x, steps: [{start: {}}, {complete: b}, {tasks: [a]}]}\n"
        "  - {name: y, steps: [{start: {}}, {complete: b}, {fails: true}, {tasks: [a]}]}\n"
        "  - {name: z, steps: [{start: {}}, {complete: a}, {fails: true}]}\n",
    )
    told = json.loads(
        run("try", str(folder / "good" / "good.bpmn"), "--scenario", file, "--json").output
    )
    assert [(t["ok"], t["step"]) for t in told] == [(False, 1), (True, 3), (False, 2)]
