"""Reads a State Council holiday notice as it is worded, and turns it into a year file.

``一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。`` Whoever types it in may err; weekdays in
brackets and 共N天 say what was meant, so both are checked before anything is believed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NoReturn

from engine.business_calendar.years import CalendarRefused, Day
from engine.words import say

_TITLE = re.compile(r"(\d{4})\s*年部分节假日安排")
_ITEM = re.compile(
    r"^\s*(?:[一二三四五六七八九十]+、|\d+[.、．])?\s*([^：:，。\s]{2,20})[：:](.+)$"
)
_DAY = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:（([^（）]*)）)?"
_SPAN = re.compile(rf"{_DAY}(?:\s*(?:至|到|[-—~～])\s*{_DAY})?")
_TOTAL = re.compile(r"共\s*(\d+)\s*天")
_WEEKDAYS = "一二三四五六日"


def read_notice(text: str, name: str, year: int | None = None) -> bytes:
    """Return the year file that a notice says, as JSON bytes.

    Args:
        text: the notice, or its numbered items, one a line.
        name: what to call it in an error; also kept as its source.
        year: the notice's year, where its title is not in the text.

    Raises:
        CalendarRefused: no year, no item, a weekday or a total that does not fit, a date that does not exist.
    """
    plain = text.replace("(", "（").replace(")", "）").replace("星期", "周").replace("周天", "周日")
    if year is None:
        title = _TITLE.search(plain)
        if title is None:
            raise CalendarRefused(
                name, "no year", say("看不出是哪一年的安排，请保留标题，或者写明年份")
            )
        year = int(title[1])
    days: dict[date, Day] = {}
    for line in plain.splitlines():
        item = _ITEM.match(line)
        if item and "放假" in item[2]:
            for day in _Item(name, year, item[1], item[2]).days():
                if day.date in days:
                    raise CalendarRefused(
                        name,
                        f"{day.date} twice",
                        say("{day} 出现了两次，请对照通知核对", day=day.date),
                    )
                days[day.date] = day
    if not days:
        raise CalendarRefused(
            name, "no item", say("没有找到放假安排，应为“一、元旦：1月1日（周四）放假……”的形式")
        )
    listed = [
        {"name": day.name, "date": day.date.isoformat(), "isOffDay": day.is_off}
        for day in sorted(days.values(), key=lambda day: day.date)
    ]
    content = {"year": year, "papers": [name], "days": listed}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


class _Item:
    """One holiday of the notice."""

    def __init__(self, file: str, year: int, title: str, text: str) -> None:
        self.file, self.year, self.title, self.text = file, year, title, text

    def days(self) -> Iterator[Day]:
        off = 0
        for sentence in re.split(r"[。；;]", self.text):
            # Commas may part the days from the total, never the days from what happens on them.
            is_off = "放假" in sentence
            if not is_off and "上班" not in sentence:
                continue
            for day in self._dates(_TOTAL.sub("", sentence)):
                off += is_off
                yield Day(self.title, day, is_off)
            total = _TOTAL.search(sentence)
            if total and int(total[1]) != off:
                self._refuse(say("{total}，但所列日期有{n}天", total=total[0], n=off))

    def _dates(self, sentence: str) -> Iterator[date]:
        month, year = 0, self.year
        for found in _SPAN.finditer(sentence):
            month, year = int(found[2] or month), int(found[1] or year)
            first = last = self._date(year, month, int(found[3]), found[4])
            if found[7]:
                year, month = int(found[5] or year), int(found[6] or month)
                last = self._date(year, month, int(found[7]), found[8])
            if not 0 <= (last - first).days < 20:
                self._refuse(say("{first}至{last}不像一个假期", first=first, last=last))
            yield from (first + timedelta(days=step) for step in range((last - first).days + 1))

    def _date(self, year: int, month: int, day: int, remark: str | None) -> date:
        try:
            found = date(year, month, day)
        except ValueError:
            self._refuse(say("{year}年{month}月{day}日不存在", year=year, month=month, day=day))
        said = re.search(rf"周([{_WEEKDAYS}])", remark or "")
        right, written = f"周{_WEEKDAYS[found.weekday()]}", said[0] if said else ""
        if said and written != right:
            self._refuse(
                say(
                    "{day}是{right}，写的是{written}",
                    day=found,
                    right=say(right),
                    written=say(written),
                )
            )
        return found

    def _refuse(self, what: str) -> NoReturn:
        raise CalendarRefused(
            self.file,
            f"{self.title}: {what}",
            say("“{title}”：{what}，请对照通知核对", title=self.title, what=what),
        )
