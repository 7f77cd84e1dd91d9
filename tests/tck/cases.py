"""Test cases of the kit: reading them and judging a result. Knows the kit's format, not how a decision is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.bpmn.load import load_xml
from engine.dmn import DecisionModel, evaluate, evaluate_service, parse_models
from engine.errors import EngineError
from engine.feel import compile_expression, temporal
from engine.feel.operations import equal

CASE = "{http://www.omg.org/spec/DMN/20160719/testcase}"
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
TOLERANCE = Decimal("1e-8")


@dataclass
class Case:
    """One test case; ``results`` are (name, expected value, an error is as good as null)."""

    suite: str
    id: str
    kind: str
    invocable: str
    inputs: dict[str, Any]
    results: list[tuple[str, Any, bool]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.suite} {self.id}"


@dataclass
class Verdict:
    """How a case went: passed, failed or error, and why."""

    case: Case
    outcome: str
    why: str = ""


def children(element: Any) -> list[Any]:
    return [child for child in element if isinstance(child.tag, str)]


def value_of(element: Any) -> Any:
    """Read a typed value, list or context."""
    components: dict[str, Any] = {}
    for child in children(element):
        if child.get(f"{XSI}nil") == "true" and child.tag != f"{CASE}component":
            return None
        if child.tag == f"{CASE}value":
            return scalar(child.get(f"{XSI}type", "").rpartition(":")[2], child.text or "")
        if child.tag == f"{CASE}list":
            return [value_of(item) for item in children(child)]
        if child.tag == f"{CASE}component":
            components[child.get("name")] = (
                None if child.get(f"{XSI}nil") == "true" else value_of(child)
            )
    return components or None


def scalar(kind: str, text: str) -> Any:
    if kind in ("decimal", "double", "integer", "int", "float"):
        return Decimal(text)
    readers = {
        "boolean": lambda t: t == "true",
        "date": temporal.parse_date,
        "time": temporal.parse_time,
        "dateTime": temporal.parse_date_time,
        "duration": temporal.parse_duration,
    }
    return readers.get(kind, str)(text)


def same(got: Any, want: Any) -> bool:
    """Compare; numbers may differ by 1e-8, since the kit writes quotients with few digits."""
    if isinstance(want, list) and isinstance(got, list):
        return len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, Mapping) and isinstance(got, Mapping):
        return want.keys() == got.keys() and all(same(got[key], want[key]) for key in want)
    numbers = [
        isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (got, want)
    ]
    if all(numbers):
        return abs(got - want) <= TOLERANCE
    return equal(got, want) is True


def read_cases(file: Path) -> tuple[str, list[Case]]:
    """Return the model's file name and the cases of one test file."""
    root = load_xml(file.read_bytes(), file.name)
    cases: list[Case] = []
    for element in root.findall(f"{CASE}testCase"):
        case = Case(
            file.parent.name,
            element.get("id", "?"),
            element.get("type", "decision"),
            element.get("invocableName", ""),
            {node.get("name"): value_of(node) for node in element.findall(f"{CASE}inputNode")},
        )
        for node in element.findall(f"{CASE}resultNode"):
            expected = node.find(f"{CASE}expected")
            want = value_of(expected) if expected is not None else None
            case.results.append((node.get("name"), want, node.get("errorResult") == "true"))
        cases.append(case)
    return root.findtext(f"{CASE}modelName") or "", cases


def functions() -> dict[str, Any]:
    """Give the kit a clock that stands still."""
    now = compile_expression('date and time("2026-03-02T09:00:00Z")').evaluate({})
    return {"now": lambda: now, "today": now.date}


def answer(model: DecisionModel, case: Case, name: str) -> Any:
    if case.kind == "decisionService" and case.invocable:
        value = evaluate_service(model, case.invocable, case.inputs, functions()).value
        several = len(model.services[case.invocable].outputs) > 1
        return value[name] if several and isinstance(value, Mapping) else value
    return evaluate(model, name, case.inputs, functions()).value


def judge(model: DecisionModel, case: Case) -> Verdict:
    """Run one case."""
    for name, want, error_allowed in case.results:
        try:
            got = answer(model, case, name)
        except EngineError as error:
            if error_allowed:
                continue
            return Verdict(case, "error", f"{name}: {error}")
        if not same(got, want):
            return Verdict(case, "failed", f"{name}: expected {want!r}, got {got!r}")
    return Verdict(case, "passed")


def run_level(folder: Path) -> Iterator[Verdict]:
    """Run every case of one compliance level."""
    for suite in sorted(path for path in folder.iterdir() if path.is_dir()):
        models = parse_models(
            {
                path.name: load_xml(path.read_bytes(), path.name)
                for path in sorted(suite.glob("*.dmn"))
            }
        )
        for file in sorted(suite.glob("*.xml")):
            model_name, cases = read_cases(file)
            for case in cases:
                if model_name in models:
                    yield judge(models[model_name], case)
                else:
                    yield Verdict(case, "error", f"no model {model_name!r}")
