"""Which open cases could be carried over to the version in force, and what stands in the way of the others.

For administrators: numbers and steps only, nothing of what is in a case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.access import require
from engine.bpmn.findings import Finding
from engine.bpmn.migrate import obstacles
from engine.environment import OFFICE, Environment
from engine.errors import NotFound
from engine.identity import Actor
from engine.store import cases, definitions
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class MigrationRow:
    """One open case under an earlier version: where it stands, and why it cannot be moved (empty: it can)."""

    case_id: str
    number: str
    version: int
    revision: int
    steps: Sequence[str]
    obstacles: Sequence[Finding]


@dataclass(frozen=True)
class MigrationPage:
    """The open cases of a procedure that do not run under the version in force."""

    procedure: str
    version_id: str
    version: int
    rows: Sequence[MigrationRow]

    @property
    def movable(self) -> list[MigrationRow]:
        """Cases that can be moved as they stand."""
        return [row for row in self.rows if not row.obstacles]

    @property
    def stuck(self) -> list[MigrationRow]:
        """Cases that cannot."""
        return [row for row in self.rows if row.obstacles]


def migrations(
    env: Environment, actor: Actor, procedure: str, mapping: Mapping[str, str] | None = None
) -> MigrationPage:
    """Return what carrying the open cases of a procedure over to the version in force would come to.

    mapping: old id -> new id, as ``migrate_case`` takes it.

    Raises:
        Denied; NotFound: no version of it is in force.
    """
    require(env.institution().rules, actor, "procedures.read")
    with UnitOfWork(env.database, writing=False) as uow:
        target = definitions.in_force(uow.connection, procedure, legal_day(env.time.now()))
        if target is None or procedure == OFFICE:
            raise NotFound("procedure", procedure)
        found = cases.open_cases(uow.connection, procedure, but_version=target["id"])
        numbers = {
            row["id"]: row["number"] for row in definitions.versions(uow.connection, procedure)
        }
        open_steps = {
            case.id: [
                row["name"]
                for row in cases.case_items(uow.connection, case.id)
                if row["status"] == "open"
            ]
            for case in found
        }
    new = env.deployed(target["id"]).definition
    rows = [
        MigrationRow(
            case.id,
            case.number,
            numbers[case.version_id],
            case.revision,
            open_steps[case.id],
            obstacles(env.deployed(case.version_id).definition, new, case.state, mapping),
        )
        for case in found
    ]
    return MigrationPage(procedure, target["id"], target["number"], rows)
