"""Rules about the checkout: what may lie in it, and that its papers are true."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements", "requirements-dev")
PAPERS = (
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "docs/README.md",
    "docs/engine.md",
    "docs/glossary.md",
)

# Where a page could fetch something from another host. A link that a person clicks is no fetch.
FETCHES = re.compile(
    r"""(?:\bsrc(?:set)?\s*=\s*["']?|\bposter\s*=\s*["']?|<link\b[^>]*\bhref\s*=\s*["']?"""
    r"""|\burl\(\s*["']?|@import\s+["']?|\bfetch\(\s*["'`]|\bimport\(?\s*["'])\s*(?:https?:)?//""",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def committed() -> list[Path]:
    """The files that git knows, as paths from the project's folder."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout: nothing can be said about what is committed")
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return [Path(name) for name in names if (PROJECT / name).is_file()]


def pinned(lock: str) -> dict[str, list[str]]:
    """{name: its lines} for every pinned package of a lock file, hashes included."""
    packages: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (PROJECT / f"{lock}.txt").read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==", line):
            lines = packages.setdefault(match[1].lower(), [])
        if line.strip() and not line.lstrip().startswith("#"):
            lines.append(line)
    return packages


def wanted(lock: str) -> dict[str, str]:
    """{name: reason} for every package that a person asked for."""
    lines = (PROJECT / f"{lock}.in").read_text("utf-8").splitlines()
    matches = [
        re.match(r"([A-Za-z0-9][A-Za-z0-9_-]*)(?:[^#]*)(?:#\s*(.*))?$", line) for line in lines
    ]
    return {match[1].lower(): match[2] or "" for match in matches if match}


# --- what may lie here


def test_nothing_of_others_is_committed(committed):
    foreign = [
        path
        for path in committed
        if {"node_modules", "vendor", ".venv"} & set(path.parts)
        or path.name.endswith((".min.js", ".min.css", ".map", ".woff", ".woff2", ".ttf", ".whl"))
    ]
    assert not foreign


def test_no_script_or_style_sheet_is_machine_made(committed):
    sources = [path for path in committed if path.suffix in {".js", ".mjs", ".css"}]
    long = [
        path
        for path in sources
        if max(map(len, (PROJECT / path).read_text("utf-8").splitlines()), default=0) > 400
    ]
    assert not long


def test_neither_state_nor_build_output_is_committed(committed):
    outputs = {"data", "build", "dist", "__pycache__", "htmlcov"}
    assert not [
        path for path in committed if path.parts[0] in outputs or "__pycache__" in path.parts
    ]
    assert not [
        path for path in committed if path.suffix in {".db", ".sqlite", ".key", ".pyc", ".mo"}
    ]


# --- locks


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_server(lock):
    text = (PROJECT / f"{lock}.txt").read_text("utf-8")
    assert not re.search(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", text)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_hash(lock):
    packages = pinned(lock)
    assert len(packages) >= 20
    bare = [
        name for name, lines in packages.items() if not any("--hash=sha256:" in x for x in lines)
    ]
    assert not bare


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_asked_for_is_locked_and_has_a_reason(lock):
    asked = wanted(lock)
    assert asked
    assert set(asked) <= set(pinned(lock))
    obvious = {"pytest", "ruff", "mypy"}  # their names say it
    assert not [
        name
        for name, why in asked.items()
        if not why and name not in obvious and not name.startswith(("types-", "lxml-stubs"))
    ]


def test_both_locks_agree():
    run, dev = pinned("requirements"), pinned("requirements-dev")
    both = set(run) & set(
        dev
    )  # the first word is name==version; what follows says on which platform
    assert not {name for name in both if run[name][0].split()[0] != dev[name][0].split()[0]}


def test_the_frontend_lock_names_no_server_and_has_every_hash():
    text = (PROJECT / "webui/frontend/package-lock.json").read_text("utf-8")
    packages = json.loads(text)["packages"]
    assert '"resolved"' not in text
    assert not [name for name, entry in packages.items() if name and "integrity" not in entry]


def test_the_frontend_asks_for_exact_versions():
    about = json.loads((PROJECT / "webui/frontend/package.json").read_text("utf-8"))
    asked = {**about["dependencies"], **about["devDependencies"]}
    assert not [name for name, version in asked.items() if not re.fullmatch(r"[\d.]+", version)]


def test_no_package_runs_a_program_while_it_is_installed():
    lines = (PROJECT / "webui/frontend/.npmrc").read_text("utf-8").splitlines()
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(lines)


# --- dependencies


@pytest.mark.parametrize(
    ("part", "locks"),
    [("engine", LOCKS[:1]), ("webui", LOCKS[:1]), ("tests", LOCKS), ("bench", LOCKS)],
)
def test_every_imported_package_is_locked(part, locks):
    of_package = metadata.packages_distributions()
    locked = {name.replace("_", "-") for lock in locks for name in pinned(lock)}
    missing = {
        f"{path.relative_to(PROJECT)}: {name}"
        for path in (PROJECT / part).rglob("*.py")
        if "node_modules" not in path.parts
        for name in imported_from_outside(path)
        if not {each.lower().replace("_", "-") for each in of_package.get(name, ["?"])} & locked
    }
    assert not missing


def imported_from_outside(path: Path) -> set[str]:
    """The packages that a file imports, without the standard library and without ours."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"engine", "webui", "tests", "bench", "__future__"}


# --- pages


def test_no_page_asks_a_foreign_host(committed):
    pages = [
        path
        for path in committed
        if path.parts[0] in {"webui", "processes"}
        and path.suffix in {".html", ".css", ".js", ".svg", ".xml"}
    ]
    assert not [path for path in pages if FETCHES.search((PROJECT / path).read_text("utf-8"))]


@pytest.mark.parametrize(
    ("text", "foreign"),
    [
        ('<script src="https://cdn.example/x.js">', True),
        ('<img src="//host.example/x.png">', True),
        ('<link rel="stylesheet" href="http://host.example/x.css">', True),
        ("background: url(https://host.example/x.png)", True),
        ('<script src="/static/vendor/diagram.js">', False),
        ('<svg xmlns="http://www.w3.org/2000/svg">', False),
        ('<a href="https://www.gov.cn/">', False),
        ("background: url(data:image/svg+xml;base64,AAAA)", False),
    ],
)
def test_a_foreign_fetch_is_recognised(text, foreign):
    assert bool(FETCHES.search(text)) is foreign


# --- papers


@pytest.mark.parametrize("paper", PAPERS)
def test_every_link_of_a_paper_leads_somewhere(paper):
    place = PROJECT / paper
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", place.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert not [link for link in local if not (place.parent / link).exists()]


def test_the_way_through_the_engine_passes_every_part_and_names_none_that_is_gone():
    parts = {
        path.stem
        for path in (PROJECT / "engine").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file() or path.name == "migrations")
    } - {"__init__"}
    page = (PROJECT / "docs/engine.md").read_text(encoding="utf-8")
    way = page.partition("## In which order")[2].partition("## Where does it go?")[0]
    assert sorted(parts - set(re.findall(r"`(\w+)`", way))) == []
    named = re.findall(r"`((?:\w+/)+\w+)`", page)
    places = [PROJECT / "engine" / one for one in named] + [PROJECT / one for one in named]
    there = {one for one in places if one.exists() or one.with_suffix(".py").exists()}
    gone = [one for one in named if not {PROJECT / "engine" / one, PROJECT / one} & there]
    assert gone == []


@pytest.mark.parametrize("paper", ["README.md", "README.zh-CN.md"])
def test_a_readme_names_the_two_commands_and_only_targets_that_exist(paper):
    text = (PROJECT / paper).read_text("utf-8")
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)\b", text))
    assert {"run", "test"} <= named
    assert named <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_every_target_for_people_is_in_the_help():
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    phony = set(" ".join(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)).split())
    explained = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert phony == explained


def test_the_changelog_has_a_place_for_what_comes_and_for_the_law():
    text = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    assert "## Unreleased" in text
    assert "### Procedures and law" in text


def test_the_licence_is_the_one_that_the_package_names():
    assert "license = MulanPSL-2.0" in (PROJECT / "setup.cfg").read_text("utf-8")
    licence = (PROJECT / "LICENSE").read_text("utf-8")
    assert "木兰宽松许可证， 第2版" in licence
    assert "END OF THE TERMS AND CONDITIONS" in licence
