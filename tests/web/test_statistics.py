"""Every number of the dashboard is the length of the list that it opens."""

from __future__ import annotations

import io
import zipfile

import pytest
from bs4 import BeautifulSoup

from engine import queries
from tests.web.conftest import Client
from tests.web.real import RealOffice
from tests.web.test_pages import text


def busy(real: RealOffice) -> None:
    """Five cases: late, due today, running, reviewed, closed; of two sections and two years."""
    real.at("2025-12-15")
    real.start(received_on="2025-12-15", title="去年收到")
    real.at("2026-11-02")
    late = real.start(title="逾期")
    closed = real.start(title="办结", lead="works")
    real.at("2026-11-03")
    real.start(received_on="2026-11-03", title="今天到期")
    real.at("2026-11-27")
    reviewed = real.start(received_on="2026-11-27", title="审核中")
    real.do("li", reviewed.case_id)
    _finish(real, closed.case_id)
    assert late
    real.at("2026-12-01")


def _finish(real: RealOffice, case_id: str) -> None:
    from engine import commands
    from engine.identity import SYSTEM

    commands.complete_task(real.env, SYSTEM, real.task(case_id), {})
    real.do("zhao", case_id, {"decision": "agree"})
    real.do("zhou", case_id)


def listed(client: Client, address: str) -> int:
    page = client.get(address)
    return len(page.select("table.inbox tbody tr"))


def numbers(page: BeautifulSoup) -> dict[str, tuple[int, str]]:
    return {
        text(one.select_one(".k")): (int(text(one.select_one(".v"))), one.a["href"])
        for one in page.select(".figures li")
    }


def test_every_number_opens_as_many_cases_as_it_says(real: RealOffice) -> None:
    busy(real)
    zhou = real.browser("zhou")
    page = zhou.get("/statistics")
    found = numbers(page)
    assert {word: value for word, (value, _) in found.items()} == {
        "逾期": 2, "今天到期": 1, "三日内": 0, "计时中": 1, "暂停计时": 0, "等待中": 0,
        "在办": 4, "本年收到": 4, "上年结转": 1, "本年办结": 1,
    }  # fmt: skip
    six = [value for value, href in found.values() if "clock=" in href]
    assert sum(six) == found["在办"][0]
    for word, (value, href) in found.items():
        assert listed(zhou, href) == value, word
    for table in page.select("table"):
        for link in table.select("td.num a"):
            assert listed(zhou, link["href"]) == int(text(link)), link["href"]
    assert text(page.select_one(".why")).startswith("今天要过问 2件 ： 2025-0001 逾期218个工作日")
    assert "逾期：共2件。" in text(zhou.get(found["逾期"][1]).select_one(".why"))


def test_sections_steps_and_weeks(real: RealOffice) -> None:
    busy(real)
    found = queries.statistics_page(real.env, real.actor("meng"))
    units = {one.title: one for one in found.units}
    housing = units["房屋安全管理科"]
    assert (housing.open, housing.in_time, housing.measured) == (3, 1, 4)
    assert units["市政公用科"].open == 0
    assert units["市政公用科"].median == 19.0
    assert [(one.name, one.cases) for one in found.steps] == [("科室提供", 3), ("审核", 1)]
    past = [one for one in found.weeks if not one.is_ahead]
    assert len(past) == 12
    assert (sum(one.received for one in past), sum(one.closed for one in past)) == (4, 1)
    assert sum(one.due for one in found.weeks if one.is_ahead) == 2
    assert found.total.open == 4


def test_too_few_get_no_rate(real: RealOffice) -> None:
    busy(real)
    found = queries.statistics_page(real.env, real.actor("meng"))
    assert all(one.rate is None for one in found.units if one.measured < 5)


def test_a_list_keeps_what_it_is_narrowed_to(real: RealOffice) -> None:
    busy(real)
    page = real.browser("zhou").get("/cases?state=open&clock=late&unit=housing&nonsense=1")
    assert "房屋安全管理科" in text(page.select_one(".why"))
    assert page.select_one("input[name=clock]")["value"] == "late"
    assert page.select_one("input[name=nonsense]") is None
    assert listed(real.browser("zhou"), "/cases?state=&received=abc") == 5
    assert listed(real.browser("zhou"), "/cases?state=open&clock=late&q=去年") == 1


def test_the_annual_report_is_checked_and_sent(real: RealOffice) -> None:
    busy(real)
    meng = real.browser("meng")
    page = meng.get("/statistics/annual/2026")
    assert "项核对" in text(page.select_one(".why"))
    answer = meng.http.get("/statistics/annual/2026.xlsx")
    assert answer.status_code == 200, answer.text[-500:]
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "xl/workbook.xml" in archive.namelist()
    assert meng.http.get("/statistics/annual/2026.exe").status_code == 404
    assert meng.http.get("/statistics/annual/1200").status_code == 404


@pytest.mark.parametrize("login", ["li", "zhang", "lin"])
def test_who_may_not_read_the_register_sees_no_statistics(real: RealOffice, login: str) -> None:
    real.browser(login).get("/statistics", 403)
    real.browser(login).get("/statistics/annual/2026", 403)
