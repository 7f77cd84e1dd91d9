"""The tables, and nothing else. Every statement over them stands in ``engine.store``.

Instants are stored as UTC, legal days as dates. ``history``, ``case_event``, ``audit_event`` and
``document`` are append only: triggers refuse UPDATE and DELETE where the law wants evidence.
A case and its process instance are one row, because each case has exactly one instance.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


Key = String(64)

procedure_version = Table(
    "procedure_version",
    metadata,
    Column("id", Key, primary_key=True),
    Column("procedure", Key, nullable=False),
    Column("number", Integer, nullable=False),
    Column("content_hash", String(128), nullable=False),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", String(128), nullable=False),
    Column("reason", Text, nullable=False),
    Column("in_force_from", Date, nullable=False),
    UniqueConstraint("procedure", "number"),
)

procedure_file = Table(
    "procedure_file",
    metadata,
    Column("version_id", Key, ForeignKey("procedure_version.id"), primary_key=True),
    Column("path", String(255), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", Key, primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("password_hash", String(255)),
    Column("active", Boolean, nullable=False, default=True),
    Column("failures", Integer, nullable=False, default=0),
    Column("locked_until", Instant),
    Column("must_change", Boolean, nullable=False, default=False),
    Column("display", JSON, nullable=False, default=dict),
    Column("is_demo", Boolean, nullable=False, default=False),
)

post = Table(
    "post",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False, index=True),
    Column("role", Key, nullable=False),
    Column("unit", Key),
    Column("from_day", Date, nullable=False),
    Column("until_day", Date),
    Column("deputy_for", Key),  # login of the holder in whose place the person acts
)

session = Table(
    "session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person_id", Key, ForeignKey("person.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("address", String(64), nullable=False),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("procedure", Key, nullable=False),
    Column("version_id", Key, ForeignKey("procedure_version.id"), nullable=False),
    Column("number", String(64), nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("kind", String(64), nullable=False, default=""),
    Column("status", String(16), nullable=False),  # open | closed
    Column("how", String(16)),  # completed | terminated | cancelled
    Column("outcome", String(32)),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("fields", JSON, nullable=False),
    Column("state", Text, nullable=False),  # live state of the process instance, JSON
    Column("revision", Integer, nullable=False),
    Column("called_versions", JSON, nullable=False, default=dict),
    Column("doers", JSON, nullable=False, default=dict),  # activity -> who completed it: four eyes
    Column(
        "last_step", Text
    ),  # what can be taken back and how the case stood before, see store.last_steps
    Index("ix_cases_status_opened", "status", "opened_at"),
)

work_item = Table(
    "work_item",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("token", Key, nullable=False),
    Column("activity_id", String(128), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("form", String(128)),
    Column("role", Key),
    Column("unit", Key),
    Column(
        "candidates", JSON, nullable=False
    ),  # {roles: [...], users: [...], apart: [activity ids]}
    Column("assignee", Key),
    Column("item", JSON),
    Column("status", String(16), nullable=False),  # open | completed | cancelled | taken_back
    Column("due_on", Date),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_by", Key),
    Column("version_id", Key),
    # Each step opens one and closes one: an index more is two pages more to write.
    Index("ix_work_item_case_token", "case_id", "token"),
    # Open ones only: what is done is not looked for by post, and each step would write two pages of it more.
    Index(
        "ix_work_item_open_role",
        "role",
        "unit",
        sqlite_where=text("status = 'open'"),
        postgresql_where=text("status = 'open'"),
    ),
)

candidate = Table(
    # Only where a task has more than one candidate group or named candidate users.
    "candidate",
    metadata,
    Column("work_item_id", Key, ForeignKey("work_item.id"), primary_key=True),
    Column("role", Key, primary_key=True, default=""),
    Column("person_id", Key, primary_key=True, default=""),
)

timer = Table(
    "timer",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("timer", String(190), nullable=False),
    Column("activity_id", String(128), nullable=False),
    Column("due_at", Instant),
    Column("clock", String(64)),
    Column("offset", String(32)),
    Column("party", String(128)),
    Column("failures", Integer, nullable=False, default=0),
    Index("ix_timer_due", "due_at"),
)

event_wait = Table(
    "event_wait",
    metadata,
    Column("id", String(255), primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("wait", String(190), nullable=False),
    Column("activity_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(255)),
    Column("correlation", String(255)),
    Index("ix_event_wait_kind_name", "kind", "name"),
)

case_event = Table(
    "case_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", String(64), nullable=False),
    Column("day", Date, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("activity_id", String(128)),
    Column("recorded_by", Key, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("supersedes", Integer),
)

clock = Table(
    # The present answer of each clock of a case: what lists are ordered by. Always computable again.
    "clock",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("clock", Key, primary_key=True),
    Column("party", String(128), primary_key=True, default=""),
    Column("due", Date),
    Column("due_at", Instant),
    Column("original", Date),
    Column("state", String(16), nullable=False),
    Column("provisional", Boolean, nullable=False),
    Column(
        "held", JSON, nullable=False
    ),  # [[first day, last day or null, title]] that do not count
    Index("ix_clock_due", "due"),
)

history = Table(
    # One row a step: what happened in the instance, and the form as it was submitted.
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", Key, nullable=False),
    Column("role", Key),  # the post in which the person acted, its section, in whose place (login)
    Column("unit", Key),
    Column("on_behalf", Key),
    Column("cause", String(32), nullable=False),  # start | complete | fire | message | ...
    Column("work_item_id", Key),
    Column("activity_id", String(128)),
    Column("form", String(128)),
    Column("submission", JSON),
    Column("entries", JSON, nullable=False),
    Column("key", String(190), unique=True),  # of the rendered form: a second post changes nothing
)

document = Table(
    "document",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # upload | letter
    Column("title", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("media_type", String(128), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("activity_id", String(128)),
    Column("field", String(128)),
    Column("letter", String(64)),
    Column("letter_number", String(128)),
    Column("created_by", Key, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("position", Integer, nullable=False),  # 1, 2, 3 in its case, as they were made
)

case_reference = Table(
    # Which case names which, by which field of a form; ``from_case``: the one that started it.
    "case_reference",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("field", Key, primary_key=True),
    Column("to_case", Key, ForeignKey("cases.id"), primary_key=True, index=True),
)

number_series = Table(
    "number_series",
    metadata,
    Column("series", String(64), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("work_item_id", Key, ForeignKey("work_item.id"), primary_key=True),
    Column("person_id", Key, primary_key=True),
    Column("values", JSON, nullable=False),
    Column("saved_at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(190), unique=True),
    Column("case_id", Key),
    Column("kind", String(32), nullable=False),
    Column("body", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("attempts", Integer, nullable=False, default=0),
    Column("not_before", Instant),
    Column("failure", Text),
)

notice = Table(
    # A message inside the product: what the system told whom.
    "notice",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Key),
    Column("person_id", Key),
    Column("role", Key),
    Column("unit", Key),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("card", String(16), nullable=False, default=""),  # yellow, red or black
    Column(
        "channel", String(16), nullable=False, default="inbox"
    ),  # banner: above every page until seen
    # What it warns of, and holds as long as: a clock (of a party) with this due date runs, or a step is open.
    Column("clock", Key),
    Column("party", String(128)),
    Column("due", Date),
    Column("task_id", Key),
    # Or what it tells of: "case", as long as the case is open; a step's id, as long as one of it is open in the case.
    Column("until", String(128)),
)

warning = Table(
    # A rung of the ladder that was climbed: never twice for one clock (or task:id), party and due date.
    "warning",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("clock", Key, primary_key=True),
    Column("party", String(128), primary_key=True, default=""),
    Column("due", Date, primary_key=True),
    Column("rung", String(64), primary_key=True),
    Column("planned_for", Date, nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("late_days", Integer, nullable=False, default=0),
)

breach = Table(
    # A statutory limit that ran out: recorded once, with who held the case for how many working days.
    "breach",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False, index=True),
    Column("clock", Key, nullable=False),
    Column("party", String(128), nullable=False, default=""),
    Column("due", Date, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("held", JSON, nullable=False),  # [{activity, name, person, role, unit, working_days}]
    Column("withdrawn_at", Instant),  # the facts, corrected since, do not bear it
    UniqueConstraint("case_id", "clock", "party", "due"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), index=True),
    Column("element", String(128)),
    Column("code", String(64), nullable=False),
    Column("cause", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("operation", JSON, nullable=False),
    Column("attempts", Integer, nullable=False, default=1),
    Column("created_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolved_by", Key),
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("actor", Key, nullable=False),
    Column("actor_name", String(128), nullable=False),
    Column("role", String(64), nullable=False),
    Column("on_behalf", Key),
    Column("address", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object", String(255), nullable=False),
    Column("case_id", Key),
    Column("case_seq", Integer),
    Column("result", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("version", Key),
    Column("body", Text, nullable=False),
    Column("personal", Text, nullable=False),
    Column("alg", String(16), nullable=False),
    Column("prev", String(128), nullable=False),
    Column("case_prev", String(128)),
    Column("hash", String(128), nullable=False),
    UniqueConstraint("case_id", "case_seq"),
)

audit_personal = Table(
    "audit_personal",
    metadata,
    Column("seq", Integer, ForeignKey("audit_event.seq"), primary_key=True),
    Column("name", String(128), primary_key=True),
    Column("salt", String(64), nullable=False),
    Column("value", Text, nullable=False),  # sealed
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("note", Text, nullable=False, default=""),
)

meta = Table(
    # Facts about this database, such as whether it holds the demonstration office.
    "meta",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

APPEND_ONLY = ("audit_event", "case_event", "history", "procedure_file")
ERASED_ACTION = "PersonalDataErased"  # the row of the trail behind which ``history`` may be changed
_ERASED = "SELECT 1 FROM audit_event WHERE case_id = OLD.case_id AND action = 'PersonalDataErased'"


def append_only_statements(dialect: str) -> list[str]:
    """Return the DDL by which the database itself refuses to change evidence.

    One way is open, and it leaves a row in the trail first: what identifies a person in a case's history is
    overwritten when it is erased.
    """
    if dialect == "sqlite":
        unless = {("history", "UPDATE"): f"WHEN NOT EXISTS ({_ERASED}) "}
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"{unless.get((table, verb), '')}"
            f"BEGIN SELECT RAISE(ABORT, '{table} is append only'); END"
            for table in APPEND_ONLY
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_TABLE_NAME = 'history' AND TG_OP = 'UPDATE' THEN "
        f"IF EXISTS ({_ERASED}) THEN RETURN NEW; END IF; END IF; "
        "RAISE EXCEPTION '% is append only', TG_TABLE_NAME; END $$"
    )
    return [function] + [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ]
