"""Numbers and addresses cannot be tried out: what is there and what is not is answered alike (abuse 24).

The bureau has no public page on which an applicant asks after a case, so that there is no receipt to guess and no
limit of guesses: the reply goes by letter. What is left of the abuse is every address with an id in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from engine.store import documents
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client
from tests.web.real import RealOffice
from webui import create_app

NOBODYS = "0" * 32


@pytest.fixture
def ids(real: RealOffice) -> dict[str, str]:
    """A case, its task and a document of it, none of which the section of somebody else knows."""
    case = real.start(lead="policy")
    with UnitOfWork(real.env.database, writing=True) as uow:
        document = {
            "id": "d" * 32, "case_id": case.case_id, "kind": "upload", "title": "来件", "filename": "a.pdf",
            "media_type": "application/pdf", "sha256": real.env.blobs.put(b"%PDF-1.7"), "size": 8,
            "activity_id": None, "field": None, "letter": None, "letter_number": None,
            "created_by": real.actor("zhou").person_id, "created_at": real.time.now(),
        }  # fmt: skip
        documents.add_document(uow.connection, [document])
        uow.commit()
    return {
        "case_id": case.case_id,
        "task_id": real.task(case.case_id),
        "document_id": document["id"],
    }


def addresses(app: Flask, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield every address of a page with an id in it: of what is there, and of what nobody has."""
    for rule in app.url_map.iter_rules():
        names = [one for one in ids if f"<{one}>" in rule.rule]
        if "GET" not in (rule.methods or ()) or not names:
            continue
        there = missing = rule.rule
        for name in names:
            there = there.replace(f"<{name}>", ids[name])
            missing = missing.replace(f"<{name}>", NOBODYS)
        if "<" not in re.sub(r"<clock_id>", "reply", there):
            yield there.replace("<clock_id>", "reply"), missing.replace("<clock_id>", "reply")


def told(browser: Client, path: str) -> tuple[int, str, str]:
    answer = browser.http.get(path)
    location = answer.headers.get("Location", "")
    hide = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?=<)|value=\"[^\"]*\"|nonce=\"[^\"]*\"")
    return answer.status_code, hide.sub("", location), hide.sub("", answer.text)


def test_abuse_24_a_stranger_is_told_the_same_of_what_is_there_and_what_is_not(
    real: RealOffice, ids: dict[str, str]
) -> None:
    app = create_app(real.env)
    pairs = list(addresses(app, ids))
    assert len(pairs) >= 7
    for there, missing in pairs:
        status, *_ = told(Client(app.test_client()), there)
        assert status == 303, there  # to the door
        assert told(Client(app.test_client()), there) == told(Client(app.test_client()), missing)


def test_abuse_24_a_clerk_of_another_section_is_told_the_same_too(
    real: RealOffice, ids: dict[str, str]
) -> None:
    app = create_app(real.env)
    own, others = real.browser("zhou"), real.browser("li")
    opened = 0
    for there, missing in addresses(app, ids):
        opened += own.http.get(there).status_code == 200
        assert told(others, there) == told(others, missing), there
    assert opened > 3  # they are there: who may read them does
