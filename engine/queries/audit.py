"""The audit trail for supervisors: events in sentences, filtered, with the state of the chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from engine.access import require, visibility
from engine.audit.checkpoints import Checkpoint
from engine.commands.checkpoints import KEPT
from engine.environment import OFFICE, Environment
from engine.identity import SYSTEM, Actor
from engine.queries import sentences
from engine.queries.common import today_of
from engine.queries.disclosures import READS, edge
from engine.queries.pages import AuditPage, AuditRow
from engine.store import accounts, audit_search, outbox
from engine.store import audit as trail
from engine.store import cases as case_store
from engine.timesource import OFFICE_ZONE
from engine.unit_of_work import UnitOfWork
from engine.words import say

PAGE = 100
# What stands under each tab; "" holds everything. A kind that is new is found under 全部 and 案件.
GROUPS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "": ("全部", ()),
    "people": (
        "人员",
        (
            "SignedIn",
            "SignInRefused",
            "PasswordChanged",
            "PasswordReset",
            "PersonAdded",
            "PersonChanged",
            "PostGiven",
            "DeputyNamed",
            "PostEnded",
        ),
    ),
    "versions": (
        "程序版本",
        ("ProcedureDeployed", "FolderUploaded", "SettingsChanged", "CalendarImported"),
    ),
    "time": ("期限和提醒", ("ClocksRecomputed", "WarningSent", "TimerFired")),
    "reads": ("查阅和导出", READS),
    "refused": ("拒绝和异常", ("Refused", "SignInRefused", "StepFailed")),
}

SIGN_INS = ("SignedIn",)


def audit_page(env: Environment, actor: Actor, filters: Mapping[str, str]) -> AuditPage:
    """Return events newest first.

    Args:
        filters: any of ``person``, ``kind``, ``group``, ``case`` (a number), ``result``, ``source`` (web, system or
            a network address), ``since``, ``until`` (legal days, inclusive), ``corrections``, ``sign_ins``, ``page``. Without ``sign_ins`` sign-ins that
            went well are left out, and counted, unless a person, a kind or a group is asked for.

    Raises:
        Denied: the actor may not read the trail.
    """
    rules = env.institution().rules
    require(rules, actor, "audit.read")
    group = filters.get("group", "") if filters.get("group", "") in GROUPS else ""
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        case_id = case_store.id_of_number(connection, filters.get("case", ""))
        wanted = audit_search.Wanted(
            actor=filters.get("person", ""),
            actions=(filters["kind"],) if filters.get("kind") else GROUPS[group][1],
            case_id=case_id or ("none" if filters.get("case") else ""),
            result=filters.get("result", ""),
            source=filters.get("source", ""),
            since=_edge(filters.get("since"), 0),
            until=_edge(filters.get("until"), 1),
            corrections=bool(filters.get("corrections")),
        )
        quiet = not any(filters.get(one) for one in ("person", "kind", "sign_ins")) and not group
        hidden = 0
        if quiet:
            hidden = audit_search.count(connection, replace(wanted, actions=SIGN_INS))
            wanted = replace(wanted, without=SIGN_INS)
        page = max(1, int(filters.get("page") or 1))
        rows, total = audit_search.find(connection, wanted, limit=PAGE, offset=(page - 1) * PAGE)
        people, kinds = trail.actors(connection), trail.actions(connection)
        seen = accounts.get_meta(connection, "audit_verified")
        head = trail.head(connection)
        kept = outbox.heartbeats(connection).get(KEPT)
        versions = case_store.versions_of(connection, [r["case_id"] for r in rows if r["case_id"]])
        names = accounts.names(connection)
    reads_cases = visibility(rules, actor).everything
    return AuditPage(
        today=today_of(env),
        rows=[_row(env, row, versions, names, reads_cases=reads_cases) for row in rows],
        total=total,
        chain_ok=None if seen is None else seen.startswith("good"),
        chain_sentence=_chain_sentence(seen),
        people=[(key, _actor(name)) for key, name in people if key],
        kinds=[(key, sentences.kind_word(key)) for key in kinds],
        filters=filters,
        tabs=[(key, say(word)) for key, (word, _) in GROUPS.items()],
        group=group,
        code=_code(rows),
        checkpoint=Checkpoint(env.time.now(), head.seq, head.hash).line(),
        kept_sentence=_kept_sentence(env, kept),
        may_export=reads_cases,
        hidden_sign_ins=hidden,
    )


def _kept_sentence(env: Environment, kept: Mapping[str, Any] | None) -> str:
    """Say when the end of the trail was kept outside the machine last."""
    if kept is None:
        return say("还没有在本机以外留底")
    at = kept["at"].astimezone(OFFICE_ZONE).strftime("%Y-%m-%d %H:%M")
    days = (env.time.now() - kept["at"]).days
    if days < 2:
        return say("最近一次留底在{at}", at=at)
    return say("最近一次留底在{at}，已过{days}天，请检查留底的U盘或者网络文件夹", at=at, days=days)


def _code(rows: Sequence[Mapping[str, Any]]) -> str:
    """A code over the hashes of the rows on the page: the same rows give the same code, here and in an export."""
    if not rows:
        return ""
    digest = hashlib.sha256("".join(str(row["hash"]) for row in rows).encode()).hexdigest()
    return f"{digest[:4]} {digest[4:8]} {rows[0]['seq']}-{rows[-1]['seq']}"


def _edge(day: str | None, shift: int) -> str:
    try:
        return edge(date.fromisoformat(day or ""), shift)
    except ValueError:
        return ""


def _row(
    env: Environment,
    row: Mapping[str, Any],
    versions: Mapping[str, tuple[str, str]],
    people: Mapping[str, str],
    *,
    reads_cases: bool,
) -> AuditRow:
    number, version = versions.get(row["case_id"] or "", ("", None))
    names = sentences.Names(env, version)
    said = sentences.told(row, names)
    role = env.institution().office.roles.get(row["role"])
    telling = row["action"] in sentences.TELLING and (reads_cases or not row["case_id"])
    return AuditRow(
        seq=row["seq"],
        at=sentences.instant_of(row),
        who=_actor(sentences.acted(row, names)),
        role=role.title if role else "",
        act=sentences.kind_word(row["action"]),
        object=number or _object(env, row["object"], people),
        object_url=f"/cases/{row['case_id']}" if row["case_id"] and reads_cases else None,
        change=said.sentence if telling else "",
        reason=sentences.refusal_word(row["reason"]) or (said.held if telling else ""),
        result=row["result"],
        hash=row["hash"][:8],
        source=row["address"],
        detail=_detail(row, names) if reads_cases or not row["case_id"] else (),
    )


def _detail(row: Mapping[str, Any], names: sentences.Names) -> list[tuple[str, str, str]]:
    """What changed, field by field and date by date, before and after."""
    body = json.loads(row["body"])
    fields = [
        (
            names.field(key),
            names.value(key, before),
            say("已填写，不公开") if after == "*" else names.value(key, after),
        )
        for key, before, after in body.get("changes", [])
    ]
    dates = [
        (
            names.clock(one["clock"]) + (f"（{one['party']}）" if one.get("party") else ""),
            str(one.get("before") or say("未定")),
            str(one.get("after") or say("未定")),
        )
        for one in body.get("moved", [])
    ]
    return [*fields, *dates]


def _object(env: Environment, text: str, people: Mapping[str, str]) -> str:
    """What a row is about, where that is no case."""
    kind, _, name = text.partition(":")
    if kind == "procedure":
        if name == OFFICE:
            return say("本机关资料")
        version = env.procedures_in_force().get(name)
        title = env.deployed(version).procedure.title if version else name
        return say("程序 {title}", title=title)
    if kind == "person":
        return say("账号 {login}", login=people.get(name, name))
    if text == "audit":
        return say("全部记录")
    return text


def _chain_sentence(seen: str | None) -> str:
    if seen is None:
        return say("还没有核验过，按“校验”核验全部记录")
    state, _, rest = seen.partition("|")
    count, _, at = rest.partition("|")
    if state == "good":
        return say("{n}条连续，没有改动，核验于{at}", n=count, at=at)
    return say("第{n}条对不上，此后的记录不能作证，核验于{at}", n=count, at=at)


def _actor(name: str | None) -> str:
    return say("系统") if not name or name == SYSTEM.name else name
