"""依申请公开, clicked from registration to the filed letter on the product itself.

Nothing is made up here but the people: the procedure, its forms and letters are those of ``processes/``. In the
middle everything in memory is dropped and opened again. Pictures of each step lie in ``build/walk``.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Browser, Page
from werkzeug.serving import BaseWSGIServer, make_server

from engine import commands
from engine.accounts import hash_password
from engine.bootstrap import build_environment
from engine.config import Config
from engine.identity import Post
from engine.store import accounts
from engine.timesource import OFFICE_ZONE, FixedTime
from engine.unit_of_work import UnitOfWork
from tests.browser.office_server import Quiet
from webui import create_app

pytestmark = pytest.mark.timeout(300)  # a whole case is clicked, on a machine that may be busy

PASSWORD = "a-password-of-tests"
PEOPLE = {
    "zhoumin": ("周敏", Post("disclosure_officer")),
    "liguoliang": ("李国梁", Post("section_staff", "housing")),
    "xujianhua": ("许建华", Post("section_head", "housing")),
    "shenyiming": ("沈一鸣", Post("secrecy_reviewer")),
    "hejingbo": ("何静波", Post("line_leader", "housing")),
    "luhuaiyuan": ("陆怀远", Post("director")),
    "mengshuyi": ("孟书怡", Post("supervisor")),
}
# (who, step): the straight path as drawn
STEPS = [
    ("zhoumin", "受理审查"),
    ("zhoumin", "分办"),
    ("liguoliang", "科室检索提供"),
    ("zhoumin", "研究"),
    ("xujianhua", "科室初审"),
    ("shenyiming", "保密复审"),
    ("zhoumin", "拟定答复"),
    ("hejingbo", "分管领导审核"),
    ("luhuaiyuan", "主要领导审批"),
    ("zhoumin", "送达"),
    ("zhoumin", "登记送达回证"),
    ("zhoumin", "归档"),
]
RESTART_BEFORE = "拟定答复"


@dataclass
class Office:
    """The office behind an address, its clock, and a window for everybody."""

    config: Config
    time: FixedTime
    browser: Browser
    pictures: Path
    server: BaseWSGIServer | None = None
    windows: dict[str, Page] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        assert self.server is not None
        return f"http://127.0.0.1:{self.server.server_port}"

    def open(self, port: int = 0) -> None:
        """Start serving, from what is on disk."""
        env = build_environment(self.config, time=self.time)
        commands.deploy_missing(env)
        self.env = env
        self.server = make_server(
            "127.0.0.1", port, create_app(env), threaded=True, request_handler=Quiet
        )
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop, and forget everything in memory."""
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()
        self.env.database.dispose()

    def window(self, login: str) -> Page:
        """The browser of somebody, signed in."""
        if login not in self.windows:
            context = self.browser.new_context(
                locale="zh-CN", timezone_id="Asia/Shanghai", viewport={"width": 1366, "height": 768}
            )
            page = context.new_page()
            page.on("pageerror", lambda error: self.wrong.append(str(error)))
            page.on("console", self._listen)
            page.goto(self.address + "/sign-in")
            page.get_by_label("账号").fill(login)
            page.get_by_label("密码").fill(PASSWORD)
            page.get_by_role("button", name="登录").click()
            page.locator("nav").first.wait_for()
            self.windows[login] = page
        return self.windows[login]

    def _listen(self, said: Any) -> None:
        if "Failed to fetch" in said.text:  # the page was left before its drawing came
            return
        if "Content Security Policy" in said.text or said.text.startswith("diagram:"):
            self.wrong.append(said.text)


@pytest.fixture
def office(browser: Browser, tmp_path: Path, project: Path, assets: object) -> Iterator[Office]:
    pictures = project / "build" / "walk"
    pictures.mkdir(parents=True, exist_ok=True)
    config = Config(
        home=tmp_path,
        processes=project / "processes",
        data=tmp_path / "data",
        database=f"sqlite:///{tmp_path / 'data' / 'gongkai.sqlite'}",
    )
    time = FixedTime(datetime(2026, 11, 24, 10, 0, tzinfo=OFFICE_ZONE))
    found = Office(config, time, browser, pictures)
    found.open()
    password = hash_password(PASSWORD)
    with UnitOfWork(found.env.database, writing=True) as uow:
        for login, (name, post) in PEOPLE.items():
            person = accounts.add_person(
                uow.connection, login=login, name=name, password_hash=password
            )
            accounts.add_post(uow.connection, person, post, date(2026, 1, 1))
        uow.commit()
    yield found
    for page in found.windows.values():
        page.context.close()
    found.close()


def answer(page: Page, wishes: dict[str, str]) -> None:
    """Fill in what a form asks: what is wished for by label or value, else the first choice, else some text."""
    for _ in range(6):  # an answer may bring further questions
        asked = [
            field
            for field in page.locator("#task-form .field").all()
            if field.is_visible() and field.locator(".req:visible").count() and not _answered(field)
        ]
        if not asked:
            return
        for question in asked:
            _answer(question, wishes)
            page.wait_for_load_state("networkidle")


def _answered(question: Any) -> bool:
    if question.locator("input[type=radio], input[type=checkbox]").count():
        return bool(question.locator("input:checked").count())
    return all(
        control.input_value() or not control.is_visible()
        for control in question.locator("input.form-control, textarea, select").all()
    )


def _answer(question: Any, wishes: dict[str, str]) -> None:
    label = question.locator(".label").first.inner_text().split()[0]
    choices = question.locator("input[type=radio], input[type=checkbox]")
    if choices.count():
        wished = question.locator("label", has_text=wishes.get(label, ""))
        (wished if label in wishes else choices).first.check()
        return
    for control in question.locator("select").all():
        if label in wishes:
            option = control.locator("option", has_text=wishes[label]).first
            control.select_option(value=option.get_attribute("value"))
        elif not control.input_value():
            control.select_option(index=1)
    for control in question.locator("input.form-control:not([type=file]), textarea").all():
        if control.input_value():
            continue
        kind = control.get_attribute("type"), control.get_attribute("inputmode")
        control.fill(
            wishes.get(label, "2026-11-24" if kind[0] == "date" else "5" if kind[1] else "照卷宗")
        )


def register(office: Office, picture: str = "") -> str:
    """Register a posted request and return the address of its case."""
    zhou = office.window("zhoumin")
    zhou.goto(office.address + "/")
    zhou.get_by_role("link", name="登记申请").click()
    zhou.get_by_label("邮寄（需签收）").check()
    zhou.wait_for_load_state("networkidle")
    zhou.locator("input[type=file]").first.set_input_files(
        {"name": "申请表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 test"}
    )
    answer(
        zhou,
        {
            "签收日期": "2026-11-18",
            "申请人类别": "自然人",
            "证件名称": "护照",
            "证件号码": "E00000000",
            "联系电话": "13912342046",
            "信息名称": "柳岸新村拆迁补偿有关文件和材料",
        },
    )
    if picture:
        zhou.screenshot(path=office.pictures / f"{picture}.png", full_page=True)
    zhou.locator(".actions .btn-primary").click()
    zhou.wait_for_url("**/cases/*")
    return zhou.url


def go(office: Office, login: str, step: str, picture: str = "", **wishes: str) -> Page:
    """Take the first task out of somebody's inbox, which is to be this step, fill in its form and submit it."""
    page = office.window(login)
    page.goto(office.address + "/")
    page.locator(".inbox a.do").first.click()
    page.wait_for_url("**/tasks/*")
    assert page.locator("h1").inner_text() == step
    answer(page, wishes)
    submit(office, page, picture)
    return page


def submit(office: Office, page: Page, picture: str = "") -> None:
    """Press what the page is for; the case comes back."""
    if picture:
        page.screenshot(path=office.pictures / f"{picture}.png")
    page.locator(".actions .btn-primary").click()
    page.wait_for_url("**/cases/*")
    assert page.locator(".errors").count() == 0


def letters(office: Office, case: str) -> list[str]:
    """The letters of a case by their texts, as a clerk opens them in Word."""
    page = office.window("zhoumin")
    page.goto(case)
    texts = []
    for link in page.locator("#letters + .doclist a").all():
        with page.expect_download() as arriving:
            link.click()
        document = Document(io.BytesIO(Path(arriving.value.path()).read_bytes()))
        texts.append("\n".join(paragraph.text for paragraph in document.paragraphs))
    return texts


def test_a_request_travels_from_receipt_to_a_filed_letter(office: Office) -> None:
    case = register(office, "00-register")
    zhou = office.window("zhoumin")
    zhou.wait_for_selector(".diagram.is-drawn .djs-element")
    assert zhou.locator("h1").inner_text() == "柳岸新村拆迁补偿有关文件和材料"
    assert "2026-12-16" in zhou.locator(".calc tr.result").inner_text()
    zhou.screenshot(path=office.pictures / "01-case.png")

    for place, (login, step) in enumerate(STEPS, start=2):
        if step == RESTART_BEFORE:
            port = int(office.address.rsplit(":", 1)[1])
            office.close()
            office.open(port)
        go(office, login, step, f"{place:02d}-{login}", 主办科室="房屋安全管理科")

    zhou.goto(case)
    zhou.wait_for_selector(".diagram.is-drawn .djs-element")
    zhou.screenshot(path=office.pictures / "20-closed.png", full_page=True)
    assert "已办结" in zhou.locator("dl.facts").inner_text()
    assert "〔2026〕" in zhou.locator("#letters + .doclist").inner_text()
    assert any("告知书" in text or "答复" in text for text in letters(office, case))

    meng = office.window("mengshuyi")
    meng.goto(office.address + "/audit")
    meng.get_by_role("button", name="校验", exact=True).click()
    meng.get_by_text("已校验，留痕链完整").wait_for()
    meng.screenshot(path=office.pictures / "21-audit.png")
    assert office.wrong == []
