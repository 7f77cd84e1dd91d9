"""A case as expressions and clocks see it: its record, its dated facts, and what the clocks say of them.

In memory and without a database: the same file serves a stored case, a scenario and the simulator.
Clocks are computed when asked and again after each fact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Protocol

from engine.decisions import Decisions
from engine.done_steps import DoneStep, Issued
from engine.errors import NotFound
from engine.feel import to_json
from engine.institution import Institution
from engine.receipt import with_derived
from engine.statutory_clock import (
    CaseEvent,
    ClockAnswer,
    ClockDefinition,
    answer,
    in_force,
    length_of,
)
from engine.timesource import legal_day

CHANNEL = "channel"  # the field by which decision tables derive facts
ClockKey = tuple[str, str | None]


class Typing(Protocol):
    """What turns a stored record into typed values and words: a procedure by its forms and its words of facts."""

    @property
    def facts(self) -> Mapping[str, str]: ...

    def typed(self, values: Mapping[str, Any]) -> dict[str, object]:
        """Return stored values with dates as dates."""

    def labels(self, values: Mapping[str, object], name_of: Callable[[str], str]) -> dict[str, str]:
        """Return the words of answered choices by field, and the names of people."""


class Ground(Protocol):
    """What a case stands on: a deployed version, or the parts of one that is only tried."""

    @property
    def clocks(self) -> Mapping[str, ClockDefinition]: ...

    @property
    def decisions(self) -> Decisions: ...

    @property
    def procedure(self) -> Typing: ...


class CaseFile:
    """Record, facts and clocks of one case at one moment."""

    def __init__(
        self,
        *,
        number: str,
        procedure: str,
        deployed: Ground,
        institution: Institution,
        fields: dict[str, Any],
        events: Sequence[CaseEvent] | Callable[[], Sequence[CaseEvent]],
        now: datetime,
        extra: Mapping[str, object] | None = None,
        steps: Callable[[], Sequence[DoneStep]] = tuple,
        letters: Callable[[], Sequence[Issued]] = tuple,
    ) -> None:
        self.number, self.procedure = number, procedure
        self.fields = fields
        self._source = events
        self._events: list[CaseEvent] | None = None
        self.today: date = legal_day(now)
        self._deployed, self.institution = deployed, institution
        self._extra = dict(extra or {})
        self._steps_before, self._letters_before = steps, letters
        self._steps_now: list[DoneStep] = []
        self._letters_now: list[Issued] = []
        self._answers: dict[ClockKey, ClockAnswer] | None = None
        self._facts: list[CaseEvent] | None = None
        self.functions = institution.functions(self.today)

    @property
    def events(self) -> list[CaseEvent]:
        """The recorded facts, in the order they were recorded; read when first asked for."""
        if self._events is None:
            self._events = list(self._source() if callable(self._source) else self._source)
        return self._events

    @property
    def ground(self) -> Ground:
        """What the case stands on."""
        return self._deployed

    @property
    def clocks(self) -> Mapping[str, ClockDefinition]:
        """The clocks of the procedure and of those that it calls, the first drawn first."""
        return self._deployed.clocks

    def corrected(self, event: CaseEvent) -> CaseEvent:
        """Return a new fact as it is recorded, its field ``supersedes`` as the id of the wrong one.

        ``supersedes`` may name that by its id, or the latest of a kind (of the same party, where one is
        given). What the new fact does not say it takes over from a wrong one of its own kind.

        Raises:
            NotFound: no fact in force is meant by it.
        """
        fields = dict(event.fields)
        named = fields.pop("supersedes", None)
        if named is None:
            return event
        for old in reversed(in_force(self.events)[0]):
            identity = old.fields.get("id")
            of_party = event.party is None or old.party in (None, event.party)
            if identity is not None and (
                str(identity) == str(named) or (old.kind == named and of_party)
            ):
                kept = old.fields if old.kind == event.kind else {}
                own = {k: v for k, v in kept.items() if k not in ("id", "supersedes", "at")}
                return replace(event, fields={**own, **fields, "supersedes": identity})
        raise NotFound("fact", str(named))

    def record(self, event: CaseEvent) -> None:
        """Add a fact; every clock follows."""
        self.events.append(event)
        self._answers = self._facts = None

    def keep(self, name: str, value: object) -> None:
        """Take a value into the record: an answer, or what an effect, a table or a called procedure gave."""
        self.fields[name] = value
        if name == CHANNEL:
            self._answers = self._facts = None

    def facts(self) -> list[CaseEvent]:
        """Return the facts with those that decision tables derive from them (``received``)."""
        if self._facts is None:
            channel = self.fields.get(CHANNEL)
            self._facts = with_derived(
                self.clocks,
                self.events,
                str(channel) if channel else None,
                self.institution.settings,
                lambda name, names: self._deployed.decisions.evaluate(name, names).value,
            )
        return self._facts

    def answers(self) -> dict[ClockKey, ClockAnswer]:
        """Return what every clock that has begun says: {(clock, party or None): answer}."""
        if self._answers is None:
            found: dict[ClockKey, ClockAnswer] = {}
            for clock_id, definition in self.clocks.items():
                for party in self._parties(definition):
                    given = self._answer(definition, party)
                    if given.started_on is not None:
                        found[(clock_id, party)] = given
            self._answers = found
        return self._answers

    def clock(self, clock_id: str, party: str | None = None) -> ClockAnswer | None:
        """Return what one clock says: of a party, else the one that ends last; None before it begins."""
        definition = self.clocks.get(clock_id)
        if definition is None:
            return None
        given = self.answers().get((clock_id, party))
        if given is None and party is None and definition.per:
            given = self._answer(definition, None)
        return given if given is not None and given.started_on is not None else None

    def _answer(self, definition: ClockDefinition, party: str | None) -> ClockAnswer:
        return answer(
            definition,
            self.facts(),
            self.institution.calendar,
            self.institution.settings,
            definitions=self.clocks,
            today=self.today,
            party=party,
        )

    def _parties(self, definition: ClockDefinition) -> list[str | None]:
        if not definition.per:
            return [None]
        names = definition.event_names
        named = (event.party for event in self.facts() if event.kind in names)
        return list(dict.fromkeys(party for party in named if party is not None)) or [None]

    def did(self, step: DoneStep) -> None:
        """Take in a step that a person completes just now."""
        self._steps_now.append(step)

    def steps(self) -> list[dict[str, object]]:
        """Return ``steps``: what people completed so far, oldest first, each as ``DoneStep.seen`` says."""
        office, directory = self.institution.office, self.institution.directory
        return [one.seen(office, directory) for one in (*self._steps_before(), *self._steps_now)]

    def issued(self, letter: str, title: str, number: str) -> None:
        """Take in a letter that goes out just now."""
        self._letters_now.append(Issued(letter, title, number, self.today))

    def letters(self) -> list[dict[str, object]]:
        """Return ``letters``: those issued so far, oldest first, ``{letter, title, number, date}``."""
        return [one.seen() for one in (*self._letters_before(), *self._letters_now)]

    def names(self) -> Mapping[str, object]:
        """Return what expressions see: the record, ``case``, ``clock``, ``label``, ``settings``, ``units``,
        ``steps``, ``letters``.
        """
        return _Names(self)

    def case_context(self) -> dict[str, object]:
        """Return ``case``: number, procedure, ``facts`` [{kind, words, date, party, id}] in force, and what is known.

        A derived fact has no id.
        """
        facts, words = in_force(self.facts())[0], self._deployed.procedure.facts
        return {
            "number": self.number,
            "procedure": self.procedure,
            "received": next((e.date for e in facts if e.kind == "received"), None),
            "facts": [
                {
                    "kind": e.kind,
                    "words": words.get(e.kind, e.kind),
                    "date": e.date,
                    "party": e.party,
                    "id": _identity(e),
                }
                for e in facts
            ],
            **self._extra,
        }

    def clock_context(self) -> dict[str, object]:
        """Return ``clock``: {id: {due, original, state, left, length}}; ``length`` is the number as drawn."""
        context: dict[str, object] = {}
        for clock_id, definition in self.clocks.items():
            given = self.clock(clock_id)
            length = length_of(definition, self.institution.settings)
            context[clock_id] = {
                "due": given.due if given else None,
                "original": given.original if given else None,
                "state": given.state if given else None,
                "left": given.left if given else None,
                "length": length.amount if length else None,
            }
        return context

    def typed_field(self, key: str) -> object:
        """Return one field of the record, a date as a date."""
        return self._deployed.procedure.typed({key: self.fields[key]})[key]


class _Names(Mapping[str, object]):
    """Names looked up when asked: of a record and of clocks only that is computed which an expression reads."""

    def __init__(self, file: CaseFile) -> None:
        self._file, self._fields = file, file.fields
        self._special: dict[str, Callable[[], object]] = {
            "case": file.case_context,
            "clock": file.clock_context,
            "label": lambda: file._deployed.procedure.labels(
                file.fields, file.institution.directory.name
            ),
            "settings": lambda: dict(file.institution.settings),
            "units": lambda: unit_titles(file.institution),
            "steps": file.steps,
            "letters": file.letters,
        }

    def __getitem__(self, name: str) -> object:
        if name in self._fields:
            return self._file.typed_field(name)
        return self._special[name]()

    def __iter__(self) -> Any:
        yield from self._fields
        yield from (name for name in self._special if name not in self._fields)

    def __len__(self) -> int:
        return len(set(self._fields) | set(self._special))

    def __contains__(self, name: object) -> bool:
        return name in self._fields or name in self._special


def opening_names(institution: Institution) -> Mapping[str, object]:
    """Return what the first form of a case sees, before there is a case."""
    return {"settings": dict(institution.settings), "units": unit_titles(institution)}


def unit_titles(institution: Institution) -> dict[str, str]:
    """Return ``units``: what each section is called, by its id."""
    return {unit.id: unit.title for unit in institution.office.units.values()}


def _identity(event: CaseEvent) -> str | None:
    """Return the id under which a recorded fact can be superseded, as text."""
    identity = event.fields.get("id")
    return None if identity is None or "derived_by" in event.fields else str(identity)


def plain(value: object) -> object:
    """Return a FEEL value as JSON keeps it."""
    return to_json(value)
