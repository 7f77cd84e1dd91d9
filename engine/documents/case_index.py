"""The index of a case file and its package for the archive: order, page counts, checksums.

Plain values and bytes in, plain values and bytes out. Which kind of paper comes first is data of a procedure;
nothing here knows a case, a database or an archive's rules.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.timesource import legal_day

_PDF_PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
_PDF_COUNT = re.compile(
    rb"/Type\s*/Pages\b[^>]*?/Count\s+(\d+)|/Count\s+(\d+)[^>]*?/Type\s*/Pages\b"
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\s]+")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same file gives the same bytes, whenever it is packed
_ONE_PAGE = ("image/jpeg", "image/png")


PDF = "application/pdf"
_PAGES_SAID = re.compile(rb"<(?:\w+:)?Pages>\s*(\d{1,5})\s*</")
_MOST = 1024 * 1024  # bytes of a document's own description


@dataclass(frozen=True)
class Paper:
    """One document of a case: what it is (form field or letter), its words, its bytes by hash.

    ``key`` is the form field or the kind of letter it belongs to; ``order`` says where such a key stands.
    """

    key: str
    title: str
    number: str
    filename: str
    media_type: str
    sha256: str
    size: int
    at: datetime
    is_uploaded: bool = False  # saved by somebody's own program, not written by us


@dataclass(frozen=True)
class IndexLine:
    """A line of the index; ``pages`` is None where a file does not say how many it has."""

    no: int
    paper: Paper
    pages: int | None

    @property
    def name(self) -> str:
        """Its name in the package: the number first, so that the folder stands in the order of the index."""
        ending = (
            self.paper.filename.rpartition(".")[2].lower() if "." in self.paper.filename else ""
        )
        title = _UNSAFE.sub("-", f"{self.paper.title} {self.paper.number}".strip())[:60]
        return f"{self.no:03}-{title}{'.' + ending if ending.isalnum() else ''}"

    def as_dict(self) -> dict[str, object]:
        """Return the line as JSON and letters take it. File names are left out: people put names into them."""
        return {
            "no": self.no,
            "title": self.paper.title,
            "number": self.paper.number,
            "date": legal_day(self.paper.at).isoformat(),
            "pages": self.pages,
            "sha256": self.paper.sha256,
            "size": self.paper.size,
        }


def index_of(
    papers: Sequence[Paper],
    order: Sequence[str],
    data: Mapping[str, bytes],
    counted: Mapping[str, int] | None = None,
) -> list[IndexLine]:
    """Put a case's papers in order.

    Args:
        order: keys, first to last; what is not named follows in the order of time.
        data: {sha256: bytes}, to count pages.
        counted: {sha256: pages}, of those whose bytes do not say.
    """
    known = counted or {}
    place = {key: number for number, key in enumerate(order)}
    arranged = sorted(papers, key=lambda one: (place.get(one.key, len(place)), one.at))
    return [
        IndexLine(number, one, known.get(one.sha256) or pages_of(one.media_type, data[one.sha256]))
        for number, one in enumerate(arranged, 1)
    ]


def pages_of(media_type: str, data: bytes) -> int | None:
    """Return how many pages a file has, None where it cannot be told without opening it in its program."""
    if media_type in _ONE_PAGE:
        return 1
    if media_type != PDF:
        return None
    counts = [int(first or second) for first, second in _PDF_COUNT.findall(data)]
    return max(counts) if counts else len(_PDF_PAGE.findall(data)) or None


def pages_said(data: bytes) -> int | None:
    """Return how many pages a Word document says it has (``docProps/app.xml``), as its program last laid it out.

    Only for a document that a program of its kind saved: a letter filled from a template says the template's pages.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entry = package.getinfo("docProps/app.xml")
            found = _PAGES_SAID.search(package.read(entry)) if entry.file_size < _MOST else None
    except (zipfile.BadZipFile, KeyError, OSError, NotImplementedError, RuntimeError, EOFError):
        return None
    return int(found[1]) or None if found else None


def digest_of(lines: Sequence[IndexLine]) -> str:
    """Return one checksum for the whole file: any paper added, left out or changed changes it."""
    rows = [[line.no, line.paper.title, line.paper.number, line.paper.sha256] for line in lines]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def package(
    lines: Sequence[IndexLine],
    data: Mapping[str, bytes],
    about: Mapping[str, object],
    fixed: Mapping[str, bytes] | None = None,
) -> bytes:
    """Return the package: papers as they are, an index, and checksums that common tools can check.

    Args:
        fixed: {sha256 of a paper: its PDF/A}, which goes beside the paper, in ``pdfa/``.

    ``sha256sum -c manifest-sha256.txt`` in the unpacked folder proves every paper.
    """
    made = {
        line.no: (f"pdfa/{line.name.rpartition('.')[0]}.pdf", fixed[line.paper.sha256])
        for line in lines
        if fixed and line.paper.sha256 in fixed
    }
    papers = [
        {**line.as_dict(), **({"pdfa": made[line.no][0]} if line.no in made else {})}
        for line in lines
    ]
    index = {**about, "digest": digest_of(lines), "papers": papers}
    files = {f"papers/{line.name}": data[line.paper.sha256] for line in lines}
    files.update(dict(made.values()))
    files["index.json"] = json.dumps(index, ensure_ascii=False, indent=1).encode()
    sums = "".join(f"{hashlib.sha256(d).hexdigest()}  {name}\n" for name, d in files.items())
    files["manifest-sha256.txt"] = sums.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
