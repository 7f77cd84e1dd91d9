"""Which published texts say the rules of a procedure, and whether a newer version has overtaken them."""

from __future__ import annotations

from engine.commands.renewing import names_of, written
from engine.environment import Environment
from engine.procedure import Renewal
from engine.queries.pages import PublishedRules
from engine.store import cases, definitions
from engine.store.cases import CaseRow
from engine.unit_of_work import UnitOfWork


def published_rules(env: Environment, key: str) -> list[PublishedRules]:
    """Return the published texts of a procedure, by case; only what the public catalogue shows."""
    in_force, found = env.procedures_in_force(), []
    with UnitOfWork(env.database, writing=False) as uow:
        version = definitions.version(uow.connection, in_force.get(key, ""))
        if version is None:
            return []
        for publisher, version_id in in_force.items():
            renewal = env.deployed(version_id).procedure.renews
            if renewal is not None:
                for case in cases.open_cases(uow.connection, publisher):
                    found += _of(case, renewal, key, int(version["number"]))
    return found


def _of(case: CaseRow, renewal: Renewal, key: str, newest: int) -> list[PublishedRules]:
    of, names = written(case, renewal), names_of(case)
    entry = names.get(renewal.entry)
    if of is None or of[0] != key or not entry:
        return []
    # While the new text is under review, the public still reads the one before.
    public = {one["sha256"] for one in entry["files"]}
    is_public = public == {one["sha256"] for one in names[renewal.written]}
    return [
        PublishedRules(
            entry["index"], of[1] if is_public else None, not is_public or of[1] < newest
        )
    ]
