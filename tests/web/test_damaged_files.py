"""A document whose bytes on disk are gone or changed is never handed out; it is named where it is asked for (R22)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text as sql

from engine import commands, queries
from engine.blobs import BlobDamaged
from engine.doctor import examine
from engine.identity import SYSTEM
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text


def a_document(real: RealOffice) -> tuple[str, str, Path]:
    """Return the number of a case, the id of its document, and where its bytes lie."""
    case = real.start()
    data = b"%PDF-1.4 the application as it came"
    digest = real.env.blobs.put(data)
    with UnitOfWork(real.env.database, writing=True) as uow:
        uow.connection.execute(
            sql(
                "insert into document (id, case_id, kind, title, filename, media_type, sha256, size, created_at,"
                " created_by, position) values ('d1', :case, 'upload', '申请书', '申请书.pdf', 'application/pdf', :digest,"
                " :size, '2026-11-02 01:00:00', 'zhou', 99)"
            ),
            {"case": case.case_id, "digest": digest, "size": len(data)},
        )
        uow.commit()
    return case.number, "d1", real.env.config.blobs / digest[:2] / digest


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_damaged_document_was_a_defect_without_a_name(real: RealOffice, damage: str) -> None:
    number, document, file = a_document(real)
    zhou = real.browser("zhou")
    assert zhou.http.get(f"/documents/{document}").status_code == 200
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[:-1] + b"X")
    answer = zhou.http.get(f"/documents/{document}")
    assert answer.status_code == 410
    assert "申请书（申请书.pdf）" in text(look_over(answer).main)
    with pytest.raises(BlobDamaged):
        commands.export_case(real.env, SYSTEM, number)
    found = {one.name: one for one in examine(real.env)}["documents"]
    assert not found.ok
    assert f"有1个文件丢失或者被改动过（{number}的“申请书”）" in found.sentence
    page = queries.audit_page(real.env, real.actor("meng"), {"result": "failed"})
    assert [row.reason for row in page.rows] == ["文件已损坏"]
    file.write_bytes(whole)  # brought back from the backup
    assert zhou.http.get(f"/documents/{document}").data == whole
    assert {one.name: one for one in examine(real.env)}["documents"].ok
