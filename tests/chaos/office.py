"""An office that can be copied at any moment: the product's procedures, somebody in every post, a case half way.

A ``Snapshot`` is a closed database with its data folder. Opening one costs a copy, so that each of
hundreds of trials begins right before what it is about.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select, text

from engine import commands
from engine.blobs import Blobs
from engine.bootstrap import build_environment
from engine.config import Config
from engine.environment import Environment
from engine.identity import SYSTEM, Post
from engine.letters import to_plain
from engine.letters import worker as letter_worker
from engine.store import accounts
from engine.tables import metadata
from engine.timesource import OFFICE_ZONE, FixedTime
from engine.unit_of_work import Engine, UnitOfWork, open_database
from tests.integration.conftest import ROOT, PostgresServer

PROCEDURES = ("on_request", "confidentiality_review", "review_and_approval")
NEW_YEAR = date(2026, 1, 1)
IN_POST = date(2025, 1, 1)  # worked cases reach back a year
_OLD = """编号,收到日期,申请内容,申请人类别,办理结果,办结日期
2026-0012,2025-12-01,征收补偿方案,自然人,予以公开,2025-12-19
"""


def moment(day: object, at: time = time(9)) -> datetime:
    """Return an office time on a day written as text."""
    return datetime.combine(date.fromisoformat(str(day)[:10]), at, tzinfo=OFFICE_ZONE)


class Letters:
    """Fills letters in this process and remembers them: hundreds of trials write the same ones."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def __call__(self, template: bytes, values: Mapping[str, object]) -> bytes:
        plain = to_plain(values)
        key = hashlib.sha256(template + repr(plain).encode()).hexdigest()
        if key not in self._known:
            letter_worker.Missing.seen.clear()
            self._known[key] = letter_worker.render(template, plain)
        return self._known[key]


Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Snapshot:
    """A closed office: its data folder, its rows where they are on a server, and when it was closed.

    On a server all snapshots of an office share one database, which is put back: making one anew
    costs ten times as much. So only one can be open at a time.
    """

    folder: Path
    rows: Rows | None
    first: Environment  # what was compiled once serves every copy: versions never change
    now: datetime

    @contextmanager
    def opened(self) -> Iterator[Environment]:
        """Open a copy that is gone afterwards."""
        folder = Path(tempfile.mkdtemp(prefix="gongkai-chaos-"))
        shutil.copytree(self.folder / "data", folder / "data")
        url = _sqlite(folder) if self.rows is None else self.first.config.database
        config = replace(self.first.config, home=folder, data=folder / "data", database=url)
        database = open_database(url)
        env = replace(
            self.first,
            config=config,
            database=database,
            time=FixedTime(self.now),
            blobs=Blobs(config.blobs),
            _in_force={},
        )
        try:
            if self.rows is not None:
                _put_back(database, self.rows)
            yield env
        finally:
            database.dispose()
            shutil.rmtree(folder, ignore_errors=True)

    def remove(self) -> None:
        """Forget it."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _rows(database: Engine) -> Rows:
    with database.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in metadata.sorted_tables
            if table.name != "procedure_file"
        }


def _put_back(database: Engine, rows: Rows) -> None:
    """Make every table as it was; of a version's files, which never change, only the new ones go."""
    versions = [row["id"] for row in rows["procedure_version"]]
    with UnitOfWork(database, writing=True) as uow:
        # Not even the tables that only grow are guarded now: it is another office's past.
        uow.connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in reversed(metadata.sorted_tables):
            if table.name == "procedure_file":
                uow.connection.execute(delete(table).where(table.c.version_id.not_in(versions)))
            elif table.name == "procedure_version":
                uow.connection.execute(delete(table).where(table.c.id.not_in(versions)))
            else:
                uow.connection.execute(delete(table))
        for table in metadata.sorted_tables:
            if table.name not in ("procedure_file", "procedure_version") and rows[table.name]:
                uow.connection.execute(insert(table), rows[table.name])
        uow.commit()


def end_sessions(database: Engine) -> None:
    """End what a killed client left on the server, as the server itself does when it notices."""
    if database.dialect.name == "postgresql":
        with database.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )


def restarted(env: Environment) -> Environment:
    """Open the same data again as a new process does, with what was compiled at hand."""
    env.database.dispose()
    again = build_environment(env.config, time=FixedTime(env.time.now()))
    again.render = env.render
    again._versions, again._institutions = env._versions, env._institutions
    return again


def snapshot(env: Environment, first: Snapshot) -> Snapshot:
    """Close an office and keep it as it stands; ``env`` goes on working."""
    rows = _rows(env.database) if first.rows is not None else None
    env.database.dispose()
    folder = Path(tempfile.mkdtemp(prefix="gongkai-chaos-"))
    shutil.copytree(env.config.data, folder / "data")
    return replace(first, folder=folder, rows=rows, now=env.time.now())


def new_office(names: Iterable[str], server: PostgresServer | None) -> Snapshot:
    """Set up an office with these folders of ``processes/`` (or of the tests) and people in every post."""
    folder = Path(tempfile.mkdtemp(prefix="gongkai-chaos-"))
    for name in ("_office", *names):
        own = ROOT / "tests" / "integration" / "procedures" / name
        source = own if own.is_dir() else ROOT / "processes" / name
        shutil.copytree(source, folder / "processes" / name)
    url = server.create() if server else _sqlite(folder)
    config = Config(home=folder, processes=folder / "processes", data=folder / "data", database=url)
    env = build_environment(config, time=FixedTime(moment(NEW_YEAR)))
    env.render = Letters()
    commands.deploy_missing(env)
    _people(env)
    _before(env)
    for version in env.procedures_in_force().values():
        env.deployed(version)
    rows = _rows(env.database) if server else None
    env.database.dispose()
    return Snapshot(folder, rows, env, env.time.now())


def _people(env: Environment) -> None:
    """Put two people into every role; a third where an enquiry wants somebody who did neither of two others."""
    office, three = env.institution().office, "accountability" in env.procedures_in_force()
    with UnitOfWork(env.database, writing=True) as uow:
        for role in office.roles.values():
            third = three and role.per_unit
            for login in (role.id, f"{role.id}_2", f"{role.id}_3")[: 3 if third else 2]:
                person = accounts.add_person(uow.connection, login=login, name=login)
                for unit in office.units if role.per_unit else [None]:
                    accounts.add_post(uow.connection, person, Post(role.id, unit), IN_POST)
        uow.commit()


def _before(env: Environment) -> None:
    """Take over a closed case of the old register: what is archived was done before."""
    if not {"archiving", "on_request"} <= set(env.procedures_in_force()):
        return
    rows = commands.register_rows(env, SYSTEM, "on_request", _OLD.encode(), "old.csv")
    commands.import_register(env, SYSTEM, "on_request", rows)


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}"


# --- what stands in a database, without what is random about it

# Not facts of a case: who is alive, whole contents, and values under random salts.
_LEFT_OUT = {
    "heartbeat",
    "meta",
    "audit_personal",
    "procedure_file",
    "procedure_version",
    "session",
}
_LEFT_OUT_COLUMNS = {"id", "prev", "case_prev", "hash", "sha256", "size", "supersedes"}
_RANDOM = re.compile(r"[0-9a-f]{32,}")
# A server leaves gaps in its numbers where a transaction did not come to its end.
_NUMBERED = re.compile(r'(supersedes|wrong_fact)(?:\W|null)*\d+(?:\\",\\"\d+)?')
_SEALED = re.compile(r"sealed:1:[\w=-]+")


def ledger(env: Environment) -> dict[str, list[str]]:
    """Return every row of every table but for random ids, seals and hashes: table -> sorted rows.

    Two offices in which the same things happened once have equal ledgers.
    """
    found: dict[str, list[str]] = {}
    with UnitOfWork(env.database, writing=False) as uow:
        for table in metadata.sorted_tables:
            if table.name in _LEFT_OUT:
                continue
            columns = [column for column in table.c if column.name not in _LEFT_OUT_COLUMNS]
            rows = uow.connection.execute(select(*columns)) if columns else []
            found[table.name] = sorted(_told(dict(row._mapping)) for row in rows)
    return found


def _told(row: dict[str, Any]) -> str:
    text = json.dumps(row, ensure_ascii=False, sort_keys=True, default=str)
    return _RANDOM.sub("#", _SEALED.sub("~", _NUMBERED.sub(r"\1#", text)))


def difference(expected: Mapping[str, list[str]], got: Mapping[str, list[str]]) -> list[str]:
    """Return what is missing (-) and what is too much (+), table by table."""
    lines = []
    for table, rows in expected.items():
        left = list(got[table])
        for row in rows:
            if row in left:
                left.remove(row)
            else:
                lines.append(f"- {table}: {row}")
        lines += [f"+ {table}: {row}" for row in left]
    return lines
