"""The demonstration office: people in every post, and cases that walked through the engine in simulated time.

Reproducible by seed and date. No row is inserted past ``engine.commands``: each case was registered,
handled and issued by somebody who may. On its today nobody has done anything yet: it is morning there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from engine.accounts import hash_password
from engine.demo import unfinished
from engine.demo.plan import Request, read_cases, read_people, read_requests
from engine.demo.walk import OPENING, Walk
from engine.environment import Environment
from engine.identity import Post
from engine.store import accounts, definitions
from engine.timesource import FixedTime, legal_day, office_instant
from engine.unit_of_work import UnitOfWork

POSTS_SINCE_DAYS = 400  # before the first case, which is at most a year old

__all__ = ["load_demo"]


def load_demo(
    env: Environment,
    *,
    seed: int,
    today: date | None = None,
    say: Callable[[str], object] = lambda line: None,
    only: Callable[[Request], bool] = lambda request: True,
) -> int:
    """Fill an empty database with the demonstration office; return how many cases it holds.

    Cut off half-way it leaves a mark, by which the next start begins again (``engine.demo.unfinished``).

    Args:
        seed: the same seed and day give the same cases.
        today: the demonstration's present day; the real one by default.
        say: told now and then how far it is.
        only: which of the planned cases come in (tests); those of procedures that are not in force never do.

    Raises:
        BadInput: there are accounts already, or a published site.
    """
    now = env.time.now()
    day = today or legal_day(now)
    opening = office_instant(day, OPENING)
    # Never past the machine's own time: a clock that seems set back would stop the scheduler.
    present = min(opening, now) if day == legal_day(now) else opening
    people = read_people()
    since = day - timedelta(days=POSTS_SINCE_DAYS)
    _add_people(env, people, since)
    calendar, drawn = env.institution().calendar, env.procedures_in_force()
    requests = read_requests(day, calendar)
    requests += read_cases(day, calendar, len(requests))
    requests = [one for one in requests if one.procedure in drawn and only(one)]
    clock = FixedTime(present - timedelta(days=POSTS_SINCE_DAYS))
    # A year of invented days keeps no checkpoints on the office's own stick.
    config = replace(env.config, audit_checkpoint_file=None)
    walked = replace(env, time=clock, config=config)
    count = Walk(walked, clock, day, present, seed).play(requests, say)
    with UnitOfWork(env.database, writing=True) as uow:
        accounts.set_meta(uow.connection, "demo", people["password"])
        accounts.drop_meta(uow.connection, unfinished.MARK)
        uow.commit()
    return count


def _add_people(env: Environment, source: Mapping[str, Any], since: date) -> None:
    hashed = hash_password(source["password"])  # one hash for all: the password is public anyway
    with UnitOfWork(env.database, writing=True) as uow:
        unfinished.mark(env, uow.connection)
        definitions.begin(uow.connection, since)  # the invented office has worked by them all along
        for one in source["people"]:
            person_id = accounts.add_person(
                uow.connection,
                login=one["login"],
                name=one["name"],
                password_hash=hashed,
                is_demo=True,
            )
            for text in one["posts"]:
                role, _, unit = text.partition("@")
                accounts.add_post(uow.connection, person_id, Post(role, unit or None), since)
        uow.commit()
