"""Decision tables (DMN 1.5, 8): all hit policies and aggregations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from engine.dmn.item_types import Allowed
from engine.dmn.run import DecisionRun, Match
from engine.feel.builtins import BUILT_INS
from engine.feel.expression import UnaryTests
from engine.feel.kinds import Kind, coerce, from_json
from engine.feel.operations import equal
from engine.feel.scope import Code, Run, Scope

POLICIES: Final = {
    "U": "UNIQUE", "A": "ANY", "P": "PRIORITY", "F": "FIRST", "R": "RULE ORDER", "O": "OUTPUT ORDER", "C": "COLLECT",
}  # fmt: skip
AGGREGATIONS: Final = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}


@dataclass(slots=True)
class Column:
    """An input: what is tested and what it may be."""

    label: str
    code: Code
    kind: Kind | None
    allowed: Allowed | None


@dataclass(slots=True)
class Output:
    """An output: its name (empty where there is one only), type, values in order of priority, default."""

    name: str
    label: str
    kind: Kind | None
    allowed: Allowed | None
    priority: list[Any]
    default: Code | None


@dataclass(slots=True)
class Rule:
    """One row: tests of the columns that have one, outputs in order."""

    number: int
    id: str
    tests: list[tuple[int, UnaryTests]]
    outputs: list[Code]
    annotations: dict[str, str]


class Table:
    """A compiled decision table; ``name`` is what the audit trail calls it."""

    def __init__(
        self,
        name: str,
        policy: str,
        aggregation: str,
        inputs: list[Column],
        outputs: list[Output],
        rules: list[Rule],
    ) -> None:
        self.name, self.policy, self.aggregation = name, policy, aggregation
        self.inputs, self.outputs, self.rules = inputs, outputs, rules

    def __call__(self, scope: Scope) -> Any:
        """Evaluate in a scope that holds what the table needs."""
        run = scope.run
        values = self._input_values(scope)
        if values is None:
            return None
        matched = self._matching(scope, values)
        if not matched:
            return self._defaults(scope)
        results = [self._outputs(scope, rule) for rule in matched]
        if any(result is None for result in results):
            return None
        known = [result for result in results if result is not None]
        self._record(run, matched, values, known)
        return self._decide(run, matched, known)

    def _input_values(self, scope: Scope) -> list[Any] | None:
        values: list[Any] = []
        for column in self.inputs:
            value, fits = coerce(from_json(column.code(scope), column.kind), column.kind)
            if not fits or (
                column.allowed is not None and value is not None and not column.allowed(value)
            ):
                scope.run.warn(
                    "input_value",
                    f"决策表“{self.name}”的输入“{column.label}”不在允许的范围内",
                    f"input {column.label!r} of table {self.name!r} is not allowed",
                )
                return None
            values.append(value)
        return values

    def _matching(self, scope: Scope, values: list[Any]) -> list[Rule]:
        scope.run.spend(len(self.rules) * (len(self.inputs) + 1))
        first_only = self.policy == "FIRST"
        matched: list[Rule] = []
        for rule in self.rules:
            for column, tests in rule.tests:
                if tests.test(values[column], scope) is not True:
                    break
            else:
                matched.append(rule)
                if first_only:
                    break
        return matched

    def _outputs(self, scope: Scope, rule: Rule) -> list[Any] | None:
        values: list[Any] = []
        for output, code in zip(self.outputs, rule.outputs, strict=True):
            value, fits = coerce(code(scope), output.kind)
            if not fits or (
                output.allowed is not None and value is not None and not output.allowed(value)
            ):
                scope.run.warn(
                    "output_value",
                    f"决策表“{self.name}”第{rule.number}条规则的输出“{output.label}”不在允许的范围内",
                    f"output {output.label!r} of rule {rule.number} of table {self.name!r} is not allowed",
                )
                return None
            values.append(value)
        return values

    def _record(
        self, run: Run, matched: list[Rule], values: list[Any], results: list[list[Any]]
    ) -> None:
        inputs = {column.label: value for column, value in zip(self.inputs, values, strict=True)}
        for rule, result in zip(matched, results, strict=True):
            outputs = {
                output.label: value for output, value in zip(self.outputs, result, strict=True)
            }
            cast("DecisionRun", run).matched.append(
                Match(self.name, rule.number, rule.id, inputs, outputs, rule.annotations)
            )

    def _defaults(self, scope: Scope) -> Any:
        if any(output.default is not None for output in self.outputs):
            values = [
                output.default(scope) if output.default is not None else None
                for output in self.outputs
            ]
            return self._shaped(values)
        scope.run.warn(
            "no_rule", f"决策表“{self.name}”没有规则符合", f"no rule of table {self.name!r} matches"
        )
        return 0 if self.aggregation == "COUNT" else None

    def _shaped(self, values: list[Any]) -> Any:
        if len(self.outputs) == 1:
            return values[0]
        return {output.name: value for output, value in zip(self.outputs, values, strict=True)}

    # --- hit policies ---

    def _decide(self, run: Run, matched: list[Rule], results: list[list[Any]]) -> Any:
        if self.policy == "UNIQUE":
            return self._unique(run, matched, results)
        if self.policy == "ANY":
            return self._any(run, matched, results)
        if self.policy == "PRIORITY":
            return self._shaped(min(results, key=self._rank))
        if self.policy == "FIRST":
            return self._shaped(results[0])
        if self.policy == "OUTPUT ORDER":
            return [self._shaped(result) for result in sorted(results, key=self._rank)]
        if self.policy == "COLLECT" and self.aggregation:
            return self._aggregated(run, results)
        return [self._shaped(result) for result in results]

    def _unique(self, run: Run, matched: list[Rule], results: list[list[Any]]) -> Any:
        if len(matched) > 1:
            numbers = [rule.number for rule in matched]
            run.warn(
                "not_unique",
                f"决策表“{self.name}”要求只有一条规则符合，但第{'、'.join(map(str, numbers))}条都符合",
                f"rules {numbers} of table {self.name!r} match; UNIQUE allows one",
            )
            return None
        return self._shaped(results[0])

    def _any(self, run: Run, matched: list[Rule], results: list[list[Any]]) -> Any:
        if any(equal(result, results[0], run) is not True for result in results[1:]):
            numbers = [rule.number for rule in matched]
            run.warn(
                "not_equal",
                f"决策表“{self.name}”的第{'、'.join(map(str, numbers))}条规则符合，但结果不同",
                f"rules {numbers} of table {self.name!r} match with different outputs; ANY allows none",
            )
            return None
        return self._shaped(results[0])

    def _rank(self, result: list[Any]) -> list[int]:
        ranks: list[int] = []
        for output, value in zip(self.outputs, result, strict=True):
            places = [
                at for at, listed in enumerate(output.priority) if equal(listed, value) is True
            ]
            ranks.append(places[0] if places else len(output.priority))
        return ranks

    def _aggregated(self, run: Run, results: list[list[Any]]) -> Any:
        combined: list[Any] = []
        for at in range(len(self.outputs)):
            column = [result[at] for result in results]
            body: Callable[..., Any] = BUILT_INS[AGGREGATIONS[self.aggregation]].body
            value = body(run, column)
            if value is None:
                run.warn(
                    "aggregation",
                    f"决策表“{self.name}”的结果不能汇总（{self.aggregation}）",
                    f"outputs of table {self.name!r} cannot be aggregated by {self.aggregation}",
                )
            combined.append(value)
        return self._shaped(combined)
