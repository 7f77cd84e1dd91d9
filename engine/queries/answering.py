"""A form as it stands with the answers so far: which questions apply, and the choices that the case gives.

The same judgement as at submission, on the same names: the page never holds a copy of a rule.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Protocol, cast

from engine.bpmn.model import Button
from engine.commands.other_cases import OtherCases
from engine.environment import Environment
from engine.forms import Asked, Field, Form, Option
from engine.office_functions import OTHER_CASE, Functions
from engine.queries.pages import TaskPage, Today


class FormPage(Protocol):
    """A page that shows a form: the task's, the first step's, an action's."""

    @property
    def today(self) -> Today: ...

    @property
    def form(self) -> Any: ...

    @property
    def names(self) -> Mapping[str, object]: ...

    @property
    def functions(self) -> Functions: ...


def asked(env: Environment, page: FormPage, values: Mapping[str, Any]) -> Asked:
    """Return which questions apply to the answers so far, and which of them must be answered."""
    functions = page.functions or env.institution().functions(page.today.date)
    found: Asked = page.form.asked(
        today=page.today.date, names=page.names, functions=functions, values=dict(values)
    )
    return found


def followed(
    page: FormPage, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """Return what a case that the answers name says to other questions, and whose personal values are new in it.

    Returns:
        {field key: value}; and as ``looks`` of a page. A value that stands there already is no new look at it.
    """
    given: dict[str, Any] = page.form.followed(
        today=page.today.date, names=page.names, functions=page.functions, values=dict(values)
    )
    others = page.functions.get(OTHER_CASE)
    personal = others.looked if isinstance(others, OtherCases) else {}
    new = {key: value for key, value in given.items() if str(values.get(key)) != str(value)}
    return given, looks_at(new, personal)


def looks_at(
    values: Mapping[str, Any], personal: Mapping[str, set[str]]
) -> dict[str, tuple[str, ...]]:
    """Return at which questions personal texts are shown in full, {number of the case that they are of: questions}."""
    shown = {key: str(value) for key, value in values.items() if value not in (None, "", [])}
    found = {
        number: tuple(key for key, text in shown.items() if any(one in text for one in texts))
        for number, texts in personal.items()
    }
    return {number: keys for number, keys in found.items() if keys}


def with_button(env: Environment, page: TaskPage, values: Mapping[str, Any]) -> TaskPage:
    """Return the page of a task with the button that these answers have, and what comes then."""
    buttons: Sequence[Button] = page.buttons
    day = page.today.date
    found = page.form.first_true(  # type: ignore[attr-defined]
        [one.when for one in buttons],
        today=day,
        names=page.names,
        functions=page.functions,
        values=dict(values),
    )
    return (
        page
        if found is None
        else replace(page, button=buttons[found].label, then=buttons[found].then)
    )


def resolved(
    form: Form,
    *,
    today: date,
    names: Mapping[str, object],
    functions: Functions,
    values: Mapping[str, Any],
) -> Form:
    """Return the form with the choices that the case has (``options_from: "= …"``, an option's ``visible_if``)."""
    known = {key: value for key, value in form.feel_values(dict(values)).items() if value}
    found = form.options(
        today=today, names=ChainMap(known, cast("dict[str, object]", names)), functions=functions
    )
    if not found:
        return form
    sections = tuple(
        replace(
            section,
            fields=tuple(
                replace(
                    _with(one, one.key, found),
                    columns=tuple(
                        _with(column, f"{one.key}.{column.key}", found) for column in one.columns
                    ),
                )
                for one in section.fields
            ),
        )
        for section in form.sections
    )
    return replace(form, sections=sections)


def _with(one: Field, key: str, found: Mapping[str, tuple[Option, ...]]) -> Field:
    return replace(one, options=found[key], options_feel=None) if key in found else one
