"""What goes wrong in an ordinary week, in a real browser: one clear sentence, and nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from engine.accounts import sign_in as sign_in_person
from engine.accounts import sign_out as sign_out_person
from tests.browser.bureau import PASSWORD, Bureau, fill, submit
from tests.browser.test_walk import ACCEPTED, REQUEST, number_of

pytestmark = pytest.mark.timeout(300)  # whole pages of the product, on a machine that may be busy

TODAY = {"submitted_on": "2026-11-24"}
LONG = "申请公开柳岸新村征收补偿方案。" * 40


@pytest.fixture
def form(bureau: Bureau) -> Page:
    """A long form, filled in and not sent."""
    page = bureau.window("zhoumin")
    page.goto(f"{bureau.address}/start/on_request")
    fill(page, REQUEST | TODAY | {"info_description": LONG})
    return page


def still_typed(page: Page) -> None:
    assert page.locator("[name=applicant_name]").input_value() == REQUEST["applicant_name"]
    assert page.locator("[name=info_description]").input_value() == LONG
    assert page.locator(f"[name=channel][value={REQUEST['channel']}]").is_checked()


def end_session(bureau: Bureau, page: Page) -> None:
    """The session ends at the server, as after half an hour of silence; the browser still has its cookie."""
    sign_out_person(bureau.env, page.context.cookies()[0]["value"])


def test_a_session_that_ended_in_the_middle_of_a_long_form_loses_nothing(
    bureau: Bureau, form: Page
) -> None:
    end_session(bureau, form)
    form.locator(".actions .btn-primary").click()
    form.get_by_text("登录已到期，刚才没有提交").wait_for()
    form.get_by_label("账号").fill("zhoumin")
    form.get_by_label("密码").fill("wrong-password")
    form.get_by_role("button", name="登录").click()
    form.get_by_text("账号或者密码不对").wait_for()
    form.get_by_label("密码").fill(PASSWORD)
    form.get_by_role("button", name="登录").click()
    form.get_by_role("button", name="回到表单").click()
    form.wait_for_url("**/start/on_request")
    still_typed(form)
    submit(form)
    assert form.locator("h1").inner_text() == REQUEST["info_title"]


def test_a_draft_that_is_not_kept_says_that_the_session_ended(bureau: Bureau) -> None:
    zhou = bureau.window("zhoumin")
    zhou.goto(bureau.start("on_request", "zhoumin", REQUEST | TODAY))
    bureau.task("zhoumin", number_of(zhou), "受理审查")
    end_session(bureau, zhou)
    zhou.locator("#task-form textarea").first.evaluate(
        "one => one.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    zhou.get_by_text("登录已到期，草稿没有存上").wait_for()


def test_signing_in_again_in_another_window_loses_nothing(bureau: Bureau, form: Page) -> None:
    token = sign_in_person(bureau.env, "zhoumin", PASSWORD, "127.0.0.1")
    form.context.add_cookies([{"name": "gongkai", "value": token, "url": bureau.address}])
    form.locator(".actions .btn-primary").click()
    form.get_by_role("button", name="回到表单").click()
    still_typed(form)
    submit(form)


def test_a_broken_line_keeps_the_page_and_what_was_typed(form: Page) -> None:
    form.context.set_offline(True)
    form.locator(".actions .btn-primary").click()
    form.get_by_text("连不上服务器，没有提交").wait_for()
    still_typed(form)
    form.context.set_offline(False)
    form.locator(".actions .btn-primary").click()
    form.wait_for_url("**/cases/*")


def test_a_file_too_large_or_of_a_wrong_kind_is_named_at_once(form: Page) -> None:
    field = "input[type=file][name=application_files]"
    named = form.locator(".file-room", has=form.locator(field)).locator(".file-names")
    form.set_input_files(
        field, {"name": "照片.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"}
    )
    assert "“照片.exe”不是可以上传的文件" in named.inner_text()
    big = b"%PDF-1.4 " + b"0" * (21 * 1024 * 1024)
    form.set_input_files(field, {"name": "卷宗.pdf", "mimeType": "application/pdf", "buffer": big})
    assert "“卷宗.pdf”超过 20 MB" in named.inner_text()
    form.set_input_files(
        field, {"name": "申请表.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 x"}
    )
    assert named.inner_text() == "申请表.pdf"
    still_typed(form)
    submit(form)


def test_a_date_that_cannot_be_is_told_at_its_field(form: Page) -> None:
    form.locator("[name=submitted_on]").fill("2026-12-24")
    form.locator(".actions .btn-primary").click()
    form.get_by_role("alert").wait_for()
    said = form.locator("[data-field=submitted_on] .invalid-feedback").inner_text()
    assert "2026" in said or "今天" in said, said
    still_typed(form)
    form.locator("[name=submitted_on]").fill("2026-11-24")
    submit(form)


def test_two_people_at_one_task_the_second_is_told_who_and_keeps_the_text(bureau: Bureau) -> None:
    zhou = bureau.window("zhoumin")
    case = bureau.start("on_request", "zhoumin", REQUEST | TODAY)
    zhou.goto(case)
    number = number_of(zhou)
    bureau.task("zhoumin", number, "受理审查")
    second = zhou.context.new_page()
    second.goto(zhou.url)
    fill(second, ACCEPTED)
    submit(second)
    fill(zhou, ACCEPTED)
    zhou.locator(".actions .btn-primary").click()
    zhou.get_by_text("您填写的内容保留在下面").first.wait_for()
    assert "周敏已于10:00办理本步骤" in zhou.locator("main").inner_text()
    assert zhou.locator("[name=intake_result][value=accept]").is_checked()
