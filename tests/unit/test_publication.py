"""The static site: the same bytes or nothing, whole at every moment, the same again."""

import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.publication import CatalogueEntry, PublicationBroken, PublishedFile, Site

TEXT = b"the reviewed text"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def a_file(data: bytes = TEXT, name: str = "通告.pdf") -> PublishedFile:
    return PublishedFile(name, digest(data), len(data))


def an_entry(*files: PublishedFile, **changes) -> CatalogueEntry:
    given = {
        "index": "某城执-2026-00001",
        "title": "停水通告",
        "sequence": 1,
        "entered_on": "2026-03-02",
    }
    return CatalogueEntry(**{**given, "files": files or (a_file(),), **changes})


def put(site: Site, entry: CatalogueEntry, *data: bytes) -> bool:
    return site.put(entry, {digest(one): one for one in data or (TEXT,)})


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path / "publication")


def test_the_published_bytes_are_the_reviewed_bytes(site):
    put(site, an_entry())
    folder = site.folder / "items" / "某城执-2026-00001"
    assert (folder / a_file().address).read_bytes() == TEXT
    assert site.problems() == []


def test_other_bytes_under_the_reviewed_hash_are_refused_and_nothing_is_written(site):
    with pytest.raises(PublicationBroken):
        site.put(an_entry(), {digest(TEXT): b"another text"})
    assert not site.folder.exists()


def test_missing_bytes_are_refused(site):
    with pytest.raises(PublicationBroken):
        site.put(an_entry(), {})


def test_the_same_again_changes_nothing(site):
    put(site, an_entry())
    before = snapshot(site.folder)
    times = {p: p.stat().st_mtime_ns for p in site.folder.rglob("*.html")}
    assert put(site, an_entry())
    assert snapshot(site.folder) == before
    assert {p: p.stat().st_mtime_ns for p in site.folder.rglob("*.html")} == times


def test_an_older_state_that_comes_late_never_replaces_a_newer_one(site):
    put(site, an_entry(a_file(b"corrected"), sequence=5), b"corrected")
    assert put(site, an_entry(sequence=2)) is False
    assert site.entry("某城执-2026-00001").files == (a_file(b"corrected"),)


def test_a_corrected_text_leaves_the_old_one_nowhere(site):
    put(site, an_entry())
    put(site, an_entry(a_file(b"corrected"), sequence=2), b"corrected")
    assert TEXT not in snapshot(site.folder).values()
    assert b"corrected" in snapshot(site.folder).values()


def test_withdrawn_only_the_number_and_what_the_public_is_told_remain(site):
    put(site, an_entry(summary="第三页有住址"))
    put(site, an_entry().withdrawn("2026-03-09", "请咨询办公室。", 2), b"")
    everything = b"".join(snapshot(site.folder).values()).decode()
    assert "停水通告" not in everything
    assert "住址" not in everything
    assert TEXT.decode() not in everything
    assert "请咨询办公室。" in everything


def test_the_catalogue_shows_what_is_there_the_newest_first(site):
    put(site, an_entry())
    put(site, an_entry(index="某城执-2026-00002", title="供水通告", entered_on="2026-03-05"))
    put(site, an_entry(index="某城执-2026-00003").withdrawn("2026-03-09", "已撤下。", 2), b"")
    page = (site.folder / "index.html").read_text(encoding="utf-8")
    assert page.index("供水通告") < page.index("停水通告")
    assert "00003" not in page
    assert "共2条" in page
    assert len(json.loads((site.folder / "catalogue.json").read_text(encoding="utf-8"))) == 3


def test_abolished_it_stays_with_its_text_and_says_so(site):
    entry = an_entry().noted(
        "2026-12-01", "validity", "已废止：新规定施行", validity="已废止", sequence=2
    )
    put(site, entry)
    page = (site.folder / entry.address / "index.html").read_text(encoding="utf-8")
    assert "已废止：新规定施行" in page
    assert a_file().address in page


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))


def test_what_an_office_typed_is_text_on_the_page_and_no_script_is_inline(site):
    nasty = '<script>alert(1)</script>" onload="x'
    put(site, an_entry(title=nasty, summary=nasty, publisher=nasty, topic=nasty))
    for path in site.folder.rglob("*.html"):
        tags = _Tags()
        tags.feed(path.read_text(encoding="utf-8"))
        assert all(attrs.get("src") for tag, attrs in tags.seen if tag == "script"), path
        assert not [a for _, attrs in tags.seen for a in attrs if a.startswith("on")], path


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc-passwd"),
        ("目录 第1版.pdf", "目录-第1版.pdf"),
        ("..", "file"),
        ("a" * 300 + ".pdf", "a" * 80 + ".pdf"),
    ],
)
def test_a_file_name_cannot_leave_its_folder(name, safe):
    assert a_file(name=name).address == f"{digest(TEXT)[:12]}-{safe}"


def test_damage_on_the_site_is_found_and_mended_by_writing_again(site):
    entry = an_entry()
    put(site, entry)
    (site.folder / entry.address / a_file().address).write_bytes(b"defaced")
    assert site.problems() == [f"{entry.address}/{a_file().address}"]
    put(site, entry)
    assert site.problems() == []


def test_an_entry_reads_back_as_it_was_written(site):
    entry = an_entry(number="某城执〔2026〕8号", topic="综合政务").noted(
        "2026-03-03", "corrected", "更正。"
    )
    put(site, entry)
    assert site.entry(entry.index) == entry
