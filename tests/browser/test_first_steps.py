"""Every procedure begins in the browser: its first form, the next task in the right inbox, the case's page.

What is typed are the worked cases of the procedure itself, so that the walk changes with the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Page

from engine.scenarios import read_scenario
from engine.store import accounts, cases
from engine.unit_of_work import UnitOfWork
from tests.browser.bureau import LOGINS, PROJECT, Bureau, in_posts, open_bureau

PROCEDURES = sorted(
    file.parent.name
    for file in (PROJECT / "processes").glob("*/procedure.yaml")
    if "start" in yaml.safe_load(file.read_text("utf-8"))
)


@pytest.fixture(scope="module")
def bureau(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, assets: object
) -> Iterator[Bureau]:
    with open_bureau(tmp_path_factory.mktemp("bureau"), browser) as found:
        yield found


def first_form(procedure: str) -> tuple[str, Mapping[str, Any]]:
    """When the first worked case of a procedure begins, and what its first form is given."""
    folder = PROJECT / "processes" / procedure / "scenarios"
    for file in sorted(folder.glob("*.yaml")):
        for run in read_scenario(file.read_bytes(), file.name).runs:
            day, started = "2026-01-05", False
            for act in run.steps:
                if act.word == "now":
                    day = str(act.value)[:10]
                started = started or (act.word == "start" and not act.value)
                if started and act.word == "complete" and isinstance(act.value, Mapping):
                    return day, in_posts(act.value.get("data") or {})
    raise AssertionError(f"{procedure} has no worked case that begins with a form")


def number_of(case: Page) -> str:
    return case.locator(".eyebrow").inner_text().split("·")[1].strip()


def closed_number(bureau: Bureau) -> str:
    """The number of a request that was answered on the spot and filed."""
    today, login = str(bureau.time.now())[:10], LOGINS["disclosure_officer"]
    _day, data = first_form("on_request")
    bureau.start("on_request", login, {**data, "submitted_on": today, "on_spot": True})
    number = number_of(bureau.window(login))
    bureau.do(login, number, "当场答复", {"on_spot_answer": "当场提供复印件一份。"})
    bureau.do(login, number, "归档", {"file_complete": "complete", "retention": "10"})
    return number


def open_steps(bureau: Bureau, case: str) -> list[tuple[str, str]]:
    """(name, login of who may take it) of the tasks that wait in a case: the one it was given to, or one of the post."""
    found = []
    with UnitOfWork(bureau.env.database, writing=False) as uow:
        for row in cases.case_items(uow.connection, case.rsplit("/", 1)[1]):
            if row["status"] == "open":
                given = row["assignee"] and accounts.by_id(uow.connection, row["assignee"])
                login = given["login"] if given else LOGINS[row["candidates"]["roles"][0]]
                found.append((row["name"], login))
    return found


@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_procedure_begins_with_its_form_and_goes_to_the_next_desk(
    bureau: Bureau, procedure: str
) -> None:
    day, data = first_form(procedure)
    bureau.at(day)
    procedure_in_force = bureau.env.deployed(bureau.env.version_in_force(procedure)).procedure
    assert procedure_in_force.start is not None
    login = LOGINS[procedure_in_force.start.roles[0]]
    begins = bureau.window(login)
    begins.goto(bureau.address + "/")
    begins.locator(f"a[href='/start/{procedure}']").first.wait_for(state="attached")

    named = {
        one.key: one.of
        for form in procedure_in_force.forms.values()
        for one in form.fields
        if one.type == "case" and one.key in data
    }
    if named:  # cases that are named must be there, and closed where they are filed
        number = closed_number(bureau)
        requests = {key: number for key, of in named.items() if not of or "on_request" in of}
        data = {key: value for key, value in data.items() if key not in named} | requests
    case = bureau.start(procedure, login, data)
    assert procedure_in_force.title in begins.locator(".eyebrow").inner_text()
    bureau.see_drawing(begins)
    steps = open_steps(bureau, case)
    assert steps, "nothing waits after the first form"
    name, next_login = steps[0]
    assert name in begins.locator("dl.facts").inner_text()
    bureau.task(next_login, number_of(begins), name)
