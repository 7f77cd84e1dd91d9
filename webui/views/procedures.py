"""Procedures: what is in force, what was changed in a folder, and putting it into force."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.errors import EngineError, NotFound
from webui import rendering
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.errors import SENTENCES

blueprint = Blueprint("procedures", __name__)
SEVERITIES = {"error": _l("错误"), "warning": _l("提醒"), "info": _l("说明")}
ON_THE_FORM = frozenset({"bad_input", "definition_refused", "warnings_not_accepted"})


@blueprint.get("/procedures")
@rule("procedures.read")
def list_all() -> ResponseReturnValue:
    """List the procedures."""
    found = engine().queries.procedures(engine().environment, actor())
    return rendering.page("procedures.html", "procedures", page=found)


@blueprint.get("/procedures/<key>")
@rule("procedures.read")
def show(key: str) -> ResponseReturnValue:
    """Show a procedure with its versions and the changed folder."""
    return _page(_one(key))


@blueprint.post("/procedures/<key>/deploy")
@rule("procedures.deploy")
def deploy(key: str) -> ResponseReturnValue:
    """Put the changed folder into force."""
    reason, accepted = request.form.get("reason", ""), request.form.getlist("accepted")
    folder = engine().environment.config.processes / _one(key).key
    try:
        engine().commands.deploy_folder(
            engine().environment, actor(), folder, reason, accepted=accepted
        )
    except EngineError as error:
        if error.code not in ON_THE_FORM:
            raise
        refusal = SENTENCES[error.code][2](error)
        return _page(_one(key), refusal=refusal, reason=reason, accepted=accepted), 422
    flash(_("已启用。新收的案件按新版本办理。"))
    return redirect(url_for("procedures.show", key=key), 303)


def _one(key: str) -> Any:
    for found in engine().queries.procedures(engine().environment, actor()):
        if found.key == key:
            return found
    raise NotFound("procedure", key)


def _page(found: Any, *, refusal: str = "", reason: str = "", accepted: Any = ()) -> str:
    findings = [_finding(one, found) for one in found.findings]
    of = {
        severity: [one for one in findings if one.severity == severity] for severity in SEVERITIES
    }
    return rendering.page(
        "procedure.html",
        "procedures",
        page=replace(found, findings=findings),
        drawing=SimpleNamespace(xml_url=found.xml_url, progress={}, path=[]),
        errors=of["error"],
        warnings=of["warning"],
        notes=of["info"],
        severities=SEVERITIES,
        next_number=max((one.number for one in found.versions), default=0) + 1,
        may_deploy=engine().may(actor(), "procedures.deploy") is None,
        refusal=refusal,
        reason=reason,
        accepted=set(accepted),
    )


def _finding(one: Any, found: Any) -> Any:
    """Return a finding; a folder that cannot even be read is one error."""
    if hasattr(one, "severity"):
        return one
    return SimpleNamespace(
        severity="error",
        element=found.key,
        file=getattr(one, "file", ""),
        line=getattr(one, "line", None),
        rule=one.code,
        message=one.sentence,
        message_en=str(one),
    )
