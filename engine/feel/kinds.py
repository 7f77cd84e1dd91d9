"""The types of FEEL: what a value is an instance of, and how a value is fitted to a declared type.

DMN 1.5, 10.3.2.9. Item definitions of a model come in as a mapping from name to ``Kind``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.feel import temporal
from engine.feel.nodes import TypeOf
from engine.feel.values import NUMBERS, FeelFunction, Range, YearsMonths

NAMES_ZH: Final = {
    "number": "数字",
    "string": "文字",
    "boolean": "是或否",
    "date": "日期",
    "time": "时间",
    "date and time": "日期时间",
    "years and months duration": "年月时长",
    "days and time duration": "日时时长",
    "list": "列表",
    "context": "数据组",
    "range": "区间",
    "function": "函数",
    "null": "空",
}


def kind_of(value: Any) -> str:
    """Return the name of the type a value has."""
    kind = type(value)
    if value is None:
        return "null"
    if kind is bool:
        return "boolean"
    if kind in NUMBERS:
        return "number"
    if kind is str:
        return "string"
    if kind is list:
        return "list"
    if isinstance(value, Mapping):
        return "context"
    if kind is Range:
        return "range"
    if isinstance(value, FeelFunction):
        return "function"
    return _temporal_kind(value)


def _temporal_kind(value: Any) -> str:
    if temporal.is_date(value):
        return "date"
    if temporal.is_time(value):
        return "time"
    if temporal.is_date_time(value):
        return "date and time"
    if type(value) is YearsMonths:
        return "years and months duration"
    return "days and time duration"


@dataclass(slots=True)
class Kind:
    """A type: a simple ``name``, or list, range, context or function of others; ``allowed`` narrows it."""

    name: str
    of: Kind | None = None
    members: dict[str, Kind] = field(default_factory=dict)
    parameters: list[Kind] = field(default_factory=list)
    allowed: Callable[[Any], bool] | None = None


ANY: Final = Kind("Any")
_ALIASES: Final = {
    "Any": "Any",
    "any": "Any",
    "Null": "null",
    "dateTime": "date and time",
    "dayTimeDuration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "days and time duration": "days and time duration",
}
_SIMPLE: Final = frozenset(NAMES_ZH) | {"Any"}


def simple_kind(name: str) -> Kind | None:
    """Return the built-in type of that name, None where the standard has none."""
    name = _ALIASES.get(name, name)
    return Kind(name) if name in _SIMPLE else None


def resolve(written: TypeOf, types: Mapping[str, Kind] | None) -> Kind | None:
    """Return the type that was written; None where it names one that does not exist."""
    if written.name == "context" and written.members:
        members = {name: resolve(kind, types) for name, kind in written.members}
        known = {name: kind for name, kind in members.items() if kind is not None}
        return Kind("context", members=known) if len(known) == len(members) else None
    if written.name in ("list", "range") and written.arguments:
        inner = resolve(written.arguments[0], types)
        return Kind(written.name, of=inner) if inner is not None else None
    if written.name == "function":
        return _resolve_function(written, types)
    simple = simple_kind(written.name)
    return simple if simple is not None else (types or {}).get(written.name)


def _resolve_function(written: TypeOf, types: Mapping[str, Kind] | None) -> Kind | None:
    result = resolve(written.result, types) if written.result is not None else None
    parameters = [resolve(kind, types) for kind in written.arguments]
    known = [kind for kind in parameters if kind is not None]
    return Kind("function", of=result, parameters=known) if len(known) == len(parameters) else None


def is_instance(value: Any, kind: Kind) -> bool:
    """Tell whether a value is of the type; null is of none but Null. Allowed values do not count here."""
    if value is None:
        return kind.name == "null"
    return conforms(value, kind, narrow=False)


def conforms(value: Any, kind: Kind, *, narrow: bool = True) -> bool:
    """Tell whether a value may stand where the type is declared; null may stand anywhere.

    ``narrow`` is False where the values that a type allows do not matter.
    """
    if value is None:
        return True
    if kind.name != "Any" and kind.name != kind_of(value):
        return False
    if not _parts_conform(value, kind, narrow):
        return False
    return not narrow or kind.allowed is None or kind.allowed(value)


def _parts_conform(value: Any, kind: Kind, narrow: bool) -> bool:
    of = kind.of
    if kind.name == "list" and of is not None:
        return all(conforms(item, of, narrow=narrow) for item in value)
    if kind.name == "context":
        members = kind.members.items()
        return all(
            name in value and conforms(value[name], part, narrow=narrow) for name, part in members
        )
    if kind.name == "range" and of is not None:
        return all(conforms(end, of, narrow=narrow) for end in (value.low, value.high))
    if kind.name == "function":
        return _function_conforms(value, kind)
    return True


def _function_conforms(value: FeelFunction, kind: Kind) -> bool:
    signature: tuple[list[Kind], Kind] | None = getattr(value, "signature", None)
    if signature is None:
        return True
    parameters, result = signature
    if kind.of is None and not kind.parameters:
        return True
    if len(parameters) != len(kind.parameters):
        return False
    # Arguments may be wider than demanded, the result narrower.
    taken = all(fits(want, have) for want, have in zip(kind.parameters, parameters, strict=True))
    # A function that does not declare its result may be handed on; its result is checked when it is used.
    return taken and (result is ANY or fits(result, kind.of or ANY))


def fits(sub: Kind, wide: Kind) -> bool:
    """Tell whether every value of the one type is a value of the other."""
    if wide.name == "Any" or sub.name == "null":
        return True
    if sub.name != wide.name:
        return False
    if wide.name == "context":
        return all(
            n in sub.members and fits(sub.members[n], kind) for n, kind in wide.members.items()
        )
    if wide.name in ("list", "range"):
        return fits(sub.of or ANY, wide.of or ANY)
    if wide.name == "function":
        if len(sub.parameters) != len(wide.parameters):
            return False
        taken = all(fits(w, s) for s, w in zip(sub.parameters, wide.parameters, strict=True))
        return taken and fits(sub.of or ANY, wide.of or ANY)
    return True


def coerce(value: Any, kind: Kind | None) -> tuple[Any, bool]:
    """Fit a value to a declared type: (value, fits).

    A list of one becomes its element, a value becomes a list of one, a date becomes its midnight in UTC
    where the declared type asks for it (DMN 1.5, 10.3.2.9.4); what does not fit becomes (None, False).
    """
    if kind is None or conforms(value, kind):
        return value, True
    if kind.name != "list" and type(value) is list and len(value) == 1 and conforms(value[0], kind):
        return value[0], True
    if kind.name == "list" and type(value) is not list and conforms([value], kind):
        return [value], True
    if kind.name == "date and time" and temporal.is_date(value):
        return temporal.midnight(value, temporal.offset_zone(0)), True
    return None, False


def from_json(value: Any, kind: Kind | None) -> Any:
    """Read the dates, times and durations that JSON can only hold as text, where the declared type has them."""
    if kind is None or value is None:
        return value
    if type(value) is str and kind.name in _READERS:
        read = _READERS[kind.name](value)
        return value if read is None else read
    if kind.name == "list" and kind.of is not None and type(value) is list:
        return [from_json(item, kind.of) for item in value]
    if kind.name == "context" and kind.members and isinstance(value, Mapping):
        return {name: from_json(item, kind.members.get(name)) for name, item in value.items()}
    return value


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "years and months duration": temporal.parse_duration,
    "days and time duration": temporal.parse_duration,
}
