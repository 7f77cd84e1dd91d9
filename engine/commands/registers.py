"""The register (台账) of a procedure: its columns as ``procedure.yaml`` draws them, and handing it out as .xlsx.

Personal columns are for those whose post may see them; on a page they are masked, in an export they are open,
and the export stands in the trail with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from engine import audit
from engine.access import require, visibility
from engine.case_file import CaseFile
from engine.commands.noting import note
from engine.documents.sheets import saved, write_texts
from engine.environment import Environment
from engine.errors import BadInput, NotFound
from engine.feel import to_json
from engine.identity import Actor
from engine.personal import open_fields, sees_personal
from engine.procedure import RegisterColumn
from engine.register_import import MEANINGS
from engine.sealing import withheld
from engine.statutory_clock import CaseEvent
from engine.store import figures, report
from engine.store.figures import Chosen
from engine.timesource import office_instant
from engine.unit_of_work import UnitOfWork
from engine.words import AsIs, label_of, say

MOST = 20_000  # rows of one file


@dataclass(frozen=True)
class RegisterQuery:
    """Which part of which register: year of registration (None: all), and open, closed or both ("")."""

    procedure: str
    year: int | None = None
    status: str = ""


@dataclass(frozen=True)
class RegisterRow:
    """One case: its values in the order of the columns, as text."""

    case_id: str
    values: Sequence[str]


def chosen(env: Environment, actor: Actor, wanted: RegisterQuery) -> Chosen:
    """Return the condition of a part of a register, within what the actor may read."""
    seen = visibility(env.institution().rules, actor)
    status = wanted.status if wanted.status in ("open", "closed") else ""
    span = None
    if wanted.year is not None:
        span = (
            office_instant(date(wanted.year, 1, 1)),
            office_instant(date(wanted.year + 1, 1, 1)),
        )
    return Chosen(seen, procedure=wanted.procedure, status=status, received=span)


def columns_of(env: Environment, actor: Actor, procedure: str) -> list[RegisterColumn]:
    """Return the register's columns that the actor may see.

    Raises:
        Denied; NotFound: no such procedure in force.
    """
    if not actor.is_system:
        require(env.institution().rules, actor, "register.read")
    version = env.procedures_in_force().get(procedure)
    if version is None:
        raise NotFound("procedure", procedure)
    personal = sees_personal(env, actor)
    register = env.deployed(version).procedure.register
    return [one for one in register if personal or not one.personal]


def row_of(
    env: Environment,
    row: Mapping[str, Any],
    facts: Sequence[Mapping[str, Any]],
    columns: Sequence[RegisterColumn],
    *,
    opened: bool,
) -> RegisterRow:
    """Return a case's values.

    Args:
        opened: personal columns as they are; otherwise their sealed values stay out.
    """
    if row["how"] == "imported":
        row = {**row, "fields": {**row["fields"], "outcome": row["outcome"]}}
    plain = _file(env, row, facts, withheld(row["fields"]))
    open_ = _file(env, row, facts, open_fields(env, row["fields"])) if opened else None
    values = []
    for column in columns:
        file = open_ if column.personal and open_ is not None else plain
        if words := _chosen(env, row["version_id"], column, file):
            values.append(words)
            continue
        text = _text(column.value.evaluate(file.names(), file.functions))
        text = text or (_text(_told(column, row)) if row["how"] == "imported" else "")
        # The answer itself, not a label that belongs to it: somebody typed it.
        values.append(AsIs(text) if column.value.text.isidentifier() else text)
    return RegisterRow(row["id"], values)


def _chosen(env: Environment, version: str, column: RegisterColumn, file: CaseFile) -> str:
    """Return the words of an answer that was chosen, such as a section's name, "" where the column is no such answer."""
    key = column.value.text.strip()
    if file.fields.get(key) is None:
        return ""
    words = env.deployed(version).procedure.labels(
        {key: file.fields[key]}, env.institution().directory.name
    )
    return words.get(key, "")


def _told(column: RegisterColumn, row: Mapping[str, Any]) -> object:
    """What the old register said in a column of that name; such a case has no forms and no facts."""
    known = {**row["fields"], "subject": row["subject"], "kind": row["kind"]}
    meanings = (name for name, words in MEANINGS.items() if column.label in words)
    return known.get(column.key, known.get(next(meanings, "")))


def _file(
    env: Environment,
    row: Mapping[str, Any],
    facts: Sequence[Mapping[str, Any]],
    fields: Mapping[str, Any],
) -> CaseFile:
    deployed = env.deployed(row["version_id"])
    outcome = deployed.procedure.outcomes.get(row["outcome"] or "")
    return CaseFile(
        number=row["number"],
        procedure=row["procedure"],
        deployed=deployed,
        institution=env.institution(),
        fields=dict(fields),
        events=[
            CaseEvent(
                one["kind"],
                one["day"],
                {
                    **one["fields"],
                    "id": one["id"],
                    **({} if one["supersedes"] is None else {"supersedes": one["supersedes"]}),
                },
            )
            for one in facts
        ],
        now=env.time.now(),
        extra={
            **{key: row[key] for key in ("subject", "kind", "outcome", "status", "how")},
            "outcome_words": outcome.words if outcome else None,
        },
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return say("是") if value else say("否")
    if isinstance(value, list | tuple):
        return "、".join(filter(None, map(_text, value)))
    plain = to_json(value)
    return "" if isinstance(plain, dict) else str(plain)


def export_register(env: Environment, actor: Actor, wanted: RegisterQuery, reason: str) -> bytes:
    """Return a part of a register as .xlsx, in the reader's language as on the page; that it was handed out is recorded.

    Raises:
        Denied, NotFound; BadInput: no reason, or too many rows for one file.
    """
    columns = columns_of(env, actor, wanted.procedure)
    if len(reason.strip()) < 2:
        raise BadInput("no reason", sentence=say("请写明导出的事由"))
    with UnitOfWork(env.database, writing=False) as uow:
        rows = figures.register_cases(uow.connection, chosen(env, actor, wanted), limit=MOST + 1)
        facts = report.events_of(uow.connection, [wanted.procedure])
    if len(rows) > MOST:
        raise BadInput("too many rows", sentence=say("超过{n}行，请按年份分开导出", n=MOST))
    personal = any(one.personal for one in columns)
    made = [row_of(env, row, facts.get(row["id"], []), columns, opened=personal) for row in rows]
    title = env.deployed(env.procedures_in_force()[wanted.procedure]).procedure.title
    data = _workbook(
        label_of(title),
        [label_of(one.label) for one in columns],
        [[label_of(value) for value in one.values] for one in made],
    )
    body = {
        "rows": len(made),
        "year": wanted.year or 0,
        "status": wanted.status,
        "personal": personal,
    }
    event = audit.AuditEvent(
        "RegisterExported", f"procedure:{wanted.procedure}", body=body, reason=reason.strip()[:500]
    )
    with UnitOfWork(env.database, writing=True) as uow:
        note(env, uow.connection, actor, event)
        uow.commit()
    return data


def _workbook(title: str, labels: Sequence[str], rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = re.sub(r"[\[\]:*?/\\]", "", title)[:31] or "register"
    write_texts(sheet, 1, labels)
    for place, values in enumerate(rows, 2):
        write_texts(sheet, place, values)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True)
    sheet.freeze_panes = "A2"
    return saved(book)
