"""A locked database, a full disk, a folder that cannot be written: one sentence each, and nothing lost (R3, R5, R15)."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, OperationalError, TimeoutError
from sqlalchemy.pool import QueuePool

from engine.storage_faults import fault_of
from tests.web.conftest import Client, look_over
from tests.web.fakes import Office
from tests.web.real import REGISTER, RealOffice
from tests.web.test_pages import text
from webui import create_app


@contextmanager
def somebody_else_writes(real: RealOffice) -> Iterator[None]:
    """Another process holds the one lock of writers; ours waits no time at all for it."""
    with real.env.database.connect() as ours:
        ours.exec_driver_sql("PRAGMA busy_timeout=0")
    file = real.env.config.database.removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def a_start(real: RealOffice) -> dict[str, str]:
    page = real.browser("zhou").get("/start/visit")
    hidden = {one["name"]: one["value"] for one in page.select("form input[type=hidden][name]")}
    return {**hidden, **REGISTER}


def test_a_locked_database_was_a_defect_with_a_number(real: RealOffice) -> None:
    zhou = real.browser("zhou")
    posted = a_start(real)
    with somebody_else_writes(real):
        answer = zhou.http.post("/start/visit", data=posted)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        page = look_over(answer)
        assert "系统正忙，本次没有保存" in text(page.main)
        assert REGISTER["title"] in text(page.main)  # what was typed is not lost
        zhou.get("/")  # reading goes on
    answer = zhou.http.post("/start/visit", data=posted)
    assert answer.status_code == 303  # and the same form is taken now


def test_reading_goes_on_where_the_session_cannot_be_noted_as_in_use(real: RealOffice) -> None:
    """After a minute every page noted that the session is in use: on a full disk nobody could read any more."""
    zhou = real.browser("zhou")
    real.at("2026-11-02T09:10")
    with somebody_else_writes(real):
        zhou.get("/")


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 507, "磁盘满了"),
        (OSError(errno.EROFS, "Read-only file system"), 503, "不能写"),
        (OSError(errno.EIO, "Input/output error"), 503, "磁盘读写出错"),
    ],
)
def test_a_full_or_broken_disk_is_told_in_a_sentence_and_keeps_the_text(
    zhou: Client, office: Office, error: OSError, status: int, told: str
) -> None:
    office.commands.fails = error
    answer = zhou.post("/tasks/t-2026-0213", {"points": "写过的字"})
    assert answer.status_code == status
    assert told in answer.text
    assert "本次没有保存" in answer.text
    assert "写过的字" in answer.text
    assert "故障编号" not in answer.text


def test_a_password_was_shown_on_the_page_of_a_failure(real: RealOffice) -> None:
    door = Client(create_app(real.env).test_client())
    door.http.get("/sign-in")
    with somebody_else_writes(real):
        answer = door.post(
            "/sign-in", {"account": "zhou", "password": "gehe1m-2026"}, page="/sign-in"
        )
    assert answer.status_code == 503
    assert "gehe1m" not in answer.text


def sqlite_error(statement: str, *first: str) -> Exception:
    with closing(sqlite3.connect(":memory:")) as database:
        for one in first:
            database.execute(one)
        with pytest.raises(sqlite3.Error) as found:
            database.execute(statement)
    return OperationalError("x", None, found.value)


def test_what_failed_is_known_by_the_codes_of_each_database() -> None:
    full = sqlite_error(
        "insert into t values (zeroblob(100000))", "create table t (x)", "pragma max_page_count=3"
    )
    assert fault_of(full).kind == "full"
    read_only = sqlite_error("create table t (x)", "pragma query_only=on")
    assert fault_of(read_only).kind == "read_only"
    with pytest.raises(sqlite3.OperationalError) as missing:
        sqlite3.connect("/nowhere/at/all/x.sqlite")
    assert fault_of(missing.value).kind == "read_only"
    for error, kind in (
        (psycopg.errors.DiskFull(), "full"),
        (psycopg.errors.LockNotAvailable(), "busy"),
        (psycopg.errors.AdminShutdown(), "gone"),
        (psycopg.OperationalError("connection refused"), "gone"),
        (psycopg.errors.DataCorrupted(), "damaged"),
    ):
        assert fault_of(DBAPIError("x", None, error)).kind == kind
    assert fault_of(psycopg.errors.SyntaxError()) is None
    assert fault_of(sqlite_error("select * from nothing")) is None
    assert fault_of(ZeroDivisionError()) is None


def test_a_pool_that_is_used_up_is_busy() -> None:
    engine = create_engine(
        "sqlite://", poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0
    )
    with engine.connect(), pytest.raises(TimeoutError) as waited:
        engine.connect()
    assert fault_of(waited.value).kind == "busy"


def test_a_fault_below_another_error_is_found() -> None:
    wrapped = ValueError("the letter could not be written")
    wrapped.__cause__ = OSError(errno.ENOSPC, "full")
    assert fault_of(wrapped).kind == "full"
