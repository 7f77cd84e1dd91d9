"""The lines of a calculation, each made from one fact or one result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from engine.statutory_clock import counting, wording
from engine.statutory_clock.course import Course
from engine.statutory_clock.facts import CaseEvent, Supersession
from engine.statutory_clock.records import Count, Extension, NoEffect, Span, Wait
from engine.words import say

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the calculation.

    ``first`` and ``last`` bound the stretch (``from`` and ``to`` in JSON). ``counted``: of the allowance.
    ``skipped``: in a stretch that counts, the rest days passed over; in one that does not, the days taken out
    that would have counted. ``on``: the day of the fact; ``due``: the due date after this rule; ``evidence``: what
    proves the fact. ``effective`` is false for a fact that changed nothing.
    """

    rule: str
    article: str
    first: date | None
    last: date | None
    counted: int
    skipped: int
    text: str
    title: str = ""
    on: date | None = None
    due: date | None = None
    evidence: tuple[str, ...] = ()
    effective: bool = True

    def to_json(self) -> dict[str, object]:
        """Return ``{rule, article, from, to, counted, skipped, text, ...}`` with dates as text."""
        optional = {
            "title": self.title or None,
            "on": _iso(self.on),
            "due": _iso(self.due),
            "evidence": list(self.evidence) or None,
            "effective": None if self.effective else False,
        }
        return {
            "rule": self.rule,
            "article": self.article,
            "from": _iso(self.first),
            "to": _iso(self.last),
            "counted": self.counted,
            "skipped": self.skipped,
            "text": self.text,
            **{key: value for key, value in optional.items() if value is not None},
        }


def of_fact(
    rule: str,
    article: str,
    event: CaseEvent,
    text: str,
    *,
    title: str,
    due: date | None = None,
    effective: bool = True,
    evidence: tuple[str, ...] | None = None,
) -> Entry:
    """Return a line of one day on which nothing is counted."""
    return Entry(
        rule,
        article,
        event.date,
        event.date,
        0,
        0,
        text,
        title=title,
        on=event.date,
        due=due,
        evidence=evidence_of(event) if evidence is None else evidence,
        effective=effective,
    )


def begun(count: Count, *, anew: bool) -> Entry:
    """The fact that starts a count. A derived fact brings the article and the words of its decision."""
    article = count.event.fields.get("article")
    return of_fact(
        "restarts" if anew else "starts",
        article if isinstance(article, str) and article else count.effect.article,
        count.event,
        wording.approved(
            wording.begun(
                count.event, count.effect.title, count.length.unit if count.length else "day"
            ),
            count.event,
        ),
        title=count.effect.title,
    )


def original(course: Course) -> Entry:
    """The due date from the start alone."""
    first = course.counts[0]
    due = course.original
    text = (
        say("固定日期")
        if first.length is None
        else say("自起算之日{length}", length=wording.amount(first.granted, first.length.unit))
    )
    return Entry(
        "original",
        course.clock.definition.article,
        due,
        due,
        0,
        0,
        text,
        title=say("原届满"),
        on=due,
        due=due,
    )


def void_span(span: Span, course: Course) -> Entry:
    """A suspension of a count that a restart made void."""
    after, until = span.gap
    unit = course.clock.unit
    passed = 0 if until is None else counting.counted(after, until, unit, course.situation.calendar)
    return Entry(
        "suspends",
        span.effect.article,
        after + ONE_DAY,
        until,
        0,
        passed,
        wording.void_suspension(span),
        title=span.effect.title,
        on=span.opened.date,
        evidence=evidence_of(span.opened, span.closed),
        effective=False,
    )


def void_extension(one: Extension, course: Course) -> Entry:
    """An extension of a count that a restart made void."""
    text = wording.joined([wording.extension(one, course.clock.unit), say("重新起算后不再计")])
    return of_fact(
        "extends", one.effect.article, one.event, text, title=one.effect.title, effective=False
    )


def granted(one: Extension, course: Course) -> Entry:
    """An extension whose days are still to come, since nobody knows from when."""
    text = wording.extension(one, course.clock.unit)
    proof = evidence_of(one.event, one.notice)
    article, title = one.effect.article, one.effect.title
    return of_fact("extends", article, one.event, text, title=title, evidence=proof)


def waiting(wait: Wait, *, closed: bool) -> Entry:
    """A wait: open, with every day after it outside the count; or ended by a restart."""
    return Entry(
        "waits",
        wait.effect.article,
        wait.opened.date if closed else wait.opened.date + ONE_DAY,
        wait.opened.date if closed else None,
        0,
        0,
        wording.waiting(wait, closed=closed),
        title=wait.effect.title,
        on=wait.opened.date,
        evidence=evidence_of(wait.opened),
    )


def in_vain(one: NoEffect) -> Entry:
    """A fact that changed nothing."""
    return of_fact(
        one.effect.kind,
        one.effect.article,
        one.event,
        wording.in_vain(one),
        title=one.effect.title,
        effective=False,
    )


def superseded(pair: Supersession, course: Course) -> Entry:
    """A fact that was corrected by another."""
    definitions = (course.clock.definition, *course.situation.definitions.values())
    fact = next(filter(None, (one.title_of(pair.old.kind) for one in definitions)), "")
    return of_fact(
        "superseded",
        "",
        pair.old,
        wording.superseded(pair, fact),
        title=say("更正"),
        effective=False,
        evidence=evidence_of(pair.new) or evidence_of(pair.old),
    )


def ended(course: Course) -> Entry | None:
    """The end of the clock and how it was met."""
    end = course.end
    if end is None:
        return None
    text = end.effect.title
    if course.due is not None and end.event is not None:
        late = course.state in ("exceeded", "abandoned")
        text = (
            say("{title}，超过届满日{due}", title=text, due=course.due)
            if late
            else say("{title}，在届满日{due}之前（含当日）", title=text, due=course.due)
        )
    kind = "abandons" if end.event is None else "stops"
    return Entry(
        kind,
        end.effect.article,
        end.on,
        end.on,
        0,
        0,
        wording.approved(text, end.event),
        title=end.effect.title,
        on=end.on,
        evidence=evidence_of(end.event),
    )


def evidence_of(*events: CaseEvent | None) -> tuple[str, ...]:
    """What proves the facts, as it was recorded; lists are taken apart."""
    found: list[str] = []
    for event in events:
        value = event.fields.get("evidence") if event else None
        values = value if isinstance(value, list | tuple) else (value,)
        found.extend(str(one) for one in values if one)
    return tuple(found)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
