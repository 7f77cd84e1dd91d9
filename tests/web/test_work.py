"""What a clerk meets on a task, on the engine itself: who holds it, which questions apply, what came in."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select, update

from engine import commands
from engine.errors import Denied
from engine.tables import audit_event, work_item
from engine.unit_of_work import UnitOfWork
from tests.web.conftest import Client, look_over
from tests.web.fakes import PASSWORD, Office
from tests.web.real import REGISTER, RealOffice
from tests.web.test_pages import text


def test_a_task_is_taken_and_given_back(real: RealOffice) -> None:
    case = real.start()
    task = real.task(case.case_id)
    li, fang = real.browser("li"), real.browser("fang")
    assert text(li.get(f"/tasks/{task}").select_one("form[action$=claim] .btn")) == "签收"
    assert li.post(f"/tasks/{task}/claim").status_code == 303
    page = li.get(f"/tasks/{task}")
    assert "已由您签收。" in text(page.select_one(".why"))
    page = fang.get(f"/tasks/{task}")
    assert "已由李国梁签收。" in text(page.select_one(".why"))
    assert page.select_one(".actions .btn")["aria-disabled"] == "true"
    assert page.select_one("form[action$=claim]") is None
    assert li.post(f"/tasks/{task}/release").status_code == 303
    assert fang.get(f"/tasks/{task}").select_one("form[action$=claim]") is not None


def test_a_task_given_by_name_is_not_given_back(real: RealOffice) -> None:
    """Given back it belonged to nobody: no post had been offered it, and nobody could take it any more."""
    case = real.start()
    task = real.task(case.case_id)
    li = real.actor("li")
    with UnitOfWork(real.env.database, writing=True) as uow:
        given = {"roles": [], "users": [], "apart": [], "due": None}
        uow.connection.execute(
            update(work_item)
            .where(work_item.c.id == task)
            .values(candidates=given, assignee=li.person_id)
        )
        uow.commit()
    with pytest.raises(Denied) as refused:
        commands.release(real.env, li, task)
    assert refused.value.reason == "assigned_by_name"
    assert real.browser("li").get(f"/tasks/{task}").select_one("form[action$=release]") is None
    assert commands.complete_task(real.env, li, task, {"found": 2}).case_id == case.case_id


def test_conditions_and_choices_see_the_case(real: RealOffice) -> None:
    for kind, applies in (("b", True), ("a", False)):
        case = real.start(kind=kind, title=f"事由{kind}")
        real.do("li", case.case_id)
        page = real.browser("zhao").get(f"/tasks/{real.task(case.case_id)}")
        assert page.select_one("[data-field=letter]").has_attr("data-off") is not applies
        assert page.select_one("[data-field=reason]").has_attr("data-off")
        assert [text(one) for one in page.select("[data-field=addressee] label")] == [
            f"事由{kind}",
            "存档",
        ]
        answer = real.browser("zhao").post(
            f"/tasks/{real.task(case.case_id)}/visible", {"decision": "back"}
        )
        assert ("letter" in answer.json["shown"]) is applies
        assert "reason" in answer.json["shown"]


def test_a_question_that_an_answer_makes_required_is_marked_at_once(real: RealOffice) -> None:
    """拟定答复 came back on 提交审核: the letter's text was required by the outcome, unsaid."""
    case = real.start()
    real.do("li", case.case_id)
    zhao, task = real.browser("zhao"), real.task(case.case_id)
    page = zhao.get(f"/tasks/{task}")
    mark = page.select_one("[data-field=opinion] .req")
    assert mark is not None
    assert mark.has_attr("hidden")
    for decision, must in (("back", True), ("agree", False)):
        answer = zhao.post(f"/tasks/{task}/visible", {"decision": decision})
        assert ("opinion" in answer.json["required"]) is must
    version = page.select_one("input[name=version]")["value"]
    refused = look_over(zhao.post(f"/tasks/{task}", {"decision": "back", "version": version}))
    assert not refused.select_one("[data-field=opinion] .req").has_attr("hidden")
    assert "请填写审核意见" in text(refused.select_one("[data-field=opinion]"))


def test_files_that_were_chosen_are_named_where_they_must_be_chosen_again(real: RealOffice) -> None:
    data = {**REGISTER, "title": "", "proof": (io.BytesIO(b"%PDF-1.4 x"), "身份证明.pdf")}
    answer = real.browser("zhou").post(
        "/start/visit", data, content_type="multipart/form-data", page="/"
    )
    assert answer.status_code == 422
    page = look_over(answer)
    assert "刚才选的身份证明.pdf没有存下，请重新选择。" in text(
        page.select_one("[data-field=proof]")
    )


def test_arrivals_are_counted_from_when_the_list_was_read(real: RealOffice) -> None:
    li = real.browser("li")
    url = li.get("/").select_one("#arrivals")["data-url"]
    assert li.http.get(url).json == {"said": ""}
    real.at("2026-11-02T09:30")
    real.start()
    assert li.http.get(url).json == {"said": "1件新到，点击刷新"}
    assert li.http.get("/arrivals?since=nonsense").status_code == 400


def test_a_list_never_moves_but_tells_of_arrivals(zhou: Client, office: Office) -> None:
    office.queries.arrived = 3
    page = zhou.get("/")
    assert page.select_one("#arrivals").has_attr("hidden")
    answer = zhou.http.get(page.select_one("#arrivals")["data-url"])
    assert answer.json == {"said": "3件新到，点击刷新"}


def test_a_limit_that_ran_out_is_overdue_on_the_day_of_rest_after_it(real: RealOffice) -> None:
    real.at("2026-11-06")  # twenty working days end on Friday, 4 December
    real.start(received_on="2026-11-06")
    for day, said in (
        ("2026-12-04", "今天到期"),
        ("2026-12-05", "已逾期"),
        ("2026-12-07", "逾期1个工作日"),
    ):
        real.at(day)
        page = real.browser("li").get("/")
        assert text(page.select_one(".inbox tbody .c-time")) == said, day


def test_the_ruler_of_an_overdue_case_goes_on_to_today(real: RealOffice) -> None:
    case = real.start()  # received on 2 November, due on the 30th
    real.at("2026-12-03")
    page = real.browser("zhou").get(f"/cases/{case.case_id}")
    assert len(page.select(".ruler rect.late")) == 3
    assert "今天 12-03" in text(page.select_one(".ruler"))
    assert "逾期3个工作日" in page.select_one(".ruler")["aria-label"]
    real.at("2027-03-01")
    page = real.browser("zhou").get(f"/cases/{case.case_id}")
    assert page.select(".ruler rect.late") == []


def test_several_tasks_are_taken_at_once_and_what_cannot_be_taken_is_named(
    real: RealOffice,
) -> None:
    first, second = real.start(title="甲"), real.start(title="乙")
    tasks = [real.task(one.case_id) for one in (first, second)]
    li, fang = real.browser("li"), real.browser("fang")
    page = li.get("/?tab=unclaimed")
    assert sorted(one["value"] for one in page.select(".c-pick input")) == sorted(tasks)
    fang.post(f"/tasks/{tasks[1]}/claim")  # somebody was faster
    seen = look_over(li.post("/claim", {"task": [*tasks, "nothing"]}))
    assert "可签收1件，不可签收1件。" in text(seen.select_one(".why"))
    assert text(seen.select_one("tbody tr")).startswith(f"{second.number} 乙")
    assert real.browser("li").get(f"/tasks/{tasks[0]}").select_one("form[action$=claim]")  # not yet
    li.post("/claim", {"task": tasks, "do": "claim"})
    page = li.get("/?tab=unclaimed")
    assert f"{second.number}没有签收" in text(page)
    assert page.select(".c-pick input") == []
    assert "已由您签收。" in text(li.get(f"/tasks/{tasks[0]}").select_one(".why"))
    with UnitOfWork(real.env.database, writing=False) as uow:
        rows = uow.connection.execute(
            select(audit_event.c.case_id, audit_event.c.body).where(
                audit_event.c.action == "TaskClaimed"
            )
        ).all()
    assert ['"batch":' in row.body for row in rows if row.case_id == first.case_id] == [True]
    nothing = li.post("/claim", {})
    assert nothing.status_code == 303
    assert "还没有选" in text(li.get("/"))


def test_after_a_step_one_goes_on_to_what_is_legally_next(real: RealOffice) -> None:
    assert real.browser("li").http.get("/next").headers["Location"] == "/"
    case = real.start()
    assert (
        real.browser("li").http.get("/next").headers["Location"]
        == f"/tasks/{real.task(case.case_id)}"
    )


@pytest.mark.parametrize(("login", "given"), [("fang", False), ("li", True)])
def test_what_one_person_typed_was_given_to_whoever_signed_in_next(
    real: RealOffice, login: str, given: bool
) -> None:
    task = real.task(real.start().case_id)
    li = real.browser("li")
    typed = {"csrf_token": li.token(f"/tasks/{task}"), "findings": "当事人的电话"}
    real.at("2026-11-23")
    asked = li.http.post(f"/tasks/{task}", data=typed, headers={"Sec-Fetch-Site": "same-origin"})
    assert asked.status_code == 401
    door = look_over(asked)
    hidden = {one["name"]: one["value"] for one in door.select("input[type=hidden]")}
    assert "当事人的电话" in hidden["kept"]
    assert door.select_one("#account")["value"] == "li"
    answer = li.http.post("/sign-in", data={**hidden, "account": login, "password": PASSWORD})
    assert answer.status_code == (200 if given else 303)
    assert ("当事人的电话" in answer.text) is given
