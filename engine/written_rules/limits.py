"""Limits in sentences: how long, on which article, from what, and what moves or ends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from engine.bpmn.model import Value
from engine.lengths import Length, LengthInvalid, parse_length
from engine.statutory_clock import ClockDefinition
from engine.statutory_clock.resolved import Effect, Resolved, resolve
from engine.statutory_clock.wording import amount


class Fill(Protocol):
    """Fills one of the office's sentences."""

    def __call__(self, key: str, **values: object) -> str: ...


def limit_of(
    clock: ClockDefinition,
    clocks: Mapping[str, ClockDefinition],
    settings: Mapping[str, object],
    fill: Fill,
) -> list[str]:
    """Return a limit as it holds under the office's settings, one sentence for each of its rules.

    Raises:
        SettingMissing, ClockInvalid: it cannot be read under these settings.
    """
    found = resolve(clock, settings)
    said = [_head(found, fill)]
    if clock.per:
        said.append(fill("per"))
    effects = [effect for pairs in found.by_event.values() for _, effect in pairs]
    for effect in _as_drawn(clock, [*effects, *found.abandons.values()]):
        said.extend(_rule(effect, found, clocks, fill))
    if found.lapses is not None and found.lapses.title:
        said.append(fill("lapses", 事实=found.lapses.title))
    if found.rolls is not None and found.rolls.title:
        said.append(fill("rolls", 事实=found.rolls.title, 依据=found.rolls.article))
    if found.internal is not None:
        said.append(fill("internal"))
    if clock.warnings:
        ahead = "、".join(length_words(one) for one in clock.warnings)
        said.append(fill("warns", 时长=ahead))
    return said


def internal_limit(
    due: Mapping[str, Value], clocks: Mapping[str, ClockDefinition], fill: Fill
) -> str:
    """Return by when a step is to be done."""
    length, clock = due.get("length"), due.get("clock")
    if length is not None and length.expression is None:
        return fill("within", 时限=length_words(length.text))
    if clock is not None and clock.expression is None:
        offset = due["offset"].text if "offset" in due else ""
        return fill("within", 时限=until(clock.text, offset, clocks, fill))
    return fill("within_set")


def until(clock: str, offset: str, clocks: Mapping[str, ClockDefinition], fill: Fill) -> str:
    """Return a moment relative to a limit: 答复期限届满前3个工作日."""
    title = clocks[clock].title if clock in clocks else clock
    if not offset:
        return fill("at_end", 期限=title)
    key = "before" if offset.startswith("-") else "after"
    return fill(key, 期限=title, 时长=length_words(offset))


def length_words(text: str) -> str:
    """Return 20个工作日 for P20WD or -P20WD; what is no length as it stands."""
    try:
        return _words(parse_length(text))
    except LengthInvalid:
        return text


def _words(length: Length) -> str:
    return amount(abs(length.amount), length.unit)


def _head(found: Resolved, fill: Fill) -> str:
    clock = found.definition
    names = {"期限": clock.title, "依据": clock.article}
    if found.length is None:
        month, day = found.falls.falls_on if found.falls is not None else (0, 0)
        return fill("limit_on_day", 月=month, 日=day, **names)
    key = "limit" if clock.nature == "limit" else clock.nature
    return fill(key, 长度=_words(found.length), **names)


def _as_drawn(clock: ClockDefinition, effects: list[Effect]) -> list[Effect]:
    """Return each rule once, in the order of the drawing."""
    order = {(rule.kind, rule.attributes.get("title", "")): n for n, rule in enumerate(clock.rules)}
    unique = {id(effect): effect for effect in effects}.values()
    return sorted(unique, key=lambda one: order.get((one.kind, one.title), len(order)))


def _rule(
    effect: Effect, found: Resolved, clocks: Mapping[str, ClockDefinition], fill: Fill
) -> Iterator[str]:
    article = effect.article if effect.article != found.definition.article else ""
    names = {"事实": effect.title, "依据": article}
    kind = effect.kind
    if kind == "abandons":
        title = clocks[effect.clock].title if effect.clock in clocks else effect.clock
        yield fill("abandons", 期限=title, 依据=article)
    elif not effect.title:
        return
    elif kind in ("starts", "restarts") and effect.length is not None:
        yield fill(f"{kind}_with", 长度=_words(effect.length), **names)
    elif kind == "starts" and found.unit in ("hour", "second"):
        yield fill("starts_hours", **names)
    elif kind == "extends" and (effect.at_most or effect.length) is not None:
        most = effect.at_most or effect.length
        yield fill("extends_by", 长度=_words(most) if most else "", **names)
    elif kind == "stops":
        yield fill("stops", 事实=effect.title)
    else:
        yield fill(kind, **names)
