"""Short ways to evaluate, for the tests of FEEL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from engine.feel import FeelWarning, compile_expression, compile_unary_tests

CLOCK = {
    "today": lambda: dt.date(2026, 3, 2),
    "now": lambda: dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC),
}


def value(text: str, names: Mapping[str, Any] | None = None, /, **more: Any) -> Any:
    """Evaluate an expression."""
    return compile_expression(text).evaluate({**(names or {}), **more}, CLOCK)


def codes(text: str, names: Mapping[str, Any] | None = None, /, **more: Any) -> list[str]:
    """Return the codes of the warnings of an evaluation."""
    warnings: list[FeelWarning] = []
    compile_expression(text).evaluate({**(names or {}), **more}, CLOCK, warnings=warnings)
    return [warning.code for warning in warnings]


def passes(cell: str, tested: Any, /, **names: Any) -> bool | None:
    """Test a value against the cell of a table."""
    return compile_unary_tests(cell).matches(tested, names, CLOCK)


def same(text: str, **names: Any) -> bool:
    """Tell whether an expression is true."""
    return value(text, names) is True
