"""Reconsideration and litigation as shipped: the evidence goes out as one package that proves itself."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document

from engine import commands, queries
from engine.accounts import hash_password
from engine.commands import passing_time
from engine.commands.other_cases import OtherCases
from engine.commands.submitting import Upload
from engine.identity import Post
from engine.store import accounts, cases, documents
from engine.store import audit as trail
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_publishing import do
from tests.integration.test_rectified_records import REGISTER as RECORD
from tests.integration.test_steps import open_tasks
from tests.web.conftest import Client
from tests.web.fakes import PASSWORD
from webui import create_app

POSTS = {
    "staff": Post("section_staff", "policy"),
    "line": Post("line_leader", "policy"),
    "director": Post("director"),
}
COPY = {
    "decision_received_on": "2026-02-27",
    "lead_section": "policy",
    "stage": "reconsideration",
    "claimant": "顾某",
    "claim": "请求撤销不予更正。",
    "reconsideration_copy_on": "2026-03-02",
    "reconsideration_procedure": "ordinary",
    "reconsideration_body": "某市人民政府",
    "reconsideration_number": "某政复〔2026〕12号",
}
DRAFT = {"answer_text": "请求驳回", "answer_facts": "依法受理、核实。", "answer_basis": "条例。"}
EVIDENCE = {"evidence": [{"no": "1", "title": "测绘报告", "proves": "面积", "pages": "1"}]}


@pytest.fixture
def desk(tmp_path) -> Desk:
    folders = ("rectification", "review_and_litigation", "archiving")
    desk = open_desk(tmp_path, *folders)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in POSTS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    return desk


def pdf(field: str, name: str, body: bytes = b"") -> Upload:
    return Upload(field, name, "application/pdf", b"%PDF-1.7 <</Type/Page>> " + body)


def disputed(desk: Desk) -> commands.Moved:
    """A rectification that is still open, with its papers."""
    moved = commands.start_case(
        desk.env,
        desk.actor("zhou"),
        "rectification",
        RECORD,
        [pdf("evidence_files", "顾小明的房产证.pdf")],
    )
    wanted = {"own_record": "own", "examine_result": "more", "evidence_wanted": "测绘报告。"}
    do(desk, "zhou", moved.case_id, "examine", {**wanted, "evidence_days": "10"})
    return moved


def answered(desk: Desk, about: str) -> str:
    """Take a reconsideration to its answer."""
    values = {**COPY, "subject_case": about}
    case_id = commands.start_case(
        desk.env, desk.actor("zhou"), "review_and_litigation", values
    ).case_id
    do(desk, "staff", case_id, "evidence", EVIDENCE, [pdf("evidence_files", "测绘.pdf", b"x")])
    do(desk, "zhou", case_id, "draft", DRAFT)
    do(desk, "line", case_id, "approve", {"approve_result": "agree"})
    do(desk, "director", case_id, "sign", {"signed_on": "2026-03-02"})
    return case_id


def document(desk: Desk, case_id: str, **wanted: str) -> tuple[dict, bytes]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = documents.case_documents(uow.connection, case_id)
    [row] = [one for one in rows if wanted.items() <= one.items()]
    return row, desk.env.blobs.get(row["sha256"])


def test_the_evidence_goes_out_as_a_package_with_its_index_and_checksums(desk):
    """There was a list that somebody typed, and loose files."""
    subject = disputed(desk)
    case_id = answered(desk, subject.number)
    row, data = document(desk, case_id, media_type="application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        for line in package.read("manifest-sha256.txt").decode().splitlines():
            digest, _, name = line.partition("  ")
            assert hashlib.sha256(package.read(name)).hexdigest() == digest
        index = json.loads(package.read("index.json"))
        names = [name for name in package.namelist() if name.startswith("papers/")]
    assert [name.rpartition(".")[2] for name in names] == ["pdf", "pdf", "docx"]
    assert [one["title"] for one in index["papers"]] == ["证据扫描件", "证据", "补充证据告知书"]
    assert [one["pages"] for one in index["papers"][:2]] == [1, 1]
    assert not [name for name in names if "顾小明" in name]
    _, letter = document(desk, case_id, letter="evidence_list")
    tables = Document(io.BytesIO(letter)).tables
    listed = [[cell.text for cell in line.cells] for line in tables[1].rows][1:]
    assert [line[1] for line in listed] == ["证据扫描件", "证据", "补充证据告知书"]
    assert listed[0][4] == index["papers"][0]["sha256"][:16]
    said = "\n".join(one.text for one in Document(io.BytesIO(letter)).paragraphs)
    assert row["sha256"] in said


def test_the_package_can_be_downloaded_and_the_trail_says_that_it_was_made(desk):
    subject = disputed(desk)
    case_id = answered(desk, subject.number)
    page = queries.case_page(desk.env, desk.actor("zhou"), case_id)
    titles = [one.title for one in page.letters]
    assert f"{subject.number} 证据材料" in titles
    told = queries.audit_page(desk.env, desk.actor("meng"), {"case": page.head.number})
    assert any("打包" in str(one) for one in told.rows)
    assert commands.verify_audit(desk.env) == []


def test_a_reply_that_has_to_be_made_anew_is_a_case_of_its_own_that_comes_back(tmp_path):
    """Somebody had to start the new reply by hand and type its number."""
    called = ("confidentiality_review", "review_and_approval")
    desk = open_desk(
        tmp_path, "rectification", "review_and_litigation", "renewed_reply", "archiving", *called
    )
    people = {**POSTS, "head": Post("section_head", "policy"), "secrecy": Post("secrecy_reviewer")}
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in people.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    subject = disputed(desk)
    case_id = answered(desk, subject.number)
    sent = {"answer_submitted_on": "2026-03-02", "answer_receipt": "复议科"}
    do(desk, "zhou", case_id, "submit_answer", sent)
    decided = {
        "reconsideration_decided_on": "2026-03-02",
        "decision_number": "某政复决〔2026〕12号",
        "reconsideration_result": "revoked",
        "redo_required": "true",
        "redo_by": "2026-03-31",
    }
    do(desk, "zhou", case_id, "decision", decided)
    passing_time.deliver_outbox(desk.env)
    [renewed] = renewals(desk)
    task = open_tasks(desk, renewed.id)["register"]
    values = dict(queries.task_page(desk.env, desk.actor("zhou"), task).values)
    assert values["redo_by"] == "2026-03-31"
    assert values["subject_case"] == subject.number
    who = {"info_title": "面积登记", "applicant_is": "person", "applicant_name": "顾某"}
    do(desk, "zhou", renewed.id, "register", {**values, **who})
    with UnitOfWork(desk.env.database, writing=False) as uow:
        [clock] = cases.case_clocks(uow.connection, [renewed.id])[renewed.id]
    assert str(clock["due"]) == "2026-03-31"
    proposed = {
        "renewed_result": "other",
        "same_as_before": "changed",
        "search_again": "重新核实。",
        "renewed_text": "已经更正。",
        "renewed_basis": "条例第四十一条",
    }
    do(desk, "staff", renewed.id, "prepare", proposed)
    do(desk, "head", renewed.id, "first_review", {"first_result": "open"})
    do(desk, "secrecy", renewed.id, "second_review", {"second_result": "open"})
    do(desk, "line", renewed.id, "review", {"review_result": "agree"})
    do(desk, "director", renewed.id, "approve", {"approve_result": "agree"})
    do(desk, "zhou", renewed.id, "serve", {"service_way": "hand", "served_on": "2026-03-02"})
    passing_time.deliver_outbox(desk.env)
    redo = open_tasks(desk, case_id)["redo"]
    page = queries.task_page(desk.env, desk.actor("zhou"), redo)
    assert page.values["redo_case"] == renewed.number
    assert page.values["redo_note"] == "已经更正。"
    assert {one.number for one in page.related} >= {renewed.number, subject.number}
    shown = {key: page.values[key] for key in ("redo_case", "redone_on", "redo_note")}
    do(desk, "zhou", case_id, "redo", shown)
    assert "redo" not in open_tasks(desk, case_id)


def renewals(desk: Desk) -> list[cases.CaseRow]:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        return cases.open_cases(uow.connection, "renewed_reply")


def answered_by_policy(desk: Desk) -> commands.Moved:
    subject = disputed(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        case = cases.load(uow.connection, subject.case_id)
        fields = json.dumps({**case.fields, "holding_section": "policy"})
        uow.connection.exec_driver_sql(
            "update cases set fields = ? where id = ?", (fields, subject.case_id)
        )
        uow.commit()
    return subject


def test_the_form_says_what_the_case_in_dispute_knows_to_whoever_may_see_it(desk):
    """Section, applicant and day of receipt were typed once more."""
    subject = answered_by_policy(desk)
    answers = {"subject_case": subject.number, "stage": "suit"}

    page = queries.start_page(desk.env, desk.actor("zhou"), "review_and_litigation")

    def said(login: str) -> tuple[dict, dict]:
        functions = OtherCases(desk.env, desk.actor(login)).functions(page.functions)
        return queries.followed(replace(page, functions=functions), answers)

    given, looks = said("zhou")
    assert given == {"claimant": "顾某", "lead_section": "policy"}
    assert looks == {subject.number: ("claimant",)}
    assert queries.followed(page, {"subject_case": "2026-0099"}) == ({}, {})
    assert (
        queries.followed(page, {**answers, "claimant": "顾某"})[1] == {}
    )  # it stands there already
    assert said("meng")[0] == {"lead_section": "policy"}  # reads the case, sees no personal values
    assert said("li") == ({}, {})  # knows of no such case


def test_what_is_filled_in_from_another_case_is_seen_in_the_browser_and_told_to_the_trail(desk):
    subject = answered_by_policy(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        uow.connection.exec_driver_sql(
            "update person set password_hash = ?", (hash_password(PASSWORD),)
        )
        uow.commit()
    browser = Client(create_app(desk.env).test_client()).sign_in("zhou")
    start = "/start/review_and_litigation"
    answer = browser.post(f"{start}/visible", {"subject_case": subject.number}, page=start)
    assert answer.json["filled"]["claimant"] == "顾某"
    # Without a script of the page: what was left open stands there when the form comes back.
    page = browser.post(start, {"subject_case": subject.number, "claimant": "顾某某"}, page=start)
    assert page.status_code == 422
    assert 'value="policy" selected' in page.text or 'value="policy" checked' in page.text
    assert "顾某某" in page.text
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = [row for row in trail.rows(uow.connection) if row["action"] == "PersonalDataRead"]
    assert [(row["object"], json.loads(row["body"])["field"]) for row in rows] == [
        (f"case:{subject.number}", "claimant")
    ]


def test_a_paper_that_is_left_out_of_the_evidence_is_told_to_the_trail(desk):
    """Every paper of the case went to the court, also what does not belong there."""
    subject = disputed(desk)
    values = {**COPY, "subject_case": subject.number}
    case_id = commands.start_case(
        desk.env, desk.actor("zhou"), "review_and_litigation", values
    ).case_id
    do(desk, "staff", case_id, "evidence", EVIDENCE, [pdf("evidence_files", "测.pdf")])
    task = open_tasks(desk, case_id)["draft"]
    form = queries.task_page(desk.env, desk.actor("zhou"), task).form
    offered = next(one for one in form.fields if one.key == "left_out").options
    papers = {one.label.partition("（")[0]: one.value for one in offered}
    assert papers.keys() == {"证据", "补充证据告知书"}
    left = {**DRAFT, "left_out": [papers["证据"]], "left_out_reason": "与本案无关。"}
    for wrong in ({"left_out_reason": ""}, {"left_out": ["elsewhere"]}):
        with pytest.raises(commands.SubmissionInvalid):
            do(desk, "zhou", case_id, "draft", {**left, **wrong})
    do(desk, "zhou", case_id, "draft", left)
    do(desk, "line", case_id, "approve", {"approve_result": "agree"})
    do(desk, "director", case_id, "sign", {"signed_on": "2026-03-02"})
    _, data = document(desk, case_id, media_type="application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        index = json.loads(package.read("index.json"))
    assert [one["title"] for one in index["papers"]] == ["证据扫描件", "补充证据告知书"]
    told = queries.audit_page(desk.env, desk.actor("meng"), {"case": subject.number})
    own = queries.audit_page(
        desk.env,
        desk.actor("meng"),
        {"case": queries.case_page(desk.env, desk.actor("zhou"), case_id).head.number},
    )
    assert any("没有编入：证据" in str(one) for one in [*told.rows, *own.rows])
