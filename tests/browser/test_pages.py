"""The pages as a clerk meets them: seen, pressed and printed in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.office_server import Served, served
from tests.web.fakes import PASSWORD

TASK = "/tasks/t-2026-0213"
CASE = "/cases/c-2026-0168"
EVIL = "<img src=x onerror=alert(1)><script>alert(1)</script>"


@pytest.fixture
def here(assets: object) -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def clerk(page: Page, here: Served) -> Iterator[Page]:
    """A signed-in clerk; fails on any foreign request, script error, dialog or refused content."""
    wrong: list[str] = []
    page.on(
        "request",
        lambda sent: (
            None if sent.url.startswith((here.address, "data:")) else wrong.append(sent.url)
        ),
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    page.on(
        "console",
        lambda said: (
            wrong.append(said.text)
            if "Content Security Policy" in said.text or said.text.startswith("diagram:")
            else None
        ),
    )
    sign_in(page, here, "zhoumin")
    yield page
    assert wrong == []


def sign_in(page: Page, here: Served, login: str) -> None:
    page.goto(here.address + "/sign-in")
    page.get_by_label("账号").fill(login)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def drawn(page: Page) -> None:
    page.wait_for_selector(".diagram.is-drawn .djs-element")


def test_inbox_shows_twelve_rows_in_the_first_screenful(clerk: Page) -> None:
    rows = clerk.locator(".inbox tbody tr")
    assert rows.count() == 12
    box = rows.last.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 768
    assert clerk.evaluate("document.documentElement.scrollWidth") == 1366


def test_inbox_is_worked_by_keyboard(clerk: Page) -> None:
    current = clerk.locator(".inbox tr.is-current .c-no")
    assert current.inner_text() == "2026-0175"
    for _ in range(6):
        clerk.keyboard.press("j")
    clerk.keyboard.press("j")
    clerk.keyboard.press("k")
    assert current.inner_text() == "2026-0213"
    clerk.keyboard.press("Enter")
    clerk.wait_for_url("**" + TASK)


def test_keys_are_off_while_typing_and_composing(clerk: Page) -> None:
    clerk.keyboard.press("/")
    clerk.keyboard.type("jjn")
    assert clerk.get_by_label("在待办中查找").input_value() == "jjn"
    assert clerk.locator(".inbox tr.is-current .c-no").inner_text() == "2026-0175"
    clerk.evaluate(
        """() => { document.activeElement.blur(); document.body.dispatchEvent(
        new KeyboardEvent('keydown', {key: 'n', bubbles: true, isComposing: true})); }"""
    )
    assert clerk.url.endswith("/")
    clerk.keyboard.press("n")
    clerk.wait_for_url("**/start/on_request")


@pytest.mark.parametrize("path", [TASK, CASE])
def test_the_button_and_the_date_are_in_the_first_screenful(
    clerk: Page, here: Served, path: str
) -> None:
    clerk.goto(here.address + path)
    drawn(clerk)
    for selector in (".actions .btn-primary", "h1", ".clock"):
        box = clerk.locator(selector).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 400


def test_the_diagram_shows_path_present_place_and_order(clerk: Page, here: Served) -> None:
    clerk.goto(here.address + CASE)
    drawn(clerk)
    fill = "element => getComputedStyle(element.querySelector('.djs-visual > *')).fill"
    assert clerk.locator("[data-element-id=draft]").evaluate(fill) == "rgb(21, 89, 179)"
    assert clerk.locator("[data-element-id=approve]").evaluate(fill) == "rgb(255, 255, 255)"
    dashes = "element => getComputedStyle(element.querySelector('.djs-visual > *')).strokeDasharray"
    assert clerk.locator("[data-element-id=correction]").evaluate(dashes) != "none"
    assert sorted(clerk.locator(".gk-order").all_inner_texts()) == [
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
        "7",
    ]
    assert clerk.locator(".bjs-powered-by").is_visible()
    assert clerk.locator(".diagram-text").is_hidden()
    inside = clerk.locator(".diagram").bounding_box()
    now = clerk.locator("[data-element-id=draft]").bounding_box()
    assert inside is not None
    assert now is not None
    assert inside["x"] <= now["x"] <= inside["x"] + inside["width"]


def test_where_nothing_is_drawn_the_path_stands_as_a_sentence(clerk: Page, here: Served) -> None:
    clerk.set_viewport_size({"width": 390, "height": 844})
    clerk.goto(here.address + CASE)
    sentence = clerk.locator(".diagram-text")
    assert sentence.is_visible()
    assert "7 拟答复（现在）" in sentence.inner_text()
    assert clerk.evaluate("document.documentElement.scrollWidth") == 390


def test_questions_follow_the_answers_and_a_draft_is_kept(clerk: Page, here: Served) -> None:
    clerk.goto(here.address + TASK)
    with clerk.expect_response("**/visible"):
        clerk.get_by_label("明确，受理", exact=True).check()
    clerk.locator("#f-points").wait_for(state="hidden")
    with clerk.expect_response("**/visible"):
        clerk.get_by_label("不明确，一次性告知补正").check()
    clerk.locator("#f-points").wait_for(state="visible")
    with clerk.expect_response("**/draft"):
        clerk.get_by_label("需补正的事项").fill("请写明年份")
    clerk.get_by_text("10:50 草稿已保存").wait_for()
    name, arguments, _more = here.office.commands.done[-1]
    assert name == "save_draft"
    assert arguments[2]["points"] == "请写明年份"


def test_errors_come_into_focus_and_lead_to_their_fields(clerk: Page, here: Served) -> None:
    clerk.goto(here.address + TASK)
    clerk.get_by_label("需补正的事项").fill("")
    clerk.get_by_role("button", name="发出补正告知书").click()
    clerk.get_by_role("alert").wait_for()
    assert clerk.evaluate("document.activeElement.id") == "errors"
    clerk.get_by_role("link", name="需补正的事项").click()
    assert clerk.evaluate("document.activeElement.id || location.hash") in {"f-points", "#f-points"}


def test_a_double_click_completes_once(clerk: Page, here: Served) -> None:
    clerk.goto(here.address + TASK)
    clerk.get_by_role("button", name="发出补正告知书").dblclick()
    clerk.wait_for_url("**/cases/**")
    assert [one[0] for one in here.office.commands.done].count("complete_task") == 1


def test_without_javascript_a_task_can_be_done(browser: Any, here: Served) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": 1366, "height": 768}
    )
    page = context.new_page()
    sign_in(page, here, "zhoumin")
    page.goto(here.address + TASK)
    assert page.locator(".diagram-text").is_visible()
    page.get_by_label("明确，受理", exact=True).check()
    page.get_by_role("button", name="发出补正告知书").click()
    page.wait_for_url("**/cases/**")
    page.goto(here.address + "/start/on_request")
    page.get_by_label("名称或者特征").fill("会议纪要")
    page.get_by_role("button", name="加一行").click()
    expect(page.locator("[data-table=wanted] tbody tr")).to_have_count(2)
    context.close()


def test_abuse_08_hostile_text_is_only_text(clerk: Page, here: Served) -> None:
    queries = here.office.queries
    queries.case = replace(
        queries.case,
        head=replace(queries.case.head, subject=EVIL, kind=EVIL, step=EVIL, note=EVIL),
        timeline=[
            replace(one, sentence=EVIL, strong="<img", held=EVIL) for one in queries.case.timeline
        ],
        materials=[replace(one, title=EVIL, sub=EVIL) for one in queries.case.materials],
        diagram=replace(
            queries.case.diagram, progress={"draft": {"order": EVIL, "state": "now", "mark": EVIL}}
        ),
    )
    queries.diagram = queries.diagram.replace("拟答复".encode(), EVIL.replace("<", "&lt;").encode())
    clerk.goto(here.address + CASE)
    drawn(clerk)
    clerk.wait_for_timeout(200)
    assert clerk.locator("h1").inner_text() == EVIL
    assert clerk.locator(".gk-order").inner_text() == EVIL
    assert clerk.locator("main img").count() == 0


@pytest.mark.parametrize("width", [1366, 390])
def test_every_page_obeys_its_content_policy_and_fits(
    clerk: Page, here: Served, width: int
) -> None:
    clerk.set_viewport_size({"width": width, "height": 768})
    for path in ("/", TASK, CASE, CASE + "/clocks/reply", "/start/on_request", "/cases", "/keys",
                 "/display", CASE + "/reveal?field=x", CASE + "/actions/w-1", "/nowhere"):  # fmt: skip
        clerk.goto(here.address + path)
        clerk.wait_for_load_state("networkidle")
        assert clerk.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize(
    ("login", "paths"),
    [
        (
            "mengshuyi",
            ["/audit", "/simulator?clock=on_request.reply&kind=submitted&day=2026-09-18&number="],
        ),
        ("zhangwei", ["/procedures", "/procedures/on_request"]),
    ],
)
def test_pages_of_other_posts_obey_it_too(
    page: Page, here: Served, login: str, paths: list[str]
) -> None:
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Policy" in said.text else None)
    sign_in(page, here, login)
    for path in paths:
        page.goto(here.address + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1366
    assert refused == []


def test_a_case_prints_in_black_with_its_number_and_without_buttons(
    clerk: Page, here: Served
) -> None:
    clerk.goto(here.address + CASE)
    drawn(clerk)
    clerk.emulate_media(media="print")
    assert clerk.locator(".print-head").is_visible()
    assert "2026-0168" in clerk.locator(".print-head").inner_text()
    assert clerk.locator(".diagram-text").is_visible()
    for selector in (".topbar", ".rail", ".actions", ".tabs", ".diagram"):
        assert clerk.locator(selector).first.is_hidden(), selector
    assert (
        clerk.locator(".clock").first.evaluate("one => getComputedStyle(one).color")
        == "rgb(0, 0, 0)"
    )
    assert len(clerk.pdf(prefer_css_page_size=True)) > 10_000


def test_large_type_and_high_contrast_change_variables_only(clerk: Page, here: Served) -> None:
    clerk.goto(here.address + "/display")
    clerk.get_by_label("大字").check()
    clerk.get_by_label("高对比").check()
    clerk.get_by_role("button", name="保存").click()
    clerk.wait_for_url(here.address + "/")
    body = "getComputedStyle(document.body)"
    assert clerk.evaluate(f"{body}.fontSize") == "18px"
    assert clerk.evaluate(f"{body}.color") == "rgb(0, 0, 0)"
    assert clerk.evaluate("document.documentElement.scrollWidth") == 1366
