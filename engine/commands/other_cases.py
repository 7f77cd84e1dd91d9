"""Other cases that a form names: they exist, belong to the procedures that the field asks for, and one may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from engine.access import can, visibility
from engine.environment import Environment
from engine.forms import Field, Form, Sentence
from engine.identity import Actor
from engine.office_functions import OTHER_CASE, Functions
from engine.personal import Unsealed
from engine.store import cases, documents, references
from engine.stored_case import case_facts, case_file
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork

SUGGESTED = 3
ARCHIVE_TYPE = "application/zip"  # packages of papers, no papers themselves


class OtherCases:
    """What ``other case(number)`` gives to a form: within the rights of whoever fills it in, null beyond them.

    ``looked`` are the personal texts that it gave up to now, {number: texts}.
    """

    def __init__(self, env: Environment, actor: Actor) -> None:
        self._env, self._actor = env, actor
        self._read: dict[str, dict[str, object] | None] = {}
        self.looked: dict[str, set[str]] = {}

    def functions(self, known: Functions) -> Functions:
        """Return the office's functions and this one."""
        return {**known, OTHER_CASE: self}

    def __call__(self, number: object) -> object:
        """Return a case: what ``case`` gives of it, its ``answers``, their ``label``, its ``papers`` {value, label}."""
        if not isinstance(number, str) or not number:
            return None
        if number not in self._read:
            self._read[number] = self._of(number)
        return self._read[number]

    def _of(self, number: str) -> dict[str, object] | None:
        env, rules = self._env, self._env.institution().rules
        with UnitOfWork(env.database, writing=False) as uow:
            case_id = cases.id_of_number(uow.connection, number)
            case = cases.load(uow.connection, case_id) if case_id else None
            if case is None:
                return None
            facts = case_facts(uow.connection, case.id)
            papers = documents.case_documents(uow.connection, case.id)
        if not can(rules, self._actor, "case.read", facts).ok:
            return None
        deployed = env.deployed(case.version_id)
        opened = can(rules, self._actor, "case.personal", facts).ok
        seen = Unsealed(env, case.fields, opened=opened)
        answers = deployed.procedure.typed({key: seen.seen(key, case.fields[key]) for key in seen})
        self.looked[number] = seen.texts
        return {
            **case_file(env, deployed, case).case_context(),
            "answers": answers,
            "label": deployed.procedure.labels(answers, env.institution().directory.name),
            "papers": [
                {"value": row["id"], "label": _paper(row)}
                for row in papers
                if row["media_type"] != ARCHIVE_TYPE
            ],
        }


def _paper(row: Mapping[str, Any]) -> str:
    said = row["letter_number"] or row["filename"]
    return f"{row['title']}（{said}，{legal_day(row['created_at'])}）"


def wrong_cases(
    env: Environment, actor: Actor, form: Form, values: Mapping[str, Any], known: Collection[str]
) -> dict[str, Sentence]:
    """Return what is wrong with the cases that answers name, {field key or ``key-row-column``: sentence}.

    Args:
        known: numbers that the case holds already: who goes on with it need not be able to see those.
    """
    named = list(_named(form, values))
    if not named:
        return {}
    with UnitOfWork(env.database, writing=False) as uow:
        judged = [
            (place, _wrong(env, uow.connection, actor, field, number, number in known))
            for place, field, number in named
        ]
    return {place: wrong for place, wrong in judged if wrong is not None}


def _named(form: Form, values: Mapping[str, Any]) -> Iterator[tuple[str, Field, str]]:
    for one in form.fields:
        value = values.get(one.key)
        if one.type == "case" and value:
            yield one.key, one, str(value)
        for column in one.columns:
            if column.type == "case" and isinstance(value, list):
                for index, row in enumerate(value):
                    if row.get(column.key):
                        yield f"{one.key}-{index}-{column.key}", column, str(row[column.key])


def _wrong(
    env: Environment, connection: Connection, actor: Actor, field: Field, number: str, known: bool
) -> Sentence | None:
    seen = visibility(env.institution().rules, actor)
    row = references.of_numbers(connection, [number]).get(number) if known else None
    if row is None:
        row = next(iter(references.near(connection, seen, number, exact=True)), None)
    if row is None:
        near = references.near(connection, seen, number, field.of, limit=SUGGESTED)
        if not near:
            return Sentence(
                "没有编号“{number}”的案件，或者您没有经办过它，请核对编号", number=number
            )
        said = "；".join(f"{one['number']} {one['subject']}" for one in near)
        return Sentence(
            "没有编号“{number}”的案件，请填写完整的编号，相近的有：{near}", number=number, near=said
        )
    if field.of and row["procedure"] not in field.of:
        return Sentence(
            "{number}是“{procedure}”的案件，这里应填写“{wanted}”的案件",
            number=number,
            procedure=_title(env, row["procedure"]),
            wanted="”“".join(_title(env, one) for one in field.of),
        )
    return None


def texts_in(value: Any) -> set[str]:
    """Every text of a record, the rows of its tables included."""
    if isinstance(value, str):
        return {value}
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    return set[str]().union(*map(texts_in, inner))


def _title(env: Environment, procedure: str) -> str:
    version = env.procedures_in_force().get(procedure)
    return env.deployed(version).procedure.title if version else procedure
