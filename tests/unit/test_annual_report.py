"""The annual report counts each case once, says which cases stand behind a number, and does not go out unbalanced."""

from __future__ import annotations

import io
import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest

from engine.annual_report import (
    Record,
    ReportInvalid,
    checks_of,
    compile_report,
    definition_for,
    letter_values,
    parse_definition,
    refuse_unbalanced,
    workbook,
)
from engine.annual_report.balance import ReportUnbalanced, check_disputes, check_requests
from engine.forms import Form
from engine.letters import fields, render

REPORTS = Path(__file__).parents[2] / "processes" / "_office" / "reports"
FORMAT = parse_definition((REPORTS / "annual-2021.yaml").read_bytes(), "annual-2021.yaml")
KINDS = ["person", "business", "research", "charity", "legal", "other"]
CODES = [
    "A1",
    "B1",
    "C1",
    "C2",
    "C3",
    "C4",
    "C5",
    "C6",
    "C7",
    "C8",
    "D1",
    "D2",
    "D3",
    "E1",
    "E2",
    "E3",
    "E4",
    "E5",
    "F1",
    "F2",
    "F3",
]


def a_request(number, received, replied=None, outcome="A1", kind="person", **case):
    """A request as expressions see it: received on a day, answered on a later one or not yet."""
    return Record(
        number,
        "on_request",
        {
            "applicant_kind": kind,
            "case": {"received": received, "outcome": outcome if replied else None, **case},
            "event": {"reply_sent": replied} if replied else {},
            "settings": {"statistics_abandoned_year": "closed"},
        },
    )


def a_dispute(number, **fields_):
    """A dispute; dates and results as its forms have them."""
    return Record(number, "review_and_litigation", fields_)


def a_statement(year, **fields_):
    """The submission of a year's report."""
    names = {"report_kind": "annual", "report_year": year, **fields_}
    return Record(f"报{year}-001", "periodic_submission", names)


def carried(**numbers):
    """Last year's carry-over as the submission keeps it."""
    return [{"kind": kind, "carried_out": numbers.get(kind, 0)} for kind in KINDS]


def test_the_format_is_the_officials_word_for_word():
    labels = [row.label for row in FORMAT.three.rows]
    assert [row.key for row in FORMAT.three.outcomes] == CODES
    assert len(labels) == 25
    assert labels[0] == "一、本年新收政府信息公开申请数量"
    assert labels[3] == "（二）部分公开（区分处理的，只计这一情形，不计其他情形）"
    assert labels[-2:] == ["（七）总计", "四、结转下年度继续办理"]
    assert [column.label for column in FORMAT.three.columns] == [
        "自然人",
        "商业企业",
        "科研机构",
        "社会公益组织",
        "法律服务机构",
        "其他",
    ]
    assert [label for _, label in FORMAT.four.results] == [
        "结果维持",
        "结果纠正",
        "其他结果",
        "尚未审结",
    ]
    assert [block.title for block in FORMAT.two.blocks] == [
        f"第二十条第（{item}）项" for item in "一五六八"
    ]


def test_the_newest_format_that_is_old_enough_is_used():
    old, new = (REPORTS / "annual-2021.yaml").read_text(), {}
    new["reports/a.yaml"] = old.encode()
    new["reports/b.yaml"] = old.replace("from_year: 2021", "from_year: 2027").encode()
    assert definition_for(new, 2026).from_year == 2021
    assert definition_for(new, 2027).from_year == 2027
    with pytest.raises(ReportInvalid, match="2020"):
        definition_for(new, 2020)


def test_every_cell_is_what_counting_by_hand_gives():
    chance = random.Random(7)
    requests = []
    for number in range(600):
        received = date(2025, 9, 1) + timedelta(chance.randrange(600))
        replied = received + timedelta(chance.randrange(1, 80)) if chance.random() < 0.9 else None
        requests.append(
            (f"申{number}", received, replied, chance.choice(CODES), chance.choice(KINDS))
        )
    last_year = Counter(
        kind
        for _, received, replied, _, kind in requests
        if received < date(2026, 1, 1) and not (replied and replied < date(2026, 1, 1))
    )
    records = [
        *(a_request(*one) for one in requests),
        a_statement(2025, balance=carried(**last_year)),
    ]
    report = compile_report(FORMAT, 2026, records)

    begin, end = date(2026, 1, 1), date(2026, 12, 31)
    for kind in [*KINDS, "total"]:
        mine = [one for one in requests if kind in (one[4], "total")]
        new = [one[0] for one in mine if begin <= one[1] <= end]
        inherited = [one[0] for one in mine if one[1] < begin and (not one[2] or one[2] >= begin)]
        assert report.three["new"][kind].cases == new
        assert report.three["carried_in"][kind].cases == inherited
        for code in CODES:
            done = [one[0] for one in mine if one[2] and begin <= one[2] <= end and one[3] == code]
            assert report.three[code][kind].cases == done
            assert report.three[code][kind].value == len(done)
        left = [one[0] for one in mine if one[1] <= end and (not one[2] or one[2] > end)]
        assert report.three["carried_out"][kind].cases == left
    assert all(check.ok for check in checks_of(report) if check.blocking)


def figures(new, carried_in, concluded, carried_out):
    """Table three with all its requests by natural persons, all granted."""
    line = {"new": new, "carried_in": carried_in, "A1": concluded, "concluded": concluded}
    line["carried_out"] = carried_out
    return {
        row.key: dict.fromkeys(KINDS, 0)
        | {"person": line.get(row.key, 0), "total": line.get(row.key, 0)}
        for row in FORMAT.three.rows
    }


def test_a_citys_figures_of_2025_balance():
    # Published: 14069 + 560 = 13810 + 819.
    checks = check_requests(
        FORMAT.three, figures(14069, 560, 13810, 819), {"person": 560} | dict.fromkeys(KINDS[1:], 0)
    )
    assert all(check.ok for check in checks)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((14069, 560, 13810, 818), "＝14629，应等于办理结果总计13810＋结转下年度818＝14628"),
        ((14069, 561, 13810, 820), "上年结转561，应等于上一年度公布的结转下年度560"),
    ],
)
def test_figures_that_do_not_balance_are_said_with_their_numbers(numbers, said):
    checks = check_requests(
        FORMAT.three, figures(*numbers), {"person": 560} | dict.fromkeys(KINDS[1:], 0)
    )
    failed = [check.sentence for check in checks if not check.ok]
    assert any(said in sentence for sentence in failed)


def test_a_line_whose_total_is_wrong_is_said():
    broken = figures(2, 0, 1, 1)
    broken["A1"]["total"] = 2
    failed = [one.sentence for one in check_requests(FORMAT.three, broken, None) if not one.ok]
    assert "“（一）予以公开”各列之和1，应等于总计2" in failed
    assert "“总计”列：各项办理结果之和2，应等于（七）总计1" in failed


def test_last_years_carry_over_is_taken_over_column_by_column():
    records = [
        a_request("申1", date(2025, 12, 20), date(2026, 1, 9)),
        a_statement(2025, balance=carried(business=1)),
    ]
    report = compile_report(FORMAT, 2026, records)
    with pytest.raises(ReportUnbalanced) as refused:
        refuse_unbalanced(report)
    assert "“自然人”列：上年结转1，应等于上一年度公布的结转下年度0" in refused.value.sentence
    assert "“商业企业”列：上年结转0，应等于上一年度公布的结转下年度1" in refused.value.sentence


def test_without_last_years_report_the_carry_over_is_to_be_compared_by_hand():
    report = compile_report(FORMAT, 2026, [a_request("申1", date(2025, 12, 20))])
    said = [check for check in refuse_unbalanced(report) if not check.ok]
    assert any("上年结转1件没有同公布的数核对" in check.sentence for check in said)
    assert not any(check.blocking for check in said)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (a_request("申1", date(2026, 3, 2), kind="法人"), "申请人类别“法人”对不上"),
        (a_request("申1", date(2026, 3, 2), date(2026, 3, 9), outcome="Z9"), "办理结果“Z9”对不上"),
        (a_request("申1", date(2026, 3, 9), date(2026, 3, 2)), "早于收到日期"),
    ],
)
def test_a_case_that_fits_nowhere_is_named_and_blocks(record, said):
    with pytest.raises(ReportUnbalanced) as refused:
        refuse_unbalanced(compile_report(FORMAT, 2026, [record]))
    assert "申1" in refused.value.sentence
    assert said in refused.value.sentence


def test_a_request_that_is_answered_and_not_yet_filed_is_concluded():
    record = a_request("申1", date(2026, 12, 1), date(2026, 12, 30), closed_on=date(2027, 1, 8))
    report = compile_report(FORMAT, 2026, [record])
    assert report.three["A1"]["person"].cases == ["申1"]
    assert report.three["carried_out"]["total"].value == 0


def abandoned(setting):
    clock = {"correction": {"due": date(2026, 12, 30)}}
    names = {
        "applicant_kind": "person",
        "case": {"received": date(2026, 12, 1), "outcome": "F1", "closed_on": date(2027, 1, 8)},
        "event": {},
        "clock": clock,
        "settings": {"statistics_abandoned_year": setting},
    }
    return Record("申1", "on_request", names)


@pytest.mark.parametrize(("setting", "year"), [("lapse", 2026), ("closed", 2027)])
def test_an_abandoned_request_counts_when_it_lapses_or_when_it_is_filed(setting, year):
    # The period ends on Wed 30 December 2026: deemed abandoned the day after; filed on Fri 8 January 2027.
    report = compile_report(FORMAT, year, [abandoned(setting)])
    assert report.three["F1"]["person"].cases == ["申1"]


def test_an_old_case_counts_by_the_dates_of_the_paper_register():
    names = {
        "received_on": "2025-12-30",
        "closed_on": "2026-01-20",
        "case": {"kind": "商业企业", "outcome": "B1", "how": "imported"},
    }
    report = compile_report(FORMAT, 2026, [Record("2025-77", "on_request", names)])
    assert report.three["carried_in"]["business"].cases == ["2025-77"]
    assert report.three["B1"]["business"].cases == ["2025-77"]


def test_disputes_stand_in_their_group_by_result_and_year():
    copy, decided = date(2026, 3, 2), date(2026, 5, 6)
    records = [
        a_dispute(
            "诉1",
            reconsideration_copy_on=copy,
            reconsideration_decided_on=decided,
            reconsideration_result="corrected",
        ),
        a_dispute("诉2", reconsideration_copy_on=date(2026, 12, 20)),
        a_dispute("诉3", suit_copy_on=copy, judgment_on=decided, suit_result="upheld"),
        a_dispute(
            "诉4",
            reconsideration_copy_on=date(2025, 9, 1),
            reconsideration_decided_on=date(2025, 11, 3),
            reconsideration_result="upheld",
            suit_copy_on=date(2025, 12, 1),
            judgment_on=date(2027, 1, 8),
            suit_result="other",
        ),
    ]
    four = compile_report(FORMAT, 2026, records).four
    assert four["reconsideration"]["corrected"].cases == ["诉1"]
    assert four["reconsideration"]["pending"].cases == ["诉2"]
    assert four["direct"]["upheld"].cases == ["诉3"]
    assert four["after"]["pending"].cases == ["诉4"]
    assert [four[group]["total"].value for group in ("reconsideration", "direct", "after")] == [
        2,
        1,
        1,
    ]
    assert all(
        one.ok
        for one in check_disputes(
            FORMAT.four, {g: {k: c.value for k, c in r.items()} for g, r in four.items()}
        )
    )


def test_table_two_is_stated_and_rules_of_law_are_nought():
    stated = a_statement(
        2026,
        normative_made=2,
        normative_abolished=1,
        normative_in_force=9,
        licences=120,
        penalties=33,
        coercions=4,
        charges=12.5,
    )
    two = compile_report(FORMAT, 2026, [stated]).two
    assert [two["normative"][str(place)].value for place in (1, 2, 3)] == [2, 1, 9]
    assert two["licences"]["1"].cases == ["报2026-001"]
    assert str(two["charges"]["1"].value) == "12.5"
    assert [cell.value for cell in two["rules"].values()] == [0, 0, 0]
    assert "没有规章制定权" in FORMAT.two.rows[0].note


def test_the_workbook_names_the_cases_of_each_number():
    records = [a_request("申1", date(2026, 3, 2), date(2026, 3, 9), "C4", "legal")]
    report = compile_report(FORMAT, 2026, records)
    book = openpyxl.load_workbook(io.BytesIO(workbook(report, checks_of(report))))
    rows = list(book["取数依据"].iter_rows(min_row=2, values_only=True))
    assert ("第三部分", "（三）不予公开4.保护第三方合法权益", "法律服务机构", 1, "申1") in rows
    third = [
        [cell for cell in row if cell is not None]
        for row in book["第三部分"].iter_rows(values_only=True)
    ]
    assert ["4.保护第三方合法权益", 0, 0, 0, 0, 1, 0, 1] in third


def test_the_template_takes_the_numbers_and_the_drafted_text():
    template = (REPORTS / FORMAT.template).read_bytes()
    report = compile_report(FORMAT, 2026, [a_request("申1", date(2026, 3, 2))])
    values = letter_values(report, {"机关名称": "某市某局"}, written_on=date(2027, 1, 15))
    assert fields(template) <= set(values)
    assert any("全年新收政府信息公开申请1件" in text for text in values["正文"]["general"])
    assert render(template, values).startswith(b"PK")


def test_a_definition_says_where_it_is_wrong():
    text = (REPORTS / "annual-2021.yaml").read_text()
    with pytest.raises(ReportInvalid, match="carried_out"):
        parse_definition(text.replace("counts: carried_out", "counts: outcome").encode(), "a.yaml")
    with pytest.raises(ReportInvalid) as refused:
        parse_definition(text.replace("'= reconsideration_copy_on'", "'= if ('").encode(), "a.yaml")
    assert "since" in refused.value.sentence


def test_every_kind_of_decision_is_counted_in_one_column():
    """The three groups each had the whole mapping of decisions to columns."""
    folder = REPORTS.parents[1] / "review_and_litigation" / "forms"
    for form, field in (("decision", "reconsideration_result"), ("judgment", "suit_result")):
        schema = Form.parse((folder / f"{form}.yaml").read_bytes(), form)
        kinds = next(one for one in schema.fields if one.key == field).options
        results = {one.value: FORMAT.four.result_of(one.value) for one in kinds}
        assert set(results.values()) == {"upheld", "corrected", "other"}
        for kind in kinds:
            column = {"upheld": "维持", "corrected": "纠正", "other": "其他"}[results[kind.value]]
            assert column in kind.help, kind.value


def test_a_decision_in_two_columns_is_refused():
    text = (REPORTS / "annual-2021.yaml").read_text()
    twice = text.replace("of: [upheld, dismissed]", "of: [upheld, dismissed, mediated]")
    with pytest.raises(ReportInvalid, match="mediated"):
        parse_definition(twice.encode(), "reports/x.yaml")
