"""A stored case as rules see it: its file for expressions and clocks, and the facts for access."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.access import CaseFacts, TaskFacts
from engine.bpmn import execute
from engine.bpmn.model import Activity, Button, Definition
from engine.bpmn.step import NotWaiting
from engine.case_file import CaseFile
from engine.deployed import Deployed
from engine.done_steps import DoneStep, Issued, name_in
from engine.environment import Environment
from engine.forms import Form
from engine.identity import Post
from engine.institution import Institution
from engine.procedure import Procedure
from engine.statutory_clock import CaseEvent
from engine.store import cases, documents
from engine.store.cases import CaseRow
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork


def case_file(
    env: Environment,
    deployed: Deployed,
    case: CaseRow,
    events: Sequence[Mapping[str, Any]] | None = None,
    fields: Mapping[str, Any] | None = None,
    *,
    institution: Institution | None = None,
) -> CaseFile:
    """Return the file of a stored case: its record, its facts, its clocks.

    Args:
        events: rows of its facts; None reads them only when a clock is asked.
        fields: the record, where it is not the stored one.
        institution: other office data than those in force (previews).
    """
    return CaseFile(
        number=case.number,
        procedure=case.procedure,
        deployed=deployed,
        institution=institution or env.institution(),
        fields=dict(case.fields if fields is None else fields),
        events=_reading(env, case.id) if events is None else [_event(row) for row in events],
        now=env.time.now(),
        extra={"subject": case.subject, "kind": case.kind, "outcome": case.outcome},
        steps=lambda: done_steps(env, case),
        letters=lambda: _issued(env, case.id),
    )


def _issued(env: Environment, case_id: str) -> list[Issued]:
    with UnitOfWork(env.database, writing=False) as uow:
        rows = documents.case_documents(uow.connection, case_id)
    return [
        Issued(
            row["letter"], row["title"], row["letter_number"] or "", legal_day(row["created_at"])
        )
        for row in rows
        if row["letter"]
    ]


def done_steps(env: Environment, case: CaseRow) -> list[DoneStep]:
    """Return what people completed in a case, oldest first."""
    with UnitOfWork(env.database, writing=False) as uow:
        rows = cases.steps_of_people(uow.connection, case.id)
    versions = (case.version_id, *case.called_versions.values())
    definitions = [env.deployed(version_id).definition for version_id in versions]
    return [
        DoneStep(
            row["activity_id"],
            row["name"] or name_in(definitions, row["activity_id"]),
            row["login"] or row["actor"],
            Post(row["role"], row["unit"], row["on_behalf"]) if row["role"] else None,
            legal_day(row["at"]),
            row["submission"] or {},
        )
        for row in rows
    ]


def names_at(
    env: Environment, deployed: Deployed, case: CaseRow, file: CaseFile, token: str
) -> Mapping[str, object]:
    """Return what a form at a waiting task sees: its instance, the calling process, the case."""
    host: Any = Onlooker(env, case, file)
    try:
        names = execute.visible(deployed.definition, host, case.state, token)
    except NotWaiting:
        return file.names()
    state = case.state or {}
    scope = state["s"][state["t"][token][0]]
    if scope.get("d") is None:
        return names
    version_id = pinned(case.called_versions, scope["p"], scope["d"])
    return _NamesOfCalled(names, env.deployed(version_id).procedure, file)


class _NamesOfCalled(Mapping[str, object]):
    """What a form of a called process sees: ``label`` has the words of its own choices before those of its caller."""

    def __init__(self, names: Mapping[str, object], procedure: Procedure, file: CaseFile) -> None:
        self._names, self._procedure, self._file = names, procedure, file

    def __getitem__(self, name: str) -> object:
        value = self._names[name]
        if name != "label" or not isinstance(value, Mapping):
            return value
        return {
            **value,
            **self._procedure.labels(self._names, self._file.institution.directory.name),
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class Onlooker:
    """The little that looking at a state asks of a host."""

    def __init__(self, env: Environment, case: CaseRow, file: CaseFile | None = None) -> None:
        self._env, self._case = env, case
        # Once: every name that a form looks up asks for them.
        self._names = file.names() if file else {}

    def names(self) -> Mapping[str, object]:
        """Return what the case knows."""
        return self._names

    def called(self, process_id: str, version: str | None = None) -> Definition:
        """Return the definition that the case pinned."""
        version_id = pinned(self._case.called_versions, process_id, version or "")
        return self._env.deployed(version_id).definition

    def typed(self, name: str, value: Any, process_id: str, version: str | None) -> object:
        """Return a value of the state as the forms of its own procedure say: dates as dates."""
        version_id = self._case.version_id
        if version is not None:
            version_id = pinned(self._case.called_versions, process_id, version)
        return self._env.deployed(version_id).procedure.typed({name: value})[name]


def pinned(called_versions: Mapping[str, str], process_id: str, version: str) -> str:
    """Return the deployed version that a call was given.

    A called process may itself call another process of its own file: that one is the same version.
    """
    found = called_versions.get(f"{process_id}@{version}")
    if found is not None:
        return found
    return next(v for key, v in called_versions.items() if key.endswith(f"@{version}"))


def _reading(env: Environment, case_id: str) -> Callable[[], list[CaseEvent]]:
    def read() -> list[CaseEvent]:
        with UnitOfWork(env.database, writing=False) as uow:
            return [_event(row) for row in cases.events(uow.connection, case_id)]

    return read


def _event(row: Mapping[str, Any]) -> CaseEvent:
    """A stored fact as the clocks read it; a fact may supersede an earlier one by its id."""
    own = {"id": row["id"]}
    if row["supersedes"] is not None:
        own["supersedes"] = row["supersedes"]
    return CaseEvent(row["kind"], row["day"], {**row["fields"], **own})


def task_form(
    env: Environment, deployed: Deployed, case: CaseRow, item: Mapping[str, Any]
) -> Form | None:
    """Return the form of a work item, from the version that its activity belongs to."""
    key = item["form"]
    if key is None:
        return None
    if key in deployed.procedure.forms and item["activity_id"] in deployed.definition.activities:
        return deployed.procedure.forms[key]
    for version_id in case.called_versions.values():
        called = env.deployed(version_id)
        if item["activity_id"] in called.definition.activities and key in called.procedure.forms:
            return called.procedure.forms[key]
    return deployed.procedure.forms.get(key)


def task_activity(env: Environment, case: CaseRow, item: Mapping[str, Any]) -> Activity | None:
    """Return what the diagram says of a work item's step, also where it stands in a called process."""
    for version_id in (case.version_id, *case.called_versions.values()):
        activity = env.deployed(version_id).definition.activities.get(item["activity_id"])
        if activity is not None:
            return activity
    return None


def task_buttons(env: Environment, case: CaseRow, item: Mapping[str, Any]) -> tuple[Button, ...]:
    """Return the buttons of a work item that follow the answers."""
    activity = task_activity(env, case, item)
    return activity.buttons if activity else ()


def task_facts(case: CaseRow, item: Mapping[str, Any]) -> TaskFacts:
    """Return what the access decision needs of a work item."""
    candidates = item["candidates"]
    return TaskFacts(
        roles=candidates.get("roles", []),
        unit=item["unit"],
        users=candidates.get("users", []),
        assignee=item["assignee"],
        is_open=item["status"] == "open",
        apart_from={
            person
            for activity in candidates.get("apart", [])
            for person in case.doers.get(activity, [])
        },
    )


def case_facts(connection: Connection, case_id: str) -> CaseFacts:
    """Return what the access decision needs of a case."""
    items = cases.case_items(connection, case_id)
    return CaseFacts(
        {(role, row["unit"]) for row in items for role in row["candidates"].get("roles", [])},
        {row["closed_by"] for row in items if row["closed_by"]}
        | {row["assignee"] for row in items if row["assignee"]},
    )
