"""Operators on values: arithmetic, equality, order, membership, parts of a value.

Each takes FEEL values and returns one; null where the standard says null. ``equal`` and ``order`` answer
True, False or None (not comparable). Sources: DMN 1.5, 10.3.2.13 to 10.3.2.15.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final

from engine.feel import temporal
from engine.feel.errors import FeelBudgetExceeded
from engine.feel.limits import MAX_LIST
from engine.feel.scope import Run
from engine.feel.values import (
    CONTEXT,
    INT_LIMIT,
    NANOS,
    NUMBERS,
    DaysTime,
    Range,
    YearsMonths,
    shrink,
    text,
)
from engine.words import say

_PLAIN: Final = frozenset({int, str, bool, Decimal})


# --- arithmetic -------------------------------------------------------------------------------------


def add(left: Any, right: Any) -> Any:
    """``+``: numbers, texts, durations, moment and duration."""
    kl, kr = type(left), type(right)
    if kl is int and kr is int:
        total = left + right
        return total if -INT_LIMIT < total < INT_LIMIT else shrink(total)
    if kl in NUMBERS and kr in NUMBERS:
        return CONTEXT.add(left, right)
    if kl is str and kr is str:
        return text(left + right)
    if kl is YearsMonths and kr is YearsMonths:
        return temporal.years_months(left.months + right.months)
    if kl is DaysTime and kr is DaysTime:
        return temporal.days_time(left.nanos + right.nanos)
    if kr in (YearsMonths, DaysTime) and _is_moment(left):
        return temporal.plus(left, right)
    if kl in (YearsMonths, DaysTime) and _is_moment(right):
        return temporal.plus(right, left)
    return None


def subtract(left: Any, right: Any) -> Any:
    """``-``: numbers, durations, moment and duration, two moments."""
    kl, kr = type(left), type(right)
    if kl is int and kr is int:
        total = left - right
        return total if -INT_LIMIT < total < INT_LIMIT else shrink(total)
    if kl in NUMBERS and kr in NUMBERS:
        return CONTEXT.subtract(left, right)
    if kr in (YearsMonths, DaysTime):
        return add(left, negate(right))
    if _is_moment(left) and _is_moment(right):
        return temporal.minus(left, right)
    return None


def multiply(left: Any, right: Any) -> Any:
    """``*``: numbers, number and duration."""
    kl, kr = type(left), type(right)
    if kl is int and kr is int:
        total = left * right
        return total if -INT_LIMIT < total < INT_LIMIT else shrink(total)
    if kl in NUMBERS and kr in NUMBERS:
        return CONTEXT.multiply(left, right)
    if kl in NUMBERS and kr in (YearsMonths, DaysTime):
        left, right, kl, kr = right, left, kr, kl
    if kl is YearsMonths and kr in NUMBERS:
        return temporal.years_months(_whole(CONTEXT.multiply(left.months, right)))
    if kl is DaysTime and kr in NUMBERS:
        return temporal.days_time(_whole(CONTEXT.multiply(left.nanos, right)))
    return None


def divide(left: Any, right: Any) -> Any:
    """``/``: numbers, duration by number, duration by duration of the same kind; null by zero."""
    kl, kr = type(left), type(right)
    if kl in NUMBERS and kr in NUMBERS:
        return _tidy(CONTEXT.divide(left, right))
    if kl is YearsMonths:
        if kr in NUMBERS:
            return temporal.years_months(_whole(CONTEXT.divide(left.months, right)))
        return CONTEXT.divide(left.months, right.months) if kr is YearsMonths else None
    if kl is DaysTime:
        if kr in NUMBERS:
            return temporal.days_time(_whole(CONTEXT.divide(left.nanos, right)))
        return CONTEXT.divide(left.nanos, right.nanos) if kr is DaysTime else None
    return None


def power(left: Any, right: Any) -> Any:
    """``**``: numbers only."""
    if type(left) in NUMBERS and type(right) in NUMBERS:
        return _tidy(CONTEXT.power(left, right))
    return None


def negate(value: Any) -> Any:
    """Minus in front of a number or a duration."""
    kind = type(value)
    if kind in NUMBERS:
        return -value if kind is int else CONTEXT.minus(value)
    if kind is YearsMonths:
        return YearsMonths(-value.months)
    if kind is DaysTime:
        return DaysTime(-value.nanos)
    return None


def _tidy(number: Decimal) -> int | Decimal | None:
    """Return a whole number as int, so that what follows takes the fast path; infinity is null."""
    if not number.is_finite():
        return None
    if -1_000_000_000 < number < 1_000_000_000:
        whole = int(number)
        if whole == number:
            return whole
    return number


def _whole(number: Decimal) -> int:
    if abs(number) > Decimal(10) ** 40:
        raise DecimalException
    return int(number)


def _is_moment(value: Any) -> bool:
    return temporal.is_date(value) or temporal.is_date_time(value) or temporal.is_time(value)


ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "**": power,
}


# --- equality and order -----------------------------------------------------------------------------


def equal(left: Any, right: Any, run: Run | None = None) -> bool | None:
    """``=``; null equals only null; values of different types are not comparable: None."""
    kl, kr = type(left), type(right)
    if kl is kr and kl in _PLAIN:
        return left == right  # type: ignore[no-any-return]
    if left is None or right is None:
        return left is right
    if kl in NUMBERS and kr in NUMBERS:
        return left == right  # type: ignore[no-any-return]
    if kl is list and kr is list:
        return _equal_lists(left, right, run)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _equal_contexts(left, right, run)
    if kl is Range and kr is Range:
        return _equal_ranges(left, right)
    if kl is kr and kl in (YearsMonths, DaysTime):
        return left == right  # type: ignore[no-any-return]
    for same in (temporal.is_date, temporal.is_date_time, temporal.is_time):
        if same(left) and same(right):
            return temporal.equal_key(left) == temporal.equal_key(right)
    return left is right or None


def _equal_lists(left: list[Any], right: list[Any], run: Run | None) -> bool | None:
    if run is not None:
        run.spend(min(len(left), len(right)))
    if len(left) != len(right):
        return False
    return all(equal(a, b, run) is True for a, b in zip(left, right, strict=True))


def _equal_contexts(
    left: Mapping[str, Any], right: Mapping[str, Any], run: Run | None
) -> bool | None:
    if run is not None:
        run.spend(len(left))
    if left.keys() != right.keys():
        return False
    return all(equal(left[key], right[key], run) is True for key in left)


def _equal_ranges(left: Range, right: Range) -> bool:
    if (left.op, left.low_included, left.high_included) != (
        right.op,
        right.low_included,
        right.high_included,
    ):
        return False
    return equal(left.low, right.low) is True and equal(left.high, right.high) is True


def order(left: Any, right: Any) -> int | None:
    """Return -1, 0 or 1 as left stands before, beside or after right; None where they have no order."""
    kl, kr = type(left), type(right)
    if (kl in NUMBERS and kr in NUMBERS) or (
        kl is kr and kl in (str, dt.date, YearsMonths, DaysTime)
    ):
        return int(left > right) - int(left < right)
    for same in (temporal.is_date, temporal.is_date_time, temporal.is_time):
        if same(left) and same(right):
            if same is not temporal.is_date and (temporal.zone_of(left) is None) != (
                temporal.zone_of(right) is None
            ):
                return None
            if temporal.equal_key(left) == temporal.equal_key(right):
                return 0
            a, b = temporal.order_key(left), temporal.order_key(right)
            return (a > b) - (a < b)
    return None


def compare(op: str, left: Any, right: Any, run: Run | None = None) -> bool | None:
    """Apply one of the six comparisons."""
    if op in ("=", "!="):
        same = equal(left, right, run)
        return same if same is None or op == "=" else not same
    sign = order(left, right)
    if sign is None:
        return None
    if op == "<":
        return sign < 0
    if op == "<=":
        return sign <= 0
    return sign > 0 if op == ">" else sign >= 0


# --- membership -------------------------------------------------------------------------------------


def comparison_range(op: str, value: Any) -> Range:
    """Return the range that ``< value`` and its like stand for."""
    low = value if op in (">", ">=", "=", "!=") else None
    high = value if op in ("<", "<=", "=", "!=") else None
    return Range(low, high, op in (">=", "="), op in ("<=", "="), op)


def includes(interval: Range, value: Any, run: Run | None = None) -> bool | None:
    """Tell whether a value lies in a range; None where it cannot be told."""
    if interval.op:
        end = interval.high if interval.op in ("<", "<=") else interval.low
        return compare(interval.op, value, end, run)
    if value is None or interval.low is None or interval.high is None:
        return None
    low = compare(">=" if interval.low_included else ">", value, interval.low)
    high = compare("<=" if interval.high_included else "<", value, interval.high)
    return None if low is None or high is None else low and high


def member(value: Any, test: Any, run: Run) -> bool | None:
    """``value in test``: equal to it, within it, or so of one of its elements."""
    if type(test) is Range and type(value) is not Range:
        return includes(test, value, run)
    if type(test) is list:
        return _member_of_list(value, test, run)
    return equal(value, test, run)


def _member_of_list(value: Any, tests: list[Any], run: Run) -> bool | None:
    run.spend(len(tests))
    if type(value) is list and equal(value, tests, run):
        return True
    for test in tests:
        found = (
            includes(test, value, run) if type(test) is Range and type(value) is not Range else None
        )
        if found or equal(value, test, run):
            return True
    return False


# --- parts ------------------------------------------------------------------------------------------


def part(value: Any, name: str, run: Run) -> Any:
    """``value.name``: an entry, a part of a moment, duration or range; of a list, of each element.

    Raises:
        KeyError: there is no such part.
    """
    if isinstance(value, Mapping):
        return value[name]
    if type(value) is list:
        run.spend(len(value))
        return [_part_or_none(item, name, run) for item in value]
    return _parts_of(value)[name](value)


def _part_or_none(value: Any, name: str, run: Run) -> Any:
    try:
        return part(value, name, run)
    except KeyError:
        return None


def _offset(value: Any) -> Any:
    seconds = temporal.offset_seconds(value)
    return None if seconds is None else DaysTime(seconds * NANOS)


def _fraction(nanos: int) -> Any:
    whole, rest = divmod(nanos, NANOS)
    return whole if not rest else CONTEXT.add(whole, CONTEXT.divide(Decimal(rest), Decimal(NANOS)))


_DAY: Final[dict[str, Callable[[Any], Any]]] = {
    "year": lambda v: temporal.day_of(v).year,
    "month": lambda v: temporal.day_of(v).month,
    "day": lambda v: temporal.day_of(v).day,
    "weekday": temporal.weekday,
}
_CLOCK: Final[dict[str, Callable[[Any], Any]]] = {
    "hour": lambda v: temporal.nanos_of(v) // NANOS // 3600,
    "minute": lambda v: temporal.nanos_of(v) // NANOS // 60 % 60,
    "second": lambda v: temporal.nanos_of(v) // NANOS % 60,
    "time offset": _offset,
    "timezone": temporal.zone_name,
}
_YEARS_MONTHS: Final[dict[str, Callable[[Any], Any]]] = {
    "years": lambda v: _toward_zero(v.months, 12),
    "months": lambda v: _signed_rest(v.months, 12),
}
_DAYS_TIME: Final[dict[str, Callable[[Any], Any]]] = {
    "days": lambda v: _toward_zero(v.nanos, 86_400 * NANOS),
    "hours": lambda v: _signed_rest(_toward_zero(v.nanos, 3600 * NANOS), 24),
    "minutes": lambda v: _signed_rest(_toward_zero(v.nanos, 60 * NANOS), 60),
    "seconds": lambda v: (
        _fraction(_signed_rest(v.nanos, 60 * NANOS))
        if v.nanos >= 0
        else negate(_fraction(-_signed_rest(v.nanos, 60 * NANOS)))
    ),
}
_RANGE: Final[dict[str, Callable[[Any], Any]]] = {
    "start": lambda v: v.low,
    "end": lambda v: v.high,
    "start included": lambda v: v.low_included,
    "end included": lambda v: v.high_included,
}


def _toward_zero(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)


def _signed_rest(number: int, by: int) -> int:
    return number % by if number >= 0 else -(-number % by)


def _parts_of(value: Any) -> dict[str, Callable[[Any], Any]]:
    if temporal.is_date(value):
        return _DAY
    if temporal.is_date_time(value):
        return _DAY | _CLOCK
    if temporal.is_time(value):
        return _CLOCK
    if type(value) is YearsMonths:
        return _YEARS_MONTHS
    if type(value) is DaysTime:
        return _DAYS_TIME
    return _RANGE if type(value) is Range else {}


def span(low: Any, high: Any) -> list[Any] | None:
    """Return the numbers or dates from low to high (downwards too), None where they cannot be walked."""
    if type(low) in NUMBERS and type(high) in NUMBERS:
        if abs(high - low) >= MAX_LIST:
            raise FeelBudgetExceeded("list", MAX_LIST, say("范围超过{count}项", count=MAX_LIST))
        if low != int(low) or high != int(high):
            return None
        first, last = int(low), int(high)
        return list(range(first, last + 1)) if first <= last else list(range(first, last - 1, -1))
    if temporal.is_date(low) and temporal.is_date(high):
        days = span(temporal.ordinal(low), temporal.ordinal(high))
        return None if days is None else [temporal.from_ordinal(day) for day in days]
    return None
