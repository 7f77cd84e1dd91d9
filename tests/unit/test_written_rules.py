"""Every procedure as articles (制度文本): what is drawn is written, and what is changed in the drawing changes there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import pytest

from engine.deployed import Deployed, deployed_from
from engine.institution import Institution
from engine.procedure import read_folder
from engine.written_rules import (
    FOLDER,
    Article,
    RulesInvalid,
    Source,
    WrittenRules,
    parse_wording,
    wording_of,
    write_rules,
)
from engine.written_rules.numerals import numeral

ROOT = Path(__file__).parents[2] / "processes"
PROCEDURES = sorted(folder.name for folder in ROOT.iterdir() if not folder.name.startswith("_"))
BPMN = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
GK = "{urn:gongkai:bpmn:1}"
UNITS = {"WD": "个工作日", "D": "日", "M": "个月", "H": "小时"}


@cache
def institution() -> Institution:
    return Institution.from_files(read_folder(ROOT / "_office"), "office")


@cache
def shipped(key: str) -> Deployed:
    return compiled(key, read_folder(ROOT / key))


def compiled(key: str, files: dict[str, bytes]) -> Deployed:
    def find(name: str):
        return shipped(name).definition if (ROOT / name).is_dir() else None

    return deployed_from(files, institution().office, version_id=key, number=3, find=find)


def written(one: Deployed) -> WrittenRules:
    office = institution()
    source = Source(
        procedure=one.procedure,
        definition=one.definition,
        clocks=one.clocks,
        office=office.office,
        settings=office.settings,
        title_of=lambda key: shipped(key).procedure.title,
        number=one.number,
        in_force="2026年3月2日",
    )
    return write_rules(source, wording_of(office.files)[0])


def articles(rules: WrittenRules) -> Iterator[Article]:
    for chapter in rules.chapters:
        yield from chapter.articles


def whole(rules: WrittenRules) -> str:
    return "\n".join("\n".join((one.heading, one.text, *one.items)) for one in articles(rules))


def drawn(key: str) -> ElementTree.Element:
    return ElementTree.fromstring((ROOT / key / f"{key}.bpmn").read_bytes())  # noqa: S314  # our own file


def in_words(length: str) -> str:
    """Return 20个工作日 for P20WD, found without the engine."""
    if length.startswith("@"):
        length = str(institution().settings[length[1:]])
    length = {"P1Y": "P12M"}.get(length, length)  # as the count reads it
    found = re.fullmatch(r"PT?(\d+)(WD|D|M|H)", length)
    assert found is not None, length
    return f"{found[1]}{UNITS[found[2]]}"


@pytest.mark.parametrize("key", PROCEDURES)
def test_the_text_says_of_each_user_task_who_does_it_and_what(key):
    text = {one.element: one for one in articles(written(shipped(key)))}
    tasks = list(drawn(key).iter(f"{BPMN}userTask"))
    assert tasks
    for task in tasks:
        article = text[task.get("id", "")]
        assert article.heading == "".join(task.get("name", "").split())
        assert article.sentences[0].startswith("由")
        prose = (task.findtext(f"{BPMN}documentation") or "").split("。")[0].removeprefix("请")
        assert prose
        assert prose in article.text


@pytest.mark.parametrize("key", PROCEDURES)
def test_the_text_gives_each_limit_its_length_and_article(key):
    text = {one.element: one.text for one in articles(written(shipped(key)))}
    for clock in drawn(key).iter(f"{GK}clock"):
        said = text[f"clock.{clock.get('id')}"]
        assert clock.get("title", "") in said
        assert clock.get("article", "") in said
        if clock.get("length"):
            assert in_words(clock.get("length", "")) in said


@pytest.mark.parametrize("key", PROCEDURES)
def test_every_way_out_of_a_gateway_is_told(key):
    text = whole(written(shipped(key)))
    gateways = {
        one.get("id")
        for kind in ("exclusive", "inclusive")
        for one in drawn(key).iter(f"{BPMN}{kind}Gateway")
    }
    for flow in drawn(key).iter(f"{BPMN}sequenceFlow"):
        reason = flow.findtext(f".//{GK}reason")
        if flow.get("sourceRef") in gateways and reason:
            assert reason.rstrip("。；") in text, flow.get("id")


def test_the_articles_are_numbered_through_and_the_letters_named():
    one = shipped("public_enquiry")
    rules = written(one)
    numbers = [article.number for article in articles(rules)]
    assert numbers == [f"第{numeral(n)}条" for n in range(1, len(numbers) + 1)]
    for letter in one.procedure.letters.values():
        assert f"《{letter.title}》" in whole(rules)
    assert rules.title == "某市城市管理和综合执法局咨询查阅举报投诉制度"
    assert "第3版流程图" in whole(rules)


def test_a_limit_changed_in_the_drawing_changes_in_the_text():
    files = read_folder(ROOT / "on_request")
    path = "on_request.bpmn"
    changed = files[path].replace(
        b'id="reply" title="\xe7\xad\x94\xe5\xa4\x8d\xe6\x9c\x9f\xe9\x99\x90" length="P20WD"',
        b'id="reply" title="\xe7\xad\x94\xe5\xa4\x8d\xe6\x9c\x9f\xe9\x99\x90" length="P15WD"',
    )
    assert changed != files[path]
    before = written(shipped("on_request"))
    after = written(compiled("on_request", {**files, path: changed}))
    assert "答复期限为20个工作日（条例第三十三条第二款）" in whole(before)
    assert "答复期限为15个工作日（条例第三十三条第二款）" in whole(after)
    assert whole(after).replace("答复期限为15个", "答复期限为20个") == whole(before)


def test_what_a_task_cannot_share_and_by_when_it_is_due_is_said():
    text = {one.element: one.text for one in articles(written(shipped("accountability")))}
    assert "与“调查”不得由同一人办理" in text["countersign"]
    assert "办理时限：5个工作日" in text["countersign"]


def test_a_way_that_leads_back_is_told_too():
    text = {one.element: one for one in articles(written(shipped("proactive_disclosure")))}
    assert (
        "（一）网站上的文本与审查稿不一致，重新发布的，转“网上发布”。" in text["post_online"].items
    )
    assert "核对文本" in text["post_online"].text


def test_the_same_version_gives_the_same_text():
    fresh = compiled("archiving", read_folder(ROOT / "archiving"))
    assert written(fresh) == written(shipped("archiving"))


def test_a_blank_that_nothing_fills_is_refused_by_name():
    data = institution().files[f"{FOLDER}wording.yaml"]
    broken = data.replace("{长度}（{依据}）。".encode(), "{天数}（{依据}）。".encode(), 1)
    with pytest.raises(RulesInvalid, match="天数") as refused:
        parse_wording(broken, "wording.yaml")
    assert "{天数}" in refused.value.sentence


def test_a_sentence_that_is_missing_is_refused():
    data = institution().files[f"{FOLDER}wording.yaml"]
    broken = b"\n".join(line for line in data.split(b"\n") if not line.startswith(b"go_on:"))
    with pytest.raises(RulesInvalid, match="go_on"):
        parse_wording(broken, "wording.yaml")


def test_an_office_without_a_template_is_told_which_file():
    files = {
        path: data for path, data in institution().files.items() if not path.endswith("rules.docx")
    }
    with pytest.raises(RulesInvalid) as refused:
        wording_of(files)
    assert "rules/rules.docx" in refused.value.sentence


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "一"),
        (10, "十"),
        (11, "十一"),
        (20, "二十"),
        (47, "四十七"),
        (100, "一百"),
        (103, "一百零三"),
        (110, "一百一十"),
    ],
)
def test_articles_are_numbered_in_words(number, words):
    assert numeral(number) == words
