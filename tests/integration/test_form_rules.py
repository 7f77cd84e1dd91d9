"""A form's rules reckon as diagrams do: with the office's working days and its settings, from the first form on."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from engine import commands, queries
from engine.commands import SubmissionInvalid
from engine.errors import BadInput
from engine.identity import SYSTEM, Post
from engine.store import accounts
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_steps import open_tasks

FORM = """
key: register
title: 登记
sections:
  - title: 登记
    fields:
      - {key: title, label: 标题, type: text, required: true}
      - {key: kind, label: 类别, type: choice, required: true, options: [{value: a, label: 甲}, {value: b, label: 乙}]}
      - {key: received_on, label: 收到日期, type: date, required: true, source: 'if is working day(today()) then today() else null'}
      - key: answer_by
        label: 请在何日前答复
        type: date
        rules:
          - {check: 'working days between(received_on, answer_by) >= 5', message: 至少留5个工作日}
      - {key: kept, label: 保管期限, type: text, visible_if: settings.retention = "10"}
      - {key: name, label: 姓名, type: text, personal: true}
"""
VALUES = {"title": "旧", "kind": "a", "received_on": "2026-02-27"}  # a Friday


@pytest.fixture
def office(tmp_path) -> Desk:
    desk = open_desk(tmp_path, "leave")
    deploy(desk, FORM)
    return desk


def deploy(desk: Desk, form: str) -> None:
    folder = desk.env.config.processes / "leave"
    (folder / "forms" / "register.yaml").write_text(form)
    commands.deploy_folder(desk.env, SYSTEM, folder, "试")


def test_a_rule_over_working_days_never_held_because_forms_did_not_know_them(office):
    zhou = office.actor("zhou")
    with pytest.raises(SubmissionInvalid) as refused:  # Sat 28 February is a make-up day
        commands.start_case(office.env, zhou, "leave", {**VALUES, "answer_by": "2026-03-04"})
    assert refused.value.errors == {"answer_by": "至少留5个工作日"}
    assert commands.start_case(office.env, zhou, "leave", {**VALUES, "answer_by": "2026-03-05"})
    assert queries.start_page(office.env, zhou, "leave").values["received_on"] == "2026-03-02"


def test_the_first_form_of_a_case_did_not_see_the_settings(office):
    zhou = office.actor("zhou")
    page = queries.start_page(office.env, zhou, "leave")
    retention = office.env.institution().settings["retention"]
    shown = "kept" in queries.asked(office.env, page, {}).shown
    assert shown is (retention == "10")
    commands.change_setting(office.env, SYSTEM, "retention", other(retention), "试")
    page = queries.start_page(office.env, zhou, "leave")
    assert ("kept" in queries.asked(office.env, page, {}).shown) is not shown


def other(retention: object) -> str:
    return "30" if retention == "10" else "10"


def test_a_function_that_does_not_exist_is_refused_where_it_is_written(office):
    with pytest.raises(BadInput) as refused:
        deploy(office, FORM.replace("working days between(", "workdays between("))
    assert "forms/register.yaml" in refused.value.sentence
    assert "workdays between" in refused.value.sentence


def test_the_second_time_an_approval_began_with_the_first_ones_return_and_its_reason(tmp_path):
    """Pressed at once it returned again; agreed to, the reason of the return stood as the leader's opinion."""
    desk = open_desk(tmp_path, "training")
    with UnitOfWork(desk.env.database, writing=True) as uow:
        deputy = accounts.add_person(uow.connection, login="deputy", name="宋巍")
        accounts.add_post(uow.connection, deputy, Post("deputy_director"), date(2026, 1, 1))
        uow.commit()
    plan = {
        "training_year": 2026,
        "sessions": [
            {"title": "条例学习", "planned_on": "2026-04-03", "hours": 4, "way": "all_staff"}
        ],
        "trainees": [{"person": "zhou", "unit": "office", "post": "信息公开专员"}],
    }
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "training", plan).case_id

    def page(login: str, step: str) -> queries.TaskPage:
        return queries.task_page(desk.env, desk.actor(login), open_tasks(desk, case_id)[step])

    returned = {"plan_decision": "return", "plan_opinion": "缺保密审查员。"}
    first = open_tasks(desk, case_id)["approve"]
    commands.complete_task(desk.env, desk.actor("deputy"), first, returned)
    again = page("zhou", "plan").values
    assert again["training_year"] == 2026  # what is to be reworked is there
    commands.complete_task(desk.env, desk.actor("zhou"), open_tasks(desk, case_id)["plan"], plan)
    asked = page("deputy", "approve").values
    assert not {"plan_decision", "plan_opinion"} & {key for key, one in asked.items() if one}


def test_every_decision_that_may_send_back_is_asked_anew(project):
    """Of the shipped forms: a choice with the answer 退回 is a decision, and a decision is made each time."""
    left = []
    for file in sorted(project.glob("processes/*/forms/*.yaml")):
        for section in yaml.safe_load(file.read_text("utf-8"))["sections"]:
            for one in section["fields"]:
                labels = [
                    option["label"] for option in one.get("options", ()) if type(option) is dict
                ]
                if any("退回" in label for label in labels) and not one.get("anew"):
                    left.append(f"{file.parts[-3]}: {one['key']}")
    assert left == []
