"""Checkpoints of the audit trail, kept outside the machine: how many rows there were and the hash of the last.

Whoever can write the database can write the whole trail anew, with hashes that fit. A line that somebody else has
kept still says what stood there. The file is plain text, one line a checkpoint, oldest first:

    2026-11-24T08:30:05+08:00 12345 3f1c…   (instant, number of rows, hash of the last row)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.audit.trail import Break
from engine.errors import BadInput
from engine.timesource import OFFICE_ZONE
from engine.words import say

HEADER = (
    "# 审计留底：时间、审计记录条数、末条的校验码。请与本机分开保管，不要改动。\n"
    "# 核对：gongkai audit verify --against 本文件\n"
)
_LINE = re.compile(r"(\S+)\s+(\d{1,12})\s+([0-9a-fA-F]{64,128})")
_MOST = 8 * 1024 * 1024


class CheckpointsUnusable(BadInput):
    """A file of checkpoints cannot be read or written; the sentence says why."""

    code = "checkpoints_unusable"


@dataclass(frozen=True)
class Checkpoint:
    """At an instant the trail had ``rows`` rows, and the last of them this hash."""

    at: datetime
    rows: int
    hash: str

    def line(self) -> str:
        """Return it as a line of the file, without its end."""
        instant = self.at.astimezone(OFFICE_ZONE).isoformat(timespec="seconds")
        return f"{instant} {self.rows} {self.hash}"


def read_checkpoints(file: Path) -> list[Checkpoint]:
    """Return the checkpoints of a file in its order.

    Raises:
        CheckpointsUnusable: it cannot be read, holds none, or a line is none; the line is named.
    """
    try:
        with open(file, encoding="utf-8-sig") as opened:
            lines = opened.read(_MOST).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointsUnusable(
            f"{file}: {error}",
            sentence=say("读不出留底文件 {file}，请检查U盘或者网络文件夹", file=file),
        ) from error
    kept = [
        _read(line, number, file)
        for number, line in enumerate(lines, 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not kept:
        raise CheckpointsUnusable(
            f"{file}: no checkpoint", sentence=say("{file} 里没有留底，请核对文件", file=file)
        )
    return kept


def _read(line: str, number: int, file: Path) -> Checkpoint:
    found = _LINE.fullmatch(line.strip())
    try:
        at = datetime.fromisoformat(found[1]) if found else None
    except ValueError:
        at = None
    if found is None or at is None or at.tzinfo is None:
        raise CheckpointsUnusable(
            f"{file}:{number}: no checkpoint",
            sentence=say(
                "{file} 第{number}行不是留底（应为：时间 条数 校验码），请核对",
                file=file,
                number=number,
            ),
        )
    return Checkpoint(at, int(found[2]), found[3].lower())


def append_checkpoint(file: Path, checkpoint: Checkpoint, *, begun: bool) -> None:
    """Add a checkpoint to a file, durably; a new file gets its heading.

    Args:
        begun: checkpoints were kept there before, so that a file that is not there is not simply begun anew: the
            disk on which it lies is not connected.

    Raises:
        CheckpointsUnusable: it cannot be written, or the file of before is not there.
    """
    if begun and not file.exists():
        raise CheckpointsUnusable(
            f"{file} is gone",
            sentence=say(
                "找不到以前的留底文件 {file}：请接上U盘或者网络文件夹。要重新开始的，请先在那里放一个同名的空文件",
                file=file,
            ),
        )
    try:
        with open(file, "a", encoding="utf-8") as opened:
            opened.write(("" if opened.tell() else HEADER) + checkpoint.line() + "\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise CheckpointsUnusable(
            f"{file}: {error}",
            sentence=say(
                "留底写不进 {file}：请检查U盘或者网络文件夹是否接好、有没有空间", file=file
            ),
        ) from error


def misfits(kept: Iterable[Checkpoint], found: Mapping[int, str], rows: int) -> list[Break]:
    """Return the checkpoints that a trail does not fit, by the row at which they stand.

    Args:
        found: {number of a row: its hash}, of each row at which a checkpoint stands and that is there.
        rows: how many rows there are.
    """
    good, wrong = 0, []
    for one in sorted(kept, key=lambda one: one.rows):
        day = one.at.astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
        if not one.rows or found.get(one.rows) == one.hash:
            good = max(good, one.rows)
        elif one.rows not in found:
            why = f"{one.rows} rows were kept on {day}, {rows} are there"
            wrong.append(
                Break(
                    one.rows,
                    why,
                    say("{day}留底时有{rows}条，现在只有{now}条", day=day, rows=one.rows, now=rows),
                )
            )
        else:
            why = f"is not the row kept on {day}: rows {good + 1} to {one.rows} were written anew"
            sentence = say(
                "和{day}的留底对不上，第{first}条至第{rows}条之间被改写过",
                day=day,
                first=good + 1,
                rows=one.rows,
            )
            wrong.append(Break(one.rows, why, sentence))
    return wrong
