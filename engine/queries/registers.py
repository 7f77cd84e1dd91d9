"""A register as a page: one procedure's cases in the columns that ``procedure.yaml`` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.commands.registers import (
    RegisterQuery,
    RegisterRow,
    chosen,
    columns_of,
    row_of,
)
from engine.environment import Environment
from engine.identity import Actor
from engine.personal import sees_personal
from engine.queries.common import today_of
from engine.queries.pages import Today
from engine.sealing import mask
from engine.store import cases, figures
from engine.store.figures import Chosen
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork

PAGE = 50


@dataclass(frozen=True)
class RegisterPage:
    """A page of a register; personal values are masked, absent for those who may not see them."""

    today: Today
    wanted: RegisterQuery
    title: str
    procedures: Sequence[tuple[str, str]]
    years: Sequence[int]
    labels: Sequence[str]
    rows: Sequence[RegisterRow]
    total: int
    has_personal: bool


def register_page(
    env: Environment, actor: Actor, wanted: RegisterQuery, page: int = 1
) -> RegisterPage:
    """Return a page of a register; without a procedure the first that has one.

    Raises:
        Denied; NotFound: no such procedure.
    """
    known = [
        (key, deployed.procedure.title)
        for key, version in env.procedures_in_force().items()
        if (deployed := env.deployed(version)).procedure.register
    ]
    known.sort(key=lambda pair: (pair[0] != "on_request", pair[0]))
    key = wanted.procedure or (known[0][0] if known else "")
    wanted = RegisterQuery(key, wanted.year, wanted.status)
    columns = columns_of(env, actor, key)
    condition = chosen(env, actor, wanted)
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        total = figures.count(connection, condition)
        rows = figures.register_cases(
            connection, condition, limit=PAGE, offset=(max(1, page) - 1) * PAGE
        )
        facts = {row["id"]: cases.events(connection, row["id"]) for row in rows}
        moments = figures.moments(connection, Chosen(condition.seen, procedure=key))
    personal = sees_personal(env, actor)
    made = [row_of(env, row, facts[row["id"]], columns, opened=personal) for row in rows]
    hidden = [column.personal for column in columns]
    style = str(env.institution().settings["id_masking"])
    return RegisterPage(
        today_of(env),
        wanted,
        dict(known).get(key, key),
        known,
        sorted({legal_day(row["opened_at"]).year for row in moments}, reverse=True),
        [column.label for column in columns],
        [
            RegisterRow(
                row.case_id,
                [
                    "、".join(mask(one, style) for one in text.split("、")) if secret else text
                    for text, secret in zip(row.values, hidden, strict=True)
                ],
            )
            for row in made
        ],
        total,
        any(hidden),
    )
