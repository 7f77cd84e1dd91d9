"""What happened, by whom, and whether the record is whole: the supervisors' page and its two questions."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.errors import BadInput, NotFound
from webui import rendering, stretch_bar
from webui.archives import download
from webui.auth import actor, rule
from webui.engine_door import engine

blueprint = Blueprint("audit", __name__)
FILTERS = (
    *("case", "since", "until", "person", "kind", "result", "source", "group"),
    *("corrections", "sign_ins"),
)
SOURCES = (("web", _l("网页")), ("system", _l("系统")))
RESULTS = (("done", _l("已办")), ("denied", _l("被拒绝")), ("failed", _l("没有办成")))
PAGE_SIZE = 100
MAX_PAGE = 1_000_000


@blueprint.get("/audit")
@rule("audit.read")
def show() -> ResponseReturnValue:
    """Show audit events, filtered, and the answer to a question where one was asked."""
    return _page()


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


@blueprint.post("/audit/export")
@rule("audit.read")
def export() -> ResponseReturnValue:
    """Send a case as evidence; that it was exported, by whom and why, is in the trail."""
    number, reason = request.form.get("number", "").strip()[:64], request.form.get("reason", "")
    try:
        data = engine().commands.export_case(engine().environment, actor(), number, reason)
    except NotFound:
        return _page(refusal=_("没有编号为%(number)s的案件，请核对编号", number=number)), 422
    except BadInput as error:
        return _page(refusal=error.sentence, number=number), 422
    return download(data, f"{number}.zip", "application/zip")


def _page(refusal: str = "", number: str = "") -> str:
    place = min(max(request.args.get("page", 1, int), 1), MAX_PAGE)
    filters = {
        name: request.args[name][:80].strip()
        for name in FILTERS
        if request.args.get(name, "").strip()
    }
    page = engine().queries.audit_page(
        engine().environment, actor(), {**filters, "page": str(place)}
    )
    late, late_problem = _asked("late", engine().queries.lateness)
    seen, seen_problem = _asked("seen", engine().queries.disclosures, *_period())
    return rendering.page(
        "audit.html",
        "audit",
        page=page,
        filters=filters,
        results=RESULTS,
        sources=SOURCES,
        number=place,
        first=(place - 1) * PAGE_SIZE + 1,
        may_verify=engine().may(actor(), "audit.verify") is None,
        late=late,
        late_problem=late_problem,
        bar=stretch_bar.draw(late, _("届满")) if late else None,
        seen=seen,
        seen_problem=seen_problem,
        period=_period(),
        most=max((one.total for one in seen.readers), default=0) if seen else 0,
        refusal=refusal,
        export_number=number,
    )


def _period() -> tuple[date | None, date | None]:
    """Return the days between which looks are asked for; what is no day leaves its side open."""
    found: list[date | None] = []
    for name in ("from", "to"):
        try:
            found.append(date.fromisoformat(request.args.get(name, "")))
        except ValueError:
            found.append(None)
    return found[0], found[1]


def _asked(name: str, query: Any, *further: Any) -> tuple[Any, str]:
    """Return the answer to a question of the page, or what is wrong with it."""
    number = request.args.get(name, "").strip()[:64]
    if not number:
        return None, ""
    try:
        found = query(engine().environment, actor(), number, *further)
    except NotFound:
        return None, str(_("没有编号为%(number)s的案件，请核对编号", number=number))
    if found is None:
        return None, str(_("%(number)s没有起算的法定期限。", number=number))
    return found, ""
