"""Warnings and breaches: the ladder of the office climbed rung by rung, and a limit that ran out recorded.

Nothing to press: a chase goes out when its day comes and stops when its cause goes away. What was missed
while the machine was off is done once, with its true day and its lateness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from engine import audit
from engine.commands.noting import note
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.lengths import Length, parse_length
from engine.office.ladder import LadderStep
from engine.statutory_clock import ClockDefinition
from engine.store import accounts, cases, outbox
from engine.store import warnings as store
from engine.timesource import OFFICE_ZONE, legal_day
from engine.unit_of_work import Connection, UnitOfWork

# What a person is told: of a limit, of a step, each in time or late because the system stood still.
NOTICES = (
    "{number} {rung}：{clock}于 {due} 届满",
    "{number} {rung}：{clock}于 {due} 届满（本提醒应在{late}天前发出）",
    "{number} {rung}：{clock}（{party}）于 {due} 届满",
    "{number} {rung}：{clock}（{party}）于 {due} 届满（本提醒应在{late}天前发出）",
    "{number} {rung}：“{step}”应于 {due} 前办完",
    "{number} {rung}：“{step}”应于 {due} 前办完（本提醒应在{late}天前发出）",
)


def climb_ladder(env: Environment) -> int:
    """Send the warnings that are due for running clocks and for open steps, each rung once; return how many.

    A rung that was missed while the machine was off, or fell into quiet hours, is climbed now and says by how
    many days late. A chase stops when its cause goes away: only what still runs or is open is looked at.
    """
    office = env.institution().office
    today = legal_day(env.time.now())
    farthest = max(
        (env.institution().shift(today, _back(one.at)) for one in office.task_ladder),
        default=today,
    )
    with UnitOfWork(env.database, writing=False) as uow:
        watched = [_of_clock(row) for row in store.running_clocks(uow.connection)]
        watched += [_of_task(row) for row in store.open_tasks(uow.connection, max(farthest, today))]
        climbed = store.climbed(uow.connection)
    return sum(_climb(env, cause, today, climbed) for cause in watched)


def _back(at: str) -> Length:
    length = parse_length(at)
    return replace(length, sign=-length.sign)


@dataclass(frozen=True)
class _Cause:
    """What is warned of: a clock of a case, or an open step with its own limit.

    ``key`` and ``party`` tell it apart in the case; ``about`` and ``title`` go into the trail; ``task`` is the
    step's row, ``version_id`` where a clock is defined.
    """

    case_id: str
    number: str
    key: str
    due: date
    about: str
    title: str
    party: str = ""
    version_id: str = ""
    task: Mapping[str, Any] | None = None


def _of_clock(row: Mapping[str, Any]) -> _Cause:
    about = f"clock:{row['clock']}"
    return _Cause(
        row["case_id"],
        row["number"],
        row["clock"],
        row["due"],
        about,
        "",
        party=row["party"],
        version_id=row["version_id"],
    )


def _of_task(row: Mapping[str, Any]) -> _Cause:
    key = f"task:{row['id']}"
    return _Cause(row["case_id"], row["number"], key, row["due"], key, row["name"], task=row)


def _climb(env: Environment, cause: _Cause, today: date, done: set[store.Rung]) -> int:
    institution = env.institution()
    now, working = (
        env.time.now().astimezone(OFFICE_ZONE),
        institution.calendar.is_working_day(today),
    )
    if institution.office.quiet.holds(now, cause.key, is_working_day=working):
        return 0
    climbed = 0
    for step in _ladder(env, cause):
        if step.clocks and cause.key not in step.clocks:
            continue
        if (cause.case_id, cause.key, cause.party, cause.due, str(step.level)) in done:
            continue
        day = institution.shift(cause.due, parse_length(step.at))
        if day <= today:
            climbed += _climb_rung(env, cause, step, day, today)
    return climbed


def _ladder(env: Environment, cause: _Cause) -> Sequence[LadderStep]:
    """Return the rungs of a cause. Nobody here is late when the limit of an applicant, a third party or another
    authority ends, or a day that the law leaves open."""
    office = env.institution().office
    if cause.task is not None:
        return office.task_ladder
    definition = _definition(env, cause)
    return office.ladder if definition is None or definition.is_ours else office.other_ladder


def _definition(env: Environment, cause: _Cause) -> ClockDefinition | None:
    return env.deployed(cause.version_id).clocks.get(cause.key)


def _climb_rung(env: Environment, cause: _Cause, step: LadderStep, day: date, today: date) -> bool:
    with UnitOfWork(env.database, writing=True) as uow:
        key = {
            "case_id": cause.case_id,
            "clock": cause.key,
            "party": cause.party,
            "due": cause.due,
            "rung": str(step.level),
        }
        if store.has_climbed(uow.connection, key):
            return False  # another tick was faster
        now, late = env.time.now(), (today - day).days
        store.climb(uow.connection, {**key, "planned_for": day, "sent_at": now, "late_days": late})
        outbox.tell(uow.connection, _told(env, uow.connection, cause, step, late))
        body = {
            "rung": step.level,
            "title": step.title,
            "due": str(cause.due),
            "planned_for": str(day),
            "late_days": late,
            **({"card": step.card} if step.card else {}),
            **({"step": cause.title} if cause.title else {}),
            **({"party": cause.party} if cause.party else {}),
        }
        event = audit.AuditEvent("WarningSent", cause.about, cause.case_id, body)
        note(env, uow.connection, SYSTEM, event)
        uow.commit()
    return True


def _told(
    env: Environment, connection: Connection, cause: _Cause, step: LadderStep, late: int
) -> list[dict[str, Any]]:
    """Return the notices of one rung: to whoever holds the case, and to the roles the ladder names."""
    text = _said(env, cause, step, late)
    base = {"case_id": cause.case_id, "text": text, "at": env.time.now()}
    base |= {"card": step.card, "channel": step.by, "due": cause.due}
    if cause.task is None:
        base |= {"clock": cause.key, "party": cause.party}
    else:
        base |= {"task_id": cause.task["id"]}
    items = (
        [cause.task]
        if cause.task is not None
        else [one for one in cases.case_items(connection, cause.case_id) if one["status"] == "open"]
    )
    units = list(dict.fromkeys(item["unit"] for item in items if item["unit"]))
    notices: list[dict[str, Any]] = []
    for target in step.to:
        if target == "holder":
            notices += [{**base, **one} for item in items for one in _holders(connection, item)]
        else:
            # Of a post that every section has, only that of the sections which hold the case.
            sections = units if env.institution().office.roles[target].per_unit else [None]
            notices += [{**base, "person_id": None, "role": target, "unit": u} for u in sections]
    return notices


def _holders(connection: Connection, item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return who is told of an open step: who has taken it, else everybody to whom it is offered."""
    nobody = {"person_id": None, "role": None, "unit": None}
    if item["assignee"]:
        return [{**nobody, "person_id": item["assignee"]}]
    candidates = item["candidates"]
    offered = [item["role"], *candidates.get("roles", [])[1:]]
    roles = [{**nobody, "role": role, "unit": item["unit"]} for role in offered if role]
    named = (accounts.by_login(connection, str(one)) for one in candidates.get("users", []))
    return [*roles, *({**nobody, "person_id": person["id"]} for person in named if person)]


def _said(env: Environment, cause: _Cause, step: LadderStep, late: int) -> str:
    """Which limit ends when; of several parties, whose."""
    kind = 2 if cause.task is not None else 1 if cause.party else 0
    definition = _definition(env, cause) if cause.task is None else None
    return NOTICES[2 * kind + bool(late)].format(
        number=cause.number,
        rung=step.title,
        step=cause.title,
        clock=definition.title if definition else cause.key,
        party=cause.party,
        due=cause.due,
        late=late,
    )


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
