"""Reads what the definitions of an event say: references, timers, conditions, correlation.

The counterpart of ``dialect`` for events; the same rules hold.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.bpmn import foreign, moments, tags
from engine.bpmn.model import EventDefinition, Value
from engine.bpmn.reading import Reading, line


def event_definitions(element: etree._Element, reading: Reading) -> tuple[EventDefinition, ...]:
    """Read the definitions of an event; their keys tell waits apart."""
    node_id = str(element.get("id"))
    found = tags.events_of(element)
    return tuple(
        event_definition(e, element, node_id if len(found) == 1 else f"{node_id}#{n}", reading)
        for n, e in enumerate(found)
    )


def message_of(element: etree._Element, reading: Reading) -> EventDefinition | None:
    """Return the message of a send or receive task, None if it names none."""
    reference = element.get("messageRef")
    if not reference:
        return None
    node_id = str(element.get("id"))
    name = reading.fixed_name(reading.messages.get(reference, reference), element)
    return EventDefinition(
        node_id, "message", node_id, name, correlation=_correlation(element, element, reading)
    )


def event_definition(
    definition: etree._Element, event: etree._Element, key: str, reading: Reading
) -> EventDefinition:
    node_id = str(event.get("id"))
    kind = tags.local(definition).removesuffix("EventDefinition")
    read = EventDefinition(key, kind, node_id)
    if kind in ("message", "signal"):
        reference = definition.get(f"{kind}Ref") or ""
        table = reading.messages if kind == "message" else reading.signals
        read.name = reading.fixed_name(table.get(reference, reference), event) or node_id
        read.correlation = _correlation(definition, event, reading)
    elif kind in ("error", "escalation"):
        reference = definition.get(f"{kind}Ref") or ""
        table = reading.errors if kind == "error" else reading.escalations
        read.name = (table.get(reference, reference) or None) if reference else None
        if read.name and reference in reading.coded:
            read.name = reading.fixed_name(read.name, event)
        read.any = reference not in reading.coded
        read.code_name = tags.vendor(definition, f"{kind}CodeVariable")
    elif kind == "timer":
        _timer(definition, event, read, reading)
    elif kind == "conditional":
        text = tags.text(tags.child(definition, "condition"))
        read.condition = reading.expression(text, definition, "condition") if text else None
    elif kind == "compensate":
        read.activity = definition.get("activityRef") or None
        read.wait = definition.get("waitForCompletion") != "false"
    elif kind == "link":
        read.name = definition.get("name")
    return read


def _correlation(
    definition: etree._Element, event: etree._Element, reading: Reading
) -> Value | None:
    for holder in (definition, event):
        found = tags.extension(holder, tags.GK, "correlation")
        if found is not None:
            return reading.value(found.get("value"), event, "correlation")
    subscription = reading.subscriptions.get(definition.get("messageRef") or "")
    return reading.value(subscription, event, "correlation")


_WORDS = re.compile(r"\w+([\s.-]+\w+)+")


def _timer(
    definition: etree._Element, event: etree._Element, read: EventDefinition, reading: Reading
) -> None:
    at = tags.extension(event, tags.GK, "at")
    at = at if at is not None else tags.extension(definition, tags.GK, "at")
    if at is not None:
        read.clock = at.get("clock")
        read.offset = reading.value(at.get("offset"), event, "timer")
        read.party = reading.value(at.get("party"), event, "timer")
        read.timer = "clock"
        return
    for name, kind in (("timeDate", "date"), ("timeDuration", "duration"), ("timeCycle", "cycle")):
        found = tags.child(definition, name)
        if found is not None and tags.text(found):
            read.timer = kind
            read.text = timer_text(tags.text(found), kind, event, reading)
            return
    timer_error(event, "", reading)


def timer_text(text: str, kind: str, event: etree._Element, reading: Reading) -> Value | None:
    """Read the text of a timer: ISO 8601 as it stands or between quotes, else FEEL."""
    bare = text.strip().strip("\"'")
    if not moments.looks_iso(bare):
        if foreign.WHOLE.fullmatch(bare) or _only_words(bare, reading):
            timer_error(event, text, reading)
            return None
        if bare.isidentifier() and bare not in reading.data.values():
            _perhaps(event, bare, reading)
        return reading.feel(text, event, "timer")
    read = {"date": moments.instant, "duration": moments.duration, "cycle": moments.cycle}[kind]
    try:
        read(bare)
    except moments.MomentUnreadable:
        timer_error(event, text, reading)
        return None
    return Value(bare)


def _only_words(text: str, reading: Reading) -> bool:
    """Several words without ``=`` that name no data of the drawing: neither a moment nor FEEL that anybody meant."""
    return _WORDS.fullmatch(text) is not None and text not in reading.data.values()


def _perhaps(event: etree._Element, name: str, reading: Reading) -> None:
    """A single word may be a variable that somebody sets; it may as well be a slip."""
    where = str(event.get("id"))
    reading.report.warning(
        "timer",
        where,
        line(event),
        f"定时事件“{where}”的时间“{name}”当作变量；若是变量请写作“= {name}”，否则请写 ISO 8601",
        f"{where}: the timer {name!r} is taken for a variable; write '= {name}' if it is one",
    )


def timer_error(event: etree._Element, text: str, reading: Reading) -> None:
    """Note that a timer cannot be read."""
    where = str(event.get("id"))
    reading.report.error(
        "timer",
        where,
        line(event),
        f"定时事件“{where}”的时间“{text}”读不懂，请写 ISO 8601（如 P3D、PT5M、2026-05-01、R3/PT1H）或 FEEL（变量写作“= 名称”）",
        f"{where}: the timer {text!r} is no ISO 8601 date, duration or cycle, and no FEEL (a variable: '= name')",
    )
