"""An office in a temporary folder: the product's own ``_office`` data, one small procedure, people in posts."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

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
    "li": ("李国梁", Post("section_staff", "housing")),
    "zhang": ("张维", Post("procedure_admin")),
}


class Desk:
    """The office under test, and its people by login."""

    def __init__(self, env: Environment, time: FixedTime) -> None:
        self.env, self.time = env, time

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


def open_desk(folder: Path, *procedures: str, database: str = "") -> Desk:
    """Open an office with people in it.

    On SQLite it is set up once a process and copied for each test: deploying is not what most tests are about.
    """
    if database:
        return _set_up(folder, procedures, database)
    if procedures not in _TEMPLATES:
        template = Path(tempfile.mkdtemp(prefix="gongkai-office-"))
        atexit.register(shutil.rmtree, template, ignore_errors=True)
        made = _set_up(template, procedures, "")
        made.env.database.dispose()
        _TEMPLATES[procedures] = (template, made.env)
    template, first = _TEMPLATES[procedures]
    shutil.copytree(template, folder, dirs_exist_ok=True)
    time = FixedTime(MORNING)
    env = build_environment(_config(folder, ""), time=time)
    # Versions are immutable and the copy has the same ids: what was compiled once serves all.
    env._versions.update(first._versions)
    env._institutions.update(first._institutions)
    return Desk(env, time)


_TEMPLATES: dict[tuple[str, ...], tuple[Path, Environment]] = {}


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


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An office with the three-task procedure."""
    opened = open_desk(tmp_path, "leave")
    yield opened
    opened.env.database.dispose()
