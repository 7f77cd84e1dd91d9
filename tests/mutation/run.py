"""``make mutation``: changes the arithmetic of time line by line and asks the tests in ``tests/time`` who notices.

mutmut writes the changes and keeps the verdicts. The tests are collected once; then every change is tried in a fork
of that process, where only the tests that reach its function run: first those that noticed other changes of it,
then those that notice much in little time, until one fails. A change that was noticed stays so while its function is the same;
those that were not are tried again. ``rm -r build/mutation`` begins anew.

Runs in ``build/mutation``, a copy of the project. Names with ``*`` ask for a part; MUTATION_CHILDREN: how many forks
at once (2). MUTATION_SECONDS: stop after so long, the rest stays for the next call. MUTATION_LOOK: give up a change after
so many seconds of a processor, for a first look; what was not noticed is tried again without it. MUTATION_TESTS: which
tests are asked (tests/time), to see at once whether new ones notice what others did not.
"""

from __future__ import annotations

import fnmatch
import gc
import hashlib
import json
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest
from _pytest.runner import call_and_report, runtestprotocol
from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

CHILDREN = int(os.environ.get("MUTATION_CHILDREN", "2"))
SECONDS = float(os.environ.get("MUTATION_SECONDS", "inf"))
LOOK = float(os.environ.get("MUTATION_LOOK", "inf"))
TESTS = os.environ.get("MUTATION_TESTS", "tests/time")
NOTICED, NOT_NOTICED, NO_TESTS, ENDLESS = 1, 0, 33, 36  # mutmut's numbers
UNCHANGED = "no.module.x_nothing__mutmut_0"  # a change that changes nothing
BROKEN = 70  # of a fork: the trial itself went wrong
ROOM = 4 << 30  # bytes; a list that grows for ever is an endless loop too


def say(line: str) -> None:
    """Print at once, beside what pytest catches."""
    os.write(1, (line + "\n").encode())


def write_changes() -> dict[str, SourceFileMutationData]:
    """Write the changed files under ``mutants``; return their verdicts so far by the name of the change."""
    set_mutant_under_test("mutant_generation")
    Path("mutants").mkdir(exist_ok=True)
    with mutmut.CatchOutput():
        mutmut.copy_src_dir()
        mutmut.copy_also_copy_files()
        mutmut.setup_source_paths()
        mutmut.create_mutants(CHILDREN)
    verdicts = {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        data.meta_path = data.meta_path.absolute()
        verdicts.update(dict.fromkeys(data.exit_code_by_key, data))
    return verdicts


def _fingerprint() -> str:
    """What the tests, the program and its data are, as one word."""
    found = hashlib.sha256(TESTS.encode())
    for path in sorted(
        one for top in ("engine", "tests", "processes") for one in Path(top).rglob("*")
    ):
        if path.is_file() and path.suffix not in (".pyc", ".meta"):
            found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


def _folder(process: int) -> Path:
    return Path(f"tmp.{process}").absolute()


def _take_a_folder(config: pytest.Config) -> None:
    """Give this fork a folder of its own for all files: those that share one take each other's names."""
    folder = _folder(os.getpid())
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined]


def _give_time(usual: float) -> None:
    """Let the next test take this long, then the process dies: of the processor, and by the clock on the wall."""
    for timer, number, seconds in (
        (signal.ITIMER_PROF, signal.SIGPROF, 5 + 10 * usual),
        (signal.ITIMER_REAL, signal.SIGALRM, 600 + 100 * usual),
    ):
        signal.signal(number, signal.SIG_DFL)
        signal.setitimer(timer, seconds)


class Trial:
    """A pytest plugin: where pytest would run the tests it has collected, run them for each change."""

    def __init__(self, verdicts: dict[str, SourceFileMutationData], wanted: Iterable[str]) -> None:
        self.verdicts = verdicts
        self.wanted = list(wanted)
        self.items: list[pytest.Item] = []
        self.reached: dict[str, set[int]] = {}
        self.made: dict[str, set[str]] = {}
        self.seconds: list[float] = []
        self.noticed = Counter[int]()
        self.noticed_by: dict[str, Counter[int]] = defaultdict(Counter)

    def pytest_collection(self) -> None:
        """The first example that fails is enough, and each change meets the same ones."""
        from hypothesis import Phase, settings  # pytest wants to be there first

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("mutation", deadline=None, derandomize=True, phases=phases)
        settings.load_profile("mutation")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.items = session.items
        self._warm()
        if not self._learn():
            session.shouldfail = "tests fail without any change, or none is reached"
            return True
        self._try_all()
        return True

    # What each test reaches --------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object]
    ) -> Generator[None, object, object]:
        """What is made once for many tests is reached by all of them, not by the first alone."""
        if fixturedef.scope == "function":
            return (yield)
        before = set(state()._stats)
        state()._stats.clear()
        try:
            return (yield)
        finally:
            self.made.setdefault(fixturedef.argname, set()).update(state()._stats)
            state()._stats.update(before)

    def _warm(self) -> None:
        """Make what tests share once, before any fork; a change that its making reaches makes it anew."""
        set_mutant_under_test("stats")
        known: set[str] = set()
        for item in self.items:
            if known.issuperset(item.fixturenames):
                continue
            known.update(item.fixturenames)
            call_and_report(item, "setup", log=False)
            elsewhere = next(one for one in self.items if one.path != item.path)
            call_and_report(item, "teardown", log=False, nextitem=elsewhere)
            # As pytest leaves it; else its first set-up would be taken for the second.
            item._request, item.funcargs = False, None  # type: ignore[attr-defined]
        set_mutant_under_test("")
        gc.collect()
        gc.freeze()

    def _learn(self) -> bool:
        """Run every test unchanged, each in a fork that writes down what it reaches and how long it takes.

        Another fork goes through all of them backwards, as a change that changes nothing. A test that fails here
        would be no witness later.
        """
        notes, learned = Path("reached.json").absolute(), Path("learned")
        tree = _fingerprint()
        if not learned.exists() or learned.read_text(encoding="utf-8") != tree:
            if not self._run_unchanged(notes):
                return False
            learned.write_text(tree, encoding="utf-8")
        reached = defaultdict(set)
        usual = {}
        for line in notes.read_text(encoding="utf-8").splitlines():
            place, usual[place], functions = json.loads(line)
            for function in functions:
                reached[function].add(place)
        self.seconds = [usual[place] for place in range(len(self.items))]
        self.reached = reached
        say(f"{len(self.items)} tests reach {len(reached)} functions in {sum(self.seconds):.0f} s")
        return bool(reached)

    def _run_unchanged(self, notes: Path) -> bool:
        notes.unlink(missing_ok=True)
        running = {self._fork(UNCHANGED, list(range(len(self.items)))[::-1])}
        ahead = list(range(len(self.items)))[::-1]
        failed = 0
        while running or ahead:
            if ahead and len(running) < CHILDREN:
                running.add(self._fork("stats", [ahead.pop()], notes))
                continue
            child, status = os.waitpid(-1, 0)
            running.remove(child)
            shutil.rmtree(_folder(child), ignore_errors=True)
            if status:
                say(
                    f"a trial of tests without any change ended with {os.waitstatus_to_exitcode(status)}"
                )
            failed += status != 0
        return not failed

    def _note(self, place: int, notes: Path) -> int:
        """Run a test, noting what it reaches."""
        state()._stats.clear()
        begun = time.process_time()
        if why := self._failure(place, None):
            say(f"fails without any change: {why}")
            return NOTICED
        made = (self.made.get(name, ()) for name in self.items[place].fixturenames)
        found = [place, time.process_time() - begun, sorted(state()._stats.union(*made))]
        with notes.open("a", encoding="utf-8") as kept:
            kept.write(json.dumps(found) + "\n")
        return NOT_NOTICED

    def _failure(self, place: int, following: int | None) -> str:
        """Run a test; return which failed and how, "" where none did."""
        item = self.items[place]
        after = None if following is None else self.items[following]
        for report in runtestprotocol(item, log=False, nextitem=after):
            if report.failed:
                said = report.longreprtext.strip().splitlines()[-1:]
                return f"{item.nodeid}\t{report.when}\t{''.join(said)[:200]}"
        return ""

    # Trying ------------------------------------------------------------------------------------------------

    def _ahead(self) -> list[str]:
        """The changes to be tried; those of one function one after the other."""
        settled = (NOTICED, ENDLESS) if math.isinf(LOOK) else (NOTICED, ENDLESS, NOT_NOTICED)
        return [
            name
            for name, data in self.verdicts.items()
            if name in self.wanted
            or (
                data.exit_code_by_key[name] not in settled
                and any(fnmatch.fnmatch(name, pattern) for pattern in self.wanted or ["*"])
            )
        ]

    def _try_all(self) -> None:
        begun, running, tried = time.monotonic(), {}, Counter[int]()
        ahead = self._ahead()
        say(f"{len(ahead)} changes to try")
        for number, name in enumerate(ahead):
            if time.monotonic() - begun > SECONDS:
                say(f"{len(ahead) - number} are left for the next call")
                break
            order = self._order(name)
            if not order:
                self._keep(name, NO_TESTS, 0.0)
                continue
            while len(running) >= CHILDREN:
                tried[self._wait(running)] += 1
            running[self._fork(name, order)] = (name, time.monotonic())
            if number % 100 == 99:
                say(f"{number + 1} of {len(ahead)}")
        while running:
            tried[self._wait(running)] += 1
        say(f"{tried.total()} tried in {time.monotonic() - begun:.0f} s")

    def _order(self, name: str) -> list[int]:
        function = mangled_name_from_mutant_name(name)
        before = self.noticed_by[function]
        return sorted(
            self.reached.get(function, ()),
            key=lambda place: (
                -before[place],
                -self.noticed[place] / (self.seconds[place] + 0.01),
                self.seconds[place],
            ),
        )

    def _fork(self, name: str, order: list[int], notes: Path | None = None) -> int:
        """Try a change in a process of its own; return its number. Its exit code is the verdict."""
        child = os.fork()
        if child:
            return child
        exit_code = BROKEN
        try:
            resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
            set_mutant_under_test(name)
            _take_a_folder(self.items[0].config)
            exit_code = self._note(order[0], notes) if notes else self._try(name, order)
        except BaseException:
            say(traceback.format_exc())
            raise
        finally:
            os._exit(exit_code)

    def _try(self, name: str, order: list[int]) -> int:
        function = mangled_name_from_mutant_name(name)
        if any(function in made for made in self.made.values()):
            self.items[0].session._setupstate.teardown_exact(None)
        for place, following in zip(order, [*order[1:], None], strict=True):
            _give_time(self.seconds[place] if self.seconds else 60)
            if why := self._failure(place, following):
                Path(f"noticed.{os.getpid()}").write_text(
                    f"{place}\t{name}\t{why}", encoding="utf-8"
                )
                if name == UNCHANGED:
                    say(f"fails without any change, backwards: {why}")
                return NOTICED
            if time.process_time() > LOOK and name != UNCHANGED:
                break
        return NOT_NOTICED

    def _wait(self, running: dict[int, tuple[str, float]]) -> int:
        child, status = os.waitpid(-1, 0)
        name, begun = running.pop(child)
        note = Path(f"noticed.{child}")
        shutil.rmtree(_folder(child), ignore_errors=True)
        exit_code = os.waitstatus_to_exitcode(status)
        if exit_code in (-signal.SIGPROF, -signal.SIGALRM):
            exit_code = ENDLESS
        elif exit_code not in (NOTICED, NOT_NOTICED):
            raise SystemExit(f"{name}: its process ended with {exit_code}")
        if note.exists():
            place, _, why = note.read_text(encoding="utf-8").partition("\t")
            self.noticed_by[mangled_name_from_mutant_name(name)][int(place)] += 1
            self.noticed[int(place)] += 1
            note.unlink()
            with Path("noticed.txt").open("a", encoding="utf-8") as kept:
                kept.write(why + "\n")
        self._keep(name, exit_code, time.monotonic() - begun)
        return exit_code

    def _keep(self, name: str, exit_code: int, seconds: float) -> None:
        data = self.verdicts[name]
        data.exit_code_by_key[name] = exit_code
        data.durations_by_key[name] = seconds
        data.save()


def report(verdicts: dict[str, SourceFileMutationData]) -> None:
    """Print the table by module, and each change that nobody noticed."""
    modules: dict[str, Counter[str]] = defaultdict(Counter)
    missed = []
    for name, data in verdicts.items():
        exit_code = data.exit_code_by_key[name]
        word = {NOTICED: "noticed", ENDLESS: "noticed", None: "not tried"}.get(
            exit_code, "not noticed"
        )
        modules[data.path.stem][word] += 1
        if word == "not noticed":
            missed.append(name)
    for name in missed:
        say(name)
    words = ("noticed", "not noticed", "not tried")
    whole = sum(modules.values(), Counter[str]())
    for module, counts in [*modules.items(), ("all", whole)]:
        say(f"| `{module}` | " + " | ".join(str(counts[word]) for word in words) + " |")
    tried = whole["noticed"] + whole["not noticed"]
    say(f"{100 * whole['noticed'] / max(tried, 1):.2f} % of {tried} tried were noticed")


def main() -> int:
    """Write the changes, try them, and say which nobody noticed."""
    verdicts = write_changes()
    set_mutant_under_test("")
    os.chdir("mutants")
    options = "-q --rootdir=. -p no:xdist -p no:cacheprovider --timeout=0 --capture=sys"
    # What the collector of garbage meets belongs to an earlier test.
    options += " -p no:unraisableexception -p no:threadexception"
    # The other styles parse the changed file, which is long, to show a line of it.
    options += " --tb=native"
    kept = ["-o", "tmp_path_retention_policy=none"]
    exit_code = pytest.main(
        [*options.split(), *kept, *TESTS.split()], plugins=[Trial(verdicts, sys.argv[1:])]
    )
    report(verdicts)
    return int(exit_code)


if __name__ == "__main__":
    sys.exit(main())
