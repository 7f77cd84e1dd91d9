"""The command ``import``: take over a paper or Excel register."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from engine import commands
from engine.bootstrap import build_environment
from engine.cli.server import config_option
from engine.cli.speaking import tell, told
from engine.config import load_config
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.register_import import RegisterRow
from engine.words import say


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(import_)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--procedure", required=True, help="属于哪个程序，例如 on_request。 Of which procedure."
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="对照文件：哪一列是什么、日期怎样写、结果叫什么。 Which column is what.",
)
@click.option(
    "--apply", "apply_", is_flag=True, help="导入；不写时只预览。 Import; else a preview only."
)
@click.option("--json", "as_json", is_flag=True, help="一份 JSON。 One JSON document.")
@config_option
def import_(
    file: Path,
    procedure: str,
    mapping: Path | None,
    apply_: bool,
    as_json: bool,
    config_file: Path | None,
) -> None:
    """导入纸质或 Excel 登记簿：先预览每一行和它的问题，加 --apply 才导入，要么全部要么一行不导。 Take over a register."""
    env = build_environment(load_config(config_file))
    commands.deploy_missing(env)
    rows = _read(env, file, procedure, mapping)
    bad = [row for row in rows if row.problems]
    if not as_json:
        _preview(rows, bad)
    if bad:
        _answer(as_json, rows, 0)
        raise SystemExit(1)
    done = _apply(env, procedure, rows, quiet=as_json) if apply_ else 0
    _answer(as_json, rows, done)
    if not as_json:
        tell(say("已导入{done}行", done=done) if apply_ else "没有问题；加 --apply 导入")


def _read(env: Environment, file: Path, procedure: str, mapping: Path | None) -> list[RegisterRow]:
    mapped = (mapping.read_bytes(), mapping.name) if mapping else None
    return commands.register_rows(env, SYSTEM, procedure, file.read_bytes(), file.name, mapped)


def _preview(rows: Sequence[RegisterRow], bad: Sequence[RegisterRow]) -> None:
    for row in rows[:20] if not bad else bad[:200]:
        values = row.values
        problems = [told(one) for one in row.problems]
        state = told("；").join(problems) or told("补录" if row.is_closed else "在办")
        line = told(say("第{n}行", n=row.line))
        click.echo(
            f"{line}\t{values.get('number', '')}\t{values.get('received_on') or ''}\t"
            f"{values.get('outcome') or ''}\t{str(values.get('subject', ''))[:40]}\t{state}"
        )
    closed = sum(row.is_closed for row in rows)
    tell(
        say(
            "共{rows}行：已办结{closed}行，在办{open}行，有问题{bad}行",
            rows=len(rows),
            closed=closed,
            open=len(rows) - closed,
            bad=len(bad),
        )
    )


def _apply(env: Environment, procedure: str, rows: Sequence[RegisterRow], *, quiet: bool) -> int:
    console = Console(stderr=True)
    with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(told("导入"), total=len(rows))
        return commands.import_register(
            env, SYSTEM, procedure, rows, progress=lambda done: bar.update(task, completed=done)
        )


def _answer(as_json: bool, rows: Sequence[RegisterRow], done: int) -> None:
    if not as_json:
        return
    shown = [
        {
            "line": row.line,
            "values": {key: str(value) for key, value in row.values.items() if value is not None},
            "problems": list(row.problems),
        }
        for row in rows
    ]
    click.echo(json.dumps({"rows": shown, "imported": done}, ensure_ascii=False))
