"""Boxed expressions to code (DMN 1.5, 7.3 and 10.2.1).

Code of this module always runs in a scope below the run, whose names are known while it is compiled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from engine.dmn.elements import Element
from engine.dmn.errors import Problem, Read
from engine.dmn.item_types import Allowed, ItemTypes
from engine.dmn.run import Boxed
from engine.dmn.tables import AGGREGATIONS, POLICIES, Column, Output, Rule, Table
from engine.errors import EngineError
from engine.feel import members_read
from engine.feel.expression import read_expression, read_unary_tests
from engine.feel.functions import Lambda, call
from engine.feel.kinds import Kind, coerce
from engine.feel.limits import MAX_LIST
from engine.feel.pieces import filter_list, find_function, snapshot
from engine.feel.scope import Code, Scope
from engine.feel.values import items
from engine.feel.vocabulary import Vocabulary

EXPRESSIONS: Final = (
    "literalExpression", "context", "decisionTable", "invocation", "relation", "list", "functionDefinition",
    "conditional", "filter", "for", "some", "every",
)  # fmt: skip
_FEEL: Final = ("", "FEEL", "feel")


class BoxedCompiler:
    """Compiles the expressions of one model; problems go to ``report`` and their code gives null."""

    def __init__(
        self,
        types: ItemTypes,
        members: Vocabulary,
        report: Callable[[Problem], None],
        reads: list[Read],
    ) -> None:
        self.types, self.members, self._report, self._reads = types, members, report, reads
        self.table_name = ""

    def expression_in(self, element: Element, names: frozenset[str]) -> Boxed | None:
        """Compile the expression that stands directly within an element; None where there is none."""
        inside = element.first(*EXPRESSIONS)
        return self.boxed(inside, names) if inside is not None else None

    def boxed(self, element: Element, names: frozenset[str]) -> Boxed:
        """Compile one boxed expression, knowing the names in scope."""
        makers: dict[str, Callable[[Element, frozenset[str]], Boxed]] = {
            "literalExpression": self._literal,
            "context": self._context,
            "decisionTable": self._table,
            "invocation": self._invocation,
            "relation": self._relation,
            "list": self._list,
            "functionDefinition": self._function,
            "conditional": self._conditional,
            "filter": self._filter,
            "for": self._for,
            "some": self._quantified,
            "every": self._quantified,
        }
        made = makers[element.tag](element, names)
        return self._typed(made, element.get("typeRef"), element.label)

    def problem(self, element: Element, rule: str, zh: str, en: str) -> None:
        """Report something unusable."""
        self._report(Problem(element.label, rule, zh, en, element.line))

    def _typed(self, made: Boxed, written: str, label: str) -> Boxed:
        kind = self.types.named(written)
        return (
            made
            if kind is None
            else Boxed(fitting(made.code, kind, label), made.depth + 1, made.size)
        )

    # --- text ---

    def text(self, element: Element, text: str, names: frozenset[str]) -> Boxed:
        """Compile a FEEL text that stands in an element."""
        if not text:
            return _nothing(None)
        language = element.get("expressionLanguage")
        if language not in _FEEL and "FEEL" not in language.upper():
            self.problem(
                element,
                "language",
                f"表达式语言“{language}”不受支持，请改用 FEEL",
                f"language {language!r}",
            )
            return _nothing(None)
        try:
            read = read_expression(text, names, self.members, inner=True)
        except EngineError as error:
            return self._unreadable(element, error)
        self._read(element, read.node)
        return Boxed(read.code, read.node.depth, read.node.size)

    def _read(self, element: Element, tree: object) -> None:
        """Keep which members of names are read where."""
        self._reads += [(element.label, element.line, *one) for one in sorted(members_read(tree))]

    def _unreadable(self, element: Element, error: EngineError) -> Boxed:
        zh, en = getattr(error, "sentence", str(error)), str(error)
        self.problem(element, "expression", zh, en)
        return _nothing(
            ("expression", f"“{element.label}”中的表达式有误：{zh}", f"{element.label}: {en}")
        )

    def _literal(self, element: Element, names: frozenset[str]) -> Boxed:
        return self.text(element, element.text_of("text"), names)

    # --- structures ---

    def _context(self, element: Element, names: frozenset[str]) -> Boxed:
        entries: list[tuple[str, Code]] = []
        depth = size = 1
        known = names
        for entry in element.all("contextEntry"):
            variable = entry.first("variable")
            name = variable.get("name") if variable is not None else ""
            self.members.add(name)
            # A function may call itself by the name of its entry.
            inside = (
                known | {name}
                if entry.first("functionDefinition", "literalExpression") is not None and name
                else known
            )
            value = self.expression_in(entry, inside) or _nothing(None)
            if variable is not None:
                value = self._typed(value, variable.get("typeRef"), name)
            entries.append((name, value.code))
            known = known | {name} if name else known
            depth, size = max(depth, value.depth + 1), size + value.size

        def run(s: Scope) -> Any:
            built: dict[str, Any] = {}
            inside = Scope(s, built)
            for name, code in entries:
                value = code(inside)
                if not name:
                    return value
                built[name] = value
            return built

        return Boxed(run, depth, size)

    def _list(self, element: Element, names: frozenset[str]) -> Boxed:
        parts = [self.boxed(child, names) for child in element.all(*EXPRESSIONS)]
        codes = [part.code for part in parts]
        return _over(parts, lambda s: [code(s) for code in codes])

    def _relation(self, element: Element, names: frozenset[str]) -> Boxed:
        columns = [
            (column.get("name"), self.types.named(column.get("typeRef")))
            for column in element.all("column")
        ]
        for name, _ in columns:
            self.members.add(name)
        rows: list[list[tuple[str, Code]]] = []
        parts: list[Boxed] = []
        for row in element.all("row"):
            cells = [self.boxed(cell, names) for cell in row.all(*EXPRESSIONS)]
            parts += cells
            # zip: a row that is too short leaves its last columns out.
            rows.append(
                [
                    (name, fitting(cell.code, kind, name) if kind else cell.code)
                    for (name, kind), cell in zip(columns, cells, strict=False)
                ]
            )
        return _over(parts, lambda s: [{name: code(s) for name, code in row} for row in rows])

    # --- functions ---

    def function_parts(
        self, element: Element, names: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[Kind | None, ...], Boxed]:
        """Read the parameters and the body of a function definition."""
        written = element.all("formalParameter")
        parameters = tuple(part.get("name") for part in written)
        kinds = tuple(self.types.named(part.get("typeRef")) for part in written)
        if element.get("kind", "FEEL") not in ("FEEL", ""):
            kind = element.get("kind")
            self.problem(
                element, "external", f"外部函数（{kind}）不受支持", f"external {kind} function"
            )
            return (
                parameters,
                kinds,
                _nothing(("external", "外部函数不受支持", "external functions are not supported")),
            )
        body = self.expression_in(element, names | set(parameters)) or _nothing(None)
        return parameters, kinds, body

    def _function(self, element: Element, names: frozenset[str]) -> Boxed:
        parameters, kinds, body = self.function_parts(element, names)
        frames, size = body.depth + 4, body.size + 1

        def run(s: Scope) -> Any:
            return Lambda(element.label, parameters, kinds, body.code, s, frames=frames, size=size)

        return Boxed(run, 1, 1)

    def _invocation(self, element: Element, names: frozenset[str]) -> Boxed:
        called = element.first("literalExpression")
        name = called.text_of("text") if called is not None else ""
        function = self.text(element, name, names)
        parts: list[Boxed] = [function]
        bindings: list[tuple[str, Code]] = []
        for binding in element.all("binding"):
            parameter = binding.first("parameter")
            value = self.expression_in(binding, names) or _nothing(None)
            if parameter is None:
                continue
            value = self._typed(value, parameter.get("typeRef"), parameter.get("name"))
            parts.append(value)
            bindings.append((parameter.get("name"), value.code))
        given = [parameter for parameter, _ in bindings]
        simple = name in names

        def run(s: Scope) -> Any:
            target = find_function(s, name) if simple else function.code(s)
            return call(s.run, target, [code(s) for _, code in bindings], given)

        return _over(parts, run)

    # --- control ---

    def _part(self, element: Element, tag: str, names: frozenset[str]) -> Boxed:
        part = element.first(tag)
        return (self.expression_in(part, names) if part is not None else None) or _nothing(None)

    def _conditional(self, element: Element, names: frozenset[str]) -> Boxed:
        parts = [self._part(element, tag, names) for tag in ("if", "then", "else")]
        condition, then, otherwise = (part.code for part in parts)

        def run(s: Scope) -> Any:
            verdict = condition(s)
            if verdict is True:
                return then(s)
            return otherwise(s) if verdict in (False, None) else _no_boolean(s, element.label)

        return _over(parts, run)

    def _filter(self, element: Element, names: frozenset[str]) -> Boxed:
        source, match = (
            self._part(element, "in", names),
            self._part(element, "match", names | {"item"}),
        )

        def strict(s: Scope) -> Any:
            verdict = match.code(s)
            if verdict is not None and type(verdict) is not bool:
                raise _NoBoolean
            return verdict

        def run(s: Scope) -> Any:
            try:
                return filter_list(s, source.code(s), strict, match.size)
            except _NoBoolean:
                return _no_boolean(s, element.label)

        return _over([source, match], run)

    def _walk(self, element: Element, names: frozenset[str], tag: str) -> tuple[str, Boxed, Boxed]:
        name = element.get("iteratorVariable")
        return (
            name,
            self._part(element, "in", names),
            self._part(element, tag, names | {name, "partial"}),
        )

    def _for(self, element: Element, names: frozenset[str]) -> Boxed:
        name, source, body = self._walk(element, names, "return")

        def run(s: Scope) -> Any:
            elements = source.code(s)
            if type(elements) is not list:
                return _no_list(s, element.label)
            results: list[Any] = []
            bound: dict[str, Any] = {}
            inside = Scope(s, bound)
            for value in elements:
                s.run.spend(body.size + 1)
                bound["partial"] = snapshot(s.run, results)
                bound[name] = value
                results.append(body.code(inside))
            return items(results) if len(results) > MAX_LIST else results

        return _over([source, body], run)

    def _quantified(self, element: Element, names: frozenset[str]) -> Boxed:
        name, source, body = self._walk(element, names, "satisfies")
        deciding = element.tag == "some"

        def run(s: Scope) -> Any:
            elements = source.code(s)
            if type(elements) is not list:
                return _no_list(s, element.label)
            unknown = False
            for value in elements:
                s.run.spend(body.size + 1)
                verdict = body.code(Scope(s, {name: value}))
                if verdict is deciding:
                    return deciding
                if verdict is not None and type(verdict) is not bool:
                    return _no_boolean(s, element.label)
                unknown = unknown or verdict is None
            return None if unknown else not deciding

        return _over([source, body], run)

    # --- tables ---

    def _table(self, element: Element, names: frozenset[str]) -> Boxed:
        policy = element.get("hitPolicy", "UNIQUE").strip().upper() or "UNIQUE"
        policy = POLICIES.get(policy, policy)
        aggregation = element.get("aggregation").strip().upper()
        if policy not in POLICIES.values() or (aggregation and aggregation not in AGGREGATIONS):
            self.problem(
                element,
                "hit_policy",
                f"命中策略“{policy} {aggregation}”不存在",
                f"no policy {policy!r}",
            )
            return _nothing(
                ("hit_policy", f"命中策略“{policy} {aggregation}”不存在", f"no policy {policy!r}")
            )
        inputs = [self._column(column, names) for column in element.all("input")]
        outputs = [self._output(column, element, names) for column in element.all("output")]
        annotations = [column.get("name") for column in element.all("annotation")]
        rules: list[Rule] = []
        for number, row in enumerate(element.all("rule"), 1):
            rule = self._rule(row, number, names, len(inputs), len(outputs), annotations)
            if rule is not None:
                rules.append(rule)
        table = Table(self.table_name or element.label, policy, aggregation, inputs, outputs, rules)
        return Boxed(table, 4, 1 + len(rules) * (len(inputs) + 1))

    def _column(self, column: Element, names: frozenset[str]) -> Column:
        asked = column.first("inputExpression")
        text = asked.text_of("text") if asked is not None else ""
        code = self.text(column if asked is None else asked, text, names).code
        kind = self.types.named(asked.get("typeRef")) if asked is not None else None
        return Column(column.get("label") or text, code, kind, self._values(column, "inputValues"))

    def _values(self, column: Element, tag: str) -> Allowed | None:
        values = column.first(tag)
        text = values.text_of("text") if values is not None else ""
        if not text or text == "-":
            return None
        try:
            return Allowed(text)
        except EngineError as error:
            self._unreadable(column, error)
            return None

    def _output(self, column: Element, table: Element, names: frozenset[str]) -> Output:
        kind = self.types.named(column.get("typeRef"))
        allowed = self._values(column, "outputValues")
        ordered = allowed if allowed is not None else kind.allowed if kind is not None else None
        default = column.first("defaultOutputEntry")
        code = (
            self.text(default, default.text_of("text"), names).code if default is not None else None
        )
        name = column.get("name")
        label = (
            column.get("label")
            or name
            or table.get("outputLabel")
            or self.table_name
            or column.label
        )
        if name:
            self.members.add(name)
        priority = ordered.values if isinstance(ordered, Allowed) else []
        return Output(name, label, kind, allowed, priority, code)

    def _rule(
        self,
        row: Element,
        number: int,
        names: frozenset[str],
        inputs: int,
        outputs: int,
        annotations: list[str],
    ) -> Rule | None:
        entries, results = row.all("inputEntry"), row.all("outputEntry")
        if len(entries) != inputs or len(results) != outputs:
            self.problem(
                row,
                "rule",
                f"第{number}条规则的单元格数目不对",
                f"rule {number} has the wrong number of cells",
            )
            return None
        tests: list[tuple[int, Any]] = []
        for at, entry in enumerate(entries):
            text = entry.text_of("text")
            if text in ("", "-"):
                continue
            try:
                read = read_unary_tests(text, names, self.members, inner=True)
            except EngineError as error:
                self._unreadable(entry, error)
                return None
            self._read(entry, read.node)
            tests.append((at, read))
        codes = [self.text(result, result.text_of("text"), names).code for result in results]
        texts = [part.text_of("text") for part in row.all("annotationEntry")]
        return Rule(
            number, row.get("id"), tests, codes, dict(zip(annotations, texts, strict=False))
        )


# --- pieces -------------------------------------------------------------------------------------------


def _nothing(warning: tuple[str, str, str] | None) -> Boxed:
    """Return code that gives null, and says why where there is something to say."""

    def run(s: Scope) -> Any:
        if warning is not None:
            s.run.warn(*warning)
        return None

    return Boxed(run, 1, 1)


def _over(parts: list[Boxed], code: Code) -> Boxed:
    """Return a boxed expression over others: one deeper, as large as all of them."""
    depth = 3 + max((part.depth for part in parts), default=0)
    return Boxed(code, depth, 1 + sum(part.size for part in parts))


def fitting(code: Code, kind: Kind, label: str) -> Code:
    """Return code whose value is fitted to a type; null, with a warning, where it does not fit."""

    def run(s: Scope) -> Any:
        value, fits = coerce(code(s), kind)
        if not fits:
            s.run.warn(
                "type", f"“{label}”的类型或取值不对", f"{label!r} has the wrong type or value"
            )
        return value

    return run


class _NoBoolean(Exception):
    """A condition of a boxed filter gave something else than true, false or null."""


def _no_boolean(s: Scope, label: str) -> None:
    s.run.warn(
        "no_boolean", f"“{label}”的条件结果不是“是或否”", f"a condition in {label!r} is no boolean"
    )


def _no_list(s: Scope, label: str) -> None:
    s.run.warn(
        "no_list", f"“{label}”要逐项处理的不是列表", f"{label!r} walks something that is no list"
    )
