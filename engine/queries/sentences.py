"""Audit events as sentences: who did what, for the timeline of a case and for the audit page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from engine.deployed import Deployed
from engine.environment import Environment
from engine.identity import SYSTEM
from engine.office.directory import title_of
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.words import AsIs, label_of, listed, say


@dataclass(frozen=True)
class Told:
    """A sentence, the part of it to stress, and what stands beside it."""

    sentence: str
    strong: str = ""
    held: str = ""


@dataclass(frozen=True)
class Names:
    """What sentences need to know besides the event: the words of kinds, sections and clocks.

    ``called`` are the versions that the case pinned for its calls. Without them those in force are looked
    at, which is good enough for a word.
    """

    env: Environment
    version: str | None = None
    called: tuple[str, ...] = ()

    @classmethod
    def of(cls, env: Environment, case: CaseRow) -> Names:
        """Return the names of one case."""
        return cls(env, case.version_id, tuple(case.called_versions.values()))

    def clock(self, clock_id: str) -> str:
        """Return a clock's title in the case's versions."""
        for one in self._deployed():
            found = one.definition.clocks.get(clock_id)
            if found is not None:
                return str(getattr(found, "title", clock_id))
        return clock_id

    def activity(self, activity_id: str | None) -> str:
        """Return an activity's name in the case's versions, the called processes' ones among them."""
        for one in self._deployed():
            found = one.definition.activities.get(activity_id or "")
            if found is not None:
                return found.name
        return activity_id or ""

    def fact(self, kind: str) -> str:
        """Return what the case's versions call a fact; its name where none does."""
        every = (one.procedure.facts for one in self._deployed())
        return next((words[kind] for words in every if kind in words), kind)

    def post(self, body: Mapping[str, Any]) -> str:
        """Return the title of the post that an event is about, with its section."""
        office = self.env.institution().office
        return title_of(office, str(body.get("role") or ""), str(body.get("unit") or "") or None)

    def field(self, key: str) -> str:
        """Return the label of a form's field in the case's versions."""
        for deployed in self._deployed():
            for form in deployed.procedure.forms.values():
                for one in form.fields:
                    if one.key == key:
                        return one.label
        return key

    def labels(self, values: Mapping[str, Any]) -> dict[str, str]:
        """Return {field: label of the answer} of those answers that have one."""
        found: dict[str, str] = {}
        name_of = self.env.institution().directory.name
        for deployed in self._deployed():
            found = {**deployed.procedure.labels(values, name_of), **found}
        return found

    def value(self, key: str, value: object) -> str:
        """Return an answer in words: the label of a choice, 是/否, several joined."""
        if value in (None, ""):
            return ""
        if isinstance(value, bool):
            return say("是") if value else say("否")
        chosen = [
            self.labels({key: one}) for one in (value if isinstance(value, list) else [value])
        ]
        if all(key in labels for labels in chosen):
            return AsIs(listed(label_of(labels[key]) for labels in chosen))
        if isinstance(value, list | dict):
            return say("{n}项", n=len(value))
        return AsIs(value)

    def _deployed(self) -> Iterator[Deployed]:
        if self.version:
            called = self.called or tuple(self.env.procedures_in_force().values())
            for version_id in dict.fromkeys((self.version, *called)):
                yield self.env.deployed(version_id)


# How each kind of event is called in filters and on the audit page.
REFUSALS: Mapping[str, str] = {
    "wrong": "密码不对",
    "locked": "账号锁定中",
    "blob_damaged": "文件已损坏",
}

KINDS: Mapping[str, str] = {
    "CaseStarted": "登记案件",
    "CaseOpened": "开始办理",
    "TaskCompleted": "办理步骤",
    "TaskClaimed": "签收",
    "TaskReleased": "退回待签",
    "TaskHandedOver": "转办",
    "TaskTakenBack": "收回",
    "ActionTaken": "另行办理",
    "TimerFired": "到时自动办理",
    "LetterIssued": "制发文书",
    "OutcomeRecorded": "记录办理结果",
    "PublicationOrdered": "安排发布",
    "PublicationWritten": "写到发布文件夹",
    "PublicationCompared": "核对发布内容",
    "CasePackaged": "打包案卷",
    "PersonalDataErased": "删除个人信息",
    "FiguresCounted": "从案件取数",
    "ReportCompiled": "生成年度报告",
    "RulesWritten": "写成制度文本",
    "DecisionEvaluated": "决策表判断",
    "FactRecorded": "记录事实",
    "FactCorrected": "更正登记的日期",
    "BreachWithdrawn": "撤销逾期记录",
    "ClocksRecomputed": "重新计算期限",
    "WarningSent": "提醒",
    "BreachRecorded": "记录逾期",
    "ClockSetBack": "机器时钟倒退",
    "ClockJumped": "机器时钟跳动",
    "ClockConfirmed": "确认机器时钟",
    "CaseClosed": "办结",
    "CaseCancelled": "终止",
    "CaseMigrated": "转到新版本",
    "StepFailed": "异常",
    "IncidentRetried": "重试异常",
    "Refused": "拒绝",
    "PersonalDataRead": "查阅个人信息",
    "DocumentRead": "下载文件",
    "CaseExported": "导出案卷",
    "CaseImported": "补录",
    "RegisterImported": "导入登记簿",
    "RegisterExported": "导出台账",
    "EventDelivered": "收到其他案件的消息",
    "SignedIn": "登录",
    "SignInRefused": "登录失败",
    "ProcedureDeployed": "启用版本",
    "FolderUploaded": "上传流程文件",
    "AuditVerified": "核验审计链",
    "CheckpointKept": "审计留底",
    "CalendarImported": "导入日历",
    "PersonAdded": "开设账号",
    "PersonChanged": "停用或者启用账号",
    "PasswordChanged": "修改密码",
    "PasswordReset": "重置密码",
    "DeputyNamed": "代理",
    "PostGiven": "任职",
    "PostEnded": "免职",
    "SettingsChanged": "修改设置",
}


def kind_word(action: str) -> str:
    """Return what an event's kind is called."""
    return say(KINDS[action]) if action in KINDS else action


def refusal_word(reason: str) -> str:
    """Return why something was refused where the trail keeps a code; a reason that somebody wrote as it is."""
    return say(REFUSALS[reason]) if reason in REFUSALS else reason


def instant_of(row: Mapping[str, Any]) -> datetime:
    """Return the instant of a row of the trail."""
    return datetime.fromisoformat(row["at"]).astimezone(UTC)


def acted(row: Mapping[str, Any], names: Names) -> str:
    """Return who acted, and in whose place; "" where nobody is named."""
    name = str(row["actor_name"] or "")
    if name == SYSTEM.name:
        return say("系统")
    if not name or not row["on_behalf"]:
        return name
    holder = names.env.institution().directory.name(row["on_behalf"])
    return say("{who}（代{holder}）", who=name, holder=holder)


def told(row: Mapping[str, Any], names: Names) -> Told:
    """Return an event of a case as a sentence."""
    body = json.loads(row["body"])
    who = acted(row, names) or say("有人")
    teller = _TELLERS.get(row["action"])
    if teller is None:
        return Told(say("{who}：{act}", who=who, act=kind_word(row["action"])))
    return teller(who, body, row, names)


def _completed(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    step = body.get("name") or names.activity(body.get("activity"))
    decided = _decided(body, names)
    if decided:
        sentence = say("{who}完成{step}：{what}", who=who, step=step, what=decided)
        return Told(sentence, step)
    return Told(say("{who}完成{step}", who=who, step=step), step)


def _decided(body: Mapping[str, Any], names: Names) -> str:
    """What was chosen in the step: the labels of its first answered choice and its opinion."""
    changed = {
        key: after
        for key, _, after in body.get("changes", [])
        if after not in (None, "*") and not isinstance(after, dict)
    }
    labels = names.labels(changed)
    return next(
        (
            label
            for key, label in labels.items()
            if key.endswith(("decision", "outcome", "opinion"))
        ),
        "",
    )


def _started(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("{who}登记了本案", who=who), "")


def _claimed(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("{who}签收", who=who))


def _released(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("{who}退回待签", who=who), "", row["reason"])


def _taken_back(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    said = say("{who}收回“{name}”，重新办理", who=who, name=names.activity(body.get("activity")))
    return Told(said, say("收回"), row["reason"])


def _handed_over(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    said = say("{who}把“{name}”转给{to}办理", who=who, name=body.get("name"), to=body.get("to"))
    return Told(said, "", row["reason"])


def post_change(row: Mapping[str, Any], names: Names) -> str:
    """Return what an event did to a post: who holds it since when, until when, or in whose place."""
    body = json.loads(row["body"])
    name_of = names.env.institution().directory.name
    given: dict[str, object] = {
        "name": body.get("name") or name_of(row["object"].partition(":")[2]),
        "post": names.post(body),
        "since": body.get("since"),
        "until": body.get("until"),
    }
    match row["action"]:
        case "PostGiven":
            return say("{name}自{since}任{post}", **given)
        case "PostEnded":
            return say("{name}任{post}至{until}", **given)
        case _:
            holder = name_of(str(body.get("deputy_for") or ""))
            return say("{name}自{since}至{until}代理{holder}（{post}）", holder=holder, **given)


def _post(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    said = say("{who}登记：{what}", who=who, what=post_change(row, names))
    return Told(said, str(body.get("name") or ""), row["reason"])


def _action(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    label = str(body.get("label") or "")
    return Told(say("{who}办理{what}", who=who, what=label), label)


def _fired(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    late = int(body.get("late_seconds") or 0)
    step = names.activity(body.get("activity")) or say("定时事项")
    held = say("迟了{n}分钟补办", n=late // 60) if late >= 600 else ""
    return Told(say("到时自动办理{step}", step=step), step, held)


def _letter(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    title = str(body.get("title") or "")
    return Told(say("制发{title}", title=title), title, str(body.get("number") or ""))


def _outcome(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    text = str(body.get("row") or "")
    return Told(say("办理结果：{row}", row=text), text, str(body.get("basis") or ""))


def _decision(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("按决策表判断：{table}", table=row["object"].partition(":")[2]))


def _recomputed(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    parts = []
    for one in body.get("moved", []):
        clock, before, after = names.clock(one["clock"]), one.get("before"), one.get("after")
        if before != after:
            said = say(
                "{clock}由{before}改为{after}",
                clock=clock,
                before=before or say("未定"),
                after=after or say("未定"),
            )
        elif one.get("provisional"):
            said = say("{clock}仍为{day}，改为暂定", clock=clock, day=after)
        else:
            said = say("{clock}仍为{day}，不再是暂定", clock=clock, day=after)
        parts.append(said)
    return Told(
        say("重新计算期限：{what}", what=say("；").join(parts)), "", str(body.get("calendar") or "")
    )


def _warning(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    step = body.get("step")
    clock = f"“{step}”" if step else names.clock(row["object"].partition(":")[2])
    clock += f"（{body['party']}）" if body.get("party") else ""
    late = int(body.get("late_days") or 0)
    held = say("应于{day}发出，迟{n}天", day=body.get("planned_for"), n=late) if late else ""
    return Told(
        say(
            "系统提醒“{title}”：{clock}于{due}届满",
            title=body.get("title"),
            clock=clock,
            due=body.get("due"),
        ),
        "",
        held or say("提醒阶梯第{n}级", n=body.get("rung")),
    )


def _breach(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    clock = names.clock(row["object"].partition(":")[2])
    shares = [
        say("{step}{n}个工作日", step=one["name"], n=one["working_days"])
        for one in (body.get("held") or ())[:3]
        if one.get("working_days")
    ]
    said = say("{clock}于{due}届满，已经逾期", clock=clock, due=body.get("due"))
    return Told(said, say("逾期"), listed(shares))


def _ordered(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("安排发布{index}", index=row["object"].partition(":")[2]))


def _written(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    index = row["object"].partition(":")[2]
    if body.get("superseded"):
        return Told(say("{index}已有更新的版本，没有再写", index=index))
    return Told(say("{index}已写到发布文件夹", index=index))


def _compared(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    if body.get("equal"):
        return Told(say("发布的内容与审定的一致"))
    if body.get("equal") is None:
        return Told(say("没有取回发布的内容，未核对"))
    told = []
    if different := body.get("different"):
        told.append(say("{n}份与审定的不一致", n=len(different)))
    if missing := body.get("missing"):
        told.append(say("没有取回：{titles}", titles=listed(map(AsIs, missing))))
    return Told(say("；").join(told), say("不一致"))


def _packaged(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    said = say("案卷打包，校验码{code}", code=str(body.get("sha256") or "")[:8])
    if left := body.get("left_out"):
        said = say("{said}；没有编入：{titles}", said=said, titles=listed(map(AsIs, left)))
    return Told(said)


def _erased(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    said = say("个人信息和{n}份材料已经删除", n=body.get("documents"))
    return Told(said, "", row["reason"])


def _counted(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    first, last = str(body.get("from")), str(body.get("until"))
    return Told(say("从案件取数，{first}至{last}", first=first, last=last))


def _compiled(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("由案件生成{year}年度报告", year=body.get("year")))


def _rules_written(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    numbers = {"title": body.get("title"), "number": body.get("number")}
    return Told(say("由第{number}版流程图写成《{title}》", **numbers))


def _closed(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    words = {"completed": say("办结"), "terminated": say("终止"), "cancelled": say("撤销")}
    word = words.get(str(body.get("how")), say("办结"))
    return Told(say("本案{how}", how=word), word)


def _failed(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    step = names.activity(body.get("element"))
    return Told(say("{step}没有办成，记为异常", step=step), say("异常"))


def _refused(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("{who}想办理而被拒绝", who=who), say("被拒绝"))


def _read(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    what = names.field(str(body.get("field") or ""))
    return Told(say("{who}查看{what}", who=who, what=what), what, row["reason"])


def _fact(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(
        say("{who}记录事实：{kind}，{day}", who=who, kind=body.get("kind"), day=body.get("day"))
    )


def _fact_corrected(
    who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names
) -> Told:
    facts = {"who": who, "what": names.fact(str(body.get("kind"))), "before": body.get("before")}
    if body.get("after"):
        said = say("{who}更正{what}的日期：{before} 改为 {after}", **facts, after=body["after"])
    else:
        said = say("{who}更正：没有{what}（原登记为 {before}）", **facts)
    return Told(said, "", row["reason"])


def _breach_withdrawn(
    who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names
) -> Told:
    said = say("更正登记的日期后，{due} 届满的逾期记录不再成立，予以撤销", due=body.get("due"))
    return Told(said, say("撤销"))


def _cancelled(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    return Told(say("{who}终止本案", who=who), "", row["reason"])


def _migrated(who: str, body: Mapping[str, Any], row: Mapping[str, Any], names: Names) -> Told:
    numbers = {"before": body.get("before"), "after": body.get("after")}
    return Told(
        say("{who}把本案从第 {before} 版程序转到第 {after} 版", who=who, **numbers),
        "",
        row["reason"],
    )


_TELLERS: Mapping[str, Callable[[str, Mapping[str, Any], Mapping[str, Any], Names], Told]] = {
    "CaseStarted": _started,
    "TaskCompleted": _completed,
    "TaskClaimed": _claimed,
    "TaskReleased": _released,
    "TaskHandedOver": _handed_over,
    "TaskTakenBack": _taken_back,
    "PostGiven": _post,
    "DeputyNamed": _post,
    "PostEnded": _post,
    "ActionTaken": _action,
    "TimerFired": _fired,
    "LetterIssued": _letter,
    "OutcomeRecorded": _outcome,
    "DecisionEvaluated": _decision,
    "ClocksRecomputed": _recomputed,
    "WarningSent": _warning,
    "BreachRecorded": _breach,
    "PublicationOrdered": _ordered,
    "PublicationWritten": _written,
    "PublicationCompared": _compared,
    "CasePackaged": _packaged,
    "PersonalDataErased": _erased,
    "FiguresCounted": _counted,
    "ReportCompiled": _compiled,
    "RulesWritten": _rules_written,
    "CaseClosed": _closed,
    "CaseCancelled": _cancelled,
    "CaseMigrated": _migrated,
    "StepFailed": _failed,
    "Refused": _refused,
    "PersonalDataRead": _read,
    "FactRecorded": _fact,
    "FactCorrected": _fact_corrected,
    "BreachWithdrawn": _breach_withdrawn,
}


def day_of(row: Mapping[str, Any]) -> date:
    """Return the legal day of a row of the trail."""
    return legal_day(instant_of(row))


TELLING = frozenset(_TELLERS)  # kinds whose sentence says more than their name
