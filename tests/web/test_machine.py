"""The examination of the machine on a page: sentences of ``gongkai doctor``, for those who keep the machine."""

from __future__ import annotations

from datetime import timedelta

from engine import commands
from engine.doctor import examine
from tests.web.real import RealOffice
from tests.web.test_long_work import settled
from tests.web.test_pages import text


def test_who_keeps_the_machine_reads_what_the_doctor_says(real: RealOffice):
    lin = real.browser("lin")
    assert lin.get("/machine").select_one("form button") is not None
    answer = lin.post("/machine", {}, page="/machine")
    assert answer.status_code == 303
    if answer.location.startswith("/jobs/"):
        settled(real, answer.location.rpartition("/")[2], "lin")
        answer = lin.http.get(answer.location)
    page = lin.get(answer.location)
    shown = [text(row.find_all("td")[1]) for row in page.select("tbody tr")]
    said = {one.name: one for one in examine(real.env)}
    assert len(shown) == len(said)
    assert "还没有备份过，请运行 gongkai backup" in shown
    assert shown[0] in {one.sentence for one in said.values() if not one.ok}
    assert "项要处理" in text(page.select_one(".why"))


def test_others_do_not_examine_the_machine(real: RealOffice):
    real.browser("li").get("/machine", status=403)
    assert not [one for one in real.browser("li").get("/").select("nav a") if "体检" in one.text]
    assert [
        one for one in real.browser("lin").get("/machine").select("nav a") if "体检" in one.text
    ]


def test_who_keeps_the_system_confirms_a_clock_that_ran_away(real: RealOffice):
    commands.tick(real.env)
    real.time.jump(timedelta(days=3))
    commands.tick(real.env)
    lin = real.browser("lin")
    page = lin.get("/machine")
    assert "从2026-11-02 09:00起比实际经过的时间多了72小时，到期事项已停办" in text(
        page.select_one("section.errors")
    )
    form = {"reason": " "}
    assert lin.post("/machine/clock", form, page="/machine").status_code == 422
    assert commands.clock_state(real.env).kind == "held"
    clerk = real.browser("zhou")
    assert "到期自动办理的事项暂停" in text(clerk.get("/").body)
    answer = lin.post("/machine/clock", {"reason": "与授时网站一致"}, page="/machine")
    assert answer.status_code == 303
    assert lin.get("/machine").select_one("section.errors") is None
    assert commands.clock_state(real.env).kind == "good"
    assert "到期自动办理的事项暂停" not in text(clerk.get("/").body)
