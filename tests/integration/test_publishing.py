"""What was reviewed is what is published: on a real case, with the outbox between."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine import commands
from engine.commands import passing_time, publishing
from engine.commands.submitting import Upload
from engine.store import audit as trail
from engine.store import awaited, documents, outbox
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, open_desk
from tests.integration.test_steps import open_tasks

TEXT = b"%PDF-1.7 one"
OTHER = b"%PDF-1.7 two"


@pytest.fixture
def desk(tmp_path, database) -> Desk:
    return open_desk(tmp_path, "notice", server=database)


def file(field: str, data: bytes, name: str = "通告.pdf") -> Upload:
    return Upload(field, name, "application/pdf", data)


def prepared(desk: Desk, data: bytes = TEXT) -> str:
    moved = commands.start_case(
        desk.env, desk.actor("zhou"), "notice", {"title": "停水通告"}, [file("texts", data)]
    )
    return moved.case_id


def do(desk: Desk, login: str, case_id: str, task: str, values=None, files=()) -> commands.Moved:
    item = open_tasks(desk, case_id)[task]
    return commands.complete_task(desk.env, desk.actor(login), item, values or {}, files)


def act(desk: Desk, case_id: str, label: str, values=None) -> None:
    with UnitOfWork(desk.env.database, writing=False) as uow:
        waits = awaited.case_waits(uow.connection, case_id)
    wait = next(row["wait"] for row in waits if row["activity_id"] == label)
    commands.deliver_action(desk.env, desk.actor("zhou"), case_id, wait, values or {})


def published(desk: Desk) -> str:
    case_id = prepared(desk)
    do(desk, "zhao", case_id, "review")
    do(desk, "zhou", case_id, "post")
    passing_time.deliver_outbox(desk.env)
    return case_id


def on_site(desk: Desk):
    return publishing.site_of(desk.env).entries()


def test_the_reviewed_bytes_and_the_entry_lie_on_the_site_after_the_transaction(desk):
    case_id = prepared(desk)
    do(desk, "zhao", case_id, "review")
    assert on_site(desk) == []  # the step only orders it
    passing_time.deliver_outbox(desk.env)
    (entry,) = on_site(desk)
    assert (entry.index, entry.title, entry.entered_on) == (
        "某城执-2026-00001",
        "停水通告",
        "2026-03-02",
    )
    site = publishing.site_of(desk.env)
    assert (site.folder / entry.address / entry.files[0].address).read_bytes() == TEXT
    assert site.problems() == []
    assert commands.verify_audit(desk.env) == []


def test_delivered_twice_the_site_is_the_same(desk):
    case_id = published(desk)
    before = {
        p: p.read_bytes() for p in publishing.site_of(desk.env).folder.rglob("*") if p.is_file()
    }
    message = {
        "case_id": case_id,
        "kind": "publish",
        "body": {"act": "publish", "entry": on_site(desk)[0].as_dict()},
    }
    publishing.write_out(desk.env, message)
    after = {
        p: p.read_bytes() for p in publishing.site_of(desk.env).folder.rglob("*") if p.is_file()
    }
    assert after == before


def test_killed_between_the_site_and_the_outbox_the_trail_tells_of_it_once(desk, monkeypatch):
    case_id = prepared(desk)
    do(desk, "zhao", case_id, "review")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outbox, "sent", killed)
        with pytest.raises(KeyboardInterrupt):
            passing_time.deliver_outbox(desk.env)
    passing_time.deliver_outbox(desk.env)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        told = [row["action"] for row in trail.rows(uow.connection, case_id=case_id)]
    assert told.count("PublicationWritten") == 1
    assert len(on_site(desk)) == 1


def test_without_a_reviewed_text_nothing_is_published(desk):
    moved = commands.start_case(desk.env, desk.actor("zhou"), "notice", {"title": "停水通告"})
    with pytest.raises(commands.CaseStopped) as stopped:
        do(desk, "zhao", moved.case_id, "review")
    assert "重新送审" in stopped.value.sentence
    assert on_site(desk) == []


def test_a_fetched_file_that_differs_goes_back_to_the_editor(desk):
    case_id = prepared(desk)
    do(desk, "zhao", case_id, "review")
    do(desk, "zhou", case_id, "post", files=[file("fetched", OTHER)])
    assert list(open_tasks(desk, case_id)) == ["post"]
    do(desk, "zhou", case_id, "post", files=[file("fetched", TEXT)])
    assert open_tasks(desk, case_id) == {}


def test_one_file_fetched_back_of_two_is_not_the_whole_publication(desk):
    moved = commands.start_case(
        desk.env,
        desk.actor("zhou"),
        "notice",
        {"title": "停水通告"},
        [file("texts", TEXT), file("texts", OTHER, "附图.pdf")],
    )
    do(desk, "zhao", moved.case_id, "review")
    do(desk, "zhou", moved.case_id, "post", files=[file("fetched", TEXT)])
    assert list(open_tasks(desk, moved.case_id)) == ["post"]
    with UnitOfWork(desk.env.database, writing=False) as uow:
        row = next(
            one
            for one in trail.rows(uow.connection, case_id=moved.case_id)
            if one["action"] == "PublicationCompared"
        )
    assert json.loads(row["body"]) == {"equal": False, "different": [], "missing": ["附图.pdf"]}
    both = [file("fetched", TEXT), file("fetched", OTHER, "附图.pdf")]
    do(desk, "zhou", moved.case_id, "post", files=both)
    assert open_tasks(desk, moved.case_id) == {}


def test_a_correction_keeps_the_index_and_replaces_the_file(desk):
    case_id = published(desk)
    desk.time.advance(timedelta(minutes=1))
    act(desk, case_id, "changed")
    do(desk, "zhou", case_id, "prepare", {"title": "停水通告"}, [file("texts", OTHER)])
    do(desk, "zhao", case_id, "review", {"note": "更正停水时间。"})
    passing_time.deliver_outbox(desk.env)
    (entry,) = on_site(desk)
    assert entry.index == "某城执-2026-00001"
    assert [dict(one) for one in entry.notes] == [
        {"on": "2026-03-02", "kind": "corrected", "text": "更正停水时间。"}
    ]
    files = list((publishing.site_of(desk.env).folder / entry.address).glob("*.pdf"))
    assert [p.read_bytes() for p in files] == [OTHER]


def test_withdrawn_the_files_and_the_title_are_gone(desk):
    case_id = published(desk)
    act(desk, case_id, "withdrawn", {"withdrawn_note": "内容有误，请咨询办公室。"})
    passing_time.deliver_outbox(desk.env)
    (entry,) = on_site(desk)
    assert (entry.title, entry.withdrawn_on, entry.files) == ("", "2026-03-02", ())
    folder = publishing.site_of(desk.env).folder
    assert "停水通告" not in (folder / "index.html").read_text(encoding="utf-8")
    assert "请咨询办公室" in (folder / entry.address / "index.html").read_text(encoding="utf-8")
    assert list((folder / entry.address).glob("*.pdf")) == []


def test_abolished_it_stays_and_says_so(desk):
    case_id = published(desk)
    act(desk, case_id, "abolished")
    passing_time.deliver_outbox(desk.env)
    (entry,) = on_site(desk)
    assert entry.validity == "已废止"
    assert entry.files


def test_a_text_changed_after_its_review_is_refused(desk):
    case_id = prepared(desk)
    with UnitOfWork(desk.env.database, writing=True) as uow:
        (row,) = documents.case_documents(uow.connection, case_id)
        later = row["created_at"] + timedelta(minutes=1)
        other = {"sha256": desk.env.blobs.put(OTHER), "size": len(OTHER), "created_at": later}
        newer = {**row, "id": "f" * 32, **other}
        documents.add_document(uow.connection, [newer])
        uow.commit()
    with pytest.raises(commands.CaseStopped) as stopped:
        do(desk, "zhao", case_id, "review")
    assert "审查之后有改动" in stopped.value.sentence


def test_damaged_bytes_are_never_published(desk):
    case_id = prepared(desk)
    (blob,) = (p for p in desk.env.blobs.folder.rglob("*") if p.is_file())
    blob.write_bytes(OTHER)
    with pytest.raises(commands.CaseStopped):
        do(desk, "zhao", case_id, "review")
    assert on_site(desk) == []


def test_a_folder_that_cannot_be_written_is_tried_again(desk):
    case_id = prepared(desk)
    do(desk, "zhao", case_id, "review")
    folder = publishing.site_of(desk.env).folder
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("in the way")
    assert passing_time.deliver_outbox(desk.env) == 0
    folder.unlink()
    desk.time.advance(timedelta(hours=5))
    assert passing_time.deliver_outbox(desk.env) == 1
    assert len(on_site(desk)) == 1
