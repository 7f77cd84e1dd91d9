"""Rows of a workbook: nothing that somebody typed is ever a formula; and its bytes, the same for the same rows."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_000  # a cell of .xlsx holds 32,767
_WRITTEN = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")


def saved(book: Workbook) -> bytes:
    """Return the bytes of an .xlsx without the moment of writing: what is counted again unchanged is the same file."""
    written, steady = io.BytesIO(), io.BytesIO()
    book.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(steady, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _WRITTEN.sub(b"", content)
            target.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return steady.getvalue()


def write_texts(sheet: Worksheet, row: int, values: Sequence[str]) -> None:
    """Write texts as texts: nothing that an applicant typed is ever a formula."""
    for column, value in enumerate(values, 1):
        cell: Any = sheet.cell(row, column)
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:LONGEST_CELL]
        cell.data_type = (
            "s"  # set last: the library would read a text that begins with = as a formula
        )
        if value[:1] in ("=", "+", "-", "@"):
            cell.quotePrefix = True  # stays a text when it is edited
