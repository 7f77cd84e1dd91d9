"""Taking over an old register: all of it or nothing.

Closed rows become closed cases marked 补录, without instance, clock or breach. Open rows are started at
their date of receipt, so that their clocks run from then.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import time
from typing import Any

from engine import audit
from engine.access import require
from engine.bpmn import execute
from engine.commands import writing
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause
from engine.commands.noting import note
from engine.deployed import Deployed
from engine.environment import Environment
from engine.errors import BadInput
from engine.identity import Actor
from engine.register_import import RegisterRow, read_mapping, read_register
from engine.store import cases, references
from engine.store.cases import CaseRow
from engine.timesource import legal_day, office_instant
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

MARK = "imported"


def register_rows(
    env: Environment,
    actor: Actor,
    procedure: str,
    data: bytes,
    name: str,
    mapping: tuple[bytes, str] | None = None,
) -> list[RegisterRow]:
    """Return what each row of a register would become, with its problems; nothing is written.

    Args:
        mapping: (bytes, name) of the file that says which column is what.

    Raises:
        Denied; NotFound: no such procedure; ImportRefused, MappingInvalid.
    """
    _may(env, actor)
    deployed = env.deployed(env.version_in_force(procedure))
    with UnitOfWork(env.database, writing=False) as uow:
        taken = cases.numbers(uow.connection)
    mapped = read_mapping(*mapping) if mapping else None
    today = legal_day(env.time.now())
    return read_register(data, name, deployed.procedure, mapped, today=today, taken=taken)


def _may(env: Environment, actor: Actor) -> None:
    if not actor.is_system:
        require(env.institution().rules, actor, "register.import")


def import_register(
    env: Environment,
    actor: Actor,
    procedure: str,
    rows: Sequence[RegisterRow],
    *,
    progress: Callable[[int], object] = lambda done: None,
) -> int:
    """Write every row in one transaction; return how many.

    Raises:
        BadInput: a row has a problem; nothing was written.
        Denied.
    """
    _may(env, actor)
    bad = [row for row in rows if row.problems]
    if bad:
        raise BadInput(
            f"{len(bad)} rows with problems",
            sentence=say(
                "有{n}行有问题（第一处在第{line}行：{problem}），什么也没有导入",
                n=len(bad),
                line=bad[0].line,
                problem=bad[0].problems[0],
            ),
        )
    deployed = env.deployed(env.version_in_force(procedure))
    batch = uuid.uuid4().hex[:12]
    with UnitOfWork(env.database, writing=True) as uow:
        for place, row in enumerate(rows):
            _write(env, actor, uow.connection, deployed, row, batch)
            progress(place + 1)
        for row in rows:  # after all of them: one may name a later one
            if row.cases:
                case_id = str(cases.id_of_number(uow.connection, row.values["number"]))
                named = {key: [number] for key, number in row.cases.items()}
                references.replace(uow.connection, case_id, named)
        note(
            env,
            uow.connection,
            actor,
            audit.AuditEvent(
                "RegisterImported",
                f"procedure:{procedure}",
                body={"rows": len(rows), "batch": batch},
                version=deployed.version_id,
            ),
        )
        uow.commit()
    return len(rows)


def _write(
    env: Environment,
    actor: Actor,
    connection: Connection,
    deployed: Deployed,
    row: RegisterRow,
    batch: str,
) -> None:
    case = _case(deployed, row, batch)
    if not row.is_closed:
        _start(env, actor, connection, deployed, case, row)
        return
    cases.insert_case(connection, case)
    note(
        env,
        connection,
        actor,
        audit.AuditEvent(
            "CaseImported",
            f"case:{case.number}",
            case.id,
            {"line": row.line, "batch": batch, "outcome": case.outcome or ""},
            version=deployed.version_id,
        ),
    )


def _case(deployed: Deployed, row: RegisterRow, batch: str) -> CaseRow:
    values = row.values
    received = office_instant(values["received_on"], time(9))
    closed = office_instant(values["closed_on"], time(17)) if values["closed_on"] else None
    fields: dict[str, Any] = {
        MARK: batch,
        "received_on": values["received_on"].isoformat(),
        **{key: values[key] for key in ("unit", "letter_number") if values.get(key)},
        **row.cases,
    }
    if closed:
        fields["closed_on"] = values["closed_on"].isoformat()
    return CaseRow(
        id=uuid.uuid4().hex,
        procedure=deployed.procedure.key,
        version_id=deployed.version_id,
        number=values["number"],
        subject=values["subject"][:500],
        kind=str(values.get("kind") or "")[:64],
        status="closed" if closed else "open",
        how="imported" if closed else None,
        outcome=values.get("outcome"),
        opened_at=received,
        closed_at=closed,
        fields=fields,
        state={},
        revision=0,
        called_versions={},
        doers={},
    )


def _start(
    env: Environment,
    actor: Actor,
    connection: Connection,
    deployed: Deployed,
    case: CaseRow,
    row: RegisterRow,
) -> None:
    """Start an open row: its first step stays open, for what the register did not say."""
    day = row.values["received_on"]
    host = CaseHost.open(env, actor, case, {"channel": "counter", "submitted_on": day.isoformat()})
    host.record("submitted", day, {"evidence": f"登记簿第{row.line}行"}, "")
    step = execute.start(deployed.definition, host, {})
    cause = Cause("start", "CaseImported", {}, body={"line": row.line, "open": True})
    writing.write_in(connection, env, actor, case, True, host, step, cause)
