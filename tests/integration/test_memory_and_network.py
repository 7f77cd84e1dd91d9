"""Memory that runs out in the middle of a step (R18), and a network that breaks between us and the database (R14).

Of R18 the part that can be counted: at whichever statement it happens. That the system replaces a process which the
kernel killed is R1's and R2's, in ``test_crashes``.
"""

from __future__ import annotations

import re
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from engine import commands
from engine.bootstrap import build_environment
from engine.environment import Environment
from engine.storage_faults import fault_of
from engine.store import cases
from engine.unit_of_work import UnitOfWork
from tests.chaos.kills import holds
from tests.chaos.office import ledger
from tests.integration.conftest import Desk, PostgresServer, open_desk
from tests.integration.test_crashes import REGISTER, Breaking, open_item

CUTS = 25  # of either kind


class Exhausted(Breaking):
    """Lets memory run out at the n-th statement from now."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._error = MemoryError()  # type: ignore[assignment]


def test_fault_r18_memory_that_runs_out_at_any_statement_leaves_nothing_half(desk: Desk) -> None:
    commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    review, actor = str(open_item(desk, "review")), desk.actor("zhao")
    exhausted, before = Exhausted(desk.env), ledger(desk.env)
    failed = 0
    while True:
        exhausted.at(failed + 1)
        try:
            commands.complete_task(desk.env, actor, review, {"decision": "agree"})
        except MemoryError:
            exhausted.at(0)
            assert ledger(desk.env) == before, failed
            failed += 1
        else:
            break
    exhausted.at(0)
    assert failed > 5  # it did run out at each of them
    assert open_item(desk, "archive")
    assert commands.verify_audit(desk.env) == []
    holds(desk.env, "after memory ran out")


class Known:
    """A statement by its words, or by the name under which the driver had it prepared on this connection."""

    def __init__(self, words: bytes) -> None:
        self._prepared = re.compile(rb"P....(_pg3_\d+)\x00[^\x00]*" + re.escape(words), re.DOTALL)
        self._words = [words]

    def said_in(self, data: bytes) -> bool:
        if found := self._prepared.search(data):
            self._words.append(b"\x00" + found[1] + b"\x00")
        return any(one in data for one in self._words)


class Relay:
    """A line to the database that breaks at the next commit of a writer: before it arrives, or before it is answered."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self._upstream, self._cut, self._writing = upstream, "", False
        self.cuts = 0
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(folder / ".s.PGSQL.5432"))
        self._server.listen(20)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_at_commit(self, when: str) -> None:
        self._cut = when

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._upstream)
                threading.Thread(target=self._there, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(client, server), daemon=True).start()

    def _there(self, client: socket.socket, server: socket.socket) -> None:
        begins, ends = Known(b"pg_advisory_xact_lock"), Known(b"COMMIT")
        with suppress(OSError):
            while data := client.recv(65536):
                self._writing = begins.said_in(data) or self._writing
                if ends.said_in(data) and self._writing:
                    self._writing = False
                    when, self._cut = self._cut, ""
                    if when:
                        self.cuts += 1
                        if when == "after":
                            client.shutdown(socket.SHUT_RDWR)  # the answer finds nobody
                            server.sendall(data)
                            server.settimeout(5)
                            continue
                        break
                server.sendall(data)
        for one in (client, server):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _back(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                with suppress(OSError):
                    client.sendall(data)
        for one in (client, server):
            with suppress(OSError):
                one.close()


@pytest.fixture
def line(tmp_path: Path, postgres: PostgresServer) -> Iterator[tuple[Desk, Relay]]:
    """An office that reaches its database through a line of the test's own."""
    desk = open_desk(tmp_path, "leave", server=postgres)
    url = make_url(desk.env.config.database)
    host, port = str(url.query["host"]), url.port or 5432
    folder = Path(tempfile.mkdtemp(prefix="gongkai-line-"))  # short: the path of a socket is
    relay = Relay(folder, f"{host}/.s.PGSQL.{port}")
    there = url.set(port=5432).update_query_dict({"host": str(folder)})
    config = replace(desk.env.config, database=there.render_as_string(hide_password=False))
    yield Desk(build_environment(config, time=desk.time), desk.time), relay
    relay.close()
    shutil.rmtree(folder)


@pytest.mark.parametrize("when", ["before", "after"])
def test_fault_r14_a_line_that_breaks_at_a_commit_loses_nothing_and_does_nothing_twice(
    line: tuple[Desk, Relay], when: str
) -> None:
    """Whether the database took it nobody can know then: the same form, sent again, finds out."""
    desk, relay = line
    actor = desk.actor("zhou")
    for number in range(CUTS):
        relay.cut_at_commit(when)
        with pytest.raises(Exception) as told:  # of which library is what is asked next
            commands.start_case(desk.env, actor, "leave", REGISTER, key=f"form-{number}")
        assert fault_of(told.value) is not None, told.value
        again = commands.start_case(desk.env, actor, "leave", REGISTER, key=f"form-{number}")
        assert again.repeated is (when == "after")
    assert relay.cuts == CUTS
    with UnitOfWork(desk.env.database, writing=False) as uow:
        assert cases.count_cases(uow.connection) == CUTS
    assert commands.verify_audit(desk.env) == []
    holds(desk.env, f"cut {when} the commit")
