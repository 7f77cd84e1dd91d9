"""Memory of the running server with the demonstration office, after every kind of page was asked for.

The first start loads the demonstration and serves; the second only serves, as on every later day.
"""

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


def walk(base: str) -> int:
    """Sign in and ask three times for the pages, ten cases and their letters; return how many letters came."""
    browser, letters = Browser(base), 0
    browser.sign_in("zhoumin")
    for _ in range(3):
        for path in PAGES:
            browser.get(path)
        for case in re.findall(r'href="(/cases/[0-9a-f]{32})"', browser.get("/cases"))[:10]:
            for letter in re.findall(r'href="(/documents/[^"]+)"', browser.get(case))[:3]:
                with browser.opener.open(base + letter, timeout=10) as answer:
                    letters += bool(answer.read())
    return letters


def main() -> None:
    """Print the memory after the walk, of the start that loads the demonstration and of the next."""
    with tempfile.TemporaryDirectory() as folder:
        for start in ("loading the demonstration", "started again"):
            server = Server(Path(folder), "--demo")
            try:
                server.wait()
                letters = walk(server.base)
                used = memory_mebibytes(server.process.pid)
                print(f"memory of the running server, {start}: {used:.0f} MiB ({letters} letters)")
            finally:
                server.kill()


if __name__ == "__main__":
    main()
