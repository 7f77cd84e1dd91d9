"""The page on which the same step of several cases is done: its one form, what can be done and what not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.commands import several
from engine.commands.claiming import Picked
from engine.commands.submitting import form_key
from engine.environment import Environment
from engine.forms import Form
from engine.identity import Actor
from engine.office_functions import Functions
from engine.queries.answering import resolved
from engine.queries.common import today_of
from engine.queries.pages import Today


@dataclass(frozen=True)
class TogetherPage:
    """The step that picked tasks share. ``form`` asks what can be the same for all; ``name`` is "" where none can."""

    today: Today
    name: str
    instruction: str
    button: str
    then: str
    form: Form
    values: Mapping[str, object]
    names: Mapping[str, object]
    able: Sequence[Picked]
    unable: Sequence[Picked]
    idempotency_key: str
    functions: Functions


def together_page(env: Environment, actor: Actor, task_ids: Sequence[str]) -> TogetherPage:
    """Return the page for tasks that somebody picked."""
    found = several.together(env, actor, task_ids)
    today = today_of(env)
    able = [one for one in found.tasks if not one.why_not]
    form, values, names = found.form or Form.empty(""), found.values or {}, found.names or {}
    if found.file is not None:
        functions = found.file.functions
        form = resolved(form, today=today.date, names=names, functions=functions, values=values)
    activity = found.activity
    button = dict((activity.button if activity else None) or {})
    name = able[0].step if able else ""
    return TogetherPage(
        today,
        name,
        activity.documentation if activity else "",
        button.get("label") or name,
        button.get("then") or "",
        form,
        values,
        names,
        able,
        [one for one in found.tasks if one.why_not],
        form_key(env, actor, "together"),
        env.institution().functions(today.date),
    )
