"""Written rules (制度文本) of versions in the database: the same text for a page, a letter and a step of a case.

Decides no access: the text holds nothing of a case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.environment import Environment
from engine.errors import NotFound
from engine.letters import to_plain
from engine.store import definitions as store
from engine.unit_of_work import UnitOfWork
from engine.written_rules import Source, WrittenRules, wording_of, write_rules


def version_row(env: Environment, key: str, number: int | None = None) -> Mapping[str, Any]:
    """Return a version of a procedure; the one in force where no number is given.

    Raises:
        NotFound: no such procedure or version.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        if number is None:
            row = store.version(uow.connection, env.procedures_in_force().get(key, ""))
        else:
            rows = store.versions(uow.connection, key) if key in env.procedures_in_force() else []
            row = next((one for one in rows if one["number"] == number), None)
    if row is None:
        raise NotFound("version", f"{key} {number}" if number else key)
    return row


def rules_of(env: Environment, row: Mapping[str, Any]) -> WrittenRules:
    """Write the text of a version under the office's data in force.

    Raises:
        RulesInvalid: the office has no sentences for it, or unfit ones. SettingMissing, ClockInvalid.
    """
    office, deployed = env.institution(), env.deployed(row["id"])
    titles = env.procedures_in_force()

    def title_of(key: str) -> str:
        return env.deployed(titles[key]).procedure.title if key in titles else ""

    since: date = row["in_force_from"]
    source = Source(
        procedure=deployed.procedure,
        definition=deployed.definition,
        clocks=deployed.clocks,
        office=office.office,
        settings=office.settings,
        title_of=title_of,
        number=int(row["number"]),
        in_force=str(to_plain(since)),
    )
    return write_rules(source, wording_of(office.files)[0])


def rules_letter(env: Environment, row: Mapping[str, Any]) -> tuple[WrittenRules, bytes]:
    """Return the text and its .docx, filled into ``_office/rules/rules.docx``.

    Raises:
        RulesInvalid, LetterInvalid: the sentences or the template are missing or unfit.
    """
    rules = rules_of(env, row)
    office = env.institution()
    values = {
        **office.office.letterhead,
        **rules.plain(),
        "版次": int(row["number"]),
        "施行日期": row["in_force_from"],
    }
    return rules, env.render(wording_of(office.files)[1], values)
