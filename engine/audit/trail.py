"""The audit trail as evidence: canonical form, hash chain, verification. No storage.

An audit event says that something happened, in the past tense (``TaskCompleted``). Each row carries the
hash of the row before it in the whole trail (``prev``) and of the row before it in its case (``case_prev``),
so that one case can be handed out alone. Personal values are not in a row: it holds only a salted
commitment, the value stands beside it and can be erased without breaking the chain.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from engine.words import say

GENESIS = "0" * 64
_NOTHING: Mapping[str, Any] = MappingProxyType({})

# The columns that a hash covers, in the order of the table; everything but the hash itself.
CHAINED = (
    "seq",
    "at",
    "actor",
    "actor_name",
    "role",
    "on_behalf",
    "address",
    "action",
    "object",
    "case_id",
    "case_seq",
    "result",
    "reason",
    "version",
    "body",
    "personal",
    "alg",
    "prev",
    "case_prev",
)


class AuditEvent(NamedTuple):
    """What is to be recorded, before it has a place in the chain.

    ``body`` is JSON without floats; ``personal`` maps the name of a personal value to the value itself.
    """

    action: str
    object: str
    case_id: str | None = None
    body: Mapping[str, Any] = _NOTHING
    personal: Mapping[str, str] = _NOTHING
    result: str = "done"  # done | denied | failed
    reason: str = ""
    version: str | None = None


class Head(NamedTuple):
    """The end of the trail: number and hash of its last row."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True)
class Break:
    """A row at which the trail does not hold, and why: for scripts, and as a sentence of the office."""

    seq: int
    why: str
    sentence: str


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, no escapes beyond JSON's own.

    Raises:
        TypeError: a float stands in it (floats have no single text), or what JSON has not.
    """
    _refuse_inexact(value)
    return _text(value)


def plain(value: Any) -> Any:
    """Return a value as a row's ``body`` may hold it: no floats, dates as text, nothing that is null in a mapping."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items() if item is not None}
    return value if isinstance(value, int | str) else str(value)


def _text(value: object) -> str:
    """Write JSON as the standard library does with ``_STANDARD``, which verifiers use; a tenth of its cost."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # an integer beyond 64 bits, a key that is no text
        return _STANDARD.encode(value)


_STANDARD = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)
_PLAIN = frozenset({str, int, bool, type(None)})


def _refuse_inexact(value: object) -> None:
    if type(value) in _PLAIN:
        return
    if isinstance(value, dict):
        for item in value.values():
            _refuse_inexact(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_inexact(item)
    elif isinstance(value, float):
        raise TypeError("a float has no single text; write it as a string")
    elif not isinstance(value, str | int):
        raise TypeError(f"{type(value).__name__} is not JSON")


def row_hash(row: Mapping[str, Any]) -> str:
    """Return the hash of a row over its chained columns, by the row's own algorithm."""
    text = _text({name: row[name] for name in CHAINED})  # texts and whole numbers
    return _digest(row["alg"], text)


def _digest(alg: str, text: str) -> str:
    digest = _fresh(alg).copy()  # looked up by its name it costs as much again as what it does
    digest.update(text.encode())
    return digest.hexdigest()


@cache
def _fresh(alg: str) -> hashlib._Hash:
    return hashlib.new(alg)


def commitment(salt: str, value: str, alg: str) -> str:
    """Return what a row says of a personal value without saying it."""
    return _digest(alg, f"{salt}|{value}")


def stamp(instant: datetime) -> str:
    """Return an instant as the trail writes it: UTC, microseconds."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


class Who(NamedTuple):
    """The actor of a row, in the post used."""

    actor: str
    name: str
    role: str = ""
    on_behalf: str | None = None
    address: str = ""


def chain(
    events: Iterable[AuditEvent],
    *,
    who: Who,
    at: datetime,
    head: Head,
    case_heads: Mapping[str, Head],
    alg: str,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give events their place behind ``head``.

    Args:
        case_heads: last row of each case that the events name; a case without one begins here.

    Returns:
        Rows of the trail in order, and rows of the erasable side table
        ``{seq, name, salt, value}``.
    """
    rows: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    heads = dict(case_heads)
    for event in events:
        case_head = heads.get(event.case_id, Head()) if event.case_id else None
        salts = {name: secrets.token_hex(16) for name in event.personal}
        seq = head.seq + 1
        row: dict[str, Any] = {
            "seq": seq,
            "at": stamp(at),
            "actor": who.actor,
            "actor_name": who.name,
            "role": who.role,
            "on_behalf": who.on_behalf,
            "address": who.address,
            "action": event.action,
            "object": event.object,
            "case_id": event.case_id,
            "case_seq": case_head.seq + 1 if case_head else None,
            "result": event.result,
            "reason": event.reason,
            "version": event.version,
            "body": canonical(dict(event.body)),
            "personal": canonical(
                {
                    name: commitment(salts[name], value, alg)
                    for name, value in event.personal.items()
                }
            ),
            "alg": alg,
            "prev": head.hash,
            "case_prev": case_head.hash if case_head else None,
        }
        row["hash"] = row_hash(row)
        rows.append(row)
        aside += [
            {"seq": seq, "name": name, "salt": salts[name], "value": value}
            for name, value in event.personal.items()
        ]
        head = Head(seq, row["hash"])
        if event.case_id:
            heads[event.case_id] = Head(row["case_seq"], row["hash"])
    return rows, aside


def breaks(rows: Iterable[Mapping[str, Any]], *, head: Head | None = None) -> Iterator[Break]:
    """Check a trail in order and yield what does not hold, first things first.

    Args:
        rows: the trail from its first row, or from the one behind ``head``.
    """
    last = head or Head()
    case_heads: dict[str, Head] = {}
    for row in rows:
        if row["seq"] != last.seq + 1:
            yield Break(
                row["seq"],
                f"row {last.seq + 1} is missing",
                say("前面缺第{seq}条", seq=last.seq + 1),
            )
        elif row["prev"] != last.hash:
            yield Break(row["seq"], "does not follow from the row before it", say("和上一条接不上"))
        try:
            good = row_hash(row) == row["hash"]
        except (TypeError, ValueError, KeyError):
            good = False
        if not good:
            why = "was changed: its hash does not fit its content"
            yield Break(row["seq"], why, say("内容被改动，和校验码不符"))
        if row["case_id"]:
            before = case_heads.get(row["case_id"], Head())
            if row["case_seq"] != before.seq + 1 or row["case_prev"] != before.hash:
                why = "does not follow from the row before it in its case"
                yield Break(row["seq"], why, say("和本案的上一条接不上"))
            case_heads[row["case_id"]] = Head(row["case_seq"], row["hash"])
        last = Head(row["seq"], row["hash"])
