"""Commands for whoever writes rules: evaluate an expression or a decision from the shell.

Reads files, asks the clock for ``today`` and ``now``; knows no database and no case.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click

from engine.bpmn.load import load_xml
from engine.cli.speaking import reads_only, tell
from engine.dmn import DecisionModel, DecisionResult, evaluate, parse_models
from engine.errors import BadInput, EngineError, sentence_of
from engine.feel import FeelWarning, compile_expression, to_json
from engine.timesource import OFFICE_ZONE, SystemTime, legal_day
from engine.words import in_two, say
from engine.yaml_source import load_yaml

# A decision that ends so has no value that anybody may use; a missing input or no matching rule may be meant.
FAULTS = frozenset(
    ("not_unique", "not_equal", "expression", "hit_policy", "external", "circle", "aggregation")
)

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(group: click.Group) -> None:
    """Add this module's commands to the group."""
    group.add_command(feel)
    group.add_command(decide)


@click.command()
@click.argument("expression")
@click.option(
    "--context", type=_FILE, help="JSON or YAML file with the names that the expression reads."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@reads_only
def feel(expression: str, context: Path | None, as_json: bool) -> None:
    """Evaluate a FEEL EXPRESSION. 计算一个 FEEL 表达式。"""
    try:
        names = _names(context)
        outcome = compile_expression(expression, names.keys()).outcome(names, _functions())
        value = to_json(outcome.value)
    except EngineError as error:
        _refuse(error, as_json)
    if as_json:
        _print_json(
            {"value": value, "warnings": [_message(warning) for warning in outcome.warnings]}
        )
        return
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))
    for warning in outcome.warnings:
        tell(
            say("提示：{message}", message=in_two(warning.message_zh, warning.message_en)), err=True
        )


@click.command()
@click.argument("file", type=_FILE)
@click.option("--decision", help="Name or id; without it the only or topmost decision of the file.")
@click.option(
    "--inputs", type=_FILE, required=True, help="JSON or YAML file with the inputs by name."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@reads_only
def decide(file: Path, decision: str | None, inputs: Path, as_json: bool) -> None:
    """Evaluate a decision of FILE.dmn. 按决策表计算一个决策。"""
    try:
        model = _model(file)
        node = model.decision(decision)
        result = evaluate(model, node.id, _names(inputs), _functions())
        answer = _answer(node.name, model, result)
    except EngineError as error:
        _refuse(error, as_json)
    status = int(any(message.code in FAULTS for message in result.messages))
    if as_json:
        _print_json(answer)
        sys.exit(status)
    click.echo(json.dumps(answer["value"], ensure_ascii=False, indent=2))
    for match in answer["matched"]:
        tell(
            say("符合：{table} 第{rule}条规则", table=match["table"], rule=match["rule"]), err=True
        )
    for message in answer["messages"]:
        tell(say("提示：{message}", message=message["message"]), err=True)
    sys.exit(status)


def _answer(name: str, model: DecisionModel, result: DecisionResult) -> dict[str, Any]:
    matched = [
        {
            "table": match.table,
            "rule": match.rule,
            "id": match.id,
            "inputs": to_json(match.inputs),
            "outputs": to_json(match.outputs),
            "annotations": dict(match.annotations),
        }
        for match in result.matched
    ]
    problems = [
        {"code": problem.rule, "message": problem.message_zh, "message_en": problem.message_en}
        for problem in model.problems
    ]
    messages = [*problems, *(_message(message) for message in result.messages)]
    return {
        "decision": name,
        "value": to_json(result.value),
        "matched": matched,
        "messages": messages,
    }


def _message(warning: FeelWarning) -> dict[str, str]:
    return {"code": warning.code, "message": warning.message_zh, "message_en": warning.message_en}


def _model(file: Path) -> DecisionModel:
    """Read the file; the others of its folder are there to be imported."""
    roots = {file.name: load_xml(file.read_bytes(), file.name)}
    for other in sorted(file.parent.glob("*.dmn")):
        if other.name != file.name and len(roots) < 50:
            try:
                root = load_xml(other.read_bytes(), other.name)
                parse_models({other.name: root})
            except BadInput:
                # A neighbour that cannot be read is missed only if it is imported; then the model says so.
                continue
            roots[other.name] = root
    return parse_models(roots)[file.name]


def _names(file: Path | None) -> Mapping[str, Any]:
    """Read a JSON or YAML file that holds one mapping.

    Raises:
        BadInput: it cannot be read, or holds something else.
    """
    if file is None:
        return {}
    data = file.read_bytes()
    content = (
        _json(data, file.name) if file.suffix.lower() == ".json" else load_yaml(data, file.name)
    )
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise BadInput(
            f"{file.name}: no mapping",
            sentence=say("{file}：内容应为“名称: 值”的集合", file=file.name),
        )
    return content


def _json(data: bytes, name: str) -> object:
    try:
        return json.loads(
            data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant
        )
    except (ValueError, RecursionError, ArithmeticError) as error:
        line = getattr(error, "lineno", None)
        where = say("第{line}行", line=line) if line else ""
        raise BadInput(
            f"{name}: {error}",
            sentence=say("{name}{where}：不是完整的 JSON，请检查后再用", name=name, where=where),
        ) from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON number")


def _functions() -> dict[str, Callable[..., object]]:
    now = SystemTime().now()
    return {"now": lambda: now.astimezone(OFFICE_ZONE), "today": lambda: legal_day(now)}


def _refuse(error: EngineError, as_json: bool) -> NoReturn:
    """Say why in one sentence and end with status 1."""
    sentence = sentence_of(error)
    if as_json:
        document: dict[str, Any] = {
            "error": error.code,
            "message": sentence,
            "message_en": str(error),
        }
        if hasattr(error, "position"):
            document["position"] = error.position
        _print_json(document)
    else:
        tell(sentence, err=True)
    sys.exit(1)


def _print_json(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
