"""The words of ``processes/`` in another language: what a folder shows to people, and its catalogue beside it.

``locale/<language>.po`` in a folder translates the labels of that folder; ``_office`` holds those of all. A label
without a translation is shown as it is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from engine.bpmn import load_xml
from engine.environment import OFFICE, Environment
from engine.store import definitions as store
from engine.unit_of_work import UnitOfWork
from engine.yaml_source import load_yaml

_SHOWN = frozenset(
    [
        "title",
        "label",
        "help",
        "intro",
        "basis",
        "unit",
        "message",
        "advice",
        "pattern_message",
        "noun",
        "group",
        "row",
        "note",
        "source",
        "line",
        "choices",
        "facts",
        "duties",
        "options",
        "under",
        "total",
    ]
)
_DRAWN = frozenset(("name", "title", "label", "then", "article"))
_KEYED = frozenset(("choices", "facts"))  # {name: what is shown}
_APART = frozenset(("letter_fields", "variables"))  # what is calculated for letters, not shown


def labels_of(files: Mapping[str, bytes]) -> set[str]:
    """Return every label of a folder that people see and that is written in Chinese."""
    found: set[str] = set()
    for path, data in files.items():
        if path.startswith("forms/"):
            found |= set(_walk(load_yaml(data, path)))
        elif path == "procedure.yaml":
            top = load_yaml(data, path)
            if isinstance(top, Mapping):
                found |= set(_walk({k: v for k, v in top.items() if k not in _APART}))
        elif path.endswith(".bpmn"):
            found |= set(_drawn(data, path))
        elif path.startswith("calendar/") and path.endswith(".json"):
            found |= {str(day.get("name")) for day in json.loads(data).get("days", [])}
        elif path.startswith("reports/") and path.endswith(".yaml"):
            found |= set(_walk(_under(data, path, "three", "four")))
        elif path.endswith(".dmn"):
            found |= set(_said(data, path))
        elif path == "letterhead.yaml":
            found |= {str(one) for one in _under(data, path, "机关名称")}
        elif path in ("roles.yaml", "units.yaml", "settings.yaml", "ladder.yaml", "facts.yaml"):
            found |= set(_walk(load_yaml(data, path)))
    return {text for text in found if _is_chinese(text)}


def _walk(node: Any, key: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        for name, value in node.items():
            if key == "letters" or name != "fields" or isinstance(value, list):
                yield from _walk(value, key if key in _KEYED else str(name))
    elif isinstance(node, list):
        for one in node:
            yield from _walk(one, key)
    elif isinstance(node, str) and key == "options_from":
        yield from re.findall(r'(?:words|label): "([^"]+)"', node)
    elif isinstance(node, str) and key in _SHOWN and not node.startswith("= "):
        yield node.strip()


def _drawn(data: bytes, path: str) -> Iterator[str]:
    for element in load_xml(data, path).iter():
        for name in _DRAWN:
            value = str(element.get(name) or "")
            if not value.startswith("="):
                yield value.strip()
        if str(element.tag).endswith("}documentation") and element.text:
            yield str(element.text).strip()


def _under(data: bytes, path: str, *names: str) -> list[Any]:
    """What stands under some keys of a file."""
    top = load_yaml(data, path)
    return [top.get(name) for name in names] if isinstance(top, Mapping) else []


def _said(data: bytes, path: str) -> Iterator[str]:
    """What a decision table answers in so many words; what goes into letters only is left out."""
    for rule in load_xml(data, path).iter("{*}outputEntry"):
        text = str(rule.xpath("string()")).strip()
        if len(text) > 1 and text.startswith('"') and text.endswith('"'):
            yield text[1:-1]


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def catalogues(env: Environment, language: str) -> tuple[str, list[bytes]]:
    """Return (key that changes with the versions, the catalogues in force, the office's own first)."""
    versions = {OFFICE: env.version_in_force(OFFICE), **env.procedures_in_force()}
    path = f"locale/{language}.po"
    with UnitOfWork(env.database, writing=False) as uow:
        found = [store.file(uow.connection, version, path) for version in versions.values()]
    return "|".join(versions.values()), [data for data in found if data is not None]
