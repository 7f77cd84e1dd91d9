"""Who has an account, who holds which post, and passwords: what people and the keepers of accounts do.

Every act stands in the audit trail. Nobody gives himself a post, and a one-time code is shown once only.
Knows no case.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from engine import audit
from engine.access import require
from engine.accounts import count_failure, hash_password, is_password, token_hash
from engine.commands.noting import note
from engine.commands.releasing import release_left
from engine.environment import Environment
from engine.errors import BadInput, NotFound
from engine.identity import Actor, Post
from engine.store import accounts
from engine.store import people as store
from engine.timesource import legal_day
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

SHORTEST, LONGEST = 10, 128
KINDS = 3  # of lower case, upper case, digits and other signs
_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,31}")


class PasswordRefused(BadInput):
    """A new password cannot be taken; the sentence says what it needs."""

    code = "password_refused"


class PersonInvalid(BadInput):
    """An account or a post cannot be as it was asked for; ``field`` names what is wrong."""

    code = "person_invalid"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}", sentence=sentence)
        self.field = field


@dataclass(frozen=True)
class Created:
    """A new or reset account: whose, and the one-time code to be handed over in person."""

    person_id: str
    login: str
    name: str
    code: str


def change_password(
    env: Environment, actor: Actor, old: str, new: str, again: str, token: str = ""
) -> None:
    """Change one's own password; every other session of the person ends.

    Args:
        token: of the present session, which goes on.

    Raises:
        PasswordRefused: the old one is wrong, the two new ones differ, or it is too weak.
    """
    with UnitOfWork(env.database, writing=False) as uow:
        person = accounts.by_id(uow.connection, actor.person_id)
    if person is None:
        raise NotFound("person", actor.person_id)
    if person["is_demo"]:
        raise PasswordRefused("demo", sentence=say("演示账号的密码是公用的，不能改"))
    if person["locked_until"] and person["locked_until"] > env.time.now():
        raise PasswordRefused("locked", sentence=say("密码错误次数太多，账号已锁定，请稍后再试"))
    if not is_password(person["password_hash"], old):
        if not _wrong(env, actor):
            raise PasswordRefused(
                "locked", sentence=say("密码错误次数太多，账号已锁定，请稍后再试")
            )
        raise PasswordRefused("wrong", sentence=say("原来的密码不对，请核对大小写"))
    if new != again:
        raise PasswordRefused("differ", sentence=say("两次输入的新密码不一样，请重新输入"))
    if new == old:
        raise PasswordRefused("same", sentence=say("新密码和原来的一样，请换一个"))
    _refuse_weak(new, person)
    hashed = hash_password(new)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.update_person(
            uow.connection,
            actor.person_id,
            password_hash=hashed,
            must_change=False,
            failures=0,
        )
        store.end_sessions(uow.connection, actor.person_id, but=token_hash(token) if token else "")
        _note(env, uow, actor, "PasswordChanged", person["login"])
        uow.commit()


def _wrong(env: Environment, actor: Actor) -> int:
    """Count a wrong old password as one at the door; return how many are left before the lock."""
    with UnitOfWork(env.database, writing=True) as uow:
        person = accounts.by_id(uow.connection, actor.person_id)
        left = count_failure(env, uow, person) if person else 0
        event = audit.AuditEvent(
            "PasswordChanged", f"person:{actor.login}", result="denied", reason="wrong"
        )
        note(env, uow.connection, actor, event)
        uow.commit()
    return left


def _refuse_weak(password: str, person: Mapping[str, Any]) -> None:
    if not SHORTEST <= len(password) <= LONGEST:
        raise PasswordRefused(
            "length",
            sentence=say(
                "新密码应为{n}至{most}位，现为{have}位",
                n=SHORTEST,
                most=LONGEST,
                have=len(password),
            ),
        )
    kinds = sum(
        re.search(pattern, password) is not None
        for pattern in ("[a-z]", "[A-Z]", "[0-9]", "[^a-zA-Z0-9]")
    )
    if kinds < KINDS:
        raise PasswordRefused(
            "kinds", sentence=say("新密码应含小写字母、大写字母、数字、符号中的至少{n}种", n=KINDS)
        )
    if person["login"].lower() in password.lower() or person["name"] in password:
        raise PasswordRefused("name", sentence=say("新密码里不要有账号或者姓名"))
    if len(set(password)) < SHORTEST // 2:
        raise PasswordRefused("repeats", sentence=say("新密码重复的字符太多，请换一个"))


def create_person(env: Environment, actor: Actor, login: str, name: str) -> Created:
    """Open an account with a one-time code; it holds no post yet and can do nothing.

    Raises:
        Denied; PersonInvalid: the login or the name cannot be used.
    """
    require(env.institution().rules, actor, "accounts.change")
    login, name = login.strip().lower(), name.strip()
    if not _LOGIN.fullmatch(login):
        raise PersonInvalid(
            "login", say("账号用小写字母开头，只含小写字母、数字、点、横线，2至32位")
        )
    if not 1 < len(name) <= 64 or not name.isprintable():
        raise PersonInvalid("name", say("请填写姓名，2至64字"))
    code = secrets.token_urlsafe(12)
    hashed = hash_password(code)
    with UnitOfWork(env.database, writing=True) as uow:
        if accounts.by_login(uow.connection, login) is not None:
            raise PersonInvalid("login", say("账号“{login}”已经有了，请换一个", login=login))
        person_id = accounts.add_person(
            uow.connection, login=login, name=name, password_hash=hashed, must_change=True
        )
        _note(env, uow, actor, "PersonAdded", login, {"name": name})
        uow.commit()
    return Created(person_id, login, name, code)


def reset_password(env: Environment, actor: Actor, person_id: str, reason: str) -> Created:
    """Give a person a new one-time code, unlock the account and end all its sessions.

    Raises:
        Denied, NotFound; PersonInvalid: no reason.
    """
    person = _person(env, actor, person_id)
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由"))
    code = secrets.token_urlsafe(12)
    hashed = hash_password(code)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.update_person(
            uow.connection,
            person_id,
            password_hash=hashed,
            must_change=True,
            failures=0,
            locked_until=None,
        )
        store.end_sessions(uow.connection, person_id)
        _note(env, uow, actor, "PasswordReset", person["login"], reason=reason)
        uow.commit()
    return Created(person_id, person["login"], person["name"], code)


def set_active(
    env: Environment, actor: Actor, person_id: str, reason: str, *, active: bool
) -> None:
    """Close an account or open it again; closing ends its sessions. Posts and what was done stay.

    Raises:
        Denied, NotFound; PersonInvalid: no reason, or one's own account.
    """
    person = _person(env, actor, person_id)
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由"))
    if person_id == actor.person_id:
        raise PersonInvalid("person", say("不能停用自己的账号，请由另一位管理员办理"))
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.update_person(
            uow.connection, person_id, active=active, failures=0, locked_until=None
        )
        if not active:
            store.end_sessions(uow.connection, person_id)
        body = {"changes": [["active", bool(person["active"]), active]]}
        _note(env, uow, actor, "PersonChanged", person["login"], body, reason)
        uow.commit()
    release_left(env)


def give_post(
    env: Environment, actor: Actor, person_id: str, role: str, unit: str, since: date, reason: str
) -> None:
    """Give a person a post from a day on.

    Raises:
        Denied, NotFound; PersonInvalid: oneself, no such role or section, held already, no reason.
    """
    person = _person(env, actor, person_id)
    office = env.institution().office
    known = office.roles.get(role)
    if person_id == actor.person_id:
        raise PersonInvalid("person", say("不能给自己任职，请由另一位管理员办理"))
    if known is None:
        raise PersonInvalid("role", say("请选择岗位"))
    if known.per_unit and unit not in office.units:
        raise PersonInvalid("unit", say("“{role}”各科室各有其人，请选择科室", role=known.title))
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由，例如任职文件的文号"))
    held = Post(role, unit if known.per_unit else None)
    with UnitOfWork(env.database, writing=True) as uow:
        if held in accounts.posts(uow.connection, person_id, since):
            raise PersonInvalid("role", say("{name}这一天已经担任这个岗位", name=person["name"]))
        _refuse_second_administration(env, uow.connection, person, role, since, None)
        accounts.add_post(uow.connection, person_id, held, since)
        body = {
            "name": person["name"],
            "role": role,
            "unit": held.unit or "",
            "since": str(since),
        }
        _note(env, uow, actor, "PostGiven", person["login"], body, reason)
        uow.commit()


def _refuse_second_administration(
    env: Environment,
    connection: Connection,
    person: Mapping[str, Any],
    role: str,
    since: date,
    until: date | None,
) -> None:
    """System, security and audit administration are never in one hand, not for a day and not as a deputy."""
    roles = env.institution().office.roles
    if role not in roles or not roles[role].administrator:
        return
    for row in store.posts(connection, str(person["id"])):
        other = row["role"]
        ends_before = row["until_day"] is not None and row["until_day"] < since
        begins_after = until is not None and row["from_day"] > until
        if other == role or ends_before or begins_after:
            continue
        if other in roles and roles[other].administrator:
            raise PersonInvalid(
                "role",
                say(
                    "{name}担任{role}，三种管理员不能由一个人兼任，请另选一人，或者先免去那一个",
                    name=person["name"],
                    role=roles[other].title,
                ),
            )


def give_deputy(
    env: Environment,
    actor: Actor,
    person_id: str,
    post_id: int,
    since: date,
    until: date,
    reason: str,
) -> None:
    """Let a person act in somebody else's post for a time (代理); the holder goes on holding it.

    Args:
        post_id: the holder's post.
        until: the last day, that day included.

    Raises:
        Denied, NotFound; PersonInvalid: oneself, the holder, days outside the holder's, held already, no reason.
    """
    person = _to_appoint(env, actor, person_id)
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由，例如外出、请假的起止"))
    if until < since or until < legal_day(env.time.now()):
        raise PersonInvalid("until", say("代理的最后一天不能早于第一天，也不能已经过去"))
    with UnitOfWork(env.database, writing=True) as uow:
        row = store.post_row(uow.connection, post_id)
        if row is None or row["deputy_for"] is not None:
            raise NotFound("post", str(post_id))
        holder = accounts.by_id(uow.connection, row["person_id"])
        if holder is None or holder["id"] == person_id:
            raise PersonInvalid("person", say("代理人不能是担任这个岗位的本人"))
        if since < row["from_day"] or (row["until_day"] is not None and until > row["until_day"]):
            raise PersonInvalid(
                "since", say("代理的日期要在{name}任职的期间以内", name=holder["name"])
            )
        held = Post(row["role"], row["unit"])
        if any(
            (one.role, one.unit) == (held.role, held.unit)
            for one in accounts.posts(uow.connection, person_id, since)
        ):
            raise PersonInvalid("role", say("{name}这一天已经担任这个岗位", name=person["name"]))
        _refuse_second_administration(env, uow.connection, person, row["role"], since, until)
        accounts.add_post(
            uow.connection, person_id, replace(held, deputy_for=holder["login"]), since, until
        )
        body = {
            "role": held.role,
            "unit": held.unit or "",
            "since": str(since),
            "until": str(until),
            "deputy_for": holder["login"],
            "name": person["name"],
        }
        _note(env, uow, actor, "DeputyNamed", person["login"], body, reason)
        uow.commit()
    release_left(env)


def end_post(
    env: Environment, actor: Actor, person_id: str, post_id: int, last_day: date, reason: str
) -> None:
    """Let a post end with a day; the day before today at the earliest, so that the past stays as it was.

    Raises:
        Denied, NotFound; PersonInvalid: ended already, an earlier day, no reason.
    """
    person = _person(env, actor, person_id)
    yesterday = legal_day(env.time.now()) - timedelta(days=1)
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由，例如任免文件的文号"))
    with UnitOfWork(env.database, writing=True) as uow:
        row = store.post_row(uow.connection, post_id)
        if row is None or row["person_id"] != person_id:
            raise NotFound("post", str(post_id))
        if row["until_day"] is not None and row["until_day"] <= yesterday:
            raise PersonInvalid("post", say("这个岗位已经结束"))
        if last_day < yesterday:
            raise PersonInvalid("until", say("最后一天最早为昨天：以前谁在岗，是已经发生的事实"))
        _end(env, uow, actor, person, row, last_day, reason)
        uow.commit()
    release_left(env)


def hand_over(
    env: Environment, actor: Actor, post_id: int, person_id: str, since: date, reason: str
) -> None:
    """Change the holder of a post from a day on: one act, so that the post is never empty or held twice.

    Raises:
        Denied, NotFound; PersonInvalid: oneself, the same person, held already, a past day, no reason.
    """
    person = _to_appoint(env, actor, person_id)
    if len(reason.strip()) < 2:
        raise PersonInvalid("reason", say("请写明理由，例如任免文件的文号"))
    today = legal_day(env.time.now())
    if since < today:
        raise PersonInvalid("since", say("换人最早从今天开始：以前谁在岗，是已经发生的事实"))
    with UnitOfWork(env.database, writing=True) as uow:
        row = store.post_row(uow.connection, post_id)
        before = accounts.by_id(uow.connection, row["person_id"]) if row else None
        if row is None or before is None or row["deputy_for"] is not None:
            raise NotFound("post", str(post_id))
        if row["until_day"] is not None and row["until_day"] < today:
            raise PersonInvalid("post", say("这个岗位已经结束"))
        if any(
            (one.role, one.unit, one.deputy_for) == (row["role"], row["unit"], None)
            for one in accounts.posts(uow.connection, person_id, since)
        ):
            raise PersonInvalid("person", say("{name}这一天已经担任这个岗位", name=person["name"]))
        _end(env, uow, actor, before, row, since - timedelta(days=1), reason)
        accounts.add_post(uow.connection, person_id, Post(row["role"], row["unit"]), since)
        body = {
            "name": person["name"],
            "role": row["role"],
            "unit": row["unit"] or "",
            "since": str(since),
        }
        _note(env, uow, actor, "PostGiven", person["login"], body, reason)
        uow.commit()
    release_left(env)


def _end(
    env: Environment,
    uow: UnitOfWork,
    actor: Actor,
    person: Mapping[str, Any],
    row: Mapping[str, Any],
    last_day: date,
    reason: str,
) -> None:
    store.end_post(uow.connection, row["id"], last_day)
    if row["deputy_for"] is None:
        store.end_deputies(uow.connection, person["login"], row["role"], row["unit"], last_day)
    body = {
        "name": person["name"],
        "role": row["role"],
        "unit": row["unit"] or "",
        "until": str(last_day),
    }
    _note(env, uow, actor, "PostEnded", person["login"], body, reason)


def _to_appoint(env: Environment, actor: Actor, person_id: str) -> Mapping[str, Any]:
    """Return somebody who may be given a post by the actor: another one, with an open account."""
    person = _person(env, actor, person_id)
    if person_id == actor.person_id:
        raise PersonInvalid("person", say("不能给自己任职，请由另一位管理员办理"))
    if not person["active"]:
        raise PersonInvalid("person", say("{name}的账号已停用", name=person["name"]))
    return person


def _person(env: Environment, actor: Actor, person_id: str) -> Mapping[str, Any]:
    require(env.institution().rules, actor, "accounts.change")
    with UnitOfWork(env.database, writing=False) as uow:
        person = accounts.by_id(uow.connection, person_id)
    if person is None:
        raise NotFound("person", person_id)
    return person


def _note(
    env: Environment,
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    login: str,
    body: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    event = audit.AuditEvent(
        action, f"person:{login}", body=body or {}, reason=reason.strip()[:500]
    )
    note(env, uow.connection, actor, event)
