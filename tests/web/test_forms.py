"""Forms: what is asked, what comes back, what never gets lost."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from engine.errors import RevisionConflict
from tests.web.conftest import Client, look_over
from tests.web.fakes import Office
from tests.web.test_pages import text

TASK = "/tasks/t-2026-0213"


def soup(answer: object) -> BeautifulSoup:
    return look_over(answer)  # type: ignore[arg-type]


def test_completing_passes_what_was_typed_with_version_and_key(
    zhou: Client, office: Office
) -> None:
    form = zhou.get(TASK).select_one("#task-form")
    hidden = {one["name"]: one["value"] for one in form.select("input[type=hidden]")}
    answer = zhou.post(
        TASK, {**hidden, "clear": "clear", "period": "10", "do": "complete"}, page=TASK
    )
    assert (answer.status_code, answer.location) == (303, "/cases/c-2026-0213")
    name, arguments, more = office.commands.done[0]
    assert name == "complete_task"
    assert arguments[1:] == ("t-2026-0213", {"clear": "clear", "period": "10"}, [])
    assert more == {"version": "v7:3", "key": "k-0213"}


def test_after_completing_one_is_told_what_happens_next(zhou: Client) -> None:
    zhou.post(TASK, {"clear": "clear"})
    assert "已办理：2026-0213。已发出补正告知书" in text(zhou.get("/").select_one("[role=status]"))


def test_errors_stand_on_top_and_at_their_fields_and_nothing_is_lost(
    zhou: Client, office: Office
) -> None:
    answer = zhou.post(TASK, {"clear": "unclear", "points": " ", "period": "0", "repeated": "yes"})
    assert answer.status_code == 422
    page = soup(answer)
    assert text(page.select_one(".errors h2")) == "还差2处，补全后才能发出补正告知书"
    links = page.select(".errors a")
    assert [one["href"] for one in links] == ["#f-points", "#f-period"]
    assert text(links[0]) == "需补正的事项：请至少写明一项，申请人要照着它补正"
    assert "现为0" in text(page.select_one("[data-field=period] .invalid-feedback"))
    assert page.select_one("#f-period")["value"] == "0"
    assert page.select_one("#f-period")["aria-invalid"] == "true"
    assert page.select_one("input[name=repeated][checked]")["value"] == "yes"
    assert "2026年11月18日" in text(page.select_one("[data-field=received_on] .given"))
    assert office.commands.done == []


def test_abuse_04_a_step_done_by_somebody_else_says_who_and_when_and_keeps_the_text(
    zhou: Client, office: Office
) -> None:
    office.commands.closed["t-2026-0213"] = ("周敏", datetime(2026, 11, 24, 2, 42, tzinfo=UTC))
    answer = zhou.post(TASK, {"points": "请写明年份", "clear": "unclear"})
    assert answer.status_code == 409
    page = soup(answer)
    assert (
        text(page.select_one(".errors h2")) == "周敏已于10:42办理本步骤，您填写的内容保留在下面。"
    )
    assert "请写明年份" in page.select_one("#f-points").text


def test_abuse_05_a_case_that_moved_on_keeps_the_text(zhou: Client, office: Office) -> None:
    office.commands.fails = RevisionConflict("moved on")
    answer = zhou.post(TASK, {"points": "请写明年份"})
    assert answer.status_code == 409
    page = soup(answer)
    assert "案件在您打开之后有了变化" in text(page.main)
    assert "请写明年份" in text(page.select_one(".typed"))


def test_abuse_02_fields_that_the_form_does_not_have_reach_the_engine_to_be_refused(
    zhou: Client, office: Office
) -> None:
    zhou.post(TASK, {"approved": "true", "due": "2030-01-01"})
    assert office.commands.done[0][1][2] == {"approved": "true", "due": "2030-01-01"}


def test_abuse_08_what_people_typed_is_shown_as_text(zhou: Client) -> None:
    evil = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    page = soup(zhou.post(TASK, {"points": evil, "period": "0"}))
    assert evil in page.select_one("#f-points").text
    assert page.find("img") is None


def test_the_server_says_which_questions_apply(zhou: Client) -> None:
    answer = zhou.post(TASK + "/visible", {"clear": "clear"}, headers={"X-Requested-With": "fetch"})
    assert "points" not in answer.json["shown"]
    answer = zhou.post(
        TASK + "/visible", {"clear": "unclear"}, headers={"X-Requested-With": "fetch"}
    )
    assert "points" in answer.json["shown"]
    page = soup(zhou.post(TASK, {"clear": "clear", "period": "0"}))
    assert "data-off" in page.select_one("[data-field=points]").attrs


def test_a_draft_is_kept_and_says_when(zhou: Client, office: Office) -> None:
    answer = zhou.post(TASK + "/draft", {"points": "一半"}, headers={"X-Requested-With": "fetch"})
    assert answer.json == {"said": "10:50 草稿已保存"}
    assert office.commands.done[0][0] == "save_draft"
    assert office.commands.done[0][1][2] == {"points": "一半"}


def test_rows_are_added_and_dropped_without_javascript(zhou: Client, office: Office) -> None:
    start = "/start/on_request"
    page = zhou.get(start)
    assert len(page.select("[data-table=wanted] tbody tr")) == 1
    data = {
        "wanted-0-title": "甲",
        "wanted-0-year": "2019",
        "do": "add:wanted",
        "applicant_name": "顾某",
    }
    page = soup(zhou.post(start, data))
    assert len(page.select("[data-table=wanted] tbody tr")) == 2
    assert page.select_one("#f-applicant_name")["value"] == "顾某"
    data |= {"wanted-1-title": "乙", "do": "drop:wanted:0"}
    page = soup(zhou.post(start, data))
    assert [one["value"] for one in page.select("[data-table=wanted] tbody input")] == ["乙", ""]
    assert office.commands.done == []


def test_a_table_that_is_full_offers_no_further_row(zhou: Client) -> None:
    data = {f"wanted-{n}-title": "甲" for n in range(3)} | {"do": "drop:wanted:9"}
    page = soup(zhou.post("/start/on_request", data))
    assert page.find("button", value="add:wanted") is None


def test_starting_a_case_passes_values_and_files(zhou: Client, office: Office) -> None:
    data = {
        "channel": "counter",
        "applicant_name": "顾某",
        "scans": (io.BytesIO(b"%PDF-1.7 text"), "申请表.pdf"),
    }
    answer = zhou.post("/start/on_request", data, content_type="multipart/form-data")
    assert answer.status_code == 303
    name, arguments, more = office.commands.done[0]
    assert name == "start_case"
    assert arguments[1] == "on_request"
    assert arguments[2]["channel"] == "counter"
    (upload,) = arguments[3]
    assert (upload.field, upload.filename, upload.media_type, upload.data) == (
        "scans",
        "申请表.pdf",
        "application/pdf",
        b"%PDF-1.7 text",
    )
    assert more == {"key": ""}


def test_something_that_may_be_done_at_any_time_has_its_form(zhou: Client, office: Office) -> None:
    path = "/cases/c-2026-0168/actions/w-1"
    page = zhou.get(path)
    assert text(page.h1) == "申请人撤回"
    assert zhou.post(path, {"channel": "counter"}).status_code == 303
    assert office.commands.done[0][1][1:3] == ("c-2026-0168", "w-1")


# --- uploads


def packed(names: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return buffer.getvalue()


REMOTE = (
    b'<Relationships><Relationship Type="http://x/attachedTemplate" '
    b'Target="http://evil/x.dotm" TargetMode="External"/></Relationships>'
)
BAD_FILES = [
    ("page.html", b"<script>alert(1)</script>", "不是可以上传的文件"),
    (
        "draw.svg",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "不是可以上传的文件",
    ),
    ("macro.docm", packed({"word/document.xml": b"x"}), "不是可以上传的文件"),
    ("old.doc", b"\xd0\xcf\x11\xe0", "不是可以上传的文件"),
    ("draw.png", b"<svg onload='alert(1)'/>", "的内容和它的类型不符"),
    ("both.pdf", b"GIF89a;<script>", "的内容和它的类型不符"),
    ("none.pdf", b"", "是空文件"),
    ("text.txt", b"MZ\0\0", "的内容和它的类型不符"),
    ("not.docx", packed({"x.txt": b"x"}), "的内容和它的类型不符"),
    ("half.docx", packed({"word/document.xml": b"x" * 500})[:60], "已经损坏"),
    ("macro.docx", packed({"word/document.xml": b"x", "word/vbaProject.bin": b"x"}), "带有宏"),
    (
        "remote.docx",
        packed({"word/document.xml": b"x", "word/_rels/settings.xml.rels": REMOTE}),
        "引用了外部模板",
    ),
    ("bomb.zip", packed({"zeros": b"\0" * 60_000_000}), "展开后太大"),
    ("many.zip", packed({f"{n}": b"" for n in range(2100)}, zipfile.ZIP_STORED), "展开后太大"),
    ("nest.zip", packed({"inner.zip": b"PK"}), "里面还有压缩包"),
]


@pytest.mark.parametrize(("name", "data", "sentence"), BAD_FILES, ids=[one[0] for one in BAD_FILES])
def test_abuse_09_to_11_a_bad_file_is_refused_by_name_and_nothing_is_lost(
    zhou: Client, office: Office, name: str, data: bytes, sentence: str
) -> None:
    answer = zhou.post(
        "/start/on_request",
        {"applicant_name": "顾某", "scans": (io.BytesIO(data), name)},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 422
    page = soup(answer)
    assert f"“{name}”{sentence}" in text(page.select_one(".errors"))
    assert page.select_one("#f-applicant_name")["value"] == "顾某"
    assert office.commands.done == []


@pytest.mark.parametrize(
    "name", ["扫描件.PDF", "..\\..\\secret.pdf", "../../etc/x.pdf", "a\x07b.pdf"]
)
def test_abuse_19_a_file_name_is_only_a_name(zhou: Client, office: Office, name: str) -> None:
    data = {"scans": (io.BytesIO(b"%PDF-1.4"), name)}
    zhou.post("/start/on_request", data, content_type="multipart/form-data")
    (upload,) = office.commands.done[0][1][3]
    assert not set(upload.filename) & set("/\\\x07")


def test_abuse_11_a_request_that_is_too_large_is_refused_early(
    zhou: Client, office: Office
) -> None:
    answer = zhou.http.post(
        "/start/on_request",
        data=b"x" * 51 * 1024 * 1024,
        content_type="multipart/form-data; boundary=y",
    )
    assert answer.status_code == 413
    assert "一次最多提交50 MB" in answer.text
    assert office.commands.done == []


def test_abuse_11_thousands_of_fields_are_refused(zhou: Client, office: Office) -> None:
    data = {f"f{n}": "x" for n in range(2100)}
    answer = zhou.post("/start/on_request", data, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert office.commands.done == []


def test_abuse_10_a_document_is_sent_to_be_kept_never_to_be_run(zhou: Client) -> None:
    answer = zhou.http.get("/documents/d-1")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "%E7%94%B3%E8%AF%B7%E8%A1%A8" in answer.headers["Content-Disposition"]
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.data == b"%PDF-1.7 x"
