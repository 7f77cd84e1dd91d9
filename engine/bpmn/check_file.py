"""The deployment check of a file as a whole: ids that stand once, truth values, the language of expressions."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from engine.bpmn import moments, tags
from engine.bpmn.findings import Report
from engine.bpmn.reading import line, owner_id
from engine.bpmn.rewrite import TRUTHS


def duplicates(root: etree._Element, report: Report) -> None:
    """An id stands once in a file."""
    seen: set[str] = set()
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        key = element.get("id")
        if not key:
            continue
        if key in seen:
            report.error(
                "duplicate-id",
                key,
                line(element),
                f"编号“{key}”重复，每个元素的编号必须不同",
                f"the id {key} is used twice",
            )
        seen.add(key)


def across(loaded: Iterable[tuple[str, etree._Element, Report]]) -> None:
    """Check that no process id stands in two files."""
    seen: dict[str, str] = {}
    for name, root, report in loaded:
        for process in tags.children(root, "process"):
            key = str(process.get("id"))
            if key in seen and process.get("isExecutable") != "false" and seen[key] != name:
                report.error(
                    "duplicate-process",
                    key,
                    line(process),
                    f"流程编号“{key}”在 {seen[key]} 里已经用过",
                    f"process id {key} is already used in {seen[key]}",
                )
            seen.setdefault(key, name)


def truths(root: etree._Element, report: Report) -> None:
    """A process inside something else, and a truth value that is none, would be read at random."""
    for element in root.iter(f"{{{tags.BPMN}}}*"):
        where = str(element.get("id") or tags.local(element))
        if element.tag == tags.tag("process") and element.getparent() is not root:
            report.error(
                "unsupported",
                where,
                line(element),
                f"流程“{where}”不能放在别的元素里",
                f"the process {where} stands inside another element",
            )
        for attribute in TRUTHS:
            value = element.get(attribute)
            if value is not None and value not in ("true", "false"):
                report.error(
                    "schema",
                    where,
                    line(element),
                    f"“{where}”的 {attribute} 只能是 true 或 false",
                    f"{where}: {attribute} is neither true nor false",
                )


def languages(holder: etree._Element, report: Report) -> None:
    """An expression that says it is written in another language than FEEL is not evaluated.

    What is empty says nothing in any language, and a plain moment of ISO 8601 in a timer is no expression.
    """
    for expression in holder.iter(f"{{{tags.BPMN}}}*"):
        language = (expression.get("language") or "").lower()
        text = tags.text(expression)
        timed = tags.local(expression) in ("timeDate", "timeDuration", "timeCycle")
        if not text or (timed and moments.looks_iso(text.strip("\"'"))):
            continue
        if language and "feel" not in language and "dmn" not in language:
            where = owner_id(expression)
            report.error(
                "expression-language",
                where,
                line(expression),
                f"“{where}”的表达式用的是 {language}，引擎只认 FEEL",
                f"{where}: an expression is written in {language}; only FEEL is evaluated",
            )
