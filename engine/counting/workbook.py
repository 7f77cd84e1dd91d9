"""Counted figures as a workbook: the table by section, each list, and the cases behind each number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from engine.counting.definition import Definition
from engine.counting.figures import Figures
from engine.documents.sheets import saved, write_texts

ALL = "合计"


def figures_workbook(definition: Definition, figures: Figures, units: Mapping[str, str]) -> bytes:
    """Return figures as an .xlsx.

    Args:
        units: {section id: title}.
    """
    book = Workbook()
    table = book.worksheets[0]
    table.title = "汇总"
    table.append(["科室", *(column.label for column in definition.columns)])
    for unit, cells in figures.rows.items():
        table.append([units.get(unit, unit) or ALL, *cells.values()])
    for listing in {one.key: one for one in reversed(definition.listings)}.values():
        labels = [listing.labels.get(key, key) for key in listing.values]
        rows = figures.lists.get(listing.key, [])
        _texts(
            book.create_sheet(listing.title[:31]),
            [labels, *([row.get(key) for key in listing.values] for row in rows)],
        )
    _texts(
        book.create_sheet("取数依据"),
        [
            ["项目", "科室", "数", "案件编号"],
            *(
                [label, units.get(unit, unit) or ALL, value, number]
                for label, unit, value, numbers in figures.sources
                for number in numbers
            ),
        ],
    )
    return saved(book)


def _texts(sheet: Worksheet, rows: Sequence[Sequence[object]]) -> None:
    for place, row in enumerate(rows, 1):
        write_texts(sheet, place, ["" if one is None else str(one) for one in row])
