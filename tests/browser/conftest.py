"""A real browser for the tests in this folder: the Chromium of the machine, driven by playwright.

Where none is found, Debian's is installed if we may. Where there is none after all the tests are skipped,
with CI=true they fail: a page that nobody looked at is not tested.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.bureau import Bureau, open_bureau

FOLDER = Path(__file__).resolve().parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGES = ("chromium", "fonts-noto-cjk")
# No sandbox, because root may not have one; the rest keeps the browser from calling anybody by itself.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped, which CI does not allow: {report.longrepr[-1]}"
    return report


def found() -> str | None:
    """The path of a Chromium on this machine."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def has_chinese() -> bool:
    """Whether the machine can draw Chinese; without a font every sign is the same box."""
    if not shutil.which("fc-list"):
        return False
    listing = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, check=False)
    return bool(listing.stdout.strip())


def install() -> None:
    """Install Debian's Chromium and a Chinese font, if this is Debian and we are root."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update", "-qq"],
        ["install", "-qq", "-y", "--no-install-recommends", *PACKAGES],
    ):
        subprocess.run(["apt-get", *command], env=environment, check=False, capture_output=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser. Several test processes ask at once; one of them installs."""
    with open(Path(tempfile.gettempdir()) / f"gongkai-chromium-{os.geteuid()}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (found() and has_chinese()):
            install()
    path = found()
    if not path:
        pytest.skip("no Chromium: install one, or say where it is with CHROMIUM=/path/to/chromium")
    return path


@pytest.fixture(scope="session")
def base_url() -> str | None:
    """No address of its own. The plugin's fixture of this name is written as pytest 10 forbids."""
    return None


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict, chromium: str) -> dict:
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(ARGUMENTS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return {
        **browser_context_args,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "viewport": {"width": 1366, "height": 768},
    }


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of built browser assets."""
    folder = FOLDER.parent.parent / "webui" / "static" / "vendor"
    if not (folder / "THIRD_PARTY.json").exists():
        pytest.fail("the browser assets are not built: make setup")
    return folder


@pytest.fixture
def pictures(project: Path) -> Path:
    """Where a walk leaves what it saw."""
    folder = project / "build" / "walk"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def bureau(browser: Browser, tmp_path: Path, assets: object) -> Iterator[Bureau]:
    """The office of one test, on the procedures of ``processes/``."""
    with open_bureau(tmp_path, browser) as found:
        yield found
