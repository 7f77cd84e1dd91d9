"""The values of FEEL: numbers, durations, ranges and functions; how data from outside becomes one.

Numbers are ``int`` or ``Decimal`` of at most 34 digits; ``float`` never. Dates and times are those of
``datetime`` where these can hold them and the classes of ``temporal`` where not. A context is a ``dict``
(any mapping with text keys), a list is a ``list``. Nothing here looks at attributes of foreign objects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)
from typing import Any, Final

from engine.feel.errors import FeelBudgetExceeded
from engine.feel.limits import DIGITS, MAX_LIST, MAX_TEXT
from engine.words import say

CONTEXT: Final = Context(
    prec=DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
INT_LIMIT: Final = 10**DIGITS
NANOS: Final = 1_000_000_000
DAY_NANOS: Final = 86_400 * NANOS
MAX_MONTHS: Final = 12 * 2_000_000_000
MAX_NANOS: Final = 2**63 * NANOS

Number = int | Decimal


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A years and months duration; ``months`` counts both and may be negative."""

    months: int


@dataclass(frozen=True, slots=True, order=True)
class DaysTime:
    """A days and time duration; ``nanos`` counts nanoseconds and may be negative."""

    nanos: int


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; ``op`` tells one that was written as a comparison (``< 10``) from one with two ends."""

    low: Any
    high: Any
    low_included: bool
    high_included: bool
    op: str = ""


NUMBERS: Final = frozenset({int, Decimal})
TEMPORALS: Final = frozenset({dt.date, dt.time, dt.datetime})
SCALARS: Final = frozenset(
    {
        int,
        Decimal,
        str,
        bool,
        type(None),
        dt.date,
        dt.time,
        dt.datetime,
        YearsMonths,
        DaysTime,
        Range,
    }
)


def shrink(number: int) -> Number:
    """Round an integer to 34 significant digits; raises a DecimalException beyond the exponent's reach."""
    return number if -INT_LIMIT < number < INT_LIMIT else CONTEXT.create_decimal(number)


def text(value: str) -> str:
    """Let a text that was built pass if it is not too long."""
    check_length(len(value))
    return value


def check_length(characters: int) -> None:
    """Refuse to build a text of more characters than allowed, before it is built."""
    if characters > MAX_TEXT:
        raise FeelBudgetExceeded("text", MAX_TEXT, say("文字超过{count}个字符", count=MAX_TEXT))


def items(value: list[Any]) -> list[Any]:
    """Let a list that was built pass if it is not too long."""
    if len(value) > MAX_LIST:
        raise FeelBudgetExceeded("list", MAX_LIST, say("列表超过{count}项", count=MAX_LIST))
    return value


def load(value: Any, depth: int = 0) -> Any:
    """Turn data from outside into a FEEL value; what has no counterpart becomes None.

    Lists and contexts that already are FEEL values are returned as they are, not copied.
    """
    kind = type(value)
    if kind in SCALARS:
        return _checked(value) if kind in (int, str, Decimal) else value
    if depth > 60:
        raise FeelBudgetExceeded("data", 60, "数据嵌套太深")
    if kind is list or kind is tuple:
        return _load_list(value, depth)
    if isinstance(value, Mapping):
        return _load_context(value, depth)
    return _load_other(value, depth)


def _checked(value: int | str | Decimal) -> Any:
    """Bring a number to 34 digits; a number that is none (NaN, infinity) is null."""
    if type(value) is int:
        if -INT_LIMIT < value < INT_LIMIT:
            return value
        if value.bit_length() > 21_000:
            return None
        return _decimal(Decimal(value))
    if type(value) is Decimal:
        return _decimal(value)
    return value


def _decimal(value: Decimal) -> Decimal | None:
    try:
        return CONTEXT.plus(value) if value.is_finite() else None
    except DecimalException:
        return None


def _load_list(value: list[Any] | tuple[Any, ...], depth: int) -> list[Any]:
    if len(value) > MAX_LIST:
        raise FeelBudgetExceeded("list", MAX_LIST, say("列表超过{count}项", count=MAX_LIST))
    loaded = [load(item, depth + 1) for item in value]
    if type(value) is list and all(new is old for new, old in zip(loaded, value, strict=True)):
        return value
    return loaded


def _load_context(value: Mapping[Any, Any], depth: int) -> Mapping[str, Any]:
    if len(value) > MAX_LIST:
        raise FeelBudgetExceeded("context", MAX_LIST, say("数据超过{count}项", count=MAX_LIST))
    changed = type(value) is not dict
    loaded: dict[str, Any] = {}
    for key, old in value.items():
        new = load(old, depth + 1)
        changed = changed or new is not old or type(key) is not str
        loaded[str(key) if isinstance(key, str | int) else repr(type(key))] = new
    return loaded if changed else value


def _load_other(value: Any, depth: int) -> Any:
    if isinstance(value, FeelFunction):
        return value
    if isinstance(value, Wide):
        return value
    if isinstance(value, float):
        return _decimal(Decimal(float.__repr__(value)))
    if isinstance(value, dt.timedelta):
        micros = value // dt.timedelta(microseconds=1)
        return DaysTime(micros * 1000)
    if isinstance(value, int):
        return _checked(int.__int__(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, set | frozenset):
        return _load_list(sorted(value, key=repr), depth)
    return None


class Wide:
    """Mark of the date and time classes that reach beyond ``datetime``."""

    __slots__ = ()


class FeelFunction:
    """Anything that an expression can call; see ``functions`` for the kinds there are."""

    __slots__ = ("name", "parameters")

    def __init__(self, name: str, parameters: tuple[str, ...] | None) -> None:
        self.name, self.parameters = name, parameters
