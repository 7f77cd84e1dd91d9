"""Commands on time: ``gongkai clock`` answers questions about limits, ``gongkai calendar`` shows and takes in years.

They read ``processes/`` in the current folder and no database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import click

from engine.business_calendar import BusinessCalendar
from engine.business_calendar.notice import read_notice
from engine.business_calendar.years import (
    CalendarChange,
    CalendarRefused,
    Day,
    import_year,
    preview_year,
)
from engine.cli.clock_questions import Institution, answered, sentence_of
from engine.errors import EngineError
from engine.timesource import SystemTime, legal_day

PROCESSES = Path("processes")
CALENDAR = PROCESSES / "_office" / "calendar"


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(clock)
    group.add_command(calendar)


# ---------------------------------------------------------------- clock


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="print one JSON array")
def clock(file: Path, as_json: bool) -> None:
    """推算期限：FILE 里每个问题的届满日和计算过程。

    FILE is a JSON list of {id, procedure, clock, channel?, party?, settings?, events: [{date, kind, ...}]}.
    """
    try:
        questions = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise click.ClickException(
            f"{file.name}：不是 JSON 文件，或没有保存完整{_where(error)}"
        ) from error
    if not isinstance(questions, list):
        raise click.ClickException(
            f"{file.name}：应为问题的列表 [{{id, procedure, clock, events}}]"
        )
    try:
        institution = Institution(PROCESSES)
    except EngineError as error:
        raise click.ClickException(sentence_of(error)) from error
    answers = [answered(institution, question) for question in questions]
    if as_json:
        click.echo(json.dumps(answers, ensure_ascii=False, indent=2))
    else:
        for one in answers:
            click.echo(_as_text(one))
    if any("error" in one for one in answers):
        raise SystemExit(1)


def _where(error: Exception) -> str:
    return f"（第{error.lineno}行）" if isinstance(error, json.JSONDecodeError) else ""


def _as_text(one: Mapping[str, object]) -> str:
    head = f"{one['id']}："
    if "error" in one:
        return f"{head}{one['error']}"
    due = one["due"] or "还不能确定"
    lines = [f"{head}届满 {due}，原届满 {one['original'] or '—'}，{_STATES[str(one['state'])]}"]
    if one["provisional"]:
        lines[0] += "（暂定）"
    explanation = one["explanation"]
    for entry in explanation if isinstance(explanation, list) else ():
        span = (
            f"{entry['from'] or ''}→{entry['to'] or ''}"
            if entry["from"] != entry["to"]
            else entry["from"] or ""
        )
        count = f"计{entry['counted']}" if entry["counted"] else ""
        lines.append(
            "  ".join(
                ["", entry.get("title", ""), span, count, entry["text"], entry["article"]]
            ).rstrip()
            + (f"  → {entry['due']}" if entry.get("due") else "")
        )
        if entry.get("evidence"):
            lines.append(f"    凭证：{'、'.join(entry['evidence'])}")
    notes = one.get("notes")
    lines += [f"  注意：{note}" for note in notes] if isinstance(notes, list) else []
    return "\n".join(lines)


_STATES = {
    "running": "计算中",
    "waiting": "等待",
    "stopped": "已终结",
    "abandoned": "视为放弃",
    "exceeded": "超过期限",
}


# ---------------------------------------------------------------- calendar


@click.group()
def calendar() -> None:
    """工作日历：查看年份、看哪些年已经公布、导入新的一年。"""


@calendar.command()
@click.argument("year", type=int)
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def show(year: int, as_json: bool) -> None:
    """查看一年的放假和调休。"""
    days = _load_calendar()
    if not days.first_day.year <= year <= days.last_day.year:
        raise click.ClickException(f"日历里没有{year}年")
    shown = _year(days, year)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    click.echo(
        f"{year}年 {_ANNOUNCED[str(shown['state'])]}，{shown['workingDays']}个工作日 {shown['source']}".rstrip()
    )
    listed = shown["days"]
    for day in listed if isinstance(listed, list) else ():
        click.echo(f"  {day['date']} {'休' if day['isOffDay'] else '班'} {day['name']}")


@calendar.command()
@click.option("--today", default=None, help="date; default: the office's day")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def status(today: str | None, as_json: bool) -> None:
    """看哪些年已经公布，下一年的通知到了没有。"""
    days = _load_calendar()
    try:
        present = date.fromisoformat(today) if today else legal_day(SystemTime().now())
    except ValueError as error:
        raise click.BadParameter("应写成 2026-11-24", param_hint="--today") from error
    awaited = days.notice_awaited(present)
    years = [_year(days, year) for year in days.years]
    report = {
        "version": days.version,
        "checksum": days.checksum,
        "countsUntil": days.last_day.isoformat(),
        "noticeAwaited": awaited,
        "years": [{key: value for key, value in year.items() if key != "days"} for year in years],
    }
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    click.echo(f"日历版本 {days.version}，可推算到 {days.last_day}")
    for year in years:
        click.echo(
            f"  {year['year']} {_ANNOUNCED[str(year['state'])]} {year['workingDays']}个工作日 {year['source']}"
        )
    if awaited:
        click.echo(
            f"{awaited}年的放假安排还没有导入，涉及该年的期限都是暂定；通知公布后请运行 gongkai calendar import"
        )


@calendar.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="only say what would change")
@click.option("--year", type=int, help="of a typed notice whose title is not in the text")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def import_(file: Path, preview: bool, year: int | None, as_json: bool) -> None:
    """导入一年的放假安排：先核对、列出改动，再整个写入。

    FILE is JSON {year, days: [{name, date, isOffDay}]}, or the notice as it is worded in a .txt file.
    """
    take_in = preview_year if preview else import_year
    try:
        data = file.read_bytes()
        if file.suffix.lower() == ".txt":
            data = read_notice(_text(data, file.name), file.name, year)
        change = take_in(CALENDAR, data, file.name)
    except EngineError as error:
        raise click.ClickException(sentence_of(error)) from error
    if as_json:
        click.echo(
            json.dumps({**_change(change), "written": not preview}, ensure_ascii=False, indent=2)
        )
        return
    click.echo(f"{change.year}年 来源 {change.source or '未写明'} 校验 {change.checksum[:16]}")
    for sign, days in (("+", change.added), ("-", change.removed), ("~", change.changed)):
        for day in days:
            click.echo(f"  {sign} {day.date} {'休' if day.is_off else '班'} {day.name}")
    for warning in change.warnings:
        click.echo(f"  注意：{warning}")
    nothing = "没有改动" if change.is_empty else ""
    click.echo(nothing or ("以上为预览，没有写入" if preview else "已写入"))


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CalendarRefused(
        name, "unknown encoding", "不是 UTF-8 或 GB18030 编码的文字，请另存后再导入"
    )


_ANNOUNCED = {"official": "已公布", "provisional": "未公布，暂定"}


def _load_calendar() -> BusinessCalendar:
    try:
        return BusinessCalendar.load(CALENDAR)
    except EngineError as error:
        raise click.ClickException(sentence_of(error)) from error


def _year(days: BusinessCalendar, year: int) -> dict[str, object]:
    first, last = date(year, 1, 1), date(year, 12, 31)
    file = days.years.get(year)
    counted = days.working_days_between(first, last) + days.is_working_day(first)
    return {
        "year": year,
        "state": "official" if year in days.official_years else "provisional",
        "source": file.source if file else "",
        "checksum": file.checksum if file else "",
        "workingDays": counted,
        "days": [_day(day) for day in days.listed(first, last)],
    }


def _change(change: CalendarChange) -> dict[str, object]:
    return {
        "year": change.year,
        "added": [_day(day) for day in change.added],
        "removed": [_day(day) for day in change.removed],
        "changed": [_day(day) for day in change.changed],
        "checksum": change.checksum,
        "source": change.source,
        "warnings": list(change.warnings),
    }


def _day(day: Day) -> dict[str, object]:
    return {"name": day.name, "date": day.date.isoformat(), "isOffDay": day.is_off}
