"""The bytes of a workbook say what stands in it, and not when it was written."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import openpyxl

from engine.documents.sheets import saved, write_texts


def book(text: str, written: datetime) -> openpyxl.Workbook:
    made = openpyxl.Workbook()
    made.properties.created = written
    write_texts(made.worksheets[0], 1, [text])
    return made


def test_the_same_rows_are_the_same_file_whenever_they_are_written() -> None:
    first = saved(book("二十件", datetime(2026, 1, 5, tzinfo=UTC)))
    assert saved(book("二十件", datetime(2027, 3, 1, tzinfo=UTC))) == first
    assert saved(book("二十一件", datetime(2026, 1, 5, tzinfo=UTC))) != first


def test_it_can_be_opened_again() -> None:
    again = openpyxl.load_workbook(
        io.BytesIO(saved(book("二十件", datetime(2026, 1, 5, tzinfo=UTC))))
    )
    assert again.worksheets[0]["A1"].value == "二十件"
