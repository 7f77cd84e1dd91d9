"""Cases with their live state: load one, save one step of one, find many.

The live state is the frontier only, so a step reads and writes a few KiB at any history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from engine import audit
from engine.errors import RevisionConflict
from engine.store.prepared import Prepared, PreparedRead
from engine.store.rows import IS_OPEN, Row, many, one
from engine.tables import (
    audit_event,
    candidate,
    case_event,
    cases,
    clock,
    history,
    person,
    timer,
    work_item,
)


class CaseRow(NamedTuple):
    """A case as it stands in the database; ``state`` is the executor's, ``fields`` the record."""

    id: str
    procedure: str
    version_id: str
    number: str
    subject: str
    kind: str
    status: str
    how: str | None
    outcome: str | None
    opened_at: datetime
    closed_at: datetime | None
    fields: dict[str, Any]
    state: dict[str, Any]
    revision: int
    called_versions: dict[str, str]
    doers: dict[str, list[str]]


def case_row(row: Mapping[Any, Any]) -> CaseRow:
    """Return a row of the table as a case, its live state parsed."""
    return _case([row[name] for name in _OF_CASE])


_OF_CASE = CaseRow._fields
_STATE = _OF_CASE.index("state")


def _case(values: Sequence[Any]) -> CaseRow:
    """Return a case from the columns ``_OF_CASE``."""
    found = list(values)
    found[_STATE] = orjson.loads(found[_STATE])
    return CaseRow._make(found)


# Built once: a statement that is built anew costs three times what it costs to run.
_CASE_COLUMNS = [cases.c[name] for name in _OF_CASE]
_LOAD = PreparedRead(select(*_CASE_COLUMNS).where(cases.c.id == bindparam("case_id")))
_DONE_BEFORE = select(history.c.case_id).where(history.c.key == bindparam("key"))
_LOAD_WITH_ITEM = PreparedRead(
    select(*_CASE_COLUMNS, *work_item.c, _DONE_BEFORE.scalar_subquery())
    .join(work_item, work_item.c.case_id == cases.c.id)
    .where(work_item.c.id == bindparam("task_id"))
)
_ITEM_COLUMNS = work_item.c.keys()
_LOAD_WITH_TIMER = PreparedRead(
    select(*_CASE_COLUMNS, *timer.c)
    .join(timer, timer.c.case_id == cases.c.id)
    .where(timer.c.id == bindparam("timer_id"))
)
_TIMER_COLUMNS = timer.c.keys()
# What a step changes, and what few steps do: an index or a foreign key hangs on it, which costs where it is set.
_OFTEN = ("subject", "kind", "outcome", "fields", "state", "revision", "called_versions", "doers")
_SELDOM = ("version_id", "status", "how", "closed_at")
_often, _seldom = attrgetter(*_OFTEN), attrgetter(*_SELDOM)
# In the text: eight parameters less to hand over.
_ONE: ColumnElement[int] = literal_column("1")
_NONE: ColumnElement[int] = literal_column("0")
_LAST = (
    select(audit_event.c.seq, audit_event.c.hash)
    .order_by(audit_event.c.seq.desc())
    .limit(_ONE)
    .offset(_NONE)
)
_LAST_OF_CASE = (
    select(audit_event.c.case_seq, audit_event.c.hash)
    .where(audit_event.c.case_id == bindparam("of"))
    .order_by(audit_event.c.case_seq.desc())
    .limit(_ONE)
    .offset(_NONE)
)


_NEW = tuple(f"new_{name}" for name in _OFTEN + _SELDOM)


def _updating(names: Sequence[str]) -> Prepared:
    return Prepared(
        update(cases)
        .where(cases.c.id == bindparam("of"), cases.c.revision == bindparam("read_at"))
        .values({name: bindparam(f"new_{name}") for name in (*names, "last_step")})
        .returning(
            _LAST.with_only_columns(audit_event.c.seq).scalar_subquery(),
            _LAST.with_only_columns(audit_event.c.hash).scalar_subquery(),
            _LAST_OF_CASE.with_only_columns(audit_event.c.case_seq).scalar_subquery(),
            _LAST_OF_CASE.with_only_columns(audit_event.c.hash).scalar_subquery(),
        )
    )


_UPDATE, _UPDATE_ALL = _updating(_OFTEN), _updating(_OFTEN + _SELDOM)
_CLOSE_ITEM = Prepared(
    update(work_item)
    .where(
        work_item.c.case_id == bindparam("of_case"),
        work_item.c.token == bindparam("of_token"),
        IS_OPEN,
    )
    .values(status=bindparam("how"), closed_at=bindparam("at"), closed_by=bindparam("by"))
)
_OPEN_ITEM = Prepared.insert(work_item, without=("closed_at", "closed_by"))
_APPEND_HISTORY = Prepared.insert(history, without=("id",))


def load(connection: Connection, case_id: str) -> CaseRow | None:
    """Return one case."""
    row = _LOAD.first(connection, {"case_id": case_id})
    return _case(row) if row else None


def load_with_item(
    connection: Connection, task_id: str, key: str | None = None
) -> tuple[CaseRow, Row, bool] | None:
    """Return a work item and its case in one read, and whether the form of this key was taken already."""
    row = _LOAD_WITH_ITEM.first(connection, {"task_id": task_id, "key": key})
    if row is None:
        return None
    *both, done_before = row
    case, item = both[: len(_OF_CASE)], both[len(_OF_CASE) :]
    return _case(case), dict(zip(_ITEM_COLUMNS, item, strict=True)), done_before is not None


def load_with_timer(connection: Connection, timer_id: str) -> tuple[CaseRow, Row] | None:
    """Return an armed timer and its case in one read."""
    row = _LOAD_WITH_TIMER.first(connection, {"timer_id": timer_id})
    if row is None:
        return None
    case, armed = row[: len(_OF_CASE)], row[len(_OF_CASE) :]
    return _case(case), dict(zip(_TIMER_COLUMNS, armed, strict=True))


def work_item_row(connection: Connection, task_id: str) -> Row | None:
    """Return one work item."""
    return one(connection, select(work_item).where(work_item.c.id == task_id))


def events(connection: Connection, case_id: str) -> list[Row]:
    """Return the case events in the order they were recorded."""
    return many(
        connection,
        select(case_event).where(case_event.c.case_id == case_id).order_by(case_event.c.id),
    )


def insert_case(connection: Connection, row: CaseRow) -> None:
    """Store a new case."""
    connection.execute(insert(cases), {**row._asdict(), "state": _state_text(row.state)})


def update_case(
    connection: Connection,
    row: CaseRow,
    *,
    before: CaseRow,
    last_step: Mapping[str, Any] | None = None,
) -> tuple[audit.Head, audit.Head]:
    """Write a case that was read as ``before``; return where the trail and the case's own chain end.

    ``last_step`` is what could be taken back, see ``last_steps``.

    Raises:
        RevisionConflict: somebody else wrote it since; nothing was written.
    """
    stays = _seldom(row) == _seldom(before)
    new = dict(zip(_NEW, _often(row) if stays else _often(row) + _seldom(row), strict=False))
    new.update(of=row.id, read_at=before.revision, new_state=_state_text(row.state))
    new["new_last_step"] = _state_text(last_step) if last_step else None
    found = (_UPDATE if stays else _UPDATE_ALL).returning(connection, new)
    if found is None:
        raise RevisionConflict(f"case {row.id} is no longer at revision {before.revision}")
    seq, last, case_seq, case_last = found
    return (
        audit.Head(seq, last) if seq else audit.Head(),
        audit.Head(case_seq, case_last) if case_seq else audit.Head(),
    )


def _state_text(state: Mapping[str, Any]) -> str:
    return orjson.dumps(state).decode()


def open_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new work items; those with further candidates also in the table beside."""
    if not rows:
        return
    _OPEN_ITEM(connection, rows)
    _add_candidates(connection, rows)


def _add_candidates(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    further = [
        {"work_item_id": row["id"], "role": role, "person_id": ""}
        for row in rows
        for role in row["candidates"].get("roles", [])[1:]
    ] + [
        {"work_item_id": row["id"], "role": "", "person_id": person_id}
        for row in rows
        for person_id in row["candidates"].get("users", [])
    ]
    if further:
        connection.execute(insert(candidate), further)


def offer_again(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what open work items take from another version of the diagram; drafts and who has one stay."""
    for row in rows:
        values = {name: value for name, value in row.items() if name != "id"}
        connection.execute(update(work_item).where(work_item.c.id == row["id"]).values(values))
    ids = [row["id"] for row in rows]
    connection.execute(delete(candidate).where(candidate.c.work_item_id.in_(ids)))
    _add_candidates(connection, rows)


def open_cases(
    connection: Connection, procedure: str, *, but_version: str | None = None
) -> list[CaseRow]:
    """Return the open cases of a procedure, those of one version left out, by number."""
    found = select(cases).where(cases.c.procedure == procedure, cases.c.status == "open")
    if but_version is not None:
        found = found.where(cases.c.version_id != but_version)
    rows = connection.execute(found.order_by(cases.c.number, cases.c.id)).mappings()
    return [case_row(row) for row in rows]


def close_item(
    connection: Connection, case_id: str, token: str, *, how: str, by: str | None, at: datetime
) -> Callable[[], int]:
    """Close the open work item of a token; say afterwards how many were open (0 or 1)."""
    values = {"of_case": case_id, "of_token": token, "how": how, "at": at, "by": by}
    cursor = _CLOSE_ITEM(connection, values)
    return lambda: cursor.rowcount


def set_assignee(
    connection: Connection, task_id: str, person_id: str | None, was: str | None
) -> int:
    """Give an open work item to a person or back; return 1 where it was as the caller saw it."""
    return connection.execute(
        update(work_item)
        .where(
            work_item.c.id == task_id,
            IS_OPEN,
            work_item.c.assignee.is_(None) if was is None else work_item.c.assignee == was,
        )
        .values(assignee=person_id)
    ).rowcount


def case_items(connection: Connection, case_id: str) -> list[Row]:
    """Return all work items of a case, oldest first."""
    return many(
        connection,
        select(work_item)
        .where(work_item.c.case_id == case_id)
        .order_by(work_item.c.opened_at, work_item.c.token, work_item.c.id),
    )


def append_events(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store case events."""
    if rows:
        connection.execute(insert(case_event), [dict(row) for row in rows])


def append_history(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store what one step did."""
    _APPEND_HISTORY(connection, row)


def case_history(connection: Connection, case_id: str) -> list[Row]:
    """Return the steps of a case, oldest first."""
    return many(
        connection, select(history).where(history.c.case_id == case_id).order_by(history.c.id)
    )


def steps_of_people(connection: Connection, case_id: str) -> list[Row]:
    """Return the steps that people completed, oldest first, each with its ``name`` and the person's ``login``."""
    return many(
        connection,
        select(history, work_item.c.name, person.c.login)
        .outerjoin(work_item, work_item.c.id == history.c.work_item_id)
        .outerjoin(person, person.c.id == history.c.actor)
        .where(
            history.c.case_id == case_id,
            history.c.cause.in_(("start", "complete", "message")),
            history.c.activity_id.is_not(None),
            history.c.role.is_not(None),
            or_(work_item.c.status.is_(None), work_item.c.status != "taken_back"),
        )
        .order_by(history.c.id),
    )


def history_by_key(connection: Connection, key: str) -> Row | None:
    """Return the step that a rendered form's key already caused."""
    return one(connection, select(history).where(history.c.key == key))


def was_delivered(connection: Connection, key: str) -> bool:
    """Return whether a case took the message of this key: each takes it under the key and its own id."""
    taken = select(history.c.id).where(history.c.key.startswith(f"{key}:", autoescape=True))
    return connection.execute(taken.limit(1)).first() is not None


def case_clocks(connection: Connection, case_ids: Sequence[str]) -> dict[str, list[Row]]:
    """Return the clock rows of cases: case id -> rows."""
    found: dict[str, list[Row]] = {case_id: [] for case_id in case_ids}
    for start in range(0, len(case_ids), 500):
        for row in many(
            connection,
            select(clock)
            .where(clock.c.case_id.in_(case_ids[start : start + 500]))
            .order_by(clock.c.case_id, clock.c.clock, clock.c.party),
        ):
            found[row["case_id"]].append(row)
    return found


def open_case_ids(connection: Connection) -> list[str]:
    """Return the ids of all open cases, oldest first."""
    return list(
        connection.scalars(
            select(cases.c.id)
            .where(cases.c.status == "open")
            .order_by(cases.c.opened_at, cases.c.id)
        )
    )


def count_cases(connection: Connection) -> int:
    """Return how many cases there are."""
    return connection.execute(select(func.count()).select_from(cases)).scalar_one()


def find(
    connection: Connection,
    *,
    visible: Any,
    search: str = "",
    status: str = "",
    limit: int,
    offset: int = 0,
) -> tuple[list[Row], int]:
    """Return cases that meet a visibility condition and a search, newest first, and their number.

    Args:
        visible: an SQL condition over ``cases`` made by ``visible_cases``.
        search: part of a number or of a subject.
    """
    where = [visible]
    if status:
        where.append(cases.c.status == status)
    if search:
        like = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        where.append(
            or_(cases.c.number.like(like, escape="\\"), cases.c.subject.like(like, escape="\\"))
        )
    columns = [column for column in cases.c if column.name not in {"state", "fields", "last_step"}]
    found = many(
        connection,
        select(*columns)
        .where(*where)
        .order_by(cases.c.opened_at.desc(), cases.c.id)
        .limit(limit)
        .offset(offset),
    )
    total = connection.execute(select(func.count()).select_from(cases).where(*where)).scalar_one()
    return found, total


def id_of_number(connection: Connection, number: str) -> str | None:
    """Return the id of the case with this number."""
    return connection.execute(select(cases.c.id).where(cases.c.number == number)).scalar()


def versions_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return {case id: (number, version id)}."""
    found = connection.execute(
        select(cases.c.id, cases.c.number, cases.c.version_id).where(
            cases.c.id.in_(sorted(set(case_ids)))
        )
    )
    return {row.id: (row.number, row.version_id) for row in found}


def numbers(connection: Connection) -> frozenset[str]:
    """Return every case number there is."""
    return frozenset(connection.scalars(select(cases.c.number)))
