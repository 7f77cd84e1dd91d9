"""A year is taken in from the page as the notice words it; every open case is told what it does to its dates."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from engine import commands, queries
from engine.commands import OtherChangesWaiting
from engine.errors import BadInput, Denied
from tests.web.conftest import Client, look_over
from tests.web.real import RealOffice
from tests.web.test_pages import text

NOTICE = """国务院办公厅关于2027年部分节假日安排的通知
一、元旦：1月1日（周五）至3日（周日）放假，共3天。
二、春节：2月5日（周五）至11日（周四）放假调休，共7天。1月31日（周日）、2月20日（周六）上班。
三、清明节：4月3日（周六）至5日（周一）放假，共3天。
四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
五、端午节：6月9日（周三）放假，共1天。
六、中秋节：9月15日（周三）放假，共1天。
七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
"""


@pytest.fixture
def zhou(real: RealOffice) -> Client:
    return real.browser("zhou")


def due(real: RealOffice, case_id: str) -> tuple[str, bool]:
    clock = queries.case_page(real.env, real.actor("zhou"), case_id).head.clock
    return str(clock.due), clock.provisional


def test_a_year_shows_holidays_make_up_days_and_where_they_come_from(zhou: Client) -> None:
    page = zhou.get("/calendar?year=2026")
    assert "2026年：已公布，248个工作日。" in text(page.select_one(".why"))
    assert len(page.select(".month")) == 12
    october = page.select(".month")[9]
    assert "18个工作日" in text(october.caption)
    assert [one["datetime"] for one in october.select("td.d-makeup time")] == ["2026-10-10"]
    assert [one["datetime"] for one in page.select("td.d-today time")] == ["2026-11-02"]
    page = zhou.get("/calendar?year=2027")
    assert page.select_one(".why .provisional") is not None
    assert "放假办法第二条" in text(page.aside)
    zhou.get("/calendar?year=1800", 404)


def looked(client: Client, answer: Any) -> Any:
    """The page with what was found, where the work that looks for it was quick."""
    assert answer.status_code == 303
    assert "/preview/" in answer.location
    return client.get(answer.location)


def test_a_notice_is_previewed_then_put_into_force_and_dates_move(real: RealOffice) -> None:
    real.at("2027-01-18")
    case = real.start(received_on="2027-01-18")
    assert due(real, case.case_id) == ("2027-02-17", True)
    zhou = real.browser("zhou")
    assert "1件在办案件的期限算到了未公布的年份" in text(zhou.get("/calendar").select_one(".why"))
    answer = zhou.post(
        "/calendar/preview", {"notice": NOTICE, "source": "国办发明电〔2026〕7号"}, page="/calendar"
    )
    page = looked(zhou, answer)
    assert text(page.h1) == "导入2027年的日历"
    assert "1件案件的1个期限改变" in text(page.main)
    assert [text(one) for one in page.select(".moved tbody tr")] == [
        f"{case.number} 答复期限 2027-02-17 周三 2027-02-19 周五"
    ]
    assert due(real, case.case_id) == ("2027-02-17", True)  # nothing was written
    file = page.select_one("input[name=file]")["value"]
    preview = page.select_one("input[name=preview]")["value"]
    data = {"file": file, "name": "国办发明电〔2026〕7号", "reason": "", "preview": preview}
    for sent in (data, {**data, "preview": ""}):
        refused = zhou.post("/calendar/import", sent, page="/calendar")
        assert refused.status_code == 422
        assert "请写明理由" in refused.text
    real.browser("zhang").get(f"/calendar/preview/{preview}", 404)  # it is not the administrator's
    answer = zhou.post("/calendar/import", {**data, "reason": "国办通知"}, page="/calendar")
    assert answer.location == "/calendar/report/2"
    assert due(real, case.case_id) == ("2027-02-19", False)
    report = zhou.get("/calendar/report/2")
    assert f"{case.number} 答复期限 2027-02-17 周三 2027-02-19 周五 计算过程" in text(report.main)
    assert report.select_one(".moved a[href$='/clocks/reply']") is not None
    assert "国办通知" in text(report.select_one(".why"))
    page = zhou.get("/calendar?year=2027")
    assert "2027年：已公布" in text(page.select_one(".why"))
    assert "国办发明电〔2026〕7号" in text(page.aside)
    kept = json.loads((real.processes / "_office" / "calendar" / "2027.json").read_text("utf-8"))
    assert kept["year"] == 2027
    assert commands.verify_audit(real.env) == []


@pytest.mark.parametrize(
    ("notice", "told"),
    [
        ("", "请选择文件，或者粘贴通知的文字"),
        ("一、元旦：1月1日放假。", "看不出是哪一年"),
        ("2027年部分节假日安排\n一、元旦：1月1日（周四）放假，共1天。", "是周五，写的是周四"),
        (
            "2027年部分节假日安排\n一、元旦：1月1日（周五）至3日放假，共4天。",
            "共4天，但所列日期有3天",
        ),
        ("{broken", "不是 JSON 文件"),
    ],
)
def test_a_notice_that_does_not_fit_is_told_and_kept(zhou: Client, notice: str, told: str) -> None:
    answer = zhou.post("/calendar/preview", {"notice": notice}, page="/calendar")
    assert answer.status_code == 422
    page = look_over(answer)
    assert told in text(page.select_one(".errors"))
    assert page.select_one("textarea[name=notice]").text.strip() == notice.strip()


def test_a_year_file_comes_as_a_file_and_the_same_year_changes_nothing(
    real: RealOffice, zhou: Client
) -> None:
    data = (real.processes / "_office" / "calendar" / "2026.json").read_bytes()
    sent = {"file": (io.BytesIO(data), "2026.json")}
    answer = zhou.post(
        "/calendar/preview", sent, content_type="multipart/form-data", page="/calendar"
    )
    page = looked(zhou, answer)
    assert "和现在的日历完全一样" in text(page.select_one(".why"))
    assert page.select_one("#import-form") is None


def test_a_date_that_stays_but_is_provisional_no_longer_is_told(real: RealOffice) -> None:
    real.at("2026-12-10")
    case = real.start(received_on="2026-12-10")
    assert due(real, case.case_id) == ("2027-01-08", True)
    zhou = real.browser("zhou")
    sent = {"notice": NOTICE, "source": "国办发明电〔2026〕7号"}
    page = looked(zhou, zhou.post("/calendar/preview", sent, page="/calendar"))
    told = "1个期限日期不变，不再是暂定。 没有期限的日期改变。"
    assert told in text(page.main)
    names = ("file", "name", "preview", "reason")
    data = {name: page.select_one(f"#import-form input[name={name}]")["value"] for name in names}
    assert data["reason"] == "国办发明电〔2026〕7号"
    answer = zhou.post("/calendar/import", data, page="/calendar")
    assert due(real, case.case_id) == ("2027-01-08", False)
    assert told in text(zhou.get(answer.location).main)
    trail = text(real.browser("meng").get(f"/audit?case={case.number}").main)
    assert "答复期限仍为2027-01-08，不再是暂定" in trail


def test_who_reads_no_cases_sees_how_many_move(real: RealOffice) -> None:
    real.at("2027-01-18")
    case = real.start(received_on="2027-01-18")
    zhang = real.browser("zhang")
    page = looked(zhang, zhang.post("/calendar/preview", {"notice": NOTICE}, page="/calendar"))
    assert "1件案件的1个期限改变。您的岗位不看案件" in text(page.main)
    assert case.number not in text(page)
    with pytest.raises(Denied):
        commands.preview_calendar(real.env, real.actor("meng"), b"{}", "x")


def test_other_changes_in_the_folder_do_not_slip_in(real: RealOffice) -> None:
    units = real.processes / "_office" / "units.yaml"
    units.write_text(units.read_text("utf-8").replace("房屋安全管理科", "房屋科"), "utf-8")
    data = commands.year_file(NOTICE.encode(), "通知")
    with pytest.raises(OtherChangesWaiting) as refused:
        commands.import_calendar(real.env, real.actor("zhou"), data, "通知", "国办通知")
    assert "units.yaml" in refused.value.sentence
    kept = (real.processes / "_office" / "calendar" / "2027.json").read_bytes()
    assert json.loads(kept)["days"] == []
    assert 2027 not in real.env.institution().calendar.official_years


def test_a_setting_shows_what_it_moves_before_it_is_saved(real: RealOffice) -> None:
    zhang = real.browser("zhang")
    page = zhang.get("/settings")
    assert len(page.select(".settings-list tbody tr")) == len(real.env.institution().settings.all)
    assert "0项与默认不同" in text(page.select_one(".why"))
    page = zhang.get("/settings/pause_from")
    assert text(page.select_one(".actions .btn-primary")) == "看会改变什么"
    answer = zhang.post("/settings/pause_from", {"value": "received", "do": "preview"})
    page = looked(zhang, answer)
    preview = page.select_one("input[name=preview]")["value"]
    assert "没有期限的日期改变。" in text(page.main)
    assert text(page.select_one(".actions .btn-primary")) == "保存并启用"
    assert page.select_one("input[value=received]").has_attr("checked")
    for seen in ("", preview):
        sent = {"value": "received", "do": "save", "preview": seen}
        refused = zhang.post("/settings/pause_from", sent)
        assert refused.status_code == 422
        assert "请写明理由" in refused.text
    # Another value than the one that was looked at is looked at first.
    other = {"value": "sent", "do": "save", "reason": "x", "preview": preview}
    looked(zhang, zhang.post("/settings/pause_from", other))
    zhang.get(f"/settings/fee/preview/{preview}", 404)
    data = {"value": "received", "do": "save", "reason": "局办公会纪要第12号"}
    assert zhang.post("/settings/pause_from", data).status_code == 303
    assert real.env.institution().settings["pause_from"] == "received"
    page = zhang.get("/settings")
    assert "对方收到征求意见书之日 默认：发出征求意见书之日" in text(
        page.select_one("tr.is-changed")
    )
    kept = (real.processes / "_office" / "settings.yaml").read_text("utf-8")
    assert '    default: sent\n    value: "received"\n    choices:' in kept
    trail = queries.audit_page(real.env, real.actor("meng"), {"kind": "SettingsChanged"})
    assert trail.rows[0].reason == "局办公会纪要第12号"
    assert trail.rows[0].detail == [("pause_from", "sent", "received")]
    back = {"value": "sent", "do": "save", "reason": "改回"}
    assert zhang.post("/settings/pause_from", back).status_code == 303
    assert "\n    value:" not in (real.processes / "_office" / "settings.yaml").read_text("utf-8")


def test_every_setting_can_be_set_and_set_back_without_touching_the_rest(real: RealOffice) -> None:
    from engine.commands.office_data import _with_value
    from engine.office.settings import OfficeSettings

    settings = real.env.institution().settings
    other = {"integer": 7, "length": "P9WD", "working_days": "P9WD", "time": "09:15"}
    for one in settings.all:
        value = other.get(one.kind) or next(key for key in one.choices if key != one.value)
        data = _with_value(real.env, one, value)
        wanted = dict(settings) | {one.name: value}
        assert dict(OfficeSettings.from_bytes(data)) == wanted, one.name


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("pause_from", "never", "不能是"),
        ("complaint_limit", "ten days", "时间长度"),
        ("correction_period", "P10D", "若干个工作日"),
        ("pause_from", "sent", "本来就是这样"),
    ],
)
def test_a_value_that_cannot_be_is_refused(
    real: RealOffice, name: str, value: str, told: str
) -> None:
    with pytest.raises(BadInput) as refused:
        commands.change_setting(real.env, real.actor("zhang"), name, value, "试")
    assert told in refused.value.sentence


def test_a_setting_is_read_by_many_and_changed_by_few(real: RealOffice) -> None:
    assert real.browser("li").get("/settings").select("a[href^='/settings/']") == []
    real.browser("li").get("/settings/pause_from", 403)
    real.browser("zhang").get("/settings/nothing", 404)
    with pytest.raises(Denied):
        commands.change_setting(real.env, real.actor("li"), "pause_from", "received", "试")
