"""What time says when it refuses, to the log and to a person; and how a line of a calculation is handed out."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, time

import pytest

from engine.business_calendar import BusinessCalendar, CalendarNotCovered
from engine.business_calendar.years import Day, parse_year
from engine.lengths import parse_length
from engine.statutory_clock import (
    CaseEvent,
    ClockDefinition,
    ClockInvalid,
    Entry,
    FactUnusable,
    LengthMixed,
    SettingMissing,
    answer,
    check_references,
    instant_of,
    wording,
)
from engine.statutory_clock.counting import next_fixed_day
from engine.statutory_clock.records import NoEffect
from engine.statutory_clock.resolved import Effect
from engine.timesource import OFFICE_ZONE
from tests.time.weekdays import day, fact


def clock(identity, length="P20WD", *rules):
    return ClockDefinition.from_mapping(
        {
            "id": identity,
            "title": "试验期限",
            "length": length,
            "article": "第一条",
            "rules": [{"kind": "starts", "event": "begun", "title": "开始"}, *rules],
        }
    )


def run(definition, *facts, calendar, settings=None):
    return answer(
        definition,
        [fact(one) for one in facts],
        calendar,
        settings or {},
        definitions={definition.id: definition},
    )


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("refusal", "message", "sentence"),
    [
        (
            lambda: CalendarNotCovered(date(2004, 1, 1), date(2028, 12, 31)),
            "the business calendar reaches from 2004-01-01 to 2028-12-31 only",
            "工作日历只覆盖2004-01-01至2028-12-31，请核对日期",
        ),
        (
            lambda: SettingMissing("fee"),
            "no setting 'fee'",
            "没有名为“fee”的设置，请在 settings.yaml 中补上",
        ),
        (
            lambda: LengthMixed("reply", parse_length("P6M")),
            "clock 'reply': P6M in another unit",
            "期限“reply”的单位与 P6M 不一致",
        ),
        (
            lambda: FactUnusable("extension_approved", "working_days", "abc"),
            "case event extension_approved: field working_days is 'abc'",
            "事实“extension_approved”的“working_days”应为大于零的整数，现为 'abc'，请补正",
        ),
        (
            lambda: ClockInvalid("reply", "on='x'", "固定日期应写成 --01-31"),
            "clock 'reply': on='x'",
            "期限“reply”：固定日期应写成 --01-31",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(refusal, message, sentence):
    refusal = refusal()
    assert (str(refusal), refusal.sentence) == (message, sentence)


def test_a_missing_setting_is_named():
    assert SettingMissing("fee").name == "fee"


def test_what_does_not_resolve_among_clocks_is_said_of_the_clock_it_stands_in():
    asks = {"kind": "suspends", "from": "sent", "title": "征求", "until": "came"}
    first = clock("first", "@unknown", {**asks, "limit": "nowhere"})
    second = clock("second", "P1D", {**asks, "limit": "third"})
    third = clock("third", "P1D", {**asks, "limit": "second"})
    found = check_references({one.id: one for one in (first, second, third)}, ["fee"])
    assert [(str(one), one.sentence, one.clock) for one in found] == [
        ("clock 'first': no clock nowhere", "期限“first”：没有叫“nowhere”的期限", "first"),
        ("clock 'first': no setting unknown", "期限“first”：没有叫“unknown”的设置", "first"),
        ("clock 'second': refers to itself", "期限“second”：期限之间循环引用", "second"),
        ("clock 'third': refers to itself", "期限“third”：期限之间循环引用", "third"),
    ]


def test_a_circle_further_on_is_not_this_clocks():
    asks = {"kind": "suspends", "from": "sent", "title": "征求", "until": "came"}
    outside = clock("outside", "P1D", {**asks, "limit": "second"})
    second = clock("second", "P1D", {**asks, "limit": "third"})
    third = clock("third", "P1D", {**asks, "limit": "second"})
    found = check_references({one.id: one for one in (outside, second, third)})
    assert [one.clock for one in found] == ["second", "third"]


@pytest.mark.parametrize(
    ("rule", "message", "sentence"),
    [
        ("starts", "a rule is no mapping", "规则的格式不对"),
        ({"kind": "falls"}, "falls without on", "规则“falls”缺少“on”"),
        (
            {"kind": "falls", "on": "--01-31", "colour": "red"},
            "falls with colour",
            "规则“falls”不认识“colour”，请检查拼写",
        ),
        (
            {"kind": "falls", "on": "--01-31", "when": "fee"},
            "condition 'fee'",
            "条件“fee”应写成 名称=值 的形式",
        ),
    ],
)
def test_a_rule_that_cannot_be_read_is_refused_word_for_word(rule, message, sentence):
    with pytest.raises(ClockInvalid) as refused:
        clock("c", "P1D", rule)
    assert (str(refused.value), refused.value.sentence, refused.value.clock) == (
        f"clock 'c': {message}",
        f"期限“c”：{sentence}",
        "c",
    )


def test_an_unknown_rule_is_answered_with_the_known_ones():
    with pytest.raises(ClockInvalid, match=r"^clock 'c': unknown rule sings$") as refused:
        clock("c", "P1D", {"kind": "sings"})
    assert refused.value.sentence.startswith("期限“c”：不认识规则“sings”，可用的有：")
    assert {"starts", "stops", "warns"} <= set(
        refused.value.sentence.partition("可用的有：")[2].split("、")
    )


@pytest.mark.parametrize("per", ["", "party"])
def test_a_definition_is_written_as_it_is_read(per):
    shape = {
        "id": "c",
        "title": "试验",
        "length": "P1D",
        "article": "第一条",
        "nature": "limit",
        "rules": [{"kind": "starts", "event": "begun"}],
    }
    if per:
        shape["per"] = per
    assert ClockDefinition.from_mapping(shape).to_mapping() == shape


# ---------------------------------------------------------------- fixed days


@pytest.mark.parametrize(
    ("after", "month", "the_day", "found"),
    [
        ("2025-12-31 Wed", 1, 31, "2026-01-31 Sat"),
        ("2026-01-30 Fri", 1, 31, "2026-01-31 Sat"),
        ("2026-01-31 Sat", 1, 31, "2027-01-31 Sun"),  # on the day itself it is the next one
        ("2027-03-01 Mon", 2, 29, "2028-02-29 Tue"),
        ("2026-01-01 Thu", 2, 29, "2026-02-28 Sat"),
    ],
)
def test_a_fixed_day_lies_behind_the_fact(after, month, the_day, found):
    assert next_fixed_day(day(after), month, the_day) == day(found)


def test_a_fixed_day_may_be_written_with_a_year_that_is_not_read(calendar):
    falls = {"kind": "falls", "on": "2024-02-27"}
    found = run(clock("report", "", falls), "begun 2026-01-05 Mon", calendar=calendar)
    assert found.due == day("2026-02-27 Fri")


def test_a_fixed_day_that_is_none_is_refused(calendar):
    falls = {"kind": "falls", "on": "--02-30"}
    with pytest.raises(ClockInvalid, match=r"^clock 'report': on='--02-30'$") as refused:
        run(clock("report", "", falls), "begun 2026-01-05 Mon", calendar=calendar)
    assert refused.value.sentence == "期限“report”：固定日期应写成 --01-31，现为“--02-30”"
    assert refused.value.clock == "report"


# ---------------------------------------------------------------- facts and instants


@pytest.mark.parametrize(
    ("value", "word"), [(True, "true"), (False, "false"), (None, ""), ("x", "x"), (3, "3")]
)
def test_a_fact_says_a_word(value, word):
    said = CaseEvent("reply_sent", date(2026, 3, 2), {"final": value})
    assert said.says([("final", frozenset({word}))])
    assert not said.says([("final", frozenset({"other"}))])


def test_a_timer_may_hang_seconds_before_the_end(ask, calendar):
    reply = ask("reply", "received 2026-03-02 Mon", today="2026-03-02 Mon")
    assert instant_of(reply, "-PT90S", calendar, time(8, 30)) == datetime(
        2026, 3, 30, 23, 58, 30, tzinfo=OFFICE_ZONE
    )


# ---------------------------------------------------------------- names of days


def test_days_are_named_by_the_notice(calendar):
    assert calendar.day_name(day("2026-10-01 Thu")) == "国庆节"
    assert calendar.day_name(day("2026-10-10 Sat")) == "调休上班"
    assert calendar.day_name(day("2026-10-12 Mon")) is None
    assert calendar.local_name(day("2026-10-01 Thu")) is None


YEAR_2026 = (
    '{"year": 2026, "days": [{"name": "元旦", "date": "2026-01-01", "isOffDay": true}]}'.encode()
)


def test_local_days_inform_only_where_nobody_says_otherwise():
    festival = Day("开斋节", day("2026-03-20 Fri"), is_off=True)
    years = {2026: parse_year(YEAR_2026, "2026.json")}
    plain = BusinessCalendar(years, {}, [festival])
    assert plain.is_working_day(festival.date)
    assert plain.local_name(festival.date) == "开斋节"
    assert not BusinessCalendar(years, {}, [festival], local_counts=True).is_working_day(
        festival.date
    )


def test_a_calendar_counts_from_its_first_day_to_its_last_and_no_further():
    small = BusinessCalendar({2026: parse_year(YEAR_2026, "2026.json")})
    first, last = day("2026-01-01 Thu"), day("2026-12-31 Thu")
    assert (small.first_day, small.last_day) == (first, last)
    assert not small.is_working_day(first)
    assert small.is_working_day(last)
    assert small.add_working_days(day("2026-12-30 Wed"), 1) == last
    for outside in (day("2025-12-31 Wed"), day("2027-01-01 Fri")):
        with pytest.raises(CalendarNotCovered):
            small.is_working_day(outside)
    with pytest.raises(CalendarNotCovered):
        small.add_working_days(last, 1)


def test_statutory_days_of_a_year_that_is_not_announced_count_from_the_first_day_on():
    unannounced = BusinessCalendar(
        {2026: parse_year(b'{"year": 2026, "days": []}', "2026.json")},
        {day("2026-01-01 Thu"): "元旦", day("2025-10-01 Wed"): "国庆节"},
    )
    assert unannounced.day_name(day("2026-01-01 Thu")) == "元旦"
    assert unannounced.day_name(day("2025-10-01 Wed")) is None


def test_a_checksum_names_the_days_and_nothing_else():
    small = BusinessCalendar({2026: parse_year(YEAR_2026, "2026.json")})
    text = "2026-01-01 True 元旦\n2026"
    assert small.checksum == hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- a line as it is handed out


def test_a_line_is_handed_out_whole():
    line = Entry(
        "suspends",
        "第三十三条",
        date(2026, 3, 6),
        date(2026, 3, 18),
        0,
        8,
        "期间不计",
        title="征求意见",
        on=date(2026, 3, 5),
        due=date(2026, 4, 10),
        evidence=("回函", "快递单"),
        effective=False,
    )
    assert line.to_json() == {
        "rule": "suspends",
        "article": "第三十三条",
        "from": "2026-03-06",
        "to": "2026-03-18",
        "counted": 0,
        "skipped": 8,
        "text": "期间不计",
        "title": "征求意见",
        "on": "2026-03-05",
        "due": "2026-04-10",
        "evidence": ["回函", "快递单"],
        "effective": False,
    }


def test_a_line_says_no_more_than_it_has():
    assert Entry("waits", "", None, None, 0, 0, "").to_json() == {
        "rule": "waits",
        "article": "",
        "from": None,
        "to": None,
        "counted": 0,
        "skipped": 0,
        "text": "",
    }


def test_a_corrected_fact_is_called_by_its_name_and_party(ask):
    found = ask(
        "reply",
        "received 2026-03-02 Mon",
        "third_party_sent 2026-03-06 Fri party=甲",
        "third_party_received 2026-03-09 Mon party=甲 id=1",
        "third_party_received 2026-03-08 Sun party=甲 supersedes=1",
    )
    assert found.explanation[0].rule == "superseded"
    assert "第三方收到征求意见书（甲）：原记载2026-03-09" in found.explanation[0].text
    assert found.explanation[4].text.startswith("甲：2026-03-06起")


def test_an_extension_is_named_where_its_days_are_still_to_come(ask):
    found = ask(
        "reply",
        "received 2026-03-02 Mon",
        "extension_approved 2026-03-05 Thu working_days=10 approved_by=赵启明",
        "third_party_sent 2026-03-06 Fri",
    )
    texts = [one.text for one in found.explanation]
    assert "2026-03-05经赵启明同意延长10个工作日" in texts
    assert sum(one.counted for one in found.explanation) == 30


# Words of single lines ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("", "发出"),
        (" approved_on=2026-03-04", "发出"),
        (" approved_by=王五", "发出；经王五批准"),
        (" approved_by=王五 approved_on=2026-03-04", "发出；2026-03-04经王五批准"),
    ],
)
def test_who_approved_is_added_where_the_fact_says_so(said, sentence):
    assert wording.approved("发出", fact(f"sent 2026-03-05 Thu{said}")) == sentence
    assert wording.approved("发出", None) == "发出"


@pytest.mark.parametrize(
    ("last", "unit", "sentence"),
    [
        (3, "working_day", "第3个工作日；03-08 妇女节放假，不计"),
        (4, "working_day", "第3至4个工作日；03-08 妇女节放假，不计"),
        (3, "day", "第3日"),
        (4, "day", "第3至4日"),
    ],
)
def test_a_stretch_names_the_days_of_the_allowance(last, unit, sentence):
    off = Day("妇女节", date(2026, 3, 8), is_off=True)
    year = parse_year(b'{"year": 2026, "days": []}', "2026.json")
    calendar = BusinessCalendar({2026: year}, local=[off], local_counts=True)
    found = wording.stretch(3, last, unit, date(2026, 3, 6), date(2026, 3, 9), calendar)
    assert found == sentence


def test_a_limit_in_hours_without_an_end_names_none():
    begun = datetime(2026, 3, 6, 9, tzinfo=OFFICE_ZONE)
    until = datetime(2026, 3, 7, 9, tzinfo=OFFICE_ZONE)
    assert wording.hours(24, "hour", begun, None) == "自2026-03-06 09:00起24小时"
    assert (
        wording.hours(24, "hour", begun, until) == "自2026-03-06 09:00起24小时，至2026-03-07 09:00"
    )
    assert wording.hours(9, "second", None, until) == (
        "自当日零时（未记载时刻）起9秒，至2026-03-07 09:00"
    )


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("expired", "期限已于2026-03-04届满，不发生延续的效力"),
        ("after_first_period", "未在首个办理期限（至2026-03-04）内作出，不影响期限"),
        ("times", "次数已用完，不再影响期限"),
        ("late", "超过了2026-03-04的期限，按设置期限照常计算"),
        ("notice", "未在原届满日2026-03-04前告知申请人，延长不生效"),
        ("at_most", "延长已达上限，不再增加"),
        ("before_start", "在起算之前，不影响期限"),
        ("listed_before", "与起算同日而记载在前，不影响期限"),
        ("not_begun", "期限还没有起算，暂不影响"),
        ("begun", "期限已经起算，不再另行起算"),
        ("not_asked", "前面的告知没有发生效力，不重新起算"),
        ("ended", "期限已经终结，不再影响"),
    ],
)
def test_a_fact_in_vain_says_why(reason, sentence):
    effect = Effect("extends", "延长", "")
    one = NoEffect(effect, fact("approved 2026-03-05 Thu"), reason, date(2026, 3, 4))
    assert wording.in_vain(one) == f"2026-03-05：{sentence}"


def test_a_due_date_that_nobody_knows_is_not_named_twice_and_a_reason_must_be_known():
    effect, event = Effect("extends", "延长", ""), fact("approved 2026-03-05 Thu")
    found = wording.in_vain(NoEffect(effect, event, "notice"))
    assert found == "2026-03-05：未在原届满日前告知申请人，延长不生效"
    with pytest.raises(ValueError, match="unheard_of"):
        wording.in_vain(NoEffect(effect, event, "unheard_of"))
