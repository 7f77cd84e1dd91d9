"""A client for the page tests: it signs in, posts as a browser does, and looks over every page it gets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.fakes import PASSWORD, Office
from webui import create_app
from webui.settings import WebSettings
from webui.views import work

if TYPE_CHECKING:
    from tests.web.real import RealOffice

KEY = b"k" * 32


class Client:
    """A signed-in browser. Every HTML page is checked: title, language, labels, ids, no inline code."""

    def __init__(self, flask_client: FlaskClient) -> None:
        self.http = flask_client

    def sign_in(self, login: str = "zhoumin") -> Client:
        self.http.get("/sign-in")
        answer = self.post("/sign-in", {"account": login, "password": PASSWORD}, page="/sign-in")
        assert answer.status_code == 303, answer.text
        return self

    def get(self, path: str, status: int = 200) -> BeautifulSoup:
        answer = self.http.get(path)
        assert answer.status_code == status, (answer.status_code, answer.text[-600:])
        return look_over(answer)

    def token(self, page: str = "/keys") -> str:
        field = BeautifulSoup(self.http.get(page).text, "html.parser").find(
            attrs={"name": "csrf_token"}
        )
        assert field is not None
        return str(field["value"])

    def post(
        self, path: str, data: dict[str, Any] | None = None, *, page: str = "/keys", **more: Any
    ) -> TestResponse:
        token = self.token(page)
        return self.http.post(path, data={"csrf_token": token, **(data or {})}, **more)


def look_over(answer: TestResponse) -> BeautifulSoup:
    """Check what every page must keep; return the page."""
    page = BeautifulSoup(answer.text, "html.parser")
    assert page.html is not None
    assert page.html["lang"]
    assert page.title is not None
    assert page.title.text.strip()
    assert page.main is not None
    assert len(page.find_all("h1")) == 1
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)
    for tag in page.find_all(True):
        assert not tag.has_attr("style"), tag
        assert not [name for name in tag.attrs if name.startswith("on")], tag
    for script in page.find_all("script"):
        assert script.get("src") or script.get("type") == "application/json", script
    for field in page.find_all(["input", "select", "textarea"]):
        if field.get("type") in ("hidden", "radio", "checkbox"):
            continue
        named = field.get("aria-label") or page.find("label", attrs={"for": field.get("id")})
        assert named, field
    for tag in page.find_all(["a", "form"]):
        target = str(tag.get("href") or tag.get("action") or "")
        assert "://" not in target, tag
    for link in page.find_all("a", href=True):
        if link["href"].startswith("#"):
            assert page.find(id=link["href"][1:]), link
    return page


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine shows no bar where a test waits for the end."""
    monkeypatch.setattr(work, "AT_ONCE", 60.0)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def app(office: Office) -> Flask:
    return create_app(None, settings=WebSettings(KEY), engine=office.door())


@pytest.fixture
def client(app: Flask) -> Client:
    return Client(app.test_client())


@pytest.fixture
def zhou(client: Client) -> Client:
    return client.sign_in("zhoumin")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealOffice]:
    """An office on the engine itself."""
    from tests.web.real import open_office

    found = open_office(tmp_path)
    yield found
    found.env.database.dispose()


@pytest.fixture(scope="session")
def english(project: Path) -> Catalog:
    """The catalogue of the English pages."""
    source = project / "webui" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
    with source.open("rb") as file:
        return read_po(file, locale="en")
