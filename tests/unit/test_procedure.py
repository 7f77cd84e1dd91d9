"""A procedure folder is one value, and every mistake in it is told by file and line."""

import io
from datetime import date
from pathlib import Path

import docx
import pytest

from engine.forms.schema import FormInvalid
from engine.office import Office
from engine.procedure import Procedure, ProcedureInvalid, content_hash, read_folder
from engine.procedure_check import inspect, known

OFFICE = Office.load(Path(__file__).parents[2] / "processes" / "_office")

MINIMAL = """
key: demo
title: 示范程序
owner: disclosure_officer
numbering: on_request
subject: "= info_title"
start: {roles: [disclosure_officer], label: 登记申请}
register:
  - {key: number, label: 编号, value: case.number}
  - {key: applicant, label: 申请人, value: applicant_name, personal: true}
outcomes:
  - {code: A1, group: （一）, row: 予以公开, basis: 第三十六条, letter: reply, remedy: review_or_suit}
letters:
  - {key: reply, title: 告知书, suffix: 公, series: reply, remedy: review_or_suit, fields: {期限: clock.reply.due}}
letter_fields:
  申请人: applicant_name
  方式: label.way
variables: [letter_key]
"""

FORM = """
key: register
title: 登记
sections:
  - title: 申请
    fields:
      - {key: info_title, label: 名称, type: text, required: true}
      - {key: applicant_name, label: 申请人, type: text, personal: true}
      - {key: way, label: 方式, type: choice, options: [{value: paper, label: 纸面}, {value: mail, label: 邮件}]}
      - {key: signed_on, label: 日期, type: date}
      - {key: section, label: 科室, type: choice, options_from: units}
"""


def a_template(*paragraphs: str) -> bytes:
    document, buffer = docx.Document(), io.BytesIO()
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(buffer)
    return buffer.getvalue()


def a_folder(**changed: bytes | str | None) -> dict[str, bytes]:
    """A small valid folder; ``__`` in a keyword is ``/``, one ``_`` before the ending is a dot."""
    files: dict[str, bytes] = {
        "procedure.yaml": MINIMAL.encode(),
        "demo.bpmn": b"<definitions/>",
        "forms/register.yaml": FORM.encode(),
        "letters/reply.docx": a_template(
            "{{ 申请人 }}：{{ 方式 }}，{{ 期限 }}", "{{ 文号 }}{{ 救济 }}"
        ),
        "README.md": b"# demo",
    }
    for name, data in changed.items():
        path = "/".join(name.split("__"))
        head, _, ending = path.rpartition("_")
        path = f"{head}.{ending}"
        if data is None:
            files.pop(path)
        else:
            files[path] = data.encode() if isinstance(data, str) else data
    return files


def test_a_folder_becomes_a_procedure():
    procedure = Procedure.from_files(a_folder(), OFFICE)
    assert (procedure.key, procedure.title, procedure.main) == ("demo", "示范程序", "demo.bpmn")
    assert procedure.start.roles == ("disclosure_officer",)
    assert procedure.personal.fields == {"applicant_name"}
    assert procedure.outcomes["A1"].remedy == "review_or_suit"
    assert procedure.template("reply").startswith(b"PK")
    assert set(procedure.sources) == {"demo.bpmn"}


def test_choices_from_the_office_are_filled_in():
    section = Procedure.from_files(a_folder(), OFFICE).forms["register"].fields[-1]
    assert "房屋安全管理科" in [option.label for option in section.options]


def test_a_choice_keeps_its_words_where_a_second_form_offers_fewer_options():
    again = "key: again\ntitle: 更正\nsections:\n  - title: 方式\n    fields:\n"
    again += "      - {key: way, label: 方式, type: choice, options: [{value: web, label: 网上}]}\n"
    procedure = Procedure.from_files(a_folder(forms__again_yaml=again), OFFICE)
    assert [procedure.labels({"way": way})["way"] for way in ("paper", "web")] == ["纸面", "网上"]


def test_a_letter_gets_the_letterhead_the_case_and_its_remedy():
    procedure = Procedure.from_files(a_folder(), OFFICE)
    names = {
        "applicant_name": "顾某",
        "way": "paper",
        "case": {"number": "2026-0213"},
        "clock": {"reply": {"due": date(2026, 12, 16)}},
    }
    values = procedure.letter_values(
        OFFICE, "reply", number="第1号", issued_on=date(2026, 12, 1), names=names, functions={}
    )
    assert values["申请人"] == "顾某"
    assert values["方式"] == "纸面"
    assert values["期限"] == date(2026, 12, 16)
    assert values["案件编号"] == "2026-0213"
    assert values["机关名称"] == "某市城市管理和综合执法局"
    assert values["救济"].startswith("如对本告知不服")


def test_stored_dates_become_dates():
    procedure = Procedure.from_files(a_folder(), OFFICE)
    assert procedure.typed({"signed_on": "2026-01-05", "other": "x"}) == {
        "signed_on": date(2026, 1, 5),
        "other": "x",
    }


def test_what_a_diagram_may_name_is_known():
    found = known(Procedure.from_files(a_folder(), OFFICE), OFFICE)
    assert found.roles["信息公开专员"] == "disclosure_officer"
    assert found.forms == {"register"}
    assert "way" in found.form_fields["register"]
    assert found.letters == {"reply"}
    assert {"letter_key", "clock", "case"} <= found.fields


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"procedure_yaml": None}, "procedure.yaml：文件夹里没有这个文件"),
        ({"procedure_yaml": "key: ["}, "行：格式有错"),
        ({"procedure_yaml": MINIMAL + "owener: x\n"}, "不认识“owener”"),
        (
            {"procedure_yaml": MINIMAL.replace("owner: disclosure_officer", "owner: boss")},
            "岗位“boss”不在 roles.yaml 里",
        ),
        (
            {"procedure_yaml": MINIMAL.replace("series: reply", "series: x")},
            "编号系列“x”不在 numbering.yaml 里",
        ),
        (
            {"procedure_yaml": MINIMAL.replace("value: case.number", "value: 'case.'")},
            "表达式写得不对",
        ),
        (
            {"procedure_yaml": MINIMAL.replace("letter: reply", "letter: nothing")},
            "文书“nothing”不在 letters 里",
        ),
        (
            {"procedure_yaml": MINIMAL.replace("remedy: review_or_suit}", "remedy: x}", 1)},
            "救济告知“x”不在",
        ),
        ({"letters__reply_docx": None}, "模板 letters/reply.docx 不存在"),
        ({"demo_bpmn": None}, "没有流程图 demo.bpmn"),
        ({"forms__other_yaml": FORM}, "key“register”应与文件名一致"),
        ({"forms__register_yaml": FORM.replace("units", "people")}, "没有“people”这份名单"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(changed, part):
    with pytest.raises((ProcedureInvalid, FormInvalid)) as refused:
        Procedure.from_files(a_folder(**changed), OFFICE)
    assert part in refused.value.sentence


def test_a_good_folder_has_no_findings():
    procedure, findings = inspect(a_folder(), OFFICE)
    assert procedure is not None
    assert findings == []


@pytest.mark.parametrize(
    ("changed", "rule", "element"),
    [
        ({"letters__reply_docx": a_template("{{ 申请人姓名 }}")}, "letter_field", "申请人姓名"),
        ({"letters__reply_docx": a_template("{% if x %}")}, "letter_invalid", "letters/reply.docx"),
        ({"letters__reply_docx": b"no"}, "letter_invalid", "letters/reply.docx"),
        ({"letters__old_docx": a_template("x")}, "letter_unused", "letters/old.docx"),
        ({"procedure_yaml": "key: ["}, "procedure_invalid", "procedure.yaml"),
        ({"forms__register_yaml": "key: register"}, "form_invalid", "forms/register.yaml"),
    ],
)
def test_the_check_tells_what_is_wrong(changed, rule, element):
    _, findings = inspect(a_folder(**changed), OFFICE)
    assert [(one.rule, one.element) for one in findings] == [(rule, element)]


@pytest.mark.parametrize(
    ("changed", "element"),
    [
        ({"procedure_yaml": MINIMAL.replace("= info_title", "= applicant_name")}, "subject"),
        ({"procedure_yaml": MINIMAL.replace(", personal: true", "")}, "register applicant"),
        (
            {"demo_bpmn": '<definitions><gk:records event="x" party="= party.who"/></definitions>'},
            "demo.bpmn",
        ),
        (
            {"demo_bpmn": '<a><gk:effect name="notify" text="= applicant_name + &quot;来了&quot;"/></a>'},
            "demo.bpmn",
        ),
        (
            {"demo_bpmn": '<a><gk:effect until="t" text="= applicant_name" name="notify"/></a>'},
            "demo.bpmn",
        ),
    ],
)  # fmt: skip
def test_a_personal_value_that_would_be_stored_in_the_clear_is_found(changed, element):
    """A fact, a notice, the subject are not sealed: whoever drew them there was told nothing."""
    columns = "columns: [{key: who, label: 姓名, type: text, personal: true}]"
    form = f"{FORM}      - {{key: parties, label: 第三方, type: table, {columns}}}\n"
    _, findings = inspect(a_folder(forms__register_yaml=form, **changed), OFFICE)
    assert [(one.rule, one.element) for one in findings] == [("personal_in_the_clear", element)]


TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" id="d" name="d" namespace="n">
  <decision id="fee" name="fee"><variable name="fee"/>
    <literalExpression id="said"><text>if settings.fee_decidedby = "a" then 1 else 2</text></literalExpression>
  </decision></definitions>"""
LIKE = {"fee_decided_by", "head_signs"}


def test_a_setting_that_does_not_exist_was_null_and_its_rule_never_held():
    form = FORM.replace("type: date}", "type: date, visible_if: settings.head_sign = true}")
    folder = a_folder(
        procedure_yaml=MINIMAL.replace("label.way", "settings.nowhere"),
        forms__register_yaml=form,
        fee_dmn=TABLE,
    )
    _, findings = inspect(folder, OFFICE, LIKE)
    said = {(one.file, one.element, one.rule): one.message for one in findings}
    assert set(said) == {
        ("forms/register.yaml", "signed_on", "unknown-setting"),
        ("procedure.yaml", "方式", "unknown-setting"),
        ("fee.dmn", "said", "unknown-setting"),
    }
    assert "是不是“head_signs”" in said["forms/register.yaml", "signed_on", "unknown-setting"]
    assert "是不是“fee_decided_by”" in said["fee.dmn", "said", "unknown-setting"]
    assert "settings.yaml" in said["procedure.yaml", "方式", "unknown-setting"]


def test_settings_that_exist_and_names_bound_inside_are_left_alone():
    bound = "for settings in [{a: 1}] return settings.a"
    form = FORM.replace(
        "type: date}", f"type: date, visible_if: 'settings.head_signs = ({bound})[1]'}}"
    )
    _, findings = inspect(a_folder(forms__register_yaml=form), OFFICE, LIKE)
    assert findings == []


def test_a_folder_is_read_without_hidden_files_and_lock_files(tmp_path):
    for name in ("procedure.yaml", ".hidden", "letters/a.docx", "letters/~$a.docx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert read_folder(tmp_path) == {"letters/a.docx": b"x", "procedure.yaml": b"x"}


def test_a_link_and_a_strange_ending_are_refused(tmp_path):
    (tmp_path / "a.exe").write_bytes(b"x")
    with pytest.raises(ProcedureInvalid, match="ending exe"):
        read_folder(tmp_path)
    (tmp_path / "a.exe").unlink()
    (tmp_path / "b.yaml").symlink_to("/etc/passwd")
    with pytest.raises(ProcedureInvalid, match="symbolic link"):
        read_folder(tmp_path)
    (tmp_path / "b.yaml").unlink()
    (tmp_path / "forms").symlink_to("/etc")
    with pytest.raises(ProcedureInvalid, match="symbolic link"):
        read_folder(tmp_path)


def test_paths_that_climb_out_are_refused():
    with pytest.raises(ProcedureInvalid, match="bad path"):
        Procedure.from_files({**a_folder(), "../x.yaml": b""}, OFFICE)


def test_the_hash_covers_names_and_bytes():
    base = {"a.yaml": b"1", "b.yaml": b"2"}
    assert content_hash(base) == content_hash(dict(reversed(base.items())))
    assert content_hash(base) != content_hash({"a.yaml": b"12", "b.yaml": b""})
    assert content_hash(base) != content_hash({"a.yaml": b"1", "c.yaml": b"2"})
