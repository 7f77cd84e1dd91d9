"""The pages of an office on the engine itself, in a real browser: they obey the content policy and fit the screen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from werkzeug.serving import make_server

from tests.browser.office_server import Quiet
from tests.web.fakes import PASSWORD
from tests.web.real import RealOffice, open_office
from webui import create_app


@pytest.fixture
def office(tmp_path: Path, assets: object) -> Iterator[tuple[RealOffice, str]]:
    found = open_office(tmp_path)
    server = make_server(
        "127.0.0.1", 0, create_app(found.env), threaded=True, request_handler=Quiet
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    found.env.database.dispose()


def enter(page: Page, address: str, login: str) -> list[str]:
    """Sign in; return the list into which everything goes that a page must not do."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None,
    )
    page.goto(address + "/sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return wrong


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        ("zhou", ["/", "/cases?clock=run", "/registers", "/statistics", "/statistics/annual/2026",
                  "/calendar", "/calendar?year=2027", "/password"]),
        ("meng", ["/audit?late=2026-0001", "/audit?seen=2026-0001", "/audit?corrections=1", "/statistics"]),
        ("zhang", ["/procedures", "/procedures/visit", "/procedures/visit/versions/1", "/procedures/_office",
                   "/settings", "/settings/pause_from"]),
        ("bai", ["/accounts"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("width", [1366, 390])
def test_every_page_obeys_its_content_policy_and_fits(
    page: Page, office: tuple[RealOffice, str], login: str, paths: list[str], width: int
) -> None:
    real, address = office
    real.start()
    real.at("2026-11-20")
    page.set_viewport_size({"width": width, "height": 768})
    wrong = enter(page, address, login)
    for path in paths:
        answer = page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert answer is not None
        assert answer.status == 200, path
        if width == 1366:
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert wrong == []


def test_brackets_walk_the_list_one_came_from(page: Page, office: tuple[RealOffice, str]) -> None:
    real, address = office
    first, second = real.start(title="甲"), real.start(title="乙")
    wrong = enter(page, address, "zhou")
    page.goto(address + "/cases")  # the newest first, then by id
    order = [one.get_attribute("href") for one in page.locator("a.subject").all()]
    assert sorted(order) == sorted(f"/cases/{one.case_id}" for one in (first, second))
    page.goto(address + str(order[0]))
    page.keyboard.press("[")
    page.keyboard.press("]")
    page.wait_for_url(address + str(order[1]))
    assert page.get_by_role("link", name="下一件").is_hidden()
    page.keyboard.press("[")
    page.wait_for_url(address + str(order[0]))
    assert wrong == []


def test_a_folder_is_uploaded_and_its_change_is_marked_on_the_drawing(
    page: Page, office: tuple[RealOffice, str]
) -> None:
    real, address = office
    form = (real.processes / "visit" / "forms" / "review.yaml").read_text("utf-8")
    wrong = enter(page, address, "zhang")
    page.goto(address + "/procedures/visit")
    changed = form.replace("label: 意见, type", "label: 审核意见, type")
    page.set_input_files(
        "#file", {"name": "review.yaml", "mimeType": "text/yaml", "buffer": changed.encode()}
    )
    assert page.locator(".file-names").inner_text() == "review.yaml"
    page.get_by_role("button", name="上传").click()
    page.wait_for_selector(".diagram.is-drawn .gk-mark")
    assert page.locator(".gk-mark").all_inner_texts() == ["改"]
    assert "“审核意见”的题目" in page.locator(".changes-list").inner_text()
    page.get_by_label("启用理由").fill("会议纪要第3号")
    page.get_by_role("button", name="启用第2版").click()
    page.get_by_text("已启用。新收的案件按新版本办理。").wait_for()
    assert wrong == []


def test_tasks_are_picked_and_taken_by_keyboard(page: Page, office: tuple[RealOffice, str]) -> None:
    real, address = office
    for title in ("甲", "乙", "丙"):
        real.start(title=title)
    wrong = enter(page, address, "li")
    page.goto(address + "/?tab=unclaimed")
    for key in "xjx":
        page.keyboard.press(key)
    assert page.locator("[data-picked]").inner_text().strip() == "2"
    page.keyboard.press("t")
    page.get_by_role("button", name="签收2件").wait_for()
    assert page.evaluate("document.activeElement.value") == "claim"
    page.keyboard.press("Enter")
    page.get_by_text("已签收2件，由您办理。").wait_for()
    page.goto(address + "/?tab=unclaimed")
    assert page.locator(".c-pick input").count() == 1
    # The tab comes back when one returns to the inbox in this window.
    page.goto(address + "/cases")
    page.locator(".rail").get_by_role("link", name="待办").click()
    page.wait_for_url("**/?tab=unclaimed")
    assert wrong == []
