"""What the request procedure fixes as data agrees with the law and with itself."""

from datetime import date
from pathlib import Path

import pytest

from engine.decisions import Decisions
from engine.institution import Institution
from engine.letters import fields_of
from engine.office import Office
from engine.procedure import Procedure, read_folder

PROCESSES = Path(__file__).parents[2] / "processes"
OFFICE = Office.load(PROCESSES / "_office")
INSTITUTION = Institution.from_files(read_folder(PROCESSES / "_office"), "office")
REQUEST = Procedure.from_files(read_folder(PROCESSES / "on_request"), OFFICE)
TABLES = Decisions.from_sources({k: v for k, v in REQUEST.sources.items() if k.endswith(".dmn")})
TODAY = date(2026, 3, 2)  # Mon

# 国办公开办函〔2021〕30号, section 三: the 21 lines that a request can be counted in.
LINES = [
    ("A1", "予以公开"),
    ("B1", "部分公开"),
    ("C1", "1.属于国家秘密"),
    ("C2", "2.其他法律行政法规禁止公开"),
    ("C3", "3.危及“三安全一稳定”"),
    ("C4", "4.保护第三方合法权益"),
    ("C5", "5.属于三类内部事务信息"),
    ("C6", "6.属于四类过程性信息"),
    ("C7", "7.属于行政执法案卷"),
    ("C8", "8.属于行政查询事项"),
    ("D1", "1.本机关不掌握相关政府信息"),
    ("D2", "2.没有现成信息需要另行制作"),
    ("D3", "3.补正后申请内容仍不明确"),
    ("E1", "1.信访举报投诉类申请"),
    ("E2", "2.重复申请"),
    ("E3", "3.要求提供公开出版物"),
    ("E4", "4.无正当理由大量反复申请"),
    ("E5", "5.要求行政机关确认或重新出具已获取信息"),
    ("F1", "1.申请人无正当理由逾期不补正、行政机关不再处理其政府信息公开申请"),
    ("F2", "2.申请人逾期未按收费通知要求缴纳费用、行政机关不再处理其政府信息公开申请"),
    ("F3", "3.其他"),
]


def decided(outcome: str, variant: str | None = None) -> dict:
    return TABLES.evaluate("outcome", {"outcome": outcome, "variant": variant}, {}).value


def test_outcomes_are_the_lines_of_the_annual_report_word_by_word():
    assert [(one.code, one.row) for one in REQUEST.outcomes.values()] == LINES


@pytest.mark.parametrize("code", [code for code, _ in LINES])
def test_the_table_and_the_list_of_outcomes_agree(code):
    variant = {"A1": "provide", "D1": "absent"}.get(code)
    outcome, row = REQUEST.outcomes[code], decided(code, variant)
    assert (row["letter"], row["remedy"]) == (outcome.letter, outcome.remedy)
    assert row["letter"] in REQUEST.letters


@pytest.mark.parametrize("code", ["B1", "C1", "C2", "C3", "C4", "C5", "C6", "C7"])
def test_a_refusal_goes_to_reconsideration_first(code):
    # 行政复议法第二十三条第一款第四项
    text = OFFICE.remedy_text(decided(code)["remedy"])
    assert "先向某市人民政府申请行政复议" in text


def test_letters_on_the_way_carry_no_remedy():
    # 国办函〔2021〕132号第三条第一项: 补正 and 延期 cannot be challenged alone.
    for key in (
        "receipt",
        "correction",
        "extension",
        "reasons",
        "consult_notice",
        "third_party",
        "fee",
    ):
        assert REQUEST.letters[key].remedy == ""
        assert "救济" not in fields_of({key: REQUEST.template(key)})[key]


@pytest.mark.parametrize(
    ("masking", "shown"),
    [
        ("first3_last4", "110***********002X"),
        ("last4", "**************002X"),
        ("hidden", "******************"),
    ],
)
def test_the_register_sheet_masks_the_number_as_the_setting_says(masking, shown):
    # 个人信息保护法第六条、第五十一条
    functions = INSTITUTION.under({"id_masking": masking}).functions(TODAY)
    number = REQUEST.letters["register_sheet"].fields["证件号码"]
    assert number.evaluate({"id_number": "11010519491231002X"}, functions) == shown
    assert number.evaluate({"id_number": None}, functions) is None


def test_letters_to_third_parties_do_not_say_who_asks():
    # 个人信息保护法第六条
    for letter in REQUEST.letters.values():
        if letter.to in ("third_party", "agency", "section"):
            names = fields_of({letter.key: REQUEST.template(letter.key)})[letter.key]
            assert not names & {"申请人", "称呼"}
            assert letter.to == "section" or "所需信息" not in names


@pytest.mark.parametrize(
    ("given", "yuan"),
    [
        # 政府信息公开信息处理费管理办法: by page 30 free, then 10, 20, 40; by item 10 free, then 100, from the 31st more
        ({"fee_way": "pages", "fee_pages": 30}, 0),
        ({"fee_way": "pages", "fee_pages": 68}, 380),
        ({"fee_way": "pages", "fee_pages": 100}, 700),
        ({"fee_way": "pages", "fee_pages": 200}, 2700),
        ({"fee_way": "pages", "fee_pages": 250}, 4700),
        ({"fee_way": "items", "fee_before": 0, "fee_items": 10}, 0),
        ({"fee_way": "items", "fee_before": 0, "fee_items": 30}, 2000),
        ({"fee_way": "items", "fee_before": 0, "fee_items": 40}, 4000),
        ({"fee_way": "items", "fee_before": 0, "fee_items": 50}, 7000),
        ({"fee_way": "items", "fee_before": 30, "fee_items": 1}, 200),
        ({"fee_way": "items", "fee_before": 40, "fee_items": 1}, 300),
    ],
)
def test_the_fee_follows_the_measures(given, yuan):
    inputs = {"fee_before": None, "fee_items": None, "fee_pages": None, **given}
    assert TABLES.evaluate("fee", inputs, {}).value["amount"] == yuan


@pytest.mark.parametrize(
    ("days", "names", "sentence"),
    [
        ("20", {}, None),
        ("21", {}, "延长：应为1至20个工作日，现为21，请改正"),
        (
            "10",
            {
                "case": {"facts": [{"kind": "extension_approved", "date": TODAY}]},
                "settings": {"extension_times": 1},
            },
            "本件延长的次数已经用完，不能再延长",
        ),
        ("10", {"clock": {"reply": {"due": date(2026, 2, 27)}}}, "答复期限已经届满，不能再延长"),
    ],
)
def test_an_extension_is_once_in_time_and_at_most_twenty_days(days, names, sentence):
    # 条例第三十三条第二款
    scope = {"clock": {"reply": {"due": date(2026, 3, 30)}}, **names}
    raw = {"extension_days": days, "extension_reason": "卷宗较多"}
    judged = REQUEST.forms["extension"].validate(raw, today=TODAY, names=scope)
    assert judged.errors.get("extension_days") == sentence


def test_every_form_of_the_folder_is_used():
    diagram = REQUEST.files[REQUEST.main].decode()
    unused = [key for key in REQUEST.forms if f'"{key}"' not in diagram]
    assert unused == []


def test_personal_answers_are_marked():
    marked = {
        "applicant_name",
        "id_number",
        "phone",
        "address",
        "email",
        "contact_name",
        "agent_name",
    }
    assert marked <= REQUEST.personal.fields
