"""Functions that make a value of one type from others, ``not`` and ``is`` (DMN 1.5, 10.3.4.1, .2, .7, .11)."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any, Final

from engine.errors import EngineError
from engine.feel import nodes as n
from engine.feel import temporal
from engine.feel.builtins.numbers import is_number, whole
from engine.feel.builtins.texts import single
from engine.feel.functions import BuiltIn
from engine.feel.kinds import kind_of
from engine.feel.operations import equal, order
from engine.feel.scope import Run
from engine.feel.values import CONTEXT, NANOS, DaysTime, Range, YearsMonths, text
from engine.feel.writing import write

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?")
_LEFT_OUT: Final = object()


def _integer(value: Any) -> int | None:
    return int(value) if is_number(value) and value == int(value) else None


def _date(_: Run, first: Any, month: Any = _LEFT_OUT, day: Any = _LEFT_OUT) -> Any:
    first = single(first)
    if month is not _LEFT_OUT or day is not _LEFT_OUT:
        parts = [_integer(part) for part in (first, month, day)]
        known = [part for part in parts if part is not None]
        return temporal.new_date(known[0], known[1], known[2]) if len(known) == 3 else None
    if type(first) is str:
        return temporal.parse_date(first)
    return (
        temporal.day_of(first) if temporal.is_date(first) or temporal.is_date_time(first) else None
    )


def _date_and_time(_: Run, first: Any, second: Any = _LEFT_OUT) -> Any:
    first = single(first)
    if second is _LEFT_OUT:
        if type(first) is str:
            return temporal.parse_date_time(first)
        if temporal.is_date(first):
            return temporal.midnight(first, temporal.offset_zone(0))
        return first if temporal.is_date_time(first) else None
    if temporal.is_date_time(first) and type(second) is str:
        return _in_zone(first, second)
    if (temporal.is_date(first) or temporal.is_date_time(first)) and temporal.is_time(second):
        return temporal.new_date_time(
            temporal.day_of(first), temporal.nanos_of(second), temporal.zone_of(second)
        )
    return None


def _in_zone(moment: Any, name: str) -> Any:
    zone = temporal.named_zone(name)
    if zone is None:
        return None
    return temporal.new_date_time(temporal.day_of(moment), temporal.nanos_of(moment), zone)


def _time(
    _: Run, first: Any, minute: Any = _LEFT_OUT, second: Any = None, offset: Any = None
) -> Any:
    first = single(first)
    if minute is not _LEFT_OUT:
        return _time_of_parts(first, minute, second, offset)
    if type(first) is str:
        return temporal.parse_time(first)
    if temporal.is_time(first):
        return first
    if temporal.is_date_time(first):
        return temporal.new_time(temporal.nanos_of(first), temporal.zone_of(first))
    return temporal.new_time(0, temporal.offset_zone(0)) if temporal.is_date(first) else None


def _time_of_parts(hour: Any, minute: Any, second: Any, offset: Any) -> Any:
    if _integer(hour) is None or _integer(minute) is None or not is_number(second):
        return None
    fraction = int(CONTEXT.multiply(CONTEXT.subtract(second, Decimal(int(second))), Decimal(NANOS)))
    if fraction < 0:
        return None
    nanos = temporal.clock_nanos(int(hour), int(minute), int(second), fraction)
    if nanos is None:
        return None
    if offset is None:
        return temporal.new_time(nanos, None)
    zone = temporal.offset_zone(offset.nanos // NANOS) if type(offset) is DaysTime else None
    return temporal.new_time(nanos, zone) if zone is not None else None


def _duration(_: Run, value: Any) -> Any:
    value = single(value)
    if type(value) is str:
        return temporal.parse_duration(value)
    return value if temporal.is_duration(value) else None


def _years_and_months(_: Run, start: Any, end: Any) -> Any:
    for value in (start, end):
        if not (temporal.is_date(value) or temporal.is_date_time(value)):
            return None
    return YearsMonths(temporal.months_between(start, end))


def _number(_: Run, value: Any, grouping: Any = _LEFT_OUT, decimal: Any = _LEFT_OUT) -> Any:
    value = single(value)
    if is_number(value) and grouping is _LEFT_OUT and decimal is _LEFT_OUT:
        return value
    if type(value) is not str or (grouping is not _LEFT_OUT and decimal is _LEFT_OUT):
        return None
    if grouping is _LEFT_OUT:
        return _read_number(value)
    if (
        grouping not in (None, " ", ",", ".")
        or decimal not in (None, ",", ".")
        or type(grouping) is bool
    ):
        return None
    if grouping is not None and grouping == decimal:
        return None
    plain = value.replace(grouping, "") if grouping else value
    if decimal == ",":
        plain = plain.replace(".", "x").replace(",", ".")
    return _read_number(plain)


def _read_number(value: str) -> Any:
    if len(value) > 200 or not _NUMBER.fullmatch(value.strip()):
        return None
    try:
        return whole(CONTEXT.create_decimal(value.strip()))
    except DecimalException:
        return None


def _string(run: Run, value: Any, mask: Any = _LEFT_OUT) -> Any:
    if value is None or mask is not _LEFT_OUT:
        return None
    if isinstance(value, list):
        run.spend(len(value))
    return text(write(value))


def _not(_: Run, value: Any) -> Any:
    return not value if type(value) is bool else None


def _is(run: Run, left: Any = None, right: Any = None) -> Any:
    """Tell whether two values are the same, of moments every part and the zone as written."""
    if kind_of(left) != kind_of(right):
        return False
    if temporal.is_time(left) or temporal.is_date_time(left):
        return temporal.write(left) == temporal.write(right)
    return equal(left, right, run) is True


def _range(run: Run, value: Any) -> Any:
    """Read a range from a text; its ends are literals, nothing is computed or looked up."""
    if type(value) is not str:
        return None
    from engine.feel.parser import Parser  # the parser must not need the functions

    try:
        node = Parser(value).whole_expression()
    except EngineError:
        return None
    if not isinstance(node, n.Interval):
        return None
    ends = [_end(run, node.low), _end(run, node.high)]
    if ends[0] is None or ends[1] is None:
        return None
    sign = order(ends[0], ends[1])
    if sign is None or sign > 0:
        return None
    return Range(ends[0], ends[1], node.low_included, node.high_included)


def _end(run: Run, node: n.Node) -> Any:
    if isinstance(node, n.Literal):
        return node.value
    if isinstance(node, n.At):
        return temporal.parse_any(node.text)
    makers: dict[str, Callable[..., Any]] = {
        "date": _date,
        "time": _time,
        "date and time": _date_and_time,
        "duration": _duration,
    }
    if isinstance(node, n.Call) and isinstance(node.function, n.Name) and node.names is None:
        maker = makers.get(node.function.name)
        if (
            maker is not None
            and len(node.arguments) == 1
            and isinstance(node.arguments[0], n.Literal)
        ):
            return maker(run, node.arguments[0].value)
    return None


FUNCTIONS: Final = (
    BuiltIn("date", ["from", "year, month, day"], _date, 1, 8),
    BuiltIn("date and time", ["from", "date, time", "date, timezone"], _date_and_time, 1, 8),
    BuiltIn("time", ["from", "hour, minute, second, offset"], _time, 1, 8),
    BuiltIn("duration", ["from"], _duration, 1, 8),
    BuiltIn("years and months duration", ["from, to"], _years_and_months, 2, 4),
    BuiltIn("number", ["from, grouping separator, decimal separator"], _number, 1, 8),
    BuiltIn("string", ["from"], _string, 1, 8),
    BuiltIn("not", ["negand"], _not, 1),
    BuiltIn("is", ["value1, value2"], _is, 0),
    BuiltIn("range", ["from"], _range, 1, 200),
)
