"""Where names are looked up while an expression runs, and what the run has left to spend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.feel.errors import FeelBudgetExceeded, FeelWarning
from engine.feel.limits import MAX_FRAMES, MAX_STEPS, MAX_WARNINGS
from engine.feel.values import SCALARS, load

NO_FUNCTIONS: Mapping[str, Callable[..., Any]] = {}


class Scope:
    """Names bound inside an expression. ``vars`` holds FEEL values, ``parent`` what is around it."""

    __slots__ = ("parent", "run", "vars")

    def __init__(self, parent: Scope, names: Mapping[str, Any]) -> None:
        self.vars = names
        self.parent: Scope | None = parent
        self.run: Run = parent.run


class Run(Scope):
    """One evaluation: the caller's names (raw data, loaded when read), functions and budgets.

    What few runs need stands on the class until it is needed: most runs are one condition, and are made often.
    """

    steps = MAX_STEPS
    frames = MAX_FRAMES
    warnings: list[FeelWarning] | None = None
    loaded: dict[Any, Any] | None = None
    types: Mapping[str, Any] | None = None

    def __init__(
        self,
        names: Mapping[str, Any],
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        self.vars = names
        self.parent = None
        self.run = self
        self.functions = functions or NO_FUNCTIONS

    def fetch(self, key: Any, raw: Any) -> Any:
        """Turn data of the caller into FEEL values, each list and context once in a run."""
        if type(raw) in SCALARS or type(raw) is float:
            return load(raw)
        if self.loaded is None:
            self.loaded = {}
        if key not in self.loaded:
            self.loaded[key] = load(raw)
        return self.loaded[key]

    def spend(self, steps: int) -> None:
        """Take so many steps off the budget.

        Raises:
            FeelBudgetExceeded: none are left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise FeelBudgetExceeded("steps", MAX_STEPS, "计算步数太多，请缩小列表或简化循环")

    def enter(self, frames: int) -> None:
        """Go down into a function body of that depth; ``leave`` it afterwards."""
        self.frames -= frames
        if self.frames < 0:
            raise FeelBudgetExceeded("recursion", MAX_FRAMES, "函数调用层数太深")

    def leave(self, frames: int) -> None:
        """Come back from a function body."""
        self.frames += frames

    def warn(self, code: str, message_zh: str, message_en: str) -> None:
        """Keep why something became null."""
        if self.warnings is None:
            self.warnings = []
        if len(self.warnings) < MAX_WARNINGS:
            self.warnings.append(FeelWarning(code, message_zh, message_en))


Code = Callable[[Scope], Any]
