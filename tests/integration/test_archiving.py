"""A closed case goes to the archive whole: indexed, packed, and provable without us."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document

from engine import commands, queries
from engine.commands.errors import SubmissionInvalid
from engine.commands.reporting import DOCX
from engine.commands.submitting import Upload
from engine.documents.pdfa import is_pdfa
from engine.store import cases, documents
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_publishing import act, do, file, prepared
from tests.integration.test_steps import open_tasks
from tests.unit.test_pdfa import META, a_converter, a_docx

CHECKED = {
    "four_checks": ["authentic", "whole", "usable", "safe"],
    "file_state": "whole",
    "total_pages": "1",
    "retention": "10",
}


@pytest.fixture
def desk(tmp_path, database) -> Desk:
    return open_desk(tmp_path, "notice", "archiving", server=database)


def closed(desk: Desk, paper: Upload | None = None) -> str:
    case_id = prepared(desk)
    desk.time.advance(timedelta(minutes=1))
    do(desk, "zhao", case_id, "review", files=[paper or late()])
    do(desk, "zhou", case_id, "post", files=[file("fetched", b"%PDF-1.7 one")])
    act(desk, case_id, "abolished")
    return number(desk, case_id)


def late() -> Upload:
    return Upload("late_texts", "顾小明的意见.pdf", "application/pdf", b"%PDF <</Type/Page>>")


def number(desk: Desk, case_id: str) -> str:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
    assert case is not None
    return case.number


def filing(desk: Desk, about: str) -> str:
    values = {"case_number": about, "file_kind": "other", "filing_year": "2026"}
    return commands.start_case(desk.env, desk.actor("zhou"), "archiving", values).case_id


def check(desk: Desk, case_id: str) -> None:
    """Check the file; where the system cannot count the pages of a paper, say that it has one."""
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["check"])
    counted = [{**one, "pages": "1"} for one in page.values.get("counted") or ()]
    do(desk, "zhou", case_id, "check", {**CHECKED, **({"counted": counted} if counted else {})})


def packages(desk: Desk, case_id: str) -> list[dict]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = documents.case_documents(uow.connection, case_id)
    return [row for row in rows if row["media_type"] == "application/zip"]


def test_the_package_holds_every_paper_and_proves_it(desk):
    case_id = filing(desk, closed(desk))
    check(desk, case_id)
    do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})
    (row,) = packages(desk, case_id)
    with zipfile.ZipFile(io.BytesIO(desk.env.blobs.get(row["sha256"]))) as archive:
        names = archive.namelist()
        for line in archive.read("manifest-sha256.txt").decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
    assert len([name for name in names if name.startswith("papers/")]) == 3
    assert not [name for name in names if "顾小明" in name]
    assert commands.verify_audit(desk.env) == []


def packed(desk: Desk, monkeypatch, path: Path, about: str) -> tuple[dict[str, bytes], dict]:
    """Pack a case with ``path`` as the only place of programs; return the package's files and its index."""
    case_id = filing(desk, about)
    check(desk, case_id)
    monkeypatch.setenv("PATH", str(path))
    do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})
    (row,) = packages(desk, case_id)
    with zipfile.ZipFile(io.BytesIO(desk.env.blobs.get(row["sha256"]))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files["index.json"])


def word(data: bytes) -> Upload:
    return Upload("late_texts", "意见.docx", DOCX, data)


def test_word_documents_go_along_as_pdfa_where_a_converter_is_installed(
    desk, tmp_path, monkeypatch
):
    (tmp_path / "bin").mkdir()
    a_converter(tmp_path / "bin", f'echo "%PDF-1.7 {META}" > "$name"')
    files, index = packed(desk, monkeypatch, tmp_path / "bin", closed(desk, word(a_docx("意见"))))
    (made,) = [name for name in files if name.startswith("pdfa/")]
    assert is_pdfa(files[made])
    (paper,) = [one for one in index["papers"] if "pdfa" in one]
    assert paper["pdfa"] == made
    assert f"papers/{made.removeprefix('pdfa/').removesuffix('.pdf')}.docx" in files
    assert "1份 Word 文件已转换为 PDF/A-2b" in index["pdfa"]
    assert made in files["manifest-sha256.txt"].decode()


def test_a_document_that_fetches_from_elsewhere_is_not_given_to_the_converter(
    desk, tmp_path, monkeypatch
):
    (tmp_path / "bin").mkdir()
    a_converter(tmp_path / "bin", f'echo "%PDF-1.7 {META}" > "$name"')
    hostile = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_docx("意见"))) as plain, zipfile.ZipFile(hostile, "w") as out:
        for name in plain.namelist():
            out.writestr(name, plain.read(name))
        out.writestr("word/vbaProject.bin", b"macro")
    files, index = packed(
        desk, monkeypatch, tmp_path / "bin", closed(desk, word(hostile.getvalue()))
    )
    assert not [name for name in files if name.startswith("pdfa/")]
    assert "没有转换成" in index["pdfa"]


def test_without_a_converter_the_package_says_so_and_carries_the_document(
    desk, tmp_path, monkeypatch
):
    (tmp_path / "bin").mkdir()
    files, index = packed(desk, monkeypatch, tmp_path / "bin", closed(desk, word(a_docx("意见"))))
    assert [name for name in files if name.endswith(".docx")]
    assert not [name for name in files if name.startswith("pdfa/")]
    assert "没有安装转换程序" in index["pdfa"]


def test_an_open_case_is_not_archived(desk):
    about = number(desk, prepared(desk))
    with pytest.raises(commands.CaseStopped) as stopped:
        filing(desk, about)
    assert "还没有办结" in stopped.value.sentence


def test_a_number_that_no_case_has_is_said(desk):
    with pytest.raises(commands.SubmissionInvalid) as wrong:
        filing(desk, "2026-9999")
    assert "2026-9999" in wrong.value.errors["case_number"]


def test_a_file_that_changed_after_it_was_indexed_is_not_packed(desk):
    about = closed(desk)
    case_id = filing(desk, about)
    check(desk, case_id)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        source = cases.id_of_number(uow.connection, about)
        assert source is not None
        first = documents.case_documents(uow.connection, source)[0]
        added = {"id": "e" * 32, "sha256": desk.env.blobs.put(b"more"), "size": 4}
        documents.add_document(uow.connection, [{**first, **added}])
        uow.commit()
    with pytest.raises(commands.CaseStopped) as stopped:
        do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})
    assert "重新编目" in stopped.value.sentence
    assert packages(desk, case_id) == []


def test_pages_that_the_system_cannot_count_are_asked_for_and_kept(desk, tmp_path, monkeypatch):
    # A document that does not say how many pages it has, on a machine without a converter.
    silent = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_docx("意见"))) as plain, zipfile.ZipFile(silent, "w") as out:
        for name in plain.namelist():
            if name != "docProps/app.xml":
                out.writestr(name, plain.read(name))
    about = closed(desk, word(silent.getvalue()))
    monkeypatch.setenv("PATH", str(tmp_path))
    case_id = filing(desk, about)
    with pytest.raises(SubmissionInvalid, match="counted"):
        do(desk, "zhou", case_id, "check", CHECKED)
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["check"])
    asked = page.values["counted"]
    counted = [{**one, "pages": "4"} for one in asked]
    do(desk, "zhou", case_id, "check", {**CHECKED, "counted": counted})
    do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})
    (row,) = packages(desk, case_id)
    with zipfile.ZipFile(io.BytesIO(desk.env.blobs.get(row["sha256"]))) as archive:
        index = json.loads(archive.read("index.json"))
    assert [
        one["pages"] for one in index["papers"] if one["title"] in {a["title"] for a in asked}
    ] == [4] * len(asked)
    assert None not in [one["pages"] for one in index["papers"]]


def test_the_printed_index_says_the_sum_of_its_own_lines(desk):
    """It printed what was typed as the whole file: 36 pages over lines that added up to seven."""
    case_id = filing(desk, closed(desk))
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["check"])
    counted = [{**one, "pages": "4"} for one in page.values.get("counted") or ()]
    values = {**CHECKED, "total_pages": "36", **({"counted": counted} if counted else {})}
    do(desk, "zhou", case_id, "check", values)
    do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = documents.case_documents(uow.connection, case_id)
    (letter,) = [row for row in rows if row["letter"] == "case_index"]
    document = Document(io.BytesIO(desk.env.blobs.get(letter["sha256"])))
    lines = [row.cells[4].text for row in document.tables[0].rows][1:]
    said = "\n".join(one.text for one in document.paragraphs)
    assert f"共{len(lines)}件，{sum(map(int, lines))}页" in said
