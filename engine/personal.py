"""Personal values of a case: sealed where they are stored, opened where a step, a letter or a person needs them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from engine.bpmn.step import State
from engine.deployed import Deployed
from engine.environment import Environment
from engine.sealing import ERASED, PREFIX, is_sealed


def seal_fields(env: Environment, deployed: Deployed, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record or submission with its personal values sealed."""
    personal = deployed.procedure.personal_fields
    return {
        key: env.sealer.seal(str(value), key)
        if key in personal and value not in (None, "") and not is_sealed(value)
        else value
        for key, value in fields.items()
    }


def open_fields(env: Environment, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its sealed values opened: for letters and for those who may see them."""
    return {
        key: env.sealer.open(str(value), key) if is_sealed(value) else value
        for key, value in fields.items()
    }


def seal_state(env: Environment, personal: frozenset[str], state: State) -> State:
    """Return the state of an instance as it is stored: personal values that route are sealed too.

    Args:
        personal: the personal names of the procedure and of those that it calls.
    """

    def seal(name: str, value: Any) -> Any:
        if name not in personal or value in (None, "") or is_sealed(value) or _is_wrapped(value):
            return value
        if isinstance(value, str):
            return env.sealer.seal(value, name)
        return {_SEALED: env.sealer.seal(json.dumps(value, ensure_ascii=False), name)}

    return _changed(state, seal) if _stands_in(state, personal) else state


def open_state(env: Environment, state: State) -> State:
    """Return a stored state as a step works on it: nothing of it sealed."""

    def open_(name: str, value: Any) -> Any:
        if is_sealed(value):
            return env.sealer.open(value, name)
        if _is_wrapped(value):
            return json.loads(env.sealer.open(value[_SEALED], name))
        return value

    return _changed(state, open_) if PREFIX.encode() in orjson.dumps(state) else state


def erased(value: Any) -> Any:
    """Return a stored value without what was sealed in it: nobody can open it again, under any key."""
    if is_sealed(value) or _is_wrapped(value):
        return ERASED
    if isinstance(value, Mapping):
        return {key: erased(one) for key, one in value.items()}
    return [erased(one) for one in value] if isinstance(value, list) else value


def _stands_in(state: State, names: frozenset[str]) -> bool:
    """Whether one of the names may stand in a state: few do, and to walk it costs more than to look for them."""
    text = orjson.dumps(state) if names else b""
    return any(orjson.dumps(name) in text for name in names)


_SEALED = "sealed"  # the one key of what is sealed and no text


def _is_wrapped(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {_SEALED}


def _changed(state: State, change: Callable[[str, Any], Any]) -> State:
    """Return a state with every named value changed: of the case, of scopes, instances, collections, undoing.

    The parts of a state are described in ``engine.bpmn.machine``.
    """

    def walked(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: walked(change(key, one)) for key, one in value.items()}
        return [walked(one) for one in value] if isinstance(value, list) else value

    def part(row: Mapping[str, Any], *keys: str) -> dict[str, Any]:
        return {key: walked(one) if key in keys else one for key, one in row.items()}

    return {
        **state,
        "v": walked(state.get("v", {})),
        "s": {key: part(row, "v", "x") for key, row in state.get("s", {}).items()},
        "t": {
            key: [scope, node, kind, part(extra, "f", "r", "todo", "x")]
            for key, (scope, node, kind, extra) in state.get("t", {}).items()
        },
    }
