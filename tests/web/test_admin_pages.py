"""The pages of supervisors and of those who keep the procedures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.web.conftest import Client, look_over
from tests.web.fakes import Office
from tests.web.office import _finding
from tests.web.test_pages import text


@pytest.fixture
def meng(client: Client) -> Client:
    return client.sign_in("mengshuyi")


@pytest.fixture
def zhang(client: Client) -> Client:
    return client.sign_in("zhangwei")


def test_who_has_no_inbox_begins_where_the_rail_begins(zhang: Client) -> None:
    assert zhang.http.get("/").location == "/procedures"


def test_audit_says_whether_the_chain_is_whole_and_who_did_what(meng: Client) -> None:
    page = meng.get("/audit")
    assert "留痕链完整" in text(page.select_one(".why"))
    assert "18,204条连续" in text(page.select_one(".why"))
    rows = [text(one) for one in page.select(".audit tbody tr")]
    assert rows[0].startswith("11-24 10:02:00 孟书怡（监督人员） 查阅申请人身份 2026-0168")
    assert "被拒绝" in rows[1]
    assert "2026-11-19 周四 → 2026-11-18 周三" in rows[-1]
    assert "共214条" in text(page.select_one(".filters + p"))


def test_audit_filters_stay_in_the_form(meng: Client) -> None:
    page = meng.get("/audit?case=2026-0175&person=p-1&page=99999999999")
    assert page.select_one("input[name=case]")["value"] == "2026-0175"
    assert page.select_one("option[value=p-1]").has_attr("selected")
    assert len(page.select(".audit tbody tr")) == 2


def test_a_number_that_is_not_there_is_told(meng: Client) -> None:
    for name in ("late", "seen"):
        page = meng.get(f"/audit?{name}=2026-9999")
        assert "没有编号为2026-9999的案件" in text(page.select_one(".answer"))


def test_verifying_is_a_command(meng: Client, office: Office) -> None:
    assert meng.post("/audit/verify").status_code == 303
    assert office.commands.done[0][0] == "verify_audit"
    assert "已校验，留痕链完整" in text(meng.get("/audit").main)


def test_a_broken_chain_is_told_with_its_place(meng: Client, office: Office) -> None:
    office.commands.breaks = [SimpleNamespace(seq=17902)]
    meng.post("/audit/verify")
    assert "从第17902条起" in text(meng.get("/audit").select_one("[role=status]"))


def test_a_changed_folder_shows_findings_and_what_is_missing(zhang: Client) -> None:
    assert "有改动，未启用" in text(zhang.get("/procedures").main)
    page = zhang.get("/procedures/on_request")
    assert text(page.select_one(".actions .btn-primary")) == "启用第8版"
    assert text(page.select_one(".then")) == "启用前逐项接受1项警告，填写理由"
    assert "0项错误，1项警告，1项说明" in text(page.main)
    assert page.select_one("input[name=accepted]")["value"] == "one_person:cosign"
    assert "第7版 现行" in text(page.main)


def test_errors_block_deploying_and_say_so(zhang: Client, office: Office) -> None:
    broken = [_finding("error", "gate", "no_flow", "网关没有出口")]
    office.queries.procedure = replace(office.queries.procedure, findings=broken)
    page = zhang.get("/procedures/on_request")
    assert page.select_one(".actions .btn-primary")["aria-disabled"] == "true"
    assert text(page.select_one(".then")) == "有1项错误，改正后才能启用"


def test_deploying_passes_reason_and_accepted_warnings(zhang: Client, office: Office) -> None:
    data = {
        "reason": "局办公会纪要第12号",
        "accepted": "one_person:cosign",
        "from_day": "2026-12-01",
    }
    assert zhang.post("/procedures/on_request/deploy", data).status_code == 303
    name, arguments, more = office.commands.done[0]
    assert name == "deploy_folder"
    assert arguments[1:] == (Path("processes/on_request"), "局办公会纪要第12号")
    assert more == {"accepted": ["one_person:cosign"], "from_day": date(2026, 12, 1)}


def test_deploying_without_a_reason_keeps_what_was_accepted(zhang: Client, office: Office) -> None:
    answer = zhang.post("/procedures/on_request/deploy", {"accepted": "one_person:cosign"})
    assert answer.status_code == 422
    page = look_over(answer)
    assert "请写明启用的理由" in text(page.select_one(".errors"))
    assert page.select_one("input[name=accepted]").has_attr("checked")


def test_an_unknown_procedure_is_not_found(zhang: Client) -> None:
    zhang.get("/procedures/nothing", 404)


def test_the_simulator_computes_and_stores_nothing(meng: Client, office: Office) -> None:
    assert len(meng.get("/simulator").select("select[name=kind]")) == 4
    rows = [
        ("submitted", "2026-09-18", ""),
        ("extension_approved", "2026-11-03", "16"),
        ("", "", ""),
    ]
    facts = "".join(f"&kind={kind}&day={day}&number={number}" for kind, day, number in rows)
    page = meng.get("/simulator?clock=on_request.reply&channel=counter" + facts)
    assert "届满 2026年11月26日（周四）" in text(page.main)
    assert office.queries.simulated == (
        "on_request",
        "reply",
        "counter",
        [
            ("submitted", date(2026, 9, 18), {}),
            ("extension_approved", date(2026, 11, 3), {"working_days": 16}),
        ],
    )
    assert office.commands.done == []


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("kind=submitted&day=9-18&number=", "日期应写成"),
        ("kind=&day=2026-09-18&number=", "都要选发生了什么"),
        ("kind=submitted&day=2026-09-18&number=x", "天数应为整数"),
    ],
)
def test_the_simulator_says_what_is_wrong(meng: Client, query: str, sentence: str) -> None:
    assert sentence in text(meng.get(f"/simulator?clock=on_request.reply&{query}").main)
