"""One step of a case: its form, the draft of it, and completing it; also the first step of a new case."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup, escape

from engine.commands import CaseStopped
from engine.errors import EngineError, TaskAlreadyCompleted
from webui import form_view, rendering, ruler
from webui.auth import actor, keeps_typed, rule
from webui.engine_door import engine
from webui.errors import SENTENCES
from webui.formatting import clock_time
from webui.forms import (
    Answers,
    answering,
    asked_for_rows,
    chosen_files,
    errors_of,
    filled,
    following,
    given,
    read_answers,
    record,
    translated,
)
from webui.uploads import read_uploads

blueprint = Blueprint("tasks", __name__)


@blueprint.get("/tasks/<task_id>")
@rule("case.read")
def show(task_id: str) -> ResponseReturnValue:
    """Show a step with its form."""
    page = engine().queries.task_page(engine().environment, actor(), task_id)
    record(page.looks, page.name)
    return _task_page(page, Answers(dict(page.values)))


@blueprint.post("/tasks/<task_id>")
@rule("task.complete")
@keeps_typed
def act(task_id: str) -> ResponseReturnValue:
    """Complete the step; or add or drop a row of a table, which changes nothing."""
    page = engine().queries.task_page(engine().environment, actor(), task_id)
    answers = asked_for_rows(page.form, request.form)
    if answers is not None:
        return _task_page(page, answers)
    values = read_answers(page.form, request.form)
    try:
        done = engine().commands.complete_task(
            engine().environment,
            actor(),
            task_id,
            values,
            read_uploads(request.files),
            version=request.form.get("version", ""),
            key=request.form.get("idempotency_key", ""),
            **_pressed(page),
        )
    except TaskAlreadyCompleted as late:
        return _task_page(page, Answers(values), closed=SENTENCES[late.code][2](late)), 409
    except EngineError as error:
        errors = errors_of(error)
        if errors is None:
            raise
        return _task_page(
            page, Answers(filled(page, values), errors, {}, chosen_files(request.files))
        ), 422
    return _done(done)


@blueprint.post("/tasks/<task_id>/draft")
@rule("task.complete")
def save_draft(task_id: str) -> ResponseReturnValue:
    """Keep what was typed so far; the browser calls this by itself."""
    page = engine().queries.task_page(engine().environment, actor(), task_id)
    values = read_answers(page.form, request.form)
    engine().commands.save_draft(engine().environment, actor(), task_id, values)
    at = clock_time(engine().environment.time.now())
    return {"said": _("%(at)s 草稿已保存", at=at)}


@blueprint.post("/tasks/<task_id>/visible")
@rule("case.read")
def visible(task_id: str) -> ResponseReturnValue:
    """Tell which questions hold for the answers so far: the server's rules, not a copy of them."""
    page = engine().queries.task_page(engine().environment, actor(), task_id)
    return _visible(page)


@blueprint.post("/tasks/<task_id>/claim")
@rule("task.claim")
def claim(task_id: str) -> ResponseReturnValue:
    """Take the step."""
    engine().commands.claim(engine().environment, actor(), task_id)
    flash(_("已签收，由您办理。"))
    return redirect(url_for("tasks.show", task_id=task_id), 303)


@blueprint.post("/tasks/<task_id>/release")
@rule("task.claim")
def release(task_id: str) -> ResponseReturnValue:
    """Give the step back to its group."""
    engine().commands.release(engine().environment, actor(), task_id)
    flash(_("已退回，同岗位的人可以签收。"))
    return redirect(url_for("inbox.show"), 303)


@blueprint.get("/start/<procedure>")
@rule("case.start")
def begin(procedure: str) -> ResponseReturnValue:
    """Show the first form of a new case; nothing exists yet."""
    page = engine().queries.start_page(engine().environment, actor(), procedure)
    record(page.looks, page.name)
    return _start_page(page, procedure, Answers(dict(page.values)))


@blueprint.post("/start/<procedure>")
@rule("case.start")
@keeps_typed
def start(procedure: str) -> ResponseReturnValue:
    """Begin the case with its first form."""
    page = engine().queries.start_page(engine().environment, actor(), procedure)
    answers = asked_for_rows(page.form, request.form)
    if answers is not None:
        return _start_page(page, procedure, answers)
    values = read_answers(page.form, request.form)
    try:
        done = engine().commands.start_case(
            engine().environment,
            actor(),
            procedure,
            values,
            read_uploads(request.files),
            key=request.form.get("idempotency_key", ""),
        )
    except EngineError as error:
        errors = errors_of(error)
        if errors is None and isinstance(error, CaseStopped):
            errors = {"": error.sentence}  # there is no case yet that could stand still
        if errors is None:
            raise
        return _start_page(
            page, procedure, Answers(filled(page, values), errors, {}, chosen_files(request.files))
        ), 422
    return _done(done)


@blueprint.post("/start/<procedure>/visible")
@rule("case.start")
def start_visible(procedure: str) -> ResponseReturnValue:
    """As ``visible``, for a case that does not exist yet."""
    return _visible(engine().queries.start_page(engine().environment, actor(), procedure))


def _visible(page: Any) -> dict[str, Any]:
    return answering(page, read_answers(page.form, request.form))


def _pressed(page: Any) -> dict[str, str]:
    """Return the word of the button, where it follows the answers: the engine holds it against them."""
    return {"pressed": request.form.get("pressed", "")[:100]} if page.buttons else {}


def _task_page(page: Any, answers: Answers, *, closed: str = "") -> str:
    page = following(page, {**given(page), **answers.values})
    return rendering.page(
        "task.html",
        "inbox",
        page=page,
        form=_form(page, answers),
        closed=closed,
        drawing=ruler.draw(page.ruler, 700) if page.ruler else None,
    )


def _start_page(page: Any, procedure: str, answers: Answers) -> str:
    return rendering.page(
        "start.html",
        "inbox",
        page=page,
        form=_form(page, answers),
        action=url_for("tasks.start", procedure=procedure),
        visible=url_for("tasks.start_visible", procedure=procedure),
    )


def _form(page: Any, answers: Answers) -> form_view.FormView:
    values = {**given(page), **answers.values}
    return form_view.view(
        page.form,
        values,
        translated(answers.errors),
        asked=engine().queries.asked(engine().environment, page, values),
        extra_rows=answers.extra_rows,
        chosen=answers.chosen,
    )


def _done(done: Any) -> ResponseReturnValue:
    said = _("已办理：%(number)s。", number=done.number) + getattr(done, "sentence_next", "")
    link = Markup('<a href="{}">{}</a>').format(url_for("inbox.next_one"), _("办下一件"))
    flash(escape(said) + Markup(" ") + link)
    return redirect(url_for("cases.show", case_id=done.case_id), 303)
