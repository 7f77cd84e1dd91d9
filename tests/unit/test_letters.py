"""A letter is what the template says, filled with text that stays text, or a sentence and no letter."""

import io
import os
import signal
import zipfile
from datetime import date
from decimal import Decimal

import docx
import pytest

from engine.letters import (
    LetterInvalid,
    fields,
    fields_of,
    filling,
    refuse_active_content,
    render,
    to_plain,
)


def a_template(*paragraphs: str) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return saved(document)


def saved(document) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def paragraphs_of(letter: bytes) -> list[str]:
    return [one.text for one in docx.Document(io.BytesIO(letter)).paragraphs]


def repacked(template: bytes, changes: dict[str, bytes]) -> bytes:
    """The same package with parts replaced or added."""
    source, result = zipfile.ZipFile(io.BytesIO(template)), io.BytesIO()
    with zipfile.ZipFile(result, "w") as package:
        for name in source.namelist():
            if name not in changes:
                package.writestr(name, source.read(name))
        for name, data in changes.items():
            package.writestr(name, data)
    return result.getvalue()


def part(template: bytes, name: str) -> bytes:
    return zipfile.ZipFile(io.BytesIO(template)).read(name)


def test_a_letter_holds_what_it_was_given():
    template = a_template("{{ 申请人 }}：", "本机关于{{ 收到日期 }}收到申请，共{{ 页数 }}页。")
    letter = render(
        template, {"申请人": "顾某", "收到日期": date(2026, 1, 5), "页数": Decimal("12.50")}
    )
    assert paragraphs_of(letter) == ["顾某：", "本机关于2026年1月5日收到申请，共12.5页。"]


def test_paragraphs_of_a_long_answer_become_paragraphs():
    template = a_template("{%p for 段 in 理由 | 段落 %}", "{{ 段 }}", "{%p endfor %}")
    assert paragraphs_of(render(template, {"理由": "一是。\n\n二是。"})) == ["一是。", "二是。"]


def test_names_of_a_template_are_found_in_body_table_and_header():
    document = docx.Document()
    document.add_paragraph("{{ 申请人 }}{% for 件 in 附件 %}{{ 件 }}{% endfor %}")
    document.add_table(1, 1).cell(0, 0).text = "{{ 案件编号 }}"
    document.sections[0].header.paragraphs[0].text = "{{ 机关名称 }}"
    assert fields(saved(document)) == {"申请人", "附件", "案件编号", "机关名称"}


def test_several_templates_are_read_at_once():
    templates = {"a": a_template("{{ 甲 }}"), "b": a_template("{{ 乙 }}")}
    assert fields_of(templates) == {"a": {"甲"}, "b": {"乙"}}


def test_what_nobody_filled_is_named():
    template = a_template("{{ 申请人 }}", "{{ 期限 }}", "{{ 第三方.名称 }}")
    with pytest.raises(LetterInvalid) as refused:
        render(template, {"申请人": "顾某", "期限": None}, "补正告知书")
    assert refused.value.problem == "missing"
    assert refused.value.names == ("期限", "第三方.名称")
    assert refused.value.sentence == "补正告知书：还没有填“期限”“第三方.名称”，请补全后再发出"


def test_a_condition_on_what_nobody_filled_is_false():
    template = a_template("{% if 救济 %}{{ 救济 }}{% else %}无{% endif %}")
    assert paragraphs_of(render(template, {})) == ["无"]


@pytest.mark.parametrize(
    "name",
    [
        "</w:t></w:r><w:r><w:t>",
        "{{ 7 * 7 }}",
        "{% for x in range(9) %}x{% endfor %}",
        "<w:p/>&amp;&lt;",
        "'\"><script>",
        "张\U0002bdc3喆",
    ],
)
def test_abuse_18_what_an_applicant_writes_stays_text(name):
    letter = render(a_template("{{ 申请人 }}：", "止"), {"申请人": name})
    assert paragraphs_of(letter) == [f"{name}：", "止"]


def test_characters_that_word_does_not_take_fall_away():
    assert paragraphs_of(render(a_template("{{ 甲 }}"), {"甲": "一\x00\x07\ud800二"})) == ["一二"]


@pytest.mark.parametrize(
    "payload",
    [
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ 甲.__class__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ ('%' ~ 'c') % 1 }}",
        "{{ 'x' * 300000000 }}",
        "{{ [甲] * 300000000 }}",
        "{{ 10 ** 1000000 }}",
        "{{ 甲.center(2000000000) }}",
        "{{ '{0:>2000000000}'.format(甲) }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% include '/etc/passwd' %}",
        "{% import '/etc/passwd' as x %}",
        "{{ range(1000000000) }}",
    ],
)
def test_abuse_18_a_hostile_template_yields_no_letter(payload):
    with pytest.raises(LetterInvalid) as refused:
        render(a_template(payload), {"甲": "a"})
    assert refused.value.problem in {"forbidden", "too_heavy", "syntax", "broken", "missing"}


def test_abuse_18_a_template_that_multiplies_is_ended_by_its_limits(monkeypatch):
    monkeypatch.setattr("engine.letters.filling.CPU_SECONDS", 1)
    loops = "".join(f"{{% for {name} in 甲 %}}" for name in "abcdefgh")
    bomb = loops + "x" + "{% endfor %}" * 8
    with pytest.raises(LetterInvalid) as refused:
        render(a_template(bomb), {"甲": list(range(60))})
    assert refused.value.problem == "too_heavy"


def test_a_mistake_in_a_placeholder_is_shown_where_it_is():
    with pytest.raises(LetterInvalid) as refused:
        fields(a_template("正文", "{% if 甲 %}没有结束"), "letters/x.docx")
    assert refused.value.problem == "syntax"
    assert refused.value.sentence.startswith("letters/x.docx：{{ }} 或 {% %} 写得不对")


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0 old .doc", b"<html></html>"]
)
def test_what_is_no_word_file_is_refused(data):
    with pytest.raises(LetterInvalid) as refused:
        render(data, {}, "x.docx")
    assert refused.value.problem == "broken"


def test_macros_objects_and_links_to_elsewhere_are_refused():
    plain = a_template("x")
    types = part(plain, "[Content_Types].xml")
    rels = part(plain, "word/_rels/document.xml.rels")
    body = part(plain, "word/document.xml")
    outside = b'<Relationship Id="r99" Type="http://x/attachedTemplate" Target="http://x/a.dotm" TargetMode="External"/></Relationships>'
    dde = b"<w:p><w:r><w:instrText>DD</w:instrText><w:instrText>E c calc</w:instrText></w:r></w:p></w:body>"
    hostile = [
        {"word/vbaProject.bin": b"x"},
        {"word/embeddings/oleObject1.bin": b"x"},
        {"word/activeX/activeX1.xml": b"<x/>"},
        {
            "[Content_Types].xml": types.replace(
                b"document.main+xml", b"document.macroEnabled.main+xml"
            )
        },
        {"word/_rels/document.xml.rels": rels.replace(b"</Relationships>", outside)},
        {"word/document.xml": body.replace(b"</w:body>", dde)},
        {"word/document.xml": body.replace(b"<w:body>", b"<w:body><w:altChunk/>")},
        {"word/document.xml": b"<!DOCTYPE x>" + body},
    ]
    refuse_active_content(plain, "x.docx")
    for changes in hostile:
        with pytest.raises(LetterInvalid) as refused:
            refuse_active_content(repacked(plain, changes), "x.docx")
        assert refused.value.problem == "active", changes


def test_a_web_address_in_a_template_is_no_danger():
    plain = a_template("x")
    rels = part(plain, "word/_rels/document.xml.rels")
    link = b'<Relationship Id="r9" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://x" TargetMode="External"/></Relationships>'
    changed = {"word/_rels/document.xml.rels": rels.replace(b"</Relationships>", link)}
    refuse_active_content(repacked(plain, changed), "x.docx")


def test_an_unpacking_bomb_is_refused(monkeypatch):
    monkeypatch.setattr("engine.letters.template.MAX_UNPACKED_BYTES", 100_000)
    with pytest.raises(LetterInvalid) as refused:
        refuse_active_content(repacked(a_template("x"), {"word/media/a.xml": b" " * 200_000}), "x")
    assert refused.value.problem == "broken"


def test_a_worker_gone_to_rest_is_replaced_and_leaves_no_open_pipe():
    template = a_template("{{ 页数 }}")
    render(template, {"页数": 1})
    resting = filling._WAITING._process
    os.killpg(resting.pid, signal.SIGKILL)
    resting.wait()
    assert paragraphs_of(render(template, {"页数": 2})) == ["2"]
    assert filling._WAITING._process is not resting
    assert resting.stdin.closed
    assert resting.stdout.closed


def test_values_are_written_as_an_office_writes_them():
    assert [to_plain(one) for one in ("2026-12-01", "2026-02-30", "2026-0213")] == [
        "2026年12月1日",
        "2026-02-30",
        "2026-0213",
    ]
    assert to_plain({"甲": True, "乙": [date(2026, 12, 1), 3], "丙": None, "丁": 0.5}) == {
        "甲": "是",
        "乙": ["2026年12月1日", "3"],
        "丁": "0.5",
    }


def test_the_same_input_gives_the_same_bytes_at_any_time():
    letter = render(a_template("{{ 姓名 }}"), {"姓名": "林国栋"})
    with zipfile.ZipFile(io.BytesIO(letter)) as package:
        assert {one.date_time for one in package.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert render(a_template("{{ 姓名 }}"), {"姓名": "林国栋"}) == letter
