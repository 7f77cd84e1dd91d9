"""What happened to a clock, fact by fact: counts with their gaps, waits, extensions and ends.

Plain records that the course fills and the explanation reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.lengths import Length
from engine.statutory_clock import counting
from engine.statutory_clock.facts import CaseEvent
from engine.statutory_clock.resolved import Effect


@dataclass(eq=False, slots=True)
class Span:
    """A suspension: ``gap`` does not count. ``ends_by``: limit of a party that was, or is still, silent."""

    effect: Effect
    opened: CaseEvent
    gap: counting.Gap
    closed: CaseEvent | None = None
    ends_by: date | None = None


@dataclass(eq=False, slots=True)
class Wait:
    """While it lasts no due date can be known. ``lapses_on``: the day on which the application counts as abandoned."""

    effect: Effect
    opened: CaseEvent
    ends_by: date | None = None
    lapses_on: date | None = None


@dataclass(eq=False, slots=True)
class Extension:
    """An extension that holds; ``notice`` tells the applicant."""

    effect: Effect
    event: CaseEvent
    amount: int
    notice: CaseEvent | None = None


@dataclass(eq=False, slots=True)
class NoEffect:
    """A fact that changes nothing here, and the rule that says so."""

    effect: Effect
    event: CaseEvent
    reason: str
    due: date | None = None


@dataclass(eq=False, slots=True)
class Count:
    """One count, from a start to its end or to a restart. ``amount`` is the allowance without extensions.

    ``granted`` is the allowance as it began, before an office replaced it. A fixed date has neither.
    """

    effect: Effect
    event: CaseEvent
    amount: int
    length: Length | None
    granted: int
    spans: list[Span] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    replaced: tuple[Effect, CaseEvent] | None = None
    no_effects: list[NoEffect] = field(default_factory=list)
    # Every wait that was opened, open or closed, for the explanation.
    waited: list[Wait] = field(default_factory=list)

    @property
    def start(self) -> date:
        """Day 0."""
        return self.event.date

    @property
    def allowance(self) -> int:
        """All that may be used, extensions with it."""
        return self.amount + sum(extension.amount for extension in self.extensions)


@dataclass(eq=False, slots=True)
class End:
    """How a clock ended; ``effect`` and ``event`` are the rule and the fact, where there is one."""

    how: str
    on: date
    effect: Effect
    event: CaseEvent | None = None
