"""The report as a workbook: the three tables as the format prints them, the checks, and the cases of each cell.

Knows how a sheet is laid out; computes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from engine.annual_report.balance import Check
from engine.annual_report.definition import Group
from engine.annual_report.figures import TOTAL, Cell, Report
from engine.documents.sheets import saved

_LINE = Side(style="thin")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)
_FONT, _HEAD = Font(name="宋体", size=11), Font(name="宋体", size=11, bold=True)
_CENTRE = Alignment(horizontal="center", vertical="center", wrap_text=True)
_LEFT = Alignment(horizontal="left", vertical="center", wrap_text=True)


def workbook(report: Report, checks: Sequence[Check]) -> bytes:
    """Return the bytes of an .xlsx."""
    book = Workbook()
    book.remove(book.worksheets[0])
    _two(_sheet(book, "第二部分", report, report.definition.two.title), report)
    _three(_sheet(book, "第三部分", report, report.definition.three.title), report)
    _four(_sheet(book, "第四部分", report, report.definition.four.title), report)
    _checks(book.create_sheet("核对"), checks)
    _sources(book.create_sheet("取数依据"), report)
    return saved(book)


def _sheet(book: Workbook, name: str, report: Report, title: str) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    sheet["A1"] = f"{report.year}年度{report.definition.title}　{title}"
    sheet["A1"].font = _HEAD
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    return sheet


def _put(
    sheet: Worksheet,
    row: int,
    column: int,
    value: object,
    *,
    down: int = 1,
    across: int = 1,
    head: bool = False,
    left: bool = False,
) -> None:
    """Write a value into a cell, or into cells that are joined."""
    cell = sheet.cell(row, column)
    cell.value = value  # type: ignore[assignment]  # text or number: what a cell may hold
    cell.font, cell.alignment = (_HEAD if head else _FONT), (_LEFT if left else _CENTRE)
    for below in range(down):
        for beside in range(across):
            sheet.cell(row + below, column + beside).border = _BORDER
    if down * across > 1:
        sheet.merge_cells(
            start_row=row,
            start_column=column,
            end_row=row + down - 1,
            end_column=column + across - 1,
        )


def _two(sheet: Worksheet, report: Report) -> None:
    row = 3
    widest = max(len(block.columns) for block in report.definition.two.blocks)
    for block in report.definition.two.blocks:
        _put(sheet, row, 1, block.title, across=widest + 1, head=True)
        _put(sheet, row + 1, 1, "信息内容", head=True)
        share = widest // len(block.columns)
        for place, label in enumerate(block.columns):
            _put(sheet, row + 1, 2 + place * share, label, across=share, head=True)
        for below, line in enumerate(block.rows, 2):
            _put(sheet, row + below, 1, line.label)
            for place in range(len(block.columns)):
                value = report.two[line.key][str(place + 1)].value
                _put(sheet, row + below, 2 + place * share, value, across=share)
        row += 2 + len(block.rows)
    for note in (line.note for line in report.definition.two.rows if line.note):
        sheet.cell(row + 1, 1, f"注：{note}").font = _FONT
        row += 1
    for column, width in zip("ABCD", (30, 18, 18, 18), strict=True):
        sheet.column_dimensions[column].width = width


def _three(sheet: Worksheet, report: Report) -> None:
    three, columns = report.definition.three, report.definition.three.columns
    _put(sheet, 3, 1, three.corner, down=3, across=3)
    _put(sheet, 3, 4, three.headings[0], across=len(columns) + 1, head=True)
    at = 4
    for organisation, group in groupby(columns, key=lambda one: one.organisation):
        found = list(group)
        if organisation:
            _put(sheet, 4, at, three.headings[1], across=len(found), head=True)
        for place, column in enumerate(found):
            row, down = (5, 1) if organisation else (4, 2)
            _put(sheet, row, at + place, column.label, down=down, head=True)
        at += len(found)
    _put(sheet, 4, at, three.total, down=2, head=True)
    row = 6
    for (group, under), lines_ in groupby(three.rows, key=lambda one: (one.group, one.under)):
        lines = list(lines_)
        if under:
            _put(sheet, row, 2, under, down=len(lines), left=True)
        for line in lines:
            first = 3 if under else 2 if group else 1
            _put(sheet, row, first, line.label, across=4 - first, left=True)
            for place, key in enumerate([*(one.key for one in columns), TOTAL]):
                _put(sheet, row, 4 + place, report.three[line.key][key].value)
            row += 1
    _left_labels(sheet, report)
    for letter, width in zip("ABCDEFGHIJ", (14, 16, 46, 9, 9, 9, 10, 10, 8, 8), strict=False):
        sheet.column_dimensions[letter].width = width


def _left_labels(sheet: Worksheet, report: Report) -> None:
    row = 6
    for group, lines in groupby(report.definition.three.rows, key=lambda one: one.group):
        count = len(list(lines))
        if group:
            _put(sheet, row, 1, group, down=count, left=True)
        row += count


def _four(sheet: Worksheet, report: Report) -> None:
    four = report.definition.four
    results = [*four.results, (TOTAL, four.total)]
    at = 1
    for above, groups_ in groupby(four.groups, key=lambda one: one.above):
        groups: list[Group] = list(groups_)
        if above:
            _put(sheet, 3, at, above, across=len(results) * len(groups), head=True)
        for group in groups:
            row, down = (4, 1) if above else (3, 2)
            _put(sheet, row, at, group.label, down=down, across=len(results), head=True)
            for place, (key, label) in enumerate(results):
                _put(sheet, 5, at + place, label)
                _put(sheet, 6, at + place, report.four[group.key][key].value)
            at += len(results)


def _checks(sheet: Worksheet, checks: Sequence[Check]) -> None:
    sheet.append(["是否相符", "内容"])
    for check in checks:
        word = "相符" if check.ok else "不符" if check.blocking else "请核对"
        sheet.append([word, check.sentence])
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 10, 110


def _sources(sheet: Worksheet, report: Report) -> None:
    sheet.append(["表", "行", "列", "数", "案件编号"])
    for table, row, column, cell in _cells(report):
        for number in cell.cases:
            sheet.append([table, row, column, cell.value, number])
    for letter, width in zip("ABCDE", (10, 50, 24, 8, 24), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.auto_filter.ref = sheet.dimensions


def _cells(report: Report) -> Iterator[tuple[str, str, str, Cell]]:
    """Yield every cell that counts something, with the words of its table, row and column."""
    definition = report.definition
    for block in definition.two.blocks:
        for line in block.rows:
            for place, label in enumerate(block.columns, 1):
                yield "第二部分", line.label, label, report.two[line.key][str(place)]
    for row in definition.three.rows:
        for column in definition.three.columns:
            cell = report.three[row.key][column.key]
            yield "第三部分", f"{row.under}{row.label}", column.label, cell
    for group in definition.four.groups:
        for key, label in definition.four.results:
            yield "第四部分", f"{group.above}{group.label}", label, report.four[group.key][key]
    for figure in definition.figures:
        yield "文字部分", figure.label, "", report.figures[figure.key]
