"""From an error's code to a status and a sentence that says what to do: one table.

An engine error that is not in the table is a defect of ours: the page then shows an incident number, and
the log says everything.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import HTTPException

from engine.errors import EngineError
from engine.storage_faults import StorageFault, fault_of
from engine.timesource import legal_day
from webui.engine_door import engine
from webui.form_view import OUTSIDE_FORM
from webui.formatting import clock_time, day_short
from webui.labels import label

log = logging.getLogger(__name__)


def _own(error: Any) -> str:
    return label(error.sentence)


def _completed(error: Any) -> str:
    if error.closed_by is None or error.closed_at is None:
        return str(_("本步骤已经不用办理了，您填写的内容保留在下面。"))
    return str(
        _(
            "%(who)s已于%(when)s办理本步骤，您填写的内容保留在下面。",
            who=error.closed_by,
            when=closed_when(error.closed_at),
        )
    )


def closed_when(instant: Any) -> str:
    """Return 10:42 for today's acts, with the day before it for earlier ones."""
    time = clock_time(instant)
    day = legal_day(instant)
    return time if day == legal_day(engine().environment.time.now()) else f"{day_short(day)} {time}"


def _not_found(error: Any) -> str:
    return str(_("没有找到您要的内容，或者您没有经办过它。请从待办或者案件列表打开。"))


SENTENCES: dict[str, tuple[int, Any, Callable[[Any], str]]] = {
    "bad_input": (422, _l("填写的内容不能用"), _own),
    "denied": (403, _l("您不能这样做"), _own),
    "not_found": (404, _l("没有找到"), _not_found),
    "task_already_completed": (409, _l("这一步已经办理过了"), _completed),
    "revision_conflict": (
        409,
        _l("案件刚刚有变化"),
        lambda error: str(_("案件在您打开之后有了变化，本次没有提交。请返回刷新，核对后再提交。")),
    ),
    "case_closed": (
        409,
        _l("案件已经结束"),
        lambda error: str(
            _("%(number)s已经办结，本次没有提交。需要重新办理的，请另行登记。", number=error.number)
        ),
    ),
    "not_movable": (409, _l("案件不能迁移"), _own),
    "form_outdated": (
        409,
        _l("表单已经更新"),
        lambda error: str(
            _("这张表单在您打开之后换了版本，本次没有提交。请返回刷新，核对后再提交。")
        ),
    ),
    "submission_invalid": (
        422,
        _l("还有内容需要补全"),
        lambda error: str(_("；")).join(error.errors.values()),
    ),
    "case_stopped": (
        500,
        _l("这一步没有办成"),
        lambda error: (
            f"{label(error.sentence)} "
            + str(
                _("案件停在原处，没有丢失内容，期限照常计算；已经报给系统管理员，排除后可以重试。")
            )
        ),
    ),
    "effect_failed": (422, _l("这一步没有办成"), _own),
    "silent_stop": (
        500,
        _l("这一步没有办成"),
        lambda error: str(_("办理后案件会无人可办，所以没有保存。请把案件编号告诉流程管理员。")),
    ),
    "not_deployed": (
        409,
        _l("程序还没有启用"),
        lambda error: str(_("这项程序还没有启用的版本，请告诉流程管理员。")),
    ),
    "definition_refused": (422, _l("程序文件不能启用"), lambda error: findings_sentence(error)),
    "warnings_not_accepted": (
        422,
        _l("还有警告没有接受"),
        lambda error: str(
            _("启用前请逐项接受警告：%(rules)s", rules=str(_("、")).join(error.rules))
        ),
    ),
    "foreign_request": (
        403,
        _l("这次提交没有被接受"),
        lambda error: str(_("页面打开太久，或者不是从本系统提交的。请返回刷新后重新提交。")),
    ),
    "blob_damaged": (410, _l("文件打不开"), _own),
    "sign_in_refused": (403, _l("没有登录"), _own),
}

KEEPS_TYPED = (409, 422, 500, 503, 507)

PASSWORDS = frozenset({"password", "old", "new", "again"})

HTTP: dict[int, tuple[Any, Any]] = {
    400: (_l("提交的内容不完整"), _l("请返回刷新后重新提交。")),
    404: (_l("没有这个页面"), _l("地址可能写错了，请从待办打开。")),
    405: (_l("不能这样打开"), _l("这个地址只用于提交，请从待办打开。")),
    413: (_l("提交的内容太大"), _l("一次最多提交50 MB，请压缩文件，或者分几次上传。")),
}


def findings_sentence(error: Any) -> str:
    """Say the first errors of a refused definition."""
    lines = [f"{one.file}: {one.said}" for one in error.findings if one.severity == "error"]
    return str(_("；")).join(lines[:5])


def install(app: Flask) -> None:
    """Answer every error with a page."""
    app.register_error_handler(EngineError, engine_error)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


def engine_error(error: EngineError) -> ResponseReturnValue:
    """Answer an error that the engine raised on purpose."""
    entry = SENTENCES.get(error.code)
    if entry is None:
        sentence = getattr(error, "sentence", None)
        if sentence is None:
            return unexpected(error)
        entry = (422, _("这一步没有办成"), _own)
    status, title, say = entry
    log.info("%s: %s", error.code, error)
    return _answer(status, str(title), [say(error)], typed=status in KEEPS_TYPED)


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Answer what Flask itself refuses."""
    status = error.code or 500
    if error.response is not None:
        return error.response
    title, sentence = HTTP.get(status, (_("没有办成"), _("请返回后再试。")))
    return _answer(status, str(title), [str(sentence)])


def storage_fault(fault: StorageFault) -> ResponseReturnValue:
    """Answer what the disk or the database failed to do: nothing was saved, what was typed comes back."""
    log.error("%s %s: %s", request.method, request.path, fault)
    status = 507 if fault.kind == "full" else 503
    html, _status = _answer(status, str(_("没有保存")), [fault.sentence], typed=True)
    return html, status, {"Retry-After": "10"}


def unexpected(error: Exception) -> ResponseReturnValue:
    """Answer a defect: nothing was saved, the log has the details under the number shown."""
    fault = fault_of(error)
    if fault is not None:
        return storage_fault(fault)
    number = secrets.token_hex(4)
    log.error("incident %s: %s %s", number, request.method, request.path, exc_info=error)
    return _answer(
        500,
        str(_("系统出了故障")),
        [str(_("本次没有保存。请稍后再试。"))],
        incident=number,
        typed=True,
    )


def _answer(
    status: int, title: str, sentences: Sequence[str], *, incident: str = "", typed: bool = False
) -> tuple[Any, int]:
    if request.headers.get("X-Requested-With") == "fetch":
        return {"error": title, "sentence": " ".join(sentences)}, status
    g.setdefault("display", {})
    html = render_template(
        "error.html",
        title=title,
        sentences=sentences,
        incident=incident,
        typed=_typed() if typed and request.method == "POST" else [],
        back=request.path if request.method == "POST" and status in KEEPS_TYPED else None,
    )
    return html, status


def _typed() -> list[tuple[str, str]]:
    """Return what was posted, so that nobody has to type it again; never a password."""
    secret = (request.endpoint or "").startswith(("sign_in.", "accounts."))
    return [
        (name, text)
        for name, text in request.form.items(multi=True)
        if name not in OUTSIDE_FORM and text and not (secret and name in PASSWORDS)
    ]
