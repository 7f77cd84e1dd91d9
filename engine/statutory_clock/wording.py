"""The sentences of a calculation: dates, numbers and titles joined in the reader's language.

No rule of law stands here: what a rule is called and where it comes from is in the diagram.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from engine.business_calendar import BusinessCalendar
from engine.lengths import Unit
from engine.statutory_clock.facts import CaseEvent, Supersession
from engine.statutory_clock.records import Extension, NoEffect, Span, Wait
from engine.words import say

# Whoever approved or corrected, by the field that says so, shown as it was recorded; else whoever recorded it.
_APPROVED_BY = ("approved_by", "by", "recorded_by")
_CORRECTED_BY = ("corrected_by", "by", "recorded_by")


def weekday(day: date) -> str:
    """周一 to 周日."""
    return (
        say("周一"),
        say("周二"),
        say("周三"),
        say("周四"),
        say("周五"),
        say("周六"),
        say("周日"),
    )[day.weekday()]


def short(day: date, year: int | None = None) -> str:
    """``09-28``; with its year where that is not the year of the stretch."""
    return f"{day:%m-%d}" if day.year == year else day.isoformat()


def amount(number: int, unit: Unit) -> str:
    """``20个工作日``."""
    match unit:
        case "working_day":
            return say("{n}个工作日", n=number)
        case "day":
            return say("{n}日", n=number)
        case "month":
            return say("{n}个月", n=number)
        case "hour":
            return say("{n}小时", n=number)
        case _:
            return say("{n}秒", n=number)


def joined(parts: Sequence[str]) -> str:
    """Parts of one sentence."""
    return say("；").join(parts)


def begun(event: CaseEvent, title: str, unit: Unit) -> str:
    """The day of the starting event: day 0; a limit in hours runs from the instant."""
    if unit in ("hour", "second"):
        return say("{title}", title=title)
    said = event.fields.get("basis")
    if isinstance(said, str) and said:
        return say("{basis}（第0天）", basis=said)
    return say("{title}，当日不计（第0天）", title=title)


def approved(text: str, event: CaseEvent | None) -> str:
    """Add who approved what the fact is about, and when, where the fact says so (``approved_by``, ``approved_on``)."""
    who = str(event.fields.get("approved_by") or "") if event else ""
    day = event.fields.get("approved_on") if event else None
    if not who:
        return text
    if day:
        return joined([text, say("{day}经{who}批准", day=day, who=who)])
    return joined([text, say("经{who}批准", who=who)])


def stretch(
    first: int, last: int, unit: Unit, start: date, end: date, calendar: BusinessCalendar
) -> str:
    """Which days of the allowance lie in a stretch, and the listed days among them with their names."""
    days = unit == "working_day"
    if first == last:
        text = say("第{n}个工作日", n=first) if days else say("第{n}", n=amount(first, unit))
    elif days:
        text = say("第{first}至{last}个工作日", first=first, last=last)
    else:
        text = say("第{first}至{last}", first=first, last=amount(last, unit))
    return joined([text, *listed_days(start, end, calendar)]) if days else text


def listed_days(first: date, last: date, calendar: BusinessCalendar) -> list[str]:
    """Holidays and make-up days of a stretch, each run in words."""
    words = []
    for run in calendar.specials(first, last):
        begin = short(run.first, first.year)
        if not run.is_off:
            words.append(
                say("{day} {weekday}调休上班，计入", day=begin, weekday=weekday(run.first))
            )
        elif run.first == run.last:
            words.append(say("{day} {holiday}放假，不计", day=begin, holiday=run.name))
        else:
            last_day = short(run.last, first.year)
            words.append(
                say(
                    "{first} 至 {last} {holiday}放假，不计",
                    first=begin,
                    last=last_day,
                    holiday=run.name,
                )
            )
    return words


def months(number: int, start: date, end: date) -> str:
    """A term in months and how its last day is found."""
    if end.day == start.day:
        return say("{n}个月，至{end}", n=number, end=end)
    return say("{n}个月，至{end}（没有对应日，为该月最后一日）", n=number, end=end)


def hours(number: int, unit: Unit, begun_at: datetime | None, due_at: datetime | None) -> str:
    """A term in hours, from instant to instant."""
    since = f"{begun_at:%Y-%m-%d %H:%M}" if begun_at else say("当日零时（未记载时刻）")
    length = amount(number, unit)
    if due_at is None:
        return say("自{since}起{length}", since=since, length=length)
    until = f"{due_at:%Y-%m-%d %H:%M}"
    return say("自{since}起{length}，至{until}", since=since, length=length, until=until)


def suspension(span: Span, days: int, unit: Unit, *, overlaps: bool) -> str:
    """A span that does not count: whom it is about, from what to what, and what a silent or late party means."""
    text, party = _suspended(span, days, unit, overlaps=overlaps), span.opened.party
    return say("{what}：{said}", what=party, said=text) if party else text


def _suspended(span: Span, days: int, unit: Unit, *, overlaps: bool) -> str:
    first = span.opened.date
    end = span.closed.date if span.closed else None
    if span.closed is not None and (span.ends_by is None or span.closed.date <= span.ends_by):
        until = say("至{end}收到答复或者完成", end=end)
    elif span.closed is not None and span.gap[1] is not None and span.gap[1] >= span.closed.date:
        until = say("至{end}（超过其期限{limit}，仍计至实际收到之日）", end=end, limit=span.ends_by)
    elif span.closed is not None:
        until = say("至其期限{limit}（{end}才收到，超过部分照常计算）", end=end, limit=span.ends_by)
    elif span.ends_by is not None:
        until = say("至其期限{limit}（未见答复，按期限推算）", limit=span.ends_by)
    else:
        title = span.effect.title
        return say("{first}起，{title}，何时结束尚不能确定，期间不计", first=first, title=title)
    if overlaps:
        return say("{first}起{until}，与前一段重叠，不重复扣除", first=first, until=until)
    days_out = amount(days, unit)
    return say("{first}起{until}，{days}不计入", first=first, until=until, days=days_out)


def void_suspension(span: Span) -> str:
    """A suspension of a count that was begun anew."""
    first, end = span.opened.date, span.gap[1]
    if end:
        return say("{first}起至{end}；重新起算后不再扣除", first=first, end=end)
    return say("{first}起；重新起算后不再扣除", first=first)


def waiting(wait: Wait, *, closed: bool) -> str:
    """A wait, during which there is no due date."""
    first, title = wait.opened.date, wait.effect.title
    if closed:
        text = say("{first}起{title}", first=first, title=title)
    else:
        text = say("{first}起{title}，期间没有届满日", first=first, title=title)
    return joined([text, say("其期限至{limit}", limit=wait.ends_by)]) if wait.ends_by else text


def extension(one: Extension, unit: Unit) -> str:
    """An extension: by whom, how long, whether and when the applicant was told."""
    by = _who(one.event, _APPROVED_BY)
    day, length = one.event.date, amount(one.amount, unit)
    if by:
        text = say("{day}经{who}同意延长{length}", day=day, who=by, length=length)
    else:
        text = say("{day}批准延长{length}", day=day, length=length)
    if one.notice is None:
        return text
    if one.notice.date == day:
        return say("{approved}，同日告知申请人", approved=text)
    return say("{approved}，{day}告知申请人", approved=text, day=one.notice.date)


def replaced(number: int, unit: Unit) -> str:
    """A total that an office has set in place of the allowance."""
    return say(
        "自起算之日共{length}，代替原期限；此前不计入的日子和延长已含在内",
        length=amount(number, unit),
    )


def void(passed: int, unit: Unit) -> str:
    """What a restart makes void."""
    return say("重新起算，此前的{length}不再计算", length=amount(passed, unit))


def _why_in_vain(reason: str, due: object) -> str:  # noqa: C901 (one branch a reason)
    match reason:
        case "expired":
            return say("期限已于{due}届满，不发生延续的效力", due=due)
        case "after_first_period":
            return say("未在首个办理期限（至{due}）内作出，不影响期限", due=due)
        case "times":
            return say("次数已用完，不再影响期限")
        case "late":
            return say("超过了{due}的期限，按设置期限照常计算", due=due)
        case "notice":
            return say("未在原届满日{due}前告知申请人，延长不生效", due=due)
        case "at_most":
            return say("延长已达上限，不再增加")
        case "before_start":
            return say("在起算之前，不影响期限")
        case "listed_before":
            return say("与起算同日而记载在前，不影响期限")
        case "not_begun":
            return say("期限还没有起算，暂不影响")
        case "begun":
            return say("期限已经起算，不再另行起算")
        case "not_asked":
            return say("前面的告知没有发生效力，不重新起算")
        case "ended":
            return say("期限已经终结，不再影响")
        case _:
            raise ValueError(reason)


def in_vain(one: NoEffect) -> str:
    """Why a fact changed nothing."""
    why = _why_in_vain(one.reason, one.due or "")
    return say("{day}：{why}", day=one.event.date, why=why)


def remaining(left: int, unit: Unit, title: str, *, ended: bool) -> str:
    """What is still to count when nobody knows from when."""
    if ended:
        return say("余下{length}不再计算", length=amount(left, unit))
    return say("余下{length}，{title}结束后计算", length=amount(left, unit), title=title)


def rolled(unrolled: date, due: date | None, calendar: BusinessCalendar) -> str:
    """A last day that is a rest day, and where it moves."""
    name = calendar.day_name(unrolled) or weekday(unrolled)
    return say(
        "最后一日{day}为休息日（{name}），以其后第一个工作日{due}为届满日",
        day=unrolled,
        name=name,
        due=due,
    )


def superseded(pair: Supersession, fact: str) -> str:
    """A fact that was corrected; ``fact``: what the rules call it, "" where none does."""
    text = _corrected(pair)
    what = say("（{party}）", party=pair.old.party) if pair.old.party else ""
    return say("{what}：{said}", what=fact + what, said=text) if fact else text


def _corrected(pair: Supersession) -> str:
    old, new = pair.old, pair.new
    reason, by = new.fields.get("reason"), _who(new, _CORRECTED_BY)
    if new.kind == old.kind:
        text = say("原记载{old}，更正为{new}", old=old.date, new=new.date)
    else:
        text = say("原记载{old}，已更正，不再采用", old=old.date)
    if reason:
        text = say("{said}（{reason}）", said=text, reason=reason)
    return say("{said}，由{who}更正", said=text, who=by) if by else text


def _who(event: CaseEvent, names: Sequence[str]) -> str:
    return next((str(event.fields[name]) for name in names if event.fields.get(name)), "")
