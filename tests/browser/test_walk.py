"""Three whole cases of 依申请公开, clicked on the product itself: plain, the long way round, refused.

Nothing is made up here but the people: the procedure, its forms and letters are those of ``processes/``. In the
middle of the first everything in memory is dropped and opened again. Pictures of its steps lie in ``build/walk``.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Page

from tests.browser.bureau import PASSWORD, Bureau

pytestmark = pytest.mark.timeout(300)  # a whole case is clicked, on a machine that may be busy

REQUEST = {
    "channel": "counter",
    "applicant_kind": "person",
    "applicant_name": "顾小明",
    "id_kind": "passport",
    "id_number": "E00000000",
    "phone": "13912342046",
    "address": "某市某区某路1号",
    "info_title": "柳岸新村拆迁补偿有关文件和材料",
    "info_description": "申请公开柳岸新村征收补偿方案和补偿款支付明细。",
    "delivery_form": "paper",
    "delivery_way": "post",
}
ACCEPTED = {
    "applicant_complete": "complete",
    "delivery_complete": "complete",
    "intake_result": "accept",
    "repeated": "first",
}
ASSIGNED = {"assign_way": "sections", "lead_section": "housing", "lead_days": 5}
PROVIDED = {
    "found": "found",
    "search_record": "查阅2019年至2021年征收补偿卷宗。",
    "documents": [{"title": "征收补偿方案", "pages": 12, "openness": "open"}],
    "section_opinion": "可以公开。",
}
ENOUGH = {"examine_result": "enough", "excessive": "normal"}
ANSWERED = {
    "outcome": "A1",
    "attachment_list": [{"title": "征收补偿方案", "pages": 12}],
    "variant": "provide",
}
# (who, step, what the form is given): from the decision to the file
SENT_AND_FILED = [
    ("hejingbo", "分管领导审核", {"review_result": "agree"}),
    ("luhuaiyuan", "主要领导审批", {"approve_result": "agree"}),
    ("zhoumin", "送达", {"service_way": "post", "tracking_number": "1000000000000"}),
    ("zhoumin", "登记送达回证", {"served_on": "2026-12-31"}),
    ("zhoumin", "归档", {"file_complete": "complete", "retention": "10"}),
]
PLAIN: list[tuple[str, str, dict[str, Any]]] = [
    ("zhoumin", "受理审查", ACCEPTED),
    ("zhoumin", "分办", ASSIGNED),
    ("liguoliang", "科室检索提供", PROVIDED),
    ("zhoumin", "研究", ENOUGH),
    ("xujianhua", "科室初审", {"first_result": "open"}),
    ("shenyiming", "保密复审", {"second_result": "open"}),
    ("zhoumin", "拟定答复", ANSWERED),
    *SENT_AND_FILED,
]
RESTART_BEFORE = "拟定答复"


def number_of(case: Page) -> str:
    return case.locator(".eyebrow").inner_text().split("·")[1].strip()


def due(page: Page, case: str) -> str:
    """The reply's last day, as its calculation has it."""
    page.goto(case + "/clocks/reply")
    return page.locator(".calc tr.result").inner_text()


def letters(page: Page, case: str) -> dict[str, str]:
    """The letters of a case by their titles, as a clerk opens them in Word."""
    page.goto(case)
    found = {}
    for link in page.locator("#letters + .doclist a").all():
        with page.expect_download() as arriving:
            link.click()
        document = Document(io.BytesIO(Path(arriving.value.path()).read_bytes()))
        found[link.inner_text()] = "\n".join(one.text for one in document.paragraphs)
    return found


def closed(page: Page, case: str) -> None:
    page.goto(case)
    assert "已办结" in page.locator("dl.facts").inner_text()


def test_a_request_travels_from_receipt_to_a_filed_letter(bureau: Bureau, pictures: Path) -> None:
    zhou = bureau.window("zhoumin")
    zhou.context.clear_cookies()
    zhou.goto(bureau.address + "/")
    zhou.get_by_label("账号").fill("zhoumin")
    zhou.get_by_label("密码").fill(PASSWORD)
    zhou.get_by_role("button", name="登录").click()
    zhou.get_by_role("link", name="登记申请").first.click()
    zhou.wait_for_url("**/start/on_request")
    request = {
        **REQUEST,
        "channel": "post_signed",
        "signed_on": "2026-11-18",
        "application_files": "申请表.pdf",
    }
    case = bureau.start("on_request", "zhoumin", request)
    bureau.see_drawing(zhou)
    assert zhou.locator("h1").inner_text() == REQUEST["info_title"]
    zhou.screenshot(path=pictures / "01-case.png")
    number = number_of(zhou)
    assert "2026-12-16" in due(zhou, case)
    zhou.screenshot(path=pictures / "02-calculation.png")

    for login, step, data in PLAIN:
        if step == RESTART_BEFORE:
            port = int(bureau.address.rsplit(":", 1)[1])
            bureau.close()
            bureau.open(port)
        if step == "登记送达回证":
            data = {"served_on": "2026-11-24"}
        bureau.do(login, number, step, data)

    closed(zhou, case)
    bureau.see_drawing(zhou)
    zhou.screenshot(path=pictures / "20-closed.png", full_page=True)
    assert "〔2026〕" in zhou.locator("#letters + .doclist").inner_text()
    assert any("告知书" in text or "答复" in text for text in letters(zhou, case).values())

    meng = bureau.window("mengshuyi")
    meng.goto(bureau.address + "/audit")
    meng.get_by_role("button", name="校验", exact=True).click()
    meng.get_by_text("已校验，留痕链完整").wait_for()
    meng.screenshot(path=pictures / "21-audit.png")


def test_a_request_is_corrected_a_third_party_is_heard_and_the_reply_is_extended(
    bureau: Bureau,
) -> None:
    """补正 counts anew from 12-01; the third party's days do not count; 10 working days are added."""
    bureau.at("2026-11-18")
    case = bureau.start("on_request", "zhoumin", {**REQUEST, "submitted_on": "2026-11-18"})
    zhou = bureau.window("zhoumin")
    number = number_of(zhou)
    unclear = {
        **ACCEPTED,
        "intake_result": "correction",
        "correction_items": "请写明所需文件的形成年份。",
        "correction_period": 10,
    }
    bureau.do("zhoumin", number, "受理审查", unclear)
    bureau.at("2026-11-20")
    sent = {"correction_sent_on": "2026-11-20", "correction_way": "post"}
    bureau.do("zhoumin", number, "发出补正告知书", sent)
    assert "等待补正" in zhou.locator("dl.facts").inner_text()
    bureau.at("2026-11-23")
    bureau.do("zhoumin", number, "登记告知书送达", {"correction_notice_on": "2026-11-23"})
    bureau.at("2026-12-01")
    corrected = {
        "corrected_on": "2026-12-01",
        "corrected_description": "柳岸新村2021年征收补偿方案。",
    }
    bureau.do("zhoumin", number, "等待补正", corrected)
    assert "2026-12-29" in due(zhou, case)
    bureau.do("zhoumin", number, "审查补正", {"recheck_result": "clear"})
    bureau.do("zhoumin", number, "分办", ASSIGNED)
    bureau.do("liguoliang", number, "科室检索提供", PROVIDED)

    bureau.at("2026-12-03")
    party = {"name": "某市安筑房屋鉴定有限公司", "information": "危险房屋鉴定报告"}
    bureau.do("zhoumin", number, "研究", {**ENOUGH, "third_parties": [party]})
    bureau.do("zhoumin", number, "发出", {"third_sent_on": "2026-12-03"})
    assert "暂停计时" in zhou.locator("dl.facts").inner_text()
    bureau.at("2026-12-04")
    bureau.do("zhoumin", number, "登记收到", {"third_received_on": "2026-12-04"})
    bureau.at("2026-12-10")
    opinion = {"opinion": "agree", "opinion_on": "2026-12-10"}
    bureau.do("zhoumin", number, "等待意见", opinion)
    assert "2027-01-06" in due(zhou, case)  # five working days, 12-04 to 12-10, are not counted

    asked = {"extension_days": 10, "extension_reason": "需要检索的卷宗数量较多"}
    bureau.act("zhoumin", case, "延长答复期限", asked)
    bureau.do("zhaoqiming", number, "同意延期", {"extension_result": "agree"})
    told = {"extension_notified_on": "2026-12-10", "extension_way": "post"}
    bureau.do("zhoumin", number, "告知申请人延期", told)
    assert "2027-01-20" in due(zhou, case)

    bureau.do("xujianhua", number, "科室初审", {"first_result": "open"})
    bureau.do("shenyiming", number, "保密复审", {"second_result": "open"})
    bureau.do("zhoumin", number, "拟定答复", ANSWERED)
    for login, step, data in SENT_AND_FILED:
        if step == "登记送达回证":
            bureau.at("2026-12-31")
        bureau.do(login, number, step, data)
    closed(zhou, case)
    sent_out = letters(zhou, case)
    for title in ("补正告知书", "征询", "延期答复", "告知书"):
        assert any(title in one for one in sent_out), (title, list(sent_out))
    extended = next(text for title, text in sent_out.items() if "延期答复" in title)
    assert "2027年1月20日" in extended


def test_a_request_for_a_state_secret_is_refused_with_its_ground(bureau: Bureau) -> None:
    case = bureau.start("on_request", "zhoumin", {**REQUEST, "submitted_on": "2026-11-24"})
    zhou = bureau.window("zhoumin")
    number = number_of(zhou)
    bureau.do("zhoumin", number, "受理审查", ACCEPTED)
    bureau.do("zhoumin", number, "分办", ASSIGNED)
    bureau.do("liguoliang", number, "科室检索提供", PROVIDED)
    bureau.do("zhoumin", number, "研究", ENOUGH)
    first = {
        "first_flags": ["state_secret"],
        "first_result": "withheld",
        "first_opinion": "与涉密文件内容一致。",
    }
    bureau.do("xujianhua", number, "科室初审", first)
    second = {"second_result": "withheld", "second_opinion": "涉及国家秘密。", "is_important": True}
    bureau.do("shenyiming", number, "保密复审", second)
    final = {"final_result": "withheld", "final_opinion": "同意不予公开。"}
    bureau.do("songwei", number, "终审", final)
    refusal = {"outcome": "C1", "reply_text": "该信息属于国家秘密。"}
    bureau.do("zhoumin", number, "拟定答复", refusal)
    for login, step, data in SENT_AND_FILED:
        if step == "登记送达回证":
            bureau.at("2026-12-31")
        bureau.do(login, number, step, data)
    closed(zhou, case)
    refused = next(text for title, text in letters(zhou, case).items() if "不予公开" in title)
    assert "国家秘密" in refused
    assert "行政复议" in refused
