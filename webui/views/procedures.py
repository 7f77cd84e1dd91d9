"""Procedures: what is in force, what was changed in a folder, bringing files, and putting them into force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from engine.errors import BadInput, EngineError
from engine.timesource import legal_day
from webui import labels, rendering
from webui.archives import download, zipped
from webui.auth import actor, rule
from webui.engine_door import engine
from webui.errors import SENTENCES
from webui.formatting import day_long
from webui.views import work

blueprint = Blueprint("procedures", __name__)
SEVERITIES = {"error": _l("错误"), "warning": _l("警告"), "info": _l("说明")}
ON_THE_FORM = frozenset({"bad_input", "definition_refused", "warnings_not_accepted"})
ZIP = "application/zip"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@blueprint.get("/procedures")
@rule("procedures.read")
def list_all() -> ResponseReturnValue:
    """List the procedures."""
    return _list()


@blueprint.post("/procedures/upload")
@rule("procedures.deploy")
def upload_any() -> ResponseReturnValue:
    """Take in a whole folder, also of a procedure that does not exist yet."""
    sent = request.files.get("file")
    try:
        key = engine().commands.upload_folder(
            engine().environment, actor(), sent.stream.read() if sent else b""
        )
    except EngineError as error:
        if not hasattr(error, "sentence") or error.code == "denied":
            raise
        return _list(refusal=error.sentence), 422
    return _uploaded(key, _("已存入 processes/%(key)s。核对改动和检查结果后启用。", key=key))


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
    found = _one(key)
    env, who, deploy_folder = engine().environment, actor(), engine().commands.deploy_folder
    folder = env.config.processes / found.key

    def put_office_into_force(report: Any) -> dict[str, Any]:
        done = deploy_folder(env, who, folder, reason, progress=report)
        return {"number": done.number, "moved": len(done.moved)}

    try:
        if found.is_office:
            return work.do("office", put_office_into_force)  # type: ignore[no-any-return]
        day = _day(request.form.get("from_day", ""))
        deploy_folder(env, who, folder, reason, accepted=accepted, from_day=day)
    except EngineError as error:
        if error.code not in ON_THE_FORM and not hasattr(error, "sentence"):
            raise
        refusal = SENTENCES[error.code][2](error) if error.code in SENTENCES else error.sentence
        return _page(_one(key), refusal=refusal, reason=reason, accepted=accepted), 422
    if day is not None and day > legal_day(env.time.now()):
        flash(_("已存好，%(day)s起收到的按新版本办理。", day=day_long(day)))
    else:
        flash(_("已启用。新收的案件按新版本办理。"))
    return redirect(url_for("procedures.show", key=key), 303)


def _day(text: str) -> date | None:
    """Return the date in force, None for at once.

    Raises:
        BadInput: what was typed is no date.
    """
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise BadInput(f"no date: {text}", sentence=_("施行日期请写成 2027-01-01")) from error


@blueprint.post("/procedures/<key>/try")
@rule("procedures.deploy")
def try_out(key: str) -> ResponseReturnValue:
    """Play the worked cases of the folder; nothing is put into force."""
    found = _one(key)
    env, who, try_folder = engine().environment, actor(), engine().commands.try_folder

    def play(report: Any) -> dict[str, Any]:
        return {"key": found.key, "runs": try_folder(env, who, found.key, report)}

    try:
        return work.do("try", play)  # type: ignore[no-any-return]
    except BadInput as error:
        return _page(found, refusal=error.sentence), 422


@blueprint.get("/procedures/<key>/try/<work_id>")
@rule("procedures.deploy")
def tried(key: str, work_id: str) -> ResponseReturnValue:
    """Show how the worked cases went."""
    end = work.ended(work_id, "try")
    found = _one(key)
    return rendering.page(
        "tried.html", "procedures", key=found.key, title=found.title, runs=end["runs"]
    )


@blueprint.post("/procedures/<key>/upload")
@rule("procedures.deploy")
def upload(key: str) -> ResponseReturnValue:
    """Take in the whole folder as a .zip, or one file of it."""
    found, sent = _one(key), request.files.get("file")
    name, data = (sent.filename or "", sent.stream.read()) if sent else ("", b"")
    try:
        if name.lower().endswith(".zip"):
            engine().commands.upload_folder(engine().environment, actor(), data, key=found.key)
            told = _("已存入 processes/%(key)s。核对改动和检查结果后启用。", key=found.key)
        else:
            path = engine().commands.upload_file(
                engine().environment,
                actor(),
                found.key,
                name,
                data,
                path=request.form.get("path", ""),
            )
            told = _("已存入 %(path)s。核对改动和检查结果后启用。", path=path)
    except EngineError as error:
        if not hasattr(error, "sentence") or error.code == "denied":
            raise
        return _page(found, upload_refusal=error.sentence), 422
    return _uploaded(found.key, told)


@blueprint.get("/procedures/<key>/folder.zip")
@rule("procedures.read")
def folder(key: str) -> ResponseReturnValue:
    """Send the folder as it lies on disk."""
    files = engine().queries.folder_files(engine().environment, actor(), key)
    return download(zipped(files, key), f"{key}.zip", ZIP)


@blueprint.get("/procedures/<key>/folder/diagram.bpmn")
@rule("procedures.read")
def folder_diagram(key: str) -> ResponseReturnValue:
    """Send the drawing that lies in the folder, for the page that draws it."""
    data = engine().queries.folder_diagram(engine().environment, actor(), key)
    return download(labels.drawing(data), f"{key}.bpmn", "application/xml; charset=utf-8")


@blueprint.get("/procedures/<key>/rules")
@rule("signed_in")
def rules(key: str) -> ResponseReturnValue:
    """Show the written rules of a procedure: what everybody in the office works by."""
    page = engine().queries.rules_page(
        engine().environment, actor(), key, request.args.get("number", None, int)
    )
    may_read = engine().may(actor(), "procedures.read") is None
    return rendering.page("rules.html", "procedures", page=page, may_read=may_read)


@blueprint.get("/procedures/<key>/rules.docx")
@rule("signed_in")
def rules_file(key: str) -> ResponseReturnValue:
    """Send the written rules as a document."""
    name, data = engine().queries.rules_document(
        engine().environment, actor(), key, request.args.get("number", None, int)
    )
    return download(data, name, DOCX)


@blueprint.get("/procedures/<key>/versions/<int:number>")
@rule("procedures.read")
def version(key: str, number: int) -> ResponseReturnValue:
    """Show one version and how it differs from another."""
    page = engine().queries.version_page(
        engine().environment, actor(), key, number, request.args.get("against", None, int)
    )
    return rendering.page(
        "version.html", "procedures", page=page, drawing=_drawing(page), told=_told(page)
    )


@blueprint.get("/procedures/<key>/versions/<int:number>.zip")
@rule("procedures.read")
def version_archive(key: str, number: int) -> ResponseReturnValue:
    """Send a whole version."""
    files = engine().queries.version_files(engine().environment, actor(), key, number)
    return download(zipped(files, key), f"{key}-{number}.zip", ZIP)


@blueprint.get("/procedures/<key>/migration")
@rule("procedures.read")
def migration(key: str) -> ResponseReturnValue:
    """Show which open cases could be carried over to the version in force, and why not the others."""
    return _migration(key, request.args.get("mapping", ""))


@blueprint.post("/procedures/<key>/migration")
@rule("procedures.deploy")
def migrate(key: str) -> ResponseReturnValue:
    """Carry the chosen cases over, each by itself."""
    form = request.form
    chosen = [one.rpartition(":") for one in form.getlist("case")]
    revisions = {case: int(number) for case, _colon, number in chosen if number.isdecimal()}
    text, reason = form.get("mapping", ""), form.get("reason", "")
    try:
        done = engine().commands.migrate_cases(
            engine().environment,
            actor(),
            revisions,
            reason,
            version=form.get("version") or None,
            mapping=_ids(text),
        )
    except EngineError as error:
        if error.code != "bad_input":
            raise
        return _migration(
            key, text, refusal=str(getattr(error, "sentence", "")), reason=reason
        ), 422
    flash(_("已迁移%(count)s件，各案件的全过程里都有记录。", count=len(done.moved)))
    if done.left:
        refusal = str(_("；")).join(done.left.values())
        return _migration(key, text, refusal=refusal, reason=reason), 409
    return redirect(url_for("procedures.migration", key=key), 303)


def _ids(text: str) -> dict[str, str]:
    """Read lines ``old=new``; what is no such line is left out."""
    pairs = (line.partition("=") for line in text.splitlines())
    return {old.strip(): new.strip() for old, sign, new in pairs if sign and new.strip()}


def _migration(key: str, mapping: str, *, refusal: str = "", reason: str = "") -> str:
    page = engine().queries.migrations(engine().environment, actor(), key, _ids(mapping))
    return rendering.page(
        "migration.html",
        "procedures",
        page=page,
        title=_one(key).title,
        mapping=mapping,
        may_deploy=engine().may(actor(), "procedures.deploy") is None,
        refusal=refusal,
        reason=reason,
    )


def _one(key: str) -> Any:
    return engine().queries.procedure_page(engine().environment, actor(), key)


def _list(refusal: str = "") -> str:
    return rendering.page(
        "procedures.html",
        "procedures",
        page=engine().queries.procedures(engine().environment, actor()),
        may_deploy=engine().may(actor(), "procedures.deploy") is None,
        refusal=refusal,
    )


def _uploaded(key: str, told: str) -> ResponseReturnValue:
    flash(told)
    return redirect(url_for("procedures.show", key=key), 303)


def _page(
    found: Any,
    *,
    refusal: str = "",
    upload_refusal: str = "",
    reason: str = "",
    accepted: Sequence[str] = (),
) -> str:
    findings = [_finding(one, found) for one in found.findings]
    of = {
        severity: [one for one in findings if one.severity == severity] for severity in SEVERITIES
    }
    return rendering.page(
        "procedure.html",
        "procedures",
        page=replace(found, findings=findings),
        drawing=_drawing(found),
        told=_told(found),
        errors=of["error"],
        warnings=of["warning"],
        notes=of["info"],
        severities=SEVERITIES,
        day=request.form.get("from_day", ""),
        today=legal_day(engine().environment.time.now()).isoformat(),
        next_number=max((one.number for one in found.versions), default=0) + 1,
        may_deploy=engine().may(actor(), "procedures.deploy") is None,
        refusal=refusal,
        upload_refusal=upload_refusal,
        reason=reason,
        accepted=set(accepted),
    )


def _drawing(page: Any) -> Any:
    """The drawing with its marks; no case walks on it."""
    if not page.xml_url:
        return None
    progress: Mapping[str, Any] = page.marks
    path = [(name, "taken") for name in page.steps]
    return SimpleNamespace(xml_url=page.xml_url, progress=progress, path=path)


def _told(page: Any) -> str:
    """What the marks say, in one sentence."""
    parts = []
    for tag, word in (("new", _("新增")), ("changed", _("改动")), ("gone", _("去掉"))):
        names = [one.name for one in page.differences if one.tag == tag and one.element]
        if names:
            joined = str(_("、")).join(dict.fromkeys(names))
            parts.append(_("%(what)s：%(names)s。", what=word, names=joined))
    return "".join(parts)


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
        message_en=one.sentence,
    )
