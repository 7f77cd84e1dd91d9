"""Personal answers that route: the live state of a case holds them sealed, and its steps see them as they are."""

from __future__ import annotations

import json

from engine import commands
from engine.forms.personal import Personal
from engine.identity import SYSTEM
from engine.personal import (
    Unsealed,
    masked,
    open_fields,
    open_state,
    seal_fields,
    seal_state,
)
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk

REGISTER = {"title": "危房鉴定报告", "kind": "a", "name": "顾小明", "received_on": "2026-03-02"}


def task(desk: Desk, case_id: str, activity: str) -> str:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        rows = cases.case_items(uow.connection, case_id)
    return next(r["id"] for r in rows if r["status"] == "open" and r["activity_id"] == activity)


def test_a_personal_answer_that_routes_is_not_stored_in_the_clear(tmp_path):
    """It stood in the state as it was typed, though sealed everywhere else."""
    desk = open_desk(tmp_path, "leave")
    folder = desk.env.config.processes / "leave"
    drawing = (folder / "leave.bpmn").read_text()
    routed = drawing.replace('decision = "agree"', 'decision = "agree" and name = "顾小明"')
    assert routed != drawing
    (folder / "leave.bpmn").write_text(routed)
    commands.deploy_folder(desk.env, SYSTEM, folder, "按姓名分流")
    case_id = commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER).case_id
    with UnitOfWork(desk.env.database, writing=False) as uow:
        stored = cases.load(uow.connection, case_id)
    assert "name" in stored.state["v"]
    assert "顾小明" not in json.dumps([stored.state, stored.fields], ensure_ascii=False)
    desk = desk.restart()
    review = task(desk, case_id, "review")
    commands.complete_task(desk.env, desk.actor("zhao"), review, {"decision": "agree"})
    assert task(desk, case_id, "archive")  # the name was seen as it is: it routed
    desk.env.database.dispose()
    data = b"".join(path.read_bytes() for path in desk.env.config.data.glob("gongkai.sqlite*"))
    opened = data.replace(routed.encode(), b"")
    assert "顾小明".encode() not in opened


def test_a_sealed_state_opens_to_what_it_was(tmp_path):
    """Variables of the case, of scopes and instances, collections and what could be undone; texts and lists."""
    env = open_desk(tmp_path, "leave").env
    people = [{"phone": "13900000000", "unit": "housing"}, None]
    state = {
        "v": {"phone": "13900000000", "people": people, "phones": ["13900000000"], "n": 1},
        "n": 3,
        "s": {
            "1": {"p": "leave", "v": {"phone": "13900000000"}, "x": [["a", {"phones": []}, None]]}
        },
        "t": {"2": ["1", "review", "user", {"f": {"phone": "13900000000"}, "r": people}]},
    }
    sealed = seal_state(env, frozenset({"phone", "phones"}), state)
    assert "13900000000" not in json.dumps(sealed)
    assert sealed["v"]["people"][0]["unit"] == "housing"
    assert seal_state(env, frozenset({"phone", "phones"}), sealed) == sealed
    assert open_state(env, sealed) == state


def test_a_table_is_sealed_cell_by_cell_and_what_was_collected_by_name(tmp_path):
    """Only whole fields were: third parties' names stood in the clear in rows, drafts and collected lists."""
    env = open_desk(tmp_path, "leave").env
    personal = Personal(frozenset({"phone"}), {"parties": frozenset({"who"})}, frozenset({"files"}))
    record = {
        "phone": "13900000000",
        "parties": [{"who": "鶺鴒霏", "about": "名单"}, {"about": "报告"}],
        "parties-0-who": "鶺鴒霏",
        "parties-0-about": "名单",
        "views": [{"who": "鶺鴒霏", "said": "no"}],
        "files": [{"id": "1", "who": "a name of a file"}],
        "count": 2,
    }
    sealed = seal_fields(env, personal, record)
    assert "鶺鴒霏" not in json.dumps(sealed, ensure_ascii=False)
    assert sealed["parties"][0]["about"] == "名单"
    assert sealed["files"] == record["files"]
    assert open_fields(env, sealed) == record
    assert seal_fields(env, personal, sealed) == sealed
    seen = Unsealed(env, sealed, opened=False)
    assert seen["parties"] == [{"about": "名单"}, {"about": "报告"}]
    assert seen["phone"] is None
    assert Unsealed(env, sealed, opened=True)["views"] == record["views"]
    assert masked(env, "parties", sealed["parties"])[0] == {"who": "鶺某", "about": "名单"}
    assert dict(personal.found(record)) == {"phone": "13900000000", "parties.1.who": "鶺鴒霏"}


def test_a_personal_answer_keeps_its_kind_when_it_is_sealed(tmp_path):
    """A number came back as a text, a list as the text of a list."""
    env = open_desk(tmp_path, "leave").env
    personal = Personal(frozenset({"age", "kinds"}))
    record = {"age": 42, "kinds": ["a", "b"], "other": None}
    sealed = seal_fields(env, personal, record)
    assert "42" not in json.dumps(sealed["age"]).replace(sealed["age"]["sealed"], "")
    assert open_fields(env, sealed) == record


def test_a_state_without_personal_names_stays_as_it_is(tmp_path):
    """Most procedures route by nothing personal: their steps do not pay for a walk through the state."""
    env = open_desk(tmp_path, "leave").env
    state = {"v": {"decision": "agree"}, "s": {}, "t": {"2": ["1", "review", "user", {}]}}
    assert seal_state(env, frozenset({"name", "phone"}), state) is state
    assert open_state(env, state) is state
