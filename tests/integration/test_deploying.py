"""Folders become versions whole or not at all; one that is not right holds up nobody."""

from __future__ import annotations

import shutil

import pytest

from engine import commands
from engine.bpmn import DefinitionRefused
from engine.errors import BadInput, Denied
from engine.identity import SYSTEM
from tests.integration.conftest import ROOT, Desk, open_desk


@pytest.fixture
def office(tmp_path) -> Desk:
    return open_desk(tmp_path, "leave")


def edit(desk: Desk, old: str, new: str) -> None:
    file = desk.env.config.processes / "leave" / "leave.bpmn"
    file.write_text(file.read_text().replace(old, new))


def test_a_half_written_folder_is_left_out_and_named_and_the_others_start(office):
    broken = office.env.config.processes / "half"
    shutil.copytree(office.env.config.processes / "leave", broken)
    (broken / "leave.bpmn").write_bytes((broken / "leave.bpmn").read_bytes()[:700])
    good = office.env.config.processes / "loop"
    shutil.copytree(ROOT / "tests" / "integration" / "procedures" / "loop", good)
    refused = commands.deploy_missing(office.env)
    assert len(refused) == 1
    assert set(office.env.procedures_in_force()) == {"leave", "loop"}


@pytest.mark.parametrize("cut", range(97, 3450, 485))
def test_a_file_cut_anywhere_never_becomes_a_version(office, cut):
    file = office.env.config.processes / "leave" / "leave.bpmn"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(BadInput) as refused:
        commands.deploy_folder(office.env, SYSTEM, file.parent, "试")
    assert "leave.bpmn" in refused.value.sentence


def test_a_new_limit_holds_for_new_cases_and_not_for_those_under_way(office):
    values = {"title": "旧", "kind": "a", "received_on": "2026-03-02"}
    old = commands.start_case(office.env, office.actor("zhou"), "leave", values)
    edit(office, 'length="P20WD"', 'length="P15WD"')
    folder = office.env.config.processes / "leave"
    done = commands.deploy_folder(office.env, office.actor("zhang"), folder, "局务会纪要12号")
    assert done.number == 2
    new = commands.start_case(office.env, office.actor("zhou"), "leave", {**values, "title": "新"})
    from engine import queries

    due = [
        queries.case_page(office.env, office.actor("zhou"), one.case_id).head.clock.due.isoformat()
        for one in (old, new)
    ]
    assert due == ["2026-03-30", "2026-03-23"]  # both Mondays


def test_what_the_engine_does_not_execute_is_refused_by_element(office):
    edit(office, "serviceTask", "scriptTask")
    with pytest.raises(DefinitionRefused) as refused:
        commands.deploy_folder(office.env, SYSTEM, office.env.config.processes / "leave", "试")
    assert any(finding.element == "tell" for finding in refused.value.findings)


def test_only_who_may_deploys_and_only_with_a_reason(office):
    edit(office, "P20WD", "P15WD")
    folder = office.env.config.processes / "leave"
    with pytest.raises(Denied):
        commands.deploy_folder(office.env, office.actor("zhou"), folder, "试")
    with pytest.raises(BadInput):
        commands.deploy_folder(office.env, office.actor("zhang"), folder, "  ")
