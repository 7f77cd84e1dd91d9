"""Why a date is the date: one entry for each rule applied and for each stretch of days, in order.

The ``counted`` values add up to the allowance, always: what was counted, and while the end is open what is still
to count. Words come from the rules' titles; see ``wording``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from engine.lengths import Unit
from engine.statutory_clock import counting, entries, wording
from engine.statutory_clock.course import Course
from engine.statutory_clock.entries import Entry
from engine.statutory_clock.facts import CaseEvent, Supersession
from engine.statutory_clock.records import Count, Extension, Span, Wait
from engine.words import say

ONE_DAY = timedelta(days=1)


def explain(course: Course, superseded: Sequence[Supersession], result: str) -> tuple[Entry, ...]:
    """Return the calculation behind a course, oldest rule first; ``result`` is the sentence of its last line."""
    lines = [entries.superseded(pair, course) for pair in superseded]
    lines.extend(entries.in_vain(one) for one in course.early)
    for number, earlier in enumerate(course.counts[:-1]):
        lines.extend(_void(course, earlier, course.counts[number + 1], anew=number > 0))
    count = course.count
    if count is not None:
        lines.extend(_Walk(course, count).entries())
    end = entries.ended(course)
    if end is not None:
        lines.append(end)
    if count is not None:
        article = course.clock.definition.article
        due = course.due
        lines.append(
            Entry("due", article, due, due, 0, 0, result, title=say("届满"), on=due, due=due)
        )
    return tuple(lines)


def _void(course: Course, count: Count, following: Count, *, anew: bool) -> Iterator[Entry]:
    """A count that a restart made void: nothing of it counts."""
    yield entries.begun(count, anew=anew)
    if not anew:
        yield entries.original(course)
    facts = [
        *(
            entries.void_span(span, course)
            for span in count.spans
            if span.effect.kind == "suspends"
        ),
        *(entries.waiting(wait, closed=True) for wait in count.waited),
        *(entries.void_extension(one, course) for one in count.extensions),
        *(entries.in_vain(one) for one in count.no_effects),
    ]
    yield from sorted(facts, key=_on)
    unit = course.clock.unit
    passed = counting.counted(count.start, following.start, unit, course.situation.calendar)
    text = wording.void(passed, unit)
    first, last = count.start + ONE_DAY, following.start
    yield Entry(
        "void",
        following.effect.article,
        first,
        last,
        0,
        passed,
        text,
        title=say("此前所计作废"),
        on=last,
    )


@dataclass(slots=True)
class _Layer:
    """A part of the allowance: the limit itself, or an extension."""

    extension: Extension | None
    left: int


class _Walk:
    """Walks the count that holds, from its start to its due date or to where nobody knows further."""

    def __init__(self, course: Course, count: Count) -> None:
        self.course, self.count = course, count
        self.calendar = course.situation.calendar
        self.unit: Unit = count.length.unit if count.length else "day"
        # What is still to use, in the order in which it is used up.
        self.layers = [
            _Layer(None, count.amount),
            *(_Layer(one, one.amount) for one in count.extensions),
        ]
        self.used = 0
        self.cursor = count.start
        self.out: list[Entry] = []
        self.pending = sorted(self._other_facts(), key=_on)

    def entries(self) -> Iterable[Entry]:
        count, first = self.count, len(self.course.counts) == 1
        self.out.append(entries.begun(count, anew=not first))
        if count.length is None:
            self._fixed()
        elif self.unit in ("hour", "second"):
            self._hours()
        elif self.unit == "month":
            self._months()
        else:
            self._days()
        self.out.extend(self.pending)
        if first:
            # After the first stretch, where a reader looks for it.
            self.out.insert(2 if self.out[1].counted else 1, entries.original(self.course))
        self._moved()
        return self.out

    # Days --------------------------------------------------------------------------------------------------

    def _days(self) -> None:
        for hold in self._holds():
            after, until = _gap(hold)
            after = max(after, self.cursor)
            if self._counts(self.cursor, after) >= self._left():
                # The allowance is used up before: this changes nothing any more.
                break
            self._facts_until(hold.opened.date)
            self._stretch(after)
            self._hold(hold)
            if until is None:
                self._remaining(hold)
                return
            self.cursor = max(self.cursor, until)
        self._stretch(counting.shifted(self.cursor, self._left(), self.unit, self.calendar))

    def _stretch(self, until: date) -> None:
        """Use up the layers by the days after the cursor, up to and with ``until``."""
        while self.cursor < until and self.layers:
            layer, here = self.layers[0], self._counts(self.cursor, until)
            part = min(here, layer.left)
            last = (
                until
                if part == here
                else counting.shifted(self.cursor, part, self.unit, self.calendar)
            )
            if part:
                self._counted(layer, part, self.cursor + ONE_DAY, last)
            self.cursor = last

    def _counted(self, layer: _Layer, part: int, first: date, last: date) -> None:
        text = wording.stretch(
            self.used + 1, self.used + part, self.unit, first, last, self.calendar
        )
        skipped = (last - first).days + 1 - part
        one = layer.extension
        if one is None:
            article = self.count.replaced[0].article if self.count.replaced else self._article
            self.out.append(
                Entry("counts", article, first, last, part, skipped, text, title=say("计入"))
            )
        else:
            self._facts_until(one.event.date)
            self.out.append(
                Entry(
                    "extends",
                    one.effect.article,
                    first,
                    last,
                    part,
                    skipped,
                    wording.joined([wording.extension(one, self.unit), text]),
                    title=one.effect.title,
                    on=one.event.date,
                    due=self._due_after(one.event),
                    evidence=entries.evidence_of(one.event, one.notice),
                )
            )
        self._use(part)

    def _hold(self, hold: Span | Wait) -> None:
        if isinstance(hold, Wait):
            self.out.append(entries.waiting(hold, closed=False))
            return
        after, until = hold.gap
        passed = 0 if until is None else self._counts(max(after, self.cursor), until)
        overlaps = until is not None and after < self.cursor and until <= self.cursor
        self.out.append(
            Entry(
                "suspends",
                hold.effect.article,
                after + ONE_DAY,
                until,
                0,
                passed,
                wording.suspension(hold, passed, self.unit, overlaps=overlaps),
                title=hold.effect.title,
                on=hold.opened.date,
                due=self._due_after(hold.opened),
                evidence=entries.evidence_of(hold.opened, hold.closed),
            )
        )

    def _remaining(self, hold: Span | Wait) -> None:
        """Nobody knows until when the count stands still: what is left is said, so that the sum holds."""
        left = self._left()
        for layer in self.layers:
            one = layer.extension
            if one is not None and layer.left == one.amount:
                self.out.insert(self._place(one), entries.granted(one, self.course))
        text = wording.remaining(
            left, self.unit, hold.effect.title, ended=self.course.state == "abandoned"
        )
        self.out.append(
            Entry("remaining", self._article, None, None, left, 0, text, title=say("余下"))
        )

    def _place(self, extension: Extension) -> int:
        """Before what held up the count after it was granted."""
        later = (
            place
            for place, line in enumerate(self.out)
            if line.rule in ("suspends", "waits") and _on(line) > extension.event.date
        )
        return next(later, len(self.out))

    # Other units -------------------------------------------------------------------------------------------

    def _fixed(self) -> None:
        due = self.course.original
        self.out.append(
            Entry(
                "falls",
                self._article,
                due,
                due,
                0,
                0,
                say("固定日期{due}", due=due),
                title=say("固定日期"),
                on=due,
            )
        )

    def _hours(self) -> None:
        count, due_at = self.count, self.course.due_at
        last = due_at.date() if due_at else None
        text = wording.hours(count.amount, self.unit, count.event.at, due_at)
        self.out.append(
            Entry(
                "counts", self._article, count.start, last, count.amount, 0, text, title=say("计入")
            )
        )

    def _months(self) -> None:
        left = self._left()
        end = counting.add_months(self.count.start, left)
        text = wording.months(left, self.count.start, end)
        self.out.append(
            Entry(
                "counts",
                self._article,
                self.count.start + ONE_DAY,
                end,
                left,
                0,
                text,
                title=say("计入"),
            )
        )
        for hold in self._holds():
            self._hold(hold)
            after, until = _gap(hold)
            self.cursor = max(self.cursor, until or after)

    def _moved(self) -> None:
        effect, last, due = self.course.clock.rolls, self.course.unrolled, self.course.due
        if effect is None or last is None or due is None or last == due:
            return
        text = wording.rolled(last, due, self.calendar)
        self.out.append(
            Entry(
                "rolls",
                effect.article,
                last,
                due,
                0,
                (due - last).days,
                text,
                title=effect.title,
                on=last,
                due=due,
            )
        )

    # Facts that make no stretch ----------------------------------------------------------------------------

    def _other_facts(self) -> Iterator[Entry]:
        for one in self.count.no_effects:
            yield entries.in_vain(one)
        if self.count.replaced:
            effect, event = self.count.replaced
            text = wording.replaced(self.count.amount, self.unit)
            due = self._due_after(event)
            yield entries.of_fact(
                "replaces", effect.article, event, text, title=effect.title, due=due
            )

    def _facts_until(self, day: date) -> None:
        while self.pending and (self.pending[0].on or date.max) <= day:
            self.out.append(self.pending.pop(0))

    def _due_after(self, fact: CaseEvent) -> date | None:
        """The due date as it stood after ``fact``, with the extensions and gaps known by then."""
        count = self.count
        if any(wait.opened.date <= fact.date for wait in count.waits):
            return None
        amount = count.amount + sum(
            one.amount for one in count.extensions if one.event.date <= fact.date
        )
        gaps = [span.gap for span in count.spans if span.opened.date <= fact.date]
        return counting.due_date(count.start, amount, self.unit, gaps, self.calendar)

    def _holds(self) -> list[Span | Wait]:
        holds: list[Span | Wait] = [*self.count.spans, *self.count.waits]
        return sorted(holds, key=_beginning)

    # The allowance -----------------------------------------------------------------------------------------

    @property
    def _article(self) -> str:
        return self.course.clock.definition.article

    def _counts(self, after: date, until: date) -> int:
        return counting.counted(after, until, self.unit, self.calendar)

    def _left(self) -> int:
        return sum(layer.left for layer in self.layers)

    def _use(self, part: int) -> None:
        self.used += part
        self.layers[0].left -= part
        if not self.layers[0].left:
            self.layers.pop(0)


def _gap(hold: Span | Wait) -> counting.Gap:
    return hold.gap if isinstance(hold, Span) else (hold.opened.date, None)


def _beginning(hold: Span | Wait) -> tuple[date, date]:
    after, until = _gap(hold)
    return after, until or date.max


def _on(entry: Entry) -> date:
    return entry.on or date.max
