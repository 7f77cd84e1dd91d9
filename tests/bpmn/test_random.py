"""Random block-structured processes: the executor against a model that knows nothing of tokens.

GONGKAI_SEEDS=5000 runs more; a failure names its seed.
"""

from __future__ import annotations

import json
import os
import random

import pytest

from engine.bpmn import compile_definition, execute
from tests.bpmn.blocks import Maker, Scope, World
from tests.bpmn.drawing import MemoryHost

SEEDS = int(os.environ.get("GONGKAI_SEEDS", "160"))
STEPS = 40


def walk(seed: int, *, saved: bool) -> None:
    """Drive one process at random; after each action model and executor must have the same open."""
    maker = Maker(seed)
    top, xml = maker.process()
    definition, host = compile_definition({"r.bpmn": xml}), MemoryHost()
    world = World(dict(maker.variables))
    root = Scope(lambda: setattr(world, "ended", True))
    top.begin(world, root, root.end_branch)
    step = execute.start(definition, host, dict(maker.variables))
    choose = random.Random(seed + 1)
    trail: list[str] = []
    for number in range(STEPS):
        state = step.state
        if saved:
            state = json.loads(json.dumps(state))
            definition = compile_definition({"r.bpmn": xml})
        got = execute.frontier(definition, state)
        open_now = sorted(t.activity_id for t in got.tasks)
        assert open_now == world.tasks(), (seed, trail, xml.decode())
        assert sorted({w.name for w in got.waits}) == world.awaited(), (seed, trail, xml.decode())
        assert step.ended == world.ended, (seed, trail, xml.decode())
        if step.ended:
            return
        again = number < STEPS // 2
        values = {name: again and choose.random() < 0.3 for name in maker.loops}
        if world.awaited() and (not open_now or choose.random() < 0.3):
            name = choose.choice(world.awaited())
            trail.append(f"message {name}")
            world.message(name)
            step = execute.deliver(definition, host, state, message=name)
        else:
            name = choose.choice(open_now)
            trail.append(f"complete {name} {values}")
            world.v.update(values)
            token = min((t.token for t in got.tasks if t.activity_id == name), key=int)
            world.complete(name)
            step = execute.complete(definition, host, state, token, values)


@pytest.mark.parametrize("batch", range(8))
def test_random_processes_agree_with_the_model(batch: int) -> None:
    for seed in range(batch * SEEDS // 8, (batch + 1) * SEEDS // 8):
        walk(seed, saved=False)


@pytest.mark.parametrize("batch", range(2))
def test_random_processes_agree_when_saved_after_every_step(batch: int) -> None:
    for seed in range(100_000 + batch * 20, 100_000 + (batch + 1) * 20):
        walk(seed, saved=True)


def test_the_state_rebuilt_from_recorded_commands_is_the_stored_state() -> None:
    for seed in range(200, 230):
        maker = Maker(seed)
        _, xml = maker.process()
        definition = compile_definition({"r.bpmn": xml})
        choose, commands = random.Random(seed), []
        step = execute.start(definition, MemoryHost(), dict(maker.variables))
        while not step.ended and len(commands) < 20:
            found = execute.frontier(definition, step.state)
            if found.waits and (not found.tasks or choose.random() < 0.3):
                commands.append(("message", choose.choice(found.waits).name, {}))
            else:
                values = {name: choose.random() < 0.2 for name in maker.loops}
                commands.append(("complete", choose.choice(found.tasks).token, values))
            step = done(definition, step.state, commands[-1])
        again = execute.start(
            compile_definition({"r.bpmn": xml}), MemoryHost(), dict(maker.variables)
        )
        for command in commands:
            again = done(definition, json.loads(json.dumps(again.state)), command)
        assert json.dumps(again.state) == json.dumps(step.state), seed


def done(definition, state, command):
    """Carry out one recorded command."""
    kind, name, values = command
    if kind == "message":
        return execute.deliver(definition, MemoryHost(), state, message=name)
    return execute.complete(definition, MemoryHost(), state, name, values)
