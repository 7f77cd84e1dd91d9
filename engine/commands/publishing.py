"""The effect ``publish``: what was reviewed is what is published. Every procedure may use it.

``act`` says which of five things is done; the diagram carries what one answers on to the next:

- ``seal`` names the bytes of a form field's files, before they are reviewed;
- ``publish`` enters exactly these bytes into the catalogue and refuses others (first time, or corrected);
- ``compare`` holds files that were fetched back from the web site against them;
- ``mark`` changes an entry's validity; ``withdraw`` takes its files and its title down.

The site is written after the step's transaction, from a row of the outbox that holds everything: written twice, it
is the same. Nothing leaves by network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from engine import audit
from engine.bpmn.step import Effect
from engine.commands.errors import EffectFailed
from engine.environment import Environment
from engine.feel import to_json
from engine.publication import CatalogueEntry, PublishedFile, Site
from engine.store import documents
from engine.unit_of_work import UnitOfWork
from engine.words import say

if TYPE_CHECKING:
    from engine.commands.case_host import CaseHost

Answer = Mapping[str, object] | None
Allot = Callable[["CaseHost", str, str], str]

_TEXTS = ("title", "summary", "formed_on", "number", "category", "topic", "validity", "column")


def publish(host: CaseHost, given: dict[str, object], effect: Effect, *, allot: Allot) -> Answer:
    """Carry out the effect.

    Args:
        given: ``act`` and its arguments. ``seal``, ``compare``: ``field``, ``reviewed``. ``publish``: ``field``
            (null: the reviewed text is not in a form field, the engine itself wrote it),
            ``reviewed``, ``publication`` (the entry so far, null the first time), ``series`` of index numbers,
            ``note``, and the entry's texts. ``mark``: ``publication``, ``validity``, ``note``. ``withdraw``:
            ``publication``, ``note``.
        allot: takes the next number of a series.

    Returns:
        ``seal``: ``{files: [{name, sha256, size}]}``; ``compare``: ``{comparison: {equal: true, false or null}}``;
        the others ``{publication: the entry}``.

    Raises:
        EffectFailed: no text, a text that is not the reviewed one, or an entry that is not there.
    """
    act = str(given.get("act") or "publish")
    if act == "seal":
        return {"files": _current(host, str(given.get("field") or ""))}
    if act == "compare":
        return {"comparison": _comparison(host, given)}
    if act == "publish":
        entry = _entered(host, given, allot)
    elif act in ("mark", "withdraw"):
        entry = _changed(host, given, act)
    else:
        raise EffectFailed(
            "publish", f"no act {act!r}", say("“publish”没有“{act}”这种办法，请检查流程图", act=act)
        )
    _order(host, act, entry, effect)
    return {"publication": entry.as_dict()}


def write_out(env: Environment, message: Mapping[str, Any]) -> audit.AuditEvent:
    """Write what a step ordered to the site: the outbox calls it, again until it succeeds.

    Returns:
        What the trail takes over in the transaction that marks the message as sent, so that a site written
        again after a crash is told of once.

    Raises:
        PublicationBroken, BlobDamaged: the bytes are not the reviewed ones, or cannot be written.
    """
    body = message["body"]
    entry = CatalogueEntry.from_dict(body["entry"])
    data = {one.sha256: env.blobs.get(one.sha256) for one in entry.files}
    written = site_of(env).put(entry, data)
    return audit.AuditEvent(
        "PublicationWritten",
        f"publication:{entry.index}",
        message["case_id"],
        {**_trace(body["act"], entry), "superseded": not written},
    )


def site_of(env: Environment) -> Site:
    """Return the static site of this office: ``data/publication``."""
    return Site(env.config.data / "publication")


def _entered(host: CaseHost, given: Mapping[str, object], allot: Allot) -> CatalogueEntry:
    texts = {key: _text(given.get(key)) for key in _TEXTS}
    if not texts["title"]:
        raise EffectFailed("publish", "no title", say("公开的信息没有名称，请检查流程图"))
    files = _reviewed(host, given)
    before = _entry(given.get("publication"))
    if before is None:
        series = str(given.get("series") or "")
        if series not in host.institution.office.series:
            raise EffectFailed(
                "publish", f"no series {series!r}", say("没有“{series}”这个编号系列", series=series)
            )
        index, entered_on = allot(host, series, ""), str(host.today)
    else:
        index, entered_on = before.index, before.entered_on or str(host.today)
    entry = CatalogueEntry(
        index=index,
        sequence=_sequence(host),
        publisher=str(host.institution.office.letterhead.get("机关名称") or ""),
        entered_on=entered_on,
        files=files,
        notes=before.notes if before is not None else (),
        **texts,
    )
    text = _text(given.get("note")) if before is not None else ""
    return entry.noted(str(host.today), "corrected", text)


def _changed(host: CaseHost, given: Mapping[str, object], act: str) -> CatalogueEntry:
    entry = _entry(given.get("publication"))
    if entry is None:
        raise EffectFailed(
            "publish", f"{act}: no entry", say("这条信息还没有列入公开目录，请检查流程图")
        )
    today, text, sequence = str(host.today), _text(given.get("note")), _sequence(host)
    if act == "withdraw":
        return entry.withdrawn(today, text, sequence)
    validity = _text(given.get("validity")) or entry.validity
    said = f"{validity}：{text}" if text else validity
    return entry.noted(today, "validity", said, validity=validity, sequence=sequence)


def _sequence(host: CaseHost) -> int:
    return host.case.revision + 1


def _reviewed(host: CaseHost, given: Mapping[str, object]) -> tuple[PublishedFile, ...]:
    """Return the sealed files, if the field still holds exactly these; one changed byte needs a new review."""
    sealed = _files(given.get("reviewed"))
    if not sealed:
        raise EffectFailed(
            "publish", "nothing was reviewed", say("没有经过审查的文本，请退回备妥文本后重新送审")
        )
    field = str(given.get("field") or "")
    now = _files(_current(host, field)) if field else sealed
    if {(one.name, one.sha256) for one in now} != {(one.name, one.sha256) for one in sealed}:
        raise EffectFailed(
            "publish",
            "the text was changed after its review",
            say("拟公开的文本在审查之后有改动，请退回重新送审"),
        )
    for one in sealed:
        host.env.blobs.get(one.sha256)
    return sealed


def _comparison(host: CaseHost, given: Mapping[str, object]) -> dict[str, object]:
    """Hold what was fetched against all that was reviewed; ``equal`` is null where nothing was fetched."""
    fetched = _files(_current(host, str(given.get("field") or "")))
    sealed = _files(given.get("reviewed"))
    found, known = {one.sha256 for one in fetched}, {one.sha256 for one in sealed}
    different = sorted(one.name for one in fetched if one.sha256 not in known)
    missing = sorted(one.name for one in sealed if one.sha256 not in found) if fetched else []
    told: dict[str, object] = {
        "equal": None if not fetched else not (different or missing),
        "different": different,
        "missing": missing,
    }
    host.audit_events.append(
        audit.AuditEvent(
            "PublicationCompared",
            f"case:{host.case.number}",
            host.case.id,
            told,
            version=host.case.version_id,
        )
    )
    return told


def _current(host: CaseHost, field: str) -> list[dict[str, object]]:
    """Return the files that a form field holds now: of each name the last one uploaded."""
    held = host.file.fields.get(field)
    wanted = [_named(one) for one in held] if isinstance(held, list) else []
    if not wanted:
        return []
    found: dict[str, Mapping[str, Any]] = {}
    with UnitOfWork(host.env.database, writing=False) as uow:
        stored = documents.case_documents(uow.connection, host.case.id)
    for document in [*stored, *host.uploads]:
        if document["field"] == field:
            found[document["filename"]] = document
    return [
        {"name": name, "sha256": found[name]["sha256"], "size": found[name]["size"]}
        for name in dict.fromkeys(wanted)
        if name in found
    ]


def _named(held: object) -> str:
    """Return the file name in a form field's value: ``{id: name}`` as posted, or the name alone."""
    return str(held["id"]) if isinstance(held, Mapping) else str(held)


def _files(value: object) -> tuple[PublishedFile, ...]:
    plain = to_json(value)
    if not isinstance(plain, Sequence) or isinstance(plain, str):
        return ()
    return tuple(
        PublishedFile(str(one["name"]), str(one["sha256"]), int(one["size"])) for one in plain
    )


def _entry(value: object) -> CatalogueEntry | None:
    plain = to_json(value)
    return CatalogueEntry.from_dict(plain) if isinstance(plain, Mapping) else None


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _trace(act: str, entry: CatalogueEntry) -> dict[str, object]:
    return {
        "act": act,
        "index": entry.index,
        "files": [[one.name, one.sha256] for one in entry.files],
    }


def _order(host: CaseHost, act: str, entry: CatalogueEntry, effect: Effect) -> None:
    host.outbox.append(
        {
            "key": f"publish:{host.case.id}:{entry.sequence}:{effect.activity_id}",
            "case_id": host.case.id,
            "kind": "publish",
            "body": {"act": act, "entry": entry.as_dict()},
            "created_at": host.now,
            "attempts": 0,
        }
    )
    host.audit_events.append(
        audit.AuditEvent(
            "PublicationOrdered",
            f"publication:{entry.index}",
            host.case.id,
            _trace(act, entry),
            version=host.case.version_id,
        )
    )
