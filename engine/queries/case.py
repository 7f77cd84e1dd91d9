"""The case page: where it stands, why the date is the date, who holds it, everything that happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from engine.access import ActionFacts, Refused, can
from engine.commands.taking_back import to_take_back
from engine.deployed import Deployed
from engine.environment import Environment
from engine.forms import Form
from engine.forms.schema import Field
from engine.identity import Actor
from engine.personal import masked, sees_personal
from engine.queries import sentences
from engine.queries.activities import activity_of, button_label
from engine.queries.calculation import head_calculation
from engine.queries.clocks import state_of, view_of
from engine.queries.common import holder_of, today_of
from engine.queries.diagram import diagram_of
from engine.queries.opened import Opened, head_of, open_case
from engine.queries.pages import (
    ActionView,
    Calculation,
    CasePage,
    ClockView,
    DocumentView,
    Duty,
    Fact,
    IncidentView,
    TimelineEntry,
)
from engine.queries.references import links_of, related_cases
from engine.sealing import holds_sealed, withheld
from engine.store import audit as trail
from engine.store import awaited, cases
from engine.store import documents as document_store
from engine.store import incidents as incident_store
from engine.store.cases import CaseRow
from engine.stored_case import case_facts, task_facts
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import AsIs, label_of, listed, say


def case_page(env: Environment, actor: Actor, case_id: str) -> CasePage:
    """Return the case page.

    Raises:
        NotFound: there is none, or none that the actor may know of.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        opened = open_case(env, actor, case_id, connection)
        events = list(trail.rows(connection, case_id=case_id))
        history = cases.case_history(connection, case_id)
        documents = document_store.case_documents(connection, case_id)
        waits = awaited.case_waits(connection, case_id)
        incidents = incident_store.incidents(connection, case_id)
        tasks = [_task(env, actor, opened, item) for item in opened.open_items]
        facts = case_facts(connection, case_id)
        taking_back = to_take_back(connection, actor, opened.case)
        related = related_cases(env, connection, actor, case_id, versions_of(opened.case))
    head = head_of(env, opened, bool(incidents))
    calculation = head_calculation(env, opened, head)
    return CasePage(
        today=today_of(env),
        head=head,
        tasks=[task for task in tasks if task[2]] + [task for task in tasks if not task[2]],
        then=_then(env, opened, tasks),
        actions=[
            action
            for wait in waits
            if (action := _action(env, actor, opened.deployed, wait, facts)) is not None
        ],
        diagram=diagram_of(env, opened, history),
        calculation=calculation,
        other_clocks=other_clocks(env, opened, calculation),
        facts=submitted_facts(env, actor, opened, history, links_of(related)),
        timeline=timeline(env, opened, events),
        checks=(),
        duties=_duties(env, opened),
        materials=[document_view(row) for row in documents if row["kind"] == "upload"],
        letters=[document_view(row) for row in documents if row["kind"] == "letter"],
        incidents=[
            IncidentView(
                row["id"],
                sentences.Names.of(env, opened.case).activity(row["element"]),
                row["sentence"],
                row["created_at"],
                can(env.institution().rules, actor, "incidents.retry").ok,
            )
            for row in incidents
        ],
        taking_back=taking_back,
        related=related,
        may_correct=opened.case.status == "closed"
        and can(env.institution().rules, actor, "facts.correct").ok,
    )


def versions_of(case: CaseRow) -> list[str]:
    """Return the versions that a case runs under: its own, and those of what it calls."""
    return [case.version_id, *case.called_versions.values()]


def _task(
    env: Environment, actor: Actor, opened: Opened, item: Mapping[str, Any]
) -> tuple[str, str, bool]:
    allowed = can(env.institution().rules, actor, "task.complete", task_facts(opened.case, item))
    label = button_label(env, opened.case.version_id, item, opened.case.called_versions)
    return item["id"], label, allowed.ok


def _then(env: Environment, opened: Opened, tasks: Sequence[tuple[str, str, bool]]) -> str:
    mine = next((task for task in tasks if task[2]), None)
    if mine is None:
        return ""
    item = next(item for item in opened.open_items if item["id"] == mine[0])
    activity = activity_of(env, opened.case.version_id, item, opened.case.called_versions)
    return str((activity.button or {}).get("then") or "") if activity else ""


def _action(
    env: Environment, actor: Actor, deployed: Deployed, wait: Mapping[str, Any], facts: Any
) -> ActionView | None:
    action = deployed.definition.actions.get(wait["activity_id"])
    if action is None:
        return None
    allowed = can(
        env.institution().rules, actor, "action.deliver", ActionFacts(action.group, facts)
    )
    why = say(allowed.sentence) if isinstance(allowed, Refused) else ""
    return ActionView(wait["wait"], action.label, action.form, allowed.ok, why)


def other_clocks(
    env: Environment, opened: Opened, calculation: Calculation | None
) -> list[ClockView]:
    """Return the clocks of the case besides the one that is explained, by date."""
    definitions = opened.deployed.clocks
    shown = (calculation.clock.clock_id, calculation.clock.party) if calculation else None
    views = [
        view_of(given, definitions[clock_id], env.institution(), opened.day)
        for (clock_id, party), given in opened.file.answers().items()
        if (clock_id, party) != shown
    ]
    return sorted(views, key=lambda view: (view.due or date.max, view.clock_id, view.party or ""))


def timeline(
    env: Environment, opened: Opened, events: Sequence[Mapping[str, Any]]
) -> list[TimelineEntry]:
    """Return the acts of the case, newest first, each in one line."""
    names = sentences.Names.of(env, opened.case)
    entries = []
    for row in reversed(events):
        if row["action"] in {"PersonalDataRead", "DocumentRead", "Refused", "DecisionEvaluated"}:
            continue
        said = sentences.told(row, names)
        entries.append(
            TimelineEntry(
                sentences.instant_of(row),
                sentences.day_of(row),
                said.sentence,
                said.strong,
                said.held,
            )
        )
    return entries


def submitted_facts(
    env: Environment,
    actor: Actor,
    opened: Opened,
    history: Sequence[Mapping[str, Any]],
    links: Mapping[str, str],
) -> list[tuple[str, list[Fact]]]:
    """Return the forms as they were submitted, oldest first: (step, facts); personal values masked.

    Args:
        links: {number of another case: its page}.
    """
    may_see = sees_personal(env, actor)
    names = sentences.Names.of(env, opened.case)
    shown = []
    for row in history:
        if not row["submission"] or not row["form"]:
            continue
        form = _form(env, opened, row["form"])
        if form is None:
            continue
        step = names.activity(row["activity_id"])
        facts = facts_of(env, form, row["submission"], may_reveal=may_see, links=links)
        if facts:
            shown.append(
                (f"{step}（{opened.people.name(row['actor'])}，{legal_day(row['at'])}）", facts)
            )
    return shown


def _form(env: Environment, opened: Opened, key: str) -> Form | None:
    if key in opened.deployed.procedure.forms:
        return opened.deployed.procedure.forms[key]
    for version_id in opened.case.called_versions.values():
        forms = env.deployed(version_id).procedure.forms
        if key in forms:
            return forms[key]
    return None


def facts_of(
    env: Environment,
    form: Form,
    values: Mapping[str, Any],
    *,
    may_reveal: bool,
    links: Mapping[str, str],
) -> list[Fact]:
    """Return a submission as labelled values; personal ones masked, and offered where one may see them."""
    facts = []
    name_of = env.institution().directory.name
    for one in form.fields:
        value = values.get(one.key)
        if value in (None, "", []):
            continue
        if holds_sealed(value):
            shown = masked(env, one.key, value) if may_reveal else withheld(value)
            words = _shown(one, shown, name_of) if shown is not None else ""
            if words:
                facts.append(Fact(one.label, AsIs(words), reveal=one.key if may_reveal else None))
        else:
            url = links.get(str(value)) if one.type == "case" else None
            facts.append(Fact(one.label, AsIs(_shown(one, value, name_of)), url=url))
    return facts


def _shown(field: Field, value: Any, name_of: Callable[[str], str]) -> str:
    if isinstance(value, bool):
        return say("是") if value else say("否")
    if field.is_person:
        return listed(name_of(str(one)) for one in (value if isinstance(value, list) else [value]))
    if field.type in {"choice", "choices"}:
        words = {option.value: label_of(option.label) for option in field.options}
        chosen = value if isinstance(value, list) else [value]
        return listed(words.get(str(one), str(one)) for one in chosen)
    if field.type == "table" and isinstance(value, list):
        return (
            say("；")
            .join(
                say("，").join(
                    f"{label_of(c.label)} {_shown(c, row[c.key], name_of)}"
                    for c in field.columns
                    if row.get(c.key) not in (None, "", [])
                )
                for row in value
            )
            .strip(say("；"))
        )
    if isinstance(value, list):
        return listed(_file_name(one) for one in value)
    if not field.unit:
        return str(value)
    return say("{n}{unit}", n=AsIs(value), unit=field.unit)


def _file_name(one: Any) -> str:
    """An uploaded file by its own name."""
    if isinstance(one, dict):
        return str(one.get("name") or one.get("id") or "")
    return str(one)


def _duties(env: Environment, opened: Opened) -> list[Duty]:
    duties = []
    calendar = env.institution().calendar
    for item in opened.open_items:
        used = calendar.working_days_between(legal_day(item["opened_at"]), opened.day)
        duties.append(
            Duty(
                title=f"{item['name']} · {holder_of(env, opened.people, item)}",
                clock=internal_limit(env, item, opened.day),
                note=say("{day} 开始，已用{n}个工作日", day=legal_day(item["opened_at"]), n=used),
                is_current=True,
            )
        )
    for item in reversed(opened.items):
        if item["status"] == "completed":
            used = calendar.working_days_between(
                legal_day(item["opened_at"]), legal_day(item["closed_at"])
            )
            duties.append(
                Duty(
                    title=f"{item['name']} · {opened.people.name(item['closed_by'])}",
                    clock=None,
                    note=say("{day} 办完，用{n}个工作日", day=legal_day(item["closed_at"]), n=used),
                    word=say("已办"),
                )
            )
    return duties[:8]


def internal_limit(env: Environment, item: Mapping[str, Any], day: date) -> ClockView | None:
    """Return the internal limit of a task as a clock of its own, None where it has none."""
    due = item["due_on"]
    if due is None:
        return None
    institution = env.institution()
    calendar = institution.calendar
    left = (
        calendar.working_days_between(day, due)
        if due >= day
        else -calendar.working_days_between(due, day)
    )
    state = state_of(left, institution.soon_days, past=day > due)
    return ClockView("task", say("内部时限"), "", state, left, due, due, provisional=False)


def document_view(row: Mapping[str, Any]) -> DocumentView:
    """Return a document as lists show it: its number, or the name of the file where that tells more than the title."""
    file = row["filename"] if row["filename"].rpartition(".")[0] != row["title"] else ""
    sub, day = row["letter_number"] or file, legal_day(row["created_at"])
    return DocumentView(
        row["id"],
        row["title"],
        f"{sub}，{day}" if sub else f"{day}",
        f"/documents/{row['id']}",
    )
