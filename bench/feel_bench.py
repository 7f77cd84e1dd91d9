"""What expressions and decision tables cost, against others in the same process.

Every function returns plain numbers; medians of five rounds, the rivals taking turns within a round.
"""

from __future__ import annotations

import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from bkflow_feel.api import parse_expression
from SpiffWorkflow.bpmn.script_engine import TaskDataEnvironment

from engine.bpmn.load import load_xml
from engine.dmn import evaluate, parse_dmn
from engine.errors import EngineError
from engine.feel import compile_expression
from engine.feel.expression import EXPRESSIONS
from engine.feel.limits import CACHE_CHARACTERS, CACHE_ENTRIES

ROUNDS = 5
NAMES: dict[str, Any] = {
    "kind": "company",
    "days": 15,
    "form": {"amount": 100, "kind": "y"},
    **{f"f{number}": number for number in range(60)},
}
FEEL = 'kind = "company" and days > 10 and form.amount * 2 < 1000'
PYTHON = "kind == 'company' and days > 10 and form['amount'] * 2 < 1000"
RULES, COLUMNS = 30, 4
CELLS = [
    [f'"k{rule % 5}"', f"> {rule}", f"[{rule}..{rule + 40}]", f"<= {100 - rule}"]
    for rule in range(RULES)
]
INPUTS = {"a": "k4", "b": 29, "c": 40, "d": 60}
ATTACKS = (
    "9**9**9",
    "for i in 1..1000000 return i",
    "for a in 1..1000, b in 1..1000, c in 1..1000 return 1",
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "(a+)+$")',
    'matches("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "(a*)*\\\\1c|(a|aa)+$")',
    'string join(for i in 1..9000 return "aaaaaaaaaaaaaaaaaaaa")',
    "{f: function(n) f(n + 1), r: f(1)}.r",
    "(" * 150 + "1" + ")" * 150,
    "-" * 5000 + "1",
    "count(flatten([for i in 1..9999 return [i, i]]))",
)


def _microseconds(call: Callable[[], Any], times: int) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begin) / times * 1e6


def _medians(calls: dict[str, tuple[Callable[[], Any], int]]) -> dict[str, float]:
    """Return the median microseconds of each call; {name: (call, times in a round)}."""
    for call, times in calls.values():
        _microseconds(call, max(1, times // 10))
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, (call, times) in calls.items():
            rounds[name].append(_microseconds(call, times))
    return {name: statistics.median(values) for name, values in rounds.items()}


def condition() -> dict[str, float]:
    """Return microseconds of one cached condition: ours, SpiffWorkflow's engine, a compiled Python eval."""
    spiff = TaskDataEnvironment()
    compiled = compile(PYTHON, "<condition>", "eval")
    empty: dict[str, Any] = {"__builtins__": {}}

    def ours() -> Any:
        return compile_expression(FEEL).evaluate(NAMES)

    def spiffs() -> Any:
        return spiff.evaluate(PYTHON, dict(NAMES))

    def pythons() -> Any:
        return eval(compiled, empty, NAMES)  # noqa: S307  # the yardstick, on a text of our own

    assert ours() is True
    assert spiffs() is True
    assert pythons() is True
    return _medians({"feel": (ours, 5000), "spiff": (spiffs, 500), "eval": (pythons, 5000)})


def condition_ratio() -> float:
    """Return our time for a cached condition as a part of SpiffWorkflow's; at most 0.5 is demanded."""
    times = condition()
    return times["feel"] / times["spiff"]


def condition_against_eval() -> float:
    """Return our time for a cached condition as a multiple of a compiled Python ``eval``."""
    times = condition()
    return times["feel"] / times["eval"]


def table_xml() -> bytes:
    """Return the table of 30 rules by 4 inputs as a DMN file."""
    inputs = "".join(
        f"<input><inputExpression><text>{name}</text></inputExpression></input>" for name in INPUTS
    )
    rules = "".join(
        "<rule>"
        + "".join(f"<inputEntry><text>{_escaped(cell)}</text></inputEntry>" for cell in row)
        + f"<outputEntry><text>{number}</text></outputEntry></rule>"
        for number, row in enumerate(CELLS)
    )
    namespace = "https://www.omg.org/spec/DMN/20230324/MODEL/"
    return (
        f'<definitions xmlns="{namespace}" name="t" namespace="t"><decision id="t" name="t">'
        f'<decisionTable hitPolicy="COLLECT">{inputs}<output/>{rules}</decisionTable></decision></definitions>'
    ).encode()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _bkflow_cell(name: str, cell: str) -> str:
    if cell[0] == "[":
        low, high = cell[1:-1].split("..")
        return f"{name} >= {low} and {name} <= {high}"
    return f"{name} = {cell}" if cell[0] == '"' else f"{name} {cell}"


def _bkflow_table() -> list[int]:
    """Evaluate the same cells with bkflow-feel, a row only as far as it matches."""
    hits: list[int] = []
    for number, row in enumerate(CELLS):
        if all(
            parse_expression(_bkflow_cell(name, cell), INPUTS)
            for name, cell in zip(INPUTS, row, strict=True)
        ):
            hits.append(number)
    return hits


def table() -> dict[str, float]:
    """Return microseconds of one evaluation of the table: ours and bkflow-feel's."""
    model = parse_dmn(load_xml(table_xml(), "table.dmn"), "table.dmn")

    def ours() -> Any:
        return evaluate(model, "t", INPUTS).value

    assert ours() == _bkflow_table()
    return _medians({"dmn": (ours, 500), "bkflow": (_bkflow_table, 1)})


def table_ratio() -> float:
    """Return how many times faster our table is than bkflow-feel's cells; at least 5 is demanded."""
    times = table()
    return times["bkflow"] / times["dmn"]


def cache_mebibytes() -> float:
    """Return the memory of a full cache of expressions."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(CACHE_ENTRIES * 2):
        compile_expression(f"{FEEL} and f{number % 60} != {number}")
    size = (tracemalloc.get_traced_memory()[0] - before) / 2**20
    tracemalloc.stop()
    assert len(EXPRESSIONS) <= CACHE_ENTRIES
    assert EXPRESSIONS.characters <= CACHE_CHARACTERS
    return size


def attacks() -> list[tuple[str, str, float, float]]:
    """Return (attack, how it ended, milliseconds, MiB at its height) of expressions that mean no good."""
    rows: list[tuple[str, str, float, float]] = []
    for text in ATTACKS:
        tracemalloc.start()
        begin = time.perf_counter()
        try:
            ended = repr(compile_expression(text).evaluate(NAMES))[:20]
        except EngineError as error:
            ended = error.code
        took = (time.perf_counter() - begin) * 1e3
        rows.append((text[:60], ended, took, tracemalloc.get_traced_memory()[1] / 2**20))
        tracemalloc.stop()
    return rows


def measure() -> dict[str, float]:
    """Return every number of this module by name."""
    one, many = condition(), table()
    worst = attacks()
    return {
        "feel_condition_us": one["feel"],
        "feel_condition_to_spiff": one["feel"] / one["spiff"],
        "feel_condition_to_eval": one["feel"] / one["eval"],
        "dmn_table_30x4_us": many["dmn"],
        "dmn_table_ahead_of_bkflow": many["bkflow"] / many["dmn"],
        "feel_cache_mib": cache_mebibytes(),
        "feel_worst_attack_ms": max(row[2] for row in worst),
        "feel_worst_attack_mib": max(row[3] for row in worst),
    }


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:32s} {value:12.3f}")
    for text, ended, milliseconds, mebibytes in attacks():
        print(f"  {text:62s} {ended:20s} {milliseconds:8.1f} ms {mebibytes:6.2f} MiB")
