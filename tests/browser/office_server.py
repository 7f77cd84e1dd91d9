"""The made-up office of the page tests behind a real address, for a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.web.fakes import Office
from webui import create_app
from webui.settings import WebSettings


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_arguments: object) -> None:
        return


@dataclass(frozen=True)
class Served:
    """An office and its address."""

    office: Office
    address: str


@contextmanager
def served() -> Iterator[Served]:
    """Serve a fresh office on a free port of this machine."""
    office = Office()
    app = create_app(None, settings=WebSettings(b"k" * 32), engine=office.door())
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(office, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
