"""Figures by a definition: what is counted, for which section and period, and by which cases."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest

from engine.counting import Counted, FiguresInvalid, count, figures_workbook, parse_figures
from tests.integration.conftest import ROOT

DEFINITION = """
figures: work
title: 指标
columns:
  - {key: handled, label: 件数, steps: a, on: '= closed_on', unit: '= unit'}
  - {key: late, label: 逾期, steps: a, on: '= closed_on', if: '= closed_on > due_on', unit: '= unit'}
  - {key: days, label: 工作日, steps: a, on: '= closed_on', unit: '= unit', sums: '= days'}
  - {key: average, label: 平均, value: '= if handled = 0 then null else decimal(days / handled, 1)'}
  - {key: won, label: 纠正, cases: b, on: '= decided'}
lists:
  - {key: rows, title: 清单, cases: b, on: '= decided', values: {name: '= title'}, labels: {name: 名称}}
"""


def step(number: str, unit: str | None, closed: str, due: str, days: int) -> Counted:
    names = {
        "unit": unit,
        "closed_on": date.fromisoformat(closed),
        "due_on": date.fromisoformat(due),
        "days": days,
    }
    return Counted(number, "a", names)


STEPS = [
    step("1", "housing", "2026-03-02", "2026-03-02", 3),
    step("2", "housing", "2026-03-31", "2026-03-30", 4),
    step("3", "housing", "2026-04-01", "2026-04-02", 9),  # after the period
    step("4", "works", "2026-03-03", "2026-03-04", 1),
    step("5", None, "2026-03-05", "2026-03-06", 2),  # of no section
]
CASES = [Counted("6", "b", {"decided": date(2026, 3, 9), "title": "=1+1"})]


def counted():
    return count(
        parse_figures(DEFINITION.encode(), "figures/work.yaml"),
        {"steps": STEPS, "cases": CASES},
        first=date(2026, 3, 1),
        last=date(2026, 3, 31),
        units=["housing", "works", "finance"],
    )


def test_each_section_has_a_row_and_what_has_none_is_in_the_total():
    found = counted()
    assert found.rows["housing"] == {
        "handled": 2,
        "late": 1,
        "days": 7,
        "average": Decimal("3.5"),
        "won": 0,
    }
    assert found.rows["works"]["handled"] == 1
    assert found.rows["finance"] == {"handled": 0, "late": 0, "days": 0, "average": None, "won": 0}
    assert (found.rows[""]["handled"], found.rows[""]["won"]) == (4, 1)
    assert found.as_dict()["lists"] == {"rows": [{"name": "=1+1"}]}


def test_every_number_names_its_cases():
    sources = {(label, unit): cases for label, unit, _, cases in counted().sources}
    assert sources["件数", "housing"] == ["1", "2"]
    assert sources["件数", ""] == ["1", "2", "4", "5"]
    assert sources["逾期", "housing"] == ["2"]
    assert ("逾期", "works") not in sources


def test_the_workbook_holds_table_list_and_sources_and_no_formula():
    definition = parse_figures(DEFINITION.encode(), "figures/work.yaml")
    data = figures_workbook(definition, counted(), {"housing": "房屋科"})
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["汇总", "清单", "取数依据"]
    assert [cell.value for cell in book["汇总"][2]] == ["房屋科", 2, 1, 7, 3.5, 0]
    assert (book["清单"]["A2"].value, book["清单"]["A2"].data_type) == ("=1+1", "s")
    assert [cell.value for cell in book["取数依据"][2]] == ["件数", "房屋科", "2", "1"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{key: x, label: 甲}", "“甲”要么写 cases、steps、breaches 之一，要么写 value"),
        ("{key: x, label: 甲, cases: b}", "“甲”没有写 on：按哪一天算进期间"),
        ("{key: x, label: 甲, cases: b, on: '= ('}", "“on”的表达式写得不对"),
        ("{key: x, label: 甲, value: '= 1', odd: 2}", "odd"),
    ],
)
def test_a_wrong_definition_says_what_is_wrong(line, said):
    with pytest.raises(FiguresInvalid) as refused:
        parse_figures(f"figures: x\ntitle: x\ncolumns:\n  - {line}\n".encode(), "figures/x.yaml")
    assert said in refused.value.sentence
    assert "figures/x.yaml第4行" in refused.value.sentence


def test_what_ships_can_be_read():
    for file in (ROOT / "processes" / "_office" / "figures").glob("*.yaml"):
        assert parse_figures(file.read_bytes(), f"figures/{file.name}").key == file.stem
