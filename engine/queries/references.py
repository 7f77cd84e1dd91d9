"""Cases that belong together: which one names, and which name it, as far as the reader may see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.access import visibility
from engine.environment import Environment
from engine.identity import Actor
from engine.procedure import FROM_CASE
from engine.queries.pages import RelatedCase
from engine.store import references
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import label_of, say

LISTED = 12


def related_cases(
    env: Environment, connection: Connection, actor: Actor, case_id: str, version_ids: Sequence[str]
) -> list[RelatedCase]:
    """Return the cases on either end of a reference, those that this case names first, each once.

    Args:
        version_ids: of the case's own procedure and of those that it calls, whose forms name its fields.
    """
    seen = visibility(env.institution().rules, actor)
    named = references.named_by(connection, seen, case_id)
    naming = references.naming(connection, seen, case_id)
    words: dict[str, list[str]] = {}
    rows: dict[str, Mapping[str, Any]] = {}
    for row in named:
        rows[row["id"]] = row
        words.setdefault(row["id"], []).append(_named_as(env, version_ids, row["field"]))
    for row in naming:
        rows[row["id"]] = row
        words.setdefault(row["id"], []).append(_naming_as(env, row))
    return [
        RelatedCase(
            key,
            row["number"],
            env.deployed(row["version_id"]).procedure.title,
            row["subject"],
            say("、").join(dict.fromkeys(words[key])),
        )
        for key, row in rows.items()
    ]


def links_of(related: Iterable[RelatedCase]) -> dict[str, str]:
    """Return {number: address of the case's page} of related cases."""
    return {one.number: f"/cases/{one.case_id}" for one in related}


def case_choices(
    env: Environment, actor: Actor, typed: str, procedures: Sequence[str] = ()
) -> list[RelatedCase]:
    """Return cases to choose from for what was typed so far: those that the actor may see, the newest first."""
    typed = typed.strip()[:80]
    if not typed:
        return []
    seen = visibility(env.institution().rules, actor)
    with UnitOfWork(env.database, writing=False) as uow:
        rows = references.near(uow.connection, seen, typed, procedures, limit=LISTED)
    return [
        RelatedCase(
            row["id"],
            row["number"],
            env.deployed(row["version_id"]).procedure.title,
            row["subject"],
            "",
        )
        for row in rows
    ]


def _named_as(env: Environment, version_ids: Sequence[str], field: str) -> str:
    """Say as what this case names another: by the label of the field."""
    if field == FROM_CASE:
        return say("本件由它引起")
    for version_id in version_ids:
        label = env.deployed(version_id).procedure.case_fields.get(field)
        if label:
            return label_of(label)
    return say("本件提到它")


def _naming_as(env: Environment, row: Mapping[str, Any]) -> str:
    if row["field"] == FROM_CASE:
        return say("由本件引起")
    label = env.deployed(row["version_id"]).procedure.case_fields.get(row["field"])
    return say("其中的“{label}”是本件", label=label) if label else say("其中提到本件")
