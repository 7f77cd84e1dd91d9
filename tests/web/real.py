"""A small office on the engine itself: one procedure, people in posts, a clock that stands.

For what the made-up office cannot show: that a page says what is in the database. Set up once a process and
copied for each test.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine import commands
from engine.accounts import actor_of, hash_password
from engine.bootstrap import build_environment
from engine.config import Config
from engine.environment import Environment
from engine.identity import Actor, Post
from engine.store import accounts, cases
from engine.timesource import OFFICE_ZONE, FixedTime, legal_day
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client
from tests.web.fakes import PASSWORD
from webui import create_app

ROOT = Path(__file__).parents[2]
MORNING = datetime(2026, 11, 2, 9, 0, tzinfo=OFFICE_ZONE)  # a Monday
PEOPLE = {
    "zhou": ("周敏", Post("disclosure_officer")),
    "zhao": ("赵启明", Post("office_head")),
    "li": ("李国梁", Post("section_staff", "housing")),
    "fang": ("方玲", Post("section_staff", "housing")),
    "meng": ("孟书怡", Post("supervisor")),
    "zhang": ("张维", Post("procedure_admin")),
    "lin": ("林若川", Post("system_admin")),
    "bai": ("白静", Post("security_admin")),
}
REGISTER = {
    "title": "危房鉴定报告",
    "kind": "b",
    "name": "顾小明",
    "received_on": "2026-11-02",
    "lead": "housing",
}


@dataclass
class RealOffice:
    """The office, its clock, and a browser for everybody."""

    env: Environment
    time: FixedTime
    browsers: dict[str, Client] = field(default_factory=dict)

    @property
    def processes(self) -> Path:
        """The folder of procedures."""
        return self.env.config.processes

    def actor(self, login: str) -> Actor:
        """Somebody in today's posts."""
        return actor_of(self.env, login)

    def at(self, text: str) -> None:
        """Set the clock, 2026-11-20 or 2026-11-20T10:30."""
        moment = datetime.fromisoformat(text)
        if "T" not in text:
            moment = moment.replace(hour=9)
        if legal_day(self.time.now()) != moment.date():
            self.browsers.clear()  # nobody stays signed in over night
        self.time.set(moment.replace(tzinfo=OFFICE_ZONE))

    def browser(self, login: str) -> Client:
        """The browser of somebody, signed in."""
        if login not in self.browsers:
            self.browsers[login] = Client(create_app(self.env).test_client()).sign_in(login)
        return self.browsers[login]

    def start(self, **answers: Any) -> commands.Moved:
        """Register a case."""
        return commands.start_case(self.env, self.actor("zhou"), "visit", {**REGISTER, **answers})

    def task(self, case_id: str) -> str:
        """The id of a case's open task."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, case_id)
        return next(row["id"] for row in rows if row["status"] == "open")

    def do(
        self, login: str, case_id: str, values: Mapping[str, Any] | None = None
    ) -> commands.Moved:
        """Complete the open task of a case."""
        return commands.complete_task(
            self.env, self.actor(login), self.task(case_id), dict(values or {})
        )


_TEMPLATES: list[tuple[Path, Environment]] = []


def open_office(folder: Path) -> RealOffice:
    """Open a fresh office in a folder."""
    if not _TEMPLATES:
        made = Path(tempfile.mkdtemp(prefix="gongkai-web-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        _TEMPLATES.append((made, _set_up(made)))
    template, first = _TEMPLATES[0]
    shutil.copytree(template, folder, dirs_exist_ok=True)
    time = FixedTime(MORNING)
    env = build_environment(_config(folder), time=time)
    env._versions.update(first._versions)
    env._institutions.update(first._institutions)
    return RealOffice(env, time)


def _config(folder: Path) -> Config:
    return Config(
        home=folder,
        processes=folder / "processes",
        data=folder / "data",
        database=f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}",
    )


def _set_up(folder: Path) -> Environment:
    shutil.copytree(ROOT / "processes" / "_office", folder / "processes" / "_office")
    shutil.copytree(Path(__file__).parent / "procedures" / "visit", folder / "processes" / "visit")
    env = build_environment(_config(folder), time=FixedTime(MORNING))
    commands.deploy_missing(env)
    hashed = hash_password(PASSWORD)
    with UnitOfWork(env.database, writing=True) as uow:
        for login, (name, post) in PEOPLE.items():
            person = accounts.add_person(
                uow.connection, login=login, name=name, password_hash=hashed
            )
            accounts.add_post(uow.connection, person, post, date(2025, 1, 1))
        uow.commit()
    for version in env.procedures_in_force().values():
        env.deployed(version)
    env.database.dispose()
    return env
