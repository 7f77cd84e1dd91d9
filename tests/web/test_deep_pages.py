"""Abuse 26: no page, number, day or search in an address brings a list to its knees, or to a defect."""

from __future__ import annotations

import pytest
from flask import Flask

from engine import queries
from engine.store import audit_search
from tests.web.real import RealOffice
from webui import create_app

NAMES = (
    *("page", "limit", "offset", "size", "q", "search", "case", "late", "seen", "person", "kind", "group"),
    *("result", "since", "until", "from", "to", "year", "month", "day", "clock", "unit", "step", "procedure"),
    *("received", "closed", "carried", "status", "sort", "tab", "version", "corrections", "next", "channel"),
)  # fmt: skip
HOSTILE = (
    "1000000000",
    "-1",
    "9" * 30,
    "9" * 5_000,
    "²",
    "%_%_%_%",
    "%%%",
    "' or 1=1 --",
    "\x00",
    "\ud7ff\ufffe",
    "x" * 100_000,
    "2026-02-30",
    "9999-12-31",
    "10000-01-01",
    "0001-01-01",
)


def plain_pages(app: Flask) -> list[str]:
    return sorted(
        str(rule)
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.arguments and rule.endpoint != "static"
    )


@pytest.mark.parametrize("login", ["zhou", "meng", "zhang"])
def test_abuse_26_no_value_in_an_address_is_a_defect(real: RealOffice, login: str) -> None:
    for _ in range(3):
        real.start()
    browser = real.browser(login)
    for path in plain_pages(create_app(real.env)):
        for value in HOSTILE:
            answer = browser.http.get(path, query_string=dict.fromkeys(NAMES, value))
            assert answer.status_code < 500, (path, value[:40])


def test_abuse_26_a_page_far_behind_the_last_is_empty_and_reads_no_more_than_a_page(
    real: RealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    find = audit_search.find

    def counted(*given, limit: int, offset: int):
        asked.append(limit)
        return find(*given, limit=limit, offset=offset)

    monkeypatch.setattr(audit_search, "find", counted)
    page = queries.audit_page(real.env, real.actor("meng"), {"page": "1000000"})
    assert list(page.rows) == []
    assert asked == [100]
