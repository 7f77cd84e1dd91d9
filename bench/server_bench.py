"""Memory of the running server with the demonstration office, after every kind of page was asked for."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.integration.test_server import Browser, Server

PAGES = ("/", "/cases", "/start/on_request", "/procedures", "/simulator")


def memory_mebibytes(pid: int) -> float:
    """Return the resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise LookupError("the process is gone")
    return int(found[1]) / 1024


def main() -> None:
    """Print the memory after signing in and walking through the pages three times."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), "--demo")
        try:
            server.wait()
            browser = Browser(server.base)
            browser.sign_in("zhoumin")
            for _ in range(3):
                for path in PAGES:
                    browser.get(path)
                for case in re.findall(r'href="(/cases/[0-9a-f]{32})"', browser.get("/cases"))[:10]:
                    browser.get(case)
            print(f"memory of the running server: {memory_mebibytes(server.process.pid):.0f} MiB")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
