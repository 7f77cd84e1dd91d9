"""Who has looked at the personal data of a case: values that were opened, files that were fetched, exports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.access import require
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.queries import sentences
from engine.store import audit as trail
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from engine.words import say

READS = ("PersonalDataRead", "DocumentRead", "CaseExported")


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


@dataclass(frozen=True)
class Disclosures:
    """The answer to 谁看过这个人的信息."""

    number: str
    case_url: str
    sentence: str
    readers: Sequence[Reader]
    looks: Sequence[Look]


def disclosures(env: Environment, actor: Actor, number: str) -> Disclosures:
    """Return who looked at the personal data of a case, most looks first.

    Raises:
        Denied: the actor may not read the trail. NotFound: no such case.
    """
    require(env.institution().rules, actor, "audit.read")
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        case_id = cases.id_of_number(connection, number.strip())
        case = cases.load(connection, case_id) if case_id else None
        if case is None:
            raise NotFound("case", number)
        rows = [row for row in trail.rows(connection, case_id=case.id) if row["action"] in READS]
        titles = {row["id"]: row["title"] for row in cases.case_documents(connection, case.id)}
    names = sentences.Names.of(env, case)
    looks = [_look(row, names, titles) for row in rows]
    readers = _readers(env, rows)
    return Disclosures(
        case.number, f"/cases/{case.id}", _sentence(readers), readers, list(reversed(looks))
    )


def _look(row: Mapping[str, Any], names: sentences.Names, titles: Mapping[str, str]) -> Look:
    if row["action"] == "PersonalDataRead":
        what = names.field(str(json.loads(row["body"]).get("field") or ""))
    elif row["action"] == "DocumentRead":
        what = titles.get(row["object"].partition(":")[2], say("文件"))
    else:
        what = say("全部案卷")
    return Look(
        sentences.instant_of(row),
        row["actor_name"] or say("系统"),
        what,
        row["reason"],
        row["result"] == "done",
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
                done.count("CaseExported"),
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
