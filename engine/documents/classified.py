"""Does a file carry a mark of state secrets? Such a file may not be kept here (保守国家秘密法第三十一条).

Which marks are looked for is data of the office (``security.yaml``). Looks at the name and at the text of
txt, docx, xlsx, ofd, pdf and of such files in a zip; a picture or a scan has no text, so a person must look.
"""

from __future__ import annotations

import html
import io
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

PARTS, PART_BYTES = 200, 16 * 1024 * 1024
WALL_SECONDS = 20
FIRST_LINES = 12

_WORKER = Path(__file__).with_name("pdf_worker.py")
_TEXTS = {
    "docx": re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml"),
    "xlsx": re.compile(r"xl/(sharedStrings|worksheets/sheet\d+|drawings/drawing\d+)\.xml"),
    "ofd": re.compile(r".*/Content\.xml|.*/Pages/.*\.xml"),
}
_LINE_END = re.compile(r"</(?:w:p|si|is|oddHeader|ofd:TextCode|a:p)>|<w:(?:br|tab)/>")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Marks:
    """What a classified document bears.

    ``anywhere``: such as ``机密★``, blanks between the characters do not matter. ``alone``: words that are
    a mark only as a line of their own among the first lines or as the header, such as ``机密``.
    """

    anywhere: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()


def mark_in(filename: str, data: bytes, marks: Marks) -> str | None:
    """Return the mark that a file bears, None where none is found."""
    if not marks.anywhere and not marks.alone:
        return None
    named = _plain(filename)
    found = next((one for one in marks.anywhere if _plain(one) in named), None)
    return found or next(filter(None, (_in(text, marks) for text in _texts(filename, data))), None)


def _in(text: str, marks: Marks) -> str | None:
    whole = _plain(text)
    for one in marks.anywhere:
        if _plain(one) in whole:
            return one
    lines = [line for line in map(_plain, text.splitlines()) if line][:FIRST_LINES]
    return next((one for one in marks.alone if one in lines), None)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _texts(filename: str, data: bytes) -> Iterator[str]:
    ending = PurePosixPath(filename).suffix.lower().lstrip(".")
    if ending == "txt":
        yield _decoded(data)
    elif ending == "pdf":
        yield _pdf(data)
    elif ending in _TEXTS or ending == "zip":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                yield from _packed(archive, ending)
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):
            return  # what cannot be opened is refused elsewhere


def _packed(archive: zipfile.ZipFile, ending: str) -> Iterator[str]:
    for entry in archive.infolist()[:PARTS]:
        wanted = _TEXTS.get(ending)
        if wanted is not None and not wanted.fullmatch(entry.filename):
            continue
        with archive.open(entry) as part:
            data = part.read(PART_BYTES)
        if wanted is None:
            yield entry.filename
            if not entry.filename.lower().endswith(".zip"):
                yield from _texts(entry.filename, data)
        else:
            lines = _LINE_END.sub("\n", data.decode("utf-8", "replace"))
            yield html.unescape(_TAG.sub("", lines))


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _pdf(data: bytes) -> str:
    """Return the text of a PDF, "" where it has none or cannot be read."""
    try:
        done = subprocess.run(  # our own file, nothing of the upload in the words
            [sys.executable, "-I", str(_WORKER)],
            input=data,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env={"PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace")
