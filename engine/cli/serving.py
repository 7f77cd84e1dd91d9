"""The web server: threads for whoever sends something, none for whoever only holds a connection open.

A connection is given a thread when its first bytes are there, and must then send its request in time: a client that
drips its bytes would else keep a thread for ever, and a handful of them the office from working.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from cheroot.server import HTTPConnection, HTTPRequest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

from engine.config import Config

log = logging.getLogger(__name__)
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Deadlines:
    """Connections and by when each must have sent what it is sending."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: dict[Any, float] = {}

    def set(self, connection: Any, seconds: float) -> None:
        """Give a connection so long from now."""
        with self._lock:
            self._ends[connection] = time.monotonic() + seconds

    def lift(self, connection: Any) -> None:
        """It has sent all of it."""
        with self._lock:
            self._ends.pop(connection, None)

    def hang_up(self) -> None:
        """End what is overdue; the thread that reads from it finds the connection closed."""
        now = time.monotonic()
        with self._lock:
            overdue = [one for one, end in self._ends.items() if end < now]
            for one in overdue:
                del self._ends[one]
        for one in overdue:
            log.info("hung up on %s, which sent its request too slowly", one.remote_addr)
            with suppress(OSError):
                one.socket.shutdown(socket.SHUT_RDWR)


class _Request(HTTPRequest):
    """A request whose head is there may take as long as a large upload takes."""

    def parse_request(self) -> None:
        super().parse_request()
        if self.ready:
            self.server.deadlines.set(self.conn, self.server.upload_seconds)


class _Connection(HTTPConnection):
    """A connection whose request has to arrive in time."""

    RequestHandlerClass = _Request

    def communicate(self) -> bool:
        self.server.deadlines.set(self, self.server.head_seconds)
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self.server.deadlines.lift(self)


class PatientServer(Server):
    """Cheroot's server, with patience that ends."""

    ConnectionClass = _Connection
    head_seconds = 15.0  # for the first line and the headers
    upload_seconds = 600.0  # for the whole request: 50 MB over a slow line
    look_seconds = 1.0

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.deadlines = _Deadlines()
        self._over = threading.Event()

    def prepare(self) -> None:
        """Open the port and begin to look for overdue connections."""
        super().prepare()
        threading.Thread(target=self._look, name="deadlines", daemon=True).start()

    def process_conn(self, conn: Any) -> None:
        """Wait without a thread until a new connection has sent something."""
        if getattr(conn, "spoken", False):
            super().process_conn(conn)
        else:
            conn.spoken = True
            self._connections.put(conn)  # type: ignore[attr-defined]

    def stop(self) -> None:
        """Stop serving."""
        self._over.set()
        super().stop()

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Write what the server has to say where everything else is written."""
        log.log(level, "%s", msg, exc_info=traceback)

    def _look(self) -> None:
        while not self._over.wait(self.look_seconds):
            self.deadlines.hang_up()


def server_of(config: Config, app: App) -> PatientServer:
    """Return the server of a configuration, not started yet."""
    server = PatientServer(
        (config.host, config.port), app, numthreads=config.threads, server_name="gongkai"
    )
    if config.tls:
        server.ssl_adapter = BuiltinSSLAdapter(str(config.tls.cert), str(config.tls.key))
    return server
