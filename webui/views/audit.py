"""What happened, by whom, and whether the record is whole: the supervisors' page."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("audit", __name__)
FILTERS = ("case", "since", "until", "person", "kind", "result")
RESULTS = (("done", _l("已办")), ("denied", _l("被拒绝")), ("failed", _l("没有办成")))
PAGE_SIZE = 100
MAX_PAGE = 1_000_000


@blueprint.get("/audit")
@rule("audit.read")
def show() -> ResponseReturnValue:
    """Show audit events, filtered."""
    number = min(max(request.args.get("page", 1, int), 1), MAX_PAGE)
    filters = {
        name: request.args[name][:80].strip()
        for name in FILTERS
        if request.args.get(name, "").strip()
    }
    page = engine().queries.audit_page(
        engine().environment, actor(), {**filters, "page": str(number)}
    )
    return rendering.page(
        "audit.html",
        "audit",
        page=page,
        filters=filters,
        results=RESULTS,
        number=number,
        first=(number - 1) * PAGE_SIZE + 1,
        may_verify=engine().may(actor(), "audit.verify") is None,
    )


@blueprint.post("/audit/verify")
@rule("audit.verify")
def verify() -> ResponseReturnValue:
    """Check the whole chain."""
    breaks = engine().commands.verify_audit(engine().environment, actor())
    if breaks:
        flash(_("校验发现记录对不上，从第%(seq)s条起。请立即报告。", seq=breaks[0].seq), "late")
    else:
        flash(_("已校验，留痕链完整。"))
    return redirect(url_for("audit.show"), 303)
