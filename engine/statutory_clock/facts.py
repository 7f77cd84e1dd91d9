"""Case events: dated legal facts (法律事实), as the clocks read them.

Facts are corrected by new facts, never edited: a fact that names another's ``id`` in its field
``supersedes`` takes its place. Where facts come from and who recorded them is not known here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import BadInput
from engine.timesource import OFFICE_ZONE
from engine.words import say


class FactUnusable(BadInput):
    """A case event lacks a field that a rule needs, or the field cannot be used."""

    code = "fact_unusable"

    def __init__(self, kind: str, name: str, value: object) -> None:
        super().__init__(
            f"case event {kind}: field {name} is {value!r}",
            sentence=say(
                "事实“{kind}”的“{name}”应为大于零的整数，现为 {value}，请补正",
                kind=kind,
                name=name,
                value=repr(value),
            ),
        )
        self.kind, self.field, self.value = kind, name, value


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """One dated legal fact.

    ``date`` is the legal day in the office's zone. ``fields`` carries what the rules read (``party``,
    ``working_days``, ...), ``id`` and ``supersedes`` for corrections, ``at`` (an instant) for limits in hours;
    all else is kept as evidence.
    """

    kind: str
    date: dt.date
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def party(self) -> str | None:
        """The third party or agency that the fact is about, where there are several."""
        value = self.fields.get("party")
        return None if value is None else str(value)

    @property
    def at(self) -> dt.datetime | None:
        """The instant of the fact, aware, in the office's zone; None where only the day is known."""
        value = self.fields.get("at")
        if isinstance(value, str):
            try:
                value = dt.datetime.fromisoformat(value)
            except ValueError:
                return None
        if not isinstance(value, dt.datetime):
            return None
        return (
            value.replace(tzinfo=OFFICE_ZONE)
            if value.tzinfo is None
            else value.astimezone(OFFICE_ZONE)
        )

    def number(self, name: str) -> int:
        """Return the field ``name`` as a natural number.

        Raises:
            FactUnusable: it is missing, no whole number, or less than one.
        """
        value = self.fields.get(name)
        try:
            if isinstance(value, bool) or value is None:
                raise TypeError
            number = int(value)  # type: ignore[call-overload]
            if number < 1 or (not isinstance(value, str) and number != value):
                raise ValueError
        except (TypeError, ValueError, OverflowError) as error:
            raise FactUnusable(self.kind, name, value) from error
        return int(number)

    def says(self, conditions: Iterable[tuple[str, frozenset[str]]]) -> bool:
        """Whether every named field holds one of the wanted words (``true``/``false`` for truth values)."""
        return all(_word(self.fields.get(name)) in words for name, words in conditions)


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Supersession:
    """A fact that no longer holds, and the fact that took its place."""

    old: CaseEvent
    new: CaseEvent


def in_force(events: Sequence[CaseEvent]) -> tuple[list[CaseEvent], list[Supersession]]:
    """Return the facts that hold, by date and within one day as listed, and those that were superseded."""
    ordered = in_order(events)
    by_id: dict[object, CaseEvent] | None = None
    superseded: list[Supersession] = []
    for event in ordered:
        named = event.fields.get("supersedes")
        if named is None:
            continue
        if by_id is None:
            by_id = {
                _key(one.fields["id"]): one for one in ordered if one.fields.get("id") is not None
            }
        for key in named if isinstance(named, list | tuple) else (named,):
            old = by_id.get(_key(key))
            if old is not None and old is not event:
                superseded.append(Supersession(old, event))
    if superseded:
        gone = {id(pair.old) for pair in superseded}
        ordered = [event for event in ordered if id(event) not in gone]
    return ordered, superseded


def in_order(events: Iterable[CaseEvent]) -> list[CaseEvent]:
    """Return facts by date, within one day as listed."""
    return sorted(events, key=_date)


def _key(value: object) -> str:
    return str(value)


def _date(event: CaseEvent) -> dt.date:
    return event.date
