"""Every setting does something: under another value, a date, a person, a form, a letter or a number differs.

Each setting has one entry in ``SEEN``: given a value, it returns what somebody sees of it. All values that a
setting can have (two of those that are not choices) must be seen to differ.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from engine.annual_report import Record, compile_report, parse_definition
from engine.business_calendar import BusinessCalendar
from engine.business_calendar.years import Day, read_statutory, read_years
from engine.case_moments import task_due
from engine.cli.clock_questions import Institution, answered
from engine.errors import EngineError
from engine.office.settings import OfficeSettings
from engine.scenarios import load_subject
from engine.scenarios.files import Act
from engine.scenarios.runner import Player, Unexpected
from engine.sealing import mask

PROCESSES = Path(__file__).parents[2] / "processes"
SETTINGS = OfficeSettings.load(PROCESSES / "_office")
CLOCKS = Institution(PROCESSES)

Seen = Callable[[object], object]
SEEN: dict[str, Seen] = {}

# ---------------------------------------------------------------- dates


def due(setting: str, clock: str, *facts: str, procedure: str = "on_request", channel=None) -> Seen:
    """See the due date and the state of a clock; a fact is ``kind date field=value ...``."""
    events = []
    for text in facts:
        kind, day, *fields = text.split()
        events.append({"kind": kind, "date": day, **dict(field.split("=") for field in fields)})

    def seen(value: object) -> object:
        question = {"id": 1, "procedure": procedure, "clock": clock, "events": events}
        question["settings"] = {setting: value}
        if channel:
            question["channel"] = channel
        found = answered(CLOCKS, question)
        assert "error" not in found, found
        return found["due"], found["state"]

    return seen


MARCH = "received 2026-03-02"
SENT = ("third_party_sent 2026-03-06", "third_party_received 2026-03-10")
OPINION = "third_party_opinion 2026-03-18"
NOTICE = ("correction_notice_sent 2026-03-06", "correction_notice_received 2026-03-09")
CORRECTED = "correction_received 2026-03-12"
EXTENDED = "extension_approved 2026-03-20 working_days=10"

for name, clock, facts in (
    ("pause_from", "reply", (MARCH, *SENT, OPINION)),
    ("pause_first_day", "reply", (MARCH, *SENT, OPINION)),
    ("pause_last_day", "reply", (MARCH, *SENT, OPINION)),
    ("late_opinion", "reply", (MARCH, *SENT, "third_party_opinion 2026-04-02")),
    ("late_correction_notice", "reply", (MARCH, "correction_notice_sent 2026-03-13", CORRECTED)),
    (
        "correction_rounds",
        "reply",
        (
            MARCH,
            *NOTICE,
            CORRECTED,
            "correction_notice_sent 2026-03-16",
            "correction_received 2026-03-20",
        ),
    ),
    ("correction_period", "correction", (MARCH, *NOTICE)),
    ("fee", "reply", (MARCH, "fee_notice_received 2026-03-06", "fee_paid 2026-03-12")),
    (
        "fee_notice_within",
        "reply",
        (MARCH, EXTENDED, "fee_notice_received 2026-04-03", "fee_paid 2026-04-08"),
    ),
    (
        "reasons_time",
        "reply",
        (MARCH, "reasons_requested 2026-03-06", "reasons_received 2026-03-12"),
    ),
    (
        "referral_time",
        "reply",
        (MARCH, "secrecy_referral_sent 2026-03-06", "secrecy_referral_answered 2026-03-12"),
    ),
    (
        "extension_times",
        "reply",
        (MARCH, EXTENDED, "extension_approved 2026-03-23 working_days=5"),
    ),
    (
        "restart_extension",
        "reply",
        (MARCH, EXTENDED, "correction_notice_sent 2026-03-23", "correction_received 2026-03-25"),
    ),
    ("restart_suspension", "reply", (MARCH, *NOTICE, *SENT, CORRECTED, OPINION)),
    ("reply_in_time_by", "reply", (MARCH, "reply_sent 2026-03-30", "reply_served 2026-04-01")),
    (
        "web_delivery_day",
        "reply",
        (MARCH, "reply_sent 2026-03-30 way=online", "reply_served 2026-04-01"),
    ),
):
    SEEN[name] = due(name, clock, *facts)
SEEN["post_receipt"] = due(
    "post_receipt",
    "reply",
    "signed 2026-03-02",
    "routed_to_office 2026-03-05",
    channel="post_signed",
)
SEEN["online_confirmation"] = due(
    "online_confirmation", "reply", "arrived 2026-03-02", "confirmed 2026-03-05", channel="internet"
)
for name, procedure, clock, facts in (
    ("annual_report_day", "periodic_submission", "annual_report", ["report_year_end 2025-12-31"]),
    (
        "formation_day",
        "proactive_disclosure",
        "publication",
        ["document_signed 2026-03-02", "document_sealed 2026-03-04", "document_printed 2026-03-06"],
    ),
    (
        "review_time",
        "proactive_disclosure",
        "publication",
        ["info_formed 2026-03-02", "review_started 2026-03-04", "review_finished 2026-03-11"],
    ),
    ("guide_update", "proactive_disclosure", "guide_update", ["guide_checked 2026-03-02"]),
    ("withheld_review", "proactive_disclosure", "withheld_review", ["withheld 2026-03-02"]),
    ("complaint_first_answer", "public_enquiry", "first_answer", ["complaint_received 2026-03-02"]),
    ("complaint_limit", "public_enquiry", "complaint", ["complaint_received 2026-03-02"]),
    (
        "record_correction_limit",
        "rectification",
        "record_correction",
        ["record_correction_requested 2026-03-02"],
    ),
):
    SEEN[name] = due(name, clock, *facts, procedure=procedure)


def extension_notice(value: object) -> object:
    """Without a notice, and with one that came too late."""
    late = due("extension_notice", "reply", MARCH, EXTENDED, "extension_notified 2026-03-31")
    return due("extension_notice", "reply", MARCH, EXTENDED)(value), late(value)


SEEN["extension_notice"] = extension_notice


def local_holidays(value: object) -> object:
    """A local holiday on a weekday."""
    folder = PROCESSES / "_office" / "calendar"
    local = [Day("三月三", date(2026, 4, 20), is_off=True)]
    counts = value == "rest_day"
    calendar = BusinessCalendar(
        read_years(folder), read_statutory(folder), local, local_counts=counts
    )
    return calendar.add_working_days(date(2026, 4, 17), 1)


SEEN["local_holidays"] = local_holidays


def regular_returns(value: object) -> object:
    """How many returns have begun by themselves in two months, a quarter's first day among them."""
    subject = load_subject(PROCESSES / "periodic_submission").under({"regular_returns": value})
    player = Player(subject, subject.definition.main)
    player.play(Act("now", "2026-02-02"))
    player.play(Act("until", "2026-04-01"))
    return len(open_tasks(player))


SEEN["regular_returns"] = regular_returns

# ---------------------------------------------------------------- worked cases

REGISTER = {
    "channel": "counter",
    "submitted_on": "2026-01-05",
    "applicant_kind": "person",
    "applicant_name": "顾某",
    "id_kind": "resident_id",
    "id_number": "11010519491231002X",
    "phone": "13900000000",
    "address": "某市某区某路1号",
    "info_title": "柳岸新村征收补偿文件",
    "info_description": "申请公开柳岸新村征收补偿方案。",
    "delivery_form": "paper",
    "delivery_way": "post",
}
ACCEPT = {
    "applicant_complete": "complete",
    "delivery_complete": "complete",
    "intake_result": "accept",
    "repeated": "first",
}
CORRECT = {**ACCEPT, "intake_result": "correction", "correction_items": "请写明年份。"}
DOCUMENTS = [{"title": "征收补偿方案", "pages": 12, "openness": "open"}]
STEPS = [
    ("register", REGISTER),
    ("intake", ACCEPT),
    ("assign", {"assign_way": "sections", "lead_section": "housing", "lead_days": 5}),
    (
        "provide",
        {
            "found": "found",
            "search_record": "查阅卷宗。",
            "documents": DOCUMENTS,
            "section_opinion": "可以公开。",
        },
    ),
    ("examine", {"examine_result": "enough", "excessive": "normal"}),
    ("first_review", {"first_result": "open"}),
    ("second_review", {"second_result": "open"}),
    ("draft", {"outcome": "A1", "variant": "provide", "attachment_list": [{"title": "方案"}]}),
    ("review", {"review_result": "agree"}),
]


@pytest.fixture(scope="module", autouse=True)
def _subjects():
    """Folders, loaded once for all entries."""
    yield
    _LOADED.clear()


_LOADED: dict[str, object] = {}


def playing(setting: str, value: object, until: str, **changed: object):
    """A request under a setting, taken until a task is open; ``changed``: {task: other answers}."""
    if "on_request" not in _LOADED:
        _LOADED["on_request"] = load_subject(PROCESSES / "on_request")
    subject = _LOADED["on_request"].under({setting: value})
    player = Player(subject, subject.definition.main)
    player.play(Act("now", "2026-01-05"))
    player.play(Act("start", {}))
    for task, data in STEPS:
        if until in open_tasks(player):
            break
        player.play(Act("complete", {"task": task, "data": {**data, **changed.get(task, {})}}))
    return player


def open_tasks(player) -> list[str]:
    return sorted(item.activity_id for _, item in player.world.open_tasks())


def groups(player, task: str) -> list[str]:
    return next(list(i.groups) for _, i in player.world.open_tasks() if i.activity_id == task)


def form(player, key: str, library: str = "on_request"):
    subject = player.subject if library == "on_request" else player.subject.library[library]
    return subject.procedure.forms[key]


def offered(player, key: str, field: str) -> list[str]:
    """The options of a field as the case stands."""
    world = player.world
    return [
        o.value
        for o in form(player, key).options(today=world.file.today, names=world.names())[field]
    ]


def first(player, key: str) -> dict[str, object]:
    world = player.world
    return form(player, key).initial(today=world.file.today, names=world.names())


def day_of(player, task: str) -> date | None:
    """The internal limit of an open task."""
    item = next(p for p in player.world.open_tasks() if p[1].activity_id == task)[1]
    place = type(
        "Place", (), {"file": player.world.file, "institution": player.subject.institution}
    )
    return task_due(item.due, place, player.world.file.today)


def correction_grounds(value: object) -> object:
    """Whether a correction for want of identity papers has its question."""
    player = playing("correction_grounds", value, "intake")
    world = player.world
    asked = form(player, "intake").asked(
        today=world.file.today, names=world.names(), values={"intake_result": "correction"}
    )
    return "correction_grounds" in asked.shown


def fee_decided_by(value: object) -> object:
    """Who may decide on the fee."""
    fee = {"excessive": "fee", "fee_way": "pages", "fee_pages": 250}
    return groups(playing("fee_decided_by", value, "decide_fee", examine=fee), "decide_fee")


def extended(setting: str, value: object):
    player = playing(setting, value, "assign")
    data = {"extension_days": 5, "extension_reason": "卷宗多"}
    player.play(Act("message", {"name": "延长答复期限", "data": data}))
    return player


def extension_approver(value: object) -> object:
    """Who may approve an extension."""
    return groups(extended("extension_approver", value), "agree_extension")


def extension_notice_form(value: object) -> object:
    """How the applicant may be told of it."""
    player = extended("extension_notice_form", value)
    player.play(Act("complete", {"task": "agree_extension", "data": {"extension_result": "agree"}}))
    return offered(player, "notify_extension", "extension_way")


def online_confirmation_limit(value: object) -> object:
    """By when the clerk confirms an application that came by internet."""
    online = {"channel": "internet", "arrived_on": "2026-01-05"}
    player = playing("online_confirmation_limit", value, "confirm", register=online)
    return day_of(player, "confirm")


def on_spot_limit(value: object) -> object:
    """By when an answer on the spot is given."""
    player = playing("on_spot_limit", value, "answer_on_spot", register={"on_spot": True})
    return day_of(player, "answer_on_spot")


def remedies(value: object) -> object:
    """The remedies that letters tell, and what the defence says of a suit without reconsideration."""
    names = {"settings": {"reconsideration_first": value}, "variant": "provide"}
    subject = _LOADED.setdefault("on_request", load_subject(PROCESSES / "on_request"))
    told = [
        subject.decisions.evaluate("outcome", {**names, "outcome": code}).value["remedy"]
        for code in ("C1", "B1", "C8", "A1")
    ]
    disputes = _LOADED.setdefault("disputes", load_subject(PROCESSES / "review_and_litigation"))
    silence = {**names, "suit_about": "silence", "stage": "suit", "reconsideration_copy_on": None}
    said = disputes.procedure.forms["draft"].initial(today=date(2026, 1, 5), names=silence)
    assert (told[0], told[3]) == ("review_first", "review_or_suit")
    return told, said["shown_review_first"]


def final_secrecy_reviewer(value: object) -> object:
    """Who signs the secrecy review last."""
    important = {"second_result": "withheld", "second_opinion": "依据", "is_important": True}
    player = playing("final_secrecy_reviewer", value, "final_review", second_review=important)
    return groups(player, "final_review")


def head_signs(value: object) -> object:
    """What is open after the leader of the line has agreed: to an opening, a refusal, a request not handled."""
    answers = (
        {},
        {"outcome": "C6", "reply_text": "过程性信息"},
        {"outcome": "E5", "reply_text": "已经获取"},
    )
    return [open_tasks(playing("head_signs", value, "serve", draft=draft)) for draft in answers]


def reply_title(value: object) -> object:
    """The title of the reply and its paragraph on remedies; the notice of correction keeps its name."""
    player = playing("reply_title", value, "intake")
    procedure, world = player.subject.procedure, player.world
    titles = [
        procedure.letter_title(key, world.names(), world.functions)
        for key in ("reply_full", "correction")
    ]
    assert titles[1] == "补正告知书"
    values = procedure.letter_values(
        player.subject.institution.office,
        "reply_full",
        number="1号",
        issued_on=date(2026, 1, 5),
        names={**world.names(), "remedy": "review_or_suit"},
        functions=world.functions,
    )
    assert f"收到本{value}之日" in values["救济"]
    return titles[0], values["标题"]


def work_secrets(value: object) -> object:
    """Whether a work secret may be named as a ground."""
    player = playing("work_secrets", value, "draft")
    asked = form(player, "draft").asked(
        today=player.world.file.today, names=player.world.names(), values={"outcome": "C6"}
    )
    return "work_secret" in asked.shown, offered(player, "draft", "withheld_basis")


def retention(value: object) -> object:
    """For how long a file is kept, as the archive form has it first."""
    return first(playing("retention", value, "intake"), "archive")["retention"]


def delayed_period(value: object) -> object:
    """Which total the form offers where reasons are accepted."""
    return first(playing("delayed_period", value, "intake"), "reasons_reply")["delay_total"]


def id_masking(value: object) -> object:
    """What lists show of an identity number."""
    return mask("110105194912310021", str(value))


def opening_time(value: object) -> object:
    """When timers with an offset fire."""
    return playing("opening_time", value, "intake").subject.institution.opening_time


def soon_days(value: object) -> object:
    """Up to how many days left a limit counts as near."""
    return playing("soon_days", value, "intake").subject.institution.soon_days


REPORT = PROCESSES / "_office" / "reports" / "annual-2021.yaml"


def counted(setting: str, year: int = 2026, **case: object) -> Seen:
    """Where and as how many the annual report counts one request."""
    report = parse_definition(REPORT.read_bytes(), REPORT.name)
    names = {
        "applicant_kind": "person",
        "item_count": 3,
        "variant": "archive",
        "event": {},
        "clock": {"correction": {"due": date(2026, 12, 30)}, "fee_payment": {"due": None}},
        "case": {
            "received": date(2026, 12, 1),
            "outcome": "D1",
            "closed_on": date(2026, 12, 20),
            "how": "completed",
            **case,
        },
    }

    def seen(value: object) -> object:
        settings = dict(SETTINGS.changed({setting: value}))
        record = Record("2026-0001", "on_request", {**names, "settings": settings})
        table = compile_report(report, year, [record]).three
        return {row: cells["total"].value for row, cells in table.items() if cells["total"].value}

    return seen


SEEN["statistics_items"] = counted("statistics_items")
SEEN["statistics_archives"] = counted("statistics_archives")
SEEN["statistics_abandoned_year"] = counted(
    "statistics_abandoned_year", outcome="F1", closed_on=date(2027, 1, 8)
)
SEEN |= {
    seen.__name__: seen
    for seen in (
        correction_grounds,
        fee_decided_by,
        extension_approver,
        extension_notice_form,
        online_confirmation_limit,
        on_spot_limit,
        final_secrecy_reviewer,
        head_signs,
        reply_title,
        work_secrets,
        retention,
        delayed_period,
        id_masking,
        opening_time,
        soon_days,
    )
}
SEEN["reconsideration_first"] = remedies

# ---------------------------------------------------------------- the tests

# What a setting that is no choice is tried with.
TRIED = {
    "integer": [1, 2],
    "length": ["P2WD", "P6M"],
    "working_days": ["P7WD", "P30WD"],
    "time": ["08:30", "09:00"],
}


def test_every_open_question_has_a_setting():
    assert {one.question for one in SETTINGS.all} - {0} == set(range(1, 25))


def test_every_setting_is_watched():
    assert sorted(SEEN) == sorted(SETTINGS)


@pytest.mark.parametrize("name", list(SETTINGS))
def test_changing_a_setting_changes_something(name):
    setting = SETTINGS.setting(name)
    values = list(setting.choices) or TRIED[setting.kind]
    seen = [repr(SEEN[name](value)) for value in values]
    assert len(set(seen)) == len(values), dict(zip(values, seen, strict=True))


def test_a_second_correction_is_offered_only_where_the_office_allows_it():
    for rounds, last in ((1, False), (2, True)):
        player = playing("correction_rounds", rounds, "correction_sent", intake=CORRECT)
        sent = {"correction_sent_on": "2026-01-05", "correction_way": "hand"}
        player.play(Act("complete", {"task": "correction_sent", "data": sent}))
        received = {"correction_notice_on": "2026-01-05"}
        player.play(Act("complete", {"task": "correction_receipt", "data": received}))
        corrected = {"corrected_on": "2026-01-05", "corrected_description": "2021年的。"}
        player.play(Act("complete", {"task": "correction_reply", "data": corrected}))
        assert ("again" in offered(player, "recheck", "recheck_result")) is last
        again = {"recheck_result": "again", "correction_items": "请写明文件名称。"}
        if last:
            player.play(Act("complete", {"task": "recheck", "data": again}))
            assert open_tasks(player) == ["correction_sent"]
        else:
            with pytest.raises((EngineError, Unexpected)):
                player.play(Act("complete", {"task": "recheck", "data": again}))


def test_an_extension_is_refused_once_the_times_are_used_up():
    for times, possible in ((1, False), (2, True)):
        player = extended("extension_times", times)
        player.play(
            Act("complete", {"task": "agree_extension", "data": {"extension_result": "agree"}})
        )
        data = {"extension_days": 5, "extension_reason": "卷宗多"}
        again = Act("message", {"name": "延长答复期限", "data": data})
        if possible:
            player.play(again)
            assert "agree_extension" in open_tasks(player)
        else:
            with pytest.raises(EngineError, match="次数已经用完"):
                player.play(again)


def test_an_application_by_internet_needs_no_confirmation_where_receipt_is_confirmation():
    online = {"channel": "internet", "arrived_on": "2026-01-05"}
    player = playing("online_confirmation", "automatic", "intake", register=online)
    assert open_tasks(player) == ["intake"]
    assert player.world.file.clock("reply").due == date(2026, 2, 2)
    player = playing("online_confirmation", "person", "confirm", register=online)
    assert open_tasks(player) == ["confirm"]


def test_mail_that_another_section_signed_counts_from_the_office_where_that_is_set():
    post = {"channel": "post_signed", "signed_on": "2025-12-31", "routed_on": "2026-01-05"}
    by_agency = playing("post_receipt", "agency", "intake", register=post)
    assert by_agency.world.file.clock("reply").due == date(2026, 1, 29)
    by_office = playing("post_receipt", "office", "intake", register=post)
    assert by_office.world.file.clock("reply").due == date(2026, 2, 2)
