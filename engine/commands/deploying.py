"""Putting a folder into force: a version with its whole content, an author, a reason and a date."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from engine import audit
from engine.access import require
from engine.bpmn import check
from engine.bpmn.findings import ERROR, WARNING, DefinitionRefused, Finding
from engine.bpmn.model import Definition
from engine.commands.errors import WarningsNotAccepted
from engine.commands.noting import note
from engine.commands.recomputing import Moving, finish_recomputing, must_recompute
from engine.environment import OFFICE, Environment
from engine.errors import BadInput
from engine.identity import SYSTEM, Actor
from engine.institution import Institution
from engine.procedure import Procedure, content_hash, read_folder
from engine.procedure_check import inspect, known
from engine.store import definitions as store
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

FURTHEST = timedelta(days=366)  # a date in force further off is a slip of the pen

FIRST_REASON = "首次启用"  # of what the first start deploys by itself


@dataclass(frozen=True)
class DeployedVersion:
    """What a deployment made: version, and the dates it moved in open cases (office data only)."""

    procedure: str
    version_id: str
    number: int
    moved: Sequence[Moving] = ()


def deploy_folder(
    env: Environment,
    actor: Actor,
    folder: Path,
    reason: str,
    *,
    accepted: Collection[str] = (),
    from_day: date | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> DeployedVersion:
    """Store the folder as a new version.

    Args:
        reason: why, in a sentence; required.
        accepted: ids of warnings (``rule:element``) that the administrator takes upon himself.
        from_day: the legal day from which new cases follow it (施行日期), today or later; None: at once. The
            office's own data come into force at once.
        progress: told how many of how many open cases were computed again (the office's data only).

    Raises:
        Denied; BadInput: the folder cannot be read; DefinitionRefused: errors; WarningsNotAccepted.
    """
    if not actor.is_system:
        require(env.institution().rules, actor, "procedures.deploy")
    if not reason.strip():
        raise BadInput("no reason", sentence=say("请写明启用的理由，例如会议纪要编号"))
    today = legal_day(env.time.now())
    if from_day is not None:
        _refuse_day(from_day, today, office=folder.name == OFFICE)
    files = read_folder(folder)
    if folder.name == OFFICE:
        return deploy_office(env, actor, files, reason, progress)
    procedure, findings = findings_of(files, env.institution(), diagram_in_force(env, folder.name))
    if procedure is None:
        raise DefinitionRefused(findings)
    if procedure.key != folder.name:
        raise BadInput(
            f"{folder.name} holds {procedure.key}",
            sentence=say(
                "文件夹名“{folder}”与 procedure.yaml 的 key“{key}”不一致，请改成一样",
                folder=folder.name,
                key=procedure.key,
            ),
        )
    _refuse(findings, accepted)
    version = _store(env, actor, procedure.key, files, reason, from_day or today)
    env.refresh()
    return version


def _refuse_day(day: date, today: date, *, office: bool) -> None:
    if day < today:
        raise BadInput(
            f"{day} is past", sentence=say("施行日期不能早于今天，请填写今天或者以后的日期")
        )
    if day > today + FURTHEST:
        raise BadInput(f"{day} is far off", sentence=say("施行日期最远到一年以后，请核对"))
    if office and day > today:
        raise BadInput(
            "office data are in force at once",
            sentence=say("本机关资料启用后立即施行，不能另定施行日期"),
        )


def findings_of(
    files: Mapping[str, bytes], institution: Institution, previous: Definition | None = None
) -> tuple[Procedure | None, list[Finding]]:
    """Return a folder's procedure and everything the deployment check says of it.

    previous: the diagram in force; ids that are gone from it are found.
    """
    office, settings = institution.office, institution.settings
    procedure, findings = inspect(files, office, settings)
    if procedure is None:
        return None, findings
    named = known(procedure, office, previous, settings)
    return procedure, [*findings, *check(procedure.sources, named)]


def diagram_in_force(env: Environment, key: str) -> Definition | None:
    """Return the diagram of a procedure that is in force, None where there is none yet."""
    version_id = env.procedures_in_force().get(key)
    return env.deployed(version_id).definition if version_id is not None else None


def _refuse(findings: Sequence[Finding], accepted: Collection[str]) -> None:
    if any(finding.severity == ERROR for finding in findings):
        raise DefinitionRefused(findings)
    left = sorted(
        {f"{finding.rule}:{finding.element}" for finding in findings if finding.severity == WARNING}
        - set(accepted)
    )
    if left:
        raise WarningsNotAccepted(left)


def deploy_office(
    env: Environment,
    actor: Actor,
    files: Mapping[str, bytes],
    reason: str,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> DeployedVersion:
    """Put the office's own data into force and compute every open clock again; the right is the caller's to check.

    Killed between the two, the next tick of the scheduler computes what is left.

    Raises:
        BadInput: the data cannot be used, or is what is in force already.
    """
    Institution.from_files(files, "check")  # refuses what cannot be used, before anything is stored
    version = _store(env, actor, OFFICE, files, reason, legal_day(env.time.now()))
    env.refresh()
    env.forget_compiled()
    moved = finish_recomputing(env, progress)
    return DeployedVersion(version.procedure, version.version_id, version.number, moved)


def _store(
    env: Environment,
    actor: Actor,
    key: str,
    files: Mapping[str, bytes],
    reason: str,
    from_day: date,
) -> DeployedVersion:
    now = env.time.now()
    digest = content_hash(files, env.config.hash_algorithm)
    with UnitOfWork(env.database, writing=True) as uow:
        before = store.in_force(uow.connection, key)
        if before is not None and before["content_hash"] == digest:
            raise BadInput(
                f"{key} unchanged", sentence=say("内容与正在使用的版本完全相同，不需要启用")
            )
        version_id, number = store.add(
            uow.connection,
            procedure=key,
            content=files,
            content_hash=digest,
            by=actor.person_id,
            at=now,
            reason=reason.strip(),
            from_day=from_day,
        )
        if key == OFFICE:
            must_recompute(uow.connection, version_id)
        note(
            env,
            uow.connection,
            actor,
            audit.AuditEvent(
                "ProcedureDeployed",
                f"procedure:{key}",
                None,
                {
                    "number": number,
                    "hash": digest,
                    "before": before["number"] if before else 0,
                    "in_force_from": str(from_day),
                },
                reason=reason.strip(),
                version=version_id,
            ),
        )
        uow.commit()
    return DeployedVersion(key, version_id, number)


def deploy_missing(env: Environment, reason: str = FIRST_REASON) -> list[BadInput]:
    """Put into force each folder of ``processes/`` that has no version yet, the office's data first.

    Returns:
        What was refused: a folder that is not right (a half-written one, say) does not keep the others or the
        server from starting; it waits on the procedures page with what was found in it.

    Raises:
        BadInput: the office's own data cannot be used or are nowhere; nothing works without them.
    """
    root = env.config.processes
    with UnitOfWork(env.database, writing=False) as uow:
        have = set(store.procedures(uow.connection))
    if OFFICE not in have and not (root / OFFICE).is_dir():
        sentence = say(
            "没有文件夹 {path}；请在项目文件夹里运行，或者在 config.yaml 里写明 processes",
            path=str(root / OFFICE),
        )
        raise BadInput(f"no folder {root / OFFICE}", sentence=sentence)
    folders = sorted(
        (path for path in root.glob("*/") if path.name[0] != "."),
        key=lambda path: (path.name != OFFICE, path.name),
    )
    refused: list[BadInput] = []
    for folder in folders:
        if folder.name in have:
            continue
        try:
            deploy_folder(env, SYSTEM, folder, reason)
        except BadInput as error:
            if folder.name == OFFICE:
                raise
            refused.append(error)
        except WarningsNotAccepted as error:
            sentence = say(
                "{folder}：有{rules}条警告须由流程管理员认可后启用",
                folder=folder.name,
                rules=len(error.rules),
            )
            refused.append(BadInput(f"{folder.name}: {error}", sentence=sentence))
    return refused
