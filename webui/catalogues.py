"""The other languages of the screens: compiled from their text files when those are newer.

``translations/<language>/LC_MESSAGES/messages.po`` is the source; the ``.mo`` beside it is what gettext reads
and is never committed. Compiling takes a moment, so whoever starts the pages first does it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent / "translations"
_BLANK = re.compile(r"\{\w+\}")


def english() -> Path:
    """Return the catalogue of the English pages."""
    return FOLDER / "en" / "LC_MESSAGES" / "messages.po"


def words_of(file: Path) -> Mapping[str, str]:
    """Return what a catalogue translates, without plural forms."""
    with file.open("rb") as source:
        return {
            message.id: message.string
            for message in read_po(source, locale="en")
            if message.id and isinstance(message.id, str) and isinstance(message.string, str)
        }


@cache
def sentences() -> frozenset[str]:
    """Return the sentences of the English pages."""
    return frozenset(words_of(english()))


@cache
def templates() -> tuple[str, ...]:
    """Return the sentences with blanks that the engine fills, by which a finished one is known again."""
    return tuple(one for one in sentences() if _BLANK.search(one) and _BLANK.sub("", one).strip())


def compile_catalogues(folder: Path = FOLDER) -> list[Path]:
    """Compile what is missing or older than its source; return what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/messages.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        # Two processes may start at once: each writes a file of its own, the last one stays.
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
        with os.fdopen(handle, "wb") as compiled:
            write_mo(compiled, catalogue)
        os.replace(name, target)
        written.append(target)
    return written
