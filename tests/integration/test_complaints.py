"""A complaint that proves true begins a case of accountability; nothing is decided about anybody here."""

from __future__ import annotations

import json
from datetime import date

from sqlalchemy import text

from engine import commands
from engine.commands import passing_time
from engine.identity import Post
from engine.store import accounts
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import open_desk
from tests.integration.test_publishing import do

COMPLAINT = {
    "enquiry_kind": "complaint",
    "enquiry_way": "letter",
    "received_on": "2026-03-02",
    "enquiry_title": "逾期没有答复公开申请",
    "enquiry_text": "一月提出的申请至今没有答复。",
    "person_name": "顾小明",
    "person_contact": "13900000000",
}


def test_a_true_complaint_is_handed_over_without_the_name_of_who_complained(tmp_path):
    desk = open_desk(tmp_path, "public_enquiry", "accountability")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        for login, post in {
            "staff": Post("section_staff", "policy"),
            "deputy": Post("deputy_director"),
        }.items():
            person = accounts.add_person(uow.connection, login=login, name=login)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "public_enquiry", COMPLAINT).case_id
    accepted = {
        "complained_section": "housing",
        "examine_result": "accept",
        "handling_section": "policy",
    }
    do(desk, "zhou", case_id, "examine", accepted)
    do(desk, "zhou", case_id, "tell_accepted", {"told_way": "post", "told_on": "2026-03-02"})
    found = {"truth": "true_", "finding": "答复超过期限。", "answer_text": "已经补发。"}
    do(desk, "staff", case_id, "investigate", found)
    do(desk, "deputy", case_id, "decide", {"decision": "agree", "refer_accountability": "true"})
    passing_time.deliver_outbox(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        query = text("select fields from cases where procedure = 'accountability'")
        (fields,) = uow.connection.execute(query).scalars().all()
    given = json.loads(fields) if isinstance(fields, str) else fields
    assert given["clue_source"] == "complaint"
    assert given["responsible_unit"] == "housing"
    assert given["clue_text"] == "答复超过期限。"
    assert "顾小明" not in json.dumps(given, ensure_ascii=False)
