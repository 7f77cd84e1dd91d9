"""Values to text: as the ``string`` function gives them, and as an expression that means the same value."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.feel import temporal
from engine.feel.errors import FeelBudgetExceeded
from engine.feel.limits import MAX_NESTING
from engine.feel.values import NUMBERS, FeelFunction, Range, check_length


def write_number(number: int | Decimal) -> str:
    """Return the digits without an exponent."""
    if isinstance(number, int):
        return str(number)
    return format(number, "f")


def quote(value: str) -> str:
    """Return the text as a string literal."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def write(value: Any) -> str:
    """Return what ``string(value)`` gives: a text as it is, all else as it would be written."""
    return value if type(value) is str else write_inside(value, 0)


def write_inside(value: Any, depth: int) -> str:
    """Return the value as an expression; texts in quotation marks, moments as ``@`` literals do not.

    Raises:
        FeelBudgetExceeded: longer than 64 KiB or deeper than 60.
    """
    if depth > MAX_NESTING:
        raise FeelBudgetExceeded("nesting", MAX_NESTING, "数据嵌套太深")
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind in NUMBERS:
        return write_number(value)
    if kind is str:
        return quote(value)
    if kind is list:
        return _joined("[", [write_inside(item, depth + 1) for item in _few(value)], "]")
    if isinstance(value, Mapping):
        entries = [f"{_key(key)}: {write_inside(item, depth + 1)}" for key, item in value.items()]
        return _joined("{", entries, "}")
    if kind is Range:
        return _write_range(value, depth)
    if isinstance(value, FeelFunction):
        return "function(" + ", ".join(value.parameters or ()) + ")"
    return temporal.write(value)


def _few(value: list[Any]) -> list[Any]:
    check_length(len(value))
    return value


def _key(key: str) -> str:
    return key if key.isidentifier() else quote(key)


def _joined(opening: str, parts: list[str], closing: str) -> str:
    check_length(sum(len(part) + 2 for part in parts))
    return opening + ", ".join(parts) + closing


def _write_range(value: Range, depth: int) -> str:
    if value.op:
        end = value.high if value.op in ("<", "<=") else value.low
        return f"({value.op} {write_inside(end, depth + 1)})"
    opening, closing = "[" if value.low_included else "(", "]" if value.high_included else ")"
    return f"{opening}{write_inside(value.low, depth + 1)}..{write_inside(value.high, depth + 1)}{closing}"
