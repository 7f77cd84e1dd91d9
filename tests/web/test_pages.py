"""Each page says why one is here, by when, and what to press."""

from __future__ import annotations

from dataclasses import replace

from tests.web.conftest import Client
from tests.web.fakes import Office


def text(tag: object) -> str:
    return " ".join(tag.get_text(" ", strip=True).split())  # type: ignore[attr-defined]


def test_inbox_says_what_to_do_first_and_orders_by_law(zhou: Client) -> None:
    page = zhou.get("/")
    why = text(page.select_one(".why"))
    assert "今天先办 3件" in why
    assert "1件已逾期，2件今天到期" in why
    assert "逾期的2026-0175在房屋安全管理科 李国梁，请今天催办" in why
    times = [text(cell) for cell in page.select(".inbox .c-time") if cell.name == "td"]
    assert times[:4] == ["逾期1个工作日", "今天到期", "今天到期", "还有1个工作日"]
    assert times[-2:] == ["暂停计时", "等待补正"]
    assert len(page.select(".inbox tbody")) == 4
    assert [text(one) for one in page.select(".filters a b")] == ["1", "2", "4", "3", "1", "1"]


def test_inbox_row_shows_its_verb_only_where_one_can_act(zhou: Client) -> None:
    page = zhou.get("/")
    verbs = {
        text(row.select_one(".c-no")): row.select_one(".c-next")
        for row in page.select(".inbox tbody tr")
    }
    assert verbs["2026-0213"].a["href"] == "/tasks/t-2026-0213"
    assert verbs["2026-0194"].a is None
    assert text(verbs["2026-0194"]) == "等待审批"


def test_inbox_filter_and_search_stay_in_the_address(zhou: Client) -> None:
    page = zhou.get("/?filter=late")
    assert len(page.select(".inbox tbody tr")) == 1
    page = zhou.get("/?q=柳岸")
    assert page.select_one("input[type=search]")["value"] == "柳岸"
    assert text(page.select_one(".c-due + .c-next")) != ""
    assert "补正告知" in text(page.select_one("td.c-due"))


def test_empty_inbox_says_what_comes_next(zhou: Client, office: Office) -> None:
    office.queries.inbox_page = replace(
        office.queries.inbox_page,
        rows=[],
        total=0,
        counts={},
        next_due=office.queries.inbox_page.rows[7],
    )
    page = zhou.get("/")
    assert "下一件到期：2026年12月10日（周四），2026-0208" in text(page.select_one(".when-empty"))
    assert [text(one) for one in page.select(".filters a b")] == ["0"] * 6


def test_the_sentence_above_the_list_names_a_row_of_it(zhou: Client, office: Office) -> None:
    rows = office.queries.inbox_page.rows[7:]
    office.queries.inbox_page = replace(
        office.queries.inbox_page, rows=rows, counts={}, next_due=replace(rows[0], number="别人的")
    )
    assert text(zhou.get("/").select_one(".why")) == (
        "今天没有到期的事。最先到期的是2026-0208，2026年12月10日（周四）。"
    )


def test_task_says_why_by_when_and_what_to_press(zhou: Client) -> None:
    page = zhou.get("/tasks/t-2026-0213")
    assert text(page.h1) == "受理审查"
    assert "补正告知：请在 11月27日（周五，含当日） 前办理， 还有3个工作日" in text(
        page.select_one(".why")
    )
    button = page.select_one(".actions .btn-primary")
    assert (text(button), button["form"]) == ("发出补正告知书", "task-form")
    assert text(page.select_one(".then")) == "发出后等申请人补正，答复期限停止计算"
    assert "还有16个工作日" in text(page.select_one(".clocks"))
    assert page.select_one("input[name=clear][checked]")["value"] == "unclear"
    assert "形成年份" in page.select_one("#f-points").text


def test_task_that_one_may_not_do_explains_itself(zhou: Client, office: Office) -> None:
    office.queries.task = replace(
        office.queries.task, may_act=False, why_not="这一步不由您的岗位办理"
    )
    page = zhou.get("/tasks/t-2026-0213")
    assert page.select_one(".actions .btn")["aria-disabled"] == "true"
    assert text(page.select_one(".then")) == "这一步不由您的岗位办理"
    assert "data-draft" not in page.select_one("#task-form").attrs


def test_case_shows_due_date_path_calculation_and_acts(zhou: Client) -> None:
    page = zhou.get("/cases/c-2026-0168")
    facts = text(page.select_one("dl.facts"))
    assert "2026年11月26日（周四）" in facts
    assert "原10月22日" in facts
    assert "还有2个工作日" in facts
    assert text(page.select_one(".actions .btn-primary")) == "提交审核"
    assert "7 拟答复（现在）" in text(page.select_one(".diagram-text"))
    result = page.select_one(".calc tr.result")
    assert "2026-11-26 周四" in text(result)
    assert "今天 2026-11-24 周二， 还有2个工作日" in text(result)
    days = [text(one) for one in page.select(".timeline li.new-day .day")]
    assert days[:3] == ["2026-11-24 周二", "2026-11-20 周五", "2026-11-19 周四"]
    assert len(page.select(".timeline li")) == 11
    assert len(days) == 9


def test_case_offers_what_may_be_done_and_says_why_not(zhou: Client) -> None:
    menu = zhou.get("/cases/c-2026-0168").select_one("details.menu")
    assert menu.select_one("a")["href"] == "/cases/c-2026-0168/actions/w-1"
    assert "已经延长过一次" in text(menu)


def test_ruler_shows_every_day_and_says_itself(zhou: Client) -> None:
    ruler = zhou.get("/cases/c-2026-0168").select_one("svg.ruler")
    assert len(ruler.select("rect.counted")) == 34
    assert len(ruler.select("rect.ahead")) == 2
    assert len(ruler.select("rect.out")) == 9
    assert ruler["aria-label"].startswith("2026年9月18日收到")


def test_calculation_prints_as_a_sheet(zhou: Client) -> None:
    page = zhou.get("/cases/c-2026-0168/clocks/reply")
    assert text(page.h1) == "期限计算说明"
    assert page.html["data-paper"] == "2026-0168 期限计算说明"
    assert len(page.select(".calc tbody tr")) == 6


def test_case_list_searches(zhou: Client) -> None:
    page = zhou.get("/cases?q=2026-0168")
    assert [text(one) for one in page.select("td.c-no")] == ["2026-0168"]
    assert "没有符合条件" in text(zhou.get("/cases?q=zzz").main)
    zhou.get("/cases?page=1000000000")


def test_a_masked_value_is_shown_for_a_reason_only(zhou: Client, office: Office) -> None:
    page = zhou.get("/cases/c-2026-0168/reveal?field=applicant_name")
    assert "留痕" in text(page.main)
    answer = zhou.post("/cases/c-2026-0168/reveal", {"field": "applicant_name", "reason": " "})
    assert answer.status_code == 422
    assert office.commands.done == []
    answer = zhou.post(
        "/cases/c-2026-0168/reveal", {"field": "applicant_name", "reason": "核对身份证明"}
    )
    assert "顾长林" in answer.text
    assert office.commands.done[0][1][1:] == ("c-2026-0168", "applicant_name", "核对身份证明")


def test_display_is_kept_with_the_person(zhou: Client) -> None:
    zhou.post("/display", {"text": "large", "contrast": "high", "language": "zh", "back": "/cases"})
    html = zhou.get("/").html
    assert (html["data-text"], html["data-contrast"]) == ("large", "high")
