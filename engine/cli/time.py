"""Commands on time: ``gongkai clock`` answers questions about limits, ``gongkai calendar`` shows and takes in years.

They read ``processes/`` in the current folder and no database.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.bpmn.clocks import read_clocks
from engine.bpmn.load import load_xml
from engine.business_calendar import BusinessCalendar
from engine.calendar_notice import read_notice
from engine.calendar_years import (
    CalendarChange,
    CalendarRefused,
    Day,
    import_year,
    preview_year,
)
from engine.errors import BadInput, EngineError
from engine.office_settings import OfficeSettings
from engine.receipt import with_derived
from engine.statutory_clock import CaseEvent, ClockAnswer, ClockDefinition, answer
from engine.timesource import OFFICE_ZONE, SystemTime, legal_day

if TYPE_CHECKING:
    from engine.dmn import DecisionModel

PROCESSES = Path("processes")
CALENDAR = PROCESSES / "_office" / "calendar"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(clock)
    group.add_command(calendar)


class QuestionInvalid(BadInput):
    """A question about a limit cannot be understood."""

    code = "question_invalid"

    def __init__(self, message: str, sentence: str) -> None:
        super().__init__(message, sentence=sentence)


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
            f"{file.name}：不是 JSON 文件，或没有保存完整（{error}）"
        ) from error
    if not isinstance(questions, list):
        raise click.ClickException(
            f"{file.name}：应为问题的列表 [{{id, procedure, clock, events}}]"
        )
    try:
        institution = Institution(PROCESSES)
    except EngineError as error:
        raise click.ClickException(_sentence(error)) from error
    answers = [answered(institution, question) for question in questions]
    if as_json:
        click.echo(json.dumps(answers, ensure_ascii=False, indent=2))
    else:
        for one in answers:
            click.echo(_as_text(one))
    if any("error" in one for one in answers):
        raise SystemExit(1)


class Institution:
    """What an institution's folder says about time; each procedure and calendar is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = OfficeSettings.load(folder / "_office")
        self._procedures: dict[str, ProcedureClocks] = {}
        self._calendars: dict[bool, BusinessCalendar] = {}

    def procedure(self, key: object) -> ProcedureClocks:
        """Return the clocks of a procedure.

        Raises:
            QuestionInvalid: there is no such folder.
        """
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise QuestionInvalid(f"procedure {key!r}", f"程序“{key}”不是文件夹的名称")
        if key not in self._procedures:
            self._procedures[key] = ProcedureClocks(self.folder / key)
        return self._procedures[key]

    def calendar(self, settings: OfficeSettings) -> BusinessCalendar:
        """Return the calendar, with local days where the settings let them count."""
        counts = settings.get("local_holidays") == "rest_day"
        if counts not in self._calendars:
            folder = self.folder / "_office" / "calendar"
            self._calendars[counts] = BusinessCalendar.load(folder, local_counts=counts)
        return self._calendars[counts]


class ProcedureClocks:
    """The clocks drawn in a procedure's diagrams, and its decision tables."""

    def __init__(self, folder: Path) -> None:
        diagrams = sorted(folder.glob("*.bpmn"))
        if not diagrams:
            raise QuestionInvalid(
                f"no diagram in {folder}", f"没有程序“{folder.name}”，或其中没有流程图"
            )
        self.folder = folder
        self._read: dict[Path, DecisionModel] = {}
        self._unreadable: dict[Path, str] = {}
        self.definitions: dict[str, ClockDefinition] = {}
        for path in diagrams:
            self.definitions.update(read_clocks(load_xml(path.read_bytes(), path.name)))

    def decide(self, decision: str, names: Mapping[str, object]) -> object:
        """Evaluate a decision of one of the folder's tables; the file of its name is looked at first.

        Raises:
            QuestionInvalid: no table holds it. An unreadable table is told of only then.
        """
        # Not at the top: every command loads this module, few of them need decisions.
        from engine.dmn import evaluate

        for model in self._models(decision):
            if decision in model.decisions:
                return evaluate(model, decision, names).value
        why = "".join(f"；{sentence}" for sentence in self._unreadable.values())
        raise QuestionInvalid(
            f"no decision {decision}", f"程序“{self.folder.name}”没有判断表“{decision}”{why}"
        )

    def _models(self, decision: str) -> Iterator[DecisionModel]:
        from engine.dmn import parse_dmn

        for path in sorted(
            self.folder.glob("*.dmn"), key=lambda path: (path.stem != decision, path)
        ):
            if path not in self._read and path not in self._unreadable:
                try:
                    self._read[path] = parse_dmn(load_xml(path.read_bytes(), path.name), path.name)
                except EngineError as error:
                    self._unreadable[path] = _sentence(error)
            if path in self._read:
                yield self._read[path]


def answered(institution: Institution, question: object) -> dict[str, object]:
    """Return the answer to one question, or ``{id, error}``."""
    if not isinstance(question, Mapping):
        return {"id": None, "error": "问题应写成 {id, procedure, clock, events}"}
    try:
        return {"id": question.get("id"), **_answer(institution, question).to_json()}
    except EngineError as error:
        return {"id": question.get("id"), "error": _sentence(error)}


def _answer(institution: Institution, question: Mapping[str, object]) -> ClockAnswer:
    procedure = institution.procedure(question.get("procedure"))
    name = question.get("clock")
    definition = procedure.definitions.get(name) if isinstance(name, str) else None
    if definition is None:
        known = "、".join(procedure.definitions)
        raise QuestionInvalid(f"no clock {name!r}", f"没有期限“{name}”，可用的有：{known}")
    chosen = question.get("settings") or {}
    if not isinstance(chosen, Mapping):
        raise QuestionInvalid("settings is no mapping", "settings 应写成 {名称: 值}")
    settings = institution.settings.changed(chosen)
    channel, party = _word(question, "channel"), _word(question, "party")
    events = with_derived(
        procedure.definitions, _events(question), channel, settings, procedure.decide
    )
    today = question.get("today")
    found = answer(
        definition,
        events,
        institution.calendar(settings),
        settings,
        definitions=procedure.definitions,
        today=_moment(today, "today")[0] if today is not None else None,
        party=party,
    )
    if (
        found.started_on is None
        and channel is None
        and events
        and _could_be_derived(definition, events)
    ):
        raise QuestionInvalid("no channel", "缺少提交方式（channel），推不出从哪一天起算")
    return found


def _could_be_derived(definition: ClockDefinition, events: list[CaseEvent]) -> bool:
    return bool(definition.derived) and not any(
        event.kind in definition.derived for event in events
    )


def _word(question: Mapping[str, object], name: str) -> str | None:
    value = question.get(name)
    if value is not None and not isinstance(value, str):
        raise QuestionInvalid(f"{name} {value!r}", f"{name} 应是一个词，现为 {value!r}")
    return value


def _events(question: Mapping[str, object]) -> list[CaseEvent]:
    listed = question.get("events")
    if not isinstance(listed, list):
        raise QuestionInvalid("no events", "缺少事实的列表（events）")
    return [_event(one) for one in listed]


def _event(entry: object) -> CaseEvent:
    if (
        not isinstance(entry, Mapping)
        or not isinstance(entry.get("kind"), str)
        or not entry["kind"]
    ):
        raise QuestionInvalid(f"event {entry!r}", f"事实应写成 {{date, kind, ...}}，现为 {entry!r}")
    day, instant = _moment(entry.get("date"), str(entry["kind"]))
    fields = {str(key): value for key, value in entry.items() if key not in ("date", "kind")}
    time = fields.get("time")
    if instant is None and isinstance(time, str):
        instant = _moment(f"{day}T{time}", str(entry["kind"]))[1]
    if instant is not None:
        fields.setdefault("at", instant)
    return CaseEvent(entry["kind"], day, fields)


def _moment(value: object, where: str) -> tuple[date, datetime | None]:
    """Read a date, or an instant with its legal day in the office's zone."""
    try:
        if not isinstance(value, str):
            raise TypeError
        if len(value) <= len("2026-01-31"):
            return date.fromisoformat(value), None
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise QuestionInvalid(
            f"{where}: date {value!r}", f"“{where}”的日期应写成 2026-03-02，现为 {value!r}"
        ) from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=OFFICE_ZONE)
    return legal_day(instant), instant.astimezone(OFFICE_ZONE)


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
        )
    return "\n".join(lines)


_STATES = {
    "running": "计算中",
    "waiting": "等待",
    "stopped": "已终结",
    "abandoned": "视为放弃",
    "exceeded": "超过期限",
}


def _sentence(error: EngineError) -> str:
    return error.sentence if isinstance(error, BadInput) else str(error)


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
        raise click.ClickException(_sentence(error)) from error
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
        raise click.ClickException(_sentence(error)) from error


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
