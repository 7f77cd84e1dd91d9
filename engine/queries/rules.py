"""The written rules of a procedure, for whoever works by them: no case content, so any signed-in person may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine import ruling
from engine.environment import Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.written_rules import WrittenRules


@dataclass(frozen=True)
class RulesPage:
    """The text of one version; ``number`` and since when it is in force."""

    key: str
    title: str
    number: int
    since: date
    in_force: bool
    rules: WrittenRules


def rules_page(env: Environment, actor: Actor, key: str, number: int | None = None) -> RulesPage:
    """Return the text of a version of a procedure, of the one in force where none is named.

    Raises:
        NotFound: no such version. RulesInvalid: the office has no sentences for it.
    """
    row = _row(env, actor, key, number)
    return RulesPage(
        key=key,
        title=env.deployed(row["id"]).procedure.title,
        number=row["number"],
        since=row["in_force_from"],
        in_force=env.procedures_in_force().get(key) == row["id"],
        rules=ruling.rules_of(env, row),
    )


def rules_document(
    env: Environment, actor: Actor, key: str, number: int | None = None
) -> tuple[str, bytes]:
    """Return the text as a file: its name, and the bytes of a .docx.

    Raises:
        NotFound: no such version. RulesInvalid, LetterInvalid: sentences or template are missing or unfit.
    """
    rules, data = ruling.rules_letter(env, _row(env, actor, key, number))
    return f"{rules.title}.docx", data


def _row(env: Environment, actor: Actor, key: str, number: int | None) -> Mapping[str, Any]:
    if not actor.roles:
        raise NotFound("version", key)
    return ruling.version_row(env, key, number)
