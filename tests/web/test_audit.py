"""The two questions of supervisors, corrections, exports: answered from what really happened."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from engine import accounts, commands, queries
from engine.audit import AuditEvent
from engine.commands.noting import note
from engine.errors import EngineError
from engine.queries.sentences import KINDS
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client
from tests.web.fakes import PASSWORD
from tests.web.real import RealOffice
from tests.web.test_pages import text


@pytest.fixture
def meng(real: RealOffice) -> Client:
    return real.browser("meng")


def late_case(real: RealOffice) -> commands.Moved:
    """Received on 2 November; the section held it too long, then the office head until after the limit."""
    case = real.start()  # due on the 30th; the section's own limit is the 9th
    real.at("2026-11-20")
    real.do("li", case.case_id)
    real.at("2026-12-02")
    return case


def test_why_is_it_late_says_who_held_it_how_long(real: RealOffice) -> None:
    case = late_case(real)
    found = queries.lateness(real.env, real.actor("meng"), case.number)
    assert found is not None
    assert found.late == 2
    assert found.total == 22
    assert [(one.who, one.step, one.kind, one.days) for one in found.stretches] == [
        ("房屋安全管理科", "科室提供", "held", 5),
        ("房屋安全管理科", "科室提供", "over", 9),
        ("办公室主任", "审核", "held", 6),
        ("办公室主任", "审核", "late", 2),
    ]
    assert sum(one.days for one in found.stretches) == found.total
    assert found.sentence == (
        "限20个工作日，已用22个：房屋安全管理科持有14个（内部时限5个），办公室主任8个；没有依法不计的日子；已催办0次。"
    )
    page = real.browser("meng").get(f"/audit?late={case.number}")
    answer = page.select_one(".answer")
    assert "逾期2个工作日" in text(answer)
    widths = [float(one["width"]) for one in answer.select("rect.seg")]
    assert widths[1] > widths[0] > widths[3]
    assert answer.select_one("svg.chart")["aria-label"] == found.sentence


def test_a_case_in_time_is_not_called_late(real: RealOffice) -> None:
    case = real.start()
    real.at("2026-11-04")
    real.do("li", case.case_id)
    real.do("zhao", case.case_id, {"decision": "agree"})
    real.at("2026-11-06")
    real.do("zhou", case.case_id)
    real.at("2026-12-20")
    found = queries.lateness(real.env, real.actor("meng"), case.number)
    assert found is not None
    assert (found.late, found.total) == (0, 4)
    assert [(one.who, one.days) for one in found.shares] == [
        ("房屋安全管理科", 2),
        ("信息公开专员", 2),
    ]
    assert "没有逾期" in text(
        real.browser("meng").get(f"/audit?late={case.number}").select_one(".answer")
    )


def test_who_has_seen_counts_values_files_exports_and_refusals(
    real: RealOffice, meng: Client
) -> None:
    upload = commands.Upload("proof", "身份证明.pdf", "application/pdf", b"%PDF-1.4 x")
    case = commands.start_case(
        real.env,
        real.actor("zhou"),
        "visit",
        {
            "title": "危房",
            "kind": "a",
            "name": "顾小明",
            "received_on": "2026-11-02",
            "lead": "housing",
        },
        [upload],
    )
    assert "还没有人看过。" in text(meng.get(f"/audit?seen={case.number}").select_one(".answer"))
    zhou = real.browser("zhou")
    shown = zhou.post(f"/cases/{case.case_id}/reveal", {"field": "name", "reason": "核对身份"})
    assert "顾小明" in shown.text
    document = zhou.get(f"/cases/{case.case_id}").select_one("#materials + .doclist a")["href"]
    assert zhou.http.get(document).status_code == 200
    refused = real.browser("li").post(
        f"/cases/{case.case_id}/reveal", {"field": "name", "reason": "想看看"}
    )
    assert refused.status_code == 403
    page = meng.get(f"/audit?seen={case.number}")
    answer = text(page.select_one(".answer"))
    assert "1个人看过：打开个人信息1次，下载文件1次，导出案卷0次；被拒绝1次。" in answer
    assert "周敏（信息公开专员） 1 1 0 0 2026-11-02 09:00" in answer
    assert "来访人 核对身份" in answer
    assert "顾小明" not in page.text


def test_a_correction_shows_before_and_after(real: RealOffice, meng: Client) -> None:
    case = real.start()
    event = AuditEvent(
        "ClocksRecomputed",
        f"case:{case.number}",
        case.case_id,
        {"moved": [{"clock": "reply", "party": "", "before": "2026-12-01", "after": "2026-11-30"}]},
    )
    with UnitOfWork(real.env.database, writing=True) as uow:
        note(real.env, uow.connection, real.actor("zhou"), event)
        uow.commit()
    page = meng.get("/audit?corrections=1")
    assert len(page.select("tr.is-open")) == 1
    assert text(page.select_one(".changes")) == "答复期限 2026-12-01 → 2026-11-30"
    assert "共1条" in text(page.select_one(".filters + p"))
    page = meng.get("/audit?group=time")
    assert "共1条" in text(page.select_one(".filters + p"))
    assert text(page.select_one(".tabs [aria-current]")) == "期限和提醒"


def test_evidence_is_exported_with_a_reason_and_checks_without_us(
    real: RealOffice, meng: Client, tmp_path: Path
) -> None:
    case = late_case(real)
    meng = real.browser("meng")
    without = meng.post("/audit/export", {"number": case.number, "reason": " "}, page="/audit")
    assert without.status_code == 422
    assert "请写明导出的事由" in without.text
    answer = meng.post(
        "/audit/export", {"number": case.number, "reason": "复议机关调卷"}, page="/audit"
    )
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        archive.extractall(tmp_path / "evidence")
    lines = (tmp_path / "evidence" / "audit.jsonl").read_text("utf-8").splitlines()
    assert all(json.loads(line)["case_id"] == case.case_id for line in lines)
    checked = subprocess.run(
        [sys.executable, "verify.py", "audit.jsonl"],
        cwd=tmp_path / "evidence", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    page = meng.get("/audit?kind=CaseExported")
    assert "复议机关调卷" in text(page.select_one(".audit tbody tr"))
    assert (
        meng.post("/audit/export", {"number": "x", "reason": "复议"}, page="/audit").status_code
        == 422
    )


def test_the_printed_page_carries_a_code_of_its_rows(real: RealOffice, meng: Client) -> None:
    real.start()
    first = text(meng.get("/audit?kind=CaseStarted").select_one(".print-head"))
    again = text(meng.get("/audit?kind=CaseStarted").select_one(".print-head"))
    other = text(meng.get("/audit?kind=SignedIn").select_one(".print-head"))
    assert "校验码" in first
    assert first == again != other


def test_every_kind_of_event_that_the_engine_writes_has_words(project: Path) -> None:
    named = re.compile(
        r'(?:AuditEvent|Cause)\(\s*(?:"[a-z_]+"|kind)?,?\s*"([A-Z]\w+)"(?: if \w+ else "([A-Z]\w+)")?'
    )
    written = {
        kind
        for file in (project / "engine").rglob("*.py")
        for found in named.findall(file.read_text("utf-8"))
        for kind in found
        if kind
    }
    assert len(written) > 35
    assert sorted(written - set(KINDS)) == []


def test_who_has_looked_is_asked_by_applicant_by_reader_and_by_period(real: RealOffice) -> None:
    first, second = real.start(name="顾小明"), real.start(name="冯大新")
    commands.reveal(real.env, real.actor("zhou"), first.case_id, "name", "核对身份证明")
    real.at("2026-11-20")
    commands.reveal(real.env, real.actor("zhao"), second.case_id, "name", "当事人来电")
    meng = real.actor("meng")
    of_applicant = queries.disclosures(real.env, meng, "顾小明")
    assert [(one.name, one.case) for one in of_applicant.looks] == [("周敏", first.number)]
    by_reader = queries.disclosures(real.env, meng, "赵启明")
    assert [(one.case, one.reason) for one in by_reader.looks] == [(second.number, "当事人来电")]
    early = queries.disclosures(real.env, meng, first.number, until=date(2026, 11, 10))
    late = queries.disclosures(real.env, meng, first.number, since=date(2026, 11, 3))
    assert [len(early.looks), len(late.looks)] == [1, 0]
    page = real.browser("meng").get("/audit?seen=赵启明&from=2026-11-20&to=2026-11-20")
    assert second.number in text(page.select_one(".answer"))
    nobody = real.browser("meng").get("/audit?seen=无此人")
    assert "这段时间没有查阅" in text(nobody.select_one(".answer"))


def test_sign_ins_are_left_out_until_they_are_asked_for_and_the_page_says_how_many(
    real: RealOffice,
) -> None:
    accounts.sign_in(real.env, "zhou", PASSWORD, "")
    meng = real.actor("meng")
    page = queries.audit_page(real.env, meng, {})
    assert "登录" not in [one.act for one in page.rows]
    assert page.hidden_sign_ins >= 1
    for asked in (
        {"sign_ins": "1"},
        {"kind": "SignedIn"},
        {"person": real.actor("zhou").person_id},
    ):
        found = queries.audit_page(real.env, meng, asked)
        assert "登录" in [one.act for one in found.rows], asked
        assert found.hidden_sign_ins == 0
    browser = real.browser("meng")
    assert "没有列出" in text(browser.get("/audit").main)
    assert "不列登录" in text(browser.get("/audit?sign_ins=1").main)


def test_the_trail_is_filtered_by_where_an_act_came_from(real: RealOffice, meng: Client) -> None:
    """A refused sign-in gave its reason as the code ``wrong``."""
    real.start()
    with pytest.raises(EngineError):
        accounts.sign_in(real.env, "zhou", "不对", "10.0.0.8")

    def acts(source: str) -> list[str]:
        rows = meng.get(f"/audit?sign_ins=1&source={source}").select("table.audit tbody tr")
        return [text(one) for one in rows]

    everything, web, system = acts(""), acts("web"), acts("system")
    assert len(web) + len(system) == len(everything)
    assert web
    assert any("密码不对" in one for one in web)
    assert not any("密码不对" in one for one in system)
    assert acts("10.0.0.8") == [one for one in web if "密码不对" in one]
    assert acts("10.0.0.9") == []
