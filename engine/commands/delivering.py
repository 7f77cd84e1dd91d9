"""What steps left for afterwards: cases to start, messages and signals for other cases.

Carried out after the transaction that asked for it, once; what fails is tried again later, never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine import audit
from engine.bpmn import execute
from engine.bpmn.step import Step
from engine.commands import breach_news, publishing, stepping
from engine.commands.case_host import CaseHost
from engine.commands.cause import Cause
from engine.commands.errors import CaseClosed
from engine.commands.noting import note
from engine.commands.opening import start_case
from engine.commands.reading import reading
from engine.environment import Environment
from engine.errors import EngineError, NotFound
from engine.identity import SYSTEM
from engine.store import awaited, cases, outbox
from engine.unit_of_work import UnitOfWork

BATCH = 200


def deliver_outbox(env: Environment) -> int:
    """Carry out what steps left for afterwards; what fails is tried again later, never lost."""
    with UnitOfWork(env.database, writing=False) as uow:
        waiting = outbox.pending(uow.connection, env.time.now(), limit=BATCH)
    done = 0
    for message in waiting:
        try:
            said = _deliver(env, message)
        except EngineError as error:
            with UnitOfWork(env.database, writing=True) as uow:
                again = env.time.now() + timedelta(minutes=2 ** min(message["attempts"], 8))
                outbox.failed(uow.connection, message["id"], str(error)[:2000], again)
                uow.commit()
        else:
            with UnitOfWork(env.database, writing=True) as uow:
                note(env, uow.connection, SYSTEM, *said)
                outbox.sent(uow.connection, message["id"], env.time.now())
                uow.commit()
            done += 1
    return done


def _deliver(env: Environment, message: Mapping[str, Any]) -> Sequence[audit.AuditEvent]:
    """Carry out one message; return what the trail takes over when it is marked as sent."""
    body = message["body"]
    if message["kind"] == "start_case":
        # The message's key is the start's key: delivered twice, it starts one case.
        start_case(
            env,
            SYSTEM,
            body["procedure"],
            key=message["key"],
            variables=_handed(body),
            via_form=False,
            event=body.get("event"),
        )
    elif message["kind"] in {"message", "signal"}:
        _tell_others(env, message)
    elif message["kind"] == "breach_withdrawn":
        breach_news.tell_started(env, body, message["key"])
    elif message["kind"] == "publish":
        return [publishing.write_out(env, message)]
    return ()


def _handed(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a new case is given by the one that asked for it; one that begins by itself has none such."""
    asked_by = {"from_case": body["from_case"]} if "from_case" in body else {}
    return {**body["values"], **asked_by}


def _tell_others(env: Environment, message: Mapping[str, Any]) -> None:
    """Deliver what one case threw: a signal to all others that wait for it, a message to one.

    Each takes it in a step of its own, whose key lets it happen once. A message that nobody takes starts a case
    where a procedure begins with it. One that is meant for a certain case (``to``) reaches only that.
    """
    kind, body = message["kind"], message["body"]
    if "to" in body:
        _deliver_to(env, body["to"], message)
        return
    with UnitOfWork(env.database, writing=False) as uow:
        waiting = [
            case_id
            for case_id in awaited.waiting_cases(
                uow.connection, kind, body["name"], body["correlation"]
            )
            if case_id != message["case_id"]
        ]
        # Taken before a crash: whoever took it no longer waits, and no other may take it or start by it.
        taken = cases.was_delivered(uow.connection, message["key"])
        # A case that gathers what its start needs takes the signal; it starts no other one.
        gathering = [cases.load(uow.connection, c) for c in waiting] if kind == "signal" else []
    if kind == "message":
        if not taken and not any(_deliver_to(env, case_id, message) for case_id in waiting):
            _start_by(env, message, one=True)
        return
    for case_id in waiting:
        _deliver_to(env, case_id, message)
    states = [(case.procedure, case.state) for case in gathering if case is not None]
    _start_by(env, message, one=False, gathering=states)


def _deliver_to(env: Environment, case_id: str, message: Mapping[str, Any]) -> bool:
    """Return whether the case took it; one that moved on, ended, or waits for another key takes nothing."""
    body, kind = message["body"], message["kind"]
    with UnitOfWork(env.database, writing=False) as uow:
        case = cases.load(uow.connection, case_id)
    if case is None or case.status != "open":
        return False
    definition = env.deployed(case.version_id).definition

    def act(host: CaseHost, state: dict[str, Any]) -> Step:
        step = execute.deliver(
            definition,
            host,
            state,
            message=body["name"] if kind == "message" else None,
            signal=body["name"] if kind == "signal" else None,
            values=body["values"],
            correlation=body["correlation"],
        )
        if not step.history:
            raise NotFound(kind, body["name"])
        return step

    cause = Cause(
        kind,
        "EventDelivered",
        {},
        key=f"{message['key']}:{case_id}",
        body={"name": body["name"]},
    )
    try:
        stepping.run(env, SYSTEM, reading(case_id), act, cause)
    except (NotFound, CaseClosed):
        return False
    return True


def _start_by(
    env: Environment,
    message: Mapping[str, Any],
    *,
    one: bool,
    gathering: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> None:
    """Start the procedures in force that begin with this message (``one``: the first) or signal."""
    kind, body = message["kind"], message["body"]
    for key, version_id in env.procedures_in_force().items():
        definition = env.deployed(version_id).definition
        for node in definition.processes[definition.main].body.triggers:
            came = next((e for e in node.events if (e.kind, e.name) == (kind, body["name"])), None)
            if came is None or any(
                procedure == key and execute.gathers(state, came.key)
                for procedure, state in gathering
            ):
                continue
            start_case(
                env,
                SYSTEM,
                key,
                key=message["key"] if one else f"{message['key']}:{key}",
                variables=body["values"],
                via_form=False,
                event=came.key,
            )
            if one:
                return
            break
