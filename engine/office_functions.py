"""What an expression of the office may call besides the functions of FEEL: its day, working days and people.

The same in a diagram, a table, a form and a letter. ``functions_of`` gives them for one day and calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from engine.business_calendar import BusinessCalendar

Functions = Mapping[str, Callable[..., object]]


def functions_of(today: date, calendar: BusinessCalendar) -> Functions:
    """Return the named functions that the office gives to FEEL."""
    return {
        "today": lambda: today,
        "add working days": lambda day, count: calendar.add_working_days(day, int(count)),
        "working days between": lambda after, until: calendar.working_days_between(after, until),
        "is working day": calendar.is_working_day,
    }


NAMES = frozenset(
    (
        "today",
        "add working days",
        "working days between",
        "is working day",
        "office people",  # given by the institution, which knows the posts
        "person name",
        "masked",  # a personal number as the setting id_masking shows it
    )
)
OTHER_CASE = "other case"  # of a form alone: what it gives depends on who fills the form in
FORM_NAMES = NAMES | {OTHER_CASE}
