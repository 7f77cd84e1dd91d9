"""Clients that hold connections open or drip their bytes do not keep the office from its pages (abuse 11)."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from engine.cli.serving import PatientServer

THREADS = 3


def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
    data = environ["wsgi.input"].read()
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"%d bytes" % len(data)]


@pytest.fixture
def server() -> Iterator[PatientServer]:
    made = PatientServer(("127.0.0.1", 0), answer, numthreads=THREADS)
    made.timeout = 120  # as long as a test may take: only the deadlines end anything
    made.head_seconds, made.upload_seconds, made.look_seconds = 1.0, 1.5, 0.1
    made.prepare()
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    yield made
    made.stop()
    thread.join(30)


def opened(server: PatientServer, first: bytes = b"") -> socket.socket:
    client = socket.create_connection(server.bind_addr, timeout=60)
    if first:
        client.sendall(first)
    return client


def page(server: PatientServer) -> bytes:
    host, port = server.bind_addr
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=60) as found:
        return bytes(found.read())


def hung_up(client: socket.socket) -> bool:
    """Drip a byte now and then until the server has had enough."""
    try:
        while True:
            client.settimeout(0.2)
            try:
                if client.recv(1000) == b"":
                    return True
            except TimeoutError:
                client.sendall(b"x")
    except OSError:
        return True


def test_connections_that_send_nothing_take_no_thread(server):
    """A browser opens some ahead; a few of them kept every thread until they timed out."""
    waiting = [opened(server) for _ in range(5 * THREADS)]
    assert page(server) == b"0 bytes"
    for client in waiting:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for client in waiting:  # and each is answered when it speaks
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK")
        client.close()


@pytest.mark.timeout(100)
@pytest.mark.parametrize(
    "first",
    [
        b"G",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n",
    ],
    ids=["first line", "headers", "body"],
)
def test_clients_that_drip_their_bytes_kept_every_thread_for_ever(server, first):
    dripping = [opened(server, first) for _ in range(2 * THREADS)]
    endings: list[bool] = []
    threads = [
        threading.Thread(target=lambda one=one: endings.append(hung_up(one))) for one in dripping
    ]
    for thread in threads:
        thread.start()
    assert page(server) == b"0 bytes"
    for thread in threads:
        thread.join(60)
    assert endings == [True] * len(dripping)
    for client in dripping:
        client.close()
    assert page(server) == b"0 bytes"
