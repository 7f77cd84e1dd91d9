"""The procedure of proactive disclosure as it is shipped, on a real office: what is published is what was reviewed."""

from __future__ import annotations

import io
from datetime import date

import pytest
from docx import Document

from engine import commands, queries
from engine.commands import passing_time, publishing
from engine.commands.submitting import Upload
from engine.identity import Post
from engine.queries import audit_page
from engine.store import accounts, awaited, cases, documents
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_annual_report import WALK_IN
from tests.integration.test_steps import open_tasks
from tests.unit.test_classified import sheet

TEXT = b"%PDF-1.7 catalogue"
POSTS = {
    "staff": Post("section_staff", "enforcement"),
    "head": Post("section_head", "enforcement"),
    "secrecy": Post("secrecy_reviewer"),
    "line": Post("line_leader", "enforcement"),
    "director": Post("director"),
    "deputy": Post("deputy_director"),
    "web": Post("web_editor"),
}
REGISTER = {
    "origin": "formed",
    "info_title": "城市管理执法事项目录",
    "formed_on": "2026-03-02",
    "info_category": "penalty",
    "source_agency": "own",
}
PREPARED = {
    "attribute": "proactive",
    "info_summary": "执法事项和依据。",
    "privacy_masked": "none",
    "other_agencies": "none",
}
WITHDRAWN = {
    "withdrawn_on": "2026-03-02",
    "withdrawn_kind": "privacy",
    "withdrawn_reason": "附件含有住址。",
    "withdrawn_public_note": "本条信息已经撤下。",
    "withdrawn_by": "沈立群",
}


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = open_desk(
        tmp_path, "proactive_disclosure", "confidentiality_review", "review_and_approval"
    )
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in POSTS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    return desk


def file(field: str) -> Upload:
    return Upload(field, "目录.pdf", "application/pdf", TEXT)


def published(desk, register, prepared, *files):
    """Take a case from its registration to the order to publish it; return its number and the entry."""
    started = commands.start_case(desk.env, desk.actor("zhou"), "proactive_disclosure", register)

    def do(login, task, values, *files):
        item = open_tasks(desk, started.case_id)[task]
        commands.complete_task(desk.env, desk.actor(login), item, values, files)

    do("staff", "prepare", prepared, *files)
    do("head", "first_review", {"first_result": "open"})
    do("secrecy", "second_review", {"second_result": "open"})
    catalogue = {"info_topic": "综合政务", "info_validity": "现行有效", "channels": ["website"]}
    do("zhou", "catalogue", catalogue)
    do("line", "review", {"review_result": "agree"})
    do("director", "approve", {"approve_result": "agree"})
    passing_time.deliver_outbox(desk.env)
    entry = publishing.site_of(desk.env).entries()[0]
    return started, entry


def test_the_written_rules_of_a_procedure_are_published_as_its_diagram_says(desk):
    register = {
        **REGISTER,
        "origin": "rules",
        "rules_of": "review_and_approval",
        "info_title": "复核审批制度",
        "info_category": "other",
        "chosen_section": "enforcement",
    }
    started, entry = published(desk, register, PREPARED)
    (file,) = entry.files
    assert file.name == "某市城市管理和综合执法局复核审批制度.docx"
    site = publishing.site_of(desk.env)
    data = (site.folder / entry.address / file.address).read_bytes()
    text = "\n".join(one.text for one in Document(io.BytesIO(data)).paragraphs)
    for step in ("科室提供", "办公室收集", "分管领导审核", "主要领导审批", "网上发布"):
        assert f"（{step}）" in text
    assert "第1版流程图" in text
    told = audit_page(desk.env, desk.actor("meng"), {"case": started.number})
    assert "第1版流程图写成《某市城市管理和综合执法局复核审批制度》" in str(told)


def test_a_new_version_of_a_diagram_sends_its_published_rules_to_review_again(desk):
    register = {
        **REGISTER,
        "origin": "rules",
        "rules_of": "review_and_approval",
        "info_title": "复核审批制度",
        "info_category": "other",
        "chosen_section": "enforcement",
    }
    started, before = published(desk, register, PREPARED)

    def do(login, task, values):
        item = open_tasks(desk, started.case_id)[task]
        commands.complete_task(desk.env, desk.actor(login), item, values)

    posted = {"published_on": "2026-03-02", "published_url": "https://a.cn/1", "page_check": "same"}
    do("web", "post_online", posted)
    delivered = {"delivered_to": ["archive"], "delivered_on": "2026-03-02"}
    do("zhou", "deliver", delivered)
    commands.tick(desk.env)
    assert open_tasks(desk, started.case_id) == {}  # nothing has changed: nobody is troubled
    page = queries.procedure_page(desk.env, desk.actor("zhang"), "review_and_approval")
    assert [(one.number, one.overtaken) for one in page.published_rules] == [(1, False)]

    diagram = desk.env.config.processes / "review_and_approval" / "review_and_approval.bpmn"
    diagram.write_text(diagram.read_text().replace("办公室收集", "办公室汇总"))
    folder = diagram.parent
    commands.deploy_folder(desk.env, desk.actor("zhang"), folder, "局办公会纪要第9号")
    commands.tick(desk.env)
    commands.tick(desk.env)  # twice: it is told once
    assert list(open_tasks(desk, started.case_id)) == ["prepare"]
    page = queries.procedure_page(desk.env, desk.actor("zhang"), "review_and_approval")
    assert [(one.number, one.overtaken) for one in page.published_rules] == [(1, True)]

    do("staff", "prepare", PREPARED)
    page = queries.procedure_page(desk.env, desk.actor("zhang"), "review_and_approval")
    assert [(one.number, one.overtaken) for one in page.published_rules] == [(None, True)]
    do("head", "first_review", {"first_result": "open"})
    do("secrecy", "second_review", {"second_result": "open"})
    item = open_tasks(desk, started.case_id)["catalogue"]
    note = queries.task_page(desk.env, desk.actor("zhou"), item).values["revision_note"]
    assert "第2版，2026-03-02起施行，按第1版写的原文本不再有效" in note
    catalogue = {"info_topic": "综合政务", "info_validity": "现行有效", "channels": ["website"]}
    do("zhou", "catalogue", {**catalogue, "revision_note": note})
    do("line", "review", {"review_result": "agree"})
    do("director", "approve", {"approve_result": "agree"})
    passing_time.deliver_outbox(desk.env)
    (entry,) = publishing.site_of(desk.env).entries()
    assert (entry.index, entry.notes[-1]["text"]) == (before.index, note)
    assert entry.files[0].sha256 != before.files[0].sha256
    page = queries.procedure_page(desk.env, desk.actor("zhang"), "review_and_approval")
    assert [(one.number, one.overtaken) for one in page.published_rules] == [(2, False)]


def test_written_rules_need_a_procedure_in_force(desk):
    register = {**REGISTER, "origin": "rules", "rules_of": "training", "info_category": "other"}
    started = commands.start_case(
        desk.env,
        desk.actor("zhou"),
        "proactive_disclosure",
        {**register, "chosen_section": "enforcement"},
    )
    item = open_tasks(desk, started.case_id)["prepare"]
    with pytest.raises(commands.CaseStopped) as stopped:
        commands.complete_task(desk.env, desk.actor("staff"), item, PREPARED)
    assert "没有启用“training”这项程序" in stopped.value.sentence


def test_from_formation_to_withdrawal(desk):
    started, entry = published(desk, REGISTER, PREPARED, file("publish_files"))
    case_id, site = started.case_id, publishing.site_of(desk.env)

    def do(login, task, values, *files):
        item = open_tasks(desk, case_id)[task]
        commands.complete_task(desk.env, desk.actor(login), item, values, files)

    assert (entry.title, entry.formed_on, entry.column) == (
        "城市管理执法事项目录",
        "2026-03-02",
        "行政执法",
    )
    assert entry.category.startswith("行政处罚")
    assert (site.folder / entry.address / entry.files[0].address).read_bytes() == TEXT

    posted = {
        "published_on": "2026-03-02",
        "published_url": "https://cg.example.gov.cn/1",
        "page_check": "same",
    }
    do("web", "post_online", posted, file("fetched_files"))
    do("zhou", "deliver", {"delivered_to": ["archive"], "delivered_on": "2026-03-02"})
    with UnitOfWork(desk.env.database, writing=False) as uow:
        waits = awaited.case_waits(uow.connection, case_id)
    assert {wait["activity_id"] for wait in waits} == {
        "changed",
        "corrected",
        "abolished",
        "withdrawn",
    }

    wait = next(row["wait"] for row in waits if row["activity_id"] == "withdrawn")
    commands.deliver_action(desk.env, desk.actor("zhou"), case_id, wait, WITHDRAWN)
    passing_time.deliver_outbox(desk.env)
    (entry,) = site.entries()
    assert (entry.withdrawn_on, entry.files) == ("2026-03-02", ())
    do("web", "confirm_down", {"down_on": "2026-03-02", "reposts_checked": "none"})
    assert open_tasks(desk, case_id) == {}
    assert commands.verify_audit(desk.env) == []


def test_a_file_that_bears_a_mark_of_secrets_is_not_kept(desk):
    started = commands.start_case(desk.env, desk.actor("zhou"), "proactive_disclosure", REGISTER)
    task = open_tasks(desk, started.case_id)["prepare"]
    marked = Upload("publish_files", "目录.xlsx", "application/octet-stream", sheet("机密★1年"))

    with pytest.raises(commands.SubmissionInvalid) as refused:
        commands.complete_task(desk.env, desk.actor("staff"), task, PREPARED, [marked])

    assert "“机密★”" in refused.value.errors["publish_files"]
    assert list(open_tasks(desk, started.case_id)) == ["prepare"]
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert documents.case_documents(uow.connection, started.case_id) == []
        rows = uow.connection.exec_driver_sql(
            "select reason, result from audit_event where action = 'Refused'"
        ).all()
    assert [tuple(row) for row in rows] == [("classified_mark", "denied")]
    stored = [one for one in desk.env.config.data.rglob("*") if one.is_file()]
    assert not [one for one in stored if one.read_bytes() == marked.data]


def test_an_often_requested_document_is_passed_on_with_the_number_of_the_application(tmp_path):
    """Art. 44: what several people ask for may become proactive; nobody types it a second time."""
    desk = open_desk(
        tmp_path,
        "on_request",
        "proactive_disclosure",
        "confidentiality_review",
        "review_and_approval",
    )
    moved = commands.start_case(desk.env, desk.actor("zhou"), "on_request", WALK_IN)
    for task, values in (
        ("answer_on_spot", {"answered_on": "2026-03-02", "on_spot_answer": "当场提供。"}),
        ("archive", {"file_complete": "complete", "retention": "10", "proactive": True}),
    ):
        item = open_tasks(desk, moved.case_id)[task]
        commands.complete_task(desk.env, desk.actor("zhou"), item, values)
    passing_time.deliver_outbox(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = [cases.load(uow.connection, one) for one in cases.open_case_ids(uow.connection)]
    (arisen,) = [row for row in rows if row is not None]
    assert arisen.procedure == "proactive_disclosure"
    assert arisen.fields["origin"] == "often"
    assert arisen.fields["info_title"] == WALK_IN["info_title"]
    assert arisen.fields["from_case"] == moved.number
    assert set(open_tasks(desk, arisen.id)) == {"register"}


def test_inside_a_called_procedure_the_path_stands_at_what_called_it(desk):
    """It said “9 approve（现在）”: the step of the called procedure has no name on this drawing."""
    started = commands.start_case(desk.env, desk.actor("zhou"), "proactive_disclosure", REGISTER)
    task = open_tasks(desk, started.case_id)["prepare"]
    texts = [file("publish_files")]
    commands.complete_task(desk.env, desk.actor("staff"), task, PREPARED, texts)
    assert set(open_tasks(desk, started.case_id)) == {"first_review"}
    diagram = queries.case_page(desk.env, desk.actor("zhou"), started.case_id).diagram
    assert [name for name, mark in diagram.path if mark == "now"] == ["保密审查"]
    assert diagram.progress["secrecy"]["state"] == "now"
    ahead = [name for name, mark in diagram.path if mark == "ahead"]
    assert "信息变更" not in ahead  # nobody expects that it changes
