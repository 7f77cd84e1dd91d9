"""``make chaos``: kill -9 at every commit of every worked case, and at random instants, on both databases.

Takes its time; not for CI. CHAOS_KILLS: how many random instants in all (1000). CHAOS_SEED: whose dice.
CHAOS_CASES: only runs whose ``procedure/file: name`` contains this. CHAOS_COMMITS=0 leaves out the first part.
CHAOS_ON: SQLite or PostgreSQL alone.
"""

from __future__ import annotations

import os
import random
import secrets
import sys
import time
import traceback
from collections.abc import Iterator

from engine.errors import EngineError
from engine.scenarios import read_scenario
from engine.scenarios.files import ScenarioRun
from tests.chaos.kills import Count, Walk, kill_at_every_commit, kill_at_random, walk
from tests.chaos.office import Snapshot, new_office
from tests.chaos.player import NotPlayable, playable
from tests.integration.conftest import ROOT, PostgresServer


def say(line: str) -> None:
    """Print at once, so that whoever waits sees how far it is."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def runs(wanted: str) -> Iterator[tuple[str, str, ScenarioRun]]:
    """Yield (procedure, name, run) of every worked case of the product, without any two that act alike."""
    seen = set()
    for file in sorted((ROOT / "processes").glob("*/scenarios/*.yaml")):
        scenario = read_scenario(file.read_bytes(), file.name)
        procedure = file.parent.parent.name
        for run in scenario.runs:
            name = f"{procedure}/{file.stem}: {run.name}"
            acts = repr([(act.word, act.value) for act in playable(run.steps)])
            # Under other settings the office itself would be another one.
            if wanted in name and not run.settings and (procedure, acts) not in seen:
                seen.add((procedure, acts))
                yield procedure, name, run


def walked(first: Snapshot, procedure: str, run: ScenarioRun) -> Walk | str:
    """Play a run without harm, or say why it cannot be played."""
    try:
        return walk(first, procedure, run.steps)
    except (NotPlayable, EngineError) as error:
        return f"{type(error).__name__}: {error}"


class Chaos:
    """Goes through every run on one database and keeps the score."""

    def __init__(self, dice: random.Random, kills: int, *, commits: bool) -> None:
        self.dice, self.kills, self.commits = dice, kills, commits
        self.at_commits, self.at_random, self.broken, self.left_out = Count(), Count(), 0, 0

    def on(self, server: PostgresServer | None, wanted: str) -> None:
        """Kill on SQLite (no server) or on PostgreSQL."""
        found = list(runs(wanted))
        names = sorted(path.parent.name for path in (ROOT / "processes").glob("*/procedure.yaml"))
        first = new_office(names, server)
        for procedure, name, run in found:
            done = walked(first, procedure, run)
            if isinstance(done, str):
                self.left_out += 1
                say(f"  left out   {name}: {done}")
                continue
            self._one(done, name, share=self.kills / len(found))
            done.remove()
        first.remove()

    def _one(self, done: Walk, name: str, *, share: float) -> None:
        began = time.perf_counter()
        times = int(share) + (self.dice.random() < share % 1)
        before = self.at_commits.kills, self.at_random.kills
        try:
            if self.commits:
                self.at_commits.add(kill_at_every_commit(done, every_end=False))
            self.at_random.add(kill_at_random(done, times, self.dice))
        except AssertionError:
            self.broken += 1
            say(f"  BROKEN     {name}\n{traceback.format_exc(limit=1)}")
            return
        kills = self.at_commits.kills - before[0], self.at_random.kills - before[1]
        seconds = time.perf_counter() - began
        say(f"  {kills[0]:4} + {kills[1]:3} {name}  ({seconds:.0f} s)")


def main() -> int:
    """Return 1 where anything did not hold."""
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(2**32))
    kills = int(os.environ.get("CHAOS_KILLS") or 1000)
    wanted = os.environ.get("CHAOS_CASES", "")
    say(f"CHAOS_SEED={seed} CHAOS_KILLS={kills}")
    broken = 0
    on = os.environ.get("CHAOS_ON")
    for kind in (on,) if on else ("SQLite", "PostgreSQL"):
        chaos = Chaos(
            random.Random(f"{seed}{kind}"),  # dice, no secret
            kills // 2,
            commits=os.environ.get("CHAOS_COMMITS") != "0",
        )
        say(f"{kind}: kills at commits + at random instants")
        server = PostgresServer() if kind == "PostgreSQL" else None
        try:
            chaos.on(server, wanted)
        finally:
            if server:
                server.stop()
        say(f"{kind} at commits: {chaos.at_commits}")
        say(f"{kind} at random:  {chaos.at_random}")
        say(f"{kind}: {chaos.broken} runs broken, {chaos.left_out} left out")
        broken += chaos.broken
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
