"""What a command or a query works with: database, time, key, files, and the institution in force.

A holder of collaborators, made once by ``engine.bootstrap``. Versions of procedures are compiled once
and kept: a version never changes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from engine.blobs import Blobs
from engine.bpmn.model import Definition
from engine.config import Config
from engine.deployed import Deployed, deployed_from
from engine.errors import NotFound, NothingDeployed
from engine.guessing import Strangers
from engine.institution import Institution
from engine.office.directory import Holder
from engine.sealing import Sealer
from engine.store import accounts
from engine.store import definitions as store
from engine.timesource import TimeSource, legal_day, office_instant
from engine.unit_of_work import Engine, UnitOfWork

OFFICE = "_office"  # the key under which the office's own data is deployed

Renderer = Callable[[bytes, Mapping[str, object]], bytes]


@dataclass(frozen=True)
class OfficePeople:
    """The people of the database, read when a form or a letter asks."""

    database: Engine

    def in_post(self, day: date) -> Sequence[Holder]:
        with UnitOfWork(self.database, writing=False) as uow:
            rows = accounts.holders(uow.connection, day)
        return [Holder(row["login"], row["name"], row["role"], row["unit"]) for row in rows]

    def name(self, login: str) -> str:
        with UnitOfWork(self.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, login)
        return row["name"] if row else login


@dataclass
class Environment:
    """Collaborators, and a cache of what was compiled. Safe for threads."""

    config: Config
    database: Engine
    time: TimeSource
    sealer: Sealer
    blobs: Blobs
    render: Renderer
    strangers: Strangers = field(default_factory=Strangers, repr=False)
    _institutions: dict[str, Institution] = field(default_factory=dict, repr=False)
    _versions: dict[str, Deployed] = field(default_factory=dict, repr=False)
    _in_force: dict[str, str] = field(default_factory=dict, repr=False)
    # The legal day on which _in_force holds: from its first instant to the next day's.
    _day: tuple[datetime, datetime] | None = field(default=None, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._people = OfficePeople(self.database)

    def refresh(self) -> None:
        """Look again which versions are in force: after a deployment, at every tick, on a new day."""
        day = legal_day(self.time.now())
        with UnitOfWork(self.database, writing=False) as uow:
            found = store.all_in_force(uow.connection, day)
        with self._lock:
            self._in_force = found
            self._day = office_instant(day), office_instant(day + timedelta(days=1))

    def _is_fresh(self) -> bool:
        return self._day is not None and self._day[0] <= self.time.now() < self._day[1]

    def version_in_force(self, procedure: str) -> str:
        """Return the id of the version in force.

        Raises:
            NotFound: the procedure was never deployed. NothingDeployed: not even the office's own data.
        """
        with self._lock:
            if procedure not in self._in_force or not self._is_fresh():
                self.refresh()
            if procedure not in self._in_force:
                raise NothingDeployed if procedure == OFFICE else NotFound("procedure", procedure)
            return self._in_force[procedure]

    def procedures_in_force(self) -> dict[str, str]:
        """Return {procedure key: version id} without the office's own data."""
        with self._lock:
            if not self._in_force or not self._is_fresh():
                self.refresh()
            return {key: value for key, value in self._in_force.items() if key != OFFICE}

    def institution(self) -> Institution:
        """Return the office's data in force: roles, calendar, settings, rights."""
        version_id = self.version_in_force(OFFICE)
        found = self._institutions.get(version_id)
        if found is not None and found.people is self._people:
            return found
        with self._lock:
            if version_id not in self._institutions:
                with UnitOfWork(self.database, writing=False) as uow:
                    files = store.files(uow.connection, version_id)
                self._institutions = {version_id: Institution.from_files(files, version_id)}
            found = replace(self._institutions[version_id], people=self._people)
            self._institutions[version_id] = found
            return found

    def deployed(self, version_id: str) -> Deployed:
        """Return a version, compiled.

        Raises:
            NotFound: there is no such version.
        """
        with self._lock:
            if version_id not in self._versions:
                with UnitOfWork(self.database, writing=False) as uow:
                    row = store.version(uow.connection, version_id)
                    if row is None:
                        raise NotFound("version", version_id)
                    files = store.files(uow.connection, version_id)
                office = self.institution().office
                self._versions[version_id] = deployed_from(
                    files,
                    office,
                    version_id=version_id,
                    number=int(row["number"]),
                    find=self._called,
                )
            return self._versions[version_id]

    def _called(self, process_id: str) -> Definition | None:
        """Return a called process as it is in force, None where no procedure of that name is."""
        version_id = self.procedures_in_force().get(process_id)
        return self.deployed(version_id).definition if version_id else None

    def forget_compiled(self) -> None:
        """Drop compiled versions: the office's lists that forms show may have changed."""
        with self._lock:
            self._versions = {}

    def definition_in_force(self, process_id: str) -> tuple[str, Definition]:
        """Return (version id, definition) of the procedure that holds a called process."""
        version_id = self.version_in_force(process_id)
        return version_id, self.deployed(version_id).definition
