"""Erasing the personal data of a closed case: what identifies a person goes, the chain of the trail holds.

Basis: 个人信息保护法 第四十七条. The file itself is not lost by it: 档案法 keeps it, so that a case with papers is packed
for the archive first. Its numbered letters stay as well; they are documents of the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from engine import audit
from engine.commands.noting import note
from engine.commands.other_cases import texts_in
from engine.environment import Environment
from engine.errors import BadInput
from engine.identity import SYSTEM
from engine.personal import erased
from engine.store import accounts, cases
from engine.store import documents as document_store
from engine.store import erasing as store
from engine.store.cases import CaseRow
from engine.tables import ERASED_ACTION
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork, truncate_log
from engine.words import say

LOOKED_AT = "unnamed_files_looked_at"  # the day of the last daily look
UNNAMED = timedelta(days=1)  # what is younger may still be wanted: the preview of an import


@dataclass(frozen=True)
class Erasure:
    """What erasing a case takes away and leaves.

    ``goes`` and ``stays`` are titles of documents, oldest first. ``settled``: nothing of it is left in the
    database's log of writes; False where a reader held that up.
    """

    number: str
    goes: tuple[str, ...]
    stays: tuple[str, ...]
    settled: bool = True


def preview_erasure(env: Environment, number: str) -> Erasure:
    """Return what ``erase_case`` would do; nothing is changed.

    Raises:
        BadInput: no such case, or it may not be erased yet.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        case = _erasable(uow.connection, number)
        goes, stays = _papers(uow.connection, case.id)
    return Erasure(number, _titles(goes), _titles(stays))


def erase_case(env: Environment, number: str, reason: str) -> Erasure:
    """Erase what identifies a person in a case; the reason stands in the trail.

    Sealed values are overwritten wherever they stand, uploads and letters without a number are removed with their
    bytes, the values beside the trail go with their salts. Done again it removes what a stop in the middle left.

    Raises:
        BadInput: no such case, it may not be erased yet, or no reason.
    """
    if len(reason.strip()) < 2:
        raise BadInput("no reason", sentence=say("请写明删除个人信息的事由"))
    with UnitOfWork(env.database, writing=True) as uow:
        case = _erasable(uow.connection, number)
        goes, stays = _papers(uow.connection, case.id)
        ids = {str(row["id"]) for row in goes}
        event = audit.AuditEvent(
            ERASED_ACTION,
            f"case:{number}",
            case.id,
            {"documents": len(goes)},
            reason=reason.strip()[:500],
            version=case.version_id,
        )
        note(env, uow.connection, SYSTEM, event)
        store.rewrite(uow.connection, case.id, _without(ids))
        store.forget_aside(uow.connection, case.id)
        store.forget_drafts(uow.connection, case.id)
        store.forget_documents(uow.connection, sorted(ids))
        uow.commit()
    for digest in {str(row["sha256"]) for row in goes}:
        env.blobs.drop(digest, lambda hashes: _named(env, hashes))
    _drop_unnamed(env)
    return Erasure(number, _titles(goes), _titles(stays), truncate_log(env.database))


def drop_unnamed_daily(env: Environment) -> int:
    """Once on each day remove files that no document names; return how many.

    A register that was only looked at, papers of a step that failed: they may hold anybody's data.
    """
    day = legal_day(env.time.now()).isoformat()
    with UnitOfWork(env.database, writing=False) as uow:
        if accounts.get_meta(uow.connection, LOOKED_AT) == day:
            return 0
    count = _drop_unnamed(env)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.set_meta(uow.connection, LOOKED_AT, day)
        uow.commit()
    return count


def _drop_unnamed(env: Environment) -> int:
    return env.blobs.drop_unnamed(lambda hashes: _named(env, hashes), env.time.now() - UNNAMED)


def _named(env: Environment, hashes: list[str]) -> set[str]:
    with UnitOfWork(env.database, writing=False) as uow:
        return store.named(uow.connection, hashes)


def _erasable(connection: Connection, number: str) -> CaseRow:
    case_id = cases.id_of_number(connection, number)
    case = cases.load(connection, case_id) if case_id else None
    if case is None:
        sentence = say("没有编号“{number}”的案件，请核对", number=number)
        raise BadInput("no case", sentence=sentence)
    if case.status != "closed":
        sentence = say("案件 {number} 还没有办结，办结归档以后才能删除个人信息", number=number)
        raise BadInput("open", sentence=sentence)
    has_papers = bool(document_store.case_documents(connection, case.id))
    packed = store.packed_in(connection, number)
    if has_papers and not packed and not store.was_erased(connection, case.id):
        sentence = say(
            "案件 {number} 的案卷还没有打成归档数据包。请先用“归档”办结打包，再删除个人信息",
            number=number,
        )
        raise BadInput("not packed", sentence=sentence)
    if other := _about(connection, case, packed):
        sentence = say(
            "在办的案件 {other} 和案件 {number} 有关，办结以后再删除个人信息",
            other=other,
            number=number,
        )
        raise BadInput("still needed", sentence=sentence)
    return case


def _about(connection: Connection, case: CaseRow, packed: set[str]) -> str:
    """Return the number of an open case in whose record this one's number stands, "" where there is none.

    Args:
        packed: cases by which it was filed; they wait for years, and need nothing of it any more.
    """
    for one in set(cases.open_case_ids(connection)) - packed:
        row = cases.load(connection, one)
        if row is not None and case.number in texts_in(row.fields):
            return row.number
    return ""


def _papers(
    connection: Connection, case_id: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the documents that go and those that stay: letters that the office sent under a number."""
    rows = document_store.case_documents(connection, case_id)
    stays = [row for row in rows if row["kind"] == "letter" and row["letter_number"]]
    return [row for row in rows if row not in stays], stays


def _without(gone: set[str]) -> Any:
    """Return a change that takes sealed values out of a stored one, and the ids of documents that are gone."""

    def change(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: change(one) for key, one in erased(dict(value)).items()}
        if isinstance(value, list):
            return [change(one) for one in value if not (isinstance(one, str) and one in gone)]
        return erased(value)

    return change


def _titles(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(str(row["title"]) for row in rows)
