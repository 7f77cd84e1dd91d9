"""``make mutation``: changes the arithmetic of time line by line and asks the tests in ``tests/time`` who notices.

mutmut writes the changes and keeps the verdicts. The tests are collected once; then every change is tried in a fork
of that process, where only the tests that reach its function run: first those that noticed other changes of it,
then those that notice much in little time, until one fails. A change that was noticed stays so while its function is the same;
those that were not are tried again. ``rm -r build/mutation`` begins anew.

Runs in ``build/mutation``, a copy of the project. Names with ``*`` ask for a part; MUTATION_CHILDREN: how many forks
at once (2). MUTATION_SECONDS: stop after so long, the rest stays for the next call.
"""

from __future__ import annotations

import fnmatch
import json
import os
import resource
import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol
from mutmut import __main__ as mutmut
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.utils.file_utils import walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

CHILDREN = int(os.environ.get("MUTATION_CHILDREN", "2"))
SECONDS = float(os.environ.get("MUTATION_SECONDS", "inf"))
NOTICED, NOT_NOTICED, NO_TESTS, ENDLESS = 1, 0, 33, 36  # mutmut's numbers
# Seconds of a processor in which a change must be noticed; all tests together take a quarter of it.
ENOUGH = 60
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


def _folder(process: int) -> Path:
    return Path(f"tmp.{process}").absolute()


def _fresh(process: int) -> Path:
    _folder(process).mkdir()
    return _folder(process)


class Trial:
    """A pytest plugin: where pytest would run the tests it has collected, run them for each change."""

    def __init__(self, verdicts: dict[str, SourceFileMutationData], wanted: Iterable[str]) -> None:
        self.verdicts = verdicts
        self.wanted = list(wanted)
        self.items: list[pytest.Item] = []
        self.reached: dict[str, set[int]] = {}
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
        if not self._learn():
            session.shouldfail = "tests fail without any change, or none is reached"
            return True
        self._try_all()
        return True

    # What each test reaches --------------------------------------------------------------------------------

    def _learn(self) -> bool:
        """Run every test once in a fork that writes down which functions it reaches and how long it takes."""
        notes = Path("reached.json").absolute()
        notes.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            set_mutant_under_test("stats")
            found = []
            for place in range(len(self.items)):
                begun = time.process_time()
                if self._fails(place, place + 1):
                    say(f"fails without any change: {self.items[place].nodeid}")
                    os._exit(1)
                found.append([time.process_time() - begun, sorted(state()._stats)])
                state()._stats.clear()
            notes.write_text(json.dumps(found), encoding="utf-8")
            os._exit(0)
        os.waitpid(child, 0)
        if not notes.exists():
            return False
        reached = defaultdict(set)
        for place, (seconds, functions) in enumerate(json.loads(notes.read_text(encoding="utf-8"))):
            self.seconds.append(seconds)
            for function in functions:
                reached[function].add(place)
        self.reached = reached
        say(f"{len(self.items)} tests reach {len(reached)} functions in {sum(self.seconds):.0f} s")
        return bool(reached)

    def _fails(self, place: int, following: int | None) -> bool:
        item = self.items[place]
        after = (
            self.items[following] if following is not None and following < len(self.items) else None
        )
        return any(report.failed for report in runtestprotocol(item, log=False, nextitem=after))

    # Trying ------------------------------------------------------------------------------------------------

    def _ahead(self) -> list[str]:
        """The changes to be tried; those of one function one after the other."""
        ahead = []
        for name, data in self.verdicts.items():
            if self.wanted:
                if any(fnmatch.fnmatch(name, pattern) for pattern in self.wanted):
                    ahead.append(name)
            elif data.exit_code_by_key[name] not in (NOTICED, ENDLESS):
                ahead.append(name)
        return ahead

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

    def _fork(self, name: str, order: list[int]) -> int:
        child = os.fork()
        if child:
            return child
        resource.setrlimit(resource.RLIMIT_CPU, (ENOUGH, ENOUGH + 1))
        resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))
        set_mutant_under_test(name)
        # A folder of its own: forks that share one take each other's names.
        self.items[0].config._tmp_path_factory._basetemp = _fresh(os.getpid())  # type: ignore[attr-defined]
        exit_code = NOT_NOTICED
        for place, following in zip(order, [*order[1:], None], strict=True):
            if self._fails(place, following):
                exit_code = NOTICED
                Path(f"noticed.{os.getpid()}").write_text(str(place), encoding="utf-8")
                break
        os._exit(exit_code)

    def _wait(self, running: dict[int, tuple[str, float]]) -> int:
        child, status = os.waitpid(-1, 0)
        name, begun = running.pop(child)
        note = Path(f"noticed.{child}")
        shutil.rmtree(_folder(child), ignore_errors=True)
        exit_code = os.waitstatus_to_exitcode(status)
        if exit_code < 0:
            exit_code = ENDLESS
        if note.exists():
            place = int(note.read_text(encoding="utf-8"))
            self.noticed_by[mangled_name_from_mutant_name(name)][place] += 1
            self.noticed[place] += 1
            note.unlink()
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
    kept = ["-o", "tmp_path_retention_policy=none"]
    exit_code = pytest.main(
        [*options.split(), *kept, "tests/time"], plugins=[Trial(verdicts, sys.argv[1:])]
    )
    report(verdicts)
    return int(exit_code)


if __name__ == "__main__":
    sys.exit(main())
