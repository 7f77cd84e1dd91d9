"""Personal values of a case: sealed where they are stored, opened where a step, a letter or a person needs them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import orjson

from engine.bpmn.step import State
from engine.environment import Environment
from engine.forms.personal import Change, Personal, changed_by_name
from engine.identity import Actor
from engine.sealing import ERASED, PREFIX, WRAPPED, holds_sealed, is_sealed, mask, withheld
from engine.store.cases import CaseRow


class Unsealed(Mapping[str, object]):
    """Names as somebody reads them: each sealed value opened, or left out (null), when it is asked for."""

    def __init__(self, env: Environment, names: Mapping[str, object], *, opened: bool) -> None:
        self._env, self._names, self.opened = env, names, opened
        self._read: dict[str, object] = {}
        self.texts: set[str] = set()  # what was opened up to now

    def seen(self, name: str, value: Any) -> Any:
        """Return another value of that name as it is read here."""
        if not holds_sealed(value):
            return value
        if not self.opened:
            return withheld(value)
        opened = open_value(self._env, name, value)
        changed_by_name({name: value}, self._keep)
        return opened

    def _keep(self, name: str, value: Any) -> Any:
        if is_sealed(value):
            self.texts.add(str(_open(self._env, name, value)))
        return value

    def __getitem__(self, name: str) -> object:
        """Return the value of a name with nothing sealed in it."""
        if name not in self._read:
            self._read[name] = self.seen(name, self._names[name])
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def personal_of(env: Environment, case: CaseRow) -> Personal:
    """Return what is personal in a case: by its own forms and by those of the procedures that it called."""
    personal = env.deployed(case.version_id).procedure.personal
    for version in case.called_versions.values():
        personal |= env.deployed(version).procedure.personal
    return personal


def sees_personal(env: Environment, actor: Actor) -> bool:
    """Whether the actor's posts may see personal values at all."""
    rules = env.institution().rules
    return actor.is_system or any(
        "case.personal" in rules[role].may for role in actor.roles if role in rules
    )


def seal_fields(env: Environment, personal: Personal, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record or submission with its personal values sealed."""
    return personal.changed(fields, lambda name, value: _seal(env, name, value))


def open_fields(env: Environment, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its sealed values opened: for letters and for those who may see them."""
    return {key: open_value(env, key, value) for key, value in fields.items()}


def open_value(env: Environment, name: str, value: Any) -> Any:
    """Return a value with everything sealed in it opened."""
    return changed_by_name(_open(env, name, value), partial(_open, env))


def masked(env: Environment, name: str, value: Any) -> Any:
    """Return a value with what is sealed in it as lists show it, by the office's setting ``id_masking``."""
    style = str(env.institution().settings["id_masking"])

    def change(name: str, one: Any) -> Any:
        return mask(str(_open(env, name, one)), style) if is_sealed(one) else one

    return changed_by_name(change(name, value), change)


def _seal(env: Environment, name: str, value: Any) -> Any:
    if value in (None, "", []) or is_sealed(value):
        return value
    if isinstance(value, str):
        return env.sealer.seal(value, name)
    return {WRAPPED: env.sealer.seal(json.dumps(value, ensure_ascii=False), name)}


def _open(env: Environment, name: str, value: Any) -> Any:
    if not is_sealed(value):
        return value
    if isinstance(value, str):
        return env.sealer.open(value, name)
    return json.loads(env.sealer.open(value[WRAPPED], name))


def seal_state(env: Environment, personal: frozenset[str], state: State) -> State:
    """Return the state of an instance as it is stored: personal values that route are sealed too.

    Args:
        personal: the personal names of the procedure and of those that it calls.
    """

    return _changed(state, _sealing(env, personal)) if _stands_in(state, personal) else state


def seal_named(env: Environment, names: frozenset[str], value: Any) -> Any:
    """Return a value that no form describes, such as a row that a step works on, sealed by the names in it."""
    return changed_by_name(value, _sealing(env, names))


def _sealing(env: Environment, names: frozenset[str]) -> Change:
    return lambda name, value: _seal(env, name, value) if name in names else value


def open_state(env: Environment, state: State) -> State:
    """Return a stored state as a step works on it: nothing of it sealed."""
    opens = partial(_open, env)
    return _changed(state, opens) if PREFIX.encode() in orjson.dumps(state) else state


def erased(value: Any) -> Any:
    """Return a stored value without what was sealed in it: nobody can open it again, under any key."""
    if is_sealed(value):
        return ERASED
    if isinstance(value, Mapping):
        return {key: erased(one) for key, one in value.items()}
    return [erased(one) for one in value] if isinstance(value, list) else value


def _stands_in(state: State, names: frozenset[str]) -> bool:
    """Whether one of the names may stand in a state: few do, and to walk it costs more than to look for them."""
    text = orjson.dumps(state) if names else b""
    return any(orjson.dumps(name) in text for name in names)


def _changed(state: State, change: Change) -> State:
    """Return a state with every named value changed: of the case, of scopes, instances, collections, undoing.

    The parts of a state are described in ``engine.bpmn.machine``.
    """

    def part(row: Mapping[str, Any], *keys: str) -> dict[str, Any]:
        return {
            key: changed_by_name(one, change) if key in keys else one for key, one in row.items()
        }

    return {
        **state,
        "v": changed_by_name(state.get("v", {}), change),
        "s": {key: part(row, "v", "x") for key, row in state.get("s", {}).items()},
        "t": {
            key: [scope, node, kind, part(extra, "f", "r", "todo", "x")]
            for key, (scope, node, kind, extra) in state.get("t", {}).items()
        },
    }
