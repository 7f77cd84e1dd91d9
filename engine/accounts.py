"""Signing in and staying signed in: passwords by argon2id, sessions on the server, lock after failures.

The numbers (failures, minutes, hours) follow GB/T 22239 8.1.4.1 as assessors read it and can be
set in ``processes/_office/settings.yaml``.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine import audit
from engine.environment import Environment
from engine.errors import EngineError
from engine.identity import Actor
from engine.office.security import SignInRules
from engine.storage_faults import fault_of
from engine.store import accounts as store
from engine.store import audit as trail
from engine.timesource import legal_day
from engine.unit_of_work import Connection, DatabaseError, UnitOfWork
from engine.words import say

_HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
log = logging.getLogger(__name__)
_AT_ONCE = threading.BoundedSemaphore(2)  # a flood of sign-ins must not eat the memory
_NOBODY = _HASHER.hash(secrets.token_hex(16))  # checked where there is no such account: equal time


class SignInRefused(EngineError):
    """The sign-in failed; ``sentence`` says what to do, the same for an unknown account."""

    code = "sign_in_refused"

    def __init__(self, sentence: str) -> None:
        super().__init__("sign-in refused")
        self.sentence = sentence


@dataclass(frozen=True)
class SignedIn:
    """A live session: who it is and how the person wants pages shown.

    ``must_change``: the password is a one-time code; nothing else may be done before it is changed.
    """

    actor: Actor
    display: Mapping[str, object]
    must_change: bool = False


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password, parameters inside."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def sign_in(env: Environment, login: str, password: str, address: str) -> str:
    """Check a password and begin a session; return its token, of which only the hash is stored.

    A name that nobody has is answered as an account is, and takes as long. While it is locked no password is
    tried, the right one neither: a flood of guesses costs no hashing.

    Raises:
        SignInRefused: wrong, unknown, inactive or locked; counted and in the audit trail.
    """
    now, limits = env.time.now(), env.institution().sign_in
    with UnitOfWork(env.database, writing=False) as uow:
        person = store.by_login(uow.connection, login.strip())
    locked = _is_locked(env, person, login, now)
    good = not locked and _verify(person["password_hash"] if person else None, password)
    with UnitOfWork(env.database, writing=True) as uow:
        person = store.by_login(uow.connection, login.strip())
        if locked or _is_locked(env, person, login, now):
            _refused(env, uow, login, address, "locked")
            uow.commit()
            raise SignInRefused(
                say(
                    "密码错误次数太多，账号已锁定，请{minutes}分钟后再试",
                    minutes=limits.lock_minutes,
                )
            )
        if not person or not good or not person["active"]:
            left = count_failure(env, uow, person) if person else _count_stranger(env, login)
            _refused(env, uow, login, address, "wrong")
            uow.commit()
            raise SignInRefused(_wrong_sentence(left, limits))
        token = secrets.token_urlsafe(32)
        store.update_person(uow.connection, person["id"], failures=0, locked_until=None)
        store.end_sessions_before(
            uow.connection,
            now - timedelta(minutes=limits.idle_minutes),
            now - timedelta(hours=limits.absolute_hours),
        )
        store.add_session(uow.connection, _hash(token), person["id"], now, address)
        trail.append(
            uow.connection,
            [audit.AuditEvent("SignedIn", f"person:{login}")],
            who=audit.Who(person["id"], person["name"], address=address),
            at=now,
            alg=env.config.hash_algorithm,
            seal=env.sealer.seal,
        )
        uow.commit()
    return token


def _is_locked(
    env: Environment, person: Mapping[str, Any] | None, login: str, now: datetime
) -> bool:
    if person is None:
        return env.strangers.is_locked(login.strip()[:64], now)
    return person["locked_until"] is not None and person["locked_until"] > now


def _count_stranger(env: Environment, login: str) -> int:
    limits = env.institution().sign_in
    until = env.time.now() + timedelta(minutes=limits.lock_minutes)
    return env.strangers.count_failure(login.strip()[:64], limits.failures, until)


def _wrong_sentence(left: int, limits: SignInRules) -> str:
    if not left:
        return say(
            "已连续错{failures}次，账号锁定{minutes}分钟。",
            failures=limits.failures,
            minutes=limits.lock_minutes,
        )
    return say(
        "请核对大小写后再试。还可以试{left}次，之后锁定{minutes}分钟。",
        left=left,
        minutes=limits.lock_minutes,
    )


def is_password(stored: str | None, password: str) -> bool:
    """Return whether a password is the one of a stored hash."""
    return _verify(stored, password)


def token_hash(token: str) -> str:
    """Return what is stored of a session's token."""
    return _hash(token)


def _verify(stored: str | None, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(stored or _NOBODY, password[:256]) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def count_failure(env: Environment, uow: UnitOfWork, person: Mapping[str, object]) -> int:
    """Count a wrong password, wherever it was asked; return how many are left before the account is locked."""
    limits = env.institution().sign_in
    failures = int(str(person["failures"])) + 1
    locked = failures >= limits.failures
    store.update_person(
        uow.connection,
        str(person["id"]),
        failures=0 if locked else failures,
        locked_until=env.time.now() + timedelta(minutes=limits.lock_minutes) if locked else None,
    )
    return max(0, limits.failures - failures)


def _refused(env: Environment, uow: UnitOfWork, login: str, address: str, why: str) -> None:
    event = audit.AuditEvent("SignInRefused", f"person:{login[:64]}", result="denied", reason=why)
    trail.append(
        uow.connection,
        [event],
        who=audit.Who("", "", address=address),
        at=env.time.now(),
        alg=env.config.hash_algorithm,
        seal=env.sealer.seal,
    )


def session(env: Environment, token: str, address: str = "") -> SignedIn | None:
    """Return who a session token belongs to, or None where it ended, ran out or never was."""
    now, limits = env.time.now(), env.institution().sign_in
    with UnitOfWork(env.database, writing=False) as uow:
        row = store.session_person(uow.connection, _hash(token))
        if row is None or not row["active"]:
            return None
        idle = now - row["seen_at"] > timedelta(minutes=limits.idle_minutes)
        over = now - row["created_at"] > timedelta(hours=limits.absolute_hours)
        if idle or over:
            return None
        posts = store.posts(uow.connection, row["id"], legal_day(now))
    if now - row["seen_at"] > timedelta(minutes=1):
        _touch(env, token, now)
    actor = Actor(row["id"], row["name"], posts, address, row["login"])
    return SignedIn(actor, row["display"] or {}, bool(row["must_change"]))


def whose(env: Environment, token: str) -> str:
    """Return the login of the person whom a token was given to, also after its time; "" where nobody knows any more."""
    with UnitOfWork(env.database, writing=False) as uow:
        row = store.session_person(uow.connection, _hash(token))
    return str(row["login"]) if row else ""


def _touch(env: Environment, token: str, now: datetime) -> None:
    """Note that a session is in use. On a full disk or beside a long writer pages can still be read without."""
    try:
        with UnitOfWork(env.database, writing=True) as uow:
            store.touch_session(uow.connection, _hash(token), now)
            uow.commit()
    except DatabaseError as error:
        if fault_of(error) is None:
            raise
        log.warning("a session could not be noted as in use: %s", error)


def sign_out(env: Environment, token: str) -> None:
    """End a session."""
    with UnitOfWork(env.database, writing=True) as uow:
        store.end_session(uow.connection, _hash(token))
        uow.commit()


def set_display(env: Environment, actor: Actor, display: Mapping[str, object]) -> None:
    """Keep how a person wants pages shown (large text, contrast, language)."""
    with UnitOfWork(env.database, writing=True) as uow:
        _keep_with(uow.connection, actor, display)
        uow.commit()


def see_notices(env: Environment, actor: Actor, newest: int) -> None:
    """Keep that a person has looked at their reminders, up to the one with id ``newest``."""
    with UnitOfWork(env.database, writing=True) as uow:
        _keep_with(uow.connection, actor, {"notices_seen": newest})
        uow.commit()


def _keep_with(connection: Connection, actor: Actor, kept: Mapping[str, object]) -> None:
    row = store.by_id(connection, actor.person_id)
    before = dict(row["display"] or {}) if row else {}
    store.update_person(connection, actor.person_id, display={**before, **kept})


def actor_of(env: Environment, login: str, address: str = "") -> Actor:
    """Return the person with this login in today's posts (command line, demonstration)."""
    with UnitOfWork(env.database, writing=False) as uow:
        row = store.by_login(uow.connection, login)
        if row is None:
            raise SignInRefused(say("没有账号“{login}”", login=login))
        posts = store.posts(uow.connection, row["id"], legal_day(env.time.now()))
    return Actor(row["id"], row["name"], posts, address, login)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
