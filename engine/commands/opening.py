"""How a case begins: its number, its first form, and the first step in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from engine.bpmn import execute
from engine.bpmn.step import Step
from engine.commands import stepping
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause, Moved
from engine.commands.effects import Taken
from engine.commands.errors import FormOutdated
from engine.commands.joining import joined
from engine.commands.submitting import (
    Upload,
    judged,
    personal_values,
    refuse_classified,
    require_right,
    stored,
)
from engine.deployed import Deployed
from engine.environment import Environment
from engine.forms import Form
from engine.identity import Actor
from engine.personal import seal_fields
from engine.store import numbers
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork


def start_case(
    env: Environment,
    actor: Actor,
    procedure: str,
    values: Mapping[str, Any] | None = None,
    files: Sequence[Upload] = (),
    *,
    key: str | None = None,
    variables: Mapping[str, Any] | None = None,
    via_form: bool = True,
    event: str | None = None,
) -> Moved:
    """Start a case; where its first step is a form, that form is submitted with it.

    So nothing is stored of a case that nobody registered: start and first step are one transaction.

    Args:
        values: answers of the first step's form, as posted or as JSON.
        key: of the rendered form; a second post with it changes nothing.
        variables: what a calling procedure hands over.
        via_form: False starts the case and leaves its first step open (started by the engine).
        event: the start event by which it begins, where that is not the plain one.

    Raises:
        Denied, SubmissionInvalid, CaseStopped.
        FormOutdated: another version came into force meanwhile; the next attempt is under that one.
    """
    try:
        return _start(
            env, actor, procedure, values or {}, files, key, variables or {}, via_form, event
        )
    except FormOutdated:
        env.refresh()
        raise


def _start(
    env: Environment,
    actor: Actor,
    procedure: str,
    values: Mapping[str, Any],
    files: Sequence[Upload],
    key: str | None,
    variables: Mapping[str, Any],
    via_form: bool,
    event: str | None,
) -> Moved:
    deployed = env.deployed(env.version_in_force(procedure))
    roles = deployed.procedure.start.roles if deployed.procedure.start else ()
    require_right(env, actor, "case.start", roles, f"procedure:{procedure}")
    first = first_form(deployed) if via_form else None
    submitted = judged(env, actor, deployed, first[1] if first else None, values, None, files)
    refuse_classified(env, actor, f"procedure:{procedure}", None, files, values)
    documents = stored(env, first[1] if first else None, files)
    case_id = uuid.uuid4().hex

    def read(connection: Connection) -> tuple[CaseRow, bool]:
        return _new_case(env, connection, deployed, case_id, variables), True

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        host.numbers.append(_case_number(env, host))
        begun = execute.start(deployed.definition, host, dict(variables), event=event)
        if first is None:
            return begun
        token = next(item.token for item in begun.opened if item.activity_id == first[0])
        done = execute.complete(deployed.definition, host, begun.state, token, submitted)
        return joined(begun, done)

    return stepping.run(
        env,
        actor,
        read,
        act,
        Cause(
            "start",
            "TaskCompleted" if first else "CaseOpened",
            {"do": "start", "procedure": procedure},
            activity_id=first[0] if first else None,
            form=first[1].key if first else None,
            submission=seal_fields(env, deployed.procedure.personal, submitted) if first else None,
            documents=documents,
            key=key,
            personal=personal_values(deployed.procedure.personal, submitted),
            refers=first[1].cases_named(submitted) if first else {},
            roles=roles,
        ),
        fields=submitted,
    )


def first_form(deployed: Deployed) -> tuple[str, Form] | None:
    """Return (activity id, form) of the one user task that a new case begins with, if it has a form.

    A gateway before it asks who called the procedure; nobody did, so its default is the way.
    """
    definition = deployed.definition
    starts = definition.processes[definition.main].body.starts
    if len(starts) != 1 or len(starts[0].out) != 1:
        return None
    first = starts[0].out[0].target
    while first.kind == "exclusive" and first.default is not None:
        first = first.default.target
    if first.kind != "user" or first.work is None or first.work.form is None:
        return None
    return first.id, deployed.procedure.forms[first.work.form]


def _new_case(
    env: Environment,
    connection: Connection,
    deployed: Deployed,
    case_id: str,
    variables: Mapping[str, Any],
) -> CaseRow:
    now = env.time.now()
    series, year = deployed.procedure.numbering, legal_day(now).year
    number = numbers.next_number(connection, series, year)
    return CaseRow(
        id=case_id,
        procedure=deployed.procedure.key,
        version_id=deployed.version_id,
        number=env.institution().office.number(series, year, number),
        subject="",
        kind="",
        status="open",
        how=None,
        outcome=None,
        opened_at=now,
        closed_at=None,
        fields=dict(variables),
        state={},
        revision=0,
        called_versions={},
        doers={},
    )


def _case_number(env: Environment, host: CaseHost) -> Taken:
    series, year = host.deployed.procedure.numbering, host.today.year
    with UnitOfWork(env.database, writing=False) as uow:
        return Taken(series, year, numbers.next_number(uow.connection, series, year))
