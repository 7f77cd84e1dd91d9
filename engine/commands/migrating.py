"""Carrying an open case over to another version of its procedure: by hand, with a reason, all of it or nothing.

Work items keep their ids, so that drafts, whoever has taken one and the day from which its limit runs stay. Facts
and the record are the case's own; its clocks follow the definitions of the new version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.access import require
from engine.bpmn.execute import frontier
from engine.bpmn.migrate import migrate
from engine.bpmn.step import Step
from engine.commands import stepping, writing
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.errors import CaseClosed
from engine.environment import Environment
from engine.errors import BadInput, EngineError, NotFound, RevisionConflict
from engine.identity import Actor
from engine.store import cases
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say


@dataclass(frozen=True)
class Carried:
    """What came of carrying several cases over: those that moved, and of the others why not (a sentence)."""

    moved: Sequence[Moved]
    left: Mapping[str, str]


def migrate_case(
    env: Environment,
    actor: Actor,
    case_id: str,
    reason: str,
    *,
    version: str | None = None,
    mapping: Mapping[str, str] | None = None,
    revision: int | None = None,
) -> Moved:
    """Carry one open case over to another version of its procedure.

    Args:
        reason: why, in a sentence; required.
        version: id of the version; the one in force where None.
        mapping: old id -> new id of steps, flows and gateways that have another id there.
        revision: at which the case was looked at; None takes it as it is now.

    Raises:
        Denied; NotFound: no such case, or no such version of its procedure. BadInput: no reason, or nothing to do.
        CaseClosed. RevisionConflict: the case has moved on. NotMovable: where it stands is not in the new version.
        StepFailed: something the new version says of an open task cannot be computed. Nothing was changed.
    """
    require(env.institution().rules, actor, "procedures.deploy")
    if not reason.strip():
        raise BadInput("no reason", sentence=say("请写明为什么把案件转到新版本"))
    for _ in range(stepping.TRIES):
        with UnitOfWork(env.database, writing=False) as uow:
            case = cases.load(uow.connection, case_id)
            items = cases.case_items(uow.connection, case_id)
        if case is None:
            raise NotFound("case", case_id)
        if case.status != "open":
            raise CaseClosed(case.number)
        if revision is not None and case.revision != revision:
            raise RevisionConflict(f"case {case_id} is at revision {case.revision}, not {revision}")
        open_items = {row["token"]: row for row in items if row["status"] == "open"}
        try:
            return _carry(
                env, actor, case, open_items, _target(env, case, version), mapping or {}, reason
            )
        except RevisionConflict:
            continue
    raise RevisionConflict(f"case {case_id} kept changing")


def migrate_cases(
    env: Environment,
    actor: Actor,
    revisions: Mapping[str, int],
    reason: str,
    *,
    version: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> Carried:
    """Carry several cases over, each by itself: one that cannot be moved holds up no other.

    revisions: case id -> revision at which it was looked at.

    Raises:
        Denied, BadInput: no reason.
    """
    moved: list[Moved] = []
    left: dict[str, str] = {}
    for case_id, revision in revisions.items():
        try:
            moved.append(
                migrate_case(
                    env, actor, case_id, reason, version=version, mapping=mapping, revision=revision
                )
            )
        except RevisionConflict:
            left[case_id] = say("案件刚刚有了变化，请核对后再转")
        except (EngineError, BadInput) as error:
            if error.code == "denied" or not reason.strip():
                raise
            left[case_id] = getattr(error, "sentence", None) or say("案件已经不在了")
    return Carried(moved, left)


def _target(env: Environment, case: CaseRow, version: str | None) -> str:
    target = version or env.version_in_force(case.procedure)
    if target == case.version_id:
        raise BadInput(
            f"case {case.id} runs under {target}",
            sentence=say("{number} 已经按这一版办理", number=case.number),
        )
    if env.deployed(target).procedure.key != case.procedure:
        raise NotFound("version", target)
    return target


def _carry(
    env: Environment,
    actor: Actor,
    case: CaseRow,
    open_items: Mapping[str, Mapping[str, Any]],
    target: str,
    mapping: Mapping[str, str],
    reason: str,
) -> Moved:
    old, new = env.deployed(case.version_id), env.deployed(target)
    doers = {mapping.get(activity, activity): people for activity, people in case.doers.items()}
    carried = case._replace(version_id=target, doers=doers)
    host = CaseHost.open(env, actor, carried, {})
    state = migrate(old.definition, new.definition, host, case.state, mapping)
    was, now = frontier(old.definition, case.state, host), frontier(new.definition, state, host)
    step = Step(
        state,
        timers_gone=[timer.id for timer in was.timers],
        timers_armed=now.timers,
        waits_gone=[wait.id for wait in was.waits],
        waits_added=now.waits,
    )
    stepping.refuse_silent_stop(host, step)
    cause = Cause(
        "migrate",
        "CaseMigrated",
        {},
        body={"before": old.number, "after": new.number, "mapping": dict(mapping)},
        reason=reason.strip(),
    )
    rows = [
        {
            "id": open_items[item.token]["id"],
            **writing.offered(carried, host, item, legal_day(open_items[item.token]["opened_at"])),
        }
        for item in now.tasks
        if item.token in open_items
    ]
    with UnitOfWork(env.database, writing=True) as uow:
        moved = writing.write_in(uow.connection, env, actor, case, False, host, step, cause)
        cases.offer_again(uow.connection, rows)
        writing.write_clocks(uow.connection, case.id, host)
        uow.commit()
    return moved
