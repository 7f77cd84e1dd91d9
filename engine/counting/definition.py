"""What figures an office counts: frozen values read from one YAML file. Reading only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.annual_report.definition import read_feel
from engine.feel import Expression
from engine.words import say
from engine.yaml_source import Entry, YamlRefused

FOLDER = "figures/"
COUNTED = ("cases", "steps", "breaches")


class FiguresInvalid(YamlRefused):
    """A definition of figures cannot be used."""

    code = "figures_invalid"


@dataclass(frozen=True)
class Column:
    """A figure: what it counts and of which procedure, on which day, under which condition, for which section.

    ``counts`` is one of ``COUNTED``, or "" for a column computed by ``value`` from those before it.
    """

    key: str
    label: str
    counts: str
    procedure: str
    on: Expression | None
    condition: Expression | None
    unit: Expression | None
    sums: Expression | None
    value: Expression | None


@dataclass(frozen=True)
class Listing:
    """A list of cases: of which procedure, on which day, under which condition, and its columns."""

    key: str
    title: str
    procedure: str
    on: Expression
    condition: Expression | None
    values: Mapping[str, Expression]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Definition:
    """Columns of a table by section, and lists."""

    key: str
    title: str
    columns: tuple[Column, ...]
    listings: tuple[Listing, ...]

    @property
    def procedures(self) -> frozenset[str]:
        """The procedures that are read."""
        counted = (one.procedure for one in self.columns if one.counts)
        return frozenset((*counted, *(one.procedure for one in self.listings)))


def parse_figures(data: bytes, name: str) -> Definition:
    """Read a definition.

    Raises:
        FiguresInvalid: names file, line and what to do.
    """
    top = Entry.top(data, name, name, FiguresInvalid)
    definition = Definition(
        top.text("figures"),
        top.text("title"),
        tuple(map(_column, top.entries("columns", "columns"))),
        tuple(map(_listing, top.entries("lists", "lists"))),
    )
    top.done()
    return definition


def definition_of(files: Mapping[str, bytes], key: str) -> Definition:
    """Return the office's definition of some figures.

    Args:
        files: {path: bytes} of the office's data.

    Raises:
        FiguresInvalid: there is none, or it cannot be used.
    """
    path = f"{FOLDER}{key}.yaml"
    if path not in files:
        raise FiguresInvalid(
            path,
            "missing",
            say("启用的本局数据里没有这个统计口径，请在 _office/figures 里补上后启用"),
        )
    return parse_figures(files[path], path)


def _column(entry: Entry) -> Column:
    counts = next((word for word in COUNTED if word in entry), "")
    column = Column(
        entry.text("key"),
        entry.text("label"),
        counts,
        entry.text(counts) if counts else "",
        _optional(entry, "on"),
        _optional(entry, "if"),
        _optional(entry, "unit"),
        _optional(entry, "sums"),
        _optional(entry, "value"),
    )
    if bool(counts) == (column.value is not None):
        entry.refuse(
            "counts",
            say("“{label}”要么写 cases、steps、breaches 之一，要么写 value", label=column.label),
        )
    if counts and column.on is None:
        entry.refuse("on", say("“{label}”没有写 on：按哪一天算进期间", label=column.label))
    entry.done()
    return column


def _listing(entry: Entry) -> Listing:
    values = entry.entry("values", "values")
    labels = entry.entry("labels", "labels") if "labels" in entry else None
    listing = Listing(
        entry.text("key"),
        entry.text("title"),
        entry.text("cases"),
        read_feel(entry, "on"),
        _optional(entry, "if"),
        {key: read_feel(values, key) for key in values},
        {key: labels.text(key) for key in labels} if labels is not None else {},
    )
    for one in (values, labels, entry):
        if one is not None:
            one.done()
    return listing


def _optional(entry: Entry, key: str) -> Expression | None:
    return read_feel(entry, key) if key in entry else None
