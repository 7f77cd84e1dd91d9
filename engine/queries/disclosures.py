"""Who has looked at personal data: values that were opened, files that were fetched, exports.

Asked by a case's number, by an applicant's name (all of the applicant's cases), or by one of us (what that person
looked at), within a period.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from engine import audit
from engine.access import require
from engine.commands.evidence import SHOWN_FOR
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.personal import open_fields
from engine.queries import sentences
from engine.store import accounts, audit_search, cases
from engine.store import documents as document_store
from engine.store.cases import CaseRow
from engine.timesource import office_instant
from engine.unit_of_work import UnitOfWork
from engine.words import said_again, say

READS = ("PersonalDataRead", "DocumentRead", "CaseExported", "RegisterExported")
MOST = 2000  # rows looked at, newest first


@dataclass(frozen=True)
class Reader:
    """What one person looked at, and how often."""

    name: str
    role: str
    values: int
    documents: int
    exports: int
    refused: int
    last: datetime

    @property
    def total(self) -> int:
        """Everything that was let through."""
        return self.values + self.documents + self.exports


@dataclass(frozen=True)
class Look:
    """One look: when, who, at what, why, and whether it was let through."""

    at: datetime
    name: str
    what: str
    reason: str
    ok: bool
    case: str = ""  # its number, where several cases are asked about


@dataclass(frozen=True)
class Disclosures:
    """The answer to 谁看过这个人的信息; ``asked`` is a number or a name, ``case_url`` "" for a name."""

    asked: str
    case_url: str
    sentence: str
    readers: Sequence[Reader]
    looks: Sequence[Look]


def disclosures(
    env: Environment, actor: Actor, asked: str, since: date | None = None, until: date | None = None
) -> Disclosures:
    """Return who looked at personal data, most looks first.

    Args:
        asked: a case's number, the name or login of one of us, or the whole name of an applicant.
        since, until: legal days, both included; None leaves that side open.

    Raises:
        Denied: the actor may not read the trail. NotFound: no case of that number. A name that nobody has is answered: nobody looked.
    """
    require(env.institution().rules, actor, "audit.read")
    asked = asked.strip()
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        wanted = audit_search.Wanted(
            actions=READS,
            since=edge(since, 0),
            until=edge(until, 1),
        )
        case_id = cases.id_of_number(connection, asked)
        people = [] if case_id else accounts.called(connection, asked)
        if not case_id and not people and any(sign.isdigit() for sign in asked):
            raise NotFound("case", asked)
        if case_id:
            wanted = replace(wanted, case_id=case_id)
        elif people:
            wanted = replace(wanted, actors=people)
        rows, _total = audit_search.find(connection, wanted, limit=MOST)
        about = {row["case_id"]: cases.load(connection, row["case_id"]) for row in rows}
        if not case_id and not people:
            about = {key: case for key, case in about.items() if case and _is_of(env, case, asked)}
            rows = [row for row in rows if row["case_id"] in about]
        titles = {
            row["id"]: row["title"]
            for key in about
            if key
            for row in document_store.case_documents(connection, key)
        }
    looks = [
        _look(row, env, about.get(row["case_id"]), titles, several=not case_id) for row in rows
    ]
    readers = _readers(env, list(reversed(rows)))
    if not readers and not case_id:
        said = say("这段时间没有查阅，姓名须写全。")
        return Disclosures(asked, "", said, [], [])
    return Disclosures(
        asked, f"/cases/{case_id}" if case_id else "", _sentence(readers), readers, looks
    )


def edge(day: date | None, shift: int) -> str:
    """Return where a legal day begins, some days later, as the trail writes instants; "" leaves the side open."""
    try:
        return audit.stamp(office_instant(day + timedelta(days=shift))) if day else ""
    except OverflowError:  # the first or the last day that there is
        return ""


def _is_of(env: Environment, case: CaseRow, name: str) -> bool:
    """Whether the whole name stands in a personal field, or cell of a table, of the case."""
    personal = env.deployed(case.version_id).procedure.personal
    return name in (value for _, value in personal.found(open_fields(env, case.fields)))


def _look(
    row: Mapping[str, Any],
    env: Environment,
    case: CaseRow | None,
    titles: Mapping[str, str],
    *,
    several: bool,
) -> Look:
    names = sentences.Names(env, case.version_id if case else None)
    if row["action"] == "PersonalDataRead":
        what = names.field(str(json.loads(row["body"]).get("field") or ""))
    elif row["action"] == "DocumentRead":
        what = titles.get(row["object"].partition(":")[2], say("文件"))
    elif row["action"] == "RegisterExported":
        what = say("台账")
    else:
        what = say("全部案卷")
    return Look(
        sentences.instant_of(row),
        row["actor_name"] or say("系统"),
        what,
        said_again(row["reason"], (SHOWN_FOR,)),
        row["result"] == "done",
        case.number if case and several else "",
    )


def _readers(env: Environment, rows: Sequence[Mapping[str, Any]]) -> list[Reader]:
    roles = env.institution().office.roles
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["actor"], []).append(row)
    readers = []
    for own in found.values():
        done = [row["action"] for row in own if row["result"] == "done"]
        role = roles.get(own[-1]["role"])
        readers.append(
            Reader(
                own[-1]["actor_name"] or say("系统"),
                role.title if role else "",
                done.count("PersonalDataRead"),
                done.count("DocumentRead"),
                done.count("CaseExported") + done.count("RegisterExported"),
                refused=len(own) - len(done),
                last=sentences.instant_of(own[-1]),
            )
        )
    return sorted(readers, key=lambda one: (-one.total, one.name))


def _sentence(readers: Sequence[Reader]) -> str:
    seen = [one for one in readers if one.total]
    refused = sum(one.refused for one in readers)
    if not seen:
        return say("还没有人看过；被拒绝{n}次。", n=refused) if refused else say("还没有人看过。")
    return say(
        "{people}个人看过：打开个人信息{values}次，下载文件{documents}次，导出案卷{exports}次；被拒绝{refused}次。",
        people=len(seen),
        values=sum(one.values for one in seen),
        documents=sum(one.documents for one in seen),
        exports=sum(one.exports for one in seen),
        refused=refused,
    )
