"""``gongkai doctor`` over a real office: each answer a sentence that says what to do where it is not in order."""

from __future__ import annotations

from datetime import date

from engine.commands.publishing import site_of
from engine.doctor import Remark, examine
from engine.identity import Post
from engine.publication import CatalogueEntry, PublishedFile
from engine.store import accounts
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk


def said(desk: Desk) -> dict[str, Remark]:
    return {one.name: one for one in examine(desk.env)}


def test_a_published_file_that_was_changed_is_named(desk):
    assert said(desk)["publication"].sentence == "公开目录0条，文件都和审查过的一样"
    sha256 = desk.env.blobs.put(b"reviewed")
    entry = CatalogueEntry(
        index="某城执-2026-00001",
        sequence=1,
        title="目录",
        files=(PublishedFile("目录.pdf", sha256, 8),),
    )
    site_of(desk.env).put(entry, {sha256: b"reviewed"})
    assert said(desk)["publication"].ok
    published = site_of(desk.env).folder / entry.address / entry.files[0].address
    published.write_bytes(b"changed")
    found = said(desk)["publication"]
    assert not found.ok
    assert "有1个文件和审查过的不一样" in found.sentence


def test_two_administrations_in_one_hand_and_an_account_without_a_post_are_named(desk):
    assert said(desk)["accounts"].sentence == "可以登录的账号有6个"
    with UnitOfWork(desk.env.database, writing=True) as uow:
        person = accounts.add_person(uow.connection, login="lin", name="林若川")
        for role in ("system_admin", "audit_admin"):
            accounts.add_post(uow.connection, person, Post(role), date(2026, 1, 1))
        accounts.add_person(uow.connection, login="bai", name="白静")
        uow.commit()
    found = said(desk)["accounts"]
    assert not found.ok
    assert found.sentence == (
        "可以登录的账号有8个，lin兼任了两种管理员，请分开，bai现在没有岗位，请停用"
    )


def test_the_version_is_told(desk):
    assert "程序版本 0.1.0，启用了1个办事程序" in said(desk)["version"].sentence


def test_a_machine_without_a_converter_is_told_what_the_archive_will_get(
    desk, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", str(tmp_path))
    remark = said(desk)["pdfa"]
    assert remark.ok
    assert "不转换为 PDF/A" in remark.sentence
