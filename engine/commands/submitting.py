"""What comes in with a form: whether the actor may, the answers judged, the files looked at and kept.

Refusals are in the audit trail too.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import audit
from engine.access import Refused, can
from engine.case_file import opening_names
from engine.commands.errors import SubmissionInvalid
from engine.commands.noting import note
from engine.commands.other_cases import OtherCases, texts_in, wrong_cases
from engine.deployed import Deployed
from engine.documents.classified import mark_in
from engine.environment import Environment
from engine.errors import Denied
from engine.forms import Form, Sentence
from engine.forms.personal import Personal
from engine.identity import Actor
from engine.personal import Unsealed
from engine.store.cases import CaseRow
from engine.stored_case import (
    case_file,
    names_at,
    task_buttons,
)
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Upload:
    """A file that came with a form: the field it answers, its own name, its bytes."""

    field: str
    filename: str
    media_type: str
    data: bytes


def form_key(env: Environment, actor: Actor, about: str) -> str:
    """Return a fresh key for a rendered form; posted twice it changes nothing the second time."""
    seed = f"{actor.person_id}|{about}|{uuid.uuid4().hex}"
    return hashlib.sha256(seed.encode()).hexdigest()[:48]


def require_right(
    env: Environment,
    actor: Actor,
    action: str,
    about: object,
    target: str,
    case_id: str | None = None,
) -> None:
    """Raise ``Denied`` and leave a row in the trail where the actor may not."""
    decision = can(env.institution().rules, actor, action, about)
    if not isinstance(decision, Refused):
        return
    event = audit.AuditEvent("Refused", target, case_id, {"action": action})
    _refusal(env, actor, event, decision.reason)
    raise Denied(decision.reason, decision.sentence)


def judged(
    env: Environment,
    actor: Actor,
    deployed: Deployed,
    form: Form | None,
    values: Mapping[str, Any],
    case: CaseRow | None,
    files: Sequence[Upload],
    token: str | None = None,
) -> dict[str, Any]:
    """Return the answers of a form, or raise what is wrong with them."""
    raw = dict(values)
    for upload in files:
        raw[upload.field] = [*raw.get(upload.field, []), upload.filename]
    if form is None:
        return raw
    day = legal_day(env.time.now())
    if case is None:
        institution = env.institution()
        names, known = opening_names(institution), institution.functions(day)
    else:
        file = case_file(env, deployed, case)
        seen = names_at(env, deployed, case, file, token) if token else file.names()
        names, known = Unsealed(env, seen, opened=True), file.functions
    functions = OtherCases(env, actor).functions(known)
    judged = form.validate(raw, today=day, names=names, functions=functions)
    held = texts_in(case.fields) if case else set()
    errors = {**wrong_cases(env, actor, form, judged.values, held), **judged.errors}
    if errors:
        raise SubmissionInvalid(errors, judged.values)
    return dict(judged.values)


def refuse_other_button(
    env: Environment,
    actor: Actor,
    deployed: Deployed,
    form: Form,
    submitted: Mapping[str, Any],
    case: CaseRow,
    item: Mapping[str, Any],
    pressed: str,
) -> None:
    """Refuse what was done under another word than the answers have: 受理 was read, and a 补正告知书 would go out."""
    buttons = task_buttons(env, case, item)
    if pressed not in {one.label for one in buttons}:
        return
    day = legal_day(env.time.now())
    found = form.first_true(
        [one.when for one in buttons],
        today=day,
        names=Unsealed(
            env,
            names_at(env, deployed, case, case_file(env, deployed, case), item["token"]),
            opened=True,
        ),
        functions=OtherCases(env, actor).functions(env.institution().functions(day)),
        values=submitted,
    )
    if found is None or buttons[found].label != pressed:
        right = buttons[found].label if found is not None else item["name"]
        sentence = Sentence(
            "按现在填写的内容，这一步是“{right}”，不是“{pressed}”。请核对后再按。",
            right=right,
            pressed=pressed,
        )
        raise SubmissionInvalid({"": sentence}, submitted)


def refuse_classified(
    env: Environment,
    actor: Actor,
    target: str,
    case_id: str | None,
    files: Sequence[Upload],
    values: Mapping[str, Any],
) -> None:
    """Raise ``SubmissionInvalid`` where a file bears a mark of state secrets; nothing of it is kept."""
    for upload in files:
        mark = mark_in(upload.filename, upload.data, env.institution().marks)
        if mark is None:
            continue
        body = {"action": "upload", "field": upload.field, "mark": mark}
        _refusal(env, actor, audit.AuditEvent("Refused", target, case_id, body), "classified_mark")
        sentence = Sentence(
            "有一个文件带有国家秘密标志“{mark}”，没有收。本系统不得存储国家秘密，"
            "请从这台计算机上删除该文件，并报告保密审查员",
            mark=mark,
        )
        raise SubmissionInvalid({upload.field: sentence}, dict(values))


def stored(env: Environment, form: Form | None, files: Sequence[Upload]) -> list[dict[str, Any]]:
    """Store uploaded bytes and return their rows; unreferenced bytes do no harm if the step fails."""
    if not files:
        return []
    labels = {one.key: one.label for one in form.fields} if form else {}
    return [
        {
            "id": uuid.uuid4().hex,
            "kind": "upload",
            "title": labels.get(upload.field, upload.field),
            "filename": upload.filename,
            "media_type": upload.media_type,
            "sha256": env.blobs.put(upload.data),
            "size": len(upload.data),
            "field": upload.field,
            "letter": None,
            "letter_number": None,
        }
        for upload in files
    ]


def personal_values(personal: Personal, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the personal answers as the trail keeps them beside its row: {key, or ``table.row.column``: text}."""
    return {key: str(value) for key, value in personal.found(values) if value}


def _refusal(env: Environment, actor: Actor, event: audit.AuditEvent, reason: str) -> None:
    with UnitOfWork(env.database, writing=True) as uow:
        note(env, uow.connection, actor, event._replace(result="denied", reason=reason))
        uow.commit()
