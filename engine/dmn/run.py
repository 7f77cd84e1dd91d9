"""One evaluation of a decision: what FEEL keeps, and what the audit trail wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.feel.errors import FeelWarning
from engine.feel.kinds import Kind
from engine.feel.scope import Code, Run


@dataclass(frozen=True, slots=True)
class Match:
    """A rule of a decision table that matched.

    Attributes:
        table: name of the decision or function whose table it is.
        rule: its number in the table, from 1.
        id: its id in the file.
        inputs: {label of the column: value that was tested}.
        outputs: {name of the output: value}; empty where another rule decided.
        annotations: {name of the column: text}.
    """

    table: str
    rule: int
    id: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecisionResult:
    """The value of a decision, the rules that matched on the way to it, and what went wrong."""

    value: Any
    matched: list[Match]
    messages: list[FeelWarning]


class DecisionRun(Run):
    """A run that also keeps the rules that matched."""

    def __init__(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] | None,
        types: Mapping[str, Kind],
    ) -> None:
        super().__init__(names, functions)
        self.types = types
        self.matched: list[Match] = []


@dataclass(frozen=True, slots=True)
class Boxed:
    """Code of a boxed expression, how deep and how large it is."""

    code: Code
    depth: int
    size: int
