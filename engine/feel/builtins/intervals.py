"""Functions on ranges and points (DMN 1.5, 10.3.4.9): Allen's relations.

A range with an open end does not reach that end, so each relation compares the values of two ends first and
then whether they belong.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.feel.functions import BuiltIn
from engine.feel.operations import equal, order
from engine.feel.scope import Run
from engine.feel.values import Range


class _Incomparable(Exception):
    """Two ends have no order."""


def _sign(left: Any, right: Any) -> int:
    sign = order(left, right)
    if sign is None:
        raise _Incomparable
    return sign


def _bounds(value: Any) -> Range:
    """Take a point as the closed range from itself to itself."""
    if type(value) is Range:
        if value.low is None or value.high is None:
            raise _Incomparable
        return value
    return Range(value, value, True, True)


def _before(a: Range, b: Range) -> bool:
    sign = _sign(a.high, b.low)
    return sign < 0 or (sign == 0 and not (a.high_included and b.low_included))


def _meets(a: Range, b: Range) -> bool:
    return a.high_included and b.low_included and _sign(a.high, b.low) == 0


def _low(a: Range, b: Range) -> int:
    """Tell which begins earlier: -1 a, 0 together, 1 b."""
    return _sign(a.low, b.low) or (b.low_included - a.low_included)


def _high(a: Range, b: Range) -> int:
    """Tell which ends earlier: -1 a, 0 together, 1 b."""
    return _sign(a.high, b.high) or (a.high_included - b.high_included)


def _overlaps(a: Range, b: Range) -> bool:
    return not _before(a, b) and not _before(b, a)


def _overlaps_before(a: Range, b: Range) -> bool:
    return _low(a, b) < 0 and not _before(a, b) and _high(a, b) <= 0


def _includes(a: Range, b: Range) -> bool:
    return _low(a, b) <= 0 and _high(a, b) >= 0


def _finishes(a: Range, b: Range) -> bool:
    return _high(a, b) == 0 and _low(a, b) >= 0


def _starts(a: Range, b: Range) -> bool:
    return _low(a, b) == 0 and _high(a, b) <= 0


def _coincides(a: Range, b: Range) -> bool:
    return _low(a, b) == 0 and _high(a, b) == 0


def _relation(test: Callable[[Range, Range], bool], swap: bool = False) -> Callable[..., Any]:
    def body(_: Run, left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        try:
            a, b = _bounds(left), _bounds(right)
            return test(b, a) if swap else test(a, b)
        except _Incomparable:
            return None

    return body


def _points_or_ranges(body: Callable[..., Any]) -> Callable[..., Any]:
    def checked(run: Run, left: Any, right: Any) -> Any:
        if type(left) is not Range and type(right) is not Range and equal(left, right) is None:
            return None
        return body(run, left, right)

    return checked


def _function(
    name: str, test: Callable[[Range, Range], bool], *signatures: str, swap: bool = False
) -> BuiltIn:
    return BuiltIn(name, signatures, _points_or_ranges(_relation(test, swap)), 2, 4)


_FOUR: Final = ("point1, point2", "point, range", "range, point", "range1, range2")

FUNCTIONS: Final = (
    _function("before", _before, *_FOUR),
    _function("after", _before, *_FOUR, swap=True),
    _function("meets", _meets, "range1, range2"),
    _function("met by", _meets, "range1, range2", swap=True),
    _function("overlaps", _overlaps, "range1, range2"),
    _function("overlaps before", _overlaps_before, "range1, range2"),
    _function("overlaps after", _overlaps_before, "range1, range2", swap=True),
    _function("finishes", _finishes, "point, range", "range1, range2"),
    _function("finished by", _finishes, "range, point", "range1, range2", swap=True),
    _function("includes", _includes, "range, point", "range1, range2"),
    _function("during", _includes, "point, range", "range1, range2", swap=True),
    _function("starts", _starts, "point, range", "range1, range2"),
    _function("started by", _starts, "range, point", "range1, range2", swap=True),
    _function("coincides", _coincides, "point1, point2", "range1, range2"),
)
