"""A called process brings its own folder: its tables decide, its letters go out, its steps stay on its own drawing."""

from __future__ import annotations

import io
import json
from pathlib import Path

import click
import docx
import pytest
from click.testing import CliRunner

from engine import commands, queries
from engine.cli.definitions import register
from engine.commands.cause import Moved
from engine.store import audit as trail
from engine.store import cases, documents
from engine.unit_of_work import UnitOfWork
from tests.integration.conftest import Desk, PostgresServer, open_desk

PROCEDURES = Path(__file__).parent / "procedures"


@pytest.fixture
def desk(tmp_path: Path, database: PostgresServer | None) -> Desk:
    """An office with a procedure that calls another one, which has a table and a letter of its own."""
    return open_desk(tmp_path, "caller", "called", server=database)


def begun(desk: Desk, pages: int) -> Moved:
    answers = {"title": "拆迁补偿档案", "pages": str(pages)}
    return commands.start_case(desk.env, desk.actor("zhou"), "caller", answers)


@pytest.mark.parametrize(("pages", "band"), [(30, "少"), (31, "多")])
def test_a_called_process_decides_by_the_table_of_its_own_folder(desk, pages, band):
    moved = begun(desk, pages)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        case = cases.load(uow.connection, moved.case_id)
        rows = [dict(row) for row in trail.rows(uow.connection)]
    assert case is not None
    assert case.fields["band"] == band
    decided = next(row for row in rows if row["action"] == "DecisionEvaluated")
    assert decided["version"] == desk.env.version_in_force("called")
    assert json.loads(decided["body"])["matched"]


def test_a_called_process_issues_the_letter_of_its_own_folder(desk):
    moved = begun(desk, 31)
    with UnitOfWork(desk.env.database, writing=False) as uow:
        [letter] = documents.case_documents(uow.connection, moved.case_id)
    assert (letter["letter"], letter["title"]) == ("note", "评估单")
    told = [
        one.text
        for one in docx.Document(io.BytesIO(desk.env.blobs.get(letter["sha256"]))).paragraphs
    ]
    assert told == ["评估单", "拆迁补偿档案：多"]


def test_what_a_called_process_did_is_not_marked_on_the_drawing_that_called_it(desk):
    """Both have a flow ``f1``; a secrecy review that had ended marked the end of an open application."""
    moved = begun(desk, 31)
    progress = queries.case_page(desk.env, desk.actor("zhou"), moved.case_id).diagram.progress
    assert progress["f1"]["count"] == 1
    assert "find_band" not in progress
    assert {"register", "assess", "archive"} <= set(progress)


def test_the_worked_cases_of_a_folder_play_the_tables_and_letters_of_what_it_calls():
    folder = PROCEDURES / "caller"
    given = [
        "--scenario",
        str(folder / "scenarios" / "bands.yaml"),
        "--with",
        str(PROCEDURES / "called"),
    ]
    group = click.Group()
    register(group)
    played = CliRunner().invoke(group, ["try", str(folder), *given])
    assert (played.exit_code, played.output.count("通过")) == (0, 2), played.output
