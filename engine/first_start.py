"""The first start of a real office: the three separated administrators, each with a one-time code."""

from __future__ import annotations

import secrets

from engine import audit
from engine.accounts import hash_password
from engine.commands.noting import note
from engine.environment import Environment
from engine.errors import BadInput
from engine.identity import SYSTEM, Post
from engine.store import accounts
from engine.timesource import legal_day
from engine.unit_of_work import UnitOfWork
from engine.words import say


def create_administrators(env: Environment) -> list[tuple[str, str, str]]:
    """Create an account for each administrator role; return (title, login, one-time code).

    Raises:
        BadInput: there are accounts already.
    """
    roles = [role for role in env.institution().office.roles.values() if role.administrator]
    created = []
    with UnitOfWork(env.database, writing=True) as uow:
        if accounts.count_people(uow.connection):
            raise BadInput(
                "accounts exist", sentence=say("已有账号，不能再次初始化；请由系统管理员开设账号")
            )
        day = legal_day(env.time.now())
        for role in roles:
            login, code = role.id.replace("_", "-"), secrets.token_urlsafe(12)
            person_id = accounts.add_person(
                uow.connection,
                login=login,
                name=role.title,
                password_hash=hash_password(code),
                must_change=True,
            )
            accounts.add_post(uow.connection, person_id, Post(role.id), day)
            note(
                env,
                uow.connection,
                SYSTEM,
                audit.AuditEvent("PersonAdded", f"person:{login}", body={"role": role.id}),
            )
            created.append((role.title, login, code))
        uow.commit()
    return created
