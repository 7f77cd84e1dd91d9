"""Names of settings that do not exist, wherever a procedure reads them outside its diagrams.

``settings.<name>`` in a form, in ``procedure.yaml`` or in a decision table; the diagrams' own are found where these
are read. A wrong name is null when it is evaluated: the rule that hangs on it silently never holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass

from engine.bpmn import no_such_setting
from engine.bpmn.findings import ERROR, Finding
from engine.bpmn.load import load_xml
from engine.dmn import parse_models
from engine.errors import BadInput
from engine.feel import Expression, members_read
from engine.procedure import Procedure

MAIN = "procedure.yaml"
Used = tuple[str, str, int | None, str]  # file, element, line, name of the setting


def unknown_settings(procedure: Procedure, settings: Collection[str]) -> list[Finding]:
    """Return an error for every setting that forms, tables or ``procedure.yaml`` read in vain."""
    used: list[Used] = []
    for form in procedure.forms.values():
        used += ((form.file, key, None, name) for key, name in _read_by(form, form.key))
    own = {one.name: getattr(procedure, one.name) for one in fields(procedure)}
    used += ((MAIN, key, None, name) for key, name in _read_by({**own, "forms": ()}, MAIN))
    used += _read_by_tables(procedure.sources)
    return [
        Finding(
            file,
            element,
            "unknown-setting",
            ERROR,
            *no_such_setting(element, name, settings),
            line,
        )
        for file, element, line, name in dict.fromkeys(used)
        if name not in settings
    ]


def _read_by(value: object, element: str) -> Iterator[tuple[str, str]]:
    """Yield (element, setting) of every expression within a value; an element is what has a key."""
    if isinstance(value, Expression):
        read = members_read(value.node)
        yield from ((element, member) for name, member in sorted(read) if name == "settings")
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _read_by(one, key if isinstance(one, Expression) else element)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _read_by(one, element)
    elif is_dataclass(value):
        key = str(getattr(value, "key", element))
        for each in fields(value):
            yield from _read_by(getattr(value, each.name), key)


def _read_by_tables(sources: Mapping[str, bytes]) -> Iterator[Used]:
    tables = {path: data for path, data in sources.items() if path.endswith(".dmn")}
    try:
        models = parse_models({path: load_xml(data, path) for path, data in tables.items()})
    except BadInput:
        return  # what is wrong with a table is said by whoever reads it to decide
    for path, model in models.items():
        for element, line, name, member in model.reads:
            if name == "settings":
                yield path, element, line, member
