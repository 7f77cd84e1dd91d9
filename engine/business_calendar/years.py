"""The year files of the business calendar: reading, checking and taking one in.

A year file holds what the State Council's notice for that year says, ``{year, papers, days: [{name, date,
isOffDay}]}``: ``isOffDay`` true is a day off, false a make-up working day (调休上班日). Weekends that are neither
are not listed. Days of late December may stand in the next year's file, because that notice names them.
A file without days stands for a year whose notice is not out yet. What the days mean is not known here.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.errors import BadInput
from engine.words import listed, say

MAX_BYTES = 256 * 1024
FIRST_YEAR, LAST_YEAR = 1990, 2199
STATUTORY_FILE = "statutory_holidays.json"
LOCAL_FILE = "local.json"
_YEAR_FILE = re.compile(r"\d{4}\.json", re.ASCII)


class CalendarRefused(BadInput):
    """A calendar file cannot be used; ``file`` names it, ``sentence`` says what is wrong."""

    code = "calendar_refused"

    def __init__(self, file: str, message: str, sentence: str) -> None:
        super().__init__(
            f"{file}: {message}", sentence=say("{file}：{sentence}", file=file, sentence=sentence)
        )
        self.file = file


@dataclass(frozen=True, slots=True)
class Day:
    """One listed day: a day off, or a make-up working day."""

    name: str
    date: date
    is_off: bool


@dataclass(frozen=True, slots=True)
class YearFile:
    """What one year file says; ``days`` by date, empty while the notice is not out."""

    year: int
    days: tuple[Day, ...]
    source: str
    checksum: str

    @property
    def is_official(self) -> bool:
        """Whether the State Council's notice for this year is in the file."""
        return bool(self.days)


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What taking in a year file changes: days by date, with their new (``removed``: old) meaning."""

    year: int
    added: tuple[Day, ...]
    removed: tuple[Day, ...]
    changed: tuple[Day, ...]
    checksum: str
    source: str
    warnings: tuple[str, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Whether the calendar stays as it is."""
        return not (self.added or self.removed or self.changed)


def parse_year(data: bytes, name: str) -> YearFile:
    """Read a year file and refuse what cannot be a holiday arrangement.

    Args:
        data: the JSON as it was read.
        name: what to call the file in an error.

    Raises:
        CalendarRefused: too large, no JSON of this shape, a date twice, or a date of another year.
    """
    content = _object(data, name)
    year = content.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not FIRST_YEAR <= year <= LAST_YEAR:
        raise CalendarRefused(
            name, f"year {year!r}", say("缺少年份（year），请写成四位数字，例如 2027")
        )
    days = sorted(_days(content.get("days"), name), key=lambda day: day.date)
    for day in days:
        # The notice of a year may name the days of late December that join its New Year holiday.
        if day.date.year != year and (day.date.year, day.date.month) != (year - 1, 12):
            raise CalendarRefused(
                name,
                f"{day.date} is not of {year}",
                say("{day} 不在{year}年内，请核对年份或日期", day=day.date, year=year),
            )
    return YearFile(year, tuple(days), _source(content), hashlib.sha256(data).hexdigest())


def read_years(folder: Path) -> dict[int, YearFile]:
    """Read every year file of a folder, oldest first.

    Raises:
        CalendarRefused: there is none, or one cannot be used.
    """
    files = sorted(path for path in folder.glob("*.json") if _YEAR_FILE.fullmatch(path.name))
    if not files:
        raise CalendarRefused(str(folder), "no year file", say("没有年度日历文件，例如 2026.json"))
    years = {}
    for path in files:
        year = parse_year(path.read_bytes(), path.name)
        if path.stem != str(year.year):
            raise CalendarRefused(
                path.name,
                f"holds {year.year}",
                say("文件名与内容的年份（{year}）不一致", year=year.year),
            )
        years[year.year] = year
    return years


def read_statutory(folder: Path) -> dict[date, str]:
    """Read the statutory holidays by which years that are not announced yet are counted, ``{day: name}``.

    Source:
        全国年节及纪念日放假办法（2024年11月10日修订）第二条. A folder without the file has none.
    """
    path = folder / STATUTORY_FILE
    if not path.exists():
        return {}
    content = _object(path.read_bytes(), path.name)
    days: dict[date, str] = {}
    try:
        for year, holidays in content["by_year"].items():
            for name, dates in [*content["every_year"].items(), *holidays.items()]:
                for text in dates:
                    day = date.fromisoformat(f"{int(year):04d}-{text}")
                    days[day] = f"{days[day]}、{name}" if day in days else name
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CalendarRefused(path.name, repr(error), say("法定节假日文件的格式不对")) from error
    return days


def read_local(folder: Path) -> tuple[Day, ...]:
    """Read the office's local overlay (地方、少数民族节假日), by date; none where there is no file."""
    path = folder / LOCAL_FILE
    if not path.exists():
        return ()
    return tuple(
        sorted(_days(_object(path.read_bytes(), path.name).get("days"), path.name), key=_date)
    )


def preview_year(folder: Path, data: bytes, name: str = "year.json") -> CalendarChange:
    """Say what taking in a year file would change, and change nothing.

    Raises:
        CalendarRefused: as ``parse_year``; or it holds no day, which would announce an empty year.
    """
    new = parse_year(data, name)
    if not new.is_official:
        raise CalendarRefused(
            name, "no days", say("文件里没有{year}年的放假安排，未作改动", year=new.year)
        )
    path = folder / f"{new.year}.json"
    old = parse_year(path.read_bytes(), path.name).days if path.exists() else ()
    before, after = {day.date: day for day in old}, {day.date: day for day in new.days}
    return CalendarChange(
        year=new.year,
        added=tuple(day for day in new.days if day.date not in before),
        removed=tuple(day for day in old if day.date not in after),
        changed=tuple(day for day in new.days if before.get(day.date, day) != day),
        checksum=new.checksum,
        source=new.source,
        warnings=tuple(_warnings(new, read_statutory(folder))),
    )


def import_year(folder: Path, data: bytes, name: str = "year.json") -> CalendarChange:
    """Take in a year file: check it, write it whole or not at all, and say what it changed.

    Raises:
        CalendarRefused: as ``preview_year``; then nothing was written.
    """
    change = preview_year(folder, data, name)
    _write_whole(folder / f"{change.year}.json", data)
    return change


def _warnings(year: YearFile, statutory: Mapping[date, str]) -> Iterable[str]:
    off = {day.date for day in year.days if day.is_off}
    missing = [
        f"{day} {name}"
        for day, name in sorted(statutory.items())
        if day.year == year.year and day not in off
    ]
    if missing:
        yield say("法定节假日没有列为放假：{days}，请对照通知核对", days=listed(missing))
    odd = [str(day.date) for day in year.days if not day.is_off and day.date.weekday() < 5]
    if odd:
        yield say("列为调休上班的日子不是周末：{days}，请对照通知核对", days=listed(odd))
    if not year.source:
        yield say("文件没有写明来源（papers），请补上通知的网址或文号")


def _object(data: bytes, name: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise CalendarRefused(name, "too large", say("文件太大，不像一年的放假安排"))
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CalendarRefused(
            name, f"no JSON: {error}", say("不是 JSON 文件，或没有保存完整")
        ) from error
    if not isinstance(content, dict):
        raise CalendarRefused(name, "no object", say("内容应为 {{year, days: [...]}}"))
    return content


def _days(listed: object, name: str) -> list[Day]:
    if not isinstance(listed, list):
        raise CalendarRefused(name, "days is no list", say("缺少放假日列表（days）"))
    days = [_day(entry, name) for entry in listed]
    seen: set[date] = set()
    for day in days:
        if day.date in seen:
            raise CalendarRefused(name, f"{day.date} twice", say("{day} 出现了两次", day=day.date))
        seen.add(day.date)
    return days


def _day(entry: object, name: str) -> Day:
    try:
        if not isinstance(entry, dict):
            raise TypeError(entry)
        title, text, is_off = entry["name"], entry["date"], entry["isOffDay"]
        if not (isinstance(title, str) and isinstance(text, str) and isinstance(is_off, bool)):
            raise TypeError(entry)
        return Day(title, date.fromisoformat(text), is_off)
    except (KeyError, TypeError, ValueError) as error:
        raise CalendarRefused(
            name,
            f"day {entry!r}",
            say(
                "有一天写得不对：{entry}，应为 name、date（年-月-日）、isOffDay（true 或 false）",
                entry=repr(entry),
            ),
        ) from error


def _date(day: Day) -> date:
    return day.date


def _source(content: Mapping[str, Any]) -> str:
    papers = content.get("papers")
    if isinstance(papers, list) and papers and isinstance(papers[0], str):
        return papers[0]
    source = content.get("source")
    return source if isinstance(source, str) else ""


def _write_whole(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
