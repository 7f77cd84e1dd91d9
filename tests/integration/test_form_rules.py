"""A form's rules reckon as diagrams do: with the office's working days and its settings, from the first form on."""

from __future__ import annotations

import pytest

from engine import commands, queries
from engine.commands import SubmissionInvalid
from engine.errors import BadInput
from engine.identity import SYSTEM
from tests.integration.conftest import Desk, open_desk

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
