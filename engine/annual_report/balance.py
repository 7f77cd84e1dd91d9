"""The cross-foot checks (勾稽) of tables three and four: a report that does not balance is not written.

Each check is told as a sentence with its numbers, whether it holds or not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.annual_report.definition import Disputes, Requests
from engine.annual_report.figures import TOTAL, Report
from engine.errors import BadInput
from engine.words import AsIs, listed, say

Figures = Mapping[str, Mapping[str, int | Decimal]]


@dataclass(frozen=True)
class Check:
    """One equation: whether it holds, its sentence, and whether the report may go out without it."""

    ok: bool
    sentence: str
    blocking: bool = True


class ReportUnbalanced(BadInput):
    """The figures contradict each other; ``checks`` are those that fail."""

    code = "report_unbalanced"

    def __init__(self, checks: list[Check]) -> None:
        said = say("；").join(check.sentence for check in checks)
        super().__init__(
            f"{len(checks)} checks fail",
            sentence=say("年度报告的数据不平，没有生成：{said}", said=said),
        )
        self.checks = checks


def checks_of(report: Report) -> list[Check]:
    """Return every check of a report, what could not be counted first."""
    three = {
        row: {key: cell.value for key, cell in cells.items()} for row, cells in report.three.items()
    }
    four = {
        row: {key: cell.value for key, cell in cells.items()} for row, cells in report.four.items()
    }
    stated = Check(
        report.statement is not None,
        _stated_by(report),
        blocking=False,
    )
    return [
        *(Check(False, sentence) for sentence in report.remarks),
        stated,
        *check_requests(report.definition.three, three, report.previous),
        *check_disputes(report.definition.four, four),
    ]


def _stated_by(report: Report) -> str:
    if report.statement:
        return say(
            "第二部分由{year}年度的报送事项填报（{case}）",
            year=report.year,
            case=AsIs(report.statement),
        )
    if report.interim:
        return say(
            "第二部分由{year}年度的报送事项填报，系统里还没有这件，现按{cases}合计",
            year=report.year,
            cases=AsIs(listed(report.interim)),
        )
    return say("第二部分由{year}年度的报送事项填报，系统里还没有这件，现按0列", year=report.year)


def refuse_unbalanced(report: Report) -> list[Check]:
    """Return the checks.

    Raises:
        ReportUnbalanced: a blocking one fails.
    """
    checks = checks_of(report)
    failed = [check for check in checks if check.blocking and not check.ok]
    if failed:
        raise ReportUnbalanced(failed)
    return checks


def check_requests(
    requests: Requests, figures: Figures, previous: Mapping[str, int | Decimal] | None
) -> list[Check]:
    """Check table three: 一＋二＝三（七）＋四, （七） the sum of its lines, each line's total, and last year.

    Args:
        figures: {row key: {column key or "total": number}}.
        previous: last year's 四 by column, None where it is not on record.
    """
    labels = {**{column.key: column.label for column in requests.columns}, TOTAL: requests.total}
    checks = [
        check for key, label in labels.items() for check in _column(requests, figures, key, label)
    ]
    for row in requests.rows:
        cells = figures[row.key]
        parts = sum(cells[column.key] for column in requests.columns)
        checks.append(
            Check(
                parts == cells[TOTAL],
                say(
                    "“{row}”各列之和{parts}，应等于{total}{sum}",
                    row=row.label,
                    parts=parts,
                    total=requests.total,
                    sum=cells[TOTAL],
                ),
            )
        )
    return [*checks, *_carried(requests, figures, previous)]


def _column(requests: Requests, figures: Figures, key: str, label: str) -> list[Check]:
    new, carried_in, concluded, carried_out = (
        figures[requests.row(counts).key][key]
        for counts in ("new", "carried_in", "concluded", "carried_out")
    )
    lines = sum(figures[row.key][key] for row in requests.outcomes)
    return [
        Check(
            new + carried_in == concluded + carried_out,
            say(
                "“{column}”列：新收{new}＋上年结转{carried_in}＝{before}，"
                "应等于办理结果总计{concluded}＋结转下年度{carried_out}＝{after}",
                column=label,
                new=new,
                carried_in=carried_in,
                before=new + carried_in,
                concluded=concluded,
                carried_out=carried_out,
                after=concluded + carried_out,
            ),
        ),
        Check(
            lines == concluded,
            say(
                "“{column}”列：各项办理结果之和{lines}，应等于（七）总计{concluded}",
                column=label,
                lines=lines,
                concluded=concluded,
            ),
        ),
    ]


def _carried(
    requests: Requests, figures: Figures, previous: Mapping[str, int | Decimal] | None
) -> list[Check]:
    row = figures[requests.row("carried_in").key]
    if previous is None:
        return [
            Check(
                row[TOTAL] == 0,
                say(
                    "系统里没有上一年度的报送事项，上年结转{n}件没有同公布的数核对，请人工核对",
                    n=row[TOTAL],
                ),
                blocking=False,
            )
        ]
    return [
        Check(
            row[column.key] == previous[column.key],
            say(
                "“{column}”列：上年结转{n}，应等于上一年度公布的结转下年度{before}",
                column=column.label,
                n=row[column.key],
                before=previous[column.key],
            ),
        )
        for column in requests.columns
    ]


def check_disputes(disputes: Disputes, figures: Figures) -> list[Check]:
    """Check table four: each 总计 is the sum of its results."""
    checks = []
    for group in disputes.groups:
        cells = figures[group.key]
        parts = sum(cells[key] for key, _ in disputes.results)
        checks.append(
            Check(
                parts == cells[TOTAL],
                say(
                    "“{row}”各项结果之和{parts}，应等于{total}{sum}",
                    row=group.label,
                    parts=parts,
                    total=disputes.total,
                    sum=cells[TOTAL],
                ),
            )
        )
    return checks
