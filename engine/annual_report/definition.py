"""What the annual report counts: frozen values read from one YAML file, chosen by the year reported on.

Reading only; every mistake is told with file, line and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.feel import Expression, FeelSyntaxError, compile_expression
from engine.words import listed, say
from engine.yaml_source import Entry, YamlRefused

FOLDER = "reports/"
COUNTS = ("new", "carried_in", "outcome", "concluded", "carried_out")
PENDING = (
    "pending"  # the result column of table four that counts what has no result at the year's end
)


class ReportInvalid(YamlRefused):
    """A report definition cannot be used."""

    code = "report_invalid"


@dataclass(frozen=True)
class Source:
    """Which cases: of a procedure, where ``condition`` is true (None: all)."""

    procedure: str
    condition: Expression | None


@dataclass(frozen=True)
class StatedRow:
    """A row of table two: one number per column, stated in a case, or the same ``fixed`` everywhere.

    ``last``: columns (from 1) of which the last interim statement counts, not the sum of all.
    """

    key: str
    label: str
    values: tuple[Expression, ...]
    fixed: int | None
    note: str
    last: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A block of table two with its columns."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[StatedRow, ...]


@dataclass(frozen=True)
class Stated:
    """Table two: whose statement it is, and its blocks; ``interim`` are summed until that statement is there."""

    title: str
    source: Source
    interim: Source | None
    blocks: tuple[Block, ...]

    @property
    def rows(self) -> tuple[StatedRow, ...]:
        """All rows, in order."""
        return tuple(row for block in self.blocks for row in block.rows)


@dataclass(frozen=True)
class Column:
    """A kind of applicant; ``kinds`` are the words by which cases name it."""

    key: str
    label: str
    kinds: tuple[str, ...]
    organisation: bool


@dataclass(frozen=True)
class Row:
    """A line of table three. ``counts`` is one of ``COUNTS``; an ``outcome`` line's key is its code."""

    key: str
    label: str
    counts: str
    group: str
    under: str


@dataclass(frozen=True)
class Requests:
    """Table three: how a case says when it came, when it was done, with what outcome and by whom.

    ``weight``: as how many it counts; None is one.
    """

    title: str
    corner: str
    procedure: str
    kind: Expression
    received: Expression
    concluded: Expression
    outcome: Expression
    headings: tuple[str, ...]
    columns: tuple[Column, ...]
    total: str
    rows: tuple[Row, ...]
    previous: Source
    previous_values: Mapping[str, Expression]
    weight: Expression | None = None

    def row(self, counts: str) -> Row:
        """Return the one line that counts this."""
        return next(row for row in self.rows if row.counts == counts)

    @property
    def outcomes(self) -> tuple[Row, ...]:
        """The lines of outcomes, in order."""
        return tuple(row for row in self.rows if row.counts == "outcome")


@dataclass(frozen=True)
class Group:
    """A group of table four: since when a case belongs to it, when and how it was decided."""

    key: str
    label: str
    above: str
    since: Expression
    decided: Expression
    result: Expression


@dataclass(frozen=True)
class Disputes:
    """Table four: one line of numbers, four results and a total for each group.

    ``counted_in`` is {kind of decision or judgment, as a case has it: key of the result}.
    """

    title: str
    procedure: str
    results: tuple[tuple[str, str], ...]
    total: str
    groups: tuple[Group, ...]
    counted_in: Mapping[str, str]

    def result_of(self, decision: str) -> str:
        """Return the result that counts a decision; one that none names stays as it is."""
        return self.counted_in.get(decision, decision)


@dataclass(frozen=True)
class Figure:
    """A number for the text: how many cases have their day ``on`` in the year, or the sum of a value."""

    key: str
    label: str
    source: Source
    on: Expression
    sums: Expression | None


@dataclass(frozen=True)
class Section:
    """A section of text, drafted from the figures; the template names it by its key."""

    key: str
    title: str
    paragraphs: tuple[Expression, ...]


@dataclass(frozen=True)
class ReportDefinition:
    """Everything that one format of the report fixes."""

    file: str
    from_year: int
    title: str
    source: str
    template: str
    two: Stated
    three: Requests
    four: Disputes
    figures: tuple[Figure, ...]
    narrative: tuple[Section, ...]

    @property
    def procedures(self) -> frozenset[str]:
        """The procedures whose cases are read."""
        return frozenset(
            (
                self.two.source.procedure,
                self.three.procedure,
                self.three.previous.procedure,
                self.four.procedure,
                *(figure.source.procedure for figure in self.figures),
            )
        )


def definition_for(files: Mapping[str, bytes], year: int) -> ReportDefinition:
    """Return the format in use for a year: the newest whose ``from_year`` is not later.

    Args:
        files: {path: bytes} of the office's data.

    Raises:
        ReportInvalid: none fits, or a file cannot be used.
    """
    found = [
        parse_definition(data, path)
        for path, data in sorted(files.items())
        if path.startswith(FOLDER) and path.endswith(".yaml")
    ]
    fitting = [one for one in found if one.from_year <= year]
    if not fitting:
        raise ReportInvalid(
            FOLDER,
            f"no format for {year}",
            say(
                "启用的本局数据里没有适用于{year}年度的年度报告格式，请在 _office/reports 里补上后启用",
                year=year,
            ),
        )
    return max(fitting, key=lambda one: one.from_year)


def parse_definition(data: bytes, name: str) -> ReportDefinition:
    """Read a definition.

    Raises:
        ReportInvalid: names file, line and what to do.
    """
    top = Entry.top(data, name, name, ReportInvalid)
    top.text("report")
    year = top.integer("from_year")
    if year is None:
        top.refuse("from_year", say("缺少“from_year”，请写明从哪个年度起用"))
    definition = ReportDefinition(
        name,
        year,
        top.text("title"),
        top.text("source"),
        top.text("template"),
        _stated(top.entry("two", "two")),
        _requests(top.entry("three", "three")),
        _disputes(top.entry("four", "four")),
        tuple(map(_figure, top.entries("figures", "figures"))),
        tuple(map(_section, top.entries("narrative", "narrative"))),
    )
    top.done()
    return definition


def read_feel(entry: Entry, key: str, text: str | None = None) -> Expression:
    """Return the expression under a key, or of a text below it; what is wrong refuses the entry."""
    text = entry.text(key) if text is None else text
    try:
        return compile_expression(text.removeprefix("=").strip())
    except FeelSyntaxError as error:
        entry.refuse(
            f"{key}: {error}", say("“{key}”的表达式写得不对：{said}", key=key, said=error.said)
        )


def _optional(entry: Entry, key: str) -> Expression | None:
    return read_feel(entry, key) if key in entry else None


def _source(entry: Entry, *, last: bool = True) -> Source:
    source = Source(entry.text("procedure"), _optional(entry, "if"))
    if last:
        entry.done()
    return source


def _stated(entry: Entry) -> Stated:
    stated = Stated(
        entry.text("title"),
        _source(entry.entry("statement", "statement")),
        _source(entry.entry("interim", "interim")) if "interim" in entry else None,
        tuple(map(_block, entry.entries("blocks", "blocks"))),
    )
    entry.done()
    return stated


def _block(entry: Entry) -> Block:
    columns = entry.texts("columns")
    rows = tuple(_stated_row(one, len(columns)) for one in entry.entries("rows", "rows"))
    block = Block(entry.text("title"), columns, rows)
    entry.done()
    return block


def _stated_row(entry: Entry, columns: int) -> StatedRow:
    values = tuple(read_feel(entry, "values", text) for text in entry.texts("values"))
    row = StatedRow(
        entry.text("key"),
        entry.text("label"),
        values,
        entry.integer("fixed"),
        entry.text("note", ""),
        entry.texts("last"),
    )
    if (row.fixed is None and len(values) != columns) or (row.fixed is not None and values):
        entry.refuse(
            "values",
            say(
                "“{label}”要么写 fixed，要么写{columns}个 values", label=row.label, columns=columns
            ),
        )
    entry.done()
    return row


def _requests(entry: Entry) -> Requests:
    rows = tuple(map(_row, entry.entries("rows", "rows")))
    for counts in COUNTS:
        if counts != "outcome" and sum(row.counts == counts for row in rows) != 1:
            entry.refuse(
                f"rows {counts}", say("表三必须有且只有一行 counts: {counts}", counts=counts)
            )
    previous = entry.entry("previous", "previous")
    values = previous.entry("values", "values")
    columns = tuple(map(_column, entry.entries("columns", "columns")))
    requests = Requests(
        entry.text("title"),
        entry.text("corner"),
        entry.text("procedure"),
        read_feel(entry, "kind"),
        read_feel(entry, "received"),
        read_feel(entry, "concluded"),
        read_feel(entry, "outcome"),
        entry.texts("headings"),
        columns,
        entry.text("total"),
        rows,
        _source(previous, last=False),
        {column.key: read_feel(values, column.key) for column in columns},
        _optional(entry, "weight"),
    )
    for one in (values, previous, entry):
        one.done()
    return requests


def _column(entry: Entry) -> Column:
    column = Column(
        entry.text("key"), entry.text("label"), entry.texts("kinds"), entry.flag("organisation")
    )
    entry.done()
    return column


def _row(entry: Entry) -> Row:
    row = Row(
        entry.text("key"),
        entry.text("label"),
        entry.text("counts"),
        entry.text("group", ""),
        entry.text("under", ""),
    )
    if row.counts not in COUNTS:
        entry.refuse(f"counts {row.counts}", say("counts 只能是：{counts}", counts=listed(COUNTS)))
    entry.done()
    return row


def _disputes(entry: Entry) -> Disputes:
    results = []
    counted_in: dict[str, str] = {}
    for one in entry.entries("results", "results"):
        key = one.text("key")
        results.append((key, one.text("label")))
        for decision in one.texts("of"):
            if decision in counted_in:
                one.refuse(
                    f"{decision} twice",
                    say("“{decision}”写在两栏的 of 里，请只留一栏", decision=decision),
                )
            counted_in[decision] = key
        one.done()
    if PENDING not in dict(results):
        entry.refuse(
            "no pending", say("results 里要有 key: {pending}（尚未审结）", pending=PENDING)
        )
    disputes = Disputes(
        entry.text("title"),
        entry.text("procedure"),
        tuple(results),
        entry.text("total"),
        tuple(map(_group, entry.entries("groups", "groups"))),
        counted_in,
    )
    entry.done()
    return disputes


def _group(entry: Entry) -> Group:
    group = Group(
        entry.text("key"),
        entry.text("label"),
        entry.text("above", ""),
        read_feel(entry, "since"),
        read_feel(entry, "decided"),
        read_feel(entry, "result"),
    )
    entry.done()
    return group


def _figure(entry: Entry) -> Figure:
    figure = Figure(
        entry.text("key"),
        entry.text("label"),
        _source(entry, last=False),
        read_feel(entry, "on"),
        _optional(entry, "sums"),
    )
    entry.done()
    return figure


def _section(entry: Entry) -> Section:
    section = Section(
        entry.text("key"),
        entry.text("title"),
        tuple(read_feel(entry, "paragraphs", text) for text in entry.texts("paragraphs")),
    )
    entry.done()
    return section
