"""Small DMN files, and short ways to evaluate them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from engine.bpmn.load import load_xml
from engine.dmn import DecisionModel, DecisionResult, evaluate, parse_dmn

NAMESPACE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def file(
    body: str, *, namespace: str = NAMESPACE, own: str = "urn:test", name: str = "test"
) -> bytes:
    """Return a DMN file around some elements."""
    return f'<definitions xmlns="{namespace}" name="{name}" namespace="{own}">{body}</definitions>'.encode()


def model(body: str, **more: Any) -> DecisionModel:
    """Return the model of a file around some elements."""
    return parse_dmn(load_xml(file(body, **more), "test.dmn"), "test.dmn")


def text(feel: str, tag: str = "literalExpression", **attributes: str) -> str:
    """Return an element with a FEEL text."""
    written = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<{tag}{written}><text>{escape(feel)}</text></{tag}>"


def decision(body: str, name: str = "d", *, variable: str = "", requires: str = "") -> str:
    """Return a decision around its logic; ``requires`` are requirement elements."""
    return f'<decision id="{name}" name="{name}">{variable}{requires}{body}</decision>'


def needs(*hrefs: str, knowledge: bool = False) -> str:
    """Return information requirements on decisions (``#d``) and inputs (``@i``), or knowledge requirements."""
    parts: list[str] = []
    for href in hrefs:
        if knowledge:
            parts.append(
                f'<knowledgeRequirement><requiredKnowledge href="{href}"/></knowledgeRequirement>'
            )
        else:
            tag = "requiredInput" if href[0] == "@" else "requiredDecision"
            parts.append(
                f'<informationRequirement><{tag} href="#{href[1:]}"/></informationRequirement>'
            )
    return "".join(parts)


def table(
    inputs: list[str],
    outputs: list[str],
    rules: list[str],
    *,
    policy: str = "UNIQUE",
    aggregation: str = "",
) -> str:
    """Return a decision table; a rule is ``cell | cell => result | result``, an output ``name`` or an element."""
    columns = "".join(
        column if column[0] == "<" else f"<input>{text(column, 'inputExpression')}</input>"
        for column in inputs
    )
    results = "".join(
        output if output[:1] == "<" else f'<output name="{output}"/>' for output in outputs
    )
    rows = ""
    for number, rule in enumerate(rules, 1):
        left, _, right = rule.partition(" => ")
        cells = (
            "".join(text(cell.strip(), "inputEntry") for cell in left.split(" | "))
            if inputs
            else ""
        )
        gives = "".join(text(result.strip(), "outputEntry") for result in right.split(" | "))
        rows += f'<rule id="r{number}">{cells}{gives}</rule>'
    sums = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable hitPolicy="{policy}"{sums}>{columns}{results}{rows}</decisionTable>'


def result(
    body: str, inputs: Mapping[str, Any] | None = None, name: str | None = None
) -> DecisionResult:
    """Evaluate the only decision of a file around some elements."""
    return evaluate(model(body), name, inputs or {})


def value(body: str, inputs: Mapping[str, Any] | None = None, name: str | None = None) -> Any:
    """Return the value of that decision."""
    return result(body, inputs, name).value


def message_codes(
    body: str, inputs: Mapping[str, Any] | None = None, name: str | None = None
) -> list[str]:
    """Return the codes of that decision's messages."""
    return [message.code for message in result(body, inputs, name).messages]
