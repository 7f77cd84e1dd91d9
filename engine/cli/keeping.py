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
from engine.cli.server import config_option
from engine.cli.speaking import Told, reading, reads_only, tell, told
from engine.commands.errors import WarningsNotAccepted
from engine.config import load_config
from engine.doctor import examine, remember_backup
from engine.environment import Environment
from engine.errors import EngineError
from engine.identity import SYSTEM
from engine.words import say


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(deploy)
    group.add_command(audit)
    group.add_command(doctor)
    group.add_command(backup)
    group.add_command(restore)
    group.add_command(erase)


def _open(config_file: Path | None) -> Environment:
    return build_environment(load_config(config_file))


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--reason", required=True, help="为什么启用，例如会议纪要编号。 Why, e.g. the minutes."
)
@click.option(
    "--accept",
    multiple=True,
    help="认可一条警告（规则:元素），可多次。 Accept a warning, repeatable.",
)
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
    """启用一个流程文件夹，成为新版本；在办案件仍按原版本办理。 Store a version."""
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
            with reading():
                click.echo(f"{finding.file}: {finding.element}: {finding.said}", err=True)
        raise Told("有错误，没有启用，什么也没有改变") from error
    except WarningsNotAccepted as error:
        for rule in error.rules:
            tell(f"  --accept {rule}", err=True)
        raise Told("有警告没有认可，没有启用；逐条认可后再启用") from error
    since = say("，{day}起施行", day=day) if day else ""
    tell(
        say(
            "已启用 {procedure} 第{number}版{since}",
            procedure=done.procedure,
            number=done.number,
            since=since,
        )
    )
    for moved in done.moved:
        tell(f"  {moved.case} {moved.clock}：{moved.before} → {moved.after}")


@click.group()
def audit() -> None:
    """审计记录：核验、导出。 The audit trail."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="一份 JSON。 One JSON document.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="留底文件：还要和保管在本机以外的留底相符。 Compare with these checkpoints.",
)
@config_option
@reads_only
def verify(as_json: bool, against: Path | None, config_file: Path | None) -> None:
    """核验全部审计记录是否连续、是否被改动。 Check the whole chain."""
    env = _open(config_file)
    kept = read_checkpoints(against) if against else []
    found = commands.verify_audit(env, kept=kept)
    if as_json:
        click.echo(json.dumps({"ok": not found, "breaks": [vars(one) for one in found]}))
    elif found:
        for one in found:
            tell(say("第{seq}条：{sentence}", seq=one.seq, sentence=one.sentence), err=True)
        tell(say("审计链在第{seq}条断开，此后的记录不能作证", seq=found[0].seq), err=True)
    else:
        agreed = say("，和{kept}次留底都相符", kept=len(kept)) if kept else ""
        click.echo(told("审计链完好") + told(agreed))
    if found:
        raise SystemExit(1)


@audit.command()
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="写到这个文件的末尾；不写的，写到 config.yaml 的 audit_checkpoint_file。 Append to this file.",
)
@config_option
def checkpoint(file: Path | None, config_file: Path | None) -> None:
    """给审计记录留底：条数和末条的校验码，显示出来，并写到本机以外的文件里。 Keep a checkpoint."""
    env = _open(config_file)
    target = file.absolute() if file else env.config.audit_checkpoint_file
    if target is None:
        tell(commands.take_checkpoint(env).line())
        tell("只显示，没有写到文件；可以抄录，或者用 --to 写明文件", err=True)
        return
    kept = commands.keep_checkpoint(env, target)
    tell(kept.line())
    tell(say("已写到 {target}，请与本机分开保管", target=target), err=True)


@audit.command()
@click.argument("case")
@click.option("-o", "output", required=True, type=click.Path(path_type=Path, dir_okay=False))
@config_option
def export(case: str, output: Path, config_file: Path | None) -> None:
    """导出一个案件的审计记录和文书，附不依赖本系统的核验程序。 Export the evidence of a case."""
    env = _open(config_file)
    try:
        output.write_bytes(commands.export_case(env, SYSTEM, case))
    except EngineError as error:
        raise Told(say("没有编号为 {case} 的案件", case=case)) from error
    tell(say("已导出到 {output}（导出本身已留痕）", output=output))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="一份 JSON。 One JSON document.")
@config_option
@reads_only
def doctor(as_json: bool, config_file: Path | None) -> None:
    """检查这台机器和数据是否正常，逐项用一句话说明。 The health of everything, in sentences."""
    remarks = examine(_open(config_file))
    if as_json:
        click.echo(json.dumps([vars(one) for one in remarks], ensure_ascii=False))
    else:
        for one in remarks:
            state = told("正常") if one.ok else told("注意")
            click.echo(f"{state}  {told(one.sentence)}")
    if not all(one.ok for one in remarks):
        raise SystemExit(1)


@click.command()
@click.option("-o", "output", required=True, type=click.Path(path_type=Path, dir_okay=False))
@config_option
def backup(output: Path, config_file: Path | None) -> None:
    """备份数据库和全部文件，写完即核验；密钥 secret.key 不在其中，请另行保管。 Write a proven backup."""
    env = _open(config_file)
    found = write_backup(env.config, output.absolute(), env.time.now())
    remember_backup(env)
    tell(
        say(
            "已备份到 {output}：审计记录{rows}条、文件{files}个，已核验。密钥 data/secret.key 不在备份里，请另行保管，没有它看不到个人信息",
            output=output,
            rows=found.rows,
            files=found.files,
        )
    )


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@config_option
def restore(file: Path, config_file: Path | None) -> None:
    """把备份恢复到空的数据文件夹；先核验，再恢复。恢复后请把 secret.key 放回数据文件夹。 Restore a backup."""
    config = load_config(config_file)
    found = restore_backup(file, config)
    tell(
        say(
            "已恢复：审计记录{rows}条、文件{files}个。请把 secret.key 放回 {data}",
            rows=found.rows,
            files=found.files,
            data=config.data,
        )
    )


@click.command()
@click.argument("number")
@click.option("--reason", default="", help="删除的事由，写进审计记录。 Why, for the trail.")
@click.option(
    "--apply",
    "do_it",
    is_flag=True,
    help="真的删除；不加的只列出删什么、留什么。 Erase; else only a list.",
)
@config_option
def erase(number: str, reason: str, do_it: bool, config_file: Path | None) -> None:
    """删除一件已经归档的案件里的个人信息（个人信息保护法第四十七条）。 Erase personal data."""
    env = _open(config_file)
    if do_it:
        found = commands.erase_case(env, number, reason)
    else:
        found = commands.preview_erasure(env, number)
    tell("登记的姓名、证件号码、电话、地址等个人信息，历史和审计旁存里的也在内")
    for title in found.goes:
        tell(say("删除  {title}", title=title))
    for title in found.stays:
        tell(say("保留  {title}（本机关发出的文书，依档案法保管）", title=title))
    if not do_it:
        tell("还没有删除。核对以后加 --apply --reason 事由；删除以后不能恢复", err=True)
        return
    tell("已删除，审计链不受影响。归档数据包和以前的备份里还有，请按保管期限处理")
    if not found.settled:
        tell("有人正在查看，数据库的写入日志还没有清空；停一下服务再运行一次", err=True)
