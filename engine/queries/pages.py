"""What each screen shows, as values: the contract between the engine's queries and the web.

A page is filled by a query and drawn by a template; it holds plain values and no behaviour that decides
anything. Legal days are dates, instants are aware datetimes in UTC. Texts that the office wrote (labels,
names of steps, articles) come as they stand in ``processes/``; sentences of the screen are the web's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from engine.bpmn.model import Button
from engine.commands.taking_back import Taking
from engine.office_functions import Functions

Group = Literal["urgent", "soon", "running", "held"]  # of a list, set apart by space
ClockState = Literal["late", "today", "soon", "run", "held", "waiting", "stopped", "none"]


@dataclass(frozen=True)
class Today:
    """The server's day: shown on every page, since browser clocks are wrong."""

    date: date
    is_working_day: bool
    day_name: str | None  # name of the holiday or make-up day


@dataclass(frozen=True)
class ClockView:
    """One statutory clock of a case, ready to be said in words."""

    clock_id: str
    title: str
    article: str
    state: ClockState
    left: int | None  # working days left, 0 on the due day, negative when late
    due: date | None
    original: date | None
    provisional: bool
    party: str | None = None
    still: str = ""  # what it stands still or waits for, as the diagram titles it (等待补正)


@dataclass(frozen=True)
class CalcRow:
    """One row of the calculation table: what, when, how it counts, article, due date after it."""

    what: str
    dates: Sequence[tuple[date, str]]  # (date, word behind it such as 发出; may be "")
    text: str
    article: str
    due: date | None
    evidence: str = ""
    is_result: bool = False


@dataclass(frozen=True)
class RulerCell:
    """One day of the day ruler."""

    date: date
    kind: Literal["start", "counted", "ahead", "out", "off", "late"]
    label: str = ""  # 班, or the name of a holiday (on its middle day)


@dataclass(frozen=True)
class RulerMark:
    """A named day above the ruler."""

    date: date
    text: str
    style: Literal["", "soon", "duelab"] = ""


@dataclass(frozen=True)
class RulerBracket:
    """A counted or uncounted stretch under the ruler."""

    first: date
    last: date
    text: str


@dataclass(frozen=True)
class Ruler:
    """The whole day ruler; ``summary`` says it in one sentence for those who cannot see it."""

    cells: Sequence[RulerCell]
    marks: Sequence[RulerMark]
    brackets: Sequence[RulerBracket]
    today: date
    due: date | None
    summary: str


@dataclass(frozen=True)
class Calculation:
    """How a due date came about."""

    clock: ClockView
    rows: Sequence[CalcRow]
    ruler: Ruler | None
    basis: str  # 条例第三十三条 · 日历 2026 版 …
    today: date


@dataclass(frozen=True)
class DiagramView:
    """The drawing of the case's version, and where the case has been and is.

    ``progress``: element or flow id -> {"order": first visit's number, "count": visits,
    "state": taken | now | skipped}.
    ``path``: names of the steps taken in order, the present one marked, then those ahead.
    """

    xml_url: str
    progress: Mapping[str, Mapping[str, object]]
    path: Sequence[tuple[str, Literal["taken", "now", "ahead"]]]


@dataclass(frozen=True)
class InboxRow:
    """One row of a list of cases or tasks."""

    case_id: str
    number: str
    subject: str
    kind: str  # applicant kind, or the procedure's own word; "" when the viewer may not know
    step: str
    holders: Sequence[str]
    is_mine: bool  # I can act on it now
    clock: ClockView | None  # the nearest legal limit
    due_word: str  # "" for the reply, else what falls due (补正告知)
    task_id: str | None
    verb: str  # what I press, or what is waited for (等待审批)
    priority_group: Group
    is_offered: bool = False  # to my post, and taken by nobody
    step_due: date | None = None  # the internal limit of the step, the earliest of several


@dataclass(frozen=True)
class Inbox:
    """The inbox page."""

    today: Today
    tab: str
    tabs: Sequence[tuple[str, str, int | None]]  # (key, word, count)
    counts: Mapping[str, int]  # late, today, soon, run, held, waiting
    rows: Sequence[InboxRow]
    total: int
    may_start: Sequence[tuple[str, str]]  # (procedure key, its verb such as 登记申请)
    next_due: InboxRow | None
    search: str = ""
    filter: str = ""
    followed: int = 0  # of the rows: my cases that wait for somebody else
    as_of: datetime | None = None  # when it was read; later arrivals are told, rows never move


@dataclass(frozen=True)
class Fact:
    """A labelled value; ``personal`` values are masked already, ``reveal`` names the field to unmask."""

    label: str
    value: str
    reveal: str | None = None
    note: str = ""
    url: str | None = None


@dataclass(frozen=True)
class DocumentView:
    """An uploaded or issued document."""

    document_id: str
    title: str
    sub: str  # number, date, pages
    url: str


@dataclass(frozen=True)
class TimelineEntry:
    """One act of the case, newest first: who did what; ``held`` stands at the right."""

    at: datetime
    day: date
    sentence: str  # plain text
    strong: str  # the part of the sentence to print bold; "" for none
    held: str = ""


@dataclass(frozen=True)
class Check:
    """One computed check before a decision leaves the office."""

    ok: bool | None  # None: a note
    text: str
    url: str | None = None


@dataclass(frozen=True)
class Duty:
    """One open work item or sub-limit with its holder."""

    title: str
    clock: ClockView | None
    note: str
    word: str = ""  # 已提供, 已收回: when nothing runs
    is_current: bool = False


@dataclass(frozen=True)
class CaseHead:
    """What every page of a case shows on top."""

    case_id: str
    number: str
    procedure: str
    subject: str
    kind: str
    step: str
    holders: Sequence[str]
    state: Literal["open", "closed", "incident"]
    clock: ClockView | None
    note: str = ""
    procedure_key: str = ""
    version: int = 0  # of the procedure, under which the case runs


@dataclass(frozen=True)
class ActionView:
    """A drawn event that waits and is offered as a button (撤回, 延期)."""

    wait_id: str
    label: str
    form_key: str | None
    allowed: bool
    why_not: str = ""


@dataclass(frozen=True)
class RelatedCase:
    """Another case that names this one, or that this one names; ``words`` say as what."""

    case_id: str
    number: str
    procedure: str
    subject: str
    words: str


@dataclass(frozen=True)
class TaskPage:
    """A task with its form."""

    today: Today
    head: CaseHead
    task_id: str
    name: str
    instruction: str  # the step's documentation: what is to be decided
    due: ClockView | None  # the limit that binds this step
    clocks: Sequence[ClockView]
    ruler: Ruler | None
    diagram: DiagramView
    form: object  # engine.forms.Form
    values: Mapping[str, object]  # draft, default or what the case knows
    source_text: str
    source_facts: Sequence[Fact]
    source_documents: Sequence[DocumentView]  # what was handed in and uploaded
    letters: Sequence[DocumentView]
    button: str
    then: str
    idempotency_key: str
    version: str
    may_act: bool
    why_not: str
    draft_saved_at: datetime | None = None
    holder: str = ""  # who has taken it; "" while it is offered to everybody in the post
    may_claim: bool = False
    may_release: bool = False
    names: Mapping[str, object] = field(default_factory=dict)  # what conditions see of the case
    functions: Functions = field(default_factory=dict)  # what they may call
    looks: Mapping[str, Sequence[str]] = field(default_factory=dict)  # as of ``StartPage``
    buttons: Sequence[Button] = ()  # instead of ``button`` where the answers say so
    related: Sequence[RelatedCase] = ()


@dataclass(frozen=True)
class StartPage:
    """The first step of a case that does not exist yet; nothing is stored before it is submitted."""

    today: Today
    procedure_key: str
    procedure: str
    name: str
    instruction: str
    form: object
    values: Mapping[str, object]
    button: str
    then: str
    idempotency_key: str
    names: Mapping[str, object] = field(default_factory=dict)
    functions: Functions = field(default_factory=dict)  # what conditions may call
    # Personal values that it shows in full, {number of the case that they are of: questions}; the trail is told.
    looks: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ActionPage:
    """The form of a drawn event that waits and is offered as a button of the case."""

    today: Today
    head: CaseHead
    wait_id: str
    name: str
    form: object
    values: Mapping[str, object]
    button: str
    idempotency_key: str
    names: Mapping[str, object] = field(default_factory=dict)
    functions: Functions = field(default_factory=dict)
    looks: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class CasePage:
    """The case page."""

    today: Today
    head: CaseHead
    tasks: Sequence[tuple[str, str, bool]]  # (task id, verb, may act)
    then: str
    actions: Sequence[ActionView]
    diagram: DiagramView
    calculation: Calculation | None
    other_clocks: Sequence[ClockView]
    facts: Sequence[tuple[str, Sequence[Fact]]]  # (heading, facts): submitted forms in order
    timeline: Sequence[TimelineEntry]
    checks: Sequence[Check]
    duties: Sequence[Duty]
    materials: Sequence[DocumentView]
    letters: Sequence[DocumentView]
    incidents: Sequence[IncidentView] = field(default_factory=tuple)
    taking_back: Taking | None = None  # the reader's own last step, where nobody went on
    related: Sequence[RelatedCase] = ()
    may_correct: bool = False  # it is closed, and the actor may correct a wrong date in it


@dataclass(frozen=True)
class IncidentView:
    """A failure that awaits a person."""

    incident_id: str
    element: str
    sentence: str
    at: datetime
    may_retry: bool


@dataclass(frozen=True)
class CaseList:
    """All cases one may see, searched and paged."""

    today: Today
    rows: Sequence[InboxRow]
    total: int
    search: str
    state: str
    only: Mapping[str, str] = field(default_factory=dict)  # what the list is narrowed to, by name
    only_words: str = ""


@dataclass(frozen=True)
class AuditRow:
    """One audit event in a sentence."""

    seq: int
    at: datetime
    who: str
    role: str
    act: str
    object: str
    object_url: str | None
    change: str
    reason: str
    result: Literal["done", "denied", "failed"]
    hash: str
    detail: Sequence[tuple[str, str, str]] = ()  # (field, before, after)
    source: str = ""  # the network address, "" for what the system did


@dataclass(frozen=True)
class SimulatorFacts:
    """The facts of one procedure, (kind, words) each, in the order of a case's life."""

    procedure: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SimulatorOptions:
    """What the simulator offers: (value, words) each; ``numbers`` names the field of facts that carry a number of days."""

    clocks: Sequence[tuple[str, str]]
    channels: Sequence[tuple[str, str]]
    facts: Sequence[SimulatorFacts]
    numbers: Mapping[str, str]


@dataclass(frozen=True)
class AuditPage:
    """Events, filtered, with the state of the chain."""

    today: Today
    rows: Sequence[AuditRow]
    total: int
    chain_ok: bool | None
    chain_sentence: str
    people: Sequence[tuple[str, str]]
    kinds: Sequence[tuple[str, str]]
    filters: Mapping[str, str]
    tabs: Sequence[tuple[str, str]] = ()
    group: str = ""
    code: str = ""  # over the hashes of the rows shown: printed on the sheet
    checkpoint: str = ""  # the end of the trail as a line to be kept elsewhere: instant, rows, hash
    kept_sentence: str = ""  # when such a line was written outside the machine last
    may_export: bool = False
    hidden_sign_ins: int = 0  # sign-ins that the list leaves out


@dataclass(frozen=True)
class VersionView:
    """A deployed version of a procedure."""

    number: int
    deployed_at: datetime
    deployed_by: str
    reason: str
    in_force: bool
    hash: str
    open_cases: int
    from_day: date | None = None  # 施行日期
    waits: bool = (
        False  # its date in force has not come yet, and no newer version has taken its place
    )


@dataclass(frozen=True)
class ProcedureRow:
    """A procedure in the list: the version in force and whether its folder waits to be put into force."""

    key: str
    title: str
    versions: Sequence[VersionView]
    changed: bool
    open_cases: int
    is_office: bool = False
    is_missing: bool = False  # the folder is not on disk any more


@dataclass(frozen=True)
class PublishedRules:
    """A published text of a procedure's rules, by its index number in the catalogue."""

    index: str
    number: (
        int | None
    )  # of the version that it says; None: an earlier one, the new text is under review
    overtaken: bool  # a newer version is in force


@dataclass(frozen=True)
class ProcedureView:
    """A procedure with its versions, and the changed folder that waits, if one does."""

    key: str
    title: str
    versions: Sequence[VersionView]
    changed: bool
    findings: Sequence[object]  # engine.bpmn findings of the changed folder
    differences: Sequence[object]  # engine.queries.changes.Change
    open_cases: int
    xml_url: (
        str  # of the changed folder where there is one, else of the version in force; "" for none
    )
    is_office: bool = False
    is_missing: bool = False
    marks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    steps: Sequence[str] = ()  # names of the steps in the order of the drawing
    stranded: Sequence[
        tuple[str, int]
    ] = ()  # steps that the folder no longer has: (name, open cases)
    published_rules: Sequence[PublishedRules] = ()


@dataclass(frozen=True)
class VersionPage:
    """One version: what it holds, and how it differs from another."""

    key: str
    title: str
    version: VersionView
    numbers: Sequence[int]  # all versions, newest first
    against: int | None  # the version it is compared with
    differences: Sequence[object]
    marks: Mapping[str, Mapping[str, object]]
    xml_url: str
    steps: Sequence[str]
    waiting: Sequence[tuple[str, int]]  # (step, open cases that stand there)
    limits: Sequence[tuple[str, str, str]]  # (title, length in words, article)
    files: Sequence[tuple[str, int]]  # (path, bytes)


@dataclass(frozen=True)
class Account:
    """A person as the sign-in page and the top bar show them."""

    login: str
    name: str
    title: str  # 信息公开专员, 房屋安全管理科


@dataclass(frozen=True)
class Shell:
    """What surrounds every page of a signed-in person."""

    today: Today
    bureau: str
    account: Account
    rail: Sequence[tuple[str, str, int | None, str]]  # (endpoint key, word, count, url)
    is_demo: bool
    large_text: bool = False
    high_contrast: bool = False
    alerts: Sequence[str] = ()
    notices: int = 0  # reminders that the person has not looked at
    banners: Sequence[str] = ()  # those told above every page until then, newest first
