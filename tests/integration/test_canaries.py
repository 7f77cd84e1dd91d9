"""Values that nobody could mistake go in through every door; then they are looked for in all that was stored or shown.

Abuse 23 and 29, and the erasure of a case: a leaked identity number is the worst that can happen here. What may be
found is listed by name, with its reason; anything else is a leak.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from docx import Document
from openpyxl import Workbook

from engine import commands, queries
from engine.accounts import hash_password
from engine.backup import write_backup
from engine.cli import keeping
from engine.commands.submitting import Upload
from engine.errors import BadInput
from engine.identity import Post
from engine.store import accounts
from engine.store import audit as trail
from engine.store import documents as document_store
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_steps import open_tasks
from tests.web.conftest import Client
from tests.web.fakes import PASSWORD
from webui import create_app

CANARIES = {
    "applicant_name": "鸩墨璘",
    "id_number": "110105194912310029",
    "phone": "13987654321",
    "address": "鸩墨市璘光巷七十七号三零二室",
    "email": "zhenmolin77@canary.example",
    "agent_name": "魍魉甪",
    "joint_applicants": "鸮芾荑，护照X77770001，电话13987650001",
    "assistance": "右耳失聪需要手语",
}
RECEIVER = {"received_by": "鹓鶵翃"}
# In the row of a table: the steps of a multi-instance, a letter, clocks and facts are each third party's own.
PARTY = {"full_name": "鶺鴒霏", "address": "鶺鴒市霏光弄八十八号", "contact": "13687650088"}
ALL = {**CANARIES, **RECEIVER, **{f"party_{key}": value for key, value in PARTY.items()}}
ASKED = {"name": "第三方甲", "information": "同幢住户名单", **PARTY}
REQUEST = {
    "channel": "counter",
    "submitted_on": "2026-03-02",
    "applicant_kind": "person",
    "id_kind": "resident_id",
    "id_seen": True,
    "has_agent": True,
    "joint": True,
    "joint_count": 1,
    "info_title": "2025年度市容环卫经费决算",
    "info_description": "申请公开2025年度市容环卫经费决算表。",
    "delivery_form": "paper",
    "delivery_way": "post",
    **CANARIES,
}
POSTS = {
    "head": Post("section_head", "housing"),
    "lead": Post("line_leader", "housing"),
    "secrecy": Post("secrecy_reviewer"),
    "deputy": Post("deputy_director"),
    "director": Post("director"),
    "web": Post("web_editor"),
    "keeper": Post("machine_keeper"),
    "bai": Post("security_admin"),
    "shen": Post("audit_admin"),
}
WALK: Sequence[tuple[str, str, Mapping[str, Any]]] = (
    (
        "zhou",
        "intake",
        {
            "applicant_complete": "complete",
            "delivery_complete": "complete",
            "intake_result": "accept",
            "repeated": "first",
        },
    ),
    (
        "zhou",
        "assign",
        {"assign_way": "sections", "lead_section": "housing", "lead_days": 5},
    ),
    (
        "li",
        "provide",
        {
            "found": "found",
            "search_record": "查阅2025年决算卷。",
            "documents": [{"title": "决算表", "pages": 12, "openness": "open"}],
            "section_opinion": "可以公开。",
        },
    ),
    (
        "zhou",
        "examine",
        {"examine_result": "enough", "excessive": "normal", "third_parties": [ASKED]},
    ),
    ("zhou", "third_sent", {"third_sent_on": "2026-03-02"}),
    ("zhou", "third_receipt", {"third_received_on": "2026-03-02"}),
    (
        "zhou",
        "third_opinion",
        {"opinion": "refuse", "opinion_on": "2026-03-02"},
    ),
    ("head", "first_review", {"first_result": "open"}),
    ("secrecy", "second_review", {"second_result": "open"}),
    (
        "zhou",
        "draft",
        {
            "outcome": "A1",
            "attachment_list": [{"title": "决算表", "pages": 12}],
            "variant": "provide",
            "override_parties": ["第三方甲"],
            "override_content": "决算表。",
            "override_reason": "不公开会损害公共利益。",
        },
    ),
    ("lead", "review", {"review_result": "agree"}),
    ("director", "approve", {"approve_result": "agree"}),
    ("zhou", "serve", {"service_way": "hand", "sent_on": "2026-03-02"}),
)
SERVED = {"served_on": "2026-03-02", **RECEIVER}
# What holds personal values as a file, and why. Nothing else in the data folder may.
PAPERS = {
    "申请表和来件扫描件": "as the applicant handed it in; 条例第二十九条",
    "登记回执": "is handed to the applicant by name",
    "政府信息公开申请登记表": "is the register sheet of the file: all but the number, which is masked",
    "予以公开告知书": "is addressed to the applicant",
    "送达回证": "says who received it",
    "征求意见告知书": "is addressed to the applicant",
    "第三方意见征询函": "is addressed to the third party",
    "公开决定告知书": "is addressed to the third party",
    "依申请公开 归档数据包": "the whole file, for the archive",
}
# What stays after erasing, and why.
STAYS = {
    "予以公开告知书": "a document that the office sent under a number; 档案法, as long as its retention",
    "征求意见告知书": "as above",
    "第三方意见征询函": "as above",
    "公开决定告知书": "as above",
    "归档数据包": "the archive's; 档案法, as long as its retention",
}


@dataclass
class Told:
    """A case that every door was used for, and what was logged meanwhile."""

    desk: Desk
    id: str
    number: str
    log: io.StringIO


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """A request with canaries in it, from the counter to the archive."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    names = ("on_request", "confidentiality_review", "review_and_approval", "archiving")
    desk = open_desk(tmp_path_factory.mktemp("office"), *names)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in POSTS.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.connection.exec_driver_sql(
            "update person set password_hash = ?", (hash_password(PASSWORD),)
        )
        uow.commit()
    yield _told(desk, written)
    logging.getLogger().removeHandler(handler)
    desk.env.database.dispose()


def _told(desk: Desk, written: io.StringIO) -> Told:
    zhou = desk.actor("zhou")
    paper = Upload(
        "application_files", "申请表.docx", "application/x", word(" ".join(ALL.values()))
    )
    with pytest.raises(commands.SubmissionInvalid):
        commands.start_case(desk.env, zhou, "on_request", {**REQUEST, "info_title": ""}, [paper])
    moved = commands.start_case(desk.env, zhou, "on_request", REQUEST, [paper])
    for login, step, values in WALK:
        if "third_parties" in values:
            keep_unfinished(desk, moved.case_id, step, values)
        if step == "third_sent":
            look_at_the_address(desk, moved)
        do(desk, login, moved.case_id, step, values)
    proof = open_tasks(desk, moved.case_id)["service_proof"]
    commands.save_draft(desk.env, zhou, proof, SERVED)
    with pytest.raises(commands.SubmissionInvalid):
        commands.complete_task(desk.env, zhou, proof, {**SERVED, "served_on": ""})
    do(desk, "zhou", moved.case_id, "service_proof", SERVED)
    do(desk, "zhou", moved.case_id, "archive", {"file_complete": "complete", "retention": "10"})
    filing = {"case_number": moved.number, "file_kind": "on_request", "filing_year": "2026"}
    pack(desk, commands.start_case(desk.env, zhou, "archiving", filing).case_id)
    commands.reveal(desk.env, zhou, moved.case_id, "id_number", "核对身份")
    shown = commands.reveal(desk.env, zhou, moved.case_id, "third_parties", "核对地址")
    assert shown == "，".join(PARTY.values())
    return Told(desk, moved.case_id, moved.number, written)


def do(desk: Desk, login: str, case_id: str, step: str, values: Mapping[str, Any]) -> None:
    task = open_tasks(desk, case_id)[step]
    commands.complete_task(desk.env, desk.actor(login), task, values)
    commands.tick(desk.env)


def keep_unfinished(desk: Desk, case_id: str, step: str, values: Mapping[str, Any]) -> None:
    """Keep a draft with the rows of a table as a page posts them, and submit them once with a mistake."""
    task, zhou = open_tasks(desk, case_id)[step], desk.actor("zhou")
    row = {f"third_parties-0-{key}": value for key, value in ASKED.items()}
    commands.save_draft(desk.env, zhou, task, row)
    assert queries.task_page(desk.env, zhou, task).values.items() >= row.items()
    with pytest.raises(commands.SubmissionInvalid):
        commands.complete_task(desk.env, zhou, task, {**values, "excessive": ""})


def look_at_the_address(desk: Desk, moved: commands.Moved) -> None:
    """Open the step that sends the letter: who does it sees where to, which stands in the trail; others do not."""
    app, task = create_app(desk.env), open_tasks(desk, moved.case_id)["third_sent"]
    for login, sees in (("zhou", True), ("zhao", False), ("head", False)):
        page = Client(app.test_client()).sign_in(login).http.get(f"/tasks/{task}").text
        assert [value in page for value in PARTY.values()] == [sees] * len(PARTY), login
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = [row for row in trail.rows(uow.connection) if row["action"] == "PersonalDataRead"]
    assert [(row["actor_name"], row["reason"]) for row in rows] == [("周敏", "办理“发出”")]
    assert json.loads(rows[0]["body"]) == {"field": "shown_person"}


def pack(desk: Desk, case_id: str) -> None:
    page = queries.task_page(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["check"])
    checked = {
        "four_checks": ["authentic", "whole", "usable", "safe"],
        "file_state": "whole",
        "total_pages": "9",
        "retention": "10",
        "counted": [{**one, "pages": "1"} for one in page.values.get("counted") or ()],
    }
    do(desk, "zhou", case_id, "check", checked)
    do(desk, "zhao", case_id, "approve", {"archive_decision": "agree"})


def word(text: str) -> bytes:
    buffer, document = io.BytesIO(), Document()
    document.add_paragraph(text)
    document.save(buffer)
    return buffer.getvalue()


def unpacked(data: bytes) -> Iterator[bytes]:
    """Yield bytes, and what is packed or compressed in them."""
    yield data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from unpacked(archive.read(name))
    if data[:4] == b"%PDF":
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL):
            try:
                yield zlib.decompress(stream)
            except zlib.error:
                continue


def spelt(value: str) -> set[bytes]:
    """Return a text as any file may hold it."""
    plain = {value.encode(one) for one in ("utf-8", "utf-16-le", "utf-16-be", "gb18030")}
    return plain | {json.dumps(value)[1:-1].encode(), value.encode("ascii", "xmlcharrefreplace")}


def holding(folder: Path, values: Mapping[str, str]) -> dict[str, set[str]]:
    """Return {file: names of the values in it}."""
    wanted = {name: spelt(value) for name, value in values.items()}
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        for part in unpacked(path.read_bytes()) if path.is_file() else ():
            for name, forms in wanted.items():
                if any(form in part for form in forms):
                    found.setdefault(str(path.relative_to(folder)), set()).add(name)
    return found


def documents(desk: Desk) -> dict[str, str]:
    """Return {file: title} of all documents."""
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = document_store.stored_files(uow.connection)
    return {f"blobs/{row['sha256'][:2]}/{row['sha256']}": row["title"] for row in rows}


def test_abuse_29_a_stolen_database_shows_nobody_and_files_are_known_by_name(told: Told):
    data = told.desk.env.config.data
    with UnitOfWork(told.desk.env.database, writing=False) as uow:
        uow.connection.exec_driver_sql("select 1")
        assert (
            (data / "gongkai.sqlite-wal").stat().st_size
        )  # what was written last is looked at too
        titles = documents(told.desk)
        found = {titles.get(name, name): values for name, values in holding(data, ALL).items()}
    allowed = {title.replace("依申请公开", told.number) for title in PAPERS}
    assert set(found) <= allowed
    assert "id_number" not in found["登记回执"] | found["予以公开告知书"] | found["送达回证"]
    assert not {"id_number", "joint_applicants"} & found["政府信息公开申请登记表"]
    assert not {"joint_applicants", "assistance", "phone"} & found["予以公开告知书"]
    assert found["第三方意见征询函"] == found["公开决定告知书"] == {"party_full_name"}
    assert found["征求意见告知书"] == {"applicant_name"}  # that somebody was asked, not who


def test_abuse_29_a_backup_shows_no_more_than_the_data_folder(told: Told, tmp_path: Path):
    write_backup(told.desk.env.config, tmp_path / "b.zip", told.desk.time.now())
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        archive.extractall(tmp_path / "b")
    files = {path for path in holding(tmp_path / "b", ALL) if not path.startswith("blobs/")}
    assert files == set()


def test_abuse_23_no_canary_stands_in_the_log(told: Told):
    assert not [name for name, value in ALL.items() if value in told.log.getvalue()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_post_reads_a_whole_number_telephone_or_address_on_any_page(told: Told, language: str):
    """Masked for those who may ask for the whole with a reason, absent for all others."""
    desk, case = told.desk, told.id
    pages = [
        *(
            "/",
            "/cases",
            f"/cases?q={told.number}",
            f"/cases/{case}",
            f"/cases/{case}/clocks/reply",
        ),
        *("/registers", "/registers?procedure=on_request", "/notices", "/statistics", "/audit"),
        *(f"/audit?case={told.number}", "/organisation", "/procedures/on_request", "/machine"),
        *("/statistics/annual/2026", f"/cases/{case}/reveal?field=id_number", "/nowhere"),
        f"/audit?name={CANARIES['applicant_name']}x",
    ]
    app = create_app(desk.env)
    seen = 0
    for login in ("zhou", "zhao", "li", "meng", "gao", "zhang", *POSTS):
        browser = Client(app.test_client()).sign_in(login)
        if language == "en":
            browser.post("/display", {"language": "en"})
        for page in pages:
            text = browser.http.get(page, follow_redirects=True).text
            seen += len(text) > 2000
            shown = [name for name, value in ALL.items() if value in text]
            assert shown == [], (login, page)
    assert seen > 100


def test_an_export_of_the_register_names_applicants_and_nothing_more(told: Told):
    desk = told.desk
    wanted = commands.RegisterQuery("on_request")
    data = commands.export_register(desk.env, desk.actor("zhou"), wanted, "移交")
    sheet = b"".join(unpacked(data))
    found = {name for name, value in ALL.items() if any(one in sheet for one in spelt(value))}
    assert found == {"applicant_name"}


def test_evidence_handed_out_bears_personal_values_in_papers_only(told: Told):
    data = commands.export_case(told.desk.env, told.desk.actor("meng"), told.number, "核验")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if not name.startswith("documents/"):
                text = archive.read(name)
                assert not [one for one, value in ALL.items() if value.encode() in text], name


def test_a_register_that_was_only_looked_at_is_not_kept(told: Told):
    """It lay in the data folder for ever, with everybody's identity numbers."""
    desk, sheet, buffer = told.desk, Workbook(), io.BytesIO()
    sheet.active.append(["编号", "申请内容", "收到日期", "身份证号"])
    sheet.active.append(["旧1号", "决算", "2025-03-04", "11010519491231770X"])
    sheet.save(buffer)
    buffer.seek(0)
    browser = Client(create_app(desk.env).test_client()).sign_in("zhou")
    sent = {"procedure": "on_request", "file": (buffer, "旧台账.xlsx")}
    answer = browser.post("/registers/import", sent, follow_redirects=True)
    shown, preview = answer.text, answer.request.path
    assert "旧1号" in shown
    assert "11010519491231770X" not in shown
    canary = {"old": "11010519491231770X"}
    (kept,) = holding(desk.env.config.data, canary)
    os.utime(desk.env.config.data / kept, (0, 0))
    before = documents(desk)
    desk.time.advance(timedelta(days=1))
    commands.tick(desk.env)
    assert holding(desk.env.config.data, canary) == {}
    browser = Client(create_app(desk.env).test_client()).sign_in("zhou")
    assert browser.post(preview).status_code == 422  # to be chosen again, and nothing was taken in
    assert all((desk.env.config.data / one).exists() for one in before)


def test_bytes_that_come_again_while_they_are_swept_stay(told: Told):
    blobs = told.desk.env.blobs
    digest = blobs.put(b"scan")
    path = told.desk.env.config.data / "blobs" / digest[:2] / digest

    def named(hashes: list[str]) -> set[str]:
        blobs.put(b"scan")  # somebody uploads the same file between the two looks
        return set()

    os.utime(path, (0, 0))
    blobs.drop_unnamed(named, told.desk.time.now())
    assert blobs.get(digest) == b"scan"


def test_what_is_open_or_not_packed_is_not_erased(told: Told):
    desk = told.desk
    other = {**REQUEST, **dict.fromkeys(("applicant_name", "agent_name", "assistance"), "顾某")}
    other |= {"address": "某路1号", "phone": "13900000000", "email": "gu@example.cn"}
    moved = commands.start_case(desk.env, desk.actor("zhou"), "on_request", other)
    with pytest.raises(BadInput, match="open"):
        commands.erase_case(desk.env, moved.number, "到期")
    commands.cancel_case(desk.env, desk.actor("zhao"), moved.case_id, "录错了")
    with pytest.raises(BadInput, match="not packed"):
        commands.erase_case(desk.env, moved.number, "到期")
    with pytest.raises(BadInput, match="no reason"):
        commands.erase_case(desk.env, told.number, " ")
    with pytest.raises(BadInput, match="no case"):
        commands.preview_erasure(desk.env, "没有")


def test_history_is_rewritten_behind_its_row_of_the_trail_only(tmp_path: Path, database):
    """On each database: the trigger lets the one case through whose erasing was recorded, and deletes never."""
    desk = open_desk(tmp_path, "leave", server=database)
    register = {"title": "报告", "kind": "a", "name": "鸩墨璘", "received_on": "2026-03-02"}
    first, second = (
        commands.start_case(desk.env, desk.actor("zhou"), "leave", register) for _ in range(2)
    )
    commands.cancel_case(desk.env, desk.actor("zhao"), first.case_id, "录错了")
    rewrite = "update history set entries = entries where case_id = "
    for case, what in (
        (first, rewrite),
        (second, rewrite),
        (first, "delete from history where case_id = "),
    ):
        with (
            pytest.raises(Exception, match="append only"),
            UnitOfWork(desk.env.database, writing=True) as uow,
        ):
            uow.connection.exec_driver_sql(f"{what}'{case.case_id}'")
        if case is first and what is rewrite:
            commands.erase_case(desk.env, first.number, "录错了")
            with UnitOfWork(desk.env.database, writing=True) as uow:
                uow.connection.exec_driver_sql(f"{what}'{case.case_id}'")
    assert commands.verify_audit(desk.env) == []


def sealed_texts(desk: Desk, case_id: str) -> set[bytes]:
    """Return every sealed value that the database holds of a case: with the key each would open."""
    found: set[str] = set()
    with UnitOfWork(desk.env.database, writing=False) as uow:
        for statement in (
            "select fields, state, last_step from cases where id = ?",
            "select submission, entries from history where case_id = ?",
            "select value from audit_personal join audit_event using (seq) where case_id = ?",
        ):
            for row in uow.connection.exec_driver_sql(statement, (case_id,)):
                found.update(re.findall(r"sealed:1:[\w=-]+", str(list(row))))
    return {one.encode() for one in found}


def test_of_an_erased_case_only_what_the_archive_law_keeps_is_left(told: Told):
    """The last of this file: nothing brings the values back, and the trail still holds."""
    desk, data = told.desk, told.desk.env.config.data
    sealed = sealed_texts(desk, told.id)
    assert len(sealed) > 2 * len(ALL)
    config = desk.env.config.home / "config.yaml"
    config.write_text("processes: processes\ndata: data\n")
    desk.env.database.dispose()

    run = CliRunner().invoke(keeping.erase, [told.number, "--config", str(config)])
    assert run.exit_code == 0, run.output
    assert "保留  予以公开告知书" in run.output
    assert sealed_texts(desk, told.id) == sealed  # only told so far
    desk.env.database.dispose()
    told_twice = [
        told.number,
        "--config",
        str(config),
        "--apply",
        "--reason",
        "目的已经实现",
    ]
    for _ in range(2):
        run = CliRunner().invoke(keeping.erase, told_twice)
        assert run.exit_code == 0, run.output

    assert sealed_texts(desk, told.id) == set()
    desk.env.database.dispose()
    database = b"".join(path.read_bytes() for path in data.glob("gongkai.sqlite*"))
    assert not [one for one in sealed if one in database]
    titles = documents(desk)
    left = {titles.get(name, name) for name in holding(data, ALL)}
    assert left <= {title.replace("归档", f"{told.number} 归档") for title in STAYS}
    with UnitOfWork(desk.env.database, writing=False) as uow:
        kept = {row["title"] for row in document_store.case_documents(uow.connection, told.id)}
    assert kept == STAYS.keys() - {"归档数据包"}
    assert commands.verify_audit(desk.env) == []

    browser = Client(create_app(desk.env).test_client()).sign_in("zhou")
    page = browser.get(f"/cases/{told.id}").text
    assert "（已删除）" in page
    auditor = Client(create_app(desk.env).test_client()).sign_in("meng")
    assert "目的已经实现" in auditor.get(f"/audit?case={told.number}").text
    with (
        pytest.raises(Exception, match="append only"),
        UnitOfWork(desk.env.database, writing=True) as uow,
    ):
        uow.connection.exec_driver_sql("delete from history where case_id = ?", (told.id,))
