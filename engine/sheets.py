"""Rows of a workbook: nothing that somebody typed is ever a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.worksheet.worksheet import Worksheet

LONGEST_CELL = 32_000  # a cell of .xlsx holds 32,767


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
