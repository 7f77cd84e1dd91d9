"""Warnings and breaches: the ladder of the office climbed rung by rung, and a limit that ran out recorded.

Nothing to press: a chase goes out when its day comes and stops when its cause goes away. What was missed
while the machine was off is done once, with its true day and its lateness.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine import audit
from engine.commands.noting import note
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.lengths import parse_length
from engine.office import LadderStep
from engine.statutory_clock import ClockDefinition
from engine.store import cases, outbox
from engine.store import warnings as store
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork


def climb_ladder(env: Environment) -> int:
    """Send the warnings that are due for running clocks, each rung once; return how many.

    A rung that was missed while the machine was off is climbed now and says by how many days late.
    """
    today, sent = legal_day(env.time.now()), 0
    with UnitOfWork(env.database, writing=False) as uow:
        watched = store.running_clocks(uow.connection)
        climbed = store.climbed(uow.connection)
    for row in watched:
        sent += _climb_clock(env, row, today, climbed)
    return sent


def _climb_clock(
    env: Environment,
    row: Mapping[str, Any],
    today: date,
    done: set[tuple[str, str, date, str]],
) -> int:
    institution = env.institution()
    climbed = 0
    for step in institution.office.ladder:
        if step.clocks and row["clock"] not in step.clocks:
            continue
        if (row["case_id"], row["clock"], row["due"], str(step.level)) in done:
            continue
        day = institution.shift(row["due"], parse_length(step.at))
        if day > today:
            continue
        with UnitOfWork(env.database, writing=True) as uow:
            key = {
                "case_id": row["case_id"],
                "clock": row["clock"],
                "due": row["due"],
                "rung": str(step.level),
            }
            if store.has_climbed(uow.connection, key):
                continue  # another tick was faster
            now = env.time.now()
            store.climb(
                uow.connection,
                {**key, "planned_for": day, "sent_at": now, "late_days": (today - day).days},
            )
            outbox.tell(uow.connection, _told(uow.connection, row, step, now))
            note(
                env,
                uow.connection,
                SYSTEM,
                audit.AuditEvent(
                    "WarningSent",
                    f"clock:{row['clock']}",
                    row["case_id"],
                    {
                        "rung": step.level,
                        "title": step.title,
                        "due": str(row["due"]),
                        "planned_for": str(day),
                        "late_days": (today - day).days,
                    },
                ),
            )
            uow.commit()
            climbed += 1
    return climbed


def _told(
    connection: Connection, row: Mapping[str, Any], step: LadderStep, now: datetime
) -> list[dict[str, Any]]:
    """Return the notices of one rung: to whoever holds the case, and to the roles the ladder names."""
    notices = []
    text = f"{row['number']} {step.title}：法定届满 {row['due']}"
    base = {"case_id": row["case_id"], "text": text, "at": now}
    for target in step.to:
        if target != "holder":
            notices.append({**base, "person_id": None, "role": target, "unit": None})
            continue
        for item in cases.case_items(connection, row["case_id"]):
            if item["status"] == "open":
                notices.append(
                    {
                        **base,
                        "person_id": item["assignee"],
                        "role": None if item["assignee"] else item["role"],
                        "unit": None if item["assignee"] else item["unit"],
                    }
                )
    return notices


def record_breaches(env: Environment) -> int:
    """Record each limit of ours that ran out, once, with who held the case; return how many.

    A limit of others that lapses, a reminder and an expected date are no breach. Where the office's ladder
    says so (``starts``), the breach starts that procedure with its file; where that procedure is not
    deployed, it waits in the list.
    """
    today, count = legal_day(env.time.now()), 0
    with UnitOfWork(env.database, writing=False) as uow:
        running = store.running_clocks(uow.connection)
        known = store.recorded_breaches(uow.connection)
    for row in running:
        key = (row["case_id"], row["clock"], row["party"], row["due"])
        if row["due"] >= today or key in known:
            continue
        definition = env.deployed(row["version_id"]).clocks.get(row["clock"])
        if definition is not None and definition.is_ours:
            _record(env, row, definition, today)
            count += 1
    return count


def _record(
    env: Environment, row: Mapping[str, Any], definition: ClockDefinition, today: date
) -> None:
    now = env.time.now()
    with UnitOfWork(env.database, writing=True) as uow:
        held = _held(env, uow.connection, row["case_id"], today)
        store.record_breach(
            uow.connection,
            {
                "case_id": row["case_id"],
                "clock": row["clock"],
                "party": row["party"],
                "due": row["due"],
                "recorded_at": now,
                "held": held,
            },
        )
        outbox.add(uow.connection, _accounts(env, row, definition, held, now))
        note(
            env,
            uow.connection,
            SYSTEM,
            audit.AuditEvent(
                "BreachRecorded",
                f"clock:{row['clock']}",
                row["case_id"],
                {"due": str(row["due"]), "held": held},
                version=row["version_id"],
            ),
        )
        uow.commit()


def _held(
    env: Environment, connection: Connection, case_id: str, today: date
) -> list[dict[str, Any]]:
    """Return who held the case for how many working days, longest first."""
    calendar = env.institution().calendar
    shares = [
        {
            "activity": item["activity_id"],
            "name": item["name"],
            "person": item["closed_by"] or item["assignee"],
            "role": item["role"],
            "unit": item["unit"],
            "working_days": calendar.working_days_between(
                legal_day(item["opened_at"]),
                legal_day(item["closed_at"]) if item["closed_at"] else today,
            ),
        }
        for item in cases.case_items(connection, case_id)
    ]
    return sorted(shares, key=lambda share: -int(share["working_days"]))


def _accounts(
    env: Environment,
    row: Mapping[str, Any],
    definition: ClockDefinition,
    held: list[dict[str, Any]],
    now: datetime,
) -> list[dict[str, Any]]:
    """Return the message that starts the procedure which the ladder names for a breach."""
    starts = {
        step.starts
        for step in env.institution().office.ladder
        if step.starts
        and (not step.clocks or row["clock"] in step.clocks)
        and row["clock"] not in step.starts_not_for
    }
    return [
        {
            "key": f"breach:{row['case_id']}:{row['clock']}:{row['party']}:{row['due']}",
            "case_id": row["case_id"],
            "kind": "start_case",
            "body": {
                "procedure": procedure,
                "from_case": row["number"],
                "values": {
                    "breach_case": row["number"],
                    "breach_clock": definition.title,
                    "breach_article": definition.article,
                    "breach_due": str(row["due"]),
                    "breach_held": held,
                },
            },
            "created_at": now,
            "attempts": 0,
        }
        for procedure in sorted(starts)
        if procedure in env.procedures_in_force()
    ]
