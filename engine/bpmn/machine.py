"""One step of one instance: its tokens, scopes and data while they are moved.

State of an instance, plain JSON::

    {"v": variables, "n": last number given, "q": conditional waits, "o": tokens at inclusive joins and complex gateways that wait for reset,
     "s": {scope: {p: process, c: body, o: owner token, k: live tokens, v?: locals, b?: barrier,
                   x?: compensation records, w?: waits, j?: {join: {flow: tokens}}, z?: interrupted,
                   g?: {complex gateway that waits for reset: flows consumed},
                   d?: pinned version}},
     "t": {token: [scope, node, kind, extra]}}

    extra: w waits {event key: record} · b scope it owns · p parent token · f locals of the instance ·
           n/m/d numbers of a repetition · x what could be undone of its instances, once it is complete ·
           a evaluated parts of a work item · todo of a compensation

The state that comes in is not changed. What each kind of node does stands in ``activities``,
``gateways``, ``events`` and ``compensation``; this module only moves, remembers and forgets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta, timezone
from typing import Any

from engine.bpmn.model import Body, Definition, Expression, Flow, Node, Value, given
from engine.bpmn.step import (
    Closed,
    Entry,
    Host,
    State,
    Step,
    StepFailed,
    Thrown,
    Timer,
    Wait,
    WorkItem,
)
from engine.errors import EngineError
from engine.feel import FeelBudgetExceeded, to_json
from engine.timesource import OFFICE_ZONE
from engine.words import say

BUDGET = 20_000
MAX_INSTANCES = 10_000
WORK = frozenset(("user", "receive"))  # a token there has a work item
WAITING = WORK | {"catch", "race"}
_MISSING = object()

Extra = dict[str, Any]
Moving = tuple[str, Node, "Flow | None", "str | None", "Extra | None"]
Entering = Callable[["Machine", str, Node, "Flow | None", "str | None", "Extra | None"], None]


def fresh_state() -> State:
    """Return the state of an instance in which nothing has happened."""
    return {"v": {}, "n": 0, "q": 0, "o": 0, "s": {}, "t": {}}


class Machine:
    """The state of an instance under one step, and what the step did so far."""

    entering: dict[str, Entering] = {}  # noqa: RUF012  # filled by ``execute``: kind of node -> function

    def __init__(self, definition: Definition, host: Host, state: State) -> None:
        self.definition, self.host = definition, host
        self.v: dict[str, Any] = dict(state["v"])
        self.n: int = state["n"]
        self.q: int = state["q"]
        self.o: int = state["o"]
        self.s: dict[str, dict[str, Any]] = {k: dict(r) for k, r in state["s"].items()}
        self.t: dict[str, list[Any]] = {
            k: [r[0], r[1], r[2], dict(r[3])] for k, r in state["t"].items()
        }
        self.queue: deque[Moving] = deque()
        self.late: deque[Moving] = deque()  # signals about to be thrown
        self.look = (
            False  # a conditional event has just begun to wait, or what one reads was written
        )
        # Names that conditional events read; None where another definition is called: any.
        self.watched = None if any("d" in row for row in self.s.values()) else definition.watched
        self.budget = BUDGET
        self.history: list[Entry] = []
        self.closed: list[Closed] = []
        self.opened: dict[str, None] = {}
        self.armed: dict[str, Timer | Wait] = {}
        self.gone: list[tuple[str, bool]] = []  # id, is a timer
        self.thrown: list[Thrown] = []
        self.how: str | None = None
        self.epoch: dict[str, int] = {}
        self._tables: dict[str, Mapping[str, Node]] = {}
        self._by_scope: dict[str, dict[str, None]] | None = None
        self._by_parent: dict[str, dict[str, None]] | None = None
        self._pinned: dict[tuple[str, str], Definition] = {}
        self._functions: Mapping[str, Callable[..., object]] | None = None

    # ------------------------------------------------------------ tables

    def number(self) -> int:
        """Give the next number of this instance."""
        self.n += 1
        return self.n

    def table(self, scope: str) -> Mapping[str, Node]:
        """Return the nodes of the process that a scope belongs to."""
        found = self._tables.get(scope)
        if found is None:
            row = self.s[scope]
            found = self._tables[scope] = self.definition_of(row).processes[row["p"]].nodes
        return found

    def definition_of(self, row: Mapping[str, Any]) -> Definition:
        """Return the definition of a scope: this one, or the pinned one of a called process."""
        version = row.get("d")
        if version is None:
            return self.definition
        key = (row["p"], version)
        if key not in self._pinned:
            self._pinned[key] = self.host.called(row["p"], version)
        return self._pinned[key]

    def pin(self, definition: Definition, process_id: str) -> None:
        """Remember the definition that a call has just been given."""
        self._pinned[(process_id, definition.version)] = definition

    def body(self, scope: str) -> Body:
        """Return the body that a scope runs."""
        row = self.s[scope]
        return self.definition_of(row).processes[row["p"]].bodies[row["c"]]

    def node(self, token: str) -> Node:
        """Return the node at which a token stands."""
        row = self.t[token]
        return self.table(row[0])[row[1]]

    # ------------------------------------------------------------ data

    def lookup(self, name: str, scope: str, frame: Mapping[str, Any] | None) -> object:
        """Find a name: the instance's own, then scope by scope outwards, then the case."""
        row = self.s[scope]
        if frame is not None and name in frame:
            return self._typed(name, frame[name], row)
        while True:
            own = row.get("v")
            if own is not None and name in own:
                return self._typed(name, own[name], row)
            if row.get("b") == 2:
                break
            owner = row["o"]
            if not owner:
                if name in self.v:
                    return self._typed(name, self.v[name], row)
                break
            holder = self.t[owner]
            row = self.s[holder[0]]
            inner = holder[3].get("f")
            if inner is not None and name in inner:
                return self._typed(name, inner[name], row)
        return self.host.names().get(name, _MISSING)

    def _typed(self, name: str, value: object, row: Mapping[str, Any]) -> object:
        """Return a stored value as its field says: the state keeps dates as text."""
        if type(value) is not str and type(value) is not list:
            return value
        typed = getattr(self.host, "typed", None)
        return value if typed is None else typed(name, value, row["p"], row.get("d"))

    def names(
        self, wanted: Iterable[str], scope: str, frame: Mapping[str, Any] | None
    ) -> dict[str, object]:
        """Return those of the wanted names that exist."""
        found = {}
        for name in wanted:
            value = self.lookup(name, scope, frame)
            if value is not _MISSING:
                found[name] = value
        return found

    def evaluate(
        self, expression: Expression, scope: str, frame: Mapping[str, Any] | None, where: str
    ) -> object:
        """Evaluate FEEL in a scope; whatever goes wrong is a failed step on the element ``where``."""
        try:
            return expression.evaluate(self.names(expression.names, scope, frame), self.functions())
        except FeelBudgetExceeded as error:
            raise StepFailed(
                where, f"expression too costly: {error}", say("表达式计算量过大")
            ) from error
        except StepFailed:
            raise
        except EngineError as error:
            raise StepFailed(where, str(error), _sentence(where, error)) from error
        except Exception as error:  # a function of the office: its fault stops this step alone
            raise StepFailed(where, _cause(error), _sentence(where, error)) from error

    def functions(self) -> Mapping[str, Callable[..., object]]:
        """Return what FEEL may call in this step: the host's functions, and ``now()``, the moment of
        the step by the office's clock."""
        if self._functions is None:
            local = self.host.now.astimezone(OFFICE_ZONE)
            now = local.replace(tzinfo=timezone(local.utcoffset() or timedelta(0)))
            self._functions = {"now": lambda: now, **self.host.functions}
        return self._functions

    def value(self, value: Value, scope: str, frame: Mapping[str, Any] | None, where: str) -> Any:
        """Return what an attribute says, as plain JSON."""
        if value.expression is None:
            return value.text
        return to_json(self.evaluate(value.expression, scope, frame, where))

    def holds(
        self, expression: Expression, scope: str, frame: Mapping[str, Any] | None, where: str
    ) -> bool:
        """Return whether a condition holds; one that is neither true nor false fails the step."""
        result = self.evaluate(expression, scope, frame, where)
        if result is True or result is False:
            return result
        raise StepFailed(
            where,
            f"the condition is neither true nor false but {result!r}",
            say("“{where}”的条件算不出“是”或“否”，请补全所用的数据后重试", where=where),
        )

    def write(self, name: str, value: object, scope: str) -> None:
        """Write a variable where it lives: the nearest scope that has it or keeps what is written in it."""
        row = self.s[scope]
        if self.q and (self.watched is None or name in self.watched):
            self.look = True
        while True:
            own = row.get("v")
            if own is not None and (name in own or row.get("b")):
                row["v"] = {**own, name: value}
                return
            owner = row["o"]
            if not owner:
                self.v[name] = value
                self._tell(name, value)
                return
            row = self.s[self.t[owner][0]]

    def _tell(self, name: str, value: object) -> None:
        """Every variable of the case is a field of its record, which the host keeps if it wants to."""
        written = getattr(self.host, "written", None)
        if written is not None:
            written(name, value)

    def write_all(self, values: Mapping[str, object] | None, scope: str) -> None:
        """Write several variables."""
        for name, value in (values or {}).items():
            self.write(name, value, scope)

    def visible(self, scope: str, frame: Mapping[str, Any] | None) -> Visible:
        """Return everything that an expression here could see, as a mapping."""
        return Visible(self, scope, frame)

    def item(self, token: str) -> object:
        """Return what the innermost multi-instance around a token works on, None outside of any."""
        scope, _, _, extra = self.t[token]
        node, held, row = self.node(token), extra.get("f"), self.s[scope]
        while True:
            name = node.repeat.item if node.repeat is not None else None
            if name and held and name in held:
                return held[name]
            if not row["o"] or row.get("b") == 2:
                return None
            node, held = self.node(row["o"]), row.get("v")
            row = self.s[self.t[row["o"]][0]]

    # ------------------------------------------------------------ tokens and scopes

    def log(
        self,
        node: Node,
        what: str,
        token: str = "",
        flow: str | None = None,
        detail: str | None = None,
    ) -> None:
        """Add a line of history."""
        self.history.append(Entry(node.id, flow, what, token, node.process_id, detail))

    def put(self, scope: str, node: Node, kind: str, extra: Extra) -> str:
        """Make a token that stands at a node."""
        token = str(self.number())
        self.t[token] = [scope, node.id, kind, extra]
        if self._by_scope is not None:
            self._by_scope.setdefault(scope, {})[token] = None
        if self._by_parent is not None and "p" in extra:
            self._by_parent.setdefault(extra["p"], {})[token] = None
        return token

    def drop(self, token: str, how: str = "cancelled") -> None:
        """Take a token away with its waits; ``how`` its work item was closed, if it had one."""
        scope, node_id, kind, extra = self.t[token]
        if "w" in extra:
            nodes = self.table(scope)
            for key, record in extra["w"].items():
                self.forget(token, key, record, nodes)
        if kind in WORK:
            if token in self.opened:
                del self.opened[token]
            else:
                self.closed.append(Closed(token, node_id, how))
        del self.t[token]
        if self._by_scope is not None:
            self._by_scope[scope].pop(token, None)
        if self._by_parent is not None and "p" in extra:
            self._by_parent.get(extra["p"], {}).pop(token, None)

    def forget(
        self, holder: str, key: str, record: Mapping[str, Any], nodes: Mapping[str, Node]
    ) -> None:
        """A wait is over: unless it was new in this step, say that it is gone."""
        wait_id = f"{holder}.{key}.{record['n']}"
        if "s" in record:
            self.q -= 1
        if wait_id in self.armed:
            del self.armed[wait_id]
        else:
            self.gone.append((wait_id, "t" in record))

    def open(
        self, owner: str, body: Body, definition: Definition | None, within: str | None
    ) -> str:
        """Open a scope for a body; ``within`` is the scope around it, None for the whole instance."""
        scope = str(self.number())
        row: dict[str, Any] = {"p": body.process_id, "c": body.id, "o": owner, "k": 0}
        if definition is not None and definition is not self.definition:
            row["d"] = definition.version
        elif definition is None and within is not None and "d" in self.s[within]:
            row["d"] = self.s[within]["d"]
        if "d" in row:
            self.watched = None
        if body.data:
            row["v"] = {**dict.fromkeys(body.data), **body.first}
        self.s[scope] = row
        return scope

    def kill(self, token: str) -> None:
        """End a token with everything it owns: scopes, instances, waits, what moves in them."""
        row = self.t.get(token)
        if row is None:
            return
        extra = row[3]
        if row[2] in ("multi", "undo"):
            for instance in self.of_parent(token):
                self.kill(instance)
        if "b" in extra:
            self.close(extra["b"])
        self.log(self.node(token), "cancelled", token)
        self.drop(token)

    def close(self, scope: str) -> None:
        """End a scope with everything in it."""
        if scope not in self.s:
            return
        for token in self.of_scope(scope):
            self.kill(token)
        self.forget_scope(scope)

    def forget_scope(self, scope: str) -> None:
        """Remove a scope whose tokens are gone."""
        row = self.s[scope]
        for key, record in row.get("w", {}).items():
            self.forget(f"s{scope}", key, record, self.table(scope))
        self.o -= self._at_inclusive(scope, row)
        del self.s[scope]
        self._tables.pop(scope, None)

    def empty(self, scope: str) -> None:
        """End everything inside a scope that itself goes on (interrupting handler, terminate, cancel)."""
        for token in self.of_scope(scope):
            self.kill(token)
        row = self.s[scope]
        self.o -= self._at_inclusive(scope, row)
        row.pop("j", None)
        row.pop("g", None)
        row["k"] = 0
        self.epoch[scope] = self.epoch.get(scope, 0) + 1
        self.queue = deque(q for q in self.queue if q[0] != scope)
        self.late = deque(q for q in self.late if q[0] != scope)

    def _at_inclusive(self, scope: str, row: Mapping[str, Any]) -> int:
        joins = row.get("j")
        resetting = len(row.get("g") or ())
        if not joins:
            return resetting
        nodes = self.table(scope)
        for join, counts in joins.items():
            if nodes[join].kind == "inclusive":
                resetting += sum(counts.values())
        return resetting

    def of_scope(self, scope: str) -> list[str]:
        """Return the tokens in a scope, oldest first."""
        return list(self._in_scope(scope))

    def _in_scope(self, scope: str) -> Iterable[str]:
        if self._by_scope is None:
            self._by_scope = {}
            for token, row in self.t.items():
                self._by_scope.setdefault(row[0], {})[token] = None
        return self._by_scope.get(scope, ())

    def of_parent(self, parent: str) -> list[str]:
        """Return the instances of a repetition, or the running handlers of a compensation."""
        if self._by_parent is None:
            self._by_parent = {}
            for token, row in self.t.items():
                if "p" in row[3]:
                    self._by_parent.setdefault(row[3]["p"], {})[token] = None
        return list(self._by_parent.get(parent, ()))

    # ------------------------------------------------------------ moving

    def alive(self, scope: str, epoch: int) -> bool:
        """Return whether a token that was moving in this scope still moves."""
        return scope in self.s and self.epoch.get(scope, 0) == epoch

    def take(self, scope: str, node: Node, flows: list[Flow]) -> None:
        """Leave a node by these flows; no flow ends the token."""
        row = self.s[scope]
        if not flows:
            self.consume(scope)
            return
        row["k"] += len(flows) - 1
        for flow in flows:
            self.history.append(Entry(node.id, flow.id, "taken", "", node.process_id, flow.reason))
            self.queue.append((scope, flow.target, flow, None, None))

    def consume(self, scope: str) -> None:
        """A token of a scope is gone; the last one ends the scope."""
        row = self.s[scope]
        row["k"] -= 1
        if row["k"] == 0:
            self.scope_ended(scope)
        elif row.get("w") and self._only_handlers(scope, row["k"]):
            self.completing(scope)

    def _only_handlers(self, scope: str, live: int) -> bool:
        """Return whether nothing of a scope is left but event subprocesses that run in it."""
        handlers = 0
        for token in self._in_scope(scope):
            if not self.node(token).by_event:
                return False
            handlers += 1
        return handlers == live and self.body(scope).adhoc is None

    completing: Callable[[str], None]

    def scope_ended(self, scope: str) -> None:
        """The scope holds nothing any more: its owner goes on, or the instance ends."""
        row = self.s[scope]
        owner = row["o"]
        if self.body(scope).adhoc is not None and not _adhoc_over(self, scope, row):
            return
        if owner:
            self.owner_done(owner, scope)
            return
        self.forget_scope(scope)
        self.how = self.how or "completed"

    owner_done: Callable[[str, str], None]

    def run(self) -> None:
        """Move until everything waits; inclusive joins and conditions are looked at when nothing moves.

        A signal is thrown when all else has come to rest, so that a branch beside it hears it however the
        two are drawn; a condition is looked at as soon as something waits for it, and again whenever what it reads
        was written: one that becomes true and false again within a step has been true.
        """
        while True:
            while self.queue or self.late:
                if self.look:
                    self.look = False
                    self.conditions()
                    continue
                now = self.queue or self.late
                scope, node, flow, parent, extra = moving = now.popleft()
                if scope not in self.s or (parent is not None and parent not in self.t):
                    continue
                if node.last and now is self.queue:
                    self.late.append(moving)
                    continue
                self.budget -= 1
                if self.budget < 0:
                    raise StepFailed(
                        node.id,
                        f"more than {BUDGET} automatic steps: an endless loop",
                        say(
                            "自动步骤超过 {count} 步，疑为死循环，请检查“{step}”附近的流程图",
                            count=BUDGET,
                            step=node.name or node.id,
                        ),
                    )
                self.entering[node.kind](self, scope, node, flow, parent, extra)
            if not self.settle():
                break
        self.stuck()

    settle: Callable[[], bool]
    conditions: Callable[[], bool]

    def stuck(self) -> None:
        """Fail where nothing is waited for any more, though the instance has not ended.

        A scope may hold tokens at a join that nothing can complete any more as long as something else goes
        on: that may end it. What event subprocesses listen for does not count: a case that only a
        withdrawal could move has stopped.
        """
        if not self.s:
            return
        for row in self.t.values():
            extra = row[3]
            if row[2] in WAITING or extra.get("w"):
                return
            if "b" in extra and self.body(extra["b"]).adhoc is not None:
                return
        joins = (j for row in self.s.values() for j in row.get("j") or ())
        where = next(joins, None) or next(iter(self.s.values()))["c"]
        raise StepFailed(
            where,
            "tokens wait at a join that no other token can reach any more",
            say("汇聚网关“{where}”再也等不到其余分支，请检查流程图", where=where),
        )

    # ------------------------------------------------------------ result

    def state(self) -> State:
        """Return the state as it is stored."""
        return {"v": self.v, "n": self.n, "q": self.q, "o": self.o, "s": self.s, "t": self.t}

    def step(self) -> Step:
        """Return what the step did."""
        ended = not self.s
        step = Step(self.state(), closed=self.closed, history=self.history, ended=ended)
        step.how = self.how if ended else None
        step.opened = [work_item(self, token) for token in self.opened]
        for entry in self.armed.values():
            if isinstance(entry, Timer):
                step.timers_armed.append(entry)
            else:
                step.waits_added.append(entry)
        for wait_id, timer in self.gone:
            (step.timers_gone if timer else step.waits_gone).append(wait_id)
        for thrown in self.thrown:
            (step.messages if thrown.kind == "message" else step.signals).append(thrown)
        return step


def _adhoc_over(machine: Machine, scope: str, row: dict[str, Any]) -> bool:
    """An ad hoc scope without tokens stays open until its end has come (see ``activities``)."""
    return bool(row.get("e"))


def _cause(error: Exception) -> str:
    return f"an expression failed: {type(error).__name__}: {error}"


def _sentence(where: str, error: Exception) -> str:
    """Say what an expression failed on, in the words of the error where it has some."""
    said = getattr(error, "sentence", None)
    return say(
        "“{where}”的表达式算不出来：{said}",
        where=where,
        said=said or say("请核对所用的日期和数据，改正后重试"),
    )


def work_item(machine: Machine, token: str) -> WorkItem:
    """Return the work item of a token at a user or receive task."""
    _, _, kind, extra = machine.t[token]
    node = machine.node(token)
    work = given(node.work)
    dynamic = extra.get("a")
    frame = extra.get("f") or {}
    if dynamic is None:
        groups = tuple(v.text for v in work.groups)
        users = tuple(v.text for v in work.users)
        assignee = work.assignee.text if work.assignee else None
        unit = work.unit.text if work.unit else None
        due: dict[str, Any] | None = {k: v.text for k, v in work.due.items()} if work.due else None
        priority: object = work.priority.text if work.priority else None
    else:
        groups, users = tuple(dynamic["g"]), tuple(dynamic["u"])
        assignee, unit = dynamic["a"], dynamic["n"]
        due, priority = dynamic["d"], dynamic["p"]
    return WorkItem(
        token,
        node.id,
        node.name or node.id,
        kind,
        groups,
        users,
        assignee,
        unit,
        work.form,
        work.separation,
        due,
        machine.item(token),
        frame.get("loopCounter"),
        priority,
        node.documentation,
        node.process_id,
        work.button,
    )


class Visible(Mapping[str, object]):
    """All names that an expression could see in a scope, for hosts that evaluate decisions."""

    def __init__(self, machine: Machine, scope: str, frame: Mapping[str, Any] | None) -> None:
        self._machine, self._scope, self._frame = machine, scope, frame

    def __getitem__(self, name: str) -> object:
        value = self._machine.lookup(name, self._scope, self._frame)
        if value is _MISSING:
            raise KeyError(name)
        return value

    def _all(self) -> dict[str, None]:
        machine, found = self._machine, dict.fromkeys(self._frame or ())
        row = machine.s[self._scope]
        while True:
            found.update(dict.fromkeys(row.get("v") or ()))
            if row.get("b") == 2:
                break
            if not row["o"]:
                found.update(dict.fromkeys(machine.v))
                break
            holder = machine.t[row["o"]]
            found.update(dict.fromkeys(holder[3].get("f") or ()))
            row = machine.s[holder[0]]
        found.update(dict.fromkeys(machine.host.names()))
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
