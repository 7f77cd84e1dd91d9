"""Context functions (DMN 1.5, 10.3.4.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.feel.functions import BuiltIn
from engine.feel.scope import Run
from engine.feel.values import items


def _get_value(_: Run, context: Any, key: Any) -> Any:
    if type(key) is list:
        for part in key:
            context = _get_value(_, context, part)
        return context
    if not isinstance(context, Mapping) or type(key) is not str:
        return None
    return context.get(key)


def _get_entries(run: Run, context: Any) -> Any:
    if not isinstance(context, Mapping):
        return None
    run.spend(len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


def _put(run: Run, context: Any, keys: list[Any], value: Any, at: int) -> Any:
    if not isinstance(context, Mapping) or type(keys[at]) is not str:
        return None
    run.spend(len(context) + 1)
    inner = value
    if at + 1 < len(keys):
        if len(keys) > 100:
            return None
        inner = _put(run, context.get(keys[at]), keys, value, at + 1)
        if inner is None:
            return None
    return {**context, keys[at]: inner}


def _context_put(run: Run, context: Any, key: Any, value: Any) -> Any:
    if type(key) is str:
        return _put(run, context, [key], value, 0)
    return _put(run, context, key, value, 0) if type(key) is list and key else None


def _context_merge(run: Run, contexts: Any) -> Any:
    merged: dict[str, Any] = {}
    for context in contexts if type(contexts) is list else [contexts]:
        if not isinstance(context, Mapping):
            return None
        run.spend(len(context) + 1)
        merged.update(context)
    return merged


def _context(run: Run, entries: Any) -> Any:
    built: dict[str, Any] = {}
    for entry in entries if type(entries) is list else [entries]:
        run.spend(1)
        if (
            not isinstance(entry, Mapping)
            or type(entry.get("key")) is not str
            or "value" not in entry
        ):
            return None
        if entry["key"] in built:
            return None
        built[entry["key"]] = entry["value"]
    items(list(built))
    return built


FUNCTIONS: Final = (
    BuiltIn("get value", ["m, key", "context, key"], _get_value, 2),
    BuiltIn("get entries", ["m", "context"], _get_entries, 1),
    BuiltIn(
        "context put", ["context, key: string, value", "context, keys, value"], _context_put, 3
    ),
    BuiltIn("context merge", ["contexts"], _context_merge, 1),
    BuiltIn("context", ["entries"], _context, 1),
)
