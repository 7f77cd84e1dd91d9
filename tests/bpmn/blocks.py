"""Random block-structured processes, each with a small model that says what must be open.

A block draws itself as BPMN and runs itself in the model, which knows nothing of tokens, flows or
gateways: it is a second opinion on the executor. ``World`` holds the open tasks of the model.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

from tests.bpmn.drawing import HEAD, flows, node

Done = Callable[[], None]


class Scope:
    """What is alive in a process or subprocess of the model; ends when its last branch has ended."""

    def __init__(self, done: Done) -> None:
        self.alive, self.branches, self.done = True, 1, done
        self.inner: list[Scope] = []

    def end_branch(self) -> None:
        if not self.alive:
            return
        self.branches -= 1
        if self.branches == 0:
            self.alive = False
            self.done()

    def kill(self) -> None:
        self.alive = False
        for scope in self.inner:
            scope.kill()


class World:
    """Open tasks, awaited messages and variables of the model."""

    def __init__(self, variables: dict[str, object]) -> None:
        self.v = variables
        self.open: list[tuple[str, Scope, Done]] = []
        self.waits: list[tuple[str, Scope, Done, bool]] = []
        self.ended = False

    def tasks(self) -> list[str]:
        self.sweep()
        return sorted(name for name, _, _ in self.open)

    def awaited(self) -> list[str]:
        self.sweep()
        return sorted({name for name, _, _, _ in self.waits})

    def sweep(self) -> None:
        self.open = [o for o in self.open if o[1].alive]
        self.waits = [w for w in self.waits if w[1].alive]

    def complete(self, name: str) -> None:
        self.sweep()
        at = next(i for i, o in enumerate(self.open) if o[0] == name)
        _, _, done = self.open.pop(at)
        done()

    def message(self, name: str) -> None:
        self.sweep()
        wait = next(w for w in self.waits if w[0] == name)  # the one that has waited longest
        if not wait[3]:
            self.waits.remove(wait)
        wait[2]()


class Block:
    """One block: ``draw`` returns (entry, exit) after adding XML to ``out``; ``begin`` runs the model."""

    def __init__(self, maker: Maker) -> None:
        maker.count += 1
        self.n = maker.count

    def draw(self, out: list[str]) -> tuple[str, str]:
        raise NotImplementedError

    def begin(self, world: World, scope: Scope, done: Done) -> None:
        raise NotImplementedError


class Task(Block):
    def draw(self, out):
        out.append(node("userTask", f"t{self.n}"))
        return f"t{self.n}", f"t{self.n}"

    def begin(self, world, scope, done):
        world.open.append((f"t{self.n}", scope, done))


class Sequence(Block):
    def __init__(self, maker, parts):
        super().__init__(maker)
        self.parts = parts

    def draw(self, out):
        ends = [p.draw(out) for p in self.parts]
        for (_, a), (b, _) in itertools.pairwise(ends):
            out.append(flows(f"{a}>{b}"))
        return ends[0][0], ends[-1][1]

    def begin(self, world, scope, done):
        def go(i):
            if i == len(self.parts):
                done()
            else:
                self.parts[i].begin(world, scope, lambda: go(i + 1))

        go(0)


class Choice(Block):
    """Exclusive or inclusive: branch i where variable c<n>_<i> holds; the last is the default."""

    def __init__(self, maker, parts, several):
        super().__init__(maker)
        self.parts, self.several = parts, several
        for i in range(len(parts) - 1):
            maker.variables[f"c{self.n}_{i}"] = maker.random.random() < 0.5

    def draw(self, out):
        tag = "inclusiveGateway" if self.several else "exclusiveGateway"
        g, j, last = f"g{self.n}", f"j{self.n}", len(self.parts) - 1
        ends = [p.draw(out) for p in self.parts]
        out.append(node(tag, g, default=f"{g}_{ends[last][0]}") + node(tag, j))
        for i, (a, b) in enumerate(ends):
            out.append(flows(f"{g}>{a}" + ("" if i == last else f"?c{self.n}_{i}"), f"{b}>{j}"))
        return g, j

    def begin(self, world, scope, done):
        chosen = [p for i, p in enumerate(self.parts[:-1]) if world.v[f"c{self.n}_{i}"]]
        chosen = (chosen if self.several else chosen[:1]) or [self.parts[-1]]
        left = [len(chosen)]

        def one():
            left[0] -= 1
            if left[0] == 0:
                done()

        for part in chosen:
            part.begin(world, scope, one)


class Both(Block):
    """Parallel gateways around the parts."""

    def __init__(self, maker, parts):
        super().__init__(maker)
        self.parts = parts

    def draw(self, out):
        g, j = f"g{self.n}", f"j{self.n}"
        out.append(node("parallelGateway", g) + node("parallelGateway", j))
        for part in self.parts:
            a, b = part.draw(out)
            out.append(flows(f"{g}>{a}", f"{b}>{j}"))
        return g, j

    def begin(self, world, scope, done):
        left = [len(self.parts)]

        def one():
            left[0] -= 1
            if left[0] == 0:
                done()

        for part in self.parts:
            part.begin(world, scope, one)


class Again(Block):
    """Repeat while variable l<n> holds."""

    def __init__(self, maker, part):
        super().__init__(maker)
        self.part = part
        maker.loops.append(f"l{self.n}")
        maker.variables[f"l{self.n}"] = False

    def draw(self, out):
        m, g = f"m{self.n}", f"g{self.n}"
        a, b = self.part.draw(out)
        out.append(
            node("exclusiveGateway", m) + node("exclusiveGateway", g) + node("task", f"x{self.n}")
        )
        out.append(
            flows(f"{m}>{a}", f"{b}>{g}", f"{g}>{m}?l{self.n}", f"{g}>x{self.n}?not(l{self.n})")
        )
        return m, f"x{self.n}"

    def begin(self, world, scope, done):
        def after():
            if world.v[f"l{self.n}"]:
                self.part.begin(world, scope, after)
            else:
                done()

        self.part.begin(world, scope, after)


class Many(Block):
    """A multi-instance task of which ``enough`` suffice."""

    def __init__(self, maker):
        super().__init__(maker)
        self.size = maker.random.randint(1, 4)
        self.enough = maker.random.randint(1, self.size)
        self.sequential = maker.random.random() < 0.4

    def draw(self, out):
        inner = (
            f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(self.sequential).lower()}">'
            f"<bpmn:loopCardinality>{self.size}</bpmn:loopCardinality><bpmn:completionCondition>"
            f"nrOfCompletedInstances >= {self.enough}</bpmn:completionCondition>"
            "</bpmn:multiInstanceLoopCharacteristics>"
        )
        out.append(node("userTask", f"t{self.n}", inner))
        return f"t{self.n}", f"t{self.n}"

    def begin(self, world, scope, done):
        inner = Scope(done)
        scope.inner.append(inner)
        finished = [0]

        def one():
            finished[0] += 1
            if finished[0] == self.enough:
                inner.alive = False
                done()
            elif self.sequential:
                world.open.append((f"t{self.n}", inner, one))

        for _ in range(1 if self.sequential else self.size):
            world.open.append((f"t{self.n}", inner, one))


class Race(Block):
    """An event-based gateway between two messages."""

    def __init__(self, maker, parts):
        super().__init__(maker)
        self.parts = parts
        maker.messages += [f"e{self.n}_0", f"e{self.n}_1"]

    def draw(self, out):
        g, j = f"g{self.n}", f"j{self.n}"
        out.append(node("eventBasedGateway", g) + node("exclusiveGateway", j))
        for i, part in enumerate(self.parts):
            event = f"w{self.n}_{i}"
            definition = f'<bpmn:messageEventDefinition messageRef="e{self.n}_{i}"/>'
            out.append(node("intermediateCatchEvent", event, definition))
            a, b = part.draw(out)
            out.append(flows(f"{g}>{event}", f"{event}>{a}", f"{b}>{j}"))
        return g, j

    def begin(self, world, scope, done):
        race = Scope(done)
        scope.inner.append(race)

        def won(i):
            race.alive = False
            self.parts[i].begin(world, scope, done)

        for i in range(2):
            world.waits.append((f"e{self.n}_{i}", race, lambda i=i: won(i), False))


class Guarded(Block):
    """A subprocess with, perhaps, a boundary message, an event subprocess and an error end."""

    def __init__(self, maker, part):
        super().__init__(maker)
        r = maker.random
        self.part = part
        self.boundary = r.choice(("none", "interrupting", "beside"))
        self.handler = r.choice(("none", "interrupting", "beside"))
        self.error = r.random() < 0.4
        self.many = r.choice((0, 0, 2, 3))
        for kind, used in (("b", self.boundary), ("h", self.handler)):
            if used != "none":
                maker.messages.append(f"{kind}{self.n}")
        if self.error:
            maker.loops.append(f"q{self.n}")
            maker.variables[f"q{self.n}"] = False

    def draw(self, out):
        n = self.n
        inner: list[str] = []
        if self.many:
            inner.append(
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>"
                f"{self.many}</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"
            )
        a, b = self.part.draw(inner)
        inner.append(node("startEvent", f"s{n}") + node("endEvent", f"z{n}") + flows(f"s{n}>{a}"))
        if self.error:
            bad = node("endEvent", f"y{n}", '<bpmn:errorEventDefinition errorRef="E"/>')
            inner.append(node("exclusiveGateway", f"k{n}", default=f"k{n}_z{n}") + bad)
            inner.append(flows(f"{b}>k{n}", f"k{n}>z{n}", f"k{n}>y{n}?q{n}"))
        else:
            inner.append(flows(f"{b}>z{n}"))
        if self.handler != "none":
            interrupting = str(self.handler == "interrupting").lower()
            message = f'<bpmn:messageEventDefinition messageRef="h{n}"/>'
            inner.append(
                node(
                    "subProcess",
                    f"v{n}",
                    node("startEvent", f"vs{n}", message, isInterrupting=interrupting)
                    + node("userTask", f"vt{n}")
                    + node("endEvent", f"ve{n}")
                    + flows(f"vs{n}>vt{n}", f"vt{n}>ve{n}"),
                    triggeredByEvent="true",
                )
            )
        out.append(node("subProcess", f"p{n}", "".join(inner)) + node("exclusiveGateway", f"j{n}"))
        out.append(flows(f"p{n}>j{n}"))
        if self.boundary != "none":
            stops = self.boundary == "interrupting"
            message = f'<bpmn:messageEventDefinition messageRef="b{n}"/>'
            out.append(
                node(
                    "boundaryEvent",
                    f"o{n}",
                    message,
                    attachedToRef=f"p{n}",
                    cancelActivity=str(stops).lower(),
                )
            )
            out.append(node("userTask", f"ot{n}") + flows(f"o{n}>ot{n}"))
            out.append(
                flows(f"ot{n}>j{n}")
                if stops
                else node("endEvent", f"oe{n}") + flows(f"ot{n}>oe{n}")
            )
        if self.error:
            caught = '<bpmn:errorEventDefinition errorRef="E"/>'
            out.append(node("boundaryEvent", f"r{n}", caught, attachedToRef=f"p{n}"))
            out.append(node("userTask", f"rt{n}") + flows(f"r{n}>rt{n}", f"rt{n}>j{n}"))
        return f"p{n}", f"j{n}"

    def begin(self, world, scope, done):
        n = self.n
        whole = Scope(done)
        scope.inner.append(whole)
        left = [self.many or 1]

        def instance_done():
            left[0] -= 1
            if left[0] == 0 and whole.alive:
                whole.kill()
                done()

        for _ in range(self.many or 1):
            self._instance(world, scope, whole, instance_done, done)
        if self.boundary != "none":
            stops = self.boundary == "interrupting"

            def came():
                if stops:
                    whole.kill()
                    world.open.append((f"ot{n}", scope, done))
                else:
                    scope.branches += 1
                    world.open.append((f"ot{n}", scope, scope.end_branch))

            world.waits.append((f"b{n}", whole, came, not stops))

    def _instance(self, world, scope, whole, instance_done, done):
        n = self.n
        inside = _Inside(instance_done)
        whole.inner.append(inside)
        content = [Scope(instance_done)]
        inside.inner.append(content[0])

        def body_done():
            if self.error and world.v[f"q{n}"]:
                whole.kill()
                world.open.append((f"rt{n}", scope, done))
            else:
                inside.end_branch()

        def handler():
            if self.handler == "interrupting":
                for one in inside.inner:
                    one.kill()
                content[0].kill()
                inside.branches = 1
                listening.alive = False
            else:
                inside.branches += 1
                inside.handlers += 1
            world.open.append((f"vt{n}", inside, inside.end_handler))

        inner_scope = content[0]
        inner_scope.end_branch = (
            inside.end_branch
        )  # what it starts beside itself belongs to the subprocess
        carrier = _Carrier(inside, inner_scope)
        listening = Scope(instance_done)
        inside.inner.append(listening)
        if self.handler == "beside":
            inside.listening = listening
        if self.handler != "none":
            world.waits.append(
                (f"h{n}", _Both(inside, listening), handler, self.handler != "interrupting")
            )
        self.part.begin(world, carrier, body_done)


class _Inside(Scope):
    """A subprocess: once only handlers run in it, none beside them begins any more."""

    handlers = 0
    listening: Scope | None = None

    def end_branch(self) -> None:
        super().end_branch()
        if self.branches == self.handlers and self.listening is not None:
            self.listening.alive = False

    def end_handler(self) -> None:
        self.handlers = max(self.handlers - 1, 0)
        self.end_branch()


class _Carrier(Scope):
    """Content of a subprocess: dies with it or with the interrupting of its content; counts in it."""

    def __init__(self, whole: Scope, content: Scope) -> None:
        self.whole, self.content, self.inner = whole, content, content.inner
        self._branches = 0

    @property
    def alive(self) -> bool:
        return self.whole.alive and self.content.alive

    @property
    def branches(self) -> int:
        return self.whole.branches

    @branches.setter
    def branches(self, value: int) -> None:
        self.whole.branches = value

    def end_branch(self) -> None:
        if self.alive:
            self.whole.end_branch()


class _Both(Scope):
    def __init__(self, a: Scope, b: Scope) -> None:
        self.a, self.b = a, b
        self.inner = []

    @property
    def alive(self) -> bool:
        return self.a.alive and self.b.alive


class Maker:
    """Makes random blocks from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0
        self.variables: dict[str, object] = {}
        self.loops: list[str] = []
        self.messages: list[str] = []

    def block(self, depth: int, kinds: str) -> Block:
        r = self.random
        if depth == 0:
            return Task(self)
        kind = r.choice(kinds)

        def parts(least: int, most: int) -> list[Block]:
            return [self.block(depth - 1, kinds) for _ in range(r.randint(least, most))]

        made = {
            "t": lambda: Task(self),
            "s": lambda: Sequence(self, parts(2, 3)),
            "x": lambda: Choice(self, parts(2, 3), several=False),
            "o": lambda: Choice(self, parts(2, 3), several=True),
            "a": lambda: Both(self, parts(2, 3)),
            "l": lambda: Again(self, self.block(depth - 1, kinds)),
            "m": lambda: Many(self),
            "e": lambda: Race(self, parts(2, 2)),
            "g": lambda: Guarded(self, self.block(depth - 1, kinds)),
        }
        return made[kind]()

    def process(self, depth: int = 3, kinds: str = "tsxoalmeg") -> tuple[Block, bytes]:
        top = Sequence(self, [self.block(depth, kinds), Task(self)])
        out = [node("startEvent", "start"), node("endEvent", "end")]
        a, b = top.draw(out)
        out.append(flows(f"start>{a}", f"{b}>end"))
        after = '<bpmn:error id="E" name="E" errorCode="E"/>'
        after += "".join(f'<bpmn:message id="{m}" name="{m}"/>' for m in self.messages)
        xml = (
            f'{HEAD}{after}<bpmn:process id="p" isExecutable="true">{"".join(out)}</bpmn:process>'
            "</bpmn:definitions>"
        )
        return top, xml.encode()
