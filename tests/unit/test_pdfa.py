"""Word documents as PDF/A: with the converter that is there, with one that misbehaves, and without any."""

from __future__ import annotations

import io
import stat
import time
from pathlib import Path

import pytest
from docx import Document

from engine.documents import pdfa

META = "<rdf:Description pdfaid:part='2' pdfaid:conformance='B'/>"


def a_docx(text: str) -> bytes:
    document, out = Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def a_converter(folder: Path, work: str) -> Path:
    """Lay a program named soffice on disk: ``work`` is done for each file, with $file and $out."""
    program = folder / "soffice"
    program.write_text(
        "#!/bin/sh\n"
        'for one in "$@"; do case "$previous" in --outdir) out="$one";; esac; previous="$one"; done\n'
        'mkdir -p "$out"\n'
        f'for file in *.docx; do name="$out/${{file%.docx}}.pdf"; {work}; done\n',
        "utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_each_document_comes_back_under_its_name(tmp_path):
    program = a_converter(tmp_path, f'{{ echo "%PDF-1.7 {META}"; cat "$file"; }} > "$name"')
    documents = {"告知书": a_docx("一"), "回执": a_docx("二")}
    made = pdfa.to_pdfa(program, documents)
    assert set(made) == {"告知书", "回执"}
    for name, data in made.items():
        assert data.startswith(b"%PDF-1.7")
        assert documents[name] in data


def test_what_comes_out_as_another_kind_of_pdf_is_not_taken(tmp_path):
    program = a_converter(tmp_path, 'echo "%PDF-1.4 plain" > "$name"')
    assert pdfa.to_pdfa(program, {"告知书": a_docx("一")}) == {}


def _ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_converter_that_hangs_is_ended_with_what_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(pdfa, "WALL_SECONDS", 1)
    program = a_converter(tmp_path, f'sleep 600 & echo $! > "{tmp_path}/child"; wait')
    assert pdfa.to_pdfa(program, {"告知书": a_docx("一")}) == {}
    child = int((tmp_path / "child").read_text())
    # Killed is not yet gone: the kernel ends it when its turn comes.
    assert any(_ended(child) or time.sleep(0.05) for _ in range(600))


def test_a_converter_that_fails_leaves_the_documents_as_they_are(tmp_path):
    assert pdfa.to_pdfa(a_converter(tmp_path, "exit 7"), {"告知书": a_docx("一")}) == {}


def test_the_converter_sees_nothing_of_our_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("GONGKAI_SECRET", "not for others")
    program = a_converter(tmp_path, f'{{ echo "%PDF-1.7 {META}"; env; }} > "$name"')
    (data,) = pdfa.to_pdfa(program, {"告知书": a_docx("一")}).values()
    assert b"not for others" not in data
    assert b"HOME=" in data


def test_a_machine_without_a_converter_has_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pdfa.converter() is None
    a_converter(tmp_path, "true")
    assert pdfa.converter() == tmp_path / "soffice"


@pytest.mark.parametrize(
    ("data", "is_one"),
    [
        (f"%PDF-1.7 {META}".encode(), True),
        (b"%PDF-1.7 <pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>", True),
        (b"%PDF-1.4 <pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>", False),
        (b"%PDF-1.7 no metadata", False),
        (META.encode(), False),
    ],
)
def test_a_pdf_says_itself_whether_it_is_of_the_archive_kind(data, is_one):
    assert pdfa.is_pdfa(data) is is_one


@pytest.mark.skipif(pdfa.converter() is None, reason="LibreOffice is not installed here")
def test_the_real_converter_makes_the_archive_kind():
    program = pdfa.converter()
    assert program is not None
    made = pdfa.to_pdfa(program, {"告知书": a_docx("政府信息公开告知书"), "回执": a_docx("回执")})
    assert set(made) == {"告知书", "回执"}
    assert all(pdfa.is_pdfa(data) for data in made.values())
