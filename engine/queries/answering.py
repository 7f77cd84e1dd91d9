"""A form as it stands with the answers so far: which questions apply, and the choices that the case gives.

The same judgement as at submission, on the same names: the page never holds a copy of a rule.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Protocol

from engine.environment import Environment
from engine.forms import Asked, Form
from engine.office_functions import Functions, functions_of
from engine.queries.pages import Today


class FormPage(Protocol):
    """A page that shows a form: the task's, the first step's, an action's."""

    @property
    def today(self) -> Today: ...

    @property
    def form(self) -> Any: ...

    @property
    def names(self) -> Mapping[str, object]: ...


def asked(env: Environment, page: FormPage, values: Mapping[str, Any]) -> Asked:
    """Return which questions apply to the answers so far, and which of them must be answered."""
    day = page.today.date
    functions = functions_of(day, env.institution().calendar)
    found: Asked = page.form.asked(
        today=day, names=page.names, functions=functions, values=dict(values)
    )
    return found


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
    found = form.options(today=today, names=ChainMap(known, dict(names)), functions=functions)
    if not found:
        return form
    sections = tuple(
        replace(
            section,
            fields=tuple(
                replace(one, options=found[one.key], options_feel=None) if one.key in found else one
                for one in section.fields
            ),
        )
        for section in form.sections
    )
    return replace(form, sections=sections)
