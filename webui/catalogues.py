"""The other languages of the screens: compiled from their text files when those are newer.

``translations/<language>/LC_MESSAGES/messages.po`` is the source; the ``.mo`` beside it is what gettext reads
and is never committed. Compiling takes a moment, so whoever starts the pages first does it.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent / "translations"


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
