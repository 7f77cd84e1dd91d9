"""What the Word template of the report may name: the tables' numbers and the drafted sections.

The template is a letter like any other and is filled in the same sandbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from engine.annual_report.figures import Functions, Report, Table


def letter_values(
    report: Report,
    letterhead: Mapping[str, str],
    *,
    written_on: date,
    functions: Functions | None = None,
) -> dict[str, object]:
    """Return {name: value} for the template.

    ``表二``, ``表三``, ``表四`` hold {row: {column: number}} by the definition's keys (table two's columns are
    ``c1``, ``c2``...), ``标题`` and ``正文`` the sections by key, and the letterhead its own names.
    """
    plain = {name: _numbers(getattr(report, name)) for name in ("two", "three", "four")}
    names = {
        **report.names,
        **plain,
        "figure": {key: cell.value for key, cell in report.figures.items()},
        "year": report.year,
        "office": letterhead.get("机关名称", ""),
    }
    sections = {
        section.key: [
            str(text)
            for paragraph in section.paragraphs
            if (text := paragraph.evaluate(names, functions)) is not None
        ]
        for section in report.definition.narrative
    }
    return {
        **letterhead,
        "年度": str(report.year),
        "报告名称": report.definition.title,
        "成文日期": written_on,
        "表二": {
            row: {f"c{column}": value for column, value in cells.items()}
            for row, cells in plain["two"].items()
        },
        "表三": plain["three"],
        "表四": plain["four"],
        "标题": {section.key: section.title for section in report.definition.narrative},
        "正文": sections,
    }


def _numbers(table: Table) -> dict[str, dict[str, object]]:
    return {
        row: {column: cell.value for column, cell in cells.items()} for row, cells in table.items()
    }
