"""An engine that knows one day of one office by heart, behind the door that the pages use.

It judges nothing but what the pages must be able to show: a wrong answer, a step done by somebody else, an
object that one may not see. What was asked of it is written down in ``Commands.done``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from engine.commands import Progress
from engine.errors import BadInput, Denied, EngineError, NotFound, TaskAlreadyCompleted
from engine.forms import Asked
from engine.identity import Actor, Post
from engine.queries import pages
from engine.queries.notices import NoticeLine, NoticesPage
from engine.timesource import OFFICE_ZONE, FixedTime
from tests.web import office
from webui.engine_door import Engine

ZHOU = Actor("p-1", "周敏", (Post("disclosure_officer"),), login="zhoumin")
LI = Actor("p-2", "李国梁", (Post("section_staff", "housing"),), login="liguoliang")
MENG = Actor("p-3", "孟书怡", (Post("supervisor"),), login="mengshuyi")
ZHANG = Actor("p-4", "张维", (Post("procedure_admin"),), login="zhangwei")
PEOPLE = {one.login: one for one in (ZHOU, LI, MENG, ZHANG)}
TITLES = {
    "zhoumin": "信息公开专员", "liguoliang": "房屋安全管理科", "mengshuyi": "监督人员", "zhangwei": "流程管理员",
}  # fmt: skip
PASSWORD = "yanshi-2026"
MAY = {
    "p-1": {"simulator.use"},
    "p-2": set(),
    "p-3": {"audit.read", "audit.verify", "simulator.use"},
    "p-4": {"procedures.read", "procedures.deploy", "incidents.retry", "simulator.use"},
}
DIAGRAM = (Path(__file__).parent / "on_request.bpmn").read_bytes()


class SignInRefused(EngineError):
    """As the engine's."""

    code = "sign_in_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__("sign-in refused")
        self.sentence = sentence


class SubmissionInvalid(EngineError):
    """As the engine's."""

    code = "submission_invalid"

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(f"invalid: {sorted(errors)}")
        self.errors = errors


@dataclass
class Accounts:
    """Sessions by token; the password of everybody is the same."""

    tokens: dict[str, Actor] = field(default_factory=dict)
    displays: dict[str, dict[str, Any]] = field(default_factory=dict)

    def sign_in(self, env: Any, login: str, password: str, address: str) -> str:
        if login not in PEOPLE or password != PASSWORD:
            raise SignInRefused("请核对大小写后再试。还可以试3次，之后锁定15分钟。")
        token = f"token-{len(self.tokens)}-{login}"
        self.tokens[token] = PEOPLE[login]
        return token

    def whose(self, env: Any, token: str) -> str:
        return self.tokens[token].login if token in self.tokens else ""

    def session(self, env: Any, token: str, address: str = "") -> Any:
        actor = self.tokens.get(token)
        if actor is None:
            return None
        return SimpleNamespace(actor=actor, display=self.displays.get(actor.person_id, {}))

    def sign_out(self, env: Any, token: str) -> None:
        self.tokens.pop(token, None)

    def set_display(self, env: Any, actor: Actor, display: Mapping[str, Any]) -> None:
        self.displays[actor.person_id] = dict(display)

    def see_notices(self, env: Any, actor: Actor, newest: int) -> None:
        self.displays.setdefault(actor.person_id, {})["notices_seen"] = newest


@dataclass
class Commands:
    """Writes down what it was asked to do."""

    done: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    closed: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fails: EngineError | Exception | None = None
    breaks: list[Any] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def act(env: Any, *arguments: Any, **more: Any) -> Any:
            if self.fails is not None:
                raise self.fails
            self._judge(name, arguments)
            self.done.append((name, arguments, more))
            return self._answer(name)

        return act

    def document(self, env: Any, actor: Actor, document_id: str) -> tuple[dict[str, str], bytes]:
        if document_id != "d-1":
            raise NotFound("document", document_id)
        return {"filename": "申请表 扫描件.pdf", "media_type": "application/pdf"}, b"%PDF-1.7 x"

    def begin_work(self, env: Any, actor: Actor, kind: str, work: Any) -> Any:
        """Do it at once."""
        end = work(lambda done, total: None)
        return SimpleNamespace(id="w-1", wait=lambda seconds: end)

    def work_progress(self, env: Any, actor: Actor, work_id: str) -> Progress:
        if work_id != "w-1":
            raise NotFound("work", work_id)
        return Progress(work_id, "try", "running", 3, 12)

    def verify_audit(self, env: Any, actor: Actor) -> list[Any]:
        self.done.append(("verify_audit", (actor,), {}))
        return self.breaks

    def _judge(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "complete_task":
            task, values = arguments[1], arguments[2]
            if task in self.closed:
                raise TaskAlreadyCompleted(task, *self.closed[task])
            errors = {}
            if not values.get("points", "x").strip():
                errors["points"] = "请至少写明一项，申请人要照着它补正"
            if (
                not values.get("period", "10").isdigit()
                or not 1 <= int(values.get("period", "10")) <= 30
            ):
                errors["period"] = (
                    f"应为1至30个工作日，现为{values['period']}，请改为合理的期限（一般10个工作日）"
                )
            if errors:
                raise SubmissionInvalid(errors)
        if name == "deploy_folder" and not arguments[2].strip():
            raise BadInput("no reason", sentence="请写明启用的理由，例如会议纪要编号")
        if name == "reveal" and "section_staff" in arguments[0].roles:
            raise Denied("personal", "您的岗位不能查看申请人的身份信息")

    def _answer(self, name: str) -> Any:
        if name == "reveal":
            return "顾长林"
        return SimpleNamespace(
            case_id="c-2026-0213",
            number="2026-0213",
            sentence_next="已发出补正告知书，等待申请人补正。",
        )


class Queries:
    """Pages by heart."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self.inbox_page = office.INBOX
        self.task = office.TASK_0213
        self.case = office.CASE_0168
        self.alert: tuple[str, ...] = ()
        self.procedure = office.PROCEDURE
        self.diagram = DIAGRAM
        self.arrived = 0
        self.simulated: tuple[Any, ...] = ()

    def label_catalogues(self, env: Any, language: str) -> tuple[str, list[bytes]]:
        return "fakes", []

    def front_page(self, env: Any) -> Any:
        accounts = [pages.Account(login, one.name, TITLES[login]) for login, one in PEOPLE.items()]
        return SimpleNamespace(
            today=office.today,
            bureau="某市城市管理和综合执法局",
            helper="林若川（分机 8021）",
            demo_accounts=accounts,
            demo_password=PASSWORD,
        )

    def shell(self, env: Any, actor: Actor) -> pages.Shell:
        rail = [("inbox", "待办", 12, "/"), ("cases", "案件", 31, "/cases")]
        if "supervisor" in actor.roles:
            rail = [
                ("audit", "全过程审计", None, "/audit"),
                ("simulator", "期限试算", None, "/simulator"),
                ("cases", "案件", 31, "/cases"),
            ]
        if "procedure_admin" in actor.roles:
            rail = [("procedures", "程序", 1, "/procedures")]
        account = pages.Account(actor.login, actor.name, TITLES[actor.login])
        display = self.accounts.displays.get(actor.person_id, {})
        return pages.Shell(
            today=office.today,
            bureau="某市城市管理和综合执法局",
            account=account,
            rail=rail,
            is_demo=False,
            large_text=display.get("text") == "large",
            high_contrast=display.get("contrast") == "high",
            alerts=self.alert,
        )

    def inbox(self, env: Any, actor: Actor, tab: str, search: str, chosen: str) -> pages.Inbox:
        rows = [one for one in self.inbox_page.rows if search in one.subject + one.number]
        if chosen:
            rows = [one for one in rows if one.clock and one.clock.state == chosen]
        return replace(self.inbox_page, rows=rows, search=search, filter=chosen, tab=tab or "mine")

    def correctable(self, env: Any, actor: Actor, case_id: str) -> list[Any]:
        return []

    def notices(self, env: Any, actor: Actor) -> NoticesPage:
        told = datetime(2026, 11, 24, 8, 30, tzinfo=OFFICE_ZONE)
        line = NoticeLine(
            told, "2026-0168 已经逾期：答复期限 2026-11-23 届满", "black", "c-1", True
        )
        return NoticesPage(office.today, [line], 1, 7)

    def arrivals(self, env: Any, actor: Actor, since: Any) -> int:
        return self.arrived

    def task_page(self, env: Any, actor: Actor, task_id: str) -> pages.TaskPage:
        if task_id != self.task.task_id or actor != ZHOU:
            raise NotFound("task", task_id)
        return self.task

    def start_page(self, env: Any, actor: Actor, procedure: str) -> pages.StartPage:
        if procedure != "on_request":
            raise NotFound("procedure", procedure)
        return office.START

    def action_page(self, env: Any, actor: Actor, case_id: str, wait_id: str) -> Any:
        if case_id != self.case.head.case_id:
            raise NotFound("case", case_id)
        return pages.ActionPage(
            today=office.today, head=self.case.head, wait_id=wait_id, name="申请人撤回",
            form=office.REGISTER, values={}, button="登记撤回", idempotency_key="k-act",
        )  # fmt: skip

    def asked(self, env: Any, page: Any, values: Mapping[str, Any]) -> Asked:
        on = [
            one
            for one in page.form.fields
            if one.visible_if is None or str(values.get(one.visible_if[0])) == one.visible_if[1]
        ]
        return Asked(
            frozenset(one.key for one in on), frozenset(one.key for one in on if one.required)
        )

    def followed(
        self, page: Any, values: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """No question follows the answers of another case, and none is looked at."""
        return {}, {}

    def case_page(self, env: Any, actor: Actor, case_id: str) -> pages.CasePage:
        if case_id != self.case.head.case_id:
            raise NotFound("case", case_id)
        return self.case

    def case_list(
        self, env: Any, actor: Actor, search: str, state: str, page: int
    ) -> pages.CaseList:
        rows = (
            [one for one in office.ROWS if search in one.subject + one.number] if page == 1 else []
        )
        return pages.CaseList(office.today, rows, len(rows), search, state)

    def calculation(
        self, env: Any, actor: Actor, case_id: str, clock_id: str, party: str | None = None
    ) -> Any:
        if (case_id, clock_id) != (self.case.head.case_id, "reply"):
            raise NotFound("clock", clock_id)
        return self.case.head, office.CALC_0168

    def audit_page(self, env: Any, actor: Actor, filters: Mapping[str, str]) -> pages.AuditPage:
        rows = [one for one in office.AUDIT.rows if filters.get("case", "") in one.object]
        return replace(office.AUDIT, rows=rows, filters=filters)

    def __getattr__(self, name: str) -> Any:
        """Whatever this office does not know by heart is not found in it."""
        if name.startswith("_"):
            raise AttributeError(name)

        def unknown(*_arguments: Any, **_more: Any) -> Any:
            raise NotFound("page", name)

        return unknown

    def procedures(self, env: Any, actor: Actor) -> list[pages.ProcedureRow]:
        one = self.procedure
        return [pages.ProcedureRow(one.key, one.title, one.versions, one.changed, one.open_cases)]

    def procedure_page(self, env: Any, actor: Actor, key: str) -> pages.ProcedureView:
        if key != self.procedure.key:
            raise NotFound("procedure", key)
        return self.procedure

    def version_page(
        self, env: Any, actor: Actor, key: str, number: int, against: int | None = None
    ) -> pages.VersionPage:
        one = self.procedure
        version = next((each for each in one.versions if each.number == number), None)
        if key != one.key or version is None:
            raise NotFound("version", key)
        return pages.VersionPage(
            key=key, title=one.title, version=version, numbers=[7, 6], against=6,
            differences=one.differences, marks=one.marks, xml_url=one.xml_url, steps=[],
            waiting=[("拟答复", 2)], limits=[("答复期限", "20个工作日", "第三十三条")],
            files=[("on_request.bpmn", 14202)],
        )  # fmt: skip

    def version_files(self, env: Any, actor: Actor, key: str, number: int) -> dict[str, bytes]:
        return {"procedure.yaml": b"key: on_request\n"}

    def folder_files(self, env: Any, actor: Actor, key: str) -> dict[str, bytes]:
        return {"procedure.yaml": b"key: on_request\n"}

    def folder_diagram(self, env: Any, actor: Actor, key: str) -> bytes:
        return self.diagram

    def simulator_options(self, env: Any, actor: Actor, chosen: str) -> Any:
        return SimpleNamespace(
            clocks=[("on_request.reply", "依申请公开 · 答复申请人")],
            channels=[("counter", "当面提交"), ("internet", "网上")],
            facts=[
                SimpleNamespace(
                    procedure="依申请公开",
                    facts=[
                        ("submitted", "当面提交申请"),
                        ("extension_approved", "同意延长答复期限"),
                    ],
                )
            ],
            numbers={"extension_approved": "working_days"},
        )

    def simulate(self, env: Any, actor: Actor, *arguments: Any) -> pages.Calculation:
        self.simulated = arguments
        return office.CALC_0168

    def diagram_xml(self, env: Any, actor: Actor, version_id: str) -> bytes:
        return self.diagram


@dataclass
class Office:
    """Everything behind the door, for a test to look at or to change."""

    commands: Commands = field(default_factory=Commands)
    accounts: Accounts = field(default_factory=Accounts)
    queries: Queries = field(init=False)
    time: FixedTime = field(default_factory=lambda: FixedTime(office.NOW))

    def __post_init__(self) -> None:
        self.queries = Queries(self.accounts)

    def door(self) -> Engine:
        environment = SimpleNamespace(
            time=self.time, config=SimpleNamespace(processes=Path("processes"))
        )
        return Engine(environment, self.queries, self.commands, self.accounts, self.may)

    def may(self, actor: Actor, action: str) -> str | None:
        if "." in action and action.split(".")[0] in {
            "audit",
            "procedures",
            "incidents",
            "simulator",
            "calendar",
            "settings",
            "accounts",
            "register",
        }:
            return None if action in MAY[actor.person_id] else "您的岗位没有这项权限"
        return None
