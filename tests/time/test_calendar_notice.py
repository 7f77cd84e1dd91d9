"""A holiday notice typed as it is worded becomes the same year file; a slip is refused by name."""

from __future__ import annotations

import json

import pytest

from engine.business_calendar.notice import read_notice
from engine.business_calendar.years import CalendarRefused, parse_year
from tests.time.conftest import PROCESSES

# The arrangements of two years in the words of such notices.
NOTICES = {
    2026: """
一、元旦：1月1日（周四）至3日（周六）放假调休，共3天。1月4日（周日）上班。
二、春节：2月15日（农历腊月二十八、周日）至23日（农历正月初七、周一）放假调休，共9天。2月14日（周六）、2月28日（周六）上班。
三、清明节：4月4日（周六）至6日（周一）放假，共3天。
四、劳动节：5月1日（周五）至5日（周二）放假调休，共5天。5月9日（周六）上班。
五、端午节：6月19日（周五）至21日（周日）放假，共3天。
六、中秋节：9月25日（周五）至27日（周日）放假，共3天。
七、国庆节：10月1日（周四）至7日（周三）放假调休，共7天。9月20日（周日）、10月10日（周六）上班。
节假日期间，各地区、各部门要妥善安排好值班和安全、保卫、疫情防控等工作。
""",
    2024: """
一、元旦：1月1日放假，与周末连休。
二、春节：2月10日至17日放假调休，共8天。2月4日（星期日）、2月18日（星期日）上班。鼓励各单位结合带薪年休假等制度落实，安排职工在除夕（2月9日）休息。
三、清明节：4月4日至6日放假调休，共3天。4月7日（星期日）上班。
四、劳动节：5月1日至5日放假调休，共5天。4月28日（星期日）、5月11日（星期六）上班。
五、端午节：6月10日放假，与周末连休。
六、中秋节：9月15日至17日放假调休，共3天。9月14日（星期六）上班。
七、国庆节：10月1日至7日放假调休，共7天。9月29日（星期日）、10月12日（星期六）上班。
""",
}


@pytest.mark.parametrize("year", NOTICES)
def test_a_typed_notice_counts_as_the_year_file_does(year):
    text = f"国务院办公厅关于{year}年部分节假日安排的通知\n{NOTICES[year]}"
    typed = parse_year(read_notice(text, "国办通知"), "typed")
    shipped = parse_year(
        (PROCESSES / "_office" / "calendar" / f"{year}.json").read_bytes(), "shipped"
    )

    def meaning(file):
        return {
            day.date: day.is_off
            for day in file.days
            # Weekends are days off with or without being named.
            if not (day.is_off and day.date.weekday() >= 5)
        }

    assert meaning(typed) == meaning(shipped)
    assert typed.source == "国办通知"


def test_a_holiday_across_the_turn_of_the_year_names_its_years():
    text = "一、元旦：2022年12月31日至2023年1月2日放假调休，共3天。"
    days = json.loads(read_notice(text, "x", 2023))["days"]
    assert [day["date"] for day in days] == ["2022-12-31", "2023-01-01", "2023-01-02"]


def test_what_a_notice_says_is_written_as_a_year_file():
    text = "二、春节：2月15日(星期天)放假，共1天。2月14日（星期六）上班。\n一、元旦：1月1日(周四)放假。"
    assert json.loads(read_notice(text, "国办通知", 2026)) == {
        "year": 2026,
        "papers": ["国办通知"],
        "days": [
            {"name": "元旦", "date": "2026-01-01", "isOffDay": True},
            {"name": "春节", "date": "2026-02-14", "isOffDay": False},
            {"name": "春节", "date": "2026-02-15", "isOffDay": True},
        ],
    }
    assert "元旦".encode() in read_notice(text, "国办通知", 2026)


def test_the_year_that_is_given_goes_before_the_title():
    text = "2025年部分节假日安排\n一、元旦：1月1日放假。"
    assert json.loads(read_notice(text, "x", 2026))["year"] == 2026
    assert json.loads(read_notice(text, "x"))["year"] == 2025


def test_a_holiday_of_twenty_days_is_one_and_of_twenty_one_is_none():
    assert len(json.loads(read_notice("一、春节：2月1日至20日放假。", "x", 2026))["days"]) == 20
    with pytest.raises(CalendarRefused):
        read_notice("一、春节：2月1日至21日放假。", "x", 2026)


@pytest.mark.parametrize(
    "bracket", ["(星期五)", "（周五）", "(周五)", "（农历初一、星期五）", "（周天）", "(星期天)"]
)
def test_a_wrong_weekday_is_seen_in_every_spelling(bracket):
    with pytest.raises(CalendarRefused):
        read_notice(f"一、元旦：1月1日{bracket}放假。", "x", 2026)


TITLE = "2026年部分节假日安排\n"


@pytest.mark.parametrize(
    ("text", "message", "says"),
    [
        (
            "一、元旦：1月1日（周四）放假。",
            "no year",
            "看不出是哪一年的安排，请保留标题，或者写明年份",
        ),
        (
            f"{TITLE}祝大家节日快乐",
            "no item",
            "没有找到放假安排，应为“一、元旦：1月1日（周四）放假……”的形式",
        ),
        (
            f"{TITLE}一、元旦：1月1日（周五）放假。",
            "元旦: 2026-01-01是周四，写的是周五",
            "“元旦”：2026-01-01是周四，写的是周五，请对照通知核对",
        ),
        (
            f"{TITLE}一、元旦：1月1日至3日放假，共4天。",
            "元旦: 共4天，但所列日期有3天",
            "“元旦”：共4天，但所列日期有3天，请对照通知核对",
        ),
        (
            f"{TITLE}一、元旦：2月30日放假。",
            "元旦: 2026年2月30日不存在",
            "“元旦”：2026年2月30日不存在，请对照通知核对",
        ),
        (
            f"{TITLE}一、元旦：1月3日至1日放假。",
            "元旦: 2026-01-03至2026-01-01不像一个假期",
            "“元旦”：2026-01-03至2026-01-01不像一个假期，请对照通知核对",
        ),
        (
            f"{TITLE}一、元旦：1月1日放假。\n二、春节：1月1日放假。",
            "2026-01-01 twice",
            "2026-01-01 出现了两次，请对照通知核对",
        ),
        (
            f"{TITLE}一、元旦：3日放假。",
            "元旦: 2026年0月3日不存在",
            "“元旦”：2026年0月3日不存在，请对照通知核对",
        ),
    ],
)
def test_a_slip_is_refused_by_name(text, message, says):
    with pytest.raises(CalendarRefused) as refused:
        read_notice(text, "通知")
    assert refused.value.file == "通知"
    assert str(refused.value) == f"通知: {message}"
    assert refused.value.sentence == f"通知：{says}"


def test_a_wish_between_the_holiday_and_its_make_up_day_ends_nothing():
    text = "一、春节：2月15日放假。鼓励休息。2月14日上班。"
    days = json.loads(read_notice(text, "x", 2026))["days"]
    assert [day["isOffDay"] for day in days] == [False, True]


def test_the_weekday_of_the_last_day_is_checked_too():
    with pytest.raises(CalendarRefused) as refused:
        read_notice("一、元旦：1月1日至3日（周五）放假。", "x", 2026)
    assert "2026-01-03是周六，写的是周五" in refused.value.sentence
