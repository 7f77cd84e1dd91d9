"""The index of a case file: its order is data, its pages are counted, its checksums can be checked by anybody."""

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime

import pytest

from engine.documents.case_index import Paper, digest_of, index_of, package, pages_of, pages_said

PDF = b"%PDF-1.4 <</Type /Pages /Kids [1 0 R 2 0 R] /Count 2>> <</Type /Page>> <</Type /Page>>"


def a_paper(key: str, title: str, day: int, data: bytes = PDF, **given) -> Paper:
    values = {"number": "", "filename": f"{title}.pdf", "media_type": "application/pdf", **given}
    at = datetime(2026, 3, day, 1, tzinfo=UTC)
    return Paper(
        key=key,
        title=title,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        at=at,
        **values,
    )


def the_data(*bodies: bytes) -> dict[str, bytes]:
    return {hashlib.sha256(one).hexdigest(): one for one in bodies or (PDF,)}


def test_papers_stand_in_the_order_given_and_the_rest_in_the_order_of_time():
    papers = [
        a_paper("later", "补充材料", 9),
        a_paper("reply_full", "告知书", 8),
        a_paper("other", "说明", 3),
        a_paper("application_files", "申请表", 5),
    ]
    lines = index_of(papers, ["application_files", "reply_full"], the_data())
    assert [line.paper.title for line in lines] == ["申请表", "告知书", "说明", "补充材料"]
    assert [line.no for line in lines] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("media_type", "data", "pages"),
    [
        ("application/pdf", PDF, 2),
        ("application/pdf", b"%PDF <</Count 3 /Type/Pages>>", 3),
        ("application/pdf", b"%PDF <</Type/Page>>", 1),
        ("application/pdf", b"%PDF nothing to be read", None),
        ("image/png", b"\x89PNG", 1),
        ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK", None),
    ],
)
def test_pages_are_counted_or_said_to_be_unknown(media_type, data, pages):
    assert pages_of(media_type, data) == pages


def test_the_digest_changes_with_every_paper():
    one = index_of([a_paper("a", "甲", 1)], [], the_data())
    two = index_of([a_paper("a", "甲", 1), a_paper("b", "乙", 2)], [], the_data())
    other = b"other bytes"
    changed = index_of([a_paper("a", "甲", 1, other)], [], the_data(other))
    assert len({digest_of(one), digest_of(two), digest_of(changed)}) == 3


def test_the_index_holds_no_file_name():
    (line,) = index_of([a_paper("a", "身份证明", 1, filename="顾小明身份证.pdf")], [], the_data())
    assert "顾小明" not in json.dumps(line.as_dict(), ensure_ascii=False)
    assert "顾小明" not in line.name


def test_the_package_proves_every_paper_and_is_the_same_every_time():
    lines = index_of([a_paper("a", "申请表", 1), a_paper("b", "告知书", 2)], [], the_data())
    packed = package(lines, the_data(), {"case": "2026-0001"})
    assert packed == package(lines, the_data(), {"case": "2026-0001"})
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist()[:2] == ["papers/001-申请表.pdf", "papers/002-告知书.pdf"]
        for row in archive.read("manifest-sha256.txt").decode().splitlines():
            digest, _, name = row.partition("  ")
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest
        index = json.loads(archive.read("index.json"))
    assert index["digest"] == digest_of(lines)
    assert [one["pages"] for one in index["papers"]] == [2, 2]


def test_a_title_cannot_leave_the_folder_of_the_package():
    (line,) = index_of([a_paper("a", "../../etc/passwd", 1)], [], the_data())
    assert "/" not in line.name


def a_word_file(described: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("docProps/app.xml", described)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "pages"),
    [
        (a_word_file(b"<Properties><Pages>12</Pages></Properties>"), 12),
        (a_word_file(b"<Properties><Pages>0</Pages></Properties>"), None),
        (a_word_file(b"<Properties/>"), None),
        (b"PK no package", None),
    ],
)
def test_a_word_file_says_how_many_pages_it_has_or_nothing(data, pages):
    assert pages_said(data) == pages


def test_pages_that_somebody_counted_stand_in_the_index():
    paper = a_paper("reply", "答复", 2, b"docx", media_type="application/vnd.word")
    (line,) = index_of([paper], [], the_data(b"docx"))
    assert line.pages is None
    (line,) = index_of([paper], [], the_data(b"docx"), {paper.sha256: 3})
    assert line.as_dict()["pages"] == 3
