"""Procedures for administrators: versions in force and past, and folders that changed on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.access import require
from engine.bpmn.load import XmlRefused
from engine.commands.deploying import findings_of
from engine.environment import OFFICE, Environment
from engine.errors import BadInput, NotFound
from engine.identity import Actor
from engine.procedure import content_hash, read_folder
from engine.queries.common import People
from engine.queries.pages import ProcedureView, VersionView
from engine.store import definitions as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say


def procedures(env: Environment, actor: Actor) -> list[ProcedureView]:
    """Return every procedure with its versions and, where the folder changed, what was found in it.

    Raises:
        Denied: the actor may not see procedures.
    """
    require(env.institution().rules, actor, "procedures.read")
    env.refresh()
    with UnitOfWork(env.database, writing=False) as uow:
        keys = [key for key in store.procedures(uow.connection) if key != OFFICE]
        rows = {key: store.versions(uow.connection, key) for key in keys}
        open_by = store.open_cases_by_version(uow.connection)
        people = People.read(uow.connection, legal_day(env.time.now()))
    views = []
    for key, versions in rows.items():
        shown = [
            VersionView(
                number=row["number"],
                deployed_at=row["deployed_at"],
                deployed_by=people.name(row["deployed_by"]),
                reason=row["reason"],
                in_force=index == 0,
                hash=row["content_hash"][:12],
                open_cases=open_by.get(row["id"], 0),
            )
            for index, row in enumerate(versions)
        ]
        changed, findings, differences = _folder(env, key, versions[0]["content_hash"])
        views.append(
            ProcedureView(
                key=key,
                title=env.deployed(versions[0]["id"]).procedure.title,
                versions=shown,
                changed=changed,
                findings=findings,
                differences=differences,
                open_cases=sum(view.open_cases for view in shown),
                xml_url=f"/versions/{versions[0]['id']}/diagram.bpmn",
            )
        )
    return views


def _folder(env: Environment, key: str, in_force: str) -> tuple[bool, list[object], list[str]]:
    """Compare the folder on disk with the version in force."""
    folder: Path = env.config.processes / key
    if not folder.is_dir():
        return False, [], []
    try:
        files = read_folder(folder)
    except BadInput as error:
        return True, [error], [error.sentence]
    if content_hash(files, env.config.hash_algorithm) == in_force:
        return False, [], []
    with UnitOfWork(env.database, writing=False) as uow:
        row = store.in_force(uow.connection, key)
        before = store.files(uow.connection, row["id"]) if row else {}
    try:
        _, findings = findings_of(files, env.institution().office)
    except XmlRefused as error:
        return True, [error], [error.sentence]
    return True, list(findings), _differences(before, files)


def _differences(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    """Say in sentences which files came, went or changed."""
    said = [say("新增 {file}", file=path) for path in sorted(set(after) - set(before))]
    said += [say("删除 {file}", file=path) for path in sorted(set(before) - set(after))]
    said += [
        say("改动 {file}", file=path)
        for path in sorted(set(before) & set(after))
        if before[path] != after[path]
    ]
    return said


def diagram_xml(env: Environment, actor: Actor, version_id: str) -> bytes:
    """Return the diagram of a version as it was drawn: no case content, so any signed-in person may.

    Raises:
        NotFound: no such version.
    """
    if not actor.roles:
        raise NotFound("version", version_id)
    procedure = env.deployed(version_id).procedure
    return procedure.files[procedure.main]


def version_files(env: Environment, actor: Actor, key: str, number: int) -> dict[str, bytes]:
    """Return the whole content of one version, for download.

    Raises:
        Denied, NotFound.
    """
    require(env.institution().rules, actor, "procedures.read")
    with UnitOfWork(env.database, writing=False) as uow:
        for row in store.versions(uow.connection, key):
            if row["number"] == number:
                return store.files(uow.connection, row["id"])
    raise NotFound("version", f"{key} {number}")
