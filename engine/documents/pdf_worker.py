"""Child process that reads the text of a PDF; started by ``engine.documents.classified``, never imported by it.

A file from outside is treated as hostile: it is read with little processor time and memory and in an empty
environment. Standard input is the file; standard output its text as UTF-8, one page after another. A file
that cannot be read, such as a locked one, ends it with status 1.
"""

from __future__ import annotations

import io
import resource
import sys

from pypdf import PdfReader

PAGES = 60  # a mark stands on the first page; annexes may begin later
MEGABYTES, CPU_SECONDS = 768, 10


def text_of(data: bytes) -> str:
    """Return the text of the first pages."""
    pages = PdfReader(io.BytesIO(data)).pages
    return "\n".join(page.extract_text() for page in pages[:PAGES])


def main() -> None:
    """Read, limit, answer."""
    memory = MEGABYTES * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    data = sys.stdin.buffer.read()
    try:
        text = text_of(data)
    except Exception:  # a broken file breaks in many ways; here each means: unreadable
        raise SystemExit(1) from None
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
