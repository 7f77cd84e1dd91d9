"""Worked cases of the request procedure once more, now through ``engine.commands`` and a database.

The runner in memory and the product must agree: the same tasks, the same due dates, the same letters.
"""

import io
import shutil
from datetime import date, datetime, time
from pathlib import Path

import pytest
from docx import Document

from engine import commands, queries
from engine.bootstrap import build_environment
from engine.commands import RegisterQuery
from engine.config import Config
from engine.errors import EngineError
from engine.identity import Actor, Post
from engine.letters import to_plain
from engine.letters import worker as letter_worker
from engine.scenarios import read_scenario
from engine.store import accounts, awaited, cases
from engine.store import documents as document_store
from engine.stored_case import case_file, names_at, task_form
from engine.timesource import OFFICE_ZONE, FixedTime
from engine.unit_of_work import UnitOfWork

PROCESSES = Path(__file__).parents[2] / "processes"
FOLDERS = ("on_request", "confidentiality_review", "review_and_approval")
# One of each kind: timers that fire, several at once, what is called and what interrupts.
CHOSEN = {
    "corrected_facts": "一个第三方收到征询函的日期错了，只改它的期限",
    "plain": "当面提交，按时答复",
    "correction": "逾期不补正，视为放弃申请",
    "third_party": "两个第三方，各有期限，不计入的时间取并集",
    "agency": "其他机关逾期不答复，视为同意公开",
    "extension_and_consultation": "征求第三方意见又延长，两样都算",
    "fee": "逾期未缴费，视为放弃申请",
    "reasons": "理由合理但不能按期答复，确定延迟期限",
    "secrecy": "不能确定，报有关部门，期限照常计算",
    "sections": "两个科室各有期限，都提交了再研究",
    "returned": "主要领导退回重新分办，补查以后再走一遍",
    "withdrawn": "审核期间撤回，领导的任务也收回",
    "on_the_spot": "当场答复",
    "extension_needless": "领导还没有决定是否延期，答复已经发出",
}
RUNS = [
    (file, run)
    for file in sorted(PROCESSES.glob("on_request/scenarios/*.yaml"))
    for run in read_scenario(file.read_bytes(), file.name).runs
    if CHOSEN.get(file.stem) == run.name
]


def in_process(template: bytes, values) -> bytes:
    """Fill a letter without a child process, as fast as the tests need it."""
    letter_worker.Missing.seen.clear()
    return letter_worker.render(template, to_plain(values))


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> tuple[Path, object]:
    """An office with the three folders deployed and somebody in every post."""
    folder = tmp_path_factory.mktemp("office")
    for name in ("_office", *FOLDERS):
        shutil.copytree(PROCESSES / name, folder / "processes" / name)
    env = build_environment(config_of(folder), time=FixedTime(moment("2026-01-01")))
    commands.deploy_missing(env)
    office = env.institution().office
    with UnitOfWork(env.database, writing=True) as uow:
        for role in office.roles.values():
            person = accounts.add_person(uow.connection, login=role.id, name=role.title)
            for unit in office.units if role.per_unit else [None]:
                accounts.add_post(uow.connection, person, Post(role.id, unit), date(2020, 1, 1))
        uow.commit()
    for version in env.procedures_in_force().values():
        env.deployed(version)
    env.database.dispose()
    return folder, env


def config_of(folder: Path) -> Config:
    url = f"sqlite:///{folder / 'data' / 'gongkai.sqlite'}"
    return Config(home=folder, processes=folder / "processes", data=folder / "data", database=url)


def moment(text: str, at: time = time(9)) -> datetime:
    return datetime.combine(date.fromisoformat(str(text)), at, tzinfo=OFFICE_ZONE)


class Player:
    """Plays the steps of a run in the product; comparisons are plain assertions."""

    def __init__(self, env, clock: FixedTime) -> None:
        self.env, self.clock, self.case = env, clock, None
        self.procedure = "on_request"

    def actor(self, role: str) -> Actor:
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, role)
            posts = accounts.posts(uow.connection, row["id"], date(2026, 1, 1))
        return Actor(row["id"], row["name"], posts, "127.0.0.1", role)

    def letter(self, key: str) -> str:
        """Return the text of the last letter of a kind."""
        with UnitOfWork(self.env.database, writing=False) as uow:
            documents = document_store.case_documents(uow.connection, self.case)
        found = [one for one in documents if one["letter"] == key]
        document = Document(io.BytesIO(self.env.blobs.get(found[-1]["sha256"])))
        cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([*(one.text for one in document.paragraphs), *(c.text for c in cells)])

    def open_items(self) -> list:
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = cases.case_items(uow.connection, self.case)
        return [row for row in rows if row["status"] == "open"]

    def file(self):
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, self.case)
            events = cases.events(uow.connection, self.case)
        return case_file(self.env, self.env.deployed(case.version_id), case, events)

    def play(self, word: str, value) -> None:
        getattr(self, f"_{word}")(value)

    def _now(self, value) -> None:
        self.clock.set(moment(value))

    def _until(self, value) -> None:
        self.clock.set(moment(value, time(12)))
        commands.tick(self.env)

    def _start(self, value) -> None:
        actor = self.actor("disclosure_officer")
        moved = commands.start_case(self.env, actor, self.procedure, via_form=False)
        self.case = moved.case_id

    def _complete(self, value) -> None:
        item = next(row for row in self.open_items() if row["activity_id"] == value["task"])
        actor = self.actor(item["candidates"]["roles"][0])
        form = self.form(item)
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, self.case)
        deployed = self.env.deployed(case.version_id)
        names = dict(names_at(self.env, deployed, case, self.file(), item["token"]))
        if item["item"]:
            names["item"] = item["item"]["item"]
        given = {**form.initial(today=self.today(), names=names), **value.get("data", {})}
        commands.complete_task(self.env, actor, item["id"], given)

    def today(self) -> date:
        return self.clock.now().astimezone(OFFICE_ZONE).date()

    def form(self, item):
        with UnitOfWork(self.env.database, writing=False) as uow:
            case = cases.load(uow.connection, self.case)
        return task_form(self.env, self.env.deployed(case.version_id), case, item)

    def _message(self, value) -> None:
        with UnitOfWork(self.env.database, writing=False) as uow:
            waits = awaited.case_waits(uow.connection, self.case)
        wait = next(row for row in waits if row["name"] == value["name"])
        actor = self.actor("disclosure_officer")
        commands.deliver_action(self.env, actor, self.case, wait["wait"], value["data"])

    def _tasks(self, value) -> None:
        assert sorted(row["activity_id"] for row in self.open_items()) == sorted(value)

    def _offered(self, value) -> None:
        for task, roles in value.items():
            item = next(row for row in self.open_items() if row["activity_id"] == task)
            assert sorted(item["candidates"]["roles"]) == sorted(roles)

    def _due(self, value) -> None:
        if "task" in value:
            self._task_due(value)
            return
        given = self.file().clock(value["clock"], value.get("party"))
        due = given.due.isoformat() if given and given.due else None
        assert due == value["date"]

    def _task_due(self, value) -> None:
        rows = [one for one in self.open_items() if one["activity_id"] == value["task"]]
        rows = [one for one in rows if value.get("unit") in (None, one["unit"])]
        if named := value.get("item"):
            rows = [one for one in rows if named.items() <= one["item"]["item"].items()]
        assert str(rows[0]["due_on"]) == value["date"]

    def _letters(self, value) -> None:
        with UnitOfWork(self.env.database, writing=False) as uow:
            rows = document_store.case_documents(uow.connection, self.case)
        assert [row["letter"] for row in rows if row["kind"] == "letter"] == value

    def _variables(self, value) -> None:
        file = self.file()
        with UnitOfWork(self.env.database, writing=False) as uow:
            state = cases.load(uow.connection, self.case).state
        known = {**file.fields, **(state or {}).get("v", {})}
        assert {key: known.get(key) for key in value} == value

    def _ended(self, value) -> None:
        with UnitOfWork(self.env.database, writing=False) as uow:
            assert (cases.load(uow.connection, self.case).status == "closed") is value


def test_every_kind_is_there():
    assert [file.stem for file, _ in RUNS] == sorted(CHOSEN)


@pytest.fixture
def player(template, tmp_path):
    """A player in an office of its own."""
    folder, first = template
    shutil.copytree(folder / "data", tmp_path / "data")
    shutil.copytree(folder / "processes", tmp_path / "processes")
    clock = FixedTime(moment("2026-01-01"))
    env = build_environment(config_of(tmp_path), time=clock)
    env.render = in_process
    env._versions.update(first._versions)
    env._institutions.update(first._institutions)
    try:
        yield Player(env, clock)
    finally:
        env.database.dispose()


def played(player: Player, run) -> None:
    for number, act in enumerate(run.steps):
        following = run.steps[number + 1 : number + 2]
        try:
            if any(one.word == "fails" for one in following):
                with pytest.raises(EngineError):
                    player.play(act.word, act.value)
            elif act.word != "fails":
                player.play(act.word, act.value)
        except (AssertionError, EngineError) as wrong:
            pytest.fail(f"step {number} {act.word} {act.value}: {wrong!r}", pytrace=False)


@pytest.mark.parametrize(("file", "run"), RUNS, ids=[file.stem for file, _ in RUNS])
def test_a_worked_case_goes_the_same_way_in_the_product(file, run, player):
    played(player, run)


def worked(file: str, name: str, procedure: str = "on_request"):
    """Return a run of a procedure by the name of its file and its own."""
    path = PROCESSES / procedure / "scenarios" / f"{file}.yaml"
    return next(one for one in read_scenario(path.read_bytes(), file).runs if one.name == name)


def test_what_effects_tables_and_calls_give_is_in_the_register(player):
    """告知书文号 was empty: only the answers of forms reached the record."""
    played(player, worked("plain", "当面提交，按时答复"))
    fields = player.file().fields
    assert fields["letter_number"] == "某城执公开〔2026〕第1号—公"
    assert fields["decision"]["letter"] == "reply_full"
    assert fields["secrecy_result"] == "open"
    query = RegisterQuery("on_request")
    page = queries.register_page(player.env, player.actor("disclosure_officer"), query)
    row = dict(zip(page.labels, page.rows[0].values, strict=True))
    assert row["告知书文号"] == "某城执公开〔2026〕第1号—公"
    assert row["答复日期"] == "2026-01-20"


def test_the_letter_to_a_third_party_says_what_it_said_itself(player):
    """Each 公开决定告知书 took the opinion and the date of whoever had answered last."""
    name = "两个第三方都没有同意，仍决定公开，各自的告知书写各自的意见"
    played(player, worked("third_party", name))
    with UnitOfWork(player.env.database, writing=False) as uow:
        documents = document_store.case_documents(uow.connection, player.case)
    told = [
        text_of(player.env.blobs.get(one["sha256"]))
        for one in documents
        if one["letter"] == "third_party_disclosure"
    ]
    assert len(told) == 2
    builder = next(text for text in told if "某市安筑房屋鉴定有限公司" in text)
    neighbour = next(text for text in told if "顾明远" in text)
    assert "2026年10月12日" in builder
    assert "报告含有本公司的商业秘密" in builder
    assert "2026年10月13日" in neighbour
    assert "不同意公开" in neighbour
    assert "商业秘密" not in neighbour
    assert "顾某甲" not in neighbour  # the name for clocks and records


def test_a_sheet_is_signed_by_who_decided_at_each_level(player):
    """The approval and the secrecy sheet named nobody and no day."""
    player.procedure = "review_and_approval"
    played(player, worked("alone", "按分工责任表送审，两级同意，网上发布", player.procedure))
    text = player.letter("approval_sheet")
    for title in ("科室经办人", "科室负责人", "信息公开专员", "分管领导", "主要领导"):
        assert f"{title}）　2026年3月2日" in text, title
    assert "市容环卫科科室负责人" in text
    player.procedure = "confidentiality_review"
    played(player, worked("alone", "不能确定，10个工作日内报请确定", player.procedure))
    text = player.letter("secrecy_sheet")
    assert text.count("保密审查员（保密审查员）") == 3  # reviewed, referred, answered
    assert "主管副局长（主管副局长）" in text


def test_the_file_of_a_request_holds_its_sheets_once_each(player):
    """The sheets were issued only where review and approval ran alone: a leader found none in the file of a request."""
    played(player, worked("returned", "分管领导退回，重新拟定"))
    review = player.letter("secrecy_sheet")
    assert "柳岸新村征收补偿" in review
    assert "依申请公开" in review
    assert "信息公开专员（信息公开专员）　2026年" in review  # who sent it for review
    approval = player.letter("approval_sheet")
    assert "信息公开审批表" in approval
    assert "予以公开" in approval
    assert "房屋安全管理科：可以公开。" in approval
    assert "（主要领导）　2026年" in approval
    assert "发布栏目" not in approval
    with UnitOfWork(player.env.database, writing=False) as uow:
        issued = [
            one["letter"] for one in document_store.case_documents(uow.connection, player.case)
        ]
    assert issued.count("secrecy_sheet") == issued.count("approval_sheet") == 1


def test_who_works_in_a_called_process_stands_at_its_call_and_sees_the_opinion_before_his(player):
    """The path said ``second_review（现在）``, and the reviewer was not told what the section had concluded."""
    run = worked("plain", "当面提交，按时答复")
    until = next(n for n, act in enumerate(run.steps) if act.value == ["second_review"])
    for act in run.steps[:until]:
        player.play(act.word, act.value)
    [item] = player.open_items()
    page = queries.task_page(player.env, player.actor("secrecy_reviewer"), item["id"])
    assert ("保密审查", "now") in page.diagram.path
    assert page.diagram.progress["secrecy"]["state"] == "now"
    assert "second_review" not in page.diagram.progress
    assert page.values["shown_first_result"] == "可以公开"
    assert not page.source_documents
    assert {one.title for one in page.letters} == {
        "登记回执",
        "政府信息公开申请登记表",
        "政府信息公开申请分办单",
    }


def test_who_stands_in_for_somebody_signs_for_him(player):
    player.procedure = "review_and_approval"
    run = worked("alone", "按分工责任表送审，两级同意，网上发布", player.procedure)
    until = next(n for n, act in enumerate(run.steps) if act.value == ["approve"])
    for act in run.steps[:until]:
        player.play(act.word, act.value)
    with UnitOfWork(player.env.database, writing=True) as uow:
        person = accounts.add_person(uow.connection, login="he", name="何苗")
        accounts.add_post(
            uow.connection, person, Post("director", None, "director"), date(2020, 1, 1)
        )
        uow.commit()
    [item] = player.open_items()
    commands.complete_task(player.env, player.actor("he"), item["id"], {"approve_result": "agree"})
    assert "何苗（代主要领导，主要领导）　2026年3月2日" in player.letter("approval_sheet")


def test_a_proof_of_service_names_the_letter_that_was_served(player):
    """Every one said 政府信息公开告知书, whatever letter it went with."""
    path = PROCESSES / "on_request/scenarios/outcomes.yaml"
    runs = read_scenario(path.read_bytes(), path.name).runs
    refusal = next(one for one in runs if "reply_refusal" in str(one.steps))
    played(player, refusal)
    text = player.letter("proof_of_service")
    assert "不予公开告知书" in text
    assert "某城执公开〔2026〕第1号—不公" in text


def test_who_agreed_to_an_extension_and_approved_the_reply_is_recorded(player):
    """The explanation named whoever recorded the fact."""
    played(player, worked("extension", "经同意延长10个工作日，告知申请人"))
    with UnitOfWork(player.env.database, writing=False) as uow:
        facts = {one["kind"]: one["fields"] for one in cases.events(uow.connection, player.case)}
    assert facts["extension_approved"]["approved_by"] == "办公室主任（办公室主任）"
    assert "负责人办公室主任（办公室主任）同意，答复期限延长10个工作日" in player.letter(
        "extension"
    )
    played(player, worked("plain", "当面提交，按时答复"))
    with UnitOfWork(player.env.database, writing=False) as uow:
        facts = {one["kind"]: one["fields"] for one in cases.events(uow.connection, player.case)}
    assert facts["reply_sent"]["approved_by"] == "主要领导（主要领导）"
    said = " ".join(one.text for one in player.file().clock("reply").explanation)
    assert f"{facts['reply_sent']['approved_on']}经主要领导（主要领导）批准" in said


def test_a_fee_that_was_paid_says_how_much(player):
    """``fee_paid`` named no amount, though whoever reads the facts asks for it."""
    played(player, worked("fee", "按件计收，缴清后期限重新计算"))
    with UnitOfWork(player.env.database, writing=False) as uow:
        facts = {one["kind"]: one["fields"] for one in cases.events(uow.connection, player.case)}
    told, paid = facts["fee_notice_received"]["amount_yuan"], facts["fee_paid"]["amount_yuan"]
    assert told == paid > 0


def test_those_who_draft_read_which_section_said_what(player):
    run = worked("sections", "两个科室各有期限，都提交了再研究")
    until = next(n for n, act in enumerate(run.steps) if act.value == ["examine"])
    for act in run.steps[: until + 1]:
        player.play(act.word, act.value)
    [item] = player.open_items()
    page = queries.task_page(player.env, player.actor("disclosure_officer"), item["id"])
    assert (
        page.values["shown_search"]
        == "房屋安全管理科：查阅2019年至2021年征收补偿卷宗。；计划财务科：查阅2021年补偿款支付凭证。"
    )


def test_a_wrong_receipt_date_is_superseded_and_both_dates_are_shown(player):
    """A date typed wrong at registration could not be corrected by anybody."""
    played(player, worked("corrected_facts", "收到日期登记错了，更正以后答复期限随之推算"))
    with UnitOfWork(player.env.database, writing=False) as uow:
        facts = cases.events(uow.connection, player.case)
        rows = cases.case_clocks(uow.connection, [player.case])[player.case]
        case = cases.load(uow.connection, player.case)
    signed = [one for one in facts if one["kind"] == "signed"]
    assert [str(one["day"]) for one in signed] == ["2026-03-02", "2026-03-09", "2026-03-06"]
    assert [one["supersedes"] for one in signed] == [None, signed[0]["id"], signed[1]["id"]]
    assert signed[1]["fields"]["evidence"] == "邮件签收单EMS1234567890"
    assert {row["clock"]: str(row["due"]) for row in rows}["reply"] == "2026-04-03"
    explained = [one.text for one in player.file().clock("reply").explanation]
    assert set(explained[:2]) == {
        "收到申请：原记载2026-03-02，更正为2026-03-09（签收单上为3月9日）",
        "收到申请：原记载2026-03-09，更正为2026-03-06（再核对，邮局查单为3月6日）",
    }
    assert explained[-1].startswith("2026-04-03 周五；更正前为2026-03-30")
    assert case.fields["signed_on"] == "2026-03-02"  # what was typed stays as it was typed


def test_a_form_for_one_of_several_parties_names_it_and_begins_empty(player):
    """The second party's form named nobody and began with what the first party had said."""
    name = "两个第三方都没有同意，仍决定公开，各自的告知书写各自的意见"
    run = worked("third_party", name)
    first = next(n for n, act in enumerate(run.steps) if "refuse_reasoned" in str(act.value))
    for act in run.steps[: first + 1]:
        player.play(act.word, act.value)
    item = next(one for one in player.open_items() if one["activity_id"] == "third_opinion")
    page = queries.task_page(player.env, player.actor("disclosure_officer"), item["id"])
    assert page.names["item"]["name"] == "顾某甲"
    assert "opinion_text" not in page.values


def text_of(docx: bytes) -> str:
    """Return the words of a Word file, paragraph after paragraph."""
    return "\n".join(one.text for one in Document(io.BytesIO(docx)).paragraphs)
