"""The audit trail for supervisors: events in sentences, filtered, with the state of the chain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from engine import audit
from engine.access import require
from engine.environment import Environment
from engine.identity import Actor
from engine.queries import sentences
from engine.queries.common import today_of
from engine.queries.pages import AuditPage, AuditRow
from engine.store import accounts
from engine.store import audit as trail
from engine.store import cases as case_store
from engine.timesource import office_instant
from engine.unit_of_work import UnitOfWork
from engine.words import say

PAGE = 100


def audit_page(env: Environment, actor: Actor, filters: Mapping[str, str]) -> AuditPage:
    """Return events newest first.

    Args:
        filters: any of ``person``, ``kind``, ``case`` (a number), ``result``, ``since``, ``until``
            (legal days, inclusive), ``page``.

    Raises:
        Denied: the actor may not read the trail.
    """
    require(env.institution().rules, actor, "audit.read")
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        case_id = case_store.id_of_number(connection, filters.get("case", ""))
        wanted = {
            "actor": filters.get("person", ""),
            "action": filters.get("kind", ""),
            "case_id": case_id or ("none" if filters.get("case") else ""),
            "result": filters.get("result", ""),
            "since": _edge(filters.get("since"), 0),
            "until": _edge(filters.get("until"), 1),
        }
        page = max(1, int(filters.get("page") or 1))
        rows, total = trail.search(connection, wanted, limit=PAGE, offset=(page - 1) * PAGE)
        people, kinds = trail.actors(connection), trail.actions(connection)
        seen = accounts.get_meta(connection, "audit_verified")
        versions = case_store.versions_of(connection, [r["case_id"] for r in rows if r["case_id"]])
    return AuditPage(
        today=today_of(env),
        rows=[_row(env, row, versions) for row in rows],
        total=total,
        chain_ok=None if seen is None else seen.startswith("good"),
        chain_sentence=_chain_sentence(seen),
        people=[(key, name or say("系统")) for key, name in people if key],
        kinds=[(key, sentences.kind_word(key)) for key in kinds],
        filters=filters,
    )


def _edge(day: str | None, shift: int) -> str:
    try:
        return audit.stamp(office_instant(date.fromisoformat(day or "") + timedelta(days=shift)))
    except ValueError:
        return ""


def _row(
    env: Environment, row: Mapping[str, Any], versions: Mapping[str, tuple[str, str]]
) -> AuditRow:
    number, version = versions.get(row["case_id"] or "", ("", None))
    names = sentences.Names(env, version)
    said = sentences.told(row, names)
    body = json.loads(row["body"])
    role = env.institution().office.roles.get(row["role"])
    detail = [
        (
            names.field(key),
            names.value(key, before),
            say("已填写，不公开") if after == "*" else names.value(key, after),
        )
        for key, before, after in body.get("changes", [])
    ]
    return AuditRow(
        seq=row["seq"],
        at=sentences.instant_of(row),
        who=row["actor_name"] or say("系统"),
        role=role.title if role else "",
        act=sentences.kind_word(row["action"]),
        object=number or row["object"],
        object_url=f"/cases/{row['case_id']}" if row["case_id"] else None,
        change=said.sentence if row["action"] in sentences.TELLING else "",
        reason=row["reason"] or said.held,
        result=row["result"],
        hash=row["hash"][:8],
        detail=detail,
    )


def _chain_sentence(seen: str | None) -> str:
    if seen is None:
        return say("还没有核验过，按“校验”核验全部记录")
    state, _, rest = seen.partition("|")
    count, _, at = rest.partition("|")
    if state == "good":
        return say("{n}条连续，没有改动，核验于{at}", n=count, at=at)
    return say("第{n}条对不上，此后的记录不能作证，核验于{at}", n=count, at=at)
