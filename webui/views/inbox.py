"""What is mine to do, by what the law asks first."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from webui import rendering
from webui.auth import ONLY_SIGNED_IN, actor, rule
from webui.engine_door import engine

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
