"""Evidence: checking the chain, handing out one case, opening a personal value or a file with a reason.

Reads of personal data and exports are acts: each leaves a row in the trail.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import audit
from engine.access import can, require
from engine.audit.checkpoints import Checkpoint, misfits
from engine.blobs import BlobDamaged
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import BadInput, Denied, NotFound
from engine.identity import SYSTEM, Actor
from engine.personal import open_fields, personal_of
from engine.sealing import holds_sealed
from engine.store import accounts, cases
from engine.store import audit as trail
from engine.store import documents as document_store
from engine.stored_case import case_facts
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from engine.words import as_stored, say

SHOWN_FOR = "办理“{step}”"  # why personal values were shown in the form of a step
VERIFIER = Path(__file__).parent.parent / "audit" / "verifier.py"


def verify_audit(
    env: Environment, actor: Actor = SYSTEM, kept: Sequence[Checkpoint] = ()
) -> list[audit.Break]:
    """Check the whole trail; remember and record what came out. An empty list: it holds.

    kept: checkpoints from outside the machine, which it must fit as well.
    """
    if not actor.is_system:
        require(env.institution().rules, actor, "audit.verify")
    found: list[audit.Break] = []
    count = 0
    hashes = dict.fromkeys((one.rows for one in kept), "")
    with UnitOfWork(env.database, writing=False) as uow:

        def counted() -> Any:
            nonlocal count
            for row in trail.rows(uow.connection):
                count += 1
                if row["seq"] in hashes:
                    hashes[row["seq"]] = row["hash"]
                yield row

        for one in audit.breaks(counted()):
            found.append(one)
            if len(found) >= 100:
                break
    # Found broken by itself it was not read to its end; what was kept says no more then.
    there = {number: text for number, text in hashes.items() if text}
    found = found or misfits(kept, there, count)
    now = env.time.now()
    state = f"good|{count}" if not found else f"bad|{found[0].seq}"
    with UnitOfWork(env.database, writing=True) as uow:
        shown = now.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
        accounts.set_meta(uow.connection, "audit_verified", f"{state}|{shown}")
        if not found:
            note(
                env,
                uow.connection,
                actor,
                audit.AuditEvent("AuditVerified", "audit", body={"rows": count, "kept": len(kept)}),
            )
        uow.commit()
    return found


def export_case(env: Environment, actor: Actor, number: str, reason: str = "") -> bytes:
    """Return a case as evidence: rows, documents, and a checker that needs nothing of ours (a .zip).

    Args:
        reason: why; a person must say it, it stands in the trail.

    Raises:
        NotFound: no such case, or none that the actor may know of. Denied. BadInput: no reason.
    """
    if not actor.is_system and len(reason.strip()) < 2:
        raise BadInput("no reason", sentence="请写明导出的事由")
    with UnitOfWork(env.database, writing=False) as uow:
        case_id = cases.id_of_number(uow.connection, number)
        if case_id is None:
            raise NotFound("case", number)
        if not actor.is_system:
            require(env.institution().rules, actor, "audit.read")
            facts = case_facts(uow.connection, case_id)
            if not can(env.institution().rules, actor, "case.read", facts).ok:
                raise NotFound("case", number)
        rows = list(trail.rows(uow.connection, case_id=case_id))
        documents = [dict(row) for row in document_store.case_documents(uow.connection, case_id)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "audit.jsonl", "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        )
        for document in documents:
            data = _bytes_of(env, document)
            archive.writestr(f"documents/{document['id']}-{Path(document['filename']).name}", data)
        archive.writestr(
            "documents.json",
            json.dumps(
                [
                    {key: str(row[key]) for key in ("id", "title", "filename", "sha256", "size")}
                    for row in documents
                ],
                ensure_ascii=False,
                indent=1,
            ),
        )
        archive.write(VERIFIER, "verify.py")
    with UnitOfWork(env.database, writing=True) as uow:
        event = audit.AuditEvent(
            "CaseExported",
            f"case:{number}",
            case_id,
            {"rows": len(rows)},
            reason=reason.strip()[:500],
        )
        note(env, uow.connection, actor, event)
        uow.commit()
    return buffer.getvalue()


def reveal(env: Environment, actor: Actor, case_id: str, field: str, reason: str) -> str:
    """Return a personal value of a case, with a reason that the trail keeps; of a table the personal cells, row by row.

    Raises:
        Denied, NotFound; BadInput: no reason.
    """
    if len(reason.strip()) < 2:
        raise BadInput("no reason", sentence=say("请写明查看身份信息的事由"))
    with UnitOfWork(env.database, writing=True) as uow:
        case = cases.load(uow.connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        facts = case_facts(uow.connection, case_id)
        decision = can(env.institution().rules, actor, "case.personal", facts)
        result = "done" if decision.ok else "denied"
        event = audit.AuditEvent(
            "PersonalDataRead",
            f"case:{case.number}",
            case_id,
            {"field": field},
            result=result,
            reason=reason.strip()[:500],
        )
        note(env, uow.connection, actor, event)
        uow.commit()
    if not decision.ok:
        raise Denied("personal", "您的岗位不能查看申请人的身份信息")
    value = case.fields.get(field)
    if not holds_sealed(value):
        raise NotFound("field", field)
    opened = open_fields(env, {field: value})
    rows: dict[str, list[str]] = {}
    for key, one in personal_of(env, case).found(opened):
        rows.setdefault(key.rpartition(".")[0], []).append(str(one))
    return "；".join("，".join(cells) for cells in rows.values())


def record_look(
    env: Environment, actor: Actor, number: str, fields: Sequence[str], step: str
) -> None:
    """Leave in the trail that somebody was shown personal values in the form of a step that is the actor's."""
    with as_stored():
        reason = say(SHOWN_FOR, step=step)
    with UnitOfWork(env.database, writing=True) as uow:
        case_id = cases.id_of_number(uow.connection, number)
        for field in fields:
            event = audit.AuditEvent(
                "PersonalDataRead",
                f"case:{number}",
                case_id,
                {"field": field},
                reason=reason,
            )
            note(env, uow.connection, actor, event)
        uow.commit()


def document(env: Environment, actor: Actor, document_id: str) -> tuple[Mapping[str, Any], bytes]:
    """Return a document's row and bytes; reading it is recorded.

    Raises:
        NotFound: there is none, or none of a case that the actor may know of.
        BlobDamaged: its bytes are gone or were changed on disk; that stands in the trail.
    """
    with UnitOfWork(env.database, writing=True) as uow:
        row = document_store.document_row(uow.connection, document_id)
        if row is None:
            raise NotFound("document", document_id)
        allowed = can(
            env.institution().rules, actor, "case.read", case_facts(uow.connection, row["case_id"])
        )
        if not allowed.ok:
            raise NotFound("document", document_id)
        event = audit.AuditEvent(
            "DocumentRead", f"document:{document_id}", row["case_id"], {"sha256": row["sha256"]}
        )
        note(env, uow.connection, actor, event)
        uow.commit()
    try:
        return row, _bytes_of(env, row)
    except BlobDamaged:
        with UnitOfWork(env.database, writing=True) as uow:
            event = audit.AuditEvent(
                "DocumentRead",
                f"document:{document_id}",
                row["case_id"],
                {"sha256": row["sha256"]},
                result="failed",
                reason="blob_damaged",
            )
            note(env, uow.connection, actor, event)
            uow.commit()
        raise


def _bytes_of(env: Environment, row: Mapping[str, Any]) -> bytes:
    """Return the bytes of a document.

    Raises:
        BlobDamaged: they are not those that were stored; it names the document.
    """
    try:
        return env.blobs.get(row["sha256"])
    except BlobDamaged as error:
        raise BlobDamaged(str(error), f"{row['title']}（{row['filename']}）") from error
