"""A form takes what its YAML allows and says in a sentence what to do about the rest."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.forms import Form, FormInvalid, Option
from engine.institution import Institution
from engine.office.directory import Holder

TODAY = date(2026, 11, 24)  # Tue


def a_form(fields: str, **more: str) -> Form:
    """A form with one section of these fields (YAML, one item per field)."""
    head = "key: f\ntitle: 表\n" + "".join(f"{key}: {value}\n" for key, value in more.items())
    body = "\n".join("      " + line for line in fields.strip("\n").split("\n"))
    return Form.parse(
        f"{head}sections:\n  - title: 段\n    fields:\n{body}\n".encode(), "forms/f.yaml"
    )


def judged(form: Form, today=TODAY, names=None, **raw):
    return form.validate(raw, today=today, names=names or {})


def error_of(fields: str, raw: object, **names: object) -> str | None:
    """The sentence at field ``x``."""
    return judged(a_form(fields), x=raw, names=names).errors.get("x")


# -- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "raw", "value"),
    [
        ("{key: x, label: 名称, type: text}", "  顾某 \r\n", "顾某"),
        ("{key: x, label: 内容, type: textarea}", "一\r\n二", "一\n二"),
        ("{key: x, label: 日期, type: date}", "2026-11-24", "2026-11-24"),
        ("{key: x, label: 页数, type: integer}", "１２", 12),
        ("{key: x, label: 数, type: number}", "1,200.5", 1200.5),
        ("{key: x, label: 金额, type: money}", "700.00", 700),
        ("{key: x, label: 金额, type: money}", 12.5, 12.5),
        ("{key: x, label: 方式, type: choice, options: [纸面, 邮件]}", "邮件", "邮件"),
        ("{key: x, label: 方式, type: choices, options: [a, b, c]}", ["c", "a"], ["a", "c"]),
        ("{key: x, label: 方式, type: choices, options: [a, b, c]}", "b", ["b"]),
        ("{key: x, label: 是否, type: yesno}", "true", True),
        ("{key: x, label: 是否, type: yesno}", "否", False),
        ("{key: x, label: 附件, type: file}", "a1", [{"id": "a1"}]),
        (
            "{key: x, label: 附件, type: file, accept: [pdf]}",
            ["申请表 (1).pdf"],
            [{"id": "申请表 (1).pdf"}],
        ),
        (
            "{key: x, label: 附件, type: file, accept: [pdf]}",
            [{"id": "a1", "name": "申请.PDF", "size": 3, "evil": 1}],
            [{"id": "a1", "name": "申请.PDF", "size": 3}],
        ),
    ],
)
def test_an_answer_is_read_as_its_type(field, raw, value):
    assert judged(a_form(f"- {field}"), x=raw).values == {"x": value}


@pytest.mark.parametrize(
    ("field", "raw", "sentence"),
    [
        ("{key: x, label: 姓名, type: text, required: true}", " ", "请填写姓名"),
        ("{key: x, label: 渠道, type: choice, required: true, options: [a]}", "", "请选择渠道"),
        ("{key: x, label: 身份证明, type: file, required: true}", [], "请上传身份证明"),
        (
            "{key: x, label: 名称, type: text, max_length: 3}",
            "一二三四",
            "名称最多3个字，现为4个，请删减",
        ),
        (
            "{key: x, label: 名称, type: text}",
            "一\x00二",
            "名称里有不能显示的字符，请删去后重新填写",
        ),
        (
            "{key: x, label: 日期, type: date}",
            "2026/1/5",
            "日期应写成“2026-11-24”这样的日期，请改正",
        ),
        (
            "{key: x, label: 日期, type: date}",
            "2026-02-30",
            "日期应写成“2026-11-24”这样的日期，请改正",
        ),
        (
            "{key: x, label: 签收日期, type: date, past: true}",
            "2026-11-25",
            "签收日期不能晚于今天（2026年11月24日（周二）），请核对",
        ),
        ("{key: x, label: 件数, type: integer}", "1.5", "件数应为整数，现为“1.5”，请改正"),
        ("{key: x, label: 件数, type: integer}", "1e400", "件数应为整数，现为“1e400”，请改正"),
        ("{key: x, label: 数, type: number}", "NaN", "数应为数字，现为“NaN”，请改正"),
        ("{key: x, label: 金额, type: money}", "1.005", "金额最多两位小数，请改正"),
        (
            "{key: x, label: 补正期限, type: integer, min: 1, max: 30, unit: 个工作日, advice: 请改为合理的期限（一般10个工作日）}",
            "0",
            "补正期限：应为1至30个工作日，现为0，请改为合理的期限（一般10个工作日）",
        ),
        ("{key: x, label: 件数, type: integer, min: 1}", "0", "件数：应为不少于1，现为0，请改正"),
        (
            "{key: x, label: 方式, type: choice, options: [a]}",
            "b",
            "方式没有“b”这个选项，请重新选择",
        ),
        (
            "{key: x, label: 方式, type: choice, options: [a]}",
            ["a", "a"],
            "方式只能填一项，请删去多余的",
        ),
        ("{key: x, label: 是否, type: yesno}", "perhaps", "是否请选“是”或“否”"),
        ("{key: x, label: 附件, type: file}", "../../etc/passwd", "附件没有上传成功，请重新上传"),
        (
            "{key: x, label: 附件, type: file, accept: [pdf]}",
            "申请表.exe",
            "附件只收pdf文件，“申请表.exe”不是，请转换后再上传",
        ),
        (
            "{key: x, label: 附件, type: file, accept: [pdf, docx]}",
            [{"id": "a", "name": "a.exe"}],
            "附件只收pdf、docx文件，“a.exe”不是，请转换后再上传",
        ),
        (
            "{key: x, label: 附件, type: file, max_mb: 1}",
            [{"id": "a", "name": "a.pdf", "size": 1500000}],
            "附件每个文件最大1 MB，“a.pdf”有2 MB，请压缩或者拆开",
        ),
        (
            "{key: x, label: 文号, type: text, pattern: '[0-9]+号', pattern_message: 文号应写成“12号”}",
            "x",
            "文号应写成“12号”",
        ),
    ],
)
def test_a_wrong_answer_gets_a_sentence_that_says_what_to_do(field, raw, sentence):
    assert error_of(f"- {field}", raw) == sentence


def test_a_sentence_can_be_translated():
    sentence = judged(a_form("- {key: x, label: 姓名, type: text, required: true}")).errors["x"]
    assert (sentence.template, sentence.facts) == ("请填写{label}", {"label": "姓名"})


# -- identity ------------------------------------------------------------------------------------

# 11010519491231002X is the specimen of GB 11643; nobody's.


@pytest.mark.parametrize(
    ("check", "raw", "sentence"),
    [
        ("ric", "11010519491231002", "身份证号应为18位，现为17位，请对照证件补全"),
        ("ric", "11010519491231002XX", "身份证号应为18位，现为19位，请对照证件改正"),
        ("ric", "110105194912310021", "身份证号与校验码不符，请对照证件逐位核对"),
        ("ric", "11010519491331002X", "身份证号第7至14位不是日期，请对照证件改正"),
        ("ric", "1101051949123100AX", "身份证号应为17位数字加1位数字或X，请对照证件改正"),
        ("uscc", "9111000060003734", "统一社会信用代码应为18位，现为16位，请对照证照补全"),
        ("uscc", "911100006000373410", "统一社会信用代码与校验码不符，请对照证照逐位核对"),
        ("uscc", "A1110000600037341L", "统一社会信用代码有不该出现的字符，请对照证照改正"),
        ("phone", "1391234", "电话应为11位手机号，或者区号加座机号，请改正"),
        ("email", "a@b", "电话应为“名称@网站”的形式，请改正"),
        ("postcode", "1000", "电话应为6位数字，请改正"),
    ],
)
def test_numbers_of_papers_are_checked(check, raw, sentence):
    assert error_of(f"- {{key: x, label: 电话, type: text, check: {check}}}", raw) == sentence


@pytest.mark.parametrize(
    ("check", "raw", "value"),
    [
        ("ric", " 11010519491231002x ", "11010519491231002X"),
        ("ric", "１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("uscc", "91110000600037341l", "91110000600037341L"),
        ("phone", "13912345678", "13912345678"),
        ("phone", "010-62345678", "010-62345678"),
        ("email", "a.b@example.gov.cn", "a.b@example.gov.cn"),
    ],
)
def test_right_numbers_are_kept_in_their_plain_form(check, raw, value):
    form = a_form(f"- {{key: x, label: 号码, type: text, check: {check}}}")
    assert judged(form, x=raw).values == {"x": value}


def test_a_wrong_check_digit_is_taken_once_somebody_compared_it_with_the_paper():
    form = a_form(
        "- {key: x, label: 证件号码, type: text, check: ric, confirmed_by: seen}\n"
        "- {key: seen, label: 已与证件核对, type: yesno}"
    )
    assert "x" in judged(form, x="110105194912310021").errors
    assert judged(form, x="110105194912310021", seen="true").values["x"] == "110105194912310021"
    assert "x" in judged(form, x="1101051949123100", seen="true").errors


def test_a_check_holds_only_where_its_condition_does():
    form = a_form(
        "- {key: kind, label: 证件, type: choice, options: [身份证, 护照]}\n"
        '- {key: x, label: 证件号码, type: text, check: ric, check_if: kind = "身份证"}'
    )
    assert judged(form, kind="护照", x="E12345678").ok
    assert not judged(form, kind="身份证", x="E12345678").ok


# -- conditions ----------------------------------------------------------------------------------

CHANNEL = """
- {key: channel, label: 渠道, type: choice, required: true, options: [counter, post]}
- {key: signed_on, label: 签收日期, type: date, past: true, required: true, visible_if: channel = "post"}
"""


def test_a_hidden_field_is_dropped_whatever_was_posted():
    assert judged(a_form(CHANNEL), channel="counter", signed_on="2026-11-20").values == {
        "channel": "counter"
    }
    assert judged(a_form(CHANNEL), channel="counter", signed_on="rubbish").ok


def test_a_step_done_again_leaves_no_old_answer_behind():
    names = {"channel": "post", "signed_on": date(2026, 11, 20), "elsewhere": 1}
    assert judged(a_form(CHANNEL), channel="counter", names=names).values == {
        "channel": "counter",
        "signed_on": None,
    }


def test_a_field_that_shows_is_demanded():
    assert judged(a_form(CHANNEL), channel="post").errors == {"signed_on": "请填写签收日期"}


def test_conditions_see_the_case_and_dates_as_dates():
    form = a_form(
        "- {key: on, label: 日期, type: date}\n"
        "- {key: x, label: 理由, type: text, required_if: on > received_on}"
    )
    names = {"received_on": date(2026, 11, 20)}
    assert judged(form, on="2026-11-21", names=names).errors == {"x": "请填写理由"}
    assert judged(form, on="2026-11-20", names=names).ok


def test_a_rule_that_is_false_is_told_at_its_field_and_null_is_no_verdict():
    form = a_form(
        "- {key: from, label: 起, type: date}\n"
        "- key: to\n  label: 止\n  type: date\n  rules:\n"
        "    - {check: to >= from, message: 止不能早于起，请核对}"
    )
    late = judged(form, **{"from": "2026-11-02", "to": "2026-11-01"})
    assert late.errors == {"to": "止不能早于起，请核对"}
    assert judged(form, to="2026-11-01").ok


def test_a_rule_of_the_whole_form_is_told_where_it_says():
    form = Form.parse(
        "key: f\ntitle: 表\nsections:\n  - title: 所需信息\n    fields:\n"
        "      - {key: a, label: 名称, type: text}\n      - {key: b, label: 文号, type: text}\n"
        "rules:\n  - {at: a, check: a != null or b != null, message: 名称、文号至少填一项}\n".encode(),
        "forms/f.yaml",
    )
    assert judged(form).errors == {"a": "名称、文号至少填一项"}
    assert judged(form, b="12号").ok


def test_a_section_hides_its_fields():
    form = Form.parse(
        "key: f\ntitle: 表\nsections:\n  - title: 一\n    fields:\n"
        "      - {key: a, label: 有, type: yesno}\n"
        "  - title: 二\n    visible_if: a = true\n    fields:\n"
        "      - {key: b, label: 名称, type: text, required: true}\n".encode(),
        "forms/f.yaml",
    )
    assert judged(form, a="false", b="x").values == {"a": False}
    assert judged(form, a="true").errors == {"b": "请填写名称"}
    assert form.asked(today=TODAY, names={}, values={"a": False}).shown == {"a"}
    assert form.asked(today=TODAY, names={}, values={"a": True}).shown == {"a", "b"}


def test_what_an_answer_makes_required_is_known_before_submission():
    """The letter's text was required by the outcome, and nothing on the page said so before 提交."""
    form = a_form(
        "- {key: kind, label: 结果, type: choice, required: true, options: [A1, C1]}\n"
        "- {key: text, label: 内容, type: textarea, required_if: 'kind = \"C1\"'}",
    )
    assert form.asked(today=TODAY, names={}, values={"kind": "A1"}).required == {"kind"}
    assert form.asked(today=TODAY, names={}, values={"kind": "C1"}).required == {"kind", "text"}


def test_unknown_answers_are_refused():
    result = judged(a_form(CHANNEL), channel="counter", due_date="2027-01-01")
    assert result.errors == {"": "本表没有“due_date”这一项，请从待办重新打开后再提交"}


def test_what_is_only_shown_is_never_taken():
    form = a_form("- {key: due, label: 届满, type: given, source: '= clock.reply.due'}")
    assert judged(form, due="2027-01-01").values == {}
    assert form.initial(today=TODAY, names={"clock": {"reply": {"due": date(2026, 12, 16)}}}) == {
        "due": "2026-12-16"
    }


# -- tables --------------------------------------------------------------------------------------

TABLE = """
- key: t
  label: 第三方
  type: table
  required: true
  columns:
    - {key: name, label: 名称, type: text, required: true}
    - {key: phone, label: 电话, type: text, check: phone}
    - {key: on, label: 日期, type: date, past: true}
"""


def test_a_table_is_read_from_a_posted_page_and_from_json_alike():
    posted = {
        "t-0-name": "某公司",
        "t-0-phone": "",
        "t-2-name": "顾某",
        "t-2-on": "2026-11-01",
        "t-1-name": "",
    }
    rows = [{"name": "某公司"}, {"name": "顾某", "on": "2026-11-01"}]
    assert judged(a_form(TABLE), **posted).values == {"t": rows}
    assert judged(a_form(TABLE), t=rows).values == {"t": rows}


def test_a_wrong_cell_is_told_at_its_cell():
    result = judged(a_form(TABLE), **{"t-0-phone": "12", "t-3-name": "乙", "t-3-on": "2026-12-01"})
    assert result.errors == {
        "t-0-name": "请填写名称",
        "t-0-phone": "电话应为11位手机号，或者区号加座机号，请改正",
        "t-3-on": "日期不能晚于今天（2026年11月24日（周二）），请核对",
    }


def test_an_empty_table_and_a_strange_column_are_refused():
    assert judged(a_form(TABLE)).errors == {"t": "第三方请至少填写一行"}
    assert judged(a_form(TABLE), **{"t-0-evil": "x"}).errors == {"t": "第三方没有“evil”这一列"}
    assert judged(a_form(TABLE), t="x").errors == {"t": "第三方应是一张表，请重新填写"}


# -- choices from elsewhere ------------------------------------------------------------------------


def test_choices_come_from_the_offices_lists():
    form = a_form("- {key: x, label: 科室, type: choice, options_from: units}")
    assert "x" in judged(form, x="housing").errors
    filled = form.with_lists({"units": [Option("housing", "房屋安全管理科")]})
    assert judged(filled, x="housing").ok


def test_choices_in_a_table_come_from_the_offices_lists():
    form = a_form(
        "- key: t\n  label: 协办\n  type: table\n"
        "  columns: [{key: section, label: 科室, type: choice, options_from: units}]"
    )
    assert form.lists == {"units"}
    filled = form.with_lists({"units": [Option("works", "市政公用科")]})
    assert judged(filled, t=[{"section": "works"}]).ok
    assert not judged(filled, t=[{"section": "x"}]).ok


def test_choices_come_from_the_case():
    form = a_form("- {key: x, label: 第三方, type: choice, options_from: '= parties'}")
    assert judged(form, x="某公司", names={"parties": ["某公司", "顾某"]}).ok
    assert not judged(form, x="他人", names={"parties": ["某公司"]}).ok
    assert form.options(today=TODAY, names={"parties": ["某公司"]})["x"] == (
        Option("某公司", "某公司"),
    )


def test_bounds_come_from_the_case():
    form = a_form("- {key: x, label: 延长, type: integer, min: 1, max: '= left'}")
    assert judged(form, x="20", names={"left": 20}).ok
    assert judged(form, x="21", names={"left": 20}).errors["x"] == "延长：应为1至20，现为21，请改正"


# -- filling ---------------------------------------------------------------------------------------


def test_required_defaults_answer_what_must_be_answered_and_nothing_else():
    form = a_form(
        CHANNEL.strip("\n").replace("[counter, post]", "[post, counter]")
        + "\n- {key: note, label: 备注, type: text}\n"
        + "- {key: id, label: 证件, type: text, required: true, check: ric}\n"
        + "- {key: n, label: 期限, type: integer, required: true, min: 5, max: 9}\n"
        + "- {key: doc, label: 附件, type: file, required: true, accept: [docx]}\n"
        + TABLE.strip("\n")
    )
    answers = form.required_defaults(today=TODAY)
    assert answers == {
        "channel": "post",
        "signed_on": "2026-11-24",
        "id": "11010519491231002X",
        "n": 5,
        "doc": [{"id": "sample", "name": "sample.docx", "size": 1}],
        "t": [{"name": "示例"}],
    }
    assert judged(form, **answers).ok


def test_required_defaults_leave_given_answers_alone():
    answers = a_form(CHANNEL).required_defaults(today=TODAY, given={"channel": "counter"})
    assert answers == {"channel": "counter"}


def test_a_form_starts_from_what_the_case_knows():
    form = a_form(
        "- {key: a, label: 甲, type: date, source: '= today()'}\n"
        "- {key: b, label: 乙, type: text, default: 请说明}\n"
        "- {key: c, label: 丙, type: text, source: '= b + case_word'}"
    )
    assert form.initial(today=TODAY, names={"case_word": "。"}) == {
        "a": "2026-11-24",
        "b": "请说明",
        "c": "请说明。",
    }


# -- broken files ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ("- {key: x, label: 甲, type: lext}", "字段“x”不认识类型“lext”"),
        ("- {key: x, type: text}", "字段“x”缺少“label”"),
        ("- {key: x, label: 甲, type: text, requierd: true}", "字段“x”不认识“requierd”"),
        ("- {key: x, label: 甲, type: text, required: maybe}", "“required”只能是 true 或 false"),
        ("- {key: X, label: 甲, type: text}", "key 只能用小写字母"),
        ("- {key: x, label: 甲, type: choice}", "请用 options 或 options_from 写明选项"),
        ("- {key: x, label: 甲, type: choice, options: [a, a]}", "重复的 value"),
        ("- {key: x, label: 甲, type: text, check: idcard}", "不认识检查“idcard”"),
        ("- {key: x, label: 甲, type: text, pattern: '(a+)+b'}", "pattern 太复杂"),
        ("- {key: x, label: 甲, type: table}", "只有 table 字段有 columns"),
        ("- {key: x, label: 甲, type: text, visible_if: 'y ='}", "字段“x”的 visible_if 写得不对"),
        (
            "- {key: x, label: 甲, type: text, visible_if: y = 1}\n- {key: y, label: 乙, type: text}",
            "条件用到了排在它后面的字段“y”",
        ),
        ("- {key: x, label: 甲, type: text}\n- {key: x, label: 乙, type: text}", "出现了两次"),
    ],
)
def test_a_broken_form_file_is_refused_by_name_and_line(fields, part):
    with pytest.raises(FormInvalid) as refused:
        a_form(fields)
    assert part in refused.value.sentence
    assert refused.value.sentence.startswith("forms/f.yaml第")
    assert refused.value.line


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "表单应写成“名称: 内容”的形式"),
        (b"\xff\xfe", "不是 UTF-8"),
        (b"key: f\ntitle: [", "格式有错"),
        (b"key: f\ntitle: x\nsections: []", "表单没有段"),
        (b"a: &a [1]\nb: *a", "不能使用引用"),
        (b"key: f\nkey: g", "写了两次"),
        (b"x: !!python/object/apply:os.system [id]", "不能使用标签"),
    ],
)
def test_what_is_no_form_is_refused(data, part):
    with pytest.raises(FormInvalid) as refused:
        Form.parse(data, "forms/f.yaml")
    assert part in refused.value.sentence


def test_the_form_in_the_handbook_is_a_form():
    handbook = (Path(__file__).parents[2] / "docs" / "procedures.md").read_text(encoding="utf-8")
    block = handbook.split("```yaml\n", 1)[1].split("```", 1)[0]
    assert Form.parse(block.encode(), "forms/serve.yaml").field_keys == {"service_way", "sent_on"}


# -- people and sections of the office -----------------------------------------------------------


def an_office(*holders: tuple[str, str, str, str | None]):
    """The shipped office with these people in post: (login, name, role, unit)."""
    folder = Path(__file__).parents[2] / "processes" / "_office"
    files = {
        one.relative_to(folder).as_posix(): one.read_bytes()
        for one in folder.rglob("*")
        if one.is_file()
    }

    class People:
        def in_post(self, day):
            return [Holder(*one) for one in holders] if day == TODAY else []

        def name(self, login):
            return {one[0]: one[1] for one in holders}.get(login, login)

    return replace(Institution.from_files(files, "v"), people=People())


OFFICE = an_office(
    ("zhoumin", "周敏", "disclosure_officer", None),
    ("xujianhua", "许建华", "section_head", "housing"),
    ("chenbo", "陈博", "section_head", "works"),
)


def chosen(field: str, raw: object, day: date = TODAY, **names: object):
    return a_form(field).validate(
        {"x": raw}, today=day, names=names, functions=OFFICE.functions(day)
    )


def test_a_person_is_chosen_from_those_in_post_and_stored_by_login():
    field = "- {key: x, label: 调查人, type: person, of: [section_head]}"
    assert chosen(field, "chenbo").values == {"x": "chenbo"}
    assert chosen(field, "zhoumin").errors["x"] == (
        "调查人：“zhoumin”今天不在可选的岗位上，请重新选择"
    )
    assert not chosen(field, "nobody").ok
    assert not chosen(field, "chenbo", TODAY.replace(year=2025)).ok


def test_a_person_may_be_asked_for_in_the_section_of_another_answer():
    field = '- {key: x, label: 经办人, type: person, of: [section_head], in: "= lead"}'
    assert chosen(field, "chenbo", lead="works").ok
    assert not chosen(field, "chenbo", lead="housing").ok
    assert not chosen(field, "chenbo", lead=None).ok


def test_people_are_offered_with_their_posts():
    form = a_form("- {key: x, label: 调查人, type: people, of: [section_head, disclosure_officer]}")
    found = form.options(today=TODAY, names={}, functions=OFFICE.functions(TODAY))["x"]
    assert [(one.value, one.label) for one in found] == [
        ("xujianhua", "许建华（房屋安全管理科科室负责人）"),
        ("chenbo", "陈博（市政公用科科室负责人）"),
        ("zhoumin", "周敏（信息公开专员）"),
    ]


def test_a_table_may_have_a_column_of_people():
    field = "- {key: x, label: 名册, type: table, columns: [{key: who, label: 人, type: person}]}"
    assert chosen(field, [{"who": "zhoumin"}]).values == {"x": [{"who": "zhoumin"}]}
    assert "x-0-who" in chosen(field, [{"who": "zhou"}]).errors


def test_a_condition_may_use_the_person_and_the_name():
    form = a_form(
        '- {key: x, label: 人, type: person, rules: [{check: x != "chenbo", message: 应当回避}]}\n'
        '- {key: y, label: 名, type: given, source: "= person name(x)"}'
    )
    judged_form = form.validate(
        {"x": "chenbo"}, today=TODAY, names={}, functions=OFFICE.functions(TODAY)
    )
    assert judged_form.errors["x"] == "应当回避"
    shown = form.initial(today=TODAY, names={"x": "chenbo"}, functions=OFFICE.functions(TODAY))
    assert shown["y"] == "陈博"


def test_of_and_in_belong_to_people_only():
    with pytest.raises(FormInvalid, match="of"):
        a_form("- {key: x, label: 科室, type: unit, of: [section_head]}")


def test_without_accounts_each_post_has_an_imaginary_holder():
    bare = replace(OFFICE, people=None)
    form = a_form("- {key: x, label: 人, type: person, of: [section_head]}")
    functions = bare.functions(TODAY)
    assert form.validate({"x": "section_head@works"}, today=TODAY, names={}, functions=functions).ok
    assert bare.directory.name("section_head@works") == "市政公用科科室负责人"
