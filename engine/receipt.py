"""Derived case events: a legal fact that nobody records, because a decision table finds it from others.

``received`` is one (条例第三十一条): the channel and the dates of what happened decide it. Which event comes from which
decision is said in the diagram (``decision`` on ``gk:starts``); the table is a DMN file of the procedure. No channel
and no article stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from engine.errors import BadInput
from engine.statutory_clock import CaseEvent, ClockDefinition, in_force
from engine.words import say

# What a derived fact takes over from the correction that moved it: why, by whom, and what proves it.
_OF_CORRECTION = ("reason", "corrected_by", "by", "recorded_by", "evidence")
RETRACTED = "retracted"  # what takes the place of a fact that never was
# (decision, names) -> the table's outputs, or None where no row fits.
Decide = Callable[[str, Mapping[str, object]], object]


class NotDerivable(BadInput):
    """The decision table has no row for this channel."""

    code = "not_derivable"

    def __init__(self, event: str, channel: object) -> None:
        super().__init__(
            f"{event} cannot be derived for channel {channel!r}",
            sentence=say(
                "提交方式“{channel}”不在判断表里，推不出“{event}”，请核对",
                channel=channel,
                event=event,
            ),
        )
        self.event, self.channel = event, channel


def decision_names(
    events: Sequence[CaseEvent], channel: str, settings: Mapping[str, object]
) -> dict[str, object]:
    """Return what a receipt table may name: the channel, the settings, and ``<event>_on`` for every fact.

    Of several facts of one kind the first counts.
    """
    days: dict[str, object] = {}
    for event in in_force(events)[0]:
        days.setdefault(f"{event.kind}_on", event.date)
    return {**settings, **days, "channel": channel}


def with_derived(
    definitions: Mapping[str, ClockDefinition],
    events: Sequence[CaseEvent],
    channel: str | None,
    settings: Mapping[str, object],
    decide: Decide,
) -> list[CaseEvent]:
    """Return the facts with those added that a decision table derives; what was recorded is never overridden.

    Args:
        definitions: the clocks of the procedure; they say what is derived by which decision.
        events: the recorded facts.
        channel: how the request came in; None where nobody said, then nothing is derived.
        settings: the office's choices; a table may read them.
        decide: evaluates a decision: ``{event: date or None, article, basis}``.

    Raises:
        NotDerivable: no row of the table fits the channel.
    """
    derived = {
        event: decision
        for clock in definitions.values()
        for event, decision in clock.derived.items()
    }
    facts = list(events)
    recorded = {event.kind for event in in_force(facts)[0]}
    for event, decision in derived.items():
        if event in recorded or channel is None:
            continue
        for one in _derived(event, decision, list(facts), channel, settings, decide):
            _place(facts, one)
    return facts


def _derived(
    event: str,
    decision: str,
    events: Sequence[CaseEvent],
    channel: str,
    settings: Mapping[str, object],
    decide: Decide,
) -> list[CaseEvent]:
    """Return a derived fact as each correction of what it comes from left it; each supersedes the one before."""
    correcting = [one for one in events if one.fields.get("supersedes") is not None]
    made: list[CaseEvent] = []
    held: date | None = None
    for place in range(len(correcting) + 1):
        later = {id(one) for one in correcting[place:]}
        known = [one for one in events if id(one) not in later]
        found = decide(decision, decision_names(known, channel, settings))
        if not isinstance(found, Mapping):
            raise NotDerivable(event, channel)
        day = found.get(event)
        day = day if isinstance(day, date) else None
        if day == held:
            continue
        fields = {name: value for name, value in found.items() if name != event}
        fields["derived_by"] = decision
        if correcting:
            fields["id"] = f"{decision}:{place}"
        if held is not None:
            fields["supersedes"] = made[-1].fields["id"]
            by = correcting[place - 1].fields
            fields |= {name: by[name] for name in _OF_CORRECTION if by.get(name)}
        kind, on = (event, day) if day else (RETRACTED, correcting[place - 1].date)
        made.append(CaseEvent(kind, on, fields))
        held = day
    return made


def _place(facts: list[CaseEvent], derived: CaseEvent) -> None:
    """Put a derived fact right after the first one of its day: it came about with that."""
    place = next(
        (place for place, one in enumerate(facts) if one.date == derived.date), len(facts) - 1
    )
    facts.insert(place + 1, derived)
