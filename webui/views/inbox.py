"""What is mine to do, by what the law asks first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webui import form_view, rendering
from webui.auth import ONLY_SIGNED_IN, actor, keeps_typed, rule
from webui.engine_door import engine
from webui.errors import SENTENCES
from webui.forms import answering, errors_of, read_answers, translated
from webui.labels import label

blueprint = Blueprint("inbox", __name__)

# (key of the count, word, shape, tone) in the order of the page
CLOCK_FILTERS = (
    ("late", _l("逾期"), "late", "late"),
    ("today", _l("今天到期"), "soon", "soon"),
    ("soon", _l("三日内"), "soon", "soon"),
    ("run", _l("计时中"), "run", "run"),
    ("held", _l("暂停计时"), "held", "held"),
    ("waiting", _l("等待中"), "held", "held"),
)


@blueprint.get("/")
@rule(ONLY_SIGNED_IN)
def show() -> ResponseReturnValue:
    """Show the inbox; who has none begins where their rail begins."""
    rail = engine().queries.shell(engine().environment, actor()).rail
    if rail and "inbox" not in {key for key, _word, _count, _url in rail}:
        return redirect(rail[0][3], 303)
    page = engine().queries.inbox(
        engine().environment,
        actor(),
        request.args.get("tab", ""),
        request.args.get("q", "")[:80].strip(),
        request.args.get("filter", ""),
    )
    return rendering.page("inbox.html", "inbox", page=page, clock_filters=CLOCK_FILTERS)


@blueprint.get("/next")
@rule(ONLY_SIGNED_IN)
def next_one() -> ResponseReturnValue:
    """Open what is legally next of what one can do; the inbox where there is nothing."""
    rows = engine().queries.inbox(engine().environment, actor()).rows
    task = next((row.task_id for row in rows if row.is_mine and row.task_id), None)
    return redirect(url_for("tasks.show", task_id=task) if task else url_for("inbox.show"), 303)


@blueprint.post("/claim")
@rule("task.claim")
def claim() -> ResponseReturnValue:
    """Say what of the picked tasks can be taken; taken they are when that has been seen."""
    ids = request.form.getlist("task")
    if not ids:
        flash(_("还没有选：在行首打勾，或者按 x。"))
        return redirect(url_for("inbox.show", tab="unclaimed"), 303)
    commands = engine().commands
    if request.form.get("do") != "claim":
        found = commands.picked(engine().environment, actor(), ids)
        able = [one for one in found if not one.why_not]
        unable = [one for one in found if one.why_not]
        return rendering.page("picked.html", "inbox", able=able, unable=unable)
    taken, left = commands.claim_all(engine().environment, actor(), ids)
    flash(ngettext("已签收%(num)d件，由您办理。", "已签收%(num)d件，由您办理。", len(taken)))
    for one in left:
        flash(_("%(number)s没有签收：%(why)s", number=one.number, why=one.why_not), "soon")
    return redirect(url_for("inbox.show"), 303)


@blueprint.post("/together")
@rule("task.complete")
@keeps_typed
def together() -> ResponseReturnValue:
    """Show the one form of the same step of several cases; completed they are when it comes back."""
    ids = request.form.getlist("task")
    if not ids:
        return _nothing_picked()
    page = engine().queries.together_page(engine().environment, actor(), ids)
    if request.form.get("do") != "complete" or not page.able:
        return rendering.page("together.html", "inbox", page=page, form=_form_of(page, page.values))
    values = read_answers(page.form, request.form)
    results = engine().commands.complete_all(
        engine().environment,
        actor(),
        [one.task_id for one in page.able],
        values,
        request.form.get("idempotency_key", "")[:100],
    )
    same = _same_errors(results)
    if same:
        errors = translated(same)
        form = _form_of(page, {**page.values, **values}, errors)
        return rendering.page("together.html", "inbox", page=page, form=form), 422
    return rendering.page(
        "together_done.html", "inbox", page=page, results=list(map(_line, results))
    )


@blueprint.post("/together/visible")
@rule("task.complete")
def together_visible() -> ResponseReturnValue:
    """Tell which questions hold for the answers so far."""
    ids = request.form.getlist("task")
    page = engine().queries.together_page(engine().environment, actor(), ids)
    return answering(page, read_answers(page.form, request.form))


@blueprint.post("/hand-over")
@rule("task.claim")
def hand_over() -> ResponseReturnValue:
    """Ask to whom the picked tasks go; given they are when that has been chosen."""
    ids = request.form.getlist("task")
    if not ids:
        return _nothing_picked()
    commands, person = engine().commands, request.form.get("person", "")[:64]
    if request.form.get("do") != "give" or not person:
        found = commands.picked_to_give(engine().environment, actor(), ids)
        people = commands.colleagues(engine().environment, actor(), ids)
        return rendering.page(
            "hand_over.html",
            "inbox",
            able=[one for one in found if not one.why_not],
            unable=[one for one in found if one.why_not],
            people=people,
            unchosen=request.form.get("do") == "give",
        )
    reason = request.form.get("reason", "").strip()
    given, left = commands.hand_over_all(engine().environment, actor(), ids, person, reason)
    if given:
        said = ngettext(
            "已转办%(num)d件，对方会收到提醒。", "已转办%(num)d件，对方会收到提醒。", len(given)
        )
        flash(said)
    for one in left:
        flash(_("%(number)s没有转办：%(why)s", number=one.number, why=one.why_not), "soon")
    return redirect(url_for("inbox.show"), 303)


def _nothing_picked() -> ResponseReturnValue:
    flash(_("还没有选：在行首打勾，或者按 x。"))
    return redirect(url_for("inbox.show"), 303)


def _form_of(
    page: Any, values: Mapping[str, Any], errors: Mapping[str, str] | None = None
) -> form_view.FormView:
    asked = engine().queries.asked(engine().environment, page, values)
    return form_view.view(page.form, values, errors or {}, asked=asked)


def _same_errors(results: Sequence[Any]) -> Mapping[str, str] | None:
    """Return what is wrong with the answers themselves: where no case takes them, they are mended first."""
    found = [errors_of(one.failure) if one.failure else None for one in results]
    return found[0] if found and found[0] and all(found) else None


def _line(result: Any) -> dict[str, Any]:
    """Return one case's line: what became of it, in a sentence."""
    if result.failure is not None:
        return {"task": result.task, "done": False, "said": _why(result)}
    if result.ended:
        said = _("已办理，本件办结。")
    elif result.opened:
        steps = _("、").join(label(one) for one in dict.fromkeys(result.opened))
        said = _("已办理，接着是“%(steps)s”。", steps=steps)
    else:
        said = _("已办理。")
    return {"task": result.task, "done": True, "said": said}


def _why(result: Any) -> str:
    errors = errors_of(result.failure)
    if errors is None:
        known = SENTENCES.get(result.failure.code)
        return known[2](result.failure) if known else _("没有办成，请单独办理这一件。")
    labels = result.labels or {}
    return _("；").join(
        f"{label(labels[key])}{_('：')}{said}" if key in labels else said
        for key, said in translated(errors).items()
    )


@blueprint.get("/arrivals")
@rule(ONLY_SIGNED_IN)
def arrivals() -> ResponseReturnValue:
    """Tell how many tasks came in since the list was read; the list itself never moves."""
    try:
        since = datetime.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return {"said": ""}, 400
    if since.tzinfo is None:
        return {"said": ""}, 400
    count = engine().queries.arrivals(engine().environment, actor(), since)
    said = ngettext("%(num)d件新到，点击刷新", "%(num)d件新到，点击刷新", count) if count else ""
    return {"said": said}


@blueprint.get("/keys")
@rule(ONLY_SIGNED_IN)
def keys() -> ResponseReturnValue:
    """List the keyboard's shortcuts."""
    return rendering.page("keys.html", "inbox")
