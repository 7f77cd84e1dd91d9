"""Published written rules (制度文本) follow their diagram: a new version in force sends the text to review again.

What does so is data: ``renews`` in the ``procedure.yaml`` of the procedure that publishes. Called by every tick;
it looks when another version has come into force, and once a day at those that could not take it before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.environment import Environment
from engine.feel import to_json
from engine.procedure import Renewal
from engine.store import accounts, awaited, cases, definitions, outbox
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork

LOOKED_AT = "renewals_looked_at"  # the day of the last look and the versions in force then


def renew_written_rules(env: Environment) -> int:
    """Leave a message for every case whose published text a newer version has overtaken; return how many."""
    in_force = env.procedures_in_force()
    mark = " ".join([str(legal_day(env.time.now())), *sorted(in_force.values())])
    with UnitOfWork(env.database, writing=False) as uow:
        if accounts.get_meta(uow.connection, LOOKED_AT) == mark:
            return 0
    rows = []
    with UnitOfWork(env.database, writing=True) as uow:
        for key in in_force:
            renewal = env.deployed(in_force[key]).procedure.renews
            if renewal is not None:
                rows += list(_overtaken(env, uow.connection, key, renewal))
        outbox.add(uow.connection, rows)
        accounts.set_meta(uow.connection, LOOKED_AT, mark)
        uow.commit()
    return len(rows)


def _overtaken(
    env: Environment, connection: Connection, key: str, renewal: Renewal
) -> Iterator[dict[str, Any]]:
    waiting = set(awaited.waiting_cases(connection, "message", renewal.message))
    for case in cases.open_cases(connection, key):
        found = written(case, renewal)
        if case.id not in waiting or found is None:
            continue
        version = definitions.version(connection, env.procedures_in_force().get(found[0], ""))
        if version is None or int(version["number"]) <= found[1]:
            continue
        message = f"renew:{case.id}:{version['id']}"
        if outbox.has(connection, message):
            continue
        yield {
            "key": message,
            "case_id": None,
            "kind": "message",
            "body": {
                "name": renewal.message,
                "to": case.id,
                "correlation": None,
                "values": _values(env, renewal, version, found[1]),
            },
            "created_at": env.time.now(),
            "attempts": 0,
        }


def written(case: CaseRow, renewal: Renewal) -> tuple[str, int] | None:
    """Return of which procedure a case holds the text, and from which version; None where it holds none."""
    names = names_of(case)
    of, files = names.get(renewal.of), names.get(renewal.written)
    numbers = [int(one["version"]) for one in files or () if "version" in one]
    return (str(of), max(numbers)) if of and numbers else None


def names_of(case: CaseRow) -> Mapping[str, Any]:
    """Return what a case has been told and its automatic steps have answered, as stored."""
    return {**case.fields, **case.state.get("v", {})}


def _values(
    env: Environment, renewal: Renewal, version: Mapping[str, Any], before: int
) -> dict[str, object]:
    day = legal_day(env.time.now())
    names = {
        "title": env.deployed(version["id"]).procedure.title,
        "number": int(version["number"]),
        "since": version["in_force_from"],
        "before": before,
    }
    functions = env.institution().functions(day)
    return {key: to_json(value.evaluate(names, functions)) for key, value in renewal.values.items()}
