"""Dates and facts as the tables of the tests write them: with their weekday, so that a lawyer can check them."""

from __future__ import annotations

from datetime import date

from engine.statutory_clock import CaseEvent

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day(text: str) -> date:
    """Read ``2025-09-25 Thu`` and insist that the weekday is right."""
    written, _, weekday = text.partition(" ")
    value = date.fromisoformat(written)
    if weekday:
        assert WEEKDAYS[value.weekday()] == weekday, text
    return value


def fact(text: str) -> CaseEvent:
    """Read ``extension_approved 2025-11-07 Fri working_days=20``; numbers and truth values as such."""
    kind, *words = text.split()
    fields: dict[str, object] = {}
    dated = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            dated.append(word)
        elif value in ("true", "false"):
            fields[name] = value == "true"
        else:
            fields[name] = int(value) if value.isdecimal() else value
    return CaseEvent(kind, day(" ".join(dated)), fields)
