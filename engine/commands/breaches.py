"""A breach that was recorded and does not stand any more: taken back, never deleted, and told to what it started.

Whether a limit ran out on a day is asked of the facts as they are known now: those that lie on or before that
day, wrong ones superseded. What happened later (a restart, an extension) takes no breach away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from engine import audit
from engine.case_file import CaseFile
from engine.commands.case_host import CaseHost
from engine.statutory_clock import in_force
from engine.store import outbox
from engine.store import warnings as store
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import Connection


def stands(file: CaseFile, clock: str, party: str, due: date) -> bool:
    """Say whether a limit ran out on its day, by the facts as the case's file knows them now."""
    then = CaseFile(
        number=file.number,
        procedure=file.procedure,
        deployed=file.ground,
        institution=file.institution,
        fields=file.fields,
        events=[one for one in in_force(file.events)[0] if one.date <= due],
        now=datetime.combine(due + timedelta(days=1), time(12), tzinfo=OFFICE_ZONE),
    )
    given = then.clock(clock, party or None)
    return given is not None and given.due is not None and given.due <= due and (
        given.state in store.RUNNING
    )  # fmt: skip


def look_again(connection: Connection, host: CaseHost) -> list[audit.AuditEvent]:
    """Take back the breaches of a case that its facts do not bear any more; return what the trail takes over.

    One that was taken back and stands after all, because the correction was corrected, is set in force again.
    """
    events = []
    for row in store.breaches(connection, host.case.id):
        holds = stands(host.file, row["clock"], row["party"], row["due"])
        if holds == (row["withdrawn_at"] is None):
            continue
        store.set_withdrawn(connection, row["id"], None if holds else host.now)
        action = "BreachRecorded" if holds else "BreachWithdrawn"
        body = {"due": str(row["due"]), "held": row["held"]}
        about = f"clock:{row['clock']}"
        events.append(
            audit.AuditEvent(action, about, host.case.id, body, version=host.case.version_id)
        )
        if not holds:
            outbox.add(connection, [_message(host, row)])
    return events


def _message(host: CaseHost, row: Mapping[str, Any]) -> dict[str, Any]:
    key = f"breach:{row['case_id']}:{row['clock']}:{row['party']}:{row['due']}"
    definition = host.file.clocks.get(row["clock"])
    return {
        "key": f"back:{row['id']}:{host.case.revision + 1}",
        "case_id": host.case.id,
        "kind": "breach_withdrawn",
        "body": {
            "started": key,
            "number": host.case.number,
            "clock": definition.title if definition else row["clock"],
            "due": str(row["due"]),
        },
        "created_at": host.now,
        "attempts": 0,
    }
