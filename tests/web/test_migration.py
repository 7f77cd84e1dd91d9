"""An administrator carries open cases over to the version in force: looks first, says why, and is told what stays."""

from __future__ import annotations

import pytest

from tests.web.conftest import Client
from tests.web.real import RealOffice
from tests.web.test_pages import text
from tests.web.test_procedures import edit

PAGE = "/procedures/visit/migration"


@pytest.fixture
def zhang(real: RealOffice) -> Client:
    return real.browser("zhang")


def boxes(page: object) -> list[str]:
    return [str(one["value"]) for one in page.select("input[name=case]")]  # type: ignore[attr-defined]


def test_a_case_is_moved_and_those_that_cannot_be_are_told_with_the_step(
    real: RealOffice, zhang: Client
) -> None:
    case = real.start().case_id
    assert zhang.get("/procedures/visit").find("a", href=PAGE) is None
    edit(real, "visit.bpmn", 'name="归档"', 'name="立卷归档"')
    zhang.post("/procedures/visit/deploy", {"reason": "会议纪要第3号"})
    assert zhang.get("/procedures/visit").find("a", href=PAGE) is not None
    page = zhang.get(PAGE)
    assert boxes(page) == [f"{case}:1"]
    assert "科室提供" in text(page.main)
    version = str(page.select_one("input[name=version]")["value"])
    answer = zhang.post(PAGE, {"case": boxes(page), "version": version, "reason": ""})
    assert answer.status_code == 422
    assert "请写明为什么把案件转到新版本" in answer.get_data(as_text=True)
    answer = zhang.post(PAGE, {"case": boxes(page), "version": version, "reason": "统一"})
    assert answer.status_code == 303
    page = zhang.get(PAGE)
    assert "没有要迁移的" in text(page.main)
    assert "从第 1 版程序转到第 2 版" in text(real.browser("zhou").get(f"/cases/{case}").main)


def test_a_step_with_another_id_is_named_and_found_by_the_mapping(
    real: RealOffice, zhang: Client
) -> None:
    case = real.start().case_id
    for before, after in (
        ('id="provide"', 'id="deliver"'),
        ('targetRef="provide"', 'targetRef="deliver"'),
        ('sourceRef="provide"', 'sourceRef="deliver"'),
    ):
        edit(real, "visit.bpmn", before, after)
    zhang.post("/procedures/visit/deploy", {"reason": "改编号", "accepted": ["changed-id:provide"]})
    page = zhang.get(PAGE)
    assert boxes(page) == []
    assert "“科室提供”（provide）在新版本里没有了" in text(page.main)
    page = zhang.get(f"{PAGE}?mapping=provide%3Ddeliver")
    assert boxes(page) == [f"{case}:1"]
    data = {"case": boxes(page), "mapping": "provide=deliver", "reason": "改编号"}
    assert zhang.post(PAGE, data).status_code == 303
    assert "没有要迁移的" in text(zhang.get(PAGE).main)


def test_only_who_may_deploy_moves_cases(real: RealOffice) -> None:
    assert real.browser("zhou").post(PAGE, {"reason": "x"}).status_code == 403
