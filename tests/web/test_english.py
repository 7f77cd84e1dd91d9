"""The demonstration office in English, pages and answers: Chinese stands only where it is somebody's own word."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup, Comment, Tag
from flask import Flask
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

import engine.demo
from engine import commands
from engine.bootstrap import build_environment
from engine.config import Config
from engine.demo import load_demo
from engine.demo.plan import read_people
from engine.environment import Environment
from engine.timesource import FixedTime, office_instant
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client
from webui import create_app

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 11, 24)
HAN = re.compile(r"[\u4e00-\u9fff]")
PAGES = 12  # of one kind and person
# Where Chinese is right although no person typed it: documents and their names, and what a procedure's own
# expression puts together from answers.
PLACES = ".document, .doclist, .given, textarea, [lang^=zh]"
MASKED = re.compile(
    r"[\u4e00-\u9fff\d]+\*+|(?<![\u4e00-\u9fff])[\u4e00-\u9fff]某(?![\u4e00-\u9fff])"
)
# Numbers of documents, names of those that the system writes, and what a procedure's own message says.
NAMED = re.compile(
    r"某城执-\d{4}-\d+|某行初\d+号|某\w+〔\d{4}〕\w+号(—\w+)?|[“\"][^”\"]*制度[”\"]|^[^ ]*制度( · Gongkai)?$"
    r"|^.*\d至\d[-\d]*[）)](取数依据|\.xlsx.*)$|^考核评议结果已通报：.*$"
)
NO_TEXT = frozenset({"href", "action", "src", "id", "for", "name", "value", "content"})


@dataclass
class Demonstration:
    """The loaded office, its pages, and the words that its people typed."""

    env: Environment
    app: Flask
    typed: Sequence[str]  # longest first

    def client(self, login: str, password: str) -> Client:
        """A browser of somebody who reads English."""
        browser = Client(self.app.test_client())
        browser.post("/sign-in", {"account": login, "password": password}, page="/sign-in")
        browser.post("/display", {"language": "en"})
        return browser

    def foreign(self, said: str) -> str:
        """What is left of a text without the words of people; "" where no Chinese is."""
        said = NAMED.sub("", said.strip())
        for word in self.typed if HAN.search(said) else ():
            said = said.replace(word, "")
        said = MASKED.sub("", said).strip()
        return said if HAN.search(said) else ""


def leaves(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        for value in node.values():
            yield from leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value)
    elif isinstance(node, str):
        yield from re.split(r"\{[^}]*\}", node)


def typed_words(env: Environment) -> list[str]:
    """What the demonstration's people typed, were called, and called their cases and files."""
    words: set[str] = set()
    for file in Path(engine.demo.__file__).parent.glob("*.yaml"):
        words |= set(leaves(yaml.safe_load(file.read_text("utf-8"))))
    with UnitOfWork(env.database, writing=False) as uow:
        for query in (
            "select name from person",
            "select subject from cases",
            "select number from cases",
            "select filename from document",
            "select letter_number from document",
        ):
            words |= {str(row[0]) for row in uow.connection.execute(text(query))}
    return sorted(
        {one.strip() for one in words if len(one) > 1 and HAN.search(one)}, key=len, reverse=True
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    folder = tmp_path_factory.mktemp("english")
    (folder / "data").mkdir()
    config = Config(
        home=folder,
        processes=ROOT / "processes",
        data=folder / "data",
        database=f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}",
    )
    env = build_environment(config, time=FixedTime(office_instant(TODAY, time(8, 32))))
    env.render = lambda template, context, *rest: template
    commands.deploy_missing(env)
    load_demo(env, seed=2026, today=TODAY)
    yield Demonstration(env, create_app(env), typed_words(env))
    env.database.dispose()


def texts(page: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """Every text of a page and every attribute that is read out or shown: (where, text)."""
    for tag in [*page.find_all(["script", "style"]), *page.select(PLACES)]:
        if tag.name != "html":
            tag.decompose()
    for node in page.find_all(string=True):
        if not isinstance(node, Comment) and node.parent is not None:
            yield node.parent.name, str(node)
    for tag in page.find_all(True):
        for name, value in tag.attrs.items() if isinstance(tag, Tag) else ():
            if name not in NO_TEXT and isinstance(value, str):
                yield f"{tag.name} {name}", value


def pages(app: Flask, browser: Client) -> Iterator[tuple[str, BeautifulSoup]]:
    """Every page that links lead to, so many of a kind."""
    waiting, seen, kinds = ["/"], set(), Counter[str]()
    addresses = app.url_map.bind("localhost")
    while waiting:
        path = waiting.pop(0)
        parts = urlsplit(path)
        shape = (parts.path, tuple(sorted(key for key, _ in parse_qsl(parts.query))))
        try:
            endpoint, _given = addresses.match(parts.path)
        except HTTPException:
            continue
        if shape in seen or kinds[endpoint] >= PAGES:
            continue
        seen.add(shape)
        kinds[endpoint] += 1
        answer = browser.http.get(path)
        assert answer.status_code < 500, path
        if not answer.content_type.startswith("text/html"):
            continue
        page = BeautifulSoup(answer.text, "html.parser")
        for link in page.find_all("a", href=True):
            target = urljoin(path, str(link["href"])).partition("#")[0]
            if target.startswith("/"):
                waiting.append(target)
        yield path, page


# ---------------------------------------------------------------- what is answered to what is sent

UNTOUCHED = frozenset({"sign_in.enter", "sign_in.leave", "display.save"})
TYPED = {
    "date": "2026-11-20",
    "number": "3",
    "tel": "13800000000",
    "email": "a@example.org",
    "time": "10:00",
}


def filled(form: Tag, *, with_answers: bool) -> dict[str, object]:
    """What a browser sends of a form: as it stands, or with every field answered."""
    sent: dict[str, object] = {}
    for field in form.find_all(["input", "select", "textarea"]):
        name, kind = str(field.get("name") or ""), str(field.get("type") or "text")
        if not name or field.has_attr("disabled") or kind in ("submit", "button"):
            continue
        if field.name == "select":
            chosen = [one for one in field.find_all("option") if one.has_attr("selected")]
            offered = [one for one in field.find_all("option") if one.get("value")]
            pick = chosen or (offered[:1] if with_answers else [])
            sent[name] = str(pick[0].get("value") or pick[0].text) if pick else ""
        elif kind in ("radio", "checkbox"):
            if field.has_attr("checked") or (with_answers and name not in sent):
                sent[name] = str(field.get("value") or "on")
        elif kind == "file":
            if with_answers:
                sent[name] = (io.BytesIO(b"{broken: ["), "broken.yaml")
        else:
            value = str(field.get("value") or "") if field.name == "input" else field.text
            sent[name] = value or (TYPED.get(kind, "because") if with_answers else "")
    return sent


def forms_of(page: BeautifulSoup, path: str) -> Iterator[tuple[str, Tag, dict[str, str]]]:
    """Every form that a page offers to send, once for each of its buttons: (address, form, button)."""
    for form in page.find_all("form"):
        if str(form.get("method") or "").lower() != "post":
            continue
        buttons = form.find_all("button", attrs={"name": True}) or [None]
        for button in buttons:
            to = (button and button.get("formaction")) or form.get("action") or path
            yield (
                urljoin(path, str(to)).partition("#")[0],
                form,
                {str(button["name"]): str(button.get("value") or "")} if button else {},
            )


class Sender:
    """Sends the forms of pages, each kind once as it stands and once with every field answered."""

    def __init__(self, app: Flask) -> None:
        self._addresses = app.url_map.bind("localhost")
        self._sent: set[tuple[object, ...]] = set()

    def answers(
        self, browser: Client, path: str, page: BeautifulSoup
    ) -> Iterator[tuple[str, BeautifulSoup]]:
        """Every page that comes back."""
        for to, form, button in forms_of(page, path):
            try:
                endpoint, _given = self._addresses.match(urlsplit(to).path, method="POST")
            except HTTPException:
                continue
            kind = (endpoint, *button.items())
            if kind in self._sent or endpoint in UNTOUCHED:
                continue
            self._sent.add(kind)
            for with_answers in (False, True):
                data = {**filled(form, with_answers=with_answers), **button}
                answer = browser.http.post(to, data=data, follow_redirects=True)
                assert answer.status_code < 500, (to, data)
                if answer.content_type.startswith("text/html"):
                    yield f"POST {to} {data}", BeautifulSoup(answer.text, "html.parser")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_page_of_everybody_and_every_answer_is_in_english(office: Demonstration) -> None:
    """What to do: find where the sentence is made; ``say``, ``label_of`` or ``_`` puts it into the catalogue.

    A word that somebody typed is ``AsIs``, or ``asis`` in a template; a new place of its kind stands in ``PLACES``.
    """
    people = read_people()
    left: dict[str, str] = {}
    posts = set()
    sender = Sender(office.app)
    for person in people["people"]:
        roles = frozenset(post.partition("@")[0] for post in person["posts"])
        if roles in posts:
            continue
        posts.add(roles)
        browser = office.client(person["login"], people["password"])
        for path, page in pages(office.app, browser):
            seen = [(path, page), *sender.answers(browser, path, page)]
            for where, one in seen:
                assert one.html is not None
                assert one.html["lang"] == "en", where
                for place, said in texts(one):
                    foreign = office.foreign(said)
                    if foreign:
                        told = f"{where[:300]} {place}: {said.strip()}"
                        left.setdefault(re.sub(r"\d+", "9", foreign), told)
    assert not left, "\n".join(left.values())
