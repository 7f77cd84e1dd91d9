"""Abuse 1: whoever asks for somebody else's case by its id is refused by the rule that leaves it out of the lists.

The rule exists twice, as a decision about one case (``access.can``) and as a condition over all of them
(``store.lists``). A thousand offices made by chance are asked both ways.
"""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import insert, select

from engine.access import can, visibility
from engine.identity import Actor, Post
from engine.store import cases, lists
from engine.stored_case import case_facts, task_facts
from engine.tables import cases as case_table
from engine.unit_of_work import Connection, UnitOfWork
from tests.integration.conftest import MORNING, Desk, open_desk

WORLDS = 1_000
ROLES = (
    "section_staff",
    "section_head",
    "line_leader",
    "web_editor",
    "director",
    "procedure_admin",
)
UNITS = (None, "housing", "roads")
PEOPLE = ("p1", "p2", "p3")


def test_abuse_01_what_a_list_shows_is_what_may_be_read_in_a_thousand_forged_worlds(tmp_path):
    desk = open_desk(tmp_path, "leave")
    rules, chance = desk.env.institution().rules, random.Random(20261124)
    seen = hidden = 0
    for world in range(WORLDS):
        with UnitOfWork(desk.env.database, writing=True) as uow:  # never committed
            ids, items = forged(uow.connection, desk, chance)
            facts = {one: case_facts(uow.connection, one) for one in ids}
            tasks = {
                row["id"]: task_facts(cases.load(uow.connection, row["case_id"]), row)
                for row in items
            }
            for actor in (person(chance), person(chance)):
                may = {one for one in ids if can(rules, actor, "case.read", facts[one]).ok}
                assert may == readable(uow.connection, desk, actor), (world, actor, facts)
                seen, hidden = seen + len(may), hidden + len(ids) - len(may)
                posts = [(one.role, one.unit) for one in actor.posts]
                mine = lists.my_items(uow.connection, posts, actor.person_id, actor.login)
                may = {one for one in tasks if can(rules, actor, "task.complete", tasks[one]).ok}
                assert may == {row["id"] for row in mine}, (world, actor, tasks)
    assert min(seen, hidden) > WORLDS / 2


def forged(
    connection: Connection, desk: Desk, chance: random.Random
) -> tuple[list[str], list[dict[str, Any]]]:
    """Put one to three cases there, with open and closed steps offered to anybody; return their ids and open steps."""
    version = desk.env.version_in_force("leave")
    rows, items = [], []
    for number in range(chance.randint(1, 3)):
        case_id = f"case-{number}"
        rows.append(
            {
                "id": case_id,
                "procedure": "leave",
                "version_id": version,
                "number": case_id,
                "subject": "x",
                "status": "open",
                "opened_at": MORNING,
                "fields": {},
                "state": "{}",
                "revision": 1,
                "doers": {"first": chance.sample(PEOPLE, 1)},
            }
        )
        for place in range(chance.randint(1, 3)):
            items.append(step(case_id, f"{case_id}-{place}", chance))
    connection.execute(insert(case_table), rows)
    cases.open_items(connection, items)
    for item in items:
        if chance.random() < 0.4:
            by = chance.choice(PEOPLE)
            cases.close_item(
                connection, item["case_id"], item["token"], how="completed", at=MORNING, by=by
            )
    ids = connection.scalars(select(case_table.c.id)).all()
    stored = [row for one in ids for row in cases.case_items(connection, one)]
    return list(ids), [row for row in stored if row["status"] == "open"]


def step(case_id: str, key: str, chance: random.Random) -> dict[str, Any]:
    """Return an open step for some posts, perhaps named people, perhaps in somebody's hands, apart from another."""
    roles = chance.sample(ROLES, chance.randint(0, 3))
    return {
        "id": key,
        "case_id": case_id,
        "token": key,
        "activity_id": "review",
        "name": "x",
        "kind": "user",
        "form": None,
        "role": roles[0] if roles else None,
        "item": None,
        "unit": chance.choice(UNITS),
        "status": "open",
        "opened_at": MORNING,
        "due_on": None,
        "assignee": chance.choice([None, None, None, *PEOPLE]),
        "version_id": None,
        "candidates": {
            "roles": roles,
            "users": [f"login-{one}" for one in chance.sample(PEOPLE, chance.choice([0, 0, 1]))],
        },
    }


def person(chance: random.Random) -> Actor:
    """Return one of three people in up to three posts, each with or without a section."""
    key = chance.choice(PEOPLE)
    held = [Post(chance.choice(ROLES), chance.choice(UNITS)) for _ in range(chance.randint(0, 3))]
    return Actor(key, key, tuple(held), "127.0.0.1", f"login-{key}")


def readable(connection: Connection, desk: Desk, actor: Actor) -> set[str]:
    condition = lists.visible_cases(visibility(desk.env.institution().rules, actor))
    return set(connection.scalars(select(case_table.c.id).where(condition)))
