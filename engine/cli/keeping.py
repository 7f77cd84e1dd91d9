"""Commands that keep an office's data: ``deploy``, ``audit``, ``doctor``, ``backup``, ``restore``."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from engine import commands
from engine.audit.checkpoints import read_checkpoints
from engine.backup import restore_backup, write_backup
from engine.bootstrap import build_environment
from engine.bpmn.findings import DefinitionRefused
from engine.cli.server import config_option, refused
from engine.commands.errors import WarningsNotAccepted
from engine.config import load_config
from engine.doctor import examine, remember_backup
from engine.environment import Environment
from engine.errors import EngineError
from engine.identity import SYSTEM


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(deploy)
    group.add_command(audit)
    group.add_command(doctor)
    group.add_command(backup)
    group.add_command(restore)


def _open(config_file: Path | None) -> Environment:
    try:
        return build_environment(load_config(config_file))
    except EngineError as error:
        raise refused(error) from error


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--reason", required=True, help="为什么启用，例如会议纪要编号")
@click.option("--accept", multiple=True, help="认可一条警告（规则:元素），可以写多次")
@click.option(
    "--from",
    "from_day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="施行日期，不写则立即施行。 In force from this day.",
)
@config_option
def deploy(
    path: Path,
    reason: str,
    accept: tuple[str, ...],
    from_day: datetime | None,
    config_file: Path | None,
) -> None:
    """启用一个流程文件夹，成为新版本；在办案件仍按原版本办理。"""
    env = _open(config_file)
    try:
        if not env.procedures_in_force():
            commands.deploy_missing(env)
        day = from_day.date() if from_day else None
        done = commands.deploy_folder(
            env, SYSTEM, path.resolve(), reason, accepted=accept, from_day=day
        )
    except DefinitionRefused as error:
        for finding in error.findings:
            click.echo(f"{finding.file}: {finding.element}: {finding.message}", err=True)
        raise click.ClickException("有错误，没有启用，什么也没有改变") from error
    except WarningsNotAccepted as error:
        for rule in error.rules:
            click.echo(f"  --accept {rule}", err=True)
        raise click.ClickException("有警告没有认可，没有启用；逐条认可后再启用") from error
    except EngineError as error:
        raise refused(error) from error
    since = f"，{day}起施行" if day else ""
    click.echo(f"已启用 {done.procedure} 第{done.number}版{since}")
    for moved in done.moved:
        click.echo(f"  {moved.case} {moved.clock}：{moved.before} → {moved.after}")


@click.group()
def audit() -> None:
    """审计记录：核验、导出。"""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="留底文件：还要和保管在本机以外的留底相符",
)
@config_option
def verify(as_json: bool, against: Path | None, config_file: Path | None) -> None:
    """核验全部审计记录是否连续、是否被改动。"""
    env = _open(config_file)
    try:
        kept = read_checkpoints(against) if against else []
    except EngineError as error:
        raise refused(error) from error
    found = commands.verify_audit(env, kept=kept)
    if as_json:
        click.echo(json.dumps({"ok": not found, "breaks": [vars(one) for one in found]}))
    elif found:
        for one in found:
            click.echo(f"第{one.seq}条：{one.sentence}", err=True)
        click.echo(f"审计链在第{found[0].seq}条断开，此后的记录不能作证", err=True)
    else:
        click.echo("审计链完好" + (f"，和{len(kept)}次留底都相符" if kept else ""))
    if found:
        raise SystemExit(1)


@audit.command()
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写到这个文件的末尾；不写的，写到 config.yaml 的 audit_checkpoint_file",
)
@config_option
def checkpoint(file: Path | None, config_file: Path | None) -> None:
    """给审计记录留底：条数和末条的校验码，显示出来，并写到本机以外的文件里。"""
    env = _open(config_file)
    target = file.absolute() if file else env.config.audit_checkpoint_file
    if target is None:
        click.echo(commands.take_checkpoint(env).line())
        click.echo("只显示，没有写到文件；可以抄录，或者用 --to 写明文件", err=True)
        return
    try:
        kept = commands.keep_checkpoint(env, target)
    except EngineError as error:
        raise refused(error) from error
    click.echo(kept.line())
    click.echo(f"已写到 {target}，请与本机分开保管", err=True)


@audit.command()
@click.argument("case")
@click.option("-o", "output", required=True, type=click.Path(path_type=Path, dir_okay=False))
@config_option
def export(case: str, output: Path, config_file: Path | None) -> None:
    """导出一个案件的审计记录和文书，附不依赖本系统的核验程序。"""
    env = _open(config_file)
    try:
        output.write_bytes(commands.export_case(env, SYSTEM, case))
    except EngineError as error:
        raise click.ClickException(f"没有编号为 {case} 的案件") from error
    click.echo(f"已导出到 {output}（导出本身已留痕）")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="输出一个 JSON")
@config_option
def doctor(as_json: bool, config_file: Path | None) -> None:
    """检查这台机器和数据是否正常，逐项用一句话说明。"""
    remarks = examine(_open(config_file))
    if as_json:
        click.echo(json.dumps([vars(one) for one in remarks], ensure_ascii=False))
    else:
        for one in remarks:
            click.echo(f"{'正常' if one.ok else '注意'}  {one.sentence}")
    if not all(one.ok for one in remarks):
        raise SystemExit(1)


@click.command()
@click.option("-o", "output", required=True, type=click.Path(path_type=Path, dir_okay=False))
@config_option
def backup(output: Path, config_file: Path | None) -> None:
    """备份数据库和全部文件，写完即核验；密钥 secret.key 不在其中，请另行保管。"""
    env = _open(config_file)
    try:
        found = write_backup(env.config, output.absolute(), env.time.now())
    except EngineError as error:
        raise refused(error) from error
    remember_backup(env)
    click.echo(
        f"已备份到 {output}：审计记录{found.rows}条、文件{found.files}个，已核验。"
        "密钥 data/secret.key 不在备份里，请另行保管，没有它看不到个人信息"
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def restore(file: Path, config_file: Path | None) -> None:
    """把备份恢复到空的数据文件夹；先核验，再恢复。恢复后请把 secret.key 放回数据文件夹。"""
    try:
        config = load_config(config_file)
        found = restore_backup(file, config)
    except EngineError as error:
        raise refused(error) from error
    click.echo(
        f"已恢复：审计记录{found.rows}条、文件{found.files}个。请把 secret.key 放回 {config.data}"
    )
