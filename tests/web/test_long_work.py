"""What takes longer than a page: a bar, its end, and who may see it; importing a register and trying a folder."""

from __future__ import annotations

import io
import threading
import time
from typing import Any

import pytest

from engine import commands, queries
from engine.commands import recomputing
from engine.errors import BadInput, NotFound
from engine.store import accounts
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client, look_over
from tests.web.real import RealOffice
from tests.web.test_calendar import NOTICE, due
from tests.web.test_english_refusals import HAN
from tests.web.test_pages import text
from tests.web.test_procedures import edit
from webui.views import work as work_pages

HEADER = "编号,收到日期,申请内容,申请人类别,办理结果,办结日期"
GOOD = f"{HEADER}\n旧-1,2024-03-04,2023年预算执行情况,自然人,,\n旧-2,2024-03-05,户外广告目录,自然人,,\n"
BROKEN = f"{HEADER}\n旧-1,2024-13-04,预算,自然人,,\n旧-2,2024-03-05,户外广告目录,自然人,,\n"


def settled(real: RealOffice, work_id: str, login: str) -> commands.Progress:
    for _ in range(200):
        found = commands.work_progress(real.env, real.actor(login), work_id)
        if found.state != "running":
            return found
        time.sleep(0.02)
    raise AssertionError("the work does not end")


def test_a_page_shows_how_far_long_work_is_and_goes_on_at_its_end(real: RealOffice) -> None:
    goes_on = threading.Event()

    def work(report: Any) -> dict[str, Any]:
        report(3, 12)
        assert goes_on.wait(20)
        return {"rows": 12, "procedure": "visit"}

    begun = commands.begin_work(real.env, real.actor("zhou"), "register", work)
    while commands.work_progress(real.env, real.actor("zhou"), begun.id).total == 0:
        time.sleep(0.01)
    page = real.browser("zhou").get(f"/jobs/{begun.id}")
    assert "已办3，共12。" in text(page.select_one(".why"))
    assert (page.progress["value"], page.progress["max"]) == ("3", "12")
    assert page.select_one("meta[http-equiv=refresh]")["content"] == "2"
    real.browser("zhao").get(f"/jobs/{begun.id}", 404)  # it is not the office head's
    goes_on.set()
    assert settled(real, begun.id, "zhou").state == "done"
    answer = real.browser("zhou").http.get(f"/jobs/{begun.id}")
    assert answer.location == "/registers?procedure=visit"


def test_work_that_fails_says_why_and_work_whose_process_is_gone_says_so(real: RealOffice) -> None:
    def work(_report: Any) -> dict[str, Any]:
        raise BadInput("no", sentence="文件里没有数据")

    begun = commands.begin_work(real.env, real.actor("zhou"), "register", work)
    with pytest.raises(BadInput):
        begun.wait(20)
    page = real.browser("zhou").get(f"/jobs/{begun.id}")
    assert "文件里没有数据" in text(page.select_one(".errors"))
    head = '{"kind": "register", "by": "%s", "at": "2026-11-02T00:00:00+00:00", "state": "running"}'
    with UnitOfWork(real.env.database, writing=True) as uow:
        person = real.actor("zhou").person_id
        accounts.set_meta(uow.connection, "work:gone", head % person)
        uow.commit()
    page = real.browser("zhou").get("/jobs/gone")
    assert "服务在办理中间停过" in text(page.select_one(".why"))


def test_a_calendar_whose_recomputation_was_killed_is_finished_by_the_next_tick(
    real: RealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.at("2027-01-18")
    case = real.start(received_on="2027-01-18")
    file = commands.year_file(NOTICE.encode(), "通知", None)

    def killed(*_given: Any, **_more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(recomputing, "recompute_clocks", killed)
        with pytest.raises(KeyboardInterrupt):
            commands.import_calendar(real.env, real.actor("zhou"), file, "通知", "国办通知")
    assert due(real, case.case_id) == ("2027-02-17", True)
    commands.tick(real.env)
    assert due(real, case.case_id) == ("2027-02-19", False)
    report = queries.office_report(real.env, real.actor("zhou"), 2)
    assert [(one.case, str(one.after)) for one in report.moved.rows] == [
        (case.number, "2027-02-19")
    ]


def bring(client: Client, data: str) -> Any:
    sent = {"procedure": "visit", "file": (io.BytesIO(data.encode("gb18030")), "旧登记簿.csv")}
    return client.post(
        "/registers/import", sent, content_type="multipart/form-data", page="/registers/import"
    )


def test_a_register_is_previewed_row_by_row_then_comes_in_whole(real: RealOffice) -> None:
    zhou = real.browser("zhou")
    answer = bring(zhou, BROKEN)
    page = zhou.get(answer.location)
    assert "1行有问题" in text(page.select_one(".why"))
    first = text(page.select_one("tbody tr"))
    assert first.startswith("2 旧-1")
    assert page.select_one(".actions .btn-primary")["aria-disabled"] == "true"
    refused = zhou.post(answer.location, page=answer.location)
    assert refused.status_code == 422
    assert "什么也没有导入" in text(look_over(refused).select_one(".errors"))
    assert queries.case_list(real.env, real.actor("zhou"), "旧-", "").total == 0

    answer = bring(zhou, GOOD)
    page = zhou.get(answer.location)
    assert text(page.select_one(".actions .btn-primary")) == "导入2行"
    done = zhou.post(answer.location, page=answer.location)
    assert done.location == "/registers?procedure=visit"
    assert queries.case_list(real.env, real.actor("zhou"), "旧-", "").total == 2
    assert commands.verify_audit(real.env) == []


def test_a_file_that_is_no_register_is_told_on_the_form(real: RealOffice) -> None:
    answer = bring(real.browser("zhou"), "甲,乙\n1,2\n")
    assert answer.status_code == 422
    assert look_over(answer).select_one("#upload") is not None
    real.browser("li").get("/registers/import", 403)


def test_a_job_is_told_to_each_reader_in_their_own_language(real: RealOffice) -> None:
    """A thread in the background knows nobody's language: the same rows are read in English and in Chinese."""
    zhou = real.browser("zhou")
    answer = bring(zhou, BROKEN)
    chinese = text(zhou.get(answer.location).select_one("tbody tr .late"))
    assert HAN.search(chinese)
    zhou.post("/display", {"language": "en"})
    page = zhou.get(answer.location)
    problems = [text(one) for one in page.select("tbody tr .late")]
    assert problems
    assert not [one for one in problems if HAN.search(one)]
    refused = zhou.post(answer.location, page=answer.location)
    told = text(look_over(refused).select_one(".errors"))
    assert "nothing was imported" in told
    assert not HAN.search(told)
    refused = bring(zhou, "甲,乙\n1,2\n")
    told = text(look_over(refused).select_one(".errors"))
    assert "no column for" in told
    assert not HAN.search(told.replace("旧登记簿", "").replace("甲", "").replace("乙", ""))


@pytest.mark.parametrize("content", [b"{broken: [", b"[]", b'{"year": 2027, "days": [{}]}'])
def test_a_file_that_is_no_year_is_refused_in_english(real: RealOffice, content: bytes) -> None:
    zhou = real.browser("zhou")
    zhou.post("/display", {"language": "en"})
    answer = zhou.post(
        "/calendar/preview",
        {"file": (io.BytesIO(content), "2027.json")},
        content_type="multipart/form-data",
        page="/calendar",
    )
    assert answer.status_code == 422
    told = text(look_over(answer).select_one(".errors"))
    assert "2027.json" in told
    assert not HAN.search(told)


def test_a_changed_folder_is_tried_before_it_is_put_into_force(real: RealOffice) -> None:
    zhang = real.browser("zhang")
    scenarios = real.processes / "visit" / "scenarios"
    scenarios.mkdir(exist_ok=True)
    run = "process: visit\nruns:\n  - name: {}\n    steps:\n      - start: {{}}\n      - tasks: [{}]\n"
    (scenarios / "a.yaml").write_text(run.format("先登记", "register"), "utf-8")
    (scenarios / "b.yaml").write_text(run.format("先审核", "review"), "utf-8")
    edit(real, "visit.bpmn", 'length="P20WD"', 'length="P10WD"')
    answer = zhang.post("/procedures/visit/try", page="/procedures/visit")
    page = zhang.get(answer.location)
    assert "1个情景没有通过，共2个。" in text(page.select_one(".why"))
    rows = [text(one) for one in page.select("tbody tr")]
    assert rows[0].startswith("不通过 先审核 b.yaml 第2步应为")
    assert rows[1].startswith("通过 先登记 a.yaml")
    with pytest.raises(NotFound):
        commands.try_folder(real.env, real.actor("zhang"), "_office")


def test_looking_what_a_year_would_move_does_not_hold_a_page_up(
    real: RealOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    real.at("2027-01-18")
    case = real.start(received_on="2027-01-18")
    goes_on, read = threading.Event(), recomputing.batches.read

    def slowly(connection: Any, ids: Any) -> Any:
        assert goes_on.wait(20)
        return read(connection, ids)

    monkeypatch.setattr(recomputing.batches, "read", slowly)
    monkeypatch.setattr(work_pages, "AT_ONCE", 0.05)
    zhou = real.browser("zhou")
    answer = zhou.post("/calendar/preview", {"notice": NOTICE}, page="/calendar")
    assert answer.location.startswith("/jobs/")
    assert "看导入日历会改变哪些期限" in text(zhou.get(answer.location).main)
    goes_on.set()
    assert settled(real, answer.location.rpartition("/")[2], "zhou").state == "done"
    page = zhou.get(zhou.http.get(answer.location).location)
    assert f"{case.number} 答复期限 2027-02-17 周三 2027-02-19 周五" in text(page.main)
    assert due(real, case.case_id) == ("2027-02-17", True)
