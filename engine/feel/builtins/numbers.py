"""Numeric functions (DMN 1.5, 10.3.4.5)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
)
from typing import Any, Final

from engine.feel.functions import BuiltIn
from engine.feel.scope import Run
from engine.feel.values import CONTEXT, INT_LIMIT, NUMBERS, DaysTime, YearsMonths


def is_number(value: Any) -> bool:
    """True for a number (a boolean is none)."""
    return type(value) in NUMBERS


def round_to(value: Any, scale: Any, rounding: str) -> Any:
    """Round to so many decimals; scale is cut to a whole number."""
    if not is_number(value) or not is_number(scale):
        return None
    digits = int(scale)
    if not -6111 <= digits <= 6176:
        return None
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= digits:
        return value
    context = CONTEXT.copy()
    context.prec = 6200
    rounded = number.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=context)
    return whole(CONTEXT.plus(rounded))


def whole(number: Decimal) -> Any:
    """Return an int where the number is one and was not written with decimals."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and 0 <= exponent < 34 and abs(number) < INT_LIMIT:
        return int(number)
    return number


def _rounder(rounding: str) -> Callable[..., Any]:
    def body(_: Run, value: Any, scale: Any = 0) -> Any:
        return round_to(value, scale, rounding)

    return body


def _abs(_: Run, value: Any) -> Any:
    if is_number(value):
        return abs(value)
    if type(value) is YearsMonths:
        return YearsMonths(abs(value.months))
    return DaysTime(abs(value.nanos)) if type(value) is DaysTime else None


def _modulo(_: Run, dividend: Any, divisor: Any) -> Any:
    if not is_number(dividend) or not is_number(divisor) or divisor == 0:
        return None
    if type(dividend) is int and type(divisor) is int:
        return dividend % divisor
    rest = CONTEXT.remainder(dividend, divisor)
    return CONTEXT.add(rest, divisor) if rest != 0 and (rest < 0) != (divisor < 0) else rest


def _unary(
    apply: Callable[[Decimal], Decimal], allowed: Callable[[Any], bool]
) -> Callable[..., Any]:
    def body(_: Run, value: Any) -> Any:
        return apply(Decimal(value)) if is_number(value) and allowed(value) else None

    return body


def _parity(rest: int) -> Callable[..., Any]:
    def body(_: Run, value: Any) -> Any:
        return (
            is_number(value) and value % 2 == rest
            if is_number(value) and abs(value) < INT_LIMIT
            else None
        )

    return body


FUNCTIONS: Final = (
    BuiltIn("decimal", ["n, scale"], _rounder(ROUND_HALF_EVEN), 2, 20),
    BuiltIn("floor", ["n, scale"], _rounder(ROUND_FLOOR), 1, 20),
    BuiltIn("ceiling", ["n, scale"], _rounder(ROUND_CEILING), 1, 20),
    BuiltIn("round up", ["n, scale"], _rounder(ROUND_UP), 2, 20),
    BuiltIn("round down", ["n, scale"], _rounder(ROUND_DOWN), 2, 20),
    BuiltIn("round half up", ["n, scale"], _rounder(ROUND_HALF_UP), 2, 20),
    BuiltIn("round half down", ["n, scale"], _rounder(ROUND_HALF_DOWN), 2, 20),
    BuiltIn("abs", ["n"], _abs, 1),
    BuiltIn("modulo", ["dividend, divisor"], _modulo, 2),
    BuiltIn("sqrt", ["number"], _unary(CONTEXT.sqrt, lambda n: bool(n >= 0)), 1, 60),
    BuiltIn("log", ["number"], _unary(CONTEXT.ln, lambda n: bool(n > 0)), 1, 60),
    BuiltIn("exp", ["number"], _unary(CONTEXT.exp, lambda n: bool(abs(n) < 20_000)), 1, 60),
    BuiltIn("odd", ["number"], _parity(1), 1),
    BuiltIn("even", ["number"], _parity(0), 1),
)
