"""Every error has a status and a sentence; a defect shows a number and tells nothing else."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import engine
from engine.errors import BadInput, Denied, EngineError, NotFound
from tests.web.conftest import Client, look_over
from tests.web.fakes import Office
from tests.web.test_pages import text
from webui.errors import SENTENCES


def error_classes() -> set[type[EngineError]]:
    """All engine errors that an import brings to light."""
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ImportError:  # a part that is not finished is that part's own test
                continue
    found, look = set(), [EngineError]
    while look:
        for one in look.pop().__subclasses__():
            if one.__module__.startswith("engine."):
                found.add(one)
                look.append(one)
    return found


def test_every_error_of_the_commands_has_a_sentence() -> None:
    missing = [
        one.code
        for one in error_classes()
        if one.__module__.startswith(("engine.commands", "engine.errors", "engine.accounts"))
        and one.code not in SENTENCES
        and "sentence" not in inspect.signature(one).parameters
        and not issubclass(one, BadInput)
    ]
    assert missing == []


def test_denied_says_why(zhou: Client, office: Office) -> None:
    office.commands.fails = Denied("separation", "您办过须与本步骤分开的那一步，请由别人办理")
    answer = zhou.post("/tasks/t-2026-0213", {"points": "x"})
    assert answer.status_code == 403
    assert "请由别人办理" in text(look_over(answer).main)


def test_bad_input_says_what_to_do_and_keeps_the_text(zhou: Client, office: Office) -> None:
    office.commands.fails = BadInput("x", sentence="收到日不能晚于今天，请核对签收单")
    answer = zhou.post("/tasks/t-2026-0213", {"points": "写过的字"})
    assert answer.status_code == 422
    assert "收到日不能晚于今天" in answer.text
    assert "写过的字" in answer.text


def test_not_found_is_a_page(zhou: Client, office: Office) -> None:
    office.commands.fails = NotFound("case", "x")
    assert "没有找到" in text(zhou.get("/cases/unknown", 404).main)
    zhou.get("/nowhere", 404)


def test_a_defect_shows_a_number_and_nothing_technical(zhou: Client, office: Office) -> None:
    office.commands.fails = ZeroDivisionError("secret detail")
    answer = zhou.post("/tasks/t-2026-0213", {"points": "写过的字"})
    assert answer.status_code == 500
    assert "故障编号" in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert "写过的字" in answer.text


def test_a_wrong_method_is_a_page(zhou: Client) -> None:
    zhou.get("/sign-out", 405)
