"""A demonstration office whose loading was cut off: found by its mark, dropped, begun again.

The mark stands in the database from before the first account until after the last case. Nothing is dropped
without it, nor where anybody has signed in or an account is not the demonstration's.
"""

from __future__ import annotations

import shutil

from engine.commands.publishing import site_of
from engine.environment import Environment
from engine.errors import BadInput
from engine.migrate import start_over
from engine.store import accounts
from engine.store import audit as trail
from engine.unit_of_work import Connection, UnitOfWork
from engine.words import say

MARK = "demo_loading"


def mark(env: Environment, connection: Connection) -> None:
    """Say, in the transaction that adds the first accounts, that the rest is still to come.

    Raises:
        BadInput: there are accounts already, or a published site.
    """
    if accounts.count_people(connection):
        raise BadInput(
            "accounts exist", sentence=say("数据库里已有账号，演示单位只能装入空的数据库")
        )
    if site_of(env).entries():
        raise BadInput(
            "a site was published from this folder",
            sentence=say("{data} 里已有公开网站的内容，请另选一个数据文件夹", data=env.config.data),
        )
    accounts.set_meta(connection, MARK, env.time.now().isoformat())


def is_unfinished(env: Environment) -> bool:
    """Return whether the loading of a demonstration was begun here and not ended."""
    with UnitOfWork(env.database, writing=False) as uow:
        return accounts.get_meta(uow.connection, MARK) is not None


def drop_unfinished(env: Environment) -> bool:
    """Empty a database whose demonstration was cut off; return whether it was so. It can then be loaded anew.

    Raises:
        BadInput: somebody has signed in or real accounts were added; nothing was touched.
    """
    if not is_unfinished(env):
        return False
    with UnitOfWork(env.database, writing=False) as uow:
        real = accounts.count_people(uow.connection, demo=False)
        _, signed_in = trail.search(uow.connection, {"action": "SignedIn"}, limit=1)
    if real or signed_in:
        raise BadInput(
            "the unfinished demonstration was used",
            sentence=say("演示单位没有装完，但已经有人用过，不能自动清除；请另选一个数据文件夹"),
        )
    # The site first: killed between the two, the mark still stands and it all happens again.
    shutil.rmtree(site_of(env).folder, ignore_errors=True)
    start_over(env.database)
    return True
