"""Questions about limits, as ``gongkai clock`` gets them: one JSON object each, one answer each.

A bad question is answered with a sentence and stops no other. Reads an institution's folder and no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from engine.bpmn.clocks import read_clocks, recorded_events
from engine.bpmn.load import load_xml
from engine.business_calendar import BusinessCalendar
from engine.errors import BadInput, EngineError, sentence_of
from engine.office.settings import OfficeSettings
from engine.receipt import RETRACTED, with_derived
from engine.statutory_clock import CaseEvent, ClockAnswer, ClockDefinition, answer
from engine.timesource import OFFICE_ZONE, legal_day
from engine.words import listed, say

if TYPE_CHECKING:
    from engine.dmn import DecisionModel

# Facts that prove something and move no limit, whether or not a diagram records them.
_EVIDENCE_ONLY = frozenset(("mailed", "routed_to_office", "contact_attempt_failed", RETRACTED))
_KEY = re.compile(r"[a-z][a-z0-9_]{0,59}")


class QuestionInvalid(BadInput):
    """A question about a limit cannot be understood."""

    code = "question_invalid"

    def __init__(self, message: str, sentence: str) -> None:
        super().__init__(message, sentence=sentence)


class Institution:
    """What an institution's folder says about time; each procedure and calendar is read once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = OfficeSettings.load(folder / "_office")
        self._procedures: dict[str, ProcedureClocks] = {}
        self._calendars: dict[bool, BusinessCalendar] = {}

    def procedure(self, key: object) -> ProcedureClocks:
        """Return the clocks of a procedure.

        Raises:
            QuestionInvalid: there is no such folder.
        """
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise QuestionInvalid(f"procedure {key!r}", say("程序“{key}”不是文件夹的名称", key=key))
        if key not in self._procedures:
            self._procedures[key] = ProcedureClocks(self.folder / key)
        return self._procedures[key]

    def unknown(self, procedure: ProcedureClocks, events: Sequence[CaseEvent]) -> list[str]:
        """Return the names of facts that no procedure knows, sorted."""
        names = {one.kind for one in events} - procedure.events - _EVIDENCE_ONLY
        others = sorted(path.parent.name for path in self.folder.glob("*/*.bpmn")) if names else ()
        for key in others:
            with suppress(EngineError):  # a folder that was not asked about may be half written
                names -= self.procedure(key).events
        return sorted(names)

    def calendar(self, settings: OfficeSettings) -> BusinessCalendar:
        """Return the calendar, with local days where the settings let them count."""
        counts = settings.get("local_holidays") == "rest_day"
        if counts not in self._calendars:
            folder = self.folder / "_office" / "calendar"
            self._calendars[counts] = BusinessCalendar.load(folder, local_counts=counts)
        return self._calendars[counts]


class ProcedureClocks:
    """The clocks drawn in a procedure's diagrams, and its decision tables."""

    def __init__(self, folder: Path) -> None:
        diagrams = sorted(folder.glob("*.bpmn"))
        if not diagrams:
            raise QuestionInvalid(
                f"no diagram in {folder}",
                say("没有程序“{folder}”，或其中没有流程图", folder=folder.name),
            )
        self.folder = folder
        self._read: dict[Path, DecisionModel] = {}
        self._unreadable: dict[Path, str] = {}
        self.definitions: dict[str, ClockDefinition] = {}
        recorded: set[str] = set()
        for path in diagrams:
            root = load_xml(path.read_bytes(), path.name)
            self.definitions.update(read_clocks(root))
            recorded |= recorded_events(root)
        read = (clock.event_names for clock in self.definitions.values())
        self.events = frozenset(recorded.union(*read))

    def decide(self, decision: str, names: Mapping[str, object]) -> object:
        """Evaluate a decision of one of the folder's tables; the file of its name is looked at first.

        Raises:
            QuestionInvalid: no table holds it. An unreadable table is told of only then.
        """
        # Not at the top: every command loads this module, few of them need decisions.
        from engine.dmn import evaluate

        for model in self._models(decision):
            if decision in model.decisions:
                return evaluate(model, decision, names).value
        why = "".join(f"{say('；')}{sentence}" for sentence in self._unreadable.values())
        raise QuestionInvalid(
            f"no decision {decision}",
            say(
                "程序“{name}”没有判断表“{decision}”{why}",
                name=self.folder.name,
                decision=decision,
                why=why,
            ),
        )

    def _models(self, decision: str) -> Iterator[DecisionModel]:
        from engine.dmn import parse_dmn

        for path in sorted(
            self.folder.glob("*.dmn"), key=lambda path: (path.stem != decision, path)
        ):
            if path not in self._read and path not in self._unreadable:
                try:
                    self._read[path] = parse_dmn(load_xml(path.read_bytes(), path.name), path.name)
                except EngineError as error:
                    self._unreadable[path] = sentence_of(error)
            if path in self._read:
                yield self._read[path]


def answered(institution: Institution, question: object) -> dict[str, object]:
    """Return the answer to one question, or ``{id, error}``."""
    if not isinstance(question, Mapping):
        return {"id": None, "error": say("问题应写成 {{id, procedure, clock, events}}")}
    try:
        found, notes = _answer(institution, question)
        more = {"notes": notes} if notes else {}
        return {"id": question.get("id"), **found.to_json(), **more}
    except EngineError as error:
        return {"id": question.get("id"), "error": sentence_of(error)}


def _answer(
    institution: Institution, question: Mapping[str, object]
) -> tuple[ClockAnswer, list[str]]:
    """Return the answer, and what must be said about facts that moved nothing because nobody knows them."""
    procedure = institution.procedure(question.get("procedure"))
    name = question.get("clock")
    definition = procedure.definitions.get(name) if isinstance(name, str) else None
    if definition is None:
        known = listed(procedure.definitions)
        raise QuestionInvalid(
            f"no clock {name!r}", say("没有期限“{name}”，可用的有：{known}", name=name, known=known)
        )
    chosen = question.get("settings") or {}
    if not isinstance(chosen, Mapping):
        raise QuestionInvalid("settings is no mapping", say("settings 应写成 {{名称: 值}}"))
    settings = institution.settings.changed(chosen)
    channel, party = _word(question, "channel"), _word(question, "party")
    given = _events(question)
    unknown = institution.unknown(procedure, given)
    _refuse_misspelt(procedure, unknown)
    events = with_derived(procedure.definitions, given, channel, settings, procedure.decide)
    today = question.get("today")
    found = answer(
        definition,
        events,
        institution.calendar(settings),
        settings,
        definitions=procedure.definitions,
        today=_moment(today, "today")[0] if today is not None else None,
        party=party,
    )
    if (
        found.started_on is None
        and channel is None
        and events
        and _could_be_derived(definition, events)
    ):
        raise QuestionInvalid("no channel", "缺少提交方式（channel），推不出从哪一天起算")
    if unknown and found.started_on is None:
        raise QuestionInvalid(f"unknown events {unknown}", _not_known(procedure, unknown))
    return found, [
        say("{procedure}；已作凭证保留，不影响期限", procedure=_not_known(procedure, unknown))
    ] if unknown else []


def _refuse_misspelt(procedure: ProcedureClocks, unknown: Sequence[str]) -> None:
    """A name that is nearly one that is known was meant as that: left out, it would make a wrong date."""
    for name in unknown:
        if meant := get_close_matches(name, procedure.events, n=1, cutoff=0.85):
            raise QuestionInvalid(
                f"unknown event {name}",
                say(
                    "没有名为“{name}”的事实，是不是“{meant}”？请检查拼写", name=name, meant=meant[0]
                ),
            )


def _not_known(procedure: ProcedureClocks, unknown: Sequence[str]) -> str:
    named, known = listed(unknown), listed(sorted(procedure.events))
    return say("没有名为“{named}”的事实；可用的有：{known}", named=named, known=known)


def _could_be_derived(definition: ClockDefinition, events: list[CaseEvent]) -> bool:
    return bool(definition.derived) and not any(
        event.kind in definition.derived for event in events
    )


def _word(question: Mapping[str, object], name: str) -> str | None:
    value = question.get(name)
    if value is not None and not isinstance(value, str):
        raise QuestionInvalid(
            f"{name} {value!r}",
            say("{name} 应是一个词，现为 {value}", name=name, value=repr(value)),
        )
    return value


def _events(question: Mapping[str, object]) -> list[CaseEvent]:
    listed = question.get("events")
    if not isinstance(listed, list):
        raise QuestionInvalid("no events", "缺少事实的列表（events）")
    events = [_event(one) for one in listed]
    _check_ids(events)
    return events


def _check_ids(events: Sequence[CaseEvent]) -> None:
    """An id names one fact, and what is superseded is among the facts."""
    ids = [str(one.fields["id"]) for one in events if one.fields.get("id") is not None]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        raise QuestionInvalid(
            f"id {twice} twice", say("有两个事实的 id 都是“{twice}”，请各用一个", twice=twice)
        )
    for event in events:
        for one in _corrected(event):
            if one not in ids:
                raise QuestionInvalid(
                    f"supersedes {one!r}",
                    say(
                        "“{kind}”要更正的“{one}”不是任何事实的 id，请核对 supersedes",
                        kind=event.kind,
                        one=one,
                    ),
                )
    by_id = {str(one.fields["id"]): one for one in events if one.fields.get("id") is not None}
    for name, event in by_id.items():
        _check_correction(name, event, by_id)
    _refuse_taking_back_twice(events, by_id)


def _corrected(event: CaseEvent) -> list[str]:
    """The ids of the facts that this one corrects."""
    named = event.fields.get("supersedes")
    return [str(one) for one in (named if isinstance(named, list) else [named]) if one is not None]


def _check_correction(name: str, event: CaseEvent, by_id: Mapping[str, CaseEvent]) -> None:
    """What corrects is not corrected by what it corrects; a fact that was taken back is recorded anew."""
    ahead, seen = _corrected(event), set[str]()
    while ahead:
        one = ahead.pop()
        if one == name:
            raise QuestionInvalid(
                f"{name} supersedes itself",
                say("事实“{name}”更正了自己，或与别的事实互相更正，请核对 supersedes", name=name),
            )
        if one not in seen:
            seen.add(one)
            ahead.extend(_corrected(by_id[one]))


def _refuse_taking_back_twice(events: Sequence[CaseEvent], by_id: Mapping[str, CaseEvent]) -> None:
    for event in events:
        if any(by_id[one].kind == RETRACTED for one in _corrected(event)):
            raise QuestionInvalid(
                "a retraction is retracted", "撤销不能再更正；原来的事实仍然有效的，请重新记载一次"
            )


def _event(entry: object) -> CaseEvent:
    if (
        not isinstance(entry, Mapping)
        or not isinstance(entry.get("kind"), str)
        or not entry["kind"]
    ):
        raise QuestionInvalid(
            f"event {entry!r}",
            say("事实应写成 {{date, kind, ...}}，现为 {entry}", entry=repr(entry)),
        )
    day, instant = _moment(entry.get("date"), str(entry["kind"]))
    fields = {str(key): value for key, value in entry.items() if key not in ("date", "kind")}
    time = fields.get("time")
    if instant is None and isinstance(time, str):
        instant = _moment(f"{day}T{time}", str(entry["kind"]))[1]
    if instant is not None:
        fields.setdefault("at", instant)
    return CaseEvent(entry["kind"], day, fields)


def _moment(value: object, where: str) -> tuple[date, datetime | None]:
    """Read a date, or an instant with its legal day in the office's zone."""
    try:
        if not isinstance(value, str):
            raise TypeError
        if len(value) <= len("2026-01-31"):
            return date.fromisoformat(value), None
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise QuestionInvalid(
            f"{where}: date {value!r}",
            say("“{where}”的日期应写成 2026-03-02，现为 {value}", where=where, value=repr(value)),
        ) from error
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=OFFICE_ZONE)
    return legal_day(instant), instant.astimezone(OFFICE_ZONE)
