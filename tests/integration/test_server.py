"""The server as a process: first start, kill -9 in the middle, a second start, and what it refuses."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """``gongkai run`` in a child process."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        config = folder / "config.yaml"
        config.write_text(f"processes: {ROOT / 'processes'}\ndata: {folder / 'data'}\n")
        self.log = open(folder / "log", "ab")  # noqa: SIM115  # closed with the process
        command = [sys.executable, "-m", "engine", "run", "--config", str(config)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), *arguments],
            stdout=self.log,
            stderr=self.log,
            cwd=ROOT,
        )

    def wait(self) -> None:
        """Return when pages are answered."""
        for _ in range(600):
            try:
                urllib.request.urlopen(self.base + "/", timeout=2).close()
            except OSError:
                assert self.process.poll() is None, "the server ended"
                time.sleep(0.2)
            else:
                return
        raise AssertionError("no page within two minutes")

    def kill(self, with_signal: int = signal.SIGKILL) -> None:
        """End it as a power cut would."""
        if self.process.poll() is None:
            os.kill(self.process.pid, with_signal)
        self.process.wait(30)
        self.log.close()


class Browser:
    """As much of a browser as posting forms takes."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )

    def get(self, path: str) -> str:
        with self.opener.open(self.base + path, timeout=30) as answer:
            return answer.read().decode()

    def post(self, path: str, page: str, **values: str) -> str:
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        data = urllib.parse.urlencode({**hidden, **values}).encode()
        request = urllib.request.Request(self.base + path, data, {"Origin": self.base})
        with self.opener.open(request, timeout=60) as answer:
            return answer.read().decode()

    def sign_in(self, login: str) -> str:
        return self.post("/sign-in", self.get("/sign-in"), account=login, password="yanshi-2026")


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    started: list[Server] = []
    yield started
    for server in started:
        server.kill()


APPLICATION = {
    "channel": "counter",
    "applicant_kind": "person",
    "applicant_name": "顾小明",
    "id_kind": "resident_id",
    "id_number": "110101199003078511",
    "id_seen": "true",
    "phone": "13912342046",
    "address": "某市和平路1号",
    "info_title": "断电前登记的申请",
    "info_description": "申请公开断电前登记的信息。",
    "delivery_form": "paper",
    "delivery_way": "post",
}


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_killed_in_the_middle_of_a_day_and_started_again_nothing_is_lost(tmp_path, servers):
    servers.append(Server(tmp_path, "--demo"))
    servers[-1].wait()
    browser = Browser(servers[-1].base)
    browser.sign_in("zhoumin")
    page = browser.get("/start/on_request")
    today = re.search(r"(\d{4})年(\d{1,2})月(\d{1,2})日", page)
    day = "-".join(part.zfill(2) for part in today.groups())
    after = browser.post("/start/on_request", page, submitted_on=day, **APPLICATION)
    assert "断电前登记的申请" in after
    servers[-1].kill()

    servers.append(Server(tmp_path, "--demo"))
    servers[-1].wait()
    again = Browser(servers[-1].base)
    assert "断电前登记的申请" in again.sign_in("zhoumin")
    verified = subprocess.run(
        [
            sys.executable,
            "-m",
            "engine",
            "audit",
            "verify",
            "--config",
            str(tmp_path / "config.yaml"),
        ],
        capture_output=True,
        check=False,
        cwd=ROOT,
    )
    assert verified.returncode == 0, verified.stdout


def refused(folder: Path, *arguments: str, config: str = "") -> str:
    file = folder / "config.yaml"
    file.write_text(f"processes: {ROOT / 'processes'}\ndata: {folder / 'data'}\n{config}")
    done = subprocess.run(
        [sys.executable, "-m", "engine", "run", "--config", str(file), *arguments],
        capture_output=True,
        check=False,
        cwd=ROOT,
        timeout=100,
    )
    assert done.returncode == 1, done.stderr
    return done.stderr.decode()


def test_an_empty_database_without_the_demonstration_asks_for_init(tmp_path):
    assert "gongkai init" in refused(tmp_path, "--port", str(free_port()))


def test_another_address_than_this_machine_needs_tls(tmp_path):
    assert "tls" in refused(tmp_path, "--host", "0.0.0.0")  # noqa: S104  # it must be refused


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused(tmp_path, "--port", str(port))


def test_a_mistyped_key_of_the_configuration_is_named(tmp_path):
    assert "prot" in refused(tmp_path, config="prot: 8080\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["doctor"], "请在项目文件夹里先运行 gongkai init"),
        (["worker"], "请先运行 gongkai init"),
        (["report", "annual", "2026", "-o", "report.docx"], "没有文件夹"),
    ],
)
def test_in_an_empty_folder_a_command_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    told = subprocess.run(
        [sys.executable, "-m", "engine", *arguments], capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 1, told.stderr
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
