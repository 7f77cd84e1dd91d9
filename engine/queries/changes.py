"""One change between two versions of a procedure, as the procedures page says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.lengths import LengthInvalid, parse_length
from engine.words import say

Tag = Literal["new", "gone", "changed"]
LONGEST = 60  # a text that is longer is said to have changed, not shown before and after


@dataclass(frozen=True)
class Change:
    """What changed: ``name`` is printed bold, ``text`` says what of it, before and after where they are short.

    ``element`` is the id in the diagram, "" for what is not drawn; ``file`` where it stands.
    """

    tag: Tag
    name: str
    text: str
    file: str
    element: str = ""
    before: str = ""
    after: str = ""


def altered(
    name: str, what: str, before: str, after: str, file: str, element: str = ""
) -> Change | None:
    """Return the change of one value, None where it is the same."""
    if before == after:
        return None
    if max(len(before), len(after)) > LONGEST:
        return Change("changed", name, say("{what}有改动", what=what), file, element)
    return Change(
        "changed", name, what, file, element, before or say("（无）"), after or say("（无）")
    )


def length_words(text: str) -> str:
    """Return 20个工作日 for P20WD; what is no length as it stands."""
    try:
        length = parse_length(text)
        unit, amount = length.unit, abs(length.amount)
    except LengthInvalid:
        return text
    words = {
        "working_day": say("{n}个工作日", n=amount),
        "day": say("{n}日", n=amount),
        "month": say("{n}个月", n=amount),
        "hour": say("{n}小时", n=amount),
        "second": say("{n}秒", n=amount),
    }
    return words[unit]


def due_words(due: Mapping[str, str] | None, clocks: Mapping[str, str]) -> str:
    """Return an internal limit in words: 3个工作日, 答复期限前8个工作日."""
    if not due:
        return ""
    if due.get("length"):
        return length_words(due["length"])
    if due.get("clock"):
        title = clocks.get(due["clock"], due["clock"])
        offset = due.get("offset") or ""
        if not offset:
            return say("{clock}届满时", clock=title)
        words = length_words(offset)
        if offset.startswith("-"):
            return say("{clock}届满前{length}", clock=title, length=words)
        return say("{clock}届满后{length}", clock=title, length=words)
    return due.get("date", "")
