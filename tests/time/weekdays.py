"""Dates as the tables of the tests write them: with their weekday, so that a lawyer can check them."""

from __future__ import annotations

from datetime import date

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day(text: str) -> date:
    """Read ``2025-09-25 Thu`` and insist that the weekday is right."""
    written, _, weekday = text.partition(" ")
    value = date.fromisoformat(written)
    if weekday:
        assert WEEKDAYS[value.weekday()] == weekday, text
    return value
