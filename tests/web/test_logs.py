"""Abuse 23: nobody writes a line of the log, and nobody's data stand in it."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import text as sql

from engine.cli.logs import LONGEST, OneLine
from engine.unit_of_work import DatabaseError, UnitOfWork
from tests.web.conftest import Client
from tests.web.fakes import Office
from tests.web.real import REGISTER, RealOffice

RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ \S+ ")
FORGED = "2026-11-24 10:00:00,000 INFO engine.accounts zhou signed in"
PAYLOADS = [
    f"a\n{FORGED}",
    f"a\r\n{FORGED}",
    f"a\r{FORGED}",
    f"a\x85{FORGED}",
    f"a\u2028{FORGED}",
    f"a\u2029{FORGED}",
    f"a\x0b{FORGED}\x0c",
    "\x1b[2J\x1b[31mred",
    "nul \x00 and bell \x07",
    "\u202edesrever",
    "\u2066isolated\u2069",
    "long " * 300_000,
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server would write to its log."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def lines(log: io.StringIO) -> list[str]:
    """Each line is a record or stands behind a bar, and holds nothing that is not seen."""
    found = log.getvalue().splitlines()
    for line in found:
        assert RECORD.match(line) or line.startswith("  | "), line[:200]
        assert not FORGED.startswith(line[:20])
        assert line.isprintable()
        assert len(line) <= LONGEST + 200
    return found


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_abuse_23_an_event_is_one_line_whatever_somebody_typed(log, payload: str) -> None:
    logging.getLogger("engine").warning("refused %s", payload)
    assert len(lines(log)) == 1


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_abuse_23_what_an_error_says_cannot_pass_for_a_record(
    log, zhou: Client, office: Office, payload: str
) -> None:
    office.commands.fails = ValueError(payload)
    answer = zhou.post("/tasks/t-2026-0213", {"points": "x"})
    assert answer.status_code == 500
    found = lines(log)
    assert any("ValueError" in line for line in found if line.startswith("  | "))
    assert sum("incident" in line for line in found if RECORD.match(line)) == 1


def test_abuse_23_a_path_and_headers_write_no_lines(log, zhou: Client, office: Office) -> None:
    office.queries.fails = ValueError("x")
    zhou.http.get(f"/cases/%0a{FORGED}?q=%0d%0a{FORGED}", headers={"User-Agent": "\x1b[2J"})
    zhou.http.post("/tasks/%0aid", headers={"Origin": f"http://evil/{FORGED}"})
    lines(log)


def test_abuse_23_what_an_applicant_is_called_stood_in_the_log_where_the_database_failed(
    log, real: RealOffice
) -> None:
    with UnitOfWork(real.env.database, writing=True) as uow:
        with pytest.raises(DatabaseError) as failed:
            uow.connection.execute(sql("insert into nothing values (:name)"), REGISTER)
        logging.getLogger("engine").error("failed", exc_info=failed.value)
    assert "nothing" in log.getvalue()
    assert REGISTER["name"] not in log.getvalue()


def test_abuse_23_no_name_number_or_telephone_stands_in_the_log_of_a_day(
    log, real: RealOffice
) -> None:
    case = real.start(name="顾小明")
    real.do("li", case.case_id)
    zhou = real.browser("zhou")
    zhou.get(f"/cases/{case.case_id}")
    zhou.http.post("/start/visit", data={**REGISTER, "name": "顾小明", "kind": "no such kind"})
    zhou.post("/start/visit", {**REGISTER, "name": "顾小明", "kind": "no such kind"})
    assert log.getvalue()
    assert "顾小明" not in log.getvalue()
