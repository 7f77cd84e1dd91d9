"""Work that takes longer than a page may: whoever is quick goes on at once, others see a bar until it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound

from webui import rendering
from webui.auth import ONLY_SIGNED_IN, actor, rule
from webui.engine_door import engine

blueprint = Blueprint("work", __name__)
AT_ONCE = 1.5  # seconds within which nobody needs a bar

# kind: (what it is called, the entry of the rail, what is said at its end, where one goes on)
_KINDS: Mapping[str, tuple[Any, str, Callable[[Any], str], Callable[[str, Any], str]]] = {
    "calendar": (
        _l("导入日历，重算在办案件的期限"),
        "calendar",
        lambda end: _("已导入并启用，%(count)s个期限随之改变。", count=end["moved"]),
        lambda _id, end: url_for("calendar.report", number=end["number"]),
    ),
    "calendar_preview": (
        _l("看导入日历会改变哪些期限"),
        "calendar",
        lambda end: "",
        lambda work_id, end: url_for("calendar.previewed", work_id=work_id),
    ),
    "setting_preview": (
        _l("看改设置会改变哪些期限"),
        "settings",
        lambda end: "",
        lambda work_id, end: url_for("settings.previewed", name=end["name"], work_id=work_id),
    ),
    "setting": (
        _l("改设置，重算在办案件的期限"),
        "settings",
        lambda end: _("已改，%(count)s个期限随之改变。", count=end["moved"]),
        lambda _id, end: url_for("calendar.report", number=end["number"]),
    ),
    "office": (
        _l("启用本机关资料，重算在办案件的期限"),
        "procedures",
        lambda end: _("已启用，%(count)s个期限随之改变。", count=end["moved"]),
        lambda _id, end: url_for("calendar.report", number=end["number"]),
    ),
    "try": (
        _l("试算"),
        "procedures",
        lambda end: "",
        lambda work_id, end: url_for("procedures.tried", key=end["key"], work_id=work_id),
    ),
    "machine": (
        _l("机器体检"),
        "machine",
        lambda end: "",
        lambda work_id, end: url_for("machine.examined", work_id=work_id),
    ),
    "register_preview": (
        _l("读登记簿"),
        "registers",
        lambda end: "",
        lambda work_id, end: url_for("registers.previewed", work_id=work_id),
    ),
    "register": (
        _l("导入登记簿"),
        "registers",
        lambda end: _("已导入%(count)s行，写入全过程审计。", count=end["rows"]),
        lambda _id, end: url_for("registers.show", procedure=end["procedure"]),
    ),
}


def do(kind: str, work: Callable[[Callable[[int, int], object]], Mapping[str, Any]]) -> Any:
    """Begin work and answer with what comes next: its end where that is near, else the page with its bar.

    Raises:
        What the work raised within that time.
    """
    begun = engine().commands.begin_work(engine().environment, actor(), kind, work)
    end = begun.wait(AT_ONCE)
    if end is None:
        return redirect(url_for("work.show", work_id=begun.id), 303)
    return _go_on(kind, begun.id, end)


def ended(work_id: str, kind: str) -> Mapping[str, Any]:
    """Return the end of work of one's own of this kind.

    Raises:
        NotFound: there is none, or it is not done.
    """
    found = engine().commands.work_progress(engine().environment, actor(), work_id)
    if found.kind != kind or found.state != "done":
        raise NotFound
    end: Mapping[str, Any] = found.result
    return end


@blueprint.get("/jobs/<work_id>")
@rule(ONLY_SIGNED_IN)
def show(work_id: str) -> ResponseReturnValue:
    """Show how far it is; the page asks again by itself, also without JavaScript."""
    found = engine().commands.work_progress(engine().environment, actor(), work_id)
    if found.state == "done":
        return _go_on(found.kind, work_id, found.result)
    word, here, _said, _url = _KINDS[found.kind]
    return rendering.page("work.html", here, page=found, word=word)


def _go_on(kind: str, work_id: str, end: Mapping[str, Any]) -> ResponseReturnValue:
    _word, _here, said, url = _KINDS[kind]
    sentence = said(end)
    if sentence:
        flash(sentence)
    return redirect(url(work_id, end), 303)
