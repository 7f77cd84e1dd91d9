"""The command ``report``: the statutory annual report, written from the cases."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine import commands
from engine.bootstrap import build_environment
from engine.cli.server import config_option
from engine.cli.speaking import tell, told
from engine.config import load_config
from engine.identity import SYSTEM
from engine.queries.report import AnnualReport, annual_letter, annual_report, annual_workbook
from engine.words import say


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(report)


@click.group()
def report() -> None:
    """统计报表。 Reports."""


@report.command()
@click.argument("year", type=click.IntRange(2008, 9999))
@click.option(
    "-o",
    "output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="写到哪个文件：.xlsx 为表格和取数依据，.docx 为报告正文。 Where to: .xlsx tables, .docx text.",
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="一份 JSON：各格的数和案件编号、核对结果。 One JSON document.",
)
@config_option
def annual(year: int, output: Path, as_json: bool, config_file: Path | None) -> None:
    """由案件汇总政府信息公开工作年度报告；数据不平的不生成，说明哪里不平。 The annual report."""
    if output.suffix.lower() not in (".xlsx", ".docx"):
        raise click.UsageError(told("文件名应以 .xlsx 或 .docx 结尾"))
    env = build_environment(load_config(config_file))
    commands.deploy_missing(env)
    found = annual_report(env, SYSTEM, year)
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False))
    is_table = output.suffix.lower() == ".xlsx"
    data = annual_workbook(found) if is_table else annual_letter(env, found)
    output.write_bytes(data)
    if not as_json:
        for check in found.checks:
            if not check.ok:
                tell(say("请核对：{sentence}", sentence=check.sentence))
        total = sum(check.ok for check in found.checks)
        tell(say("已生成 {output}，{total}项核对相符", output=output, total=total))


def _plain(found: AnnualReport) -> dict[str, object]:
    tables = {
        name: {
            row: {
                key: {"value": str(cell.value), "cases": cell.cases} for key, cell in cells.items()
            }
            for row, cells in getattr(found.report, name).items()
        }
        for name in ("two", "three", "four")
    }
    checks = [vars(check) for check in found.checks]
    return {"year": found.report.year, **tables, "checks": checks}
