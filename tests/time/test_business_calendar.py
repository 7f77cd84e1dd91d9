"""The business calendar: single days, years that are not announced, and taking in a year file."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from engine.business_calendar import BusinessCalendar, CalendarNotCovered
from engine.business_calendar.years import CalendarRefused, import_year, preview_year
from tests.time.weekdays import day


@pytest.mark.parametrize(
    ("written", "works", "reason"),
    [
        ("2025-09-25 Thu", True, "weekday"),
        ("2025-09-27 Sat", False, "weekend"),
        ("2025-09-28 Sun", True, "make-up"),
        ("2025-10-08 Wed", False, "国庆节、中秋节"),
        ("2026-02-14 Sat", True, "make-up"),
        # Named by the notice of 2022, in December of the year before.
        ("2012-12-31 Mon", True, "weekday"),
        ("2010-12-31 Fri", True, "weekday"),
        ("2006-12-31 Sun", None, None),
    ],
)
def test_a_day_counts_by_the_notice_then_by_the_weekday(calendar, written, works, reason):
    if works is None:
        with pytest.raises(CalendarNotCovered):
            calendar.is_working_day(day(written))
        return
    assert calendar.is_working_day(day(written)) is works
    assert calendar.reason(day(written)) == reason


def test_late_december_is_read_from_the_next_years_file(calendar):
    named = [
        d.date for file in calendar.years.values() for d in file.days if d.date.year < file.year
    ]
    assert named, "the shipped years hold such days"
    for late in named:
        assert late.month == 12
        assert calendar.reason(late) not in ("weekday", "weekend")


def test_a_year_that_is_not_announced_counts_with_the_thirteen_statutory_holidays_only(calendar):
    assert calendar.is_provisional(date(2027, 3, 1))
    assert not calendar.is_provisional(date(2026, 12, 31))
    off = [d for d in calendar._listed_days if d.year == 2027]
    assert [str(d) for d in off] == [
        *("2027-01-01", "2027-02-05", "2027-02-06", "2027-02-07", "2027-02-08", "2027-04-05"),
        *(
            "2027-05-01",
            "2027-05-02",
            "2027-06-09",
            "2027-09-15",
            "2027-10-01",
            "2027-10-02",
            "2027-10-03",
        ),
    ]
    assert calendar.add_working_days(day("2027-09-30 Thu"), 1) == day("2027-10-04 Mon")
    assert calendar.reason(day("2027-10-02 Sat")) == "国庆节"


def test_every_statutory_day_of_the_announced_years_is_off(calendar):
    folder = Path(__file__).resolve().parents[2] / "processes" / "_office" / "calendar"
    data = json.loads((folder / "statutory_holidays.json").read_text("utf-8"))
    for year in ("2025", "2026"):
        days = [*data["every_year"].values(), *data["by_year"][year].values()]
        for text in (text for group in days for text in group):
            assert not calendar.is_working_day(date.fromisoformat(f"{year}-{text}"))


def test_runs_of_holidays_are_named_once(calendar):
    runs = calendar.specials(day("2025-09-26 Fri"), day("2025-10-13 Mon"))
    assert [(str(run.first), str(run.last), run.is_off) for run in runs] == [
        ("2025-09-28", "2025-09-28", False),
        ("2025-10-01", "2025-10-08", True),
        ("2025-10-11", "2025-10-11", False),
    ]


def test_counting_past_the_last_year_is_refused(calendar):
    with pytest.raises(CalendarNotCovered):
        calendar.add_working_days(date(2060, 12, 1), 30)
    with pytest.raises(CalendarNotCovered):
        calendar.add_working_days(date(2007, 1, 3), -5)
    with pytest.raises(CalendarNotCovered):
        calendar.working_days_between(date(2006, 1, 1), date(2007, 1, 1))


def test_local_days_inform_and_count_only_where_the_office_says_so(tmp_path, calendar):
    folder = copied(tmp_path)
    (folder / "local.json").write_text(
        json.dumps({"days": [{"name": "三月三", "date": "2026-04-20", "isOffDay": True}]}), "utf-8"
    )
    informing = BusinessCalendar.load(folder)
    assert informing.is_working_day(day("2026-04-20 Mon"))
    assert informing.local_name(day("2026-04-20 Mon")) == "三月三"
    assert informing.checksum == calendar.checksum
    counting = BusinessCalendar.load(folder, local_counts=True)
    assert not counting.is_working_day(day("2026-04-20 Mon"))
    assert counting.checksum != calendar.checksum


def test_the_notice_is_awaited_from_november_until_it_is_in(calendar):
    assert calendar.notice_awaited(date(2026, 10, 31)) is None
    assert calendar.notice_awaited(date(2026, 11, 1)) == 2027
    assert calendar.notice_awaited(date(2025, 11, 20)) is None


NOTICE_2027 = {
    "year": 2027,
    "papers": ["https://www.example.gov.cn/2027"],
    "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2026-12-27", "isOffDay": False},
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
    ],
}


def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "calendar"
    shutil.copytree(
        Path(__file__).resolve().parents[2] / "processes" / "_office" / "calendar", folder
    )
    return folder


def test_importing_a_year_says_what_it_changes_and_writes_it_whole(tmp_path):
    folder = copied(tmp_path)
    data = json.dumps(NOTICE_2027, ensure_ascii=False).encode()
    before = BusinessCalendar.load(folder)
    preview = preview_year(folder, data)
    assert (folder / "2027.json").read_bytes() != data
    change = import_year(folder, data)
    assert change == preview
    assert [str(d.date) for d in change.added] == ["2026-12-27", "2026-12-31", "2027-01-01"]
    assert change.removed == change.changed == ()
    assert change.source == "https://www.example.gov.cn/2027"
    assert len(change.checksum) == 64
    assert any("春节" in warning for warning in change.warnings)
    after = BusinessCalendar.load(folder)
    assert after.is_working_day(day("2026-12-27 Sun"))
    assert not before.is_working_day(day("2026-12-27 Sun"))
    assert not after.is_working_day(day("2026-12-31 Thu"))
    assert not after.is_provisional(date(2027, 5, 1))
    # No longer assumed from the statute, because the notice is in.
    assert after.is_working_day(day("2027-04-05 Mon"))
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []
    assert import_year(folder, data).is_empty


def test_a_corrected_notice_shows_days_removed_and_changed(tmp_path):
    folder = copied(tmp_path)
    import_year(folder, json.dumps(NOTICE_2027).encode())
    corrected = {
        **NOTICE_2027,
        "days": [NOTICE_2027["days"][0], {**NOTICE_2027["days"][1], "isOffDay": True}],
    }
    change = import_year(folder, json.dumps(corrected).encode())
    assert [str(d.date) for d in change.removed] == ["2026-12-31"]
    assert [(str(d.date), d.is_off) for d in change.changed] == [("2026-12-27", True)]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "JSON"),
        (b"[1]", "year"),
        (b"[" * 100_000, "JSON"),
        (b"{" + b" " * 300_000 + b"}", "太大"),
        (b'{"year": "2027", "days": []}', "年份"),
        (b'{"year": true, "days": []}', "年份"),
        (b'{"year": 2027}', "days"),
        (b'{"year": 2027, "days": []}', "没有2027年"),
        (
            b'{"year": 2027, "days": [{"name": "x", "date": "2027-02-30", "isOffDay": true}]}',
            "2027-02-30",
        ),
        (
            b'{"year": 2027, "days": [{"name": "x", "date": "2027-02-03", "isOffDay": 1}]}',
            "isOffDay",
        ),
        (b'{"year": 2027, "days": ["2027-02-03"]}', "isOffDay"),
        (
            b'{"year": 2027, "days": [{"name": "x", "date": "2025-02-03", "isOffDay": true}]}',
            "2025-02-03",
        ),
        (
            b'{"year": 2027, "days": [{"name": "x", "date": "2026-11-30", "isOffDay": true}]}',
            "2026-11-30",
        ),
        (
            (
                b'{"year": 2027, "days": [{"name": "x", "date": "2027-02-03", "isOffDay": true},'
                b' {"name": "y", "date": "2027-02-03", "isOffDay": false}]}'
            ),
            "两次",
        ),
    ],
)
def test_a_bad_year_file_is_refused_in_one_sentence_and_nothing_changes(tmp_path, data, says):
    folder = copied(tmp_path)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(CalendarRefused) as refused:
        import_year(folder, data, "新日历.json")
    assert says in refused.value.sentence
    assert refused.value.sentence.startswith("新日历.json：")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_folder_without_years_or_with_a_misnamed_one_is_refused(tmp_path):
    with pytest.raises(CalendarRefused):
        BusinessCalendar.load(tmp_path)
    (tmp_path / "2026.json").write_text('{"year": 2025, "days": []}')
    with pytest.raises(CalendarRefused) as refused:
        BusinessCalendar.load(tmp_path)
    assert "文件名" in refused.value.sentence
