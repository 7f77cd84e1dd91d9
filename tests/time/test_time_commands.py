"""``gongkai clock`` and ``gongkai calendar`` as a script meets them."""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner

from engine.cli import whole
from tests.time.conftest import PROCESSES


@pytest.fixture
def gongkai(tmp_path, monkeypatch):
    """Run a command in a folder that holds a copy of ``processes``."""
    shutil.copytree(
        PROCESSES, tmp_path / "processes", ignore=shutil.ignore_patterns("letters", "forms")
    )
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        return CliRunner().invoke(whole(), [str(one) for one in arguments])

    run.folder = tmp_path
    return run


def ask(gongkai, *questions):
    path = gongkai.folder / "questions.json"
    path.write_text(json.dumps(questions), "utf-8")
    found = gongkai("clock", path, "--json")
    return found.exit_code, json.loads(found.stdout)


def question(number, channel, *events, clock="reply", **more):
    listed = [dict(zip(("kind", "date"), one.split(), strict=True)) for one in events]
    return {
        "id": number,
        "procedure": "on_request",
        "clock": clock,
        "channel": channel,
        "events": listed,
        **more,
    }


# ---------------------------------------------------------------- receipt by channel


@pytest.mark.parametrize(
    ("channel", "events", "chosen", "day", "article"),
    [
        ("counter", ["submitted 2026-03-02"], {}, "2026-03-02", "第三十一条第一项"),
        (
            "post_signed",
            ["mailed 2026-02-26", "arrived 2026-03-01", "signed 2026-03-02"],
            {},
            "2026-03-02",
            "第三十一条第二项",
        ),
        (
            "post_signed",
            ["signed 2026-03-02", "routed_to_office 2026-03-04"],
            {},
            "2026-03-02",
            "第三十一条第二项",
        ),
        (
            "post_signed",
            ["signed 2026-03-02", "routed_to_office 2026-03-04"],
            {"post_receipt": "office"},
            "2026-03-04",
            "第三十一条第二项",
        ),
        (
            "post_ordinary",
            ["arrived 2026-03-02", "confirmed 2026-03-03"],
            {},
            "2026-03-03",
            "第三十一条第二项",
        ),
        (
            "internet",
            ["submitted 2026-02-28", "confirmed 2026-03-02"],
            {},
            "2026-03-02",
            "第三十一条第三项",
        ),
        (
            "internet",
            ["submitted 2026-02-28", "confirmed 2026-03-02"],
            {"online_confirmation": "automatic"},
            "2026-02-28",
            "第三十一条第三项",
        ),
        (
            "fax",
            ["arrived 2026-03-02", "contact_attempt_failed 2026-03-02", "confirmed 2026-03-05"],
            {},
            "2026-03-05",
            "第三十一条第三项",
        ),
    ],
)
def test_the_channel_decides_which_fact_is_receipt(gongkai, channel, events, chosen, day, article):
    code, [found] = ask(gongkai, question(1, channel, *reversed(events), settings=chosen))
    assert code == 0
    first = found["explanation"][0]
    assert (first["rule"], first["from"], first["article"]) == ("starts", day, article)


def test_until_both_sides_have_confirmed_the_clock_has_not_begun(gongkai):
    code, [found] = ask(
        gongkai,
        question("x", "internet", "submitted 2026-03-02", "contact_attempt_failed 2026-03-03"),
    )
    assert code == 0
    assert found == {
        "id": "x",
        "due": None,
        "original": None,
        "state": "waiting",
        "provisional": False,
        "explanation": [],
    }


def test_a_recorded_receipt_is_taken_as_it_stands(gongkai):
    _, [found] = ask(
        gongkai, question(1, "internet", "submitted 2026-03-02", "received 2026-03-04")
    )
    assert found["original"] == "2026-04-01"


def test_a_confirmation_that_was_corrected_moves_the_receipt(gongkai):
    asked = question(1, "fax")
    asked["events"] = [
        {"kind": "confirmed", "date": "2026-03-02", "id": "a"},
        {"kind": "confirmed", "date": "2026-03-04", "id": "b", "supersedes": "a"},
    ]
    _, [found] = ask(gongkai, asked)
    assert (found["before"], found["due"]) == ("2026-03-30", "2026-04-01")
    wrong, right = found["explanation"][:2]
    assert (wrong["rule"], right["from"]) == ("superseded", "2026-03-04")
    assert "原记载2026-03-02，更正为2026-03-04" in wrong["text"]


def test_a_receipt_that_never_was_starts_nothing(gongkai):
    asked = question(1, "fax")
    asked["events"] = [
        {"kind": "confirmed", "date": "2026-03-02", "id": "a"},
        {"kind": "retracted", "date": "2026-03-04", "supersedes": "a"},
    ]
    _, [found] = ask(gongkai, asked)
    assert found["due"] is None
    asked["events"].append({"kind": "confirmed", "date": "2026-03-05"})
    _, [found] = ask(gongkai, asked)
    assert found["due"] == "2026-04-02"


def test_a_corrected_fact_shows_the_date_before(gongkai):
    asked = question(1, "counter", "submitted 2026-03-02")
    asked["events"] += [
        {"kind": "third_party_sent", "date": "2026-03-06", "id": 5},
        {"kind": "third_party_received", "date": "2026-03-06"},
        {"kind": "third_party_opinion", "date": "2026-03-12"},
        {"kind": "third_party_sent", "date": "2026-03-10", "supersedes": 5, "reason": "邮戳为10日"},
    ]
    _, [found] = ask(gongkai, asked)
    # Four working days taken out before, two after.
    assert (found["before"], found["due"]) == ("2026-04-03", "2026-04-01")


# ---------------------------------------------------------------- answers and errors


def test_an_answer_holds_what_is_fixed(gongkai):
    code, [found] = ask(
        gongkai,
        question(
            "story",
            "counter",
            "submitted 2025-09-25",
            "third_party_sent 2025-10-13",
            "third_party_received 2025-10-13",
            "third_party_opinion 2025-10-24",
        ),
    )
    assert code == 0
    assert set(found) == {"id", "due", "original", "state", "provisional", "explanation"}
    assert (found["due"], found["original"]) == ("2025-11-11", "2025-10-29")
    for entry in found["explanation"]:
        assert {"rule", "article", "from", "to", "counted", "skipped", "text"} <= set(entry)
    assert sum(entry["counted"] for entry in found["explanation"]) == 20


def test_other_procedures_and_parties_and_instants(gongkai):
    code, found = ask(
        gongkai,
        {
            "id": 1,
            "procedure": "periodic_submission",
            "clock": "annual_report",
            "events": [{"kind": "report_year_end", "date": "2025-12-31"}],
        },
        {
            "id": 2,
            "procedure": "confidentiality_review",
            "clock": "leak_report",
            "events": [{"kind": "leak_discovered", "date": "2026-03-01T15:30:00Z"}],
        },
        {
            "id": 3,
            "procedure": "confidentiality_review",
            "clock": "leak_report",
            "events": [{"kind": "leak_discovered", "date": "2026-03-01", "time": "10:15"}],
        },
        {
            "id": 4,
            "procedure": "on_request",
            "clock": "third_party_opinion",
            "party": "甲",
            "today": "2026-06-01",
            "events": [
                {"kind": "third_party_received", "date": "2026-03-09", "party": "甲"},
                {"kind": "third_party_received", "date": "2026-03-12", "party": "乙"},
            ],
        },
    )
    assert code == 0
    assert (found[0]["due"], found[0]["internal"]) == ("2026-01-31", "2026-01-30")
    assert found[1]["due"] == "2026-03-02T23:30:00+08:00"
    assert found[2]["due"] == "2026-03-02T10:15:00+08:00"
    assert (found[3]["due"], found[3]["state"]) == ("2026-03-30", "exceeded")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"procedure": "nowhere"}, "nowhere"),
        ({"procedure": "../_office"}, "../_office"),
        ({"procedure": None}, "None"),
        ({"clock": "answer"}, "answer"),
        ({"clock": ["reply"]}, "reply"),
        ({"channel": "pigeon"}, "pigeon"),
        ({"channel": 3}, "channel"),
        ({"channel": None}, "channel"),
        ({"party": 3}, "party"),
        ({"settings": {"fee": "free"}}, "fee"),
        ({"settings": {"fees": "restart"}}, "fees"),
        ({"settings": ["fee"]}, "settings"),
        ({"events": None}, "events"),
        ({"events": ["submitted"]}, "submitted"),
        ({"events": [{"kind": "submitted"}]}, "submitted"),
        ({"events": [{"kind": "submitted", "date": "2026-02-30"}]}, "2026-02-30"),
        ({"events": [{"kind": "submitted", "date": 20260302}]}, "20260302"),
        ({"events": [{"date": "2026-03-02"}]}, "kind"),
        ({"events": [{"kind": "submitted", "date": "1999-03-02"}]}, "2007"),
        ({"events": [{"kind": "submitted", "date": "2060-12-20"}]}, "2060"),
        (
            {
                "events": [
                    {"kind": "submitted", "date": "2026-03-02"},
                    {"kind": "extension_approved", "date": "2026-03-03"},
                ]
            },
            "working_days",
        ),
        (
            {
                "events": [
                    {"kind": "submitted", "date": "2026-03-02"},
                    {
                        "kind": "delayed_period_set",
                        "date": "2026-03-03",
                        "working_days_total": 10**9,
                    },
                ]
            },
            "2060",
        ),
        ({"today": "tomorrow"}, "tomorrow"),
    ],
)
def test_a_bad_question_is_told_and_the_others_are_answered(gongkai, bad, says):
    good = question("good", "counter", "submitted 2026-03-02")
    code, found = ask(gongkai, {**good, "id": "bad", **bad}, good)
    assert code == 1
    assert set(found[0]) == {"id", "error"}
    assert found[0]["id"] == "bad"
    assert says in found[0]["error"]
    assert found[1]["due"] == "2026-03-30"


def test_a_question_that_is_no_object_is_told(gongkai):
    code, found = ask(gongkai, "when?", question(1, "counter", "submitted 2026-03-02"))
    assert code == 1
    assert found[0]["id"] is None
    assert found[1]["due"] == "2026-03-30"


@pytest.mark.parametrize("text", ["", "{", '{"id": 1}', "3"])
def test_a_file_that_is_no_list_is_refused(gongkai, text):
    path = gongkai.folder / "questions.json"
    path.write_text(text)
    found = gongkai("clock", path, "--json")
    assert found.exit_code == 1
    assert found.stdout == ""
    assert "questions.json" in found.stderr


def test_without_json_a_person_can_read_it(gongkai):
    path = gongkai.folder / "questions.json"
    path.write_text(json.dumps([question("甲案", "counter", "submitted 2026-12-09"), 3]), "utf-8")
    found = gongkai("clock", path)
    assert found.exit_code == 1
    assert "甲案：届满 2027-01-07，原届满 2027-01-07，计算中（暂定）" in found.stdout
    assert "收到申请" in found.stdout


def test_an_unreadable_table_stops_only_the_question_that_needs_it(gongkai):
    (gongkai.folder / "processes" / "on_request" / "aaa.dmn").write_text("<broken")
    code, [found] = ask(gongkai, question(1, "counter", "submitted 2026-03-02"))
    assert (code, found["due"]) == (0, "2026-03-30")
    (gongkai.folder / "processes" / "on_request" / "receipt_date.dmn").write_text("<broken")
    code, found = ask(
        gongkai,
        question(1, "counter", "submitted 2026-03-02"),
        question(2, None, "received 2026-03-02"),
    )
    assert code == 1
    assert "receipt_date" in found[0]["error"]
    assert found[1]["due"] == "2026-03-30"


def test_local_holidays_count_by_setting(gongkai):
    (gongkai.folder / "processes" / "_office" / "calendar" / "local.json").write_text(
        json.dumps({"days": [{"name": "三月三", "date": "2026-03-20", "isOffDay": True}]}), "utf-8"
    )
    asked = question(1, "counter", "submitted 2026-03-02")
    _, found = ask(gongkai, asked, {**asked, "settings": {"local_holidays": "rest_day"}})
    assert [one["due"] for one in found] == ["2026-03-30", "2026-03-31"]


# ---------------------------------------------------------------- calendar


def test_a_year_is_shown_with_its_days(gongkai):
    shown = json.loads(gongkai("calendar", "show", 2026, "--json").stdout)
    assert (shown["year"], shown["state"]) == (2026, "official")
    assert {"name": "春节", "date": "2026-02-28", "isOffDay": False} in shown["days"]
    assert shown["workingDays"] == 248
    assert "gov.cn" in shown["source"]
    coming = gongkai("calendar", "show", 2027).stdout
    assert "未公布" in coming
    assert "2027-02-06 休 春节" in coming
    assert gongkai("calendar", "show", 1999).exit_code == 1


def test_status_says_which_years_are_out_and_whether_a_notice_is_awaited(gongkai):
    report = json.loads(gongkai("calendar", "status", "--today", "2026-11-24", "--json").stdout)
    states = {year["year"]: year["state"] for year in report["years"]}
    assert (states[2026], states[2027]) == ("official", "provisional")
    assert report["noticeAwaited"] == 2027
    assert (
        "2027年的放假安排还没有导入"
        in gongkai("calendar", "status", "--today", "2026-11-24").stdout
    )
    early = json.loads(gongkai("calendar", "status", "--today", "2026-10-24", "--json").stdout)
    assert early["noticeAwaited"] is None
    assert gongkai("calendar", "status", "--today", "soon").exit_code == 2


def test_importing_a_year_makes_its_dates_official(gongkai):
    notice = gongkai.folder / "notice.json"
    notice.write_text(
        json.dumps(
            {"year": 2027, "days": [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]}
        ),
        "utf-8",
    )
    asked = question(1, "counter", "submitted 2026-12-09")
    assert ask(gongkai, asked)[1][0]["provisional"] is True
    preview = gongkai("calendar", "import", notice, "--preview")
    assert "+ 2027-01-01 休 元旦" in preview.stdout
    assert "没有写入" in preview.stdout
    assert ask(gongkai, asked)[1][0]["provisional"] is True
    imported = json.loads(gongkai("calendar", "import", notice, "--json").stdout)
    assert imported["written"] is True
    assert [day["date"] for day in imported["added"]] == ["2027-01-01"]
    found = ask(gongkai, asked)[1][0]
    assert (found["provisional"], found["due"]) == (False, "2027-01-07")


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_notice_may_be_typed_as_it_is_worded(gongkai, encoding):
    notice = gongkai.folder / "通知.txt"
    notice.write_text("一、元旦：1月1日（周五）至3日（周日）放假，共3天。", encoding)
    assert gongkai("calendar", "import", notice).exit_code == 1
    imported = json.loads(gongkai("calendar", "import", notice, "--year", 2027, "--json").stdout)
    assert [day["date"] for day in imported["added"]] == ["2027-01-01", "2027-01-02", "2027-01-03"]
    assert imported["source"] == "通知.txt"
    assert json.loads(gongkai("calendar", "show", 2027, "--json").stdout)["state"] == "official"


def test_a_refused_year_changes_nothing(gongkai):
    target = gongkai.folder / "processes" / "_office" / "calendar" / "2027.json"
    before = target.read_bytes()
    empty = gongkai.folder / "empty.json"
    empty.write_text('{"year": 2027, "days": []}')
    refused = gongkai("calendar", "import", empty)
    assert refused.exit_code == 1
    assert "empty.json" in refused.stderr
    assert target.read_bytes() == before


REPLY = {"id": 1, "procedure": "on_request", "clock": "reply", "channel": "counter"}
SUBMITTED = {"date": "2026-03-02", "kind": "submitted", "id": "a"}


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([{"date": "2026-03-02", "kind": "submited"}], ["submited", "submitted"]),
        ([SUBMITTED, {"date": "2026-03-09", "kind": "third_party_snet"}], ["third_party_snet"]),
        ([{"date": "2026-03-02", "kind": "coffee_spilt"}], ["coffee_spilt", "可用的有", "signed"]),
        ([SUBMITTED, {"date": "2026-03-03", "kind": "signed", "id": "a"}], ["id", "“a”"]),
        (
            [SUBMITTED, {"date": "2026-03-03", "kind": "submitted", "supersedes": "zz"}],
            ["supersedes", "“zz”"],
        ),
    ],
)
def test_a_fact_that_nobody_knows_is_named_instead_of_left_out(events, said, gongkai):
    status, (found,) = ask(gongkai, {**REPLY, "events": events})
    error = str(found["error"])
    assert status == 1
    assert all(word in error for word in said), error


@pytest.mark.parametrize("kind", ["mailed", "contact_attempt_failed", "secrecy_reviewed"])
def test_a_fact_that_only_proves_something_moves_nothing(kind, gongkai):
    events = [SUBMITTED, {"date": "2026-03-03", "kind": kind}]
    status, (found,) = ask(gongkai, {**REPLY, "events": events})
    assert (status, found["due"]) == (0, "2026-03-30")


def test_a_fact_of_another_name_is_kept_and_told_of(gongkai):
    events = [SUBMITTED, {"date": "2026-03-03", "kind": "coffee_spilt"}]
    status, (found,) = ask(gongkai, {**REPLY, "events": events})
    assert (status, found["due"]) == (0, "2026-03-30")
    (note,) = found["notes"]
    assert "“coffee_spilt”" in note
    assert "third_party_sent" in note
    assert "注意：没有名为" in gongkai("clock", gongkai.folder / "questions.json").output


def test_the_text_says_who_approved_who_corrected_and_what_proves_it(gongkai):
    events = [
        {"date": "2025-09-24", "kind": "submitted", "id": "a"},
        {
            "date": "2025-09-25",
            "kind": "submitted",
            "supersedes": "a",
            "corrected_by": "李某",
            "reason": "登记时看错日期",
            "evidence": "登记表",
        },
        {
            "date": "2025-10-24",
            "kind": "extension_approved",
            "working_days": 20,
            "approved_by": "张某",
        },
        {"date": "2025-10-24", "kind": "extension_notified", "evidence": "延期告知书"},
    ]
    file = gongkai.folder / "one.json"
    file.write_text(json.dumps([{**REPLY, "events": events}], ensure_ascii=False), "utf-8")
    said = gongkai("clock", file).output
    for words in (
        "原记载2025-09-24，更正为2025-09-25（登记时看错日期），由李某更正",
        "凭证：登记表",
        "经张某同意延长20个工作日，同日告知申请人",
        "→ 2025-11-26",
        "更正前为2025-11-25",
    ):
        assert words in said, said
