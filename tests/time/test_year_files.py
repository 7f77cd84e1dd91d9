"""Year files as they are read, refused and taken in: each refusal with its message and its sentence."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from engine.business_calendar.years import (
    MAX_BYTES,
    CalendarRefused,
    Day,
    import_year,
    parse_year,
    preview_year,
    read_local,
    read_statutory,
    read_years,
)

NEW_YEAR = {"name": "元旦", "date": "2026-01-01", "isOffDay": True}


def year(days: object = (NEW_YEAR,), number: object = 2026, **more: object) -> bytes:
    listed = list(days) if isinstance(days, tuple) else days
    return json.dumps({"year": number, "days": listed, **more}).encode()


@pytest.mark.parametrize("number", [1990, 2026, 2199])
def test_a_year_of_our_time_is_taken(number):
    assert parse_year(year((), number), "x").year == number


BROKEN_DAY = "应为 name、date（年-月-日）、isOffDay（true 或 false）"


@pytest.mark.parametrize(
    ("data", "message", "sentence"),
    [
        *(
            (
                year((), number),
                f"year {number!r}",
                "缺少年份（year），请写成四位数字，例如 2027",
            )
            for number in (1989, 2200, True, "2026", None)
        ),
        (
            year(({**NEW_YEAR, "date": "2027-01-01"},)),
            "2027-01-01 is not of 2026",
            "2027-01-01 不在2026年内，请核对年份或日期",
        ),
        (
            year(({**NEW_YEAR, "date": "2025-11-30"},)),
            "2025-11-30 is not of 2026",
            "2025-11-30 不在2026年内，请核对年份或日期",
        ),
        (
            year(({**NEW_YEAR, "date": "2024-12-31"},)),
            "2024-12-31 is not of 2026",
            "2024-12-31 不在2026年内，请核对年份或日期",
        ),
        (year((NEW_YEAR, NEW_YEAR)), "2026-01-01 twice", "2026-01-01 出现了两次"),
        (year("none"), "days is no list", "缺少放假日列表（days）"),
        (b"[]", "no object", "内容应为 {year, days: [...]}"),
        (b" " * (MAX_BYTES + 1), "too large", "文件太大，不像一年的放假安排"),
        (year(("x",)), "day 'x'", f"有一天写得不对：'x'，{BROKEN_DAY}"),
    ],
)
def test_a_file_that_is_no_year_is_refused(data, message, sentence):
    with pytest.raises(CalendarRefused) as refused:
        parse_year(data, "2026.json")
    assert refused.value.file == "2026.json"
    assert str(refused.value) == f"2026.json: {message}"
    assert refused.value.sentence == f"2026.json：{sentence}"


@pytest.mark.parametrize("data", [b"{", b"[" * 200_000, b" " * MAX_BYTES])
def test_what_is_no_json_is_refused(data):
    with pytest.raises(CalendarRefused) as refused:
        parse_year(data, "2026.json")
    assert str(refused.value).startswith("2026.json: no JSON: ")
    assert refused.value.sentence == "2026.json：不是 JSON 文件，或没有保存完整"


@pytest.mark.parametrize(
    "wrong",
    [{"name": 1}, {"date": 1}, {"date": "2026-1-1"}, {"isOffDay": 1}, {"isOffDay": "true"}],
)
def test_a_day_that_is_not_whole_is_quoted(wrong):
    day = {**NEW_YEAR, **wrong}
    with pytest.raises(CalendarRefused) as refused:
        parse_year(year((day,)), "x")
    assert str(refused.value) == f"x: day {day!r}"
    assert refused.value.sentence == f"x：有一天写得不对：{day!r}，{BROKEN_DAY}"


@pytest.mark.parametrize("missing", NEW_YEAR)
def test_a_day_that_lacks_something_is_refused(missing):
    with pytest.raises(CalendarRefused):
        parse_year(year(({k: v for k, v in NEW_YEAR.items() if k != missing},)), "x")


def test_late_december_may_stand_in_the_next_years_file_and_days_are_sorted():
    late = {"name": "元旦", "date": "2025-12-31", "isOffDay": False}
    assert parse_year(year((NEW_YEAR, late)), "x").days == (
        Day("元旦", date(2025, 12, 31), is_off=False),
        Day("元旦", date(2026, 1, 1), is_off=True),
    )


@pytest.mark.parametrize(
    ("more", "source"),
    [
        ({"papers": ["a", "b"], "source": "c"}, "a"),
        ({"papers": [], "source": "c"}, "c"),
        ({"papers": [1], "source": "c"}, "c"),
        ({"papers": "a", "source": "c"}, "c"),
        ({"source": 1}, ""),
        ({}, ""),
    ],
)
def test_where_a_file_comes_from(more, source):
    assert parse_year(year(**more), "x").source == source


# Folders ----------------------------------------------------------------------------------------------------


def refused(read) -> tuple[str, str, str]:
    with pytest.raises(CalendarRefused) as error:
        read()
    return error.value.file, str(error.value), error.value.sentence


def test_a_folder_without_a_year_is_refused(tmp_path):
    (tmp_path / "local.json").write_bytes(b"{}")
    assert refused(lambda: read_years(tmp_path)) == (
        str(tmp_path),
        f"{tmp_path}: no year file",
        f"{tmp_path}：没有年度日历文件，例如 2026.json",
    )


def test_a_file_under_the_name_of_another_year_is_refused(tmp_path):
    (tmp_path / "2027.json").write_bytes(year())
    assert refused(lambda: read_years(tmp_path)) == (
        "2027.json",
        "2027.json: holds 2026",
        "2027.json：文件名与内容的年份（2026）不一致",
    )


def test_years_are_read_oldest_first(tmp_path):
    (tmp_path / "2027.json").write_bytes(year((), 2027))
    (tmp_path / "2026.json").write_bytes(year())
    (tmp_path / "20260.json").write_bytes(b"no year")
    assert list(read_years(tmp_path)) == [2026, 2027]


def test_statutory_holidays_of_one_day_are_named_together(tmp_path):
    assert read_statutory(tmp_path) == {}
    content = {"every_year": {"国庆节": ["10-01"]}, "by_year": {"2028": {"中秋节": ["10-01"]}}}
    path = tmp_path / "statutory_holidays.json"
    path.write_text(json.dumps(content), "utf-8")
    assert read_statutory(tmp_path) == {date(2028, 10, 1): "国庆节、中秋节"}
    path.write_text('{"by_year": {"x": {}}, "every_year": {"a": ["10-01"]}}', "utf-8")
    name, message, sentence = refused(lambda: read_statutory(tmp_path))
    assert name == "statutory_holidays.json"
    assert message.startswith("statutory_holidays.json: ValueError")
    assert sentence == "statutory_holidays.json：法定节假日文件的格式不对"


def test_local_days_are_read_by_date(tmp_path):
    assert read_local(tmp_path) == ()
    days = [{**NEW_YEAR, "date": "2026-04-18"}, NEW_YEAR]
    (tmp_path / "local.json").write_text(json.dumps({"days": days}), "utf-8")
    assert [str(day.date) for day in read_local(tmp_path)] == ["2026-01-01", "2026-04-18"]


def test_a_year_without_days_is_not_taken_in(tmp_path):
    assert refused(lambda: preview_year(tmp_path, year(()))) == (
        "year.json",
        "year.json: no days",
        "year.json：文件里没有2026年的放假安排，未作改动",
    )


def test_what_is_odd_in_a_year_is_told_before_it_is_taken_in(tmp_path):
    content = {"every_year": {"国庆节": ["10-01", "10-02"]}, "by_year": {"2026": {}, "2027": {}}}
    (tmp_path / "statutory_holidays.json").write_text(json.dumps(content), "utf-8")
    monday = {"name": "元旦", "date": "2026-01-05", "isOffDay": False}
    friday = {"name": "元旦", "date": "2026-01-09", "isOffDay": False}
    saturday = {"name": "元旦", "date": "2026-01-10", "isOffDay": False}
    found = preview_year(tmp_path, year((NEW_YEAR, monday, friday, saturday))).warnings
    assert found == (
        "法定节假日没有列为放假：2026-10-01 国庆节、2026-10-02 国庆节，请对照通知核对",
        "列为调休上班的日子不是周末：2026-01-05、2026-01-09，请对照通知核对",
        "文件没有写明来源（papers），请补上通知的网址或文号",
    )


def test_a_year_is_written_whole_and_readable_by_others(tmp_path):
    change = import_year(tmp_path, year(papers=["国办"]))
    path = tmp_path / "2026.json"
    assert [one.name for one in tmp_path.iterdir()] == ["2026.json"]
    assert path.read_bytes() == year(papers=["国办"])
    assert path.stat().st_mode & 0o777 == 0o644
    assert (change.year, change.source, change.is_empty) == (2026, "国办", False)
    assert [str(day.date) for day in change.added] == ["2026-01-01"]


def test_a_year_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(self: Path, target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        import_year(tmp_path, year())
    assert list(tmp_path.iterdir()) == []
