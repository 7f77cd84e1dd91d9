"""The labels of processes/ in English: every one is in its folder's catalogue, and pages show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask_babel import gettext

from engine import queries
from engine.deployed import deployed_from
from engine.office import Office
from engine.procedure import Procedure, read_folder
from engine.words import spoken_with
from tests.web.conftest import Client
from tests.web.real import RealOffice
from tests.web.test_pages import text
from tests.web.test_words import CHINESE
from webui import labels

PROCESSES = Path(__file__).parents[2] / "processes"
FOLDERS = sorted(one.name for one in PROCESSES.iterdir() if one.is_dir())


def catalogue(name: str) -> dict[str, str]:
    file = PROCESSES / name / "locale" / "en.po"
    if not file.exists():
        return {}
    with file.open("rb") as source:
        return {str(m.id): str(m.string) for m in read_po(source, locale="en") if m.id}


OFFICE = catalogue("_office")


@pytest.mark.parametrize("name", FOLDERS)
def test_every_label_of_a_folder_is_in_its_catalogue_or_the_offices(name: str) -> None:
    """What to do: add the label to processes/<folder>/locale/en.po with good plain English."""
    known = {**OFFICE, **catalogue(name)}
    missing = [
        one for one in queries.labels_of(read_folder(PROCESSES / name)) if not known.get(one)
    ]
    assert sorted(missing) == []


@pytest.mark.parametrize("name", FOLDERS)
def test_a_catalogue_holds_only_labels_that_are_used_and_no_chinese(name: str) -> None:
    folders = FOLDERS if name == "_office" else [name]
    used = set().union(*(queries.labels_of(read_folder(PROCESSES / one)) for one in folders))
    own = catalogue(name)
    assert sorted(set(own) - used) == []
    assert [one for one in own.values() if CHINESE.search(one)] == []
    assert name == "_office" or sorted(set(own) & set(OFFICE)) == []


def english(real: RealOffice, login: str) -> Client:
    browser = real.browser(login)
    browser.post("/display", {"language": "en"})
    return browser


@contextmanager
def zhou_reads(real: RealOffice) -> Iterator[None]:
    """Within a request of somebody who reads English."""
    zhou = english(real, "zhou")
    with zhou.http:
        zhou.http.get("/keys")
        with spoken_with(lambda sentence: str(gettext(sentence)), labels.label, "en"):
            yield


def test_an_english_page_shows_the_labels_of_the_procedure_in_english(real: RealOffice) -> None:
    case = real.start(title="审核")
    page = english(real, "li").get(f"/tasks/{real.task(case.case_id)}")
    assert text(page.h1) == "Section provides"
    real.do("li", case.case_id)
    zhao = english(real, "zhao")
    row = text(zhao.get("/").select_one(".inbox tbody tr"))
    assert "Check me" in row
    page = zhao.get(f"/cases/{case.case_id}")
    assert "completed Section provides" in text(page.select_one(".timeline"))
    assert "Reply limit" in text(page.select_one("dl.facts"))
    answer = zhao.http.get(f"/versions/{real.env.version_in_force('visit')}/diagram.bpmn")
    assert ' name="Section provides"' in answer.text


def test_what_somebody_typed_is_never_put_into_english(real: RealOffice) -> None:
    zhou = english(real, "zhou")
    answer = zhou.post("/start/visit", {"title": "审核", "do": "complete"}, page="/start/visit")
    assert answer.status_code == 422
    assert 'value="审核"' in answer.text


def test_every_value_of_a_field_is_marked_as_typed() -> None:
    loose = []
    for file in (PROCESSES.parent / "webui" / "templates").rglob("*.html"):
        for found in re.findall(r'value="\{\{([^}]*)\}\}"', file.read_text("utf-8")):
            if (
                not found.strip().endswith(("|asis", "|iso", "csrf_token()"))
                and found.strip() != "key"
            ):
                loose.append((file.name, found))
    assert loose == []


def test_a_date_within_a_text_does_not_break(real: RealOffice) -> None:
    with zhou_reads(real):
        assert labels.whole_dates("由 2026-03-02 改为 03-05 <b>") == (
            '由 <span class="nb">2026-03-02</span> 改为 <span class="nb">03-05</span> &lt;b&gt;'
        )
        assert labels.whole_dates(labels.asis("责2026-0004")) == "责2026-0004"


def test_a_sentence_stored_before_anybody_read_it_is_known_again(real: RealOffice) -> None:
    """An incident, the row of a preview, the end of a job: said where nobody's language was known."""
    with zhou_reads(real):
        assert labels.label("“审核”没有办成，请核对所用的数据后重试") == (
            '"Check" failed; please check the data that it uses and try again'
        )
        assert labels.label("2027.json：不是 JSON 文件，或没有保存完整") == (
            "2027.json: This is no JSON file, or it was not saved whole"
        )
        assert labels.label("列表超过5项") == "A list has more than 5 items"
        assert labels.label("张三：请求公开") == "张三：请求公开"


def test_two_who_hold_a_case_do_not_read_as_one_name(real: RealOffice) -> None:
    with zhou_reads(real):
        said = labels.holders(["Housing 李国梁", "周敏", "（办公室）"]).striptags()
    assert said == "Housing 李国梁, 周敏(Office)"


def test_a_joined_label_is_said_part_by_part(real: RealOffice) -> None:
    with zhou_reads(real):
        assert labels.label("科室提供、审核") == "Section provides, Check"
        assert labels.label("无此标签") == "无此标签"


@pytest.mark.parametrize("name", [one for one in FOLDERS if one != "_office"])
def test_every_fact_that_a_procedure_knows_has_words(name: str) -> None:
    """What to do: add it to ``facts`` of the folder's procedure.yaml, or of _office/facts.yaml where several use it."""
    office = Office.load(PROCESSES / "_office")
    deployed = deployed_from(read_folder(PROCESSES / name), office, version_id="v", number=1)
    known = {
        record.event
        for node in deployed.definition.all_nodes()
        for record in node.records
        if record.kind is None
    }
    for clock in deployed.clocks.values():
        known |= clock.event_names
    assert sorted(known - set(deployed.procedure.facts)) == []
    own = Procedure.from_files(read_folder(PROCESSES / name)).facts
    assert sorted(set(own) & set(office.facts)) == []
