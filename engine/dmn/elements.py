"""The little that this package asks of an XML element, so that no XML library is met here.

An element is whatever ``engine.bpmn.load`` returns: it has ``tag``, ``text``, ``get``, iterates over children.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.dmn.errors import DmnRefused

NAMESPACES = (
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
    "http://www.omg.org/spec/DMN/20180521/MODEL/",
    "https://www.omg.org/spec/DMN/20191111/MODEL/",
    "https://www.omg.org/spec/DMN/20211108/MODEL/",
    "https://www.omg.org/spec/DMN/20230324/MODEL/",
)
"""DMN 1.1 to 1.5."""


class Element:
    """One element of the DMN namespace of its file."""

    __slots__ = ("namespace", "raw", "tag")

    def __init__(self, raw: Any, namespace: str) -> None:
        self.raw, self.namespace = raw, namespace
        self.tag = raw.tag[len(namespace) + 2 :]

    def __iter__(self) -> Iterator[Element]:
        opening = "{" + self.namespace + "}"
        for child in self.raw:
            # Comments have a tag that is no text.
            if isinstance(child.tag, str) and child.tag.startswith(opening):
                yield Element(child, self.namespace)

    def all(self, *tags: str) -> list[Element]:
        """Return the children of these kinds, in their order."""
        return [child for child in self if child.tag in tags]

    def first(self, *tags: str) -> Element | None:
        """Return the first child of these kinds."""
        return next((child for child in self if child.tag in tags), None)

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        value = self.raw.get(name)
        return default if value is None else str(value)

    @property
    def text(self) -> str:
        """The text directly within, stripped."""
        return str(self.raw.text or "").strip()

    def text_of(self, tag: str) -> str:
        """Return the text of the first child of that kind, stripped; empty where there is none."""
        child = self.first(tag)
        return child.text if child is not None else ""

    @property
    def line(self) -> int | None:
        """The line of the file, where the reader kept it."""
        return getattr(self.raw, "sourceline", None)

    @property
    def label(self) -> str:
        """The id, else the name: what an error calls the element."""
        return self.get("id") or self.get("name") or self.tag


def open_root(root: Any, file: str) -> Element:
    """Return the ``definitions`` element.

    Raises:
        DmnRefused: the root is no DMN of a version from 1.1 to 1.5.
    """
    tag = root.tag if isinstance(getattr(root, "tag", None), str) else ""
    for namespace in NAMESPACES:
        if tag == "{" + namespace + "}definitions":
            return Element(root, namespace)
    raise DmnRefused(file, "不是 DMN 1.1 至 1.5 的决策文件", "not a DMN file of version 1.1 to 1.5")
