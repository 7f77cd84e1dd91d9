"""The made-up office of the page tests: one story on 2026-11-24 (Tue), told by hand.

Pages as the engine's queries would give them; all numbers agree with each other. Case 2026-0168 is being
answered, 2026-0213 is under review, 2026-0175 is late. No engine runs behind it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

from engine.queries import pages
from engine.queries.changes import Change
from engine.timesource import office_instant
from tests.web.review_form import REGISTER, REVIEW

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 2, 50, tzinfo=UTC)  # 10:50 in the office
today = pages.Today(TODAY, True, None)


def at(day: str, time: str) -> datetime:
    """Return the instant of an office time."""
    return office_instant(date.fromisoformat(day), datetime.strptime(time, "%H:%M").time())  # noqa: DTZ007


def clock(
    state: str,
    left: int | None,
    due: str | None,
    original: str | None = None,
    *,
    clock_id: str = "reply",
    title: str = "答复申请人",
    article: str = "条例第三十三条",
) -> pages.ClockView:
    """Return a clock as a page shows it."""
    day = date.fromisoformat(due) if due else None
    first = date.fromisoformat(original) if original else day
    still = "等待补正" if state == "waiting" else ""
    return pages.ClockView(clock_id, title, article, state, left, day, first, False, still=still)


REPLY_0168 = clock("soon", 2, "2026-11-26", "2026-10-22")
REPLY_0213 = clock("run", 16, "2026-12-16")
NOTICE_0213 = clock(
    "soon", 3, "2026-11-27", clock_id="correction_notice", title="补正告知", article="条例第三十条"
)


def row(
    group: str,
    number: str,
    subject: str,
    kind: str,
    step: str,
    who: list[str],
    its_clock: pages.ClockView,
    verb: str,
    *,
    mine: bool = False,
    due_word: str = "",
) -> pages.InboxRow:
    """Return a row of the inbox."""
    task = f"t-{number}" if mine else None
    return pages.InboxRow(
        f"c-{number}",
        number,
        subject,
        kind,
        step,
        who,
        mine,
        its_clock,
        due_word,
        task,
        verb,
        group,
    )


ROWS = [
    row("urgent", "2026-0175", "2019年老旧小区危房鉴定汇总表", "自然人", "科室提供",
        ["房屋安全管理科", "李国梁"], clock("late", -1, "2026-11-23", "2026-11-02"), "等待材料"),
    row("urgent", "2026-0184", "2025年市容环卫经费预算执行情况", "科研机构", "发出告知书",
        ["我"], clock("today", 0, "2026-11-24", "2026-11-10"), "发出告知书", mine=True),
    row("urgent", "2026-0194", "东塘片区拆迁补偿标准文件", "法律服务机构", "领导审批",
        ["陆怀远", "（局长）"], clock("today", 0, "2026-11-24"), "等待审批"),
    row("soon", "2026-0196", "某餐饮店油烟扰民行政处罚决定书", "自然人", "领导审核",
        ["何静波", "（分管领导）"], clock("soon", 1, "2026-11-25"), "等待审核"),
    row("soon", "2026-0168", "青梧路18号3幢危险房屋鉴定报告", "自然人", "拟答复",
        ["我"], REPLY_0168, "提交审核", mine=True),
    row("soon", "2026-0199", "2024年渣土运输专项整治会议纪要", "商业企业", "保密审查",
        ["沈一鸣", "（保密审查员）"], clock("soon", 3, "2026-11-27"), "等待审查"),
    row("soon", "2026-0213", "柳岸新村拆迁补偿有关文件和材料", "自然人", "受理审查",
        ["我"], NOTICE_0213, "受理审查", mine=True, due_word="补正告知"),
    row("running", "2026-0208", "内河清淤工程环境影响评价批复", "社会公益组织", "科室提供",
        ["市政公用科", "唐叶"], clock("run", 12, "2026-12-10"), "等待材料"),
    row("running", "2026-0216", "城区公厕改造2026年招投标文件", "商业企业", "待签收",
        ["办公室"], clock("run", 18, "2026-12-18"), "签收", mine=True),
    row("running", "2026-0218", "南桥夜市占道经营行政处罚决定书", "自然人", "待签收",
        ["办公室"], clock("run", 19, "2026-12-21"), "签收", mine=True),
    row("held", "2026-0193", "湖滨商业街户外广告设置许可材料", "商业企业", "征求意见",
        ["第三方（1家）"], clock("held", 9, None), "第三方 12-01 到期", due_word="剩9个工作日"),
    row("held", "2026-0205", "物业收费投诉处理文件", "自然人", "等待补正",
        ["申请人"], clock("waiting", None, None), "补正 11-30 到期", due_word="补正后重计"),
]  # fmt: skip

INBOX = pages.Inbox(
    today=today,
    tab="mine",
    tabs=[
        ("mine", "我的", 12),
        ("unit", "本科室", 31),
        ("offered", "待签收", 4),
        ("done", "已办", None),
    ],
    counts={"late": 1, "today": 2, "soon": 4, "run": 3, "held": 1, "waiting": 1},
    rows=ROWS,
    total=12,
    may_start=[("on_request", "登记申请")],
    next_due=None,
    as_of=NOW,
)

_HOLIDAYS = {
    **{date(2026, 9, 25) + timedelta(days=n): "中秋" for n in range(3)},
    **{date(2026, 10, 1) + timedelta(days=n): "国庆" for n in range(7)},
}
_MAKE_UP = {date(2026, 9, 20), date(2026, 10, 10)}


def works(day: date) -> bool:
    """Return True for a working day of autumn 2026."""
    return day in _MAKE_UP or (day.weekday() < 5 and day not in _HOLIDAYS)


def ruler(
    start: date,
    due: date,
    marks: list[tuple[str, str, str]],
    brackets: list[tuple[str, str, str]],
    summary: str,
    out: tuple[date, date] | None = None,
) -> pages.Ruler:
    """Return a day ruler from the day of receipt to the due day."""
    cells, day = [], start
    while day <= due:
        label = "班" if day in _MAKE_UP else ""
        if day in (date(2026, 9, 26), date(2026, 10, 4)):
            label = _HOLIDAYS[day]
        kind = "start" if day == start else "counted" if day <= TODAY else "ahead"
        if day != start and not works(day):
            kind = "off"
        elif out and out[0] <= day <= out[1]:
            kind = "out"
        cells.append(pages.RulerCell(day, kind, label))
        day += timedelta(days=1)
    return pages.Ruler(
        cells,
        [pages.RulerMark(date.fromisoformat(when), text, style) for when, text, style in marks],
        [
            pages.RulerBracket(date.fromisoformat(a), date.fromisoformat(b), t)
            for a, b, t in brackets
        ],
        TODAY,
        due,
        summary,
    )


RULER_0168 = ruler(
    date(2026, 9, 18),
    date(2026, 11, 26),
    [
        ("2026-09-18", "收到 9-18", ""),
        ("2026-10-12", "征求第三方 10-12", ""),
        ("2026-10-23", "收到回函 10-23", ""),
        ("2026-11-24", "今天 11-24", ""),
        ("2026-11-26", "届满 11-26", "duelab"),
    ],
    [
        ("2026-09-20", "2026-10-12", "计12"),
        ("2026-10-13", "2026-10-23", "不计9"),
        ("2026-10-24", "2026-11-04", "计8，满20"),
        ("2026-11-05", "2026-11-26", "延长16"),
    ],
    "2026年9月18日收到，计12个工作日；10月13日至23日征求第三方意见，不计9个工作日；再计8个工作日满20；延长16个工作日，11月26日届满",
    out=(date(2026, 10, 13), date(2026, 10, 23)),
)

RULER_0213 = ruler(
    date(2026, 11, 18),
    date(2026, 12, 16),
    [
        ("2026-11-18", "收到 11-18", ""),
        ("2026-11-24", "今天", ""),
        ("2026-11-27", "补正告知 11-27", "soon"),
        ("2026-12-16", "答复 12-16", "duelab"),
    ],
    [("2026-11-19", "2026-11-27", "7个工作日")],
    "收到日2026年11月18日，今天是第4个工作日；第7个工作日是11月27日，第20个工作日是12月16日",
)


def _d(day: str) -> date:
    return date.fromisoformat(day)


CALC_0168 = pages.Calculation(
    REPLY_0168,
    [
        pages.CalcRow("收到申请", [(_d("2026-09-18"), "")], "当面提交，当日为收到日（第0天）",
                      "第三十一条第一项", None),
        pages.CalcRow("第1天", [(_d("2026-09-20"), "")],
                      "调休上班，计入。09-25 至 09-27 中秋、10-01 至 10-07 国庆放假，不计；10-10 周六调休上班，计入",
                      "日历", None),
        pages.CalcRow("原届满", [(_d("2026-10-22"), "")], "第20个工作日", "第三十三条第二款",
                      _d("2026-10-22")),
        pages.CalcRow("不计入", [(_d("2026-10-12"), "发出"), (_d("2026-10-23"), "收到")],
                      "征求第三方意见，不计9个工作日。发出前已计12个，收回后再计8个",
                      "第三十二条、第三十三条第三款", _d("2026-11-04"),
                      "征求意见书第31号（EMS 10-13 签收）、回函扫描件"),
        pages.CalcRow("延长", [(_d("2026-11-03"), "")],
                      "经赵启明（公开工作机构负责人）同意延长16个工作日，同日告知申请人",
                      "第三十三条第二款", _d("2026-11-26")),
        pages.CalcRow("届满", [(_d("2026-11-26"), "")], "", "", _d("2026-11-26"), is_result=True),
    ],
    RULER_0168,
    "条例第三十三条 · 日历 2026 版（依国务院办公厅2026年放假安排） · 规则 2019-05-15 起施行",
    TODAY,
)  # fmt: skip

_XML = "/versions/v7/diagram.bpmn"
DIAGRAM_0168 = pages.DiagramView(
    _XML,
    {
        **{f"flow_{n}": {"state": "taken"} for n in (1, 2, 3, 4, 5, 6, 8, 16, 17)},
        **{name: {"state": "taken"} for name in ("start", "g1", "g2")},
        "register": {"order": 1, "count": 1, "state": "taken"},
        "review": {"order": 2, "count": 1, "state": "taken"},
        "assign": {"order": 3, "count": 1, "state": "taken"},
        "provide": {"order": 4, "count": 1, "state": "taken"},
        "third": {"order": 5, "count": 1, "state": "taken"},
        "secrecy": {"order": 6, "count": 1, "state": "taken"},
        "draft": {"order": 7, "count": 1, "state": "now"},
        "correction": {"state": "skipped"},
    },
    [
        ("登记", "taken"), ("受理审查", "taken"), ("分办", "taken"), ("科室提供", "taken"),
        ("征求第三方意见", "taken"), ("保密审查", "taken"), ("拟答复", "now"),
        ("分管领导审核", "ahead"), ("主要领导审批", "ahead"), ("发出告知书", "ahead"), ("送达归档", "ahead"),
    ],
)  # fmt: skip
DIAGRAM_0213 = pages.DiagramView(
    _XML,
    {
        "start": {"state": "taken"},
        "flow_1": {"state": "taken"},
        "register": {"order": 1, "count": 1, "state": "taken"},
        "flow_2": {"state": "taken"},
        "review": {"order": 2, "count": 1, "state": "now"},
    },
    [("登记", "taken"), ("受理审查", "now"), ("等待补正", "ahead"), ("受理审查", "ahead")],
)

HEAD_0168 = pages.CaseHead(
    "c-2026-0168", "2026-0168", "依申请公开", "青梧路18号3幢危险房屋鉴定报告", "自然人", "拟答复", ["我"],
    "open", REPLY_0168, "含第三方信息，查阅留痕",
)  # fmt: skip
HEAD_0213 = pages.CaseHead(
    "c-2026-0213", "2026-0213", "依申请公开", "柳岸新村拆迁补偿有关文件和材料", "自然人", "受理审查", ["我"],
    "open", REPLY_0213,
)  # fmt: skip

TASK_0213 = pages.TaskPage(
    today=today,
    head=HEAD_0213,
    task_id="t-2026-0213",
    name="受理审查",
    instruction="请决定受理还是要求补正。",
    due=NOTICE_0213,
    clocks=[NOTICE_0213, REPLY_0213],
    ruler=RULER_0213,
    diagram=DIAGRAM_0213,
    form=REVIEW,
    values={
        "received_on": "2026年11月18日（周三），邮寄，以本机关签收之日为准",
        "applicant_complete": "yes",
        "delivery_complete": "yes",
        "clear": "unclear",
        "points": "1. 请写明所需文件的形成年份，或者对应的征收批次（柳岸新村分2021年、2023年两批）。\n"
        "2. “付款情况”请写明是补偿款支付明细，还是支付凭证。",
        "period": 10,
        "repeated": "no",
    },
    source_text="申请公开柳岸新村拆迁补偿的有关文件和材料，包括会议纪要和付款情况。",
    source_facts=[
        pages.Fact("申请人", "顾某（自然人）", "applicant_name", "查看会留痕，须写事由"),
        pages.Fact("联系方式", "手机 139****2046，已核通"),
        pages.Fact("提供方式", "纸面，邮寄"),
        pages.Fact(
            "相近申请",
            "2026-0151",
            note="另一申请人，2026-08-21 办结，予以公开",
            url="/cases/c-2026-0151",
        ),
    ],
    source_documents=[
        pages.DocumentView("d-1", "申请表扫描件", "2页", "/documents/d-1"),
        pages.DocumentView("d-2", "身份证明", "1页", "/documents/d-2"),
    ],
    letters=[],
    button="发出补正告知书",
    then="发出后等申请人补正，答复期限停止计算",
    idempotency_key="k-0213",
    version="v7:3",
    may_act=True,
    why_not="",
    draft_saved_at=at("2026-11-24", "10:42"),
)


def _act(
    when: str, time: str, sentence: str, strong: str = "", held: str = ""
) -> pages.TimelineEntry:
    return pages.TimelineEntry(at(when, time), _d(when), sentence, strong, held)


CASE_0168 = pages.CasePage(
    today=today,
    head=HEAD_0168,
    tasks=[("t-2026-0168", "提交审核", True)],
    then="提交后由 分管领导 何静波 审核",
    actions=[
        pages.ActionView("w-1", "申请人撤回", "withdrawal", True),
        pages.ActionView("w-2", "延长答复期限", "extension", False, "已经延长过一次，依法不能再延长"),
    ],
    diagram=DIAGRAM_0168,
    calculation=CALC_0168,
    other_clocks=[],
    facts=[
        ("申请", [
            pages.Fact("申请人", "顾某（自然人）", "applicant_name", "查看会留痕，须写事由"),
            pages.Fact("所需信息", "青梧路18号3幢危险房屋鉴定报告"),
        ]),
    ],
    timeline=[
        _act("2026-11-24", "08:00", "系统提醒周敏：还有2个工作日届满", held="提醒阶梯第2级"),
        _act("2026-11-20", "09:15", "周敏开始拟答复，办理结果拟为“部分公开”", "拟答复"),
        _act("2026-11-19", "16:40", "沈一鸣完成保密审查：区分后公开，遮盖联系方式和其他住户姓名", "保密审查", "用3个工作日"),
        _act("2026-11-03", "15:20", "赵启明同意延长16个工作日", "延长16个工作日", "届满改为 11-26"),
        _act("2026-11-03", "15:52", "周敏发出延期答复告知书，EMS 已交邮", "延期答复告知书"),
        _act("2026-10-23", "14:10", "周敏记录收到第三方回函：同意公开，要求遮盖联系方式", held="恢复计时"),
        _act("2026-10-12", "09:30", "周敏发出征求第三方意见书，某市安筑房屋鉴定有限公司 10-13 签收", "征求第三方意见书", "暂停计时"),
        _act("2026-10-09", "16:05", "李国梁完成科室提供：材料3份，其中1份含第三方信息", "科室提供", "用9个工作日"),
        _act("2026-09-20", "09:05", "周敏完成分办（调休上班日）：主办房屋安全管理科", "分办", "用1个工作日"),
        _act("2026-09-18", "15:40", "周敏完成受理审查：内容明确，受理", "受理审查"),
        _act("2026-09-18", "10:20", "周敏登记：当面提交，出具登记回执", "登记", "开始计时"),
    ],
    checks=[
        pages.Check(True, "办理结果、依据和救济段落一致"),
        pages.Check(True, "附件3份都属于本案"),
        pages.Check(True, "附件都有保密审查结论"),
        pages.Check(True, "遮盖后的文件已重读，无残留文字"),
        pages.Check(True, "审核人不是拟稿人"),
        pages.Check(None, "告知书改动模板2处"),
    ],
    duties=[
        pages.Duty("拟答复 · 周敏", REPLY_0168, "11-20 开始，已用2个工作日", is_current=True),
        pages.Duty("第三方意见", None, "10-13 签收，限11-03，10-23 回函", "已收回"),
        pages.Duty("房屋安全管理科", None, "限10-12，10-09 提交，催办0次", "已提供"),
    ],
    materials=[
        pages.DocumentView("d-3", "危险房屋鉴定报告", "2023年，34页，部分公开（已遮盖12处）", "/documents/d-3"),
        pages.DocumentView("d-4", "鉴定委托书", "2页，部分公开（已遮盖3处）", "/documents/d-4"),
        pages.DocumentView("d-5", "处置建议会签稿", "5页，不予公开，过程性信息（第十六条第二款）", "/documents/d-5"),
    ],
    letters=[
        pages.DocumentView("d-6", "登记回执", "2026-09-18", "/documents/d-6"),
        pages.DocumentView("d-7", "征求第三方意见书 第31号", "2026-10-12", "/documents/d-7"),
        pages.DocumentView("d-8", "延期答复告知书 第14号", "2026-11-03", "/documents/d-8"),
        pages.DocumentView("d-9", "部分公开告知书（草稿）", "文号在发出时取得", "/documents/d-9"),
    ],
)  # fmt: skip

START = pages.StartPage(
    today=today,
    procedure_key="on_request",
    procedure="依申请公开",
    name="登记",
    instruction="",
    form=REGISTER,
    values={"arrived_on": "2026-11-24"},
    button="登记",
    then="登记后由 信息公开专员 受理审查",
    idempotency_key="k-start",
)


def _seen(
    seq: int,
    when: str,
    who: str,
    role: str,
    act: str,
    target: str,
    change: str,
    reason: str,
    code: str,
    **more: object,
) -> pages.AuditRow:
    day, time = when.split()
    url = f"/cases/c-{target}" if target.startswith("2026-") else None
    result = more.pop("result", "done")
    return pages.AuditRow(
        seq,
        at(day, time),
        who,
        role,
        act,
        target,
        url,
        change,
        reason,
        result,
        code + "0" * 60,
        **more,  # type: ignore[arg-type]
    )


AUDIT = pages.AuditPage(
    today=today,
    rows=[
        _seen(18204, "2026-11-24 10:02", "孟书怡", "监督人员", "查阅申请人身份", "2026-0168", "", "事由：抽查", "a410"),
        _seen(18203, "2026-11-24 09:52", "唐叶", "市政公用科", "查阅申请人身份", "2026-0208", "", "科室岗位不可查看申请人身份", "5e7b",
              result="denied"),
        _seen(18202, "2026-11-24 09:30", "张维", "流程管理员", "接受提醒", "程序 依申请公开", "未接受 → 已接受",
              "只有1人可办理“法规科会签”", "77be"),
        _seen(18201, "2026-11-24 09:12", "李国梁", "房屋安全管理科", "补充材料", "2026-0175", "材料 2份 → 3份", "", "8f3a"),
        _seen(18190, "2026-11-23 08:12", "系统", "定时器", "补做催办", "2026-0175", "第2次 → 第3次，抄送分管领导",
              "应于 11-20 17:00，停机后补做", "1c09"),
        _seen(18101, "2026-11-19 11:20", "周敏", "信息公开专员", "更正 收到日", "2026-0213", "2026-11-19 → 2026-11-18",
              "更正第17,902条；EMS 签收单", "e03c", detail=[
                  ("收到日", "2026-11-19 周四", "2026-11-18 周三"),
                  ("补正告知限", "2026-11-30", "2026-11-27"),
                  ("法定届满", "2026-12-17", "2026-12-16"),
              ]),
    ],
    total=214,
    chain_ok=True,
    chain_sentence="18,204条连续，未发现改动。",
    people=[("p-1", "周敏"), ("p-3", "孟书怡")],
    kinds=[("PersonalDataRead", "查阅个人信息"), ("TaskCompleted", "办理步骤")],
    filters={},
)  # fmt: skip


def _finding(severity: str, element: str, rule: str, message: str) -> SimpleNamespace:
    return SimpleNamespace(
        file="on_request.bpmn", element=element, rule=rule, severity=severity, message=message,
        message_en="English", line=12,
    )  # fmt: skip


PROCEDURE = pages.ProcedureView(
    key="on_request",
    title="依申请公开",
    versions=[
        pages.VersionView(7, at("2026-09-21", "09:00"), "张维", "征求第三方意见改由承办科室起草（局办公会纪要第9号）", True, "77be" * 16, 28),
        pages.VersionView(6, at("2026-03-02", "09:00"), "张维", "答复书改称告知书", False, "5a1c" * 16, 3),
    ],
    changed=True,
    findings=[
        _finding("warning", "cosign", "one_person", "今天只有苏岚1人可以办理，她不在岗时无人可办。请在“科室与岗位”再定一人，或者接受。"),
        _finding("info", "provide", "vendor_attribute", "属性 camunda:asyncBefore 不起作用，已忽略。"),
    ],
    differences=[
        Change("new", "法规科会签", "拟答复之后，分管领导审核之前，内部时限2个工作日", "on_request.bpmn", "draft"),
        Change("changed", "保密审查", "内部时限", "on_request.bpmn", "secrecy", "5个工作日", "3个工作日"),
    ],
    marks={"draft": {"mark": "新", "state": "added"}, "secrecy": {"mark": "改", "state": "changed"}},
    stranded=[("拟答复", 2)],
    open_cases=31,
    xml_url=_XML,
)  # fmt: skip
