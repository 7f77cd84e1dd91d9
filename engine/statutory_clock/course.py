"""The course of a clock: what each case event does to it, in the order of the facts.

The outcome is a record of counts (a restart begins a new one) with their gaps, extensions and ends, and of
everything that had no effect and why. Words and day-by-day stretches are made from it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from engine.business_calendar import BusinessCalendar
from engine.errors import BadInput
from engine.lengths import Length
from engine.statutory_clock.definition import ClockDefinition, ClockInvalid
from engine.statutory_clock.due import DueDates
from engine.statutory_clock.facts import CaseEvent
from engine.statutory_clock.records import Count, End, Extension, NoEffect, Span, Wait
from engine.statutory_clock.resolved import Effect, Resolved, resolve
from engine.words import say

ONE_DAY = timedelta(days=1)


class LengthMixed(BadInput):
    """A rule would add a length in another unit than the clock counts."""

    code = "length_mixed"

    def __init__(self, clock: str, length: Length) -> None:
        super().__init__(
            f"clock {clock!r}: {length} in another unit",
            sentence=say("期限“{clock}”的单位与 {length} 不一致", clock=clock, length=length),
        )


@dataclass(slots=True)
class Situation:
    """What a course is computed in. ``depth`` guards against clocks that ask each other in a circle."""

    calendar: BusinessCalendar
    settings: Mapping[str, object]
    definitions: Mapping[str, ClockDefinition]
    today: date | None
    depth: int = 0

    def course(self, clock: str, asked_by: str, events: Sequence[CaseEvent]) -> Course:
        """Return the course of another clock over the same facts."""
        if clock not in self.definitions or self.depth > 4:
            raise ClockInvalid(
                asked_by,
                f"no clock {clock}",
                say("没有叫“{clock}”的期限，或期限之间循环引用", clock=clock),
            )
        inner = Situation(
            self.calendar, self.settings, self.definitions, self.today, self.depth + 1
        )
        return run(self.definitions[clock], events, inner)


def run(definition: ClockDefinition, events: Sequence[CaseEvent], situation: Situation) -> Course:
    """Return the course of a clock over facts that are in force and in order."""
    resolved = resolve(definition, situation.settings)
    course = Course(resolved, events, situation)
    course.follow()
    return course


class Course:
    """A clock's course; read the attributes after ``run``."""

    __slots__ = (
        "_dates",
        "_index",
        "_noticed",
        "_parties",
        "_rounds",
        "_unanswered",
        "clock",
        "counts",
        "due",
        "due_at",
        "early",
        "end",
        "events",
        "original",
        "original_at",
        "revoked",
        "situation",
        "state",
        "unrolled",
    )

    def __init__(
        self,
        clock: Resolved,
        events: Sequence[CaseEvent],
        situation: Situation,
        revoked: frozenset[int] = frozenset(),
    ) -> None:
        self.clock, self.events, self.situation = clock, events, situation
        self._dates = DueDates(clock, situation.calendar)
        # Places of extensions to leave out, to ask what would be without them.
        self.revoked = revoked
        self.counts: list[Count] = []
        # What lies before the start and so changes nothing.
        self.early: list[NoEffect] = []
        self.end: End | None = None
        self.state: str
        self.due: date | None = None
        self.due_at: datetime | None = None
        self.unrolled: date | None = None
        self.original: date | None = None
        self.original_at: datetime | None = None
        self._index: int
        # How often each rule of waiting has taken effect in the whole case; answers to waits that never began.
        self._rounds: dict[Effect, int] = {}
        self._unanswered: set[str] = set()
        self._noticed: set[int] = set()
        self._parties: dict[Effect, bool] = {}

    @property
    def count(self) -> Count | None:
        """The count that holds, None before the start."""
        return self.counts[-1] if self.counts else None

    def follow(self, until: int | None = None) -> None:
        """Go through the facts, then judge the end; ``until``: stop before that fact, and judge nothing."""
        for index, event in enumerate(self.events[:until]):
            self._index = index
            rules = self.clock.by_event.get(event.kind)
            if not rules:
                continue
            self._lapse(event.date)
            for kind, effect in rules:
                if (
                    self.end is None
                    or effect.reopens
                    or (kind == "starts" and not self._has_begun())
                ):
                    _HANDLERS[kind](self, effect, event)
                elif kind in ("restarts", "extends", "suspends"):
                    self._in_vain(effect, event, "ended")
        if until is None:
            self._judge()

    # Starting and starting anew ----------------------------------------------------------------------------

    def _start(self, effect: Effect, event: CaseEvent) -> None:
        if not event.says(effect.where):
            return
        if self._has_begun():
            if all(count.event is not event for count in self.counts):
                self._in_vain(effect, event, "begun")
            return
        # What would have ended the clock on an earlier day ended something else.
        if self.end is not None and (self.end.event is None or self.end.on < event.date):
            self.end = None
        self.early = self._before(event)
        self.counts.clear()
        self._rounds.clear()
        self._unanswered.clear()
        self._begin(effect, event)

    def _has_begun(self) -> bool:
        """Whether a start has taken effect, or a restart that needs none (it reopens)."""
        first = self.counts[0].effect if self.counts else None
        return first is not None and (first.kind == "starts" or first.reopens)

    def _before(self, start: CaseEvent) -> list[NoEffect]:
        """What was listed before the start; an end of the same day holds all the same."""
        kept = self.end.event if self.end else None
        found = []
        for event in self.events[: self._index]:
            if event is not kept and (rules := self.clock.by_event.get(event.kind)):
                reason = "listed_before" if event.date == start.date else "before_start"
                found.append(NoEffect(rules[0][1], event, reason))
        return found

    def _restart(self, effect: Effect, event: CaseEvent) -> None:
        if not event.says(effect.where):
            return
        if effect.only_ended and (self.end is None or not self.counts):
            return
        if effect.times is not None and len(self.counts) >= effect.times:
            self._in_vain(effect, event, "times")
            return
        if event.kind in self._unanswered:
            self._unanswered.discard(event.kind)
            self._in_vain(effect, event, "not_asked")
            return
        self.end = None
        self._begin(effect, event)

    def _begin(self, effect: Effect, event: CaseEvent) -> None:
        length = effect.length or self.clock.length
        amount = length.amount if length else 0
        if effect.length_field and event.fields.get(effect.length_field) is not None:
            amount = event.number(effect.length_field)
        count = Count(effect, event, amount, length, amount)
        if self.counts:
            before = self.counts[-1]
            # Who still waits for something else goes on waiting.
            count.waits = [wait for wait in before.waits if event.kind not in wait.effect.until]
            if "extensions" in self.clock.keeps:
                count.extensions = list(before.extensions)
            else:
                self._release_notices()
            if "suspensions" in self.clock.keeps:
                # One that ends today still holds today; what this fact has closed is over.
                count.spans = [
                    span
                    for span in before.spans
                    if (span.gap[1] or date.max) >= event.date and span.closed is not event
                ]
        self.counts.append(count)

    # Waiting -----------------------------------------------------------------------------------------------

    def _wait(self, effect: Effect, event: CaseEvent) -> None:
        count = self.count
        if (
            count is None
            or effect.until & self._unanswered
            or any(wait.effect is effect for wait in count.waits)
        ):
            return
        reason, due = self._why_not_wait(effect, event)
        if reason:
            self._unanswered |= effect.until
            self._in_vain(effect, event, reason, due)
            return
        wait = Wait(effect, event)
        if effect.limit:
            events = self.events[self._index :]
            wait.ends_by = self._limit(effect, events).due
            if effect.limit in self.clock.abandons:
                limit = self._limit(effect, self._without_new_rounds(effect, events))
                if limit.state == "abandoned" and limit.due:
                    wait.lapses_on = limit.due + ONE_DAY
        count.waits.append(wait)
        count.waited.append(wait)
        self._rounds[effect] = self._rounds.get(effect, 0) + 1

    def _why_not_wait(self, effect: Effect, event: CaseEvent) -> tuple[str, date | None]:
        due = self._dates.due(self.count)
        if due is not None and event.date > due:
            return "expired", due
        if effect.before_unextended:
            due = self._dates.due(self.count, extended=False)
            if due is not None and event.date > due:
                return "after_first_period", due
        if effect.times is not None and self._rounds.get(effect, 0) >= effect.times:
            return "times", None
        if effect.within:
            limit = self.situation.course(
                effect.within, self.clock.definition.id, self.events[: self._index + 1]
            )
            if limit.due is not None and event.date > limit.due:
                return "late", limit.due
        return "", None

    def _limit(self, effect: Effect, events: Sequence[CaseEvent]) -> Course:
        """The clock that bounds this suspension or wait, up to the answer: what is asked later is another round."""
        answered = (place for place, one in enumerate(events) if one.kind in effect.until)
        place = next(answered, len(events))
        return self.situation.course(effect.limit, self.clock.definition.id, events[: place + 1])

    def _without_new_rounds(
        self, effect: Effect, events: Sequence[CaseEvent]
    ) -> Sequence[CaseEvent]:
        """The facts without what is asked after the end of this clock: it does not bring back what had lapsed."""
        ends = (
            place
            for place, one in enumerate(events)
            for kind, stop in self.clock.by_event.get(one.kind, ())
            if kind == "stops" and one.says(stop.where)
        )
        end = next(ends, len(events))
        return [*events[:end], *(one for one in events[end:] if one.kind not in effect.events)]

    def _close(self, effect: Effect, event: CaseEvent) -> None:
        count = self.count
        if count is None:
            return
        for wait in [wait for wait in count.waits if wait.effect is effect]:
            count.waits.remove(wait)
            # Where no rule restarts the count, the wait was a pause.
            count.spans.append(
                Span(effect, wait.opened, (wait.opened.date, event.date), closed=event)
            )

    def _lapse(self, day: date) -> None:
        count = self.count
        if self.end is not None or count is None:
            return
        for wait in count.waits:
            if wait.lapses_on is not None and wait.lapses_on <= day:
                self.end = End("abandoned", wait.lapses_on, self.clock.abandons[wait.effect.limit])
                return

    # Suspending --------------------------------------------------------------------------------------------

    def _suspend(self, effect: Effect, event: CaseEvent) -> None:
        count = self.count
        if count is None:
            return
        due = self._dates.due(count)
        if due is not None and event.date > due:
            self._in_vain(effect, event, "expired", due)
            return
        several = bool(effect.per) and self._several(effect)
        party = event.party if several else None
        for span in count.spans:
            same = span.effect is effect and (not several or span.opened.party == party)
            if same and self._lasts(span, event.date):
                return
        following = [
            one for one in self.events[self._index :] if party is None or one.party == party
        ]
        closed = next((one for one in following if one.kind in effect.until), None)
        ends_by = self._limit(effect, following).due if effect.limit else None
        until = closed.date if closed else ends_by
        if closed and ends_by and not effect.late_counts:
            until = min(closed.date, ends_by)
        first = event.date - ONE_DAY if effect.first_day_out else event.date
        if until is not None and effect.last_day_counts:
            until -= ONE_DAY
        count.spans.append(Span(effect, event, (first, until), closed, ends_by))

    def _lasts(self, span: Span, day: date) -> bool:
        """Whether a suspension still runs: until its last day is over, or until the fact that closed it."""
        until = span.gap[1]
        if until is None or until > day:
            return True
        return until == day and all(one is not span.closed for one in self.events[: self._index])

    def _several(self, effect: Effect) -> bool:
        """Whether the facts of this rule name more than one party; one alone need not be named every time."""
        if effect not in self._parties:
            limit = self.situation.definitions.get(effect.limit)
            kinds = {*effect.events, *effect.until, *(limit.event_names if limit else ())}
            # A letter that was sent names its party, also where an office counts from its receipt.
            kinds.update(
                name
                for rule in self.clock.definition.rules
                if effect.limit and rule.attributes.get("limit") == effect.limit
                for name in rule.words("from")
            )
            named = {one.party for one in self.events if one.kind in kinds}
            self._parties[effect] = len(named - {None}) > 1
        return self._parties[effect]

    # Extending and replacing -------------------------------------------------------------------------------

    def _extend(self, effect: Effect, event: CaseEvent) -> None:
        count = self.count
        if count is None or self._index in self.revoked:
            return
        due = self._dates.due(count)
        if due is not None and event.date > due:
            self._in_vain(effect, event, "expired", due)
            return
        if effect.times is not None and len(count.extensions) >= effect.times:
            self._in_vain(effect, event, "times")
            return
        amount = self._amount(effect.length) if effect.length else event.number(effect.by)
        if effect.at_most:
            amount = min(
                amount, self._amount(effect.at_most) - sum(one.amount for one in count.extensions)
            )
        if amount < 1:
            self._in_vain(effect, event, "at_most")
            return
        place = self._notice(effect)
        if self._fails_for_want_of_notice(effect, place):
            self._in_vain(effect, event, "notice", due)
            return
        if place is not None:
            self._noticed.add(place)
        notice = None if place is None else self.events[place]
        count.extensions.append(Extension(effect, event, amount, notice))

    def _notice(self, effect: Effect) -> int | None:
        """The place of the notice that belongs to this approval: the next one that belongs to no other."""
        for place in range(self._index + 1, len(self.events)):
            if self.events[place].kind == effect.notice and place not in self._noticed:
                return place
        return None

    def _release_notices(self) -> None:
        """An extension that falls away leaves the notices to come to the next one."""
        self._noticed = {place for place in self._noticed if place < self._index}

    def _fails_for_want_of_notice(self, effect: Effect, place: int | None) -> bool:
        if effect.notice_rule == "ignored" or not effect.notice:
            return False
        if place is None:
            return effect.notice_rule == "required"
        # Asked of a course without the extension, since later facts may hold only because of it.
        without = Course(self.clock, self.events, self.situation, self.revoked | {self._index})
        without.follow(until=place)
        due = without._dates.due(without.count)
        same = "extensions" in self.clock.keeps or len(without.counts) == len(self.counts)
        return same and without.end is None and due is not None and self.events[place].date > due

    def _replace(self, effect: Effect, event: CaseEvent) -> None:
        count = self.count
        if count is None:
            return
        due = self._dates.due(count)
        if due is not None and event.date > due:
            self._in_vain(effect, event, "expired", due)
            return
        # The new total runs from receipt and contains what was suspended before it was set.
        count.amount = event.number(effect.by)
        count.extensions.clear()
        self._release_notices()
        count.spans = []
        count.replaced = (effect, event)

    # Ending ------------------------------------------------------------------------------------------------

    def _stop(self, effect: Effect, event: CaseEvent) -> None:
        if not event.says(effect.where):
            return
        how = "stopped"
        if self._is_past(event):
            how = "exceeded"
            lapses = self.clock.lapses
            if lapses is not None and lapses.where and event.says(lapses.where):
                how = "stopped"
            elif lapses is not None and lapses.outcome == "abandoned":
                how = "abandoned"
        self.end = End(how, event.date, effect, event)

    def _is_past(self, event: CaseEvent) -> bool:
        due = self._dates.due(self.count)
        if due is None:
            return False
        at, limit = event.at, self._dates.due_at(self.count)
        if at is not None and limit is not None:
            return at > limit
        return event.date > due

    def _judge(self) -> None:
        """Settle due date and state by the last day that is known."""
        count = self.count
        moment = self.situation.today
        if moment is None and self.events:
            moment = self.events[-1].date
        if moment is not None:
            self._lapse(moment)
        if not self.counts:
            self.early = self._not_begun()
        else:
            first = self.counts[0]
            self.original = self._dates.original(first)
            self.original_at = self._dates.instant(first)
        self.due, self.due_at = self._dates.due(count), self._dates.due_at(count)
        self.unrolled = self._dates.due(count, roll=False)
        if self.end is not None:
            self.state = self.end.how
        elif count is None or self.due is None:
            self.state = "waiting"
        elif moment is not None and moment > self.due:
            lapses = self.clock.lapses
            self.state = "abandoned" if lapses and lapses.outcome == "abandoned" else "exceeded"
        else:
            self.state = "running"

    def _not_begun(self) -> list[NoEffect]:
        """What could have changed a period that has not begun."""
        return [
            NoEffect(rules[0][1], event, "not_begun")
            for event in self.events
            if (rules := self.clock.by_event.get(event.kind))
            and rules[0][0] in ("waits", "suspends", "extends", "replaces")
        ]

    # Helpers -----------------------------------------------------------------------------------------------

    def _amount(self, length: Length) -> int:
        if self.clock.length is None or length.unit != self.clock.length.unit:
            raise LengthMixed(self.clock.definition.id, length)
        return length.amount

    def _in_vain(
        self, effect: Effect, event: CaseEvent, reason: str, due: date | None = None
    ) -> None:
        if self.count is not None:
            self.count.no_effects.append(NoEffect(effect, event, reason, due))


# By name, not bound to a course: a course that held its own methods would wait for the garbage collector.
_HANDLERS: dict[str, Callable[[Course, Effect, CaseEvent], None]] = {
    "stops": Course._stop,
    "closes": Course._close,
    "restarts": Course._restart,
    "starts": Course._start,
    "waits": Course._wait,
    "suspends": Course._suspend,
    "extends": Course._extend,
    "replaces": Course._replace,
}
