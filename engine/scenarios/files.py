"""Scenario files: YAML to values, every mistake told by run and step. Nothing is run here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import BadInput
from engine.words import listed, say
from engine.yaml_source import load_yaml

STEPS = frozenset(
    (
        "now",
        "start",
        "tasks",
        "complete",
        "complete_all",
        "fact",
        "offered",
        "fire",
        "advance",
        "until",
        "message",
        "signal",
        "set",
        "begin",
        "due",
        "variables",
        "letters",
        "cancel",
        "ended",
        "refused",
        "fails",
    )
)


class ScenarioInvalid(BadInput):
    """A scenario file says something that is no scenario; the sentence names run and step."""

    code = "scenario_invalid"


@dataclass(frozen=True, slots=True)
class Act:
    """One step: a word of ``STEPS``, what stands after it, and who acts (``as``)."""

    word: str
    value: Any
    by: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioRun:
    """One run: a name, its steps, and the office's settings that differ in it (``{name: value}``)."""

    name: str
    steps: tuple[Act, ...]
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file: which process starts (None: the main one) and its runs."""

    file: str
    process: str | None
    runs: tuple[ScenarioRun, ...]


def read_scenario(data: bytes, name: str) -> Scenario:
    """Read a scenario file.

    Raises:
        YamlRefused: no YAML. ScenarioInvalid: no scenario.
    """
    found = load_yaml(data, name)
    if not isinstance(found, dict):
        raise _invalid(name, "has no runs", say("没有 runs，请至少写一个 run"))
    process = found.get("process")
    if process is not None and not isinstance(process, str):
        raise _invalid(name, "process is no id", say("process 应是流程编号"))
    runs = found.get("runs")
    if not isinstance(runs, list) or not runs:
        raise _invalid(name, "has no runs", say("没有 runs，请至少写一个 run"))
    return Scenario(name, process, tuple(_run(name, n, run) for n, run in enumerate(runs)))


def _run(file: str, number: int, run: object) -> ScenarioRun:
    if not isinstance(run, dict) or not isinstance(run.get("steps"), list):
        raise _invalid(
            file,
            f"run {number} has no steps",
            say("第{number}个 run 没有 steps", number=number + 1),
        )
    name = str(run.get("name") or f"run {number}")
    settings = run.get("settings") or {}
    if not isinstance(settings, dict):
        raise _invalid(
            file,
            f"{name}: settings is no mapping",
            say("“{name}”的 settings 应写成 名称: 值", name=name),
        )
    steps = tuple(_step(file, name, n, s) for n, s in enumerate(run["steps"]))
    return ScenarioRun(name, steps, settings)


def _step(file: str, run: str, number: int, step: object) -> Act:
    if isinstance(step, str):
        step = {step: True}
    if not isinstance(step, dict):
        raise _invalid(
            file,
            f"{run}, step {number} is no mapping",
            say("“{run}”第{number}步写法不对", run=run, number=number),
        )
    words = [k for k in step if k in STEPS]
    rest = [k for k in step if k not in STEPS and k != "as"]
    if len(words) != 1 or rest:
        raise _invalid(
            file,
            f"{run}, step {number}: not exactly one known word in {sorted(step)}",
            say(
                "“{run}”第{number}步读不懂：{words}",
                run=run,
                number=number,
                words=listed(map(str, step)),
            ),
        )
    by = step.get("as")
    return Act(words[0], step[words[0]], None if by is None else str(by))


def _invalid(file: str, message: str, sentence: str) -> ScenarioInvalid:
    return ScenarioInvalid(
        f"{file}: {message}", sentence=say("{where}：{sentence}", where=file, sentence=sentence)
    )
