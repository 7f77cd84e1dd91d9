"""The inbox and the list of cases: what is legally next comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from engine.access import Allowed, can, visibility
from engine.environment import Environment
from engine.identity import Actor
from engine.queries.activities import button_label
from engine.queries.clocks import group_of, nearest, urgency
from engine.queries.common import People, holder_of, today_of
from engine.queries.narrowing import Narrowing
from engine.queries.pages import CaseList, Inbox, InboxRow
from engine.store import cases as case_store
from engine.store import figures, lists
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say

PAGE = 50


def inbox(
    env: Environment, actor: Actor, tab: str = "mine", search: str = "", only: str = ""
) -> Inbox:
    """Return the inbox.

    Args:
        tab: ``mine`` (what I can do, and open cases of mine that wait for others), ``unit`` (open cases
            I may read), ``unclaimed`` (offered to my post, taken by nobody), ``done``.
        search: part of a number, a subject, a step or of who holds it.
        only: one of the clock states, to see just those.
    """
    rules = env.institution().rules
    day = legal_day(env.time.now())
    posts = [(post.role, post.unit) for post in actor.posts]
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        people = People.read(connection, day)
        mine = [
            dict(row) for row in lists.my_items(connection, posts, actor.person_id, actor.login)
        ]
        followed = lists.my_cases(connection, actor.person_id, status="open")
        seen = visibility(rules, actor)
        readable = lists.open_cases(connection, seen)
        done = lists.my_cases(connection, actor.person_id, status="closed", limit=100)
        wanted = {row["case_id"] for row in mine}
        wanted |= {row["id"] for row in [*followed, *readable]}
        clocks = case_store.case_clocks(connection, sorted(wanted))
        items = [dict(row) for row in lists.open_items_of(connection, sorted(wanted))]
    shown = _Rows(env, actor, people, day, clocks, items)
    mine_rows = shown.of_items(mine)
    waiting = shown.of_cases(
        [row for row in followed if row["id"] not in {m["case_id"] for m in mine}]
    )
    rows_by_tab: dict[str, list[InboxRow]] = {
        "mine": [*mine_rows, *waiting],
        "unit": shown.of_cases(readable),
        "unclaimed": shown.of_items([row for row in mine if not row["assignee"]]),
        "done": shown.closed(done),
    }
    rows = _sorted(rows_by_tab.get(tab, rows_by_tab["mine"]))
    counts = dict.fromkeys(("late", "today", "soon", "run", "held", "waiting"), 0)
    for row in rows:
        if row.clock and row.clock.state in counts:
            counts[row.clock.state] += 1
    if search:
        rows = [
            row
            for row in rows
            if any(search in text for text in (row.number, row.subject, row.step, *row.holders))
        ]
    if only:
        rows = [row for row in rows if row.clock and row.clock.state == only]
    return Inbox(
        today=today_of(env),
        tab=tab if tab in rows_by_tab else "mine",
        tabs=(
            ("mine", say("我的"), len(mine_rows)),  # as the rail counts: what waits for me
            (
                "unit",
                say("本科室") if not seen.everything else say("全部在办"),
                len(rows_by_tab["unit"]),
            ),
            ("unclaimed", say("待签收"), len(rows_by_tab["unclaimed"])),
            ("done", say("已办"), None),
        ),
        counts=counts,
        rows=rows,
        total=len(rows),
        followed=0 if tab in rows_by_tab and tab != "mine" else len(waiting),
        may_start=may_start(env, actor),
        next_due=next(iter(_sorted(rows_by_tab["unit"])), None),
        search=search,
        filter=only,
        as_of=env.time.now(),
    )


def arrivals(env: Environment, actor: Actor, since: datetime) -> int:
    """Return how many tasks were offered to the actor after an instant and are still open."""
    posts = [(post.role, post.unit) for post in actor.posts]
    with UnitOfWork(env.database, writing=False) as uow:
        rows = lists.my_items(uow.connection, posts, actor.person_id, actor.login)
    return sum(row["opened_at"] > since for row in rows)


def may_start(env: Environment, actor: Actor) -> list[tuple[str, str]]:
    """Return the procedures that the actor may start: (key, words of the button)."""
    found = []
    for key, version_id in env.procedures_in_force().items():
        start = env.deployed(version_id).procedure.start
        if start and isinstance(
            can(env.institution().rules, actor, "case.start", start.roles), Allowed
        ):
            found.append((key, start.label))
    return sorted(found, key=lambda pair: (pair[0] != "on_request", pair[0]))


def _sorted(rows: Sequence[InboxRow]) -> list[InboxRow]:
    return sorted(rows, key=lambda row: urgency(row.clock, row.number))


class _Rows:
    """Makes rows of work items and of cases."""

    def __init__(
        self,
        env: Environment,
        actor: Actor,
        people: People,
        day: date,
        clocks: Mapping[str, Sequence[Mapping[str, Any]]],
        items: Sequence[Mapping[str, Any]],
    ) -> None:
        self.env, self.actor, self.people, self.day, self.clocks = env, actor, people, day, clocks
        self.items: dict[str, list[Mapping[str, Any]]] = {}
        for item in items:
            self.items.setdefault(item["case_id"], []).append(item)

    def of_items(self, items: Sequence[Mapping[str, Any]]) -> list[InboxRow]:
        """Rows of tasks that I can do."""
        return [
            self._row(
                case_id=item["case_id"],
                number=item["number"],
                subject=item["subject"],
                kind=item["case_kind"],
                version=item["case_version"],
                step=item["name"],
                holders=[say("我")],
                is_mine=True,
                task_id=item["id"],
                verb=button_label(self.env, item["case_version"], item),
                is_offered=not item["assignee"],
                step_due=item["due_on"],
            )
            for item in items
        ]

    def of_cases(self, rows: Sequence[Mapping[str, Any]]) -> list[InboxRow]:
        """Rows of cases, with who holds them and what is waited for."""
        return [self._of_case(row) for row in rows]

    def _of_case(self, row: Mapping[str, Any]) -> InboxRow:
        items = self.items.get(row["id"], [])
        steps = list(dict.fromkeys(item["name"] for item in items))
        holders = list(dict.fromkeys(holder_of(self.env, self.people, item) for item in items))
        step = "、".join(steps[:2])
        return self._row(
            case_id=row["id"],
            number=row["number"],
            subject=row["subject"],
            kind=row["kind"],
            version=row["version_id"],
            step=step or say("等待"),
            holders=holders,
            is_mine=False,
            task_id=None,
            verb=_awaited(step),
            step_due=min((item["due_on"] for item in items if item["due_on"]), default=None),
        )

    def closed(self, rows: Sequence[Mapping[str, Any]]) -> list[InboxRow]:
        """Rows of closed cases."""
        return [
            InboxRow(
                case_id=row["id"],
                number=row["number"],
                subject=row["subject"],
                kind=row["kind"],
                step=say("已办结"),
                holders=[],
                is_mine=False,
                clock=None,
                due_word="",
                task_id=None,
                verb=say("查看"),
                priority_group="held",
            )
            for row in rows
        ]

    def _row(self, *, version: str, case_id: str, **values: Any) -> InboxRow:
        clock, word = nearest(self.env, version, self.clocks.get(case_id, ()), self.day)
        return InboxRow(
            case_id=case_id,
            clock=clock,
            due_word=word,
            priority_group=group_of(clock),
            **values,
        )


def case_list(
    env: Environment,
    actor: Actor,
    search: str = "",
    status: str = "",
    page: int = 1,
    only: Mapping[str, str] | None = None,
) -> CaseList:
    """Return the cases that the actor may read, a page of them: open ones the most urgent first, others newest first.

    Args:
        only: narrows the list as the figures of the statistics do (``engine.queries.narrowing``).
    """
    day = legal_day(env.time.now())
    seen = visibility(env.institution().rules, actor)
    narrowed = Narrowing.of(env, seen, only or {}, status)
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        people = People.read(connection, day)
        if narrowed.chosen.status == "open":
            found = [
                dict(row) for row in narrowed.open_cases(connection, day) if _matches(row, search)
            ]
            rows, total = found[(max(1, page) - 1) * PAGE :][:PAGE], len(found)
        else:
            rows, total = case_store.find(
                connection,
                visible=figures.condition(narrowed.chosen),
                search=search[:100],
                limit=PAGE,
                offset=(max(1, page) - 1) * PAGE,
            )
        ids = [row["id"] for row in rows]
        posts = [(post.role, post.unit) for post in actor.posts]
        mine = lists.my_items(connection, posts, actor.person_id, actor.login)
        clocks = case_store.case_clocks(connection, ids)
        items = [dict(row) for row in lists.open_items_of(connection, ids)]
    shown = _Rows(env, actor, people, day, clocks, items)
    made = []
    for row in rows:
        own = [item for item in mine if item["case_id"] == row["id"]]
        if row["status"] != "open":
            made += shown.closed([row])
        elif own:
            made += shown.of_items(own[:1])
        else:
            made += shown.of_cases([row])
    return CaseList(today_of(env), made, total, search, status, narrowed.only, narrowed.words(env))


def _matches(row: Mapping[str, Any], search: str) -> bool:
    return search in row["number"] or search in row["subject"]


def _awaited(step: str) -> str:
    """Say what is waited for: 等待审批; a step that is a wait by its name says it itself (等待意见)."""
    if step.startswith("等待"):
        return step
    return say("等待{step}", step=step) if step else say("等待")
