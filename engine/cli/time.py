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
from engine.cli.clock_questions import Institution, answered
from engine.cli.speaking import Told, reads_only, tell, told
from engine.timesource import SystemTime, legal_day
from engine.words import listed, say

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
@reads_only
def clock(file: Path, as_json: bool) -> None:
    """推算期限：FILE 里每个问题的届满日和计算过程。 Due dates, and how they come about.

    FILE is a JSON list of {id, procedure, clock, channel?, party?, settings?, events: [{date, kind, ...}]}.
    """
    try:
        questions = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise Told(
            say(
                "{file}：不是 JSON 文件，或没有保存完整{error}", file=file.name, error=_where(error)
            )
        ) from error
    if not isinstance(questions, list):
        raise Told(say("{file}：应为问题的列表 [{{id, procedure, clock, events}}]", file=file.name))
    institution = Institution(PROCESSES)
    answers = [answered(institution, question) for question in questions]
    if as_json:
        click.echo(json.dumps(answers, ensure_ascii=False, indent=2))
    else:
        for one in answers:
            click.echo(_as_text(one))
    if any("error" in one for one in answers):
        raise SystemExit(1)


def _where(error: Exception) -> str:
    return (
        say("（第{line}行）", line=error.lineno) if isinstance(error, json.JSONDecodeError) else ""
    )


def _as_text(one: Mapping[str, object]) -> str:
    head = f"{one['id']}{told('：')}"
    if "error" in one:
        return f"{head}{one['error']}"
    due = one["due"] or say("还不能确定")
    lines = [
        say(
            "{head}届满 {due}，原届满 {original}，{state}",
            head=head,
            due=due,
            original=one["original"] or "—",
            state=_STATES[str(one["state"])],
        )
    ]
    if one["provisional"]:
        lines[0] += say("（暂定）")
    explanation = one["explanation"]
    for entry in explanation if isinstance(explanation, list) else ():
        span = (
            f"{entry['from'] or ''}→{entry['to'] or ''}"
            if entry["from"] != entry["to"]
            else entry["from"] or ""
        )
        count = say("计{counted}", counted=entry["counted"]) if entry["counted"] else ""
        lines.append(
            "  ".join(
                [
                    "",
                    told(entry.get("title", "")),
                    span,
                    count,
                    entry["text"],
                    told(entry["article"]),
                ]
            ).rstrip()
            + (f"  → {entry['due']}" if entry.get("due") else "")
        )
        if entry.get("evidence"):
            lines.append(say("    凭证：{evidence}", evidence=listed(entry["evidence"])))
    notes = one.get("notes")
    lines += [say("  注意：{note}", note=note) for note in notes] if isinstance(notes, list) else []
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
    """工作日历：查看年份、看哪些年已经公布、导入新的一年。 The calendar of working days."""


@calendar.command()
@click.argument("year", type=int)
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
@reads_only
def show(year: int, as_json: bool) -> None:
    """查看一年的放假和调休。 Show the days of a year."""
    days = _load_calendar()
    if not days.first_day.year <= year <= days.last_day.year:
        raise Told(say("日历里没有{year}年", year=year))
    shown = _year(days, year)
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    tell(
        say(
            "{year}年 {announced}，{days}个工作日 {source}",
            year=year,
            announced=_ANNOUNCED[str(shown["state"])],
            days=shown["workingDays"],
            source=shown["source"],
        ).rstrip()
    )
    listed = shown["days"]
    for day in listed if isinstance(listed, list) else ():
        click.echo(f"  {day['date']} {_off(bool(day['isOffDay']))} {told(str(day['name']))}")


@calendar.command()
@click.option("--today", default=None, help="date; default: the office's day")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
@reads_only
def status(today: str | None, as_json: bool) -> None:
    """看哪些年已经公布，下一年的通知到了没有。 Which years are announced."""
    days = _load_calendar()
    try:
        present = date.fromisoformat(today) if today else legal_day(SystemTime().now())
    except ValueError as error:
        raise click.BadParameter(told("应写成 2026-11-24"), param_hint="--today") from error
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
    tell(
        say("日历版本 {version}，可推算到 {last_day}", version=days.version, last_day=days.last_day)
    )
    for year in years:
        tell(
            say(
                "  {year} {announced} {days}个工作日 {source}",
                year=year["year"],
                announced=_ANNOUNCED[str(year["state"])],
                days=year["workingDays"],
                source=year["source"],
            )
        )
    if awaited:
        tell(
            say(
                "{awaited}年的放假安排还没有导入，涉及该年的期限都是暂定；通知公布后请运行 gongkai calendar import",
                awaited=awaited,
            )
        )


@calendar.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preview", is_flag=True, help="only say what would change")
@click.option("--year", type=int, help="of a typed notice whose title is not in the text")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object")
def import_(file: Path, preview: bool, year: int | None, as_json: bool) -> None:
    """导入一年的放假安排：先核对、列出改动，再整个写入。 Take in a year.

    FILE is JSON {year, days: [{name, date, isOffDay}]}, or the notice as it is worded in a .txt file.
    """
    take_in = preview_year if preview else import_year
    data = file.read_bytes()
    if file.suffix.lower() == ".txt":
        data = read_notice(_text(data, file.name), file.name, year)
    change = take_in(CALENDAR, data, file.name)
    if as_json:
        click.echo(
            json.dumps({**_change(change), "written": not preview}, ensure_ascii=False, indent=2)
        )
        return
    tell(
        say(
            "{year}年 来源 {source} 校验 {checksum}",
            year=change.year,
            source=change.source or "未写明",
            checksum=change.checksum[:16],
        )
    )
    for sign, days in (("+", change.added), ("-", change.removed), ("~", change.changed)):
        for day in days:
            click.echo(f"  {sign} {day.date} {_off(day.is_off)} {told(day.name)}")
    for warning in change.warnings:
        tell(say("  注意：{note}", note=warning))
    nothing = "没有改动" if change.is_empty else ""
    tell(nothing or ("以上为预览，没有写入" if preview else "已写入"))


def _off(is_off: bool) -> str:
    return told("休") if is_off else told("班")


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
    return BusinessCalendar.load(CALENDAR)


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
