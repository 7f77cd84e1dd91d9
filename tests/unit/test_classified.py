"""Marks of state secrets in uploaded files: found in each kind that has text, nowhere else."""

from __future__ import annotations

import io
import zipfile

import docx
import openpyxl
import pytest

from engine.demo.paper import paper
from engine.documents.classified import Marks, mark_in
from engine.office.security import read_security
from tests.integration.conftest import ROOT

MARKS = Marks(("绝密★", "机密★", "秘密★"), ("绝密", "机密", "秘密"))
PLAIN = "关于城区道路停车泊位的通知"


def word(*paragraphs: str, header: str = "") -> bytes:
    document = docx.Document()
    for text in paragraphs:
        first, rest = text[:2], text[2:]
        written = document.add_paragraph(first)
        written.add_run(rest).bold = True  # Word splits a line where its looks change
    if header:
        document.sections[0].header.paragraphs[0].text = header
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def sheet(text: str) -> bytes:
    book = openpyxl.Workbook()
    book.worksheets[0]["B2"] = text
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("filename", "data", "mark"),
    [
        ("通知.txt", "机密★10年\n正文".encode(), "机密★"),
        ("通知.txt", "机 密 ★ 10年".encode("gb18030"), "机密★"),
        ("通知.txt", "绝密\n某某文件".encode("utf-16"), "绝密"),
        ("通知.docx", word("秘密★长期", PLAIN), "秘密★"),
        ("通知.docx", word(PLAIN, header="机密"), "机密"),
        ("通知.docx", word("内部资料", "机  密", PLAIN), "机密"),
        ("表.xlsx", sheet("秘密★3年"), "秘密★"),
        ("通知.pdf", paper("机密★5年"), "机密★"),
        ("材料.zip", packed(a__docx=word("绝密★", PLAIN)), "绝密★"),
        ("机密★某某.pdf", paper(PLAIN), "机密★"),
    ],
)
def test_a_mark_is_found(filename, data, mark):
    assert mark_in(filename, data, MARKS) == mark


@pytest.mark.parametrize(
    ("filename", "data"),
    [
        ("通知.txt", "本件涉及商业秘密，不属于国家秘密".encode()),
        ("通知.txt", ("\n".join(["正文"] * 20) + "\n秘密").encode()),
        ("审查表.docx", word("密级：秘密、机密、绝密三级", "保守国家秘密法")),
        ("通知.pdf", paper("商业秘密保护的通知")),
        ("坏的.pdf", b"%PDF-1.4 broken"),
        ("坏的.docx", b"PK\x03\x04broken"),
        ("照片.jpg", b"\xff\xd8\xff"),
    ],
)
def test_what_only_speaks_of_secrets_is_taken(filename, data):
    assert mark_in(filename, data, MARKS) is None


def test_an_office_without_marks_looks_at_nothing():
    assert mark_in("机密★.txt", "机密★".encode(), Marks()) is None


def test_the_office_has_marks():
    data = (ROOT / "processes" / "_office" / "security.yaml").read_bytes()
    roles = dict.fromkeys(line.split(":")[0].strip() for line in data.decode().splitlines())
    assert read_security(data, roles).marks.anywhere[0] == "绝密★"
