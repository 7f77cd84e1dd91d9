"""The sentences of a calculation: dates, numbers and titles joined in Chinese.

No rule of law stands here: what a rule is called and where it comes from is in the diagram.
"""

from __future__ import annotations

from datetime import date, datetime

from engine.business_calendar import BusinessCalendar
from engine.lengths import Unit
from engine.statutory_clock.facts import CaseEvent, Supersession
from engine.statutory_clock.records import Extension, NoEffect, Span, Wait

UNITS = {"working_day": "个工作日", "day": "日", "month": "个月", "hour": "小时", "second": "秒"}
_WEEKDAYS = "一二三四五六日"
# Whoever approved, by the field that says so; shown as it was recorded.
_BY = ("approved_by", "by")


def weekday(day: date) -> str:
    """周一 to 周日."""
    return f"周{_WEEKDAYS[day.weekday()]}"


def short(day: date, year: int | None = None) -> str:
    """``09-28``; with its year where that is not the year of the stretch."""
    return f"{day:%m-%d}" if day.year == year else day.isoformat()


def amount(number: int, unit: Unit) -> str:
    """``20个工作日``."""
    return f"{number}{UNITS[unit]}"


def begun(event: CaseEvent, title: str, unit: Unit) -> str:
    """The day of the starting event: day 0; a limit in hours runs from the instant."""
    if unit in ("hour", "second"):
        return title
    said = event.fields.get("basis")
    return f"{said}（第0天）" if isinstance(said, str) and said else f"{title}，当日不计（第0天）"


def stretch(
    first: int, last: int, unit: Unit, start: date, end: date, calendar: BusinessCalendar
) -> str:
    """Which days of the allowance lie in a stretch, and the listed days among them with their names."""
    number = f"第{first}" if first == last else f"第{first}至{last}"
    text = f"{number}{UNITS[unit]}"
    return "；".join([text, *listed_days(start, end, calendar)]) if unit == "working_day" else text


def listed_days(first: date, last: date, calendar: BusinessCalendar) -> list[str]:
    """Holidays and make-up days of a stretch, each run in words."""
    words = []
    for run in calendar.specials(first, last):
        begin = short(run.first, first.year)
        if not run.is_off:
            words.append(f"{begin} {weekday(run.first)}调休上班，计入")
        elif run.first == run.last:
            words.append(f"{begin} {run.name}放假，不计")
        else:
            words.append(f"{begin} 至 {short(run.last, first.year)} {run.name}放假，不计")
    return words


def months(number: int, start: date, end: date) -> str:
    """A term in months and how its last day is found."""
    text = f"{number}个月，至{end}"
    return text if end.day == start.day else f"{text}（没有对应日，为该月最后一日）"


def hours(number: int, unit: Unit, begun_at: datetime | None, due_at: datetime | None) -> str:
    """A term in hours, from instant to instant."""
    since = f"{begun_at:%Y-%m-%d %H:%M}" if begun_at else "当日零时（未记载时刻）"
    until = f"{due_at:%Y-%m-%d %H:%M}" if due_at else ""
    return f"自{since}起{amount(number, unit)}，至{until}"


def suspension(span: Span, days: int, unit: Unit, *, overlaps: bool) -> str:
    """A span that does not count: from what to what, how many days, and what a silent or late party means."""
    first = span.opened.date
    if span.closed is not None and (span.ends_by is None or span.closed.date <= span.ends_by):
        until = f"至{span.closed.date}收到答复或者完成"
    elif span.closed is not None and span.gap[1] is not None and span.gap[1] >= span.closed.date:
        until = f"至{span.closed.date}（超过其期限{span.ends_by}，仍计至实际收到之日）"
    elif span.closed is not None:
        until = f"至其期限{span.ends_by}（{span.closed.date}才收到，超过部分照常计算）"
    elif span.ends_by is not None:
        until = f"至其期限{span.ends_by}（未见答复，按期限推算）"
    else:
        return f"{first}起，{span.effect.title}，何时结束尚不能确定，期间不计"
    if overlaps:
        return f"{first}起{until}，与前一段重叠，不重复扣除"
    return f"{first}起{until}，{amount(days, unit)}不计入"


def void_suspension(span: Span) -> str:
    """A suspension of a count that was begun anew."""
    until = f"至{span.gap[1]}" if span.gap[1] else ""
    return f"{span.opened.date}起{until}；重新起算后不再扣除"


def waiting(wait: Wait, *, closed: bool) -> str:
    """A wait, during which there is no due date."""
    text = f"{wait.opened.date}起{wait.effect.title}"
    if not closed:
        text += "，期间没有届满日"
    return f"{text}；其期限至{wait.ends_by}" if wait.ends_by else text


def extension(one: Extension, unit: Unit) -> str:
    """An extension: by whom, how long, whether and when the applicant was told."""
    by = next((str(one.event.fields[name]) for name in _BY if one.event.fields.get(name)), "")
    approved = f"{one.event.date}经{by}同意" if by else f"{one.event.date}批准"
    text = f"{approved}延长{amount(one.amount, unit)}"
    if one.notice is None:
        return text
    same = one.notice.date == one.event.date
    return f"{text}，{'同日' if same else one.notice.date}告知申请人"


def replaced(number: int, unit: Unit) -> str:
    """A total that an office has set in place of the allowance."""
    return f"自起算之日共{amount(number, unit)}，代替原期限；此前不计入的日子和延长已含在内"


def void(passed: int, unit: Unit) -> str:
    """What a restart makes void."""
    return f"重新起算，此前的{amount(passed, unit)}不再计算"


_IN_VAIN = {
    "expired": "期限已于{due}届满，不发生延续的效力",
    "after_first_period": "未在首个办理期限（至{due}）内作出，不影响期限",
    "times": "次数已用完，不再影响期限",
    "late": "超过了{due}的期限，按设置期限照常计算",
    "notice": "未在原届满日{due}前告知申请人，延长不生效",
    "at_most": "延长已达上限，不再增加",
    "not_asked": "前面的告知没有发生效力，不重新起算",
    "ended": "期限已经终结，不再影响",
}


def in_vain(one: NoEffect) -> str:
    """Why a fact changed nothing."""
    return f"{one.event.date}：{_IN_VAIN[one.reason].format(due=one.due or '原届满日')}"


def remaining(left: int, unit: Unit, title: str, *, ended: bool) -> str:
    """What is still to count when nobody knows from when."""
    if ended:
        return f"余下{amount(left, unit)}不再计算"
    return f"余下{amount(left, unit)}，{title}结束后计算"


def rolled(unrolled: date, due: date | None, calendar: BusinessCalendar) -> str:
    """A last day that is a rest day, and where it moves."""
    name = calendar.day_name(unrolled) or weekday(unrolled)
    return f"最后一日{unrolled}为休息日（{name}），以其后第一个工作日{due}为届满日"


def superseded(pair: Supersession) -> str:
    """A fact that was corrected."""
    old, new = pair.old, pair.new
    reason = new.fields.get("reason")
    text = (
        f"原记载{old.date}，更正为{new.date}"
        if new.kind == old.kind
        else f"原记载{old.date}，已更正，不再采用"
    )
    return f"{text}（{reason}）" if reason else text
