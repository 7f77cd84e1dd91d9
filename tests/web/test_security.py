"""Nobody gets in without a rule, nothing changes without proof, nothing foreign runs."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.web.conftest import KEY, Client
from tests.web.fakes import PASSWORD, Office
from webui import create_app
from webui.security import CONTENT_POLICY
from webui.settings import WebSettings

SAMPLE = {
    "task_id": "t-2026-0213",
    "case_id": "c-2026-0168",
    "wait_id": "w-1",
    "clock_id": "reply",
    "document_id": "d-1",
    "version_id": "v7",
    "incident_id": "i-1",
    "procedure": "on_request",
    "key": "on_request",
    "number": "7",
    "name": "pause_from",
    "year": "2026",
    "ending": "xlsx",
    "person_id": "p-2",
    "post_id": "1",
    "what": "reset",
    "work_id": "w-1",
}
PUBLIC = {"sign_in.show", "sign_in.enter", "static"}


def paths(app: Flask, method: str) -> list[tuple[str, str]]:
    """All routes with the method, filled with objects that exist, as (endpoint, path)."""
    found = []
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint != "static":
            path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: SAMPLE[part[1]], rule.rule)
            found.append((rule.endpoint, path))
    return sorted(found)


def test_every_route_has_an_access_rule(app: Flask) -> None:
    without = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "__rule__")
    ]
    assert without == []


def test_a_route_without_a_rule_is_closed_to_everybody(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = Client(app.test_client()).sign_in().http.get("/forgotten")
    assert answer.status_code == 403
    assert "secret" not in answer.text


def test_every_page_but_the_door_asks_to_sign_in(app: Flask) -> None:
    for endpoint, path in paths(app, "GET"):
        answer = app.test_client().get(path)
        if endpoint in PUBLIC:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 303, path
            assert answer.location.startswith("/sign-in"), path


def test_abuse_06_a_change_needs_the_token_of_its_session(
    app: Flask, client: Client, office: Office
) -> None:
    client.sign_in()
    other = Client(app.test_client()).sign_in("liguoliang").token()
    for _endpoint, path in paths(app, "POST"):
        for token in ("", "x", other):
            answer = client.http.post(path, data={"csrf_token": token})
            assert answer.status_code == 403, path
    assert office.commands.done == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/page"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_abuse_06_a_change_from_another_site_is_refused(
    app: Flask, zhou: Client, office: Office, headers: dict[str, str]
) -> None:
    token = zhou.token()
    for _endpoint, path in paths(app, "POST"):
        answer = zhou.http.post(path, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 403, path
    assert office.commands.done == []


def test_a_change_from_our_own_page_is_taken(zhou: Client, office: Office) -> None:
    answer = zhou.post(
        "/tasks/t-2026-0213", {"clear": "clear"}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 303
    assert [one[0] for one in office.commands.done] == ["complete_task"]


def test_abuse_06_opening_a_page_changes_nothing(app: Flask, zhou: Client, office: Office) -> None:
    for _endpoint, path in paths(app, "GET"):
        zhou.http.get(path)
    assert office.commands.done == []


def test_roles_without_the_action_get_no_page_and_no_effect(
    app: Flask, client: Client, office: Office
) -> None:
    client.sign_in("liguoliang")
    token = client.token()
    guarded = {
        "incidents.retry",
        "audit.read",
        "audit.verify",
        "procedures.read",
        "procedures.deploy",
        "calendar.import",
        "settings.change",
        "register.read",
        "accounts.read",
        "accounts.change",
    }
    for method in ("GET", "POST"):
        for endpoint, path in paths(app, method):
            if app.view_functions[endpoint].__rule__ not in guarded:  # type: ignore[attr-defined]
                continue
            answer = client.http.open(path, method=method, data={"csrf_token": token})
            assert answer.status_code == 403, path
            assert "您的岗位没有这项权限" in answer.text
    assert office.commands.done == []


def test_abuse_01_what_one_may_not_know_of_is_not_found(app: Flask, client: Client) -> None:
    client.sign_in("liguoliang")
    answer = client.http.get("/tasks/t-2026-0213")
    unknown = client.http.get("/tasks/t-9999-9999")
    assert answer.status_code == unknown.status_code == 404
    assert answer.text.replace("t-2026-0213", "") == unknown.text.replace("t-9999-9999", "")


def test_every_answer_carries_the_strict_headers(app: Flask, zhou: Client) -> None:
    for _endpoint, path in [*paths(app, "GET"), ("", "/nowhere")]:
        headers = zhou.http.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert policy == CONTENT_POLICY or policy.startswith("sandbox")
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"


def test_static_files_may_be_kept(zhou: Client) -> None:
    sheet = zhou.get("/").find("link", rel="stylesheet")["href"]
    assert "v=" in sheet
    with zhou.http.get(sheet) as answer:
        assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_cookies_cannot_be_read_by_scripts_nor_sent_from_elsewhere(office: Office) -> None:
    app = create_app(None, settings=WebSettings(KEY, tls=True), engine=office.door())
    http = app.test_client()
    first = http.get("/sign-in", base_url="https://localhost")
    token = re.search(r'name="csrf_token" value="(\w+)"', first.text)
    assert token is not None
    data = {"csrf_token": token[1], "account": "zhoumin", "password": PASSWORD}
    answer = http.post("/sign-in", data=data, base_url="https://localhost")
    cookies = first.headers.getlist("Set-Cookie") + answer.headers.getlist("Set-Cookie")
    assert any(one.startswith("__Host-gongkai=") for one in cookies)
    for cookie in cookies:
        assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax")), cookie
        assert "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_abuse_07_a_session_begins_anew_at_sign_in_and_ends_at_sign_out(
    app: Flask, client: Client, office: Office
) -> None:
    client.http.set_cookie("gongkai", "token-planted")
    client.sign_in()
    assert "token-planted" not in office.accounts.tokens
    (token,) = office.accounts.tokens
    answer = client.post("/sign-out")
    assert answer.headers["Clear-Site-Data"]
    assert office.accounts.tokens == {}
    replay = app.test_client()
    replay.set_cookie("gongkai", token)
    assert replay.get("/").status_code == 303


def test_a_wrong_password_is_told_without_saying_which(client: Client) -> None:
    for name in ("zhoumin", "nobody"):
        answer = client.post("/sign-in", {"account": name, "password": "x"}, page="/sign-in")
        assert answer.status_code == 403
        assert "账号或者密码不对" in answer.text
        assert "还可以试3次" in answer.text


@pytest.mark.parametrize(
    "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_sign_in_leads_only_to_our_own_pages(client: Client, target: str) -> None:
    data = {"account": "zhoumin", "password": PASSWORD, "next": target}
    assert client.post("/sign-in", data, page="/sign-in").location == "/"


def test_sign_in_leads_back_to_where_one_wanted(client: Client) -> None:
    assert (
        client.http.get("/cases?q=%E6%9F%B3").location == "/sign-in?next=/cases?q%3D%25E6%259F%25B3"
    )
    data = {"account": "zhoumin", "password": PASSWORD, "next": "/cases?q=x"}
    assert client.post("/sign-in", data, page="/sign-in").location == "/cases?q=x"


def test_a_draft_of_an_ended_session_is_told_so(client: Client) -> None:
    client.sign_in()
    token = client.token()
    client.http.delete_cookie("gongkai")
    answer = client.http.post(
        "/tasks/t-2026-0213/draft",
        data={"csrf_token": token},
        headers={"X-Requested-With": "fetch"},
    )
    assert answer.status_code == 401


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        WebSettings(b"short")
