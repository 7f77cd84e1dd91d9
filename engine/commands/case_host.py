"""What a step may ask of the world, and what it leaves behind: the executor's host for a stored case.

Nothing here writes. Facts, letters, numbers and messages are collected as rows; ``stepping`` writes them
together with the state, or drops them all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from engine import audit
from engine.bpmn.model import Definition
from engine.bpmn.step import Effect, WorkItem
from engine.case_file import CaseFile
from engine.commands import effects
from engine.deployed import Deployed
from engine.environment import Environment
from engine.feel import to_json
from engine.forms.personal import Personal
from engine.identity import Actor
from engine.institution import Institution
from engine.personal import open_fields, personal_of, seal_fields, seal_named, seal_state
from engine.statutory_clock import CaseEvent
from engine.store import accounts
from engine.store.cases import CaseRow
from engine.stored_case import case_file, pinned
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork

HIDDEN = "*"  # what the trail says of a personal answer


@dataclass(frozen=True)
class Recorded:
    """A case event of this step."""

    event: CaseEvent
    activity_id: str
    supersedes: int | None = None


class CaseHost:
    """One attempt at one step."""

    def __init__(
        self,
        env: Environment,
        actor: Actor,
        case: CaseRow,
        deployed: Deployed,
        file: CaseFile,
        opened: Mapping[str, Any],
    ) -> None:
        self.env, self.actor, self.case, self.deployed = env, actor, case, deployed
        self.institution: Institution = file.institution
        self.file = file
        self.now: datetime = env.time.now()
        self.today: date = legal_day(self.now)
        self.functions: Mapping[str, Callable[..., object]] = file.functions
        self.calendar = self.institution.calendar  # timers may count working days
        self.recorded: list[Recorded] = []
        self.numbers: list[effects.Taken] = []
        self.documents: list[dict[str, Any]] = []
        self.notices: list[dict[str, Any]] = []
        self.outbox: list[dict[str, Any]] = []
        self.audit_events: list[audit.AuditEvent] = []
        self.outcome: str | None = None
        self.uploads: Sequence[Mapping[str, Any]] = ()  # files that came with this step
        self.called_versions = dict(case.called_versions)
        self._before = opened  # the record before the step, nothing sealed in it

    @classmethod
    def open(
        cls, env: Environment, actor: Actor, case: CaseRow, fields: Mapping[str, Any]
    ) -> CaseHost:
        """Make the host of a step: the record with nothing sealed in it, and ``fields`` taken into it."""
        deployed = env.deployed(case.version_id)
        opened = open_fields(env, case.fields)
        file = case_file(env, deployed, case, None, {**opened, **fields})
        return cls(env, actor, case, deployed, file, opened)

    # What the executor asks ---------------------------------------------------------------------

    def names(self) -> Mapping[str, object]:
        """Return what expressions see besides the instance's own variables."""
        return self.file.names()

    def written(self, name: str, value: object) -> None:
        """Take a variable of the case into its record."""
        self.file.keep(name, value)

    def record(
        self, kind: str, on: date | None, fields: Mapping[str, object], activity_id: str
    ) -> None:
        """Take a legal fact into the case's file, so that what follows sees the clocks moved."""
        plain = {key: to_json(value) for key, value in fields.items() if value is not None}
        event = self.file.corrected(CaseEvent(kind, on or self.today, plain))
        wrong = event.fields.get("supersedes")
        self.file.record(event)
        self.recorded.append(
            Recorded(event, activity_id, None if wrong is None else int(str(wrong)))
        )

    def perform(self, effect: Effect) -> Mapping[str, object] | None:
        """Carry out an effect: its rows wait here until the step is written."""
        return effects.perform(self, effect)

    def folder_of(self, process_id: str, version: str | None) -> Deployed:
        """Return the folder that a process of this case brought with it: its forms, tables and letters."""
        if version is None:
            return self.deployed
        return self.env.deployed(pinned(self.called_versions, process_id, version))

    def decide(
        self, decision: str, names: Mapping[str, object], process_id: str, version: str | None
    ) -> object:
        """Evaluate a decision of the process's own folder; which rules matched goes into the trail."""
        folder = self.folder_of(process_id, version)
        result = folder.decisions.evaluate(decision, names, self.functions)
        self.audit_events.append(
            audit.AuditEvent(
                "DecisionEvaluated",
                f"decision:{decision}",
                self.case.id,
                {"matched": [str(row) for row in result.matched]},
                version=folder.version_id,
            )
        )
        return result.value

    def called(self, process_id: str, version: str | None = None) -> Definition:
        """Return the definition of a called process: the pinned one, or the one in force from now on.

        The executor pins a definition by its own version; ``called_versions`` keeps which deployed
        version that was.
        """
        if version is not None:
            return self.env.deployed(pinned(self.called_versions, process_id, version)).definition
        version_id = self.env.version_in_force(process_id)
        definition = self.env.deployed(version_id).definition
        self.called_versions[f"{process_id}@{definition.version}"] = version_id
        return definition

    def typed(self, name: str, value: Any, process_id: str, version: str | None) -> object:
        """Return a value of the state as the forms of its own procedure say: dates as dates."""
        return self.folder_of(process_id, version).procedure.typed({name: value})[name]

    def keep(
        self,
        data: bytes,
        effect: Effect,
        *,
        title: str,
        filename: str,
        media_type: str,
        letter: str | None = None,
        number: str | None = None,
    ) -> dict[str, Any]:
        """Keep a document that the engine made with this step; return its row."""
        document = {
            "id": uuid.uuid4().hex,
            "case_id": self.case.id,
            "kind": "letter",
            "title": title,
            "filename": filename,
            "media_type": media_type,
            "sha256": self.env.blobs.put(data),
            "size": len(data),
            "activity_id": effect.activity_id,
            "field": None,
            "letter": letter,
            "letter_number": number or None,
            "created_by": self.actor.person_id,
            "created_at": self.now,
        }
        self.documents.append(document)
        return document

    # What is written afterwards -----------------------------------------------------------------

    def described(self) -> tuple[str, str]:
        """Return the subject and the kind of the case as its procedure words them."""
        procedure = self.deployed.procedure
        names = self.file.names()
        subject = procedure.subject.evaluate(names, self.functions)
        kind = procedure.kind.evaluate(names, self.functions) if procedure.kind else None
        return str(subject or "")[:500], str(kind or "")[:64]

    def sealed_fields(self) -> dict[str, Any]:
        """Return the case's record as it is stored: personal values sealed."""
        personal, stored = self.deployed.procedure.personal, self.case.fields
        fields = {
            key: stored[key] if key in stored and self._before[key] == value else value
            for key, value in self.file.fields.items()
        }
        return seal_fields(self.env, personal, fields)

    def sealed_state(self, state: dict[str, Any]) -> dict[str, Any]:
        """Return the live state as it is stored: personal values that route are sealed."""
        return seal_state(self.env, self._personal().names, state)

    def changes(self) -> list[list[Any]]:
        """Return what the step changed in the record, ``[field, before, after]``; personal values as ``HIDDEN`` only."""
        personal = self.deployed.procedure.personal
        changed: list[list[Any]] = []
        for key, value in self.file.fields.items():
            if (before := self._before.get(key)) == value:
                continue
            told = {"before": before, "after": value}
            for name, one in told.items():
                told[name] = personal.changed({key: one}, _hidden)[key]
            if key in personal.fields:
                told["before"] = None
            changed.append([key, told["before"], told["after"]])
        return changed

    def _personal(self) -> Personal:
        """What is personal here, and in the procedures that were called up to now."""
        return personal_of(self.env, self.case._replace(called_versions=self.called_versions))

    def event_rows(self, actor: Actor) -> list[dict[str, Any]]:
        """Return the recorded facts as rows."""
        return [
            {
                "case_id": self.case.id,
                "kind": one.event.kind,
                "day": one.event.date,
                "fields": dict(one.event.fields),
                "activity_id": one.activity_id,
                "recorded_by": actor.person_id,
                "recorded_at": self.now,
                "supersedes": one.supersedes,
            }
            for one in self.recorded
        ]

    def person_id(self, assignee: object) -> str | None:
        """Return the person that a diagram names by login or id, None where nobody is."""
        if not assignee:
            return None
        with UnitOfWork(self.env.database, writing=False) as uow:
            row = accounts.by_login(uow.connection, str(assignee))
        return row["id"] if row else str(assignee)

    def item_of(self, item: WorkItem) -> dict[str, Any] | None:
        """Return what a multi-instance task works on, as JSON."""
        if item.item is None and not item.loop:
            return None
        worked_on = seal_named(self.env, self._personal().names, to_json(item.item))
        return {"item": worked_on, "loop": to_json(item.loop)}


def _hidden(name: str, value: Any) -> Any:
    return value if value in (None, "", []) else HIDDEN


def clock_rows(case_id: str, file: CaseFile) -> list[dict[str, Any]]:
    """Return the answers of a case's clocks as rows."""
    return [
        {"case_id": case_id, **given.row(), "clock": clock_id, "party": party or ""}
        for (clock_id, party), given in file.answers().items()
    ]
