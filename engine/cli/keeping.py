"""Commands that keep an office's data: ``deploy``, ``audit``, ``doctor``, ``backup``, ``restore``, ``erase``."""

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
    group.add_command(erase)


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


@click.command()
@click.argument("number")
@click.option("--reason", default="", help="删除的事由，写进审计记录")
@click.option("--apply", "do_it", is_flag=True, help="真的删除；不加的只列出删什么、留什么")
@config_option
def erase(number: str, reason: str, do_it: bool, config_file: Path | None) -> None:
    """删除一件已经归档的案件里的个人信息（个人信息保护法第四十七条）。"""
    env = _open(config_file)
    try:
        if do_it:
            found = commands.erase_case(env, number, reason)
        else:
            found = commands.preview_erasure(env, number)
    except EngineError as error:
        raise refused(error) from error
    click.echo("登记的姓名、证件号码、电话、地址等个人信息，历史和审计旁存里的也在内")
    for title in found.goes:
        click.echo(f"删除  {title}")
    for title in found.stays:
        click.echo(f"保留  {title}（本机关发出的文书，依档案法保管）")
    if not do_it:
        click.echo("还没有删除。核对以后加 --apply --reason 事由；删除以后不能恢复", err=True)
        return
    click.echo("已删除，审计链不受影响。归档数据包和以前的备份里还有，请按保管期限处理")
    if not found.settled:
        click.echo("有人正在查看，数据库的写入日志还没有清空；停一下服务再运行一次", err=True)
