"""A case: its page, the list of cases, what may be done at any time, and looking behind a mask."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from engine.errors import EngineError
from webui import form_view, rendering, ruler
from webui.auth import actor, keeps_typed, rule
from webui.engine_door import engine
from webui.forms import (
    Answers,
    answering,
    asked_for_rows,
    chosen_files,
    errors_of,
    filled,
    given,
    read_answers,
    record,
    translated,
)
from webui.labels import label
from webui.uploads import read_uploads

blueprint = Blueprint("cases", __name__)
PAGE_SIZE = 50
CORRECTION = ("fact", "how", "day", "reason", "evidence")  # what the form of a correction asks
MAX_PAGE = 10_000
# What the figures of the statistics narrow the list to.
NARROWED = ("procedure", "clock", "unit", "step", "received", "closed", "carried")


@blueprint.get("/cases")
@rule("case.read")
def list_all() -> ResponseReturnValue:
    """List the cases that one may see."""
    number = min(max(request.args.get("page", 1, int), 1), MAX_PAGE)
    only = {name: request.args[name][:80] for name in NARROWED if request.args.get(name)}
    page = engine().queries.case_list(
        engine().environment,
        actor(),
        request.args.get("q", "")[:80].strip(),
        request.args.get("state", "open"),
        number,
        *([only] if only else []),
    )
    first = (number - 1) * PAGE_SIZE + 1
    return rendering.page("cases.html", "cases", page=page, number=number, first=first)


@blueprint.get("/cases/choices")
@rule("case.read")
def choices() -> ResponseReturnValue:
    """Return cases to choose from for what was typed so far into a field that names one."""
    found = engine().queries.case_choices(
        engine().environment,
        actor(),
        request.args.get("q", ""),
        [one[:64] for one in request.args.getlist("of")[:20]],
    )
    return {
        "cases": [
            {"number": one.number, "words": f"{label(one.procedure)} {one.subject}"}
            for one in found
        ]
    }


@blueprint.get("/cases/<case_id>")
@rule("case.read")
def show(case_id: str) -> ResponseReturnValue:
    """Show a case."""
    page = engine().queries.case_page(engine().environment, actor(), case_id)
    calculation = page.calculation
    drawing = ruler.draw(calculation.ruler) if calculation and calculation.ruler else None
    return rendering.page("case.html", "cases", page=page, drawing=drawing)


@blueprint.get("/cases/<case_id>/actions/<wait_id>")
@rule("action.deliver")
def action(case_id: str, wait_id: str) -> ResponseReturnValue:
    """Show the form of something that may be done at any time (withdrawal, extension)."""
    page = engine().queries.action_page(engine().environment, actor(), case_id, wait_id)
    record(page.looks, page.name)
    return _action_page(page, case_id, wait_id, Answers(dict(page.values)))


@blueprint.post("/cases/<case_id>/actions/<wait_id>")
@rule("action.deliver")
@keeps_typed
def deliver(case_id: str, wait_id: str) -> ResponseReturnValue:
    """Do it."""
    page = engine().queries.action_page(engine().environment, actor(), case_id, wait_id)
    answers = asked_for_rows(page.form, request.form)
    if answers is not None:
        return _action_page(page, case_id, wait_id, answers)
    values = read_answers(page.form, request.form)
    try:
        engine().commands.deliver_action(
            engine().environment,
            actor(),
            case_id,
            wait_id,
            values,
            read_uploads(request.files),
            key=request.form.get("idempotency_key", ""),
        )
    except EngineError as error:
        errors = errors_of(error)
        if errors is None:
            raise
        return _action_page(
            page,
            case_id,
            wait_id,
            Answers(filled(page, values), errors, {}, chosen_files(request.files)),
        ), 422
    flash(_("已办理：%(what)s。", what=label(page.name)))
    return redirect(url_for("cases.show", case_id=case_id), 303)


@blueprint.post("/cases/<case_id>/actions/<wait_id>/visible")
@rule("action.deliver")
def action_visible(case_id: str, wait_id: str) -> ResponseReturnValue:
    """Tell which questions hold for the answers so far."""
    page = engine().queries.action_page(engine().environment, actor(), case_id, wait_id)
    return answering(page, read_answers(page.form, request.form))


@blueprint.get("/cases/<case_id>/reveal")
@rule("case.personal")
def ask_reveal(case_id: str) -> ResponseReturnValue:
    """Ask why a masked value is wanted."""
    return _reveal_page(case_id, request.args.get("field", ""))


@blueprint.post("/cases/<case_id>/reveal")
@rule("case.personal")
def reveal(case_id: str) -> ResponseReturnValue:
    """Show a masked value once; who, when and why is kept."""
    name, reason = request.form.get("field", ""), request.form.get("reason", "").strip()[:200]
    if not reason:
        return _reveal_page(case_id, name, error=_("请写明事由，例如核对身份证明")), 422
    value = engine().commands.reveal(engine().environment, actor(), case_id, name, reason)
    return _reveal_page(case_id, name, value=value)


@blueprint.post("/cases/<case_id>/incidents/<incident_id>/retry")
@rule("incidents.retry")
def retry(case_id: str, incident_id: str) -> ResponseReturnValue:
    """Try again what failed."""
    engine().commands.retry_incident(engine().environment, actor(), incident_id)
    flash(_("已重试，案件继续办理。"))
    return redirect(url_for("cases.show", case_id=case_id), 303)


@blueprint.get("/cases/<case_id>/take-back")
@rule("case.read")
def take_back(case_id: str) -> ResponseReturnValue:
    """Show what one's own last step was, and whether it can be taken back."""
    return _take_back_page(case_id)


@blueprint.post("/cases/<case_id>/take-back")
@rule("case.read")
@keeps_typed
def take_back_now(case_id: str) -> ResponseReturnValue:
    """Take one's own last step back."""
    reason = request.form.get("reason", "")[:200]
    try:
        task = engine().commands.take_back(engine().environment, actor(), case_id, reason)
    except EngineError as error:
        if error.code != "bad_input":
            raise
        return _take_back_page(case_id, reason, _(error.sentence)), 422  # type: ignore[attr-defined]
    flash(_("已收回，请重新办理。"))
    return redirect(url_for("tasks.show", task_id=task), 303)


def _take_back_page(case_id: str, reason: str = "", error: str = "") -> str:
    page = engine().queries.case_page(engine().environment, actor(), case_id)
    return rendering.page(
        "take_back.html",
        "cases",
        case_id=case_id,
        number=page.head.number,
        taking=page.taking_back,
        reason=reason,
        error=error,
    )


@blueprint.get("/cases/<case_id>/correct")
@rule("facts.correct")
def correct(case_id: str) -> ResponseReturnValue:
    """Show what of a closed case can be corrected."""
    return _correct_page(case_id, {})


@blueprint.post("/cases/<case_id>/correct")
@rule("facts.correct")
@keeps_typed
def correct_fact(case_id: str) -> ResponseReturnValue:
    """Supersede a wrong date of a closed case."""
    typed = {key: request.form.get(key, "").strip()[:200] for key in CORRECTION}
    right: date | None = None
    if typed["how"] != "never":
        try:
            right = date.fromisoformat(typed["day"])
        except ValueError:
            return _correct_page(case_id, typed, _("请填写正确的日期")), 422
    try:
        engine().commands.correct_fact(
            engine().environment,
            actor(),
            case_id,
            typed["fact"],
            right,
            reason=typed["reason"],
            evidence=typed["evidence"],
        )
    except EngineError as error:
        if error.code != "bad_input":
            raise
        return _correct_page(case_id, typed, _(error.sentence)), 422  # type: ignore[attr-defined]
    flash(_("已更正，各项期限按更正后的日期重新推算，更正前后都看得到。"))
    return redirect(url_for("cases.show", case_id=case_id), 303)


def _correct_page(case_id: str, typed: Mapping[str, str], error: str = "") -> str:
    facts = engine().queries.correctable(engine().environment, actor(), case_id)
    return rendering.page(
        "correct.html", "cases", case_id=case_id, facts=facts, typed=typed, error=error
    )


def _action_page(page: Any, case_id: str, wait_id: str, answers: Answers) -> str:
    values = {**given(page), **answers.values}
    form = form_view.view(
        page.form,
        values,
        translated(answers.errors),
        asked=engine().queries.asked(engine().environment, page, values),
        extra_rows=answers.extra_rows,
        chosen=answers.chosen,
    )
    return rendering.page(
        "start.html",
        "cases",
        page=page,
        form=form,
        action=url_for("cases.deliver", case_id=case_id, wait_id=wait_id),
        visible=url_for("cases.action_visible", case_id=case_id, wait_id=wait_id),
    )


def _reveal_page(case_id: str, name: str, *, value: str | None = None, error: str = "") -> str:
    return rendering.page(
        "reveal.html", "cases", case_id=case_id, field=name, value=value, error=error
    )
