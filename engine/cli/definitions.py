"""Commands for whoever draws procedures: ``check`` and ``try``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine.bpmn import Finding
from engine.bpmn.findings import ERROR, INFO, WARNING
from engine.errors import BadInput

_WORDS = {ERROR: "错误", WARNING: "警告", INFO: "提示"}


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(check)
    group.add_command(try_)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--strict", is_flag=True, help="警告也算不通过。 Warnings fail too.")
@click.option("--json", "as_json", is_flag=True, help="一份 JSON 数组。 One JSON array.")
def check(paths: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """检查流程文件夹或单个 .bpmn、.dmn 文件。 Check procedure folders or single files."""
    from engine.scenarios.checking import check_paths

    findings = check_paths(paths)
    if as_json:
        click.echo(json.dumps([f.as_dict() for f in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            click.echo(_sentence(finding))
        errors = sum(f.severity == ERROR for f in findings)
        warnings = sum(f.severity == WARNING for f in findings)
        click.echo(f"错误 {errors} 个，警告 {warnings} 个。")
    bad = {ERROR, WARNING} if strict else {ERROR}
    raise SystemExit(1 if any(f.severity in bad for f in findings) else 0)


def _sentence(finding: Finding) -> str:
    where = finding.file + (f":{finding.line}" if finding.line else "")
    return f"{where}  {_WORDS[finding.severity]}  {finding.message}  [{finding.rule}]"


@click.command(name="try")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="情景文件，可多次；不给则用文件夹里的 scenarios/。 Scenario file, repeatable.",
)
@click.option(
    "--with",
    "extra",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="被调用流程的文件或文件夹。 Files or folders with called processes.",
)
@click.option("--json", "as_json", is_flag=True, help="一份 JSON 数组。 One JSON array.")
def try_(path: Path, scenarios: tuple[Path, ...], extra: tuple[Path, ...], as_json: bool) -> None:
    """用情景文件试跑一个流程，模拟时间，不写数据库。 Run scenarios in memory."""
    from engine.scenarios import read_scenario, run_scenario

    files = list(scenarios) or sorted(path.glob("scenarios/*.yaml"))
    if not files:
        raise click.UsageError("没有情景文件，请用 --scenario 指定")
    outcomes: list[dict[str, Any]] = []
    try:
        for file in files:
            scenario = read_scenario(file.read_bytes(), file.name)
            outcomes += [o.as_dict() for o in run_scenario(path, scenario, extra)]
    except BadInput as error:
        _refuse(error, as_json)
    if as_json:
        click.echo(json.dumps(outcomes, ensure_ascii=False, indent=1, default=str))
    else:
        for outcome in outcomes:
            click.echo(_told(outcome))
    raise SystemExit(0 if all(o["ok"] for o in outcomes) else 1)


def _told(outcome: dict[str, Any]) -> str:
    if outcome["ok"]:
        return f"通过  {outcome['run']}"
    if "refused" in outcome:
        errors = [f for f in outcome["refused"] if f["severity"] == ERROR]
        return f"不通过  {outcome['run']}：流程图未通过检查\n" + "\n".join(
            f"    {f['file']}  {f['message']}  [{f['rule']}]" for f in errors
        )
    return (
        f"不通过  {outcome['run']}：第 {outcome['step']} 步应为 {outcome['expected']}，"
        f"实际是 {outcome['got']}"
    )


def _refuse(error: BadInput, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                [
                    {
                        "run": None,
                        "ok": False,
                        "step": None,
                        "expected": None,
                        "got": error.sentence,
                    }
                ],
                ensure_ascii=False,
            )
        )
    else:
        click.echo(error.sentence, err=True)
    raise SystemExit(1)
