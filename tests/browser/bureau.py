"""The whole product behind an address: every procedure of ``processes/``, somebody in each post, a clock that stands.

Set up once a process and copied for each test. Forms are filled in by the names of their fields, as worked cases
give them, so that a walk through the pages says the same as a scenario.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page
from werkzeug.serving import BaseWSGIServer, make_server

from engine import commands
from engine.accounts import hash_password
from engine.accounts import sign_in as sign_in_person
from engine.bootstrap import build_environment
from engine.config import Config
from engine.environment import Environment
from engine.identity import Post
from engine.store import accounts
from engine.timesource import FixedTime, office_instant
from engine.unit_of_work import UnitOfWork
from tests.browser.office_server import Quiet
from webui import create_app

PROJECT = Path(__file__).parents[2]
PASSWORD = "a-password-of-tests"
PEOPLE = {
    "zhoumin": ("周敏", "disclosure_officer"),
    "zhaoqiming": ("赵启明", "office_head"),
    "liguoliang": ("李国梁", "section_staff"),
    "xujianhua": ("许建华", "section_head"),
    "shenyiming": ("沈一鸣", "secrecy_reviewer"),
    "hejingbo": ("何静波", "line_leader"),
    "songwei": ("宋巍", "deputy_director"),
    "luhuaiyuan": ("陆怀远", "director"),
    "mengshuyi": ("孟书怡", "supervisor"),
    "zhangwei": ("张维", "procedure_admin"),
    "tangyue": ("唐悦", "web_editor"),
    "yangfan": ("杨帆", "machine_keeper"),
}
LOGINS = {role: login for login, (_name, role) in PEOPLE.items()}
MORNING = office_instant(date(2026, 11, 24), time(10))  # a Tuesday


@dataclass
class Bureau:
    """The office behind an address, its clock, and a window for everybody."""

    config: Config
    time: FixedTime
    browser: Browser
    known: Environment
    server: BaseWSGIServer | None = None
    windows: dict[str, Page] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}"

    def open(self, port: int = 0) -> None:
        """Start serving, from what is on disk."""
        self.env = build_environment(self.config, time=self.time)
        self.env._versions.update(self.known._versions)
        self.env._institutions.update(self.known._institutions)
        self.server = make_server(
            "127.0.0.1", port, create_app(self.env), threaded=True, request_handler=Quiet
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop, and forget everything in memory."""
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()
        self.env.database.dispose()

    def at(self, day: str) -> None:
        """Go on to the morning of a day; timers that are due fire, and everybody signs in again."""
        self.time.set(office_instant(date.fromisoformat(day), time(10)))
        commands.tick(self.env)
        for page in self.windows.values():
            page.context.clear_cookies()

    def window(self, login: str) -> Page:
        """The browser of somebody who is signed in."""
        page = self.windows.get(login)
        if page is None:
            context = self.browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1366, "height": 768}
            )
            context.set_default_timeout(20_000)
            # Drawing takes longer than everything else on a page; who looks at it says so.
            context.route("**/vendor/diagram.js*", lambda route: route.abort())
            page = self.windows[login] = context.new_page()
            page.on("pageerror", lambda error: self.wrong.append(str(error)))
            page.on("console", self._listen)
        if not page.context.cookies():
            token = sign_in_person(self.env, login, PASSWORD, "127.0.0.1")
            page.context.add_cookies([{"name": "gongkai", "value": token, "url": self.address}])
        return page

    def see_drawing(self, page: Page) -> None:
        """Open the page once more, with its drawing."""
        page.context.unroute("**/vendor/diagram.js*")
        page.reload()
        page.wait_for_selector(".diagram.is-drawn .djs-element")
        page.context.route("**/vendor/diagram.js*", lambda route: route.abort())

    def _listen(self, said: Any) -> None:
        if "Failed to fetch" in said.text:  # the page was left before its drawing came
            return
        if "Content Security Policy" in said.text or said.text.startswith("diagram:"):
            self.wrong.append(said.text)

    def start(self, procedure: str, login: str, data: Mapping[str, Any]) -> str:
        """Fill in the first form of a new case; return the address of the case."""
        page = self.window(login)
        page.goto(f"{self.address}/start/{procedure}")
        fill(page, data)
        return submit(page)

    def task(self, login: str, number: str, step: str) -> Page:
        """Open a step of a case from somebody's inbox."""
        page = self.window(login)
        page.goto(self.address + "/")
        row = page.locator(".inbox tbody tr", has_text=number).filter(has_text=step)
        row.locator("a.do").first.click()
        page.wait_for_url("**/tasks/*")
        assert page.locator("h1").inner_text() == step
        return page

    def do(self, login: str, number: str, step: str, data: Mapping[str, Any]) -> Page:
        """Take a step of a case out of somebody's inbox, fill in its form and submit it."""
        page = self.task(login, number, step)
        fill(page, data)
        submit(page)
        return page

    def act(self, login: str, case: str, label: str, data: Mapping[str, Any]) -> Page:
        """Do what the menu of a case offers at any time, such as 延长答复期限."""
        page = self.window(login)
        page.goto(case)
        page.locator("details.menu summary").click()
        page.get_by_role("link", name=label).click()
        page.wait_for_url("**/actions/*")
        fill(page, data)
        submit(page)
        return page


def fill(page: Page, data: Mapping[str, Any]) -> None:
    """Fill in fields by their names: one value, several choices, files, or the rows of a table."""
    for key, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            _fill_rows(page, key, value)
        elif page.locator(f"#task-form input[type=file][name='{key}']").count():
            names = value if isinstance(value, list) else [value]
            page.set_input_files(
                f"#task-form input[name='{key}'][type=file]",
                [
                    {"name": name, "mimeType": "application/pdf", "buffer": b"%PDF-1.4 test"}
                    for name in names
                ],
            )
        else:
            for one in value if isinstance(value, list) else [value]:
                _fill(page.locator(f"#task-form [name='{key}']"), one)


def _fill_rows(page: Page, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    table = page.locator(f"#task-form [data-table='{key}'] tbody")
    for place, row in enumerate(rows):
        while table.locator(f"[name^='{key}-{place}-']").count() == 0:
            with page.expect_navigation():
                page.locator(f"[data-field='{key}'] button[value='add:{key}']").click()
        for column, value in row.items():
            _fill(page.locator(f"#task-form [name='{key}-{place}-{column}']"), value)


def _fill(control: Locator, value: Any) -> None:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    first = control.first
    tag, kind = first.evaluate("one => [one.tagName, one.type]")
    if kind in ("radio", "checkbox"):
        control.locator(f"xpath=self::*[@value='{text}']").check()
    elif tag == "SELECT":
        first.select_option(text)
    else:
        first.fill(text)


def in_posts(value: Any) -> Any:
    """Return what a worked case gives, its people by post (``section_staff@housing``) made people of this office."""
    if isinstance(value, Mapping):
        return {key: in_posts(one) for key, one in value.items()}
    if isinstance(value, list):
        return [in_posts(one) for one in value]
    return LOGINS.get(value.partition("@")[0], value) if isinstance(value, str) else value


def submit(page: Page) -> str:
    """Press what the page is for; the case comes back, or the test says what the page says."""
    with page.expect_navigation(wait_until="domcontentloaded"):
        page.locator(".actions .btn-primary").click()
    refused = page.locator(".errors")
    assert refused.count() == 0, refused.first.inner_text()
    page.wait_for_url("**/cases/*")
    return page.url


_TEMPLATES: list[tuple[Path, Environment]] = []


@contextmanager
def open_bureau(folder: Path, browser: Browser, *, own_folders: bool = False) -> Iterator[Bureau]:
    """A fresh office in a folder, closed at the end; with ``own_folders`` the test may change its procedures.

    No page may have had an error in its scripts.
    """
    if not _TEMPLATES:
        made = Path(tempfile.mkdtemp(prefix="gongkai-bureau-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        _TEMPLATES.append((made, _set_up(made)))
    template, known = _TEMPLATES[0]
    shutil.copytree(template / "data", folder / "data")
    config = _config(folder)
    if own_folders:
        config = replace(config, processes=folder / "processes")
        shutil.copytree(PROJECT / "processes", config.processes)
    bureau = Bureau(config, FixedTime(MORNING), browser, known)
    bureau.open()
    yield bureau
    for page in bureau.windows.values():
        page.context.close()
    bureau.close()
    assert bureau.wrong == []


def _config(folder: Path) -> Config:
    return Config(
        home=folder,
        processes=PROJECT / "processes",
        data=folder / "data",
        database=f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}",
    )


def _set_up(folder: Path) -> Environment:
    env = build_environment(_config(folder), time=FixedTime(MORNING))
    commands.deploy_missing(env)
    office = env.institution().office
    hashed = hash_password(PASSWORD)
    with UnitOfWork(env.database, writing=True) as uow:
        for login, (name, role) in PEOPLE.items():
            person = accounts.add_person(
                uow.connection, login=login, name=name, password_hash=hashed
            )
            for unit in office.units if office.roles[role].per_unit else [None]:
                accounts.add_post(uow.connection, person, Post(role, unit), date(2020, 1, 1))
        uow.commit()
    for version in env.procedures_in_force().values():
        env.deployed(version)
    env.database.dispose()
    return env
