"""Every word of the screens is in the catalogue, and every catalogue is complete."""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir

from engine.commands import chasing, clock_watch, passing_time
from engine.queries import drawn_changes, sentences
from engine.queries.audit import GROUPS
from engine.queries.notices import said
from engine.words import spoken_with
from tests.web.conftest import Client
from tests.web.test_pages import text
from webui.catalogues import compile_catalogues

RAIL = importlib.import_module("engine.queries.shell")._RAIL
KEYWORDS = {
    **dict.fromkeys(["_", "_l", "gettext", "say", "Sentence", "ValueRefused"]),
    "ngettext": (1, 2),
    "Refused": (2,),
    "Denied": (2,),
}
METHODS = [
    ("engine/**.py", "python"),
    ("webui/**.py", "python"),
    ("webui/templates/**.html", "jinja2"),
]
OPTIONS = {"webui/templates/**.html": {"trimmed": "true"}}
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")


def words_of(project: Path) -> set[str]:
    """All sentences that the source marks for translation."""

    def wanted(folder: str) -> bool:
        return Path(folder).name not in {"frontend", "static", ".venv", "node_modules", "tests"}

    found = set()
    for name, _line, message, _notes, _context in extract_from_dir(
        project, METHODS, OPTIONS, KEYWORDS, directory_filter=wanted
    ):
        if name.startswith(("engine", "webui")):
            found.add(message if isinstance(message, str) else message[0])
    found |= {*sentences.KINDS.values(), *sentences.REFUSALS.values()}
    found |= {word for word, _kinds in GROUPS.values()}
    found |= {*chasing.NOTICES, passing_time.HOLIDAYS_AWAITED, clock_watch.ASKED, clock_watch.TOLD}
    found |= set(drawn_changes._RULES.values())
    found |= {word for _key, word, _right, _url in RAIL}
    return found


def test_nothing_is_left_untranslated(project: Path, english: Catalog) -> None:
    missing = []
    for word in words_of(project):
        message = english.get(word)
        strings = [] if message is None else message.string
        strings = [strings] if isinstance(strings, str) else list(strings)
        if not strings or not all(strings) or (message and message.fuzzy):
            missing.append(word)
    assert sorted(missing) == []


def test_no_catalogue_holds_the_marks_of_an_unfinished_merge(project: Path) -> None:
    """The reader of catalogues only warns of such a line and goes on."""
    marks = re.compile(r"^(<<<<<<<|=======|>>>>>>>)", re.M)
    sources = [*project.glob("webui/translations/*/*/*.po"), *project.glob("processes/*/locale/*")]
    assert [one for one in sources if marks.search(one.read_text("utf-8"))] == []


def test_translations_keep_blanks_and_markup(english: Catalog) -> None:
    inside = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+[^>]*>")
    wrong = []
    for message in english:
        source = message.id if isinstance(message.id, str) else message.id[0]
        for string in [message.string] if isinstance(message.string, str) else message.string:
            if source and sorted(inside.findall(source)) != sorted(inside.findall(string)):
                wrong.append(source)
            if CHINESE.search(string.replace("班 ", "")):
                wrong.append(source)
    assert wrong == []


def test_no_template_holds_a_chinese_word_outside_the_catalogue(project: Path) -> None:
    loose = []
    for file in (project / "webui" / "templates").rglob("*.html"):
        source = file.read_text("utf-8")
        source = re.sub(r"{% trans .*?{% endtrans %}", "", source, flags=re.S)
        source = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", source, flags=re.S)
        source = source.replace('<span lang="zh-CN">中文</span>', "")
        loose += [(file.name, found) for found in CHINESE.findall(source)]
    assert loose == []


def test_pages_speak_english_where_somebody_chose_it(zhou: Client) -> None:
    zhou.post("/display", {"language": "en"})
    page = zhou.get("/")
    assert page.html["lang"] == "en"
    assert "First today, 3 : 1 overdue, 2 due today." in text(page.select_one(".why"))
    assert text(page.select_one("td.c-time")) == "1 working day late"
    assert "24 November 2026 (Tue)" in text(page.select_one(".topbar"))
    page = zhou.get("/tasks/t-2026-0213")
    assert "act by 27 November (Fri, that day included) , 3 working days left" in text(
        page.select_one(".why")
    )
    answer = zhou.post("/tasks/t-2026-0213", {"points": " "})
    assert "1 to mend before" in answer.text


def test_the_sign_in_page_remembers_the_language_of_the_browser(zhou: Client) -> None:
    zhou.post("/display", {"language": "en"})
    zhou.post("/sign-out")
    page = zhou.get("/sign-in")
    assert page.html["lang"] == "en"
    assert text(page.h1) == "Sign in"


def test_a_catalogue_is_compiled_once(project: Path, tmp_path: Path) -> None:
    shutil.copytree(project / "webui" / "translations", tmp_path, dirs_exist_ok=True)
    for old in tmp_path.rglob("*.mo"):
        old.unlink()
    assert len(compile_catalogues(tmp_path)) == 1
    assert compile_catalogues(tmp_path) == []


def test_what_was_told_in_chinese_is_said_again_in_english(english: Catalog) -> None:
    """Reminders are stored as sentences; an English page said them in Chinese."""
    told = chasing.NOTICES[5].format(
        number="2026-0027", rung="第一次提醒", step="分办", due="2026-11-24", late=2
    )
    labels = {"第一次提醒": "First reminder", "分办": "Assign"}
    with spoken_with(
        lambda text: str(english[text].string) if text in english else text,
        lambda text: labels.get(text, text),
    ):
        assert (
            said(told)
            == '2026-0027 First reminder: "Assign" is to be done by 2026-11-24 (this reminder is 2 days late)'
        )
        assert said(told.replace("2026-0027", "主2026-0027")).startswith("主2026-0027 First")
        assert said("请看第3号通知") == "请看第3号通知"
    assert said(told) == told
