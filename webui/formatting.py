"""How dates, instants and clocks are said: the template filters.

Words only: the numbers come from the engine. Pages say 2026年12月10日（周四）, tables 2026-12-10.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from babel.dates import format_date
from flask import Flask
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from markupsafe import Markup, escape

from engine.timesource import OFFICE_ZONE, legal_day

MARKS = {
    "late": "late",
    "today": "soon",
    "soon": "soon",
    "run": "run",
    "held": "held",
    "waiting": "held",
    "stopped": "done",
    "none": "held",
}
CLASSES = {
    "late": "is-late",
    "today": "is-soon is-today",
    "soon": "is-soon",
    "run": "is-run",
    "held": "is-held",
    "waiting": "is-held",
    "stopped": "is-held",
    "none": "is-held",
}
_WEEKDAYS = "一二三四五六日"


def is_english() -> bool:
    """Return True where the page is shown in English."""
    locale = get_locale()
    return locale is not None and locale.language == "en"


def gap() -> str:
    """Return what stands between two sentences: a space in English, nothing in Chinese."""
    return " " if is_english() else ""


def weekday(day: date) -> str:
    """Return 周四, or Thu."""
    if is_english():
        return str(format_date(day, "EEE", locale="en"))
    return "周" + _WEEKDAYS[day.weekday()]


def weekday_short(day: date) -> str:
    """Return 四, or Th: the head of a calendar's column."""
    if is_english():
        return str(format_date(day, "EEEEEE", locale="en"))
    return _WEEKDAYS[day.weekday()]


def month_name(day: date) -> str:
    """Return 11月, or November."""
    if is_english():
        return str(format_date(day, "MMMM", locale="en"))
    return f"{day.month}月"


def day_long(day: date | None) -> str:
    """Return 2026年12月10日（周四）."""
    if day is None:
        return ""
    if is_english():
        return f"{day.day} {format_date(day, 'MMMM y', locale='en')} ({weekday(day)})"
    return f"{day.year}年{day.month}月{day.day}日（{weekday(day)}）"


def day_within(day: date) -> str:
    """Return 11月27日（周五，含当日）: the last day on which something is in time."""
    if is_english():
        return (
            f"{day.day} {format_date(day, 'MMMM', locale='en')} ({weekday(day)}, that day included)"
        )
    return f"{day.month}月{day.day}日（{weekday(day)}，含当日）"


def day_short(day: date) -> str:
    """Return 10月22日: a second date in a line, where the year is clear."""
    if is_english():
        return f"{day.day} {format_date(day, 'MMM', locale='en')}"
    return f"{day.month}月{day.day}日"


def iso(day: date | None) -> str:
    """Return 2026-12-10."""
    return day.isoformat() if day else ""


def iso_weekday(day: date) -> str:
    """Return 2026-12-10 周四."""
    return f"{day.isoformat()} {weekday(day)}"


def month_day(day: date) -> str:
    """Return 12-10."""
    return f"{day:%m-%d}"


def clock_time(instant: datetime | None) -> str:
    """Return 10:42, in the office's zone."""
    return f"{instant.astimezone(OFFICE_ZONE):%H:%M}" if instant else ""


def stamp(instant: datetime | None) -> str:
    """Return 2026-11-24 10:42, in the office's zone."""
    return f"{instant.astimezone(OFFICE_ZONE):%Y-%m-%d %H:%M}" if instant else ""


def stamp_seconds(instant: datetime) -> str:
    """Return 11-24 10:02:11, in the office's zone."""
    return f"{instant.astimezone(OFFICE_ZONE):%m-%d %H:%M:%S}"


def clock_say(clock: Any) -> str:
    """Say in words how a clock stands: 还有3个工作日, 逾期1个工作日, 今天到期."""
    if clock is None:
        return ""
    if clock.state == "today":
        return str(_("今天到期"))
    if clock.state == "late":
        return late_by(-(clock.left or 0))
    if clock.state in ("soon", "run"):
        return days_left(clock.left)
    return str(
        {
            "held": _("暂停计时"),
            "waiting": clock.still or _("等待中"),
            "stopped": _("已停止计时"),
        }.get(clock.state, _("没有期限"))
    )


def days_left(count: int | None) -> str:
    """Return 还有3个工作日."""
    if count is None:
        return str(_("计时中"))
    return str(ngettext("还有%(num)d个工作日", "还有%(num)d个工作日", count))


def late_by(count: int) -> str:
    """Return 逾期1个工作日; a limit that ran out on a day of rest is simply 已逾期."""
    if count <= 0:
        return str(_("已逾期"))
    return str(ngettext("逾期%(num)d个工作日", "逾期%(num)d个工作日", count))


def clock_class(clock: Any) -> str:
    """Return the CSS classes of a clock."""
    return CLASSES[clock.state]


def clock_mark(clock: Any) -> str:
    """Return the name of the clock's shape in the sprite."""
    return MARKS[clock.state]


def emphasise(sentence: str, strong: str) -> Markup:
    """Return the sentence with its first ``strong`` part in bold; both are text, not markup."""
    if not strong or strong not in sentence:
        return escape(sentence)
    before, after = sentence.split(strong, 1)
    return Markup("{}<strong>{}</strong>{}").format(before, strong, after)


def unbroken(text: str) -> Markup:
    """Return a list of articles that breaks only between its members (after 、)."""
    parts = [part for part in re.split(r"(?<=、)", text) if part]
    return Markup("").join(Markup('<span class="nb">{}</span>').format(part) for part in parts)


def day_name(name: str) -> str:
    """Return a holiday's name, or 调休上班 of a make-up day, as the catalogue has it."""
    return str(_(name))


def thousands(number: int) -> str:
    """Return 18,204."""
    return f"{number:,}"


def install(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(
        day_long=day_long,
        day_within=day_within,
        day_short=day_short,
        iso=iso,
        iso_weekday=iso_weekday,
        weekday=weekday,
        weekday_short=weekday_short,
        month_name=month_name,
        month_day=month_day,
        clock_time=clock_time,
        stamp=stamp,
        stamp_seconds=stamp_seconds,
        clock_say=clock_say,
        late_by=late_by,
        clock_class=clock_class,
        clock_mark=clock_mark,
        emphasise=emphasise,
        unbroken=unbroken,
        thousands=thousands,
        day_name=day_name,
        legal_day=legal_day,
    )
    app.jinja_env.globals.update(is_english=is_english, gap=gap)
