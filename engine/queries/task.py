"""The page of a task, and of the first step of a case that does not exist yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.access import ActionFacts, Refused, can
from engine.case_file import opening_names
from engine.commands.opening import first_form
from engine.commands.other_cases import OtherCases
from engine.commands.submitting import form_key
from engine.environment import Environment
from engine.errors import Denied, NotFound
from engine.forms import Form
from engine.identity import Actor
from engine.office_functions import Functions
from engine.personal import Unsealed, open_fields, sees_personal
from engine.queries.activities import activity_of
from engine.queries.answering import looks_at, resolved
from engine.queries.calculation import head_calculation
from engine.queries.case import document_view, facts_of, internal_limit, versions_of
from engine.queries.clocks import view_of
from engine.queries.common import today_of
from engine.queries.diagram import diagram_of
from engine.queries.opened import Opened, head_of, open_case
from engine.queries.pages import ActionPage, ClockView, Fact, StartPage, TaskPage
from engine.queries.references import links_of, related_cases
from engine.store import awaited, cases, drafts
from engine.store import documents as document_store
from engine.stored_case import case_facts, names_at, task_facts, task_form
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say


def task_page(env: Environment, actor: Actor, task_id: str) -> TaskPage:
    """Return a task with its form, its limits and what it is about.

    Raises:
        NotFound: no such task, or the actor may not know of its case.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        connection = uow.connection
        item = cases.work_item_row(connection, task_id)
        if item is None:
            raise NotFound("task", task_id)
        opened = open_case(env, actor, item["case_id"], connection)
        facts = task_facts(opened.case, item)
        allowed = can(env.institution().rules, actor, "task.complete", facts)
        draft = drafts.draft_row(connection, task_id, actor.person_id)
        documents = document_store.case_documents(connection, opened.case.id)
        history = cases.case_history(connection, opened.case.id)
        versions = versions_of(opened.case)
        related = related_cases(env, connection, actor, opened.case.id, versions)
    row = dict(item)
    deployed = opened.deployed
    form = task_form(env, deployed, opened.case, row) or Form.empty(row["name"])
    activity = activity_of(env, opened.case.version_id, row, opened.case.called_versions)
    button = dict((activity.button if activity else None) or {})
    names = Unsealed(
        env,
        names_at(env, deployed, opened.case, opened.file, row["token"]),
        opened=allowed.ok and sees_personal(env, actor),
    )
    others = OtherCases(env, actor)
    functions = others.functions(opened.file.functions)
    values = _values(opened, form, row, names, functions)
    looks = looks_at(values, {opened.case.number: names.texts, **others.looked})
    if draft is not None:
        values.update(open_fields(env, draft["values"]))
    clocks = _clocks(env, opened)
    binding = _binding(env, row, clocks, opened.day)
    head = head_of(env, opened)
    calculation = head_calculation(env, opened, head)
    return TaskPage(
        today=today_of(env),
        head=head,
        task_id=task_id,
        name=row["name"],
        instruction=activity.documentation if activity else "",
        due=binding,
        clocks=clocks,
        ruler=calculation.ruler if calculation else None,
        diagram=diagram_of(env, opened, history),
        form=resolved(form, today=opened.day, names=names, functions=functions, values=values),
        values=values,
        source_text=_source(opened),
        source_facts=_source_facts(env, actor, opened, history, links_of(related)),
        related=related,
        source_documents=[document_view(one) for one in documents if one["kind"] != "letter"],
        letters=[document_view(one) for one in documents if one["kind"] == "letter"],
        button=button.get("label") or row["name"],
        then=button.get("then") or "",
        buttons=activity.buttons if activity else (),
        idempotency_key=form_key(env, actor, task_id),
        version=opened.case.version_id,
        may_act=allowed.ok,
        why_not=say(allowed.sentence) if isinstance(allowed, Refused) else "",
        draft_saved_at=draft["saved_at"] if draft else None,
        holder=opened.people.name(row["assignee"]) if row["assignee"] else "",
        may_claim=allowed.ok and row["assignee"] is None,
        may_release=allowed.ok and can(env.institution().rules, actor, "task.release", facts).ok,
        names=names,
        functions=functions,
        looks=looks,
    )


def _clocks(env: Environment, opened: Opened) -> list[ClockView]:
    """The running clocks of the case, the nearest first."""
    institution = env.institution()
    views = [
        view_of(given, opened.deployed.clocks[clock_id], institution, opened.day)
        for (clock_id, _), given in opened.file.answers().items()
        if given.state in {"running", "waiting", "exceeded"}
    ]
    return sorted(views, key=lambda view: (view.due or date.max, view.clock_id))


def _binding(
    env: Environment, item: Mapping[str, Any], clocks: list[ClockView], day: date
) -> ClockView | None:
    """The limit that binds this step: its own, else the nearest statutory one."""
    return internal_limit(env, item, day) or next(iter(clocks), None)


def _values(
    opened: Opened,
    form: Form,
    item: Mapping[str, Any],
    names: Unsealed,
    functions: Functions,
) -> dict[str, Any]:
    """What the form shows before anybody has typed: what the case knows.

    A task of many (one section of several) does not begin with the answers of another; what is to be decided anew
    does not begin with the decision of the last time. Personal values are for who may see them.
    """
    values: dict[str, Any] = form.initial(today=opened.day, names=names, functions=functions)
    if not item["item"]:
        kept = {one.key for one in form.fields if not one.anew}
        known = {key: value for key, value in opened.case.fields.items() if key in kept}
        seen = {key: names.seen(key, value) for key, value in known.items()}
        values.update({key: value for key, value in seen.items() if value is not None})
    return values


def _source(opened: Opened) -> str:
    """What the case is about, in the applicant's own words, as the procedure names it."""
    source = opened.deployed.procedure.source
    if source is None:
        return opened.case.subject
    found = source.evaluate(opened.file.names(), opened.file.functions)
    return str(found or opened.case.subject)


def _source_facts(
    env: Environment, actor: Actor, opened: Opened, history: Any, links: Mapping[str, str]
) -> list[Fact]:
    """What was submitted first: who asks, how to reach them, how they want it."""
    may_see = sees_personal(env, actor)
    for row in history:
        form = opened.deployed.procedure.forms.get(row["form"] or "")
        if row["submission"] and form is not None:
            return facts_of(env, form, row["submission"], may_reveal=may_see, links=links)[:12]
    return []


def action_page(env: Environment, actor: Actor, case_id: str, wait_id: str) -> ActionPage:
    """Return the form of a drawn event that waits (``gk:action``), such as 撤回 or 延期.

    Raises:
        NotFound: nothing waits under that id. Denied: the actor's post may not do it.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        opened = open_case(env, actor, case_id, uow.connection)
        waits = awaited.case_waits(uow.connection, case_id)
        facts = case_facts(uow.connection, case_id)
    wait = next((row for row in waits if row["wait"] == wait_id), None)
    action = opened.deployed.definition.actions.get(wait["activity_id"]) if wait else None
    if action is None:
        raise NotFound("action", wait_id)
    allowed = can(
        env.institution().rules, actor, "action.deliver", ActionFacts(action.group, facts)
    )
    if isinstance(allowed, Refused):
        raise Denied(allowed.reason, allowed.sentence)
    form = opened.deployed.procedure.forms[action.form] if action.form else Form.empty(action.label)
    names = Unsealed(env, opened.file.names(), opened=sees_personal(env, actor))
    others = OtherCases(env, actor)
    functions = others.functions(opened.file.functions)
    values = form.initial(today=opened.day, names=names, functions=functions)
    return ActionPage(
        today=today_of(env),
        head=head_of(env, opened),
        wait_id=wait_id,
        name=action.label,
        form=resolved(form, today=opened.day, names=names, functions=functions, values=values),
        values=values,
        button=action.label,
        idempotency_key=form_key(env, actor, wait_id),
        names=names,
        functions=functions,
        looks=looks_at(values, {opened.case.number: names.texts, **others.looked}),
    )


def start_page(env: Environment, actor: Actor, procedure: str) -> StartPage:
    """Return the first step of a new case; nothing is stored before it is submitted.

    Raises:
        Denied: the actor may not start it. NotFound: no such procedure, or it does not begin with a form.
    """
    deployed = env.deployed(env.version_in_force(procedure))
    roles = deployed.procedure.start.roles if deployed.procedure.start else ()
    allowed = can(env.institution().rules, actor, "case.start", roles)
    if isinstance(allowed, Refused):
        raise Denied(allowed.reason, allowed.sentence)
    first = first_form(deployed)
    if first is None:
        raise NotFound("form", procedure)
    activity_id, form = first
    activity = deployed.definition.activities[activity_id]
    button = dict(activity.button or {})
    day = legal_day(env.time.now())
    institution = env.institution()
    others = OtherCases(env, actor)
    names, functions = opening_names(institution), others.functions(institution.functions(day))
    values = form.initial(today=day, names=names, functions=functions)
    return StartPage(
        today=today_of(env),
        procedure_key=procedure,
        procedure=deployed.procedure.title,
        name=activity.name,
        instruction=activity.documentation,
        form=resolved(form, today=day, names=names, functions=functions, values=values),
        values=values,
        button=button.get("label")
        or (deployed.procedure.start.label if deployed.procedure.start else say("登记")),
        then=button.get("then") or "",
        idempotency_key=form_key(env, actor, procedure),
        names=names,
        functions=functions,
        looks=looks_at(values, others.looked),
    )
