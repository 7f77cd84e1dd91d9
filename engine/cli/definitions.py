"""Commands for whoever draws procedures: ``check``, ``try`` and ``coverage``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from engine.bpmn import Finding
from engine.bpmn.findings import ERROR, INFO, WARNING
from engine.cli.speaking import Told, reads_only, tell, told
from engine.errors import BadInput
from engine.words import in_two, say

_WORDS = {ERROR: "错误", WARNING: "警告", INFO: "提示"}


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(check)
    group.add_command(try_)
    group.add_command(coverage)


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--strict", is_flag=True, help="警告也算不通过。 Warnings fail too.")
@click.option("--json", "as_json", is_flag=True, help="一份 JSON 数组。 One JSON array.")
@reads_only
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
        tell(say("错误 {errors} 个，警告 {warnings} 个。", errors=errors, warnings=warnings))
    bad = {ERROR, WARNING} if strict else {ERROR}
    raise SystemExit(1 if any(f.severity in bad for f in findings) else 0)


def _sentence(finding: Finding) -> str:
    where = finding.file + (f":{finding.line}" if finding.line else "")
    return f"{where}  {told(_WORDS[finding.severity])}  {finding.said}  [{finding.rule}]"


@click.command(name="try")
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.argument("more", nargs=-1, type=click.Path(path_type=Path, exists=True))
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
@reads_only
def try_(
    path: Path,
    more: tuple[Path, ...],
    scenarios: tuple[Path, ...],
    extra: tuple[Path, ...],
    as_json: bool,
) -> None:
    """用情景文件试跑一个流程，模拟时间，不写数据库。 Run scenarios in memory.

    PATH 之后的其他文件（MORE）与 --with 同样对待。 Further files count as given by --with.
    """
    from engine.scenarios import read_scenario, run_scenario

    files = list(scenarios) or sorted(path.glob("scenarios/*.yaml"))
    if not files:
        raise click.UsageError(told("没有情景文件，请用 --scenario 指定"))
    outcomes: list[dict[str, Any]] = []
    try:
        for file in files:
            scenario = read_scenario(file.read_bytes(), file.name)
            outcomes += [o.as_dict() for o in run_scenario(path, scenario, (*extra, *more))]
    except BadInput as error:
        _refuse(error, as_json)
    if as_json:
        click.echo(json.dumps(outcomes, ensure_ascii=False, indent=1, default=str))
    else:
        for outcome in outcomes:
            click.echo(_outcome(outcome))
    raise SystemExit(0 if all(o["ok"] for o in outcomes) else 1)


def _outcome(outcome: dict[str, Any]) -> str:
    if outcome["ok"]:
        return say("通过  {run}", run=outcome["run"])
    if "refused" in outcome:
        errors = [f for f in outcome["refused"] if f["severity"] == ERROR]
        refused = say("不通过  {run}：流程图未通过检查", run=outcome["run"])
        return f"{refused}\n" + "\n".join(
            f"    {f['file']}  {in_two(f['message'], f['message_en'])}  [{f['rule']}]"
            for f in errors
        )
    return say(
        "不通过  {run}：第 {step} 步应为 {expected}，实际是 {got}",
        run=outcome["run"],
        step=outcome["step"],
        expected=outcome["expected"],
        got=outcome["got"],
    )


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--strict", is_flag=True, help="没有全部走到也算不通过。 Less than all fails.")
@click.option("--json", "as_json", is_flag=True, help="一份 JSON 数组。 One JSON array.")
@reads_only
def coverage(paths: tuple[Path, ...], strict: bool, as_json: bool) -> None:
    """情景文件走到了每张流程图的多少。 Which share of each diagram its scenarios take.

    PATHS 是流程文件夹或者它们的上级，不给则为 processes。被别的流程调用时走到的也算；只核对“办结”的不算。
    """
    from engine.scenarios.coverage import coverage as cover
    from engine.scenarios.subject import Refused

    given = paths or (Path("processes"),)
    folders = [one for path in given for one in _folders(path)]
    if not folders:
        raise click.UsageError(told("没有流程文件夹（里面有 procedure.yaml 的）"))
    try:
        covered = cover(folders)
    except BadInput as error:
        _refuse(error, as_json)
    except Refused as refused:
        raise Told(str(refused)) from refused
    found = sorted(covered.processes.values(), key=lambda one: one.process)
    if as_json:
        click.echo(json.dumps([one.as_dict() for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            tell(f"{one.share:7.1%}  {one.process}  {' '.join(one.missing)}".rstrip())
        for run in covered.wrong:
            tell(say("不通过，没有计入：{run}", run=run))
    whole = not covered.wrong and not any(one.missing for one in found)
    raise SystemExit(1 if strict and not whole else 0)


def _folders(path: Path) -> list[Path]:
    """Return a procedure folder, or those below it."""
    if (path / "procedure.yaml").is_file():
        return [path]
    return sorted(one.parent for one in path.glob("*/procedure.yaml"))


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
        tell(error.sentence, err=True)
    raise SystemExit(1)
