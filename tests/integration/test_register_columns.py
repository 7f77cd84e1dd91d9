"""What a column of a register says of a case."""

from __future__ import annotations

import pytest

from engine import commands, queries
from engine.commands.registers import RegisterQuery
from engine.identity import SYSTEM
from tests.integration.conftest import open_desk
from tests.integration.test_personal_state import REGISTER


@pytest.mark.parametrize("value", ["kind", "label.kind", '= if kind = "a" then label.kind else ""'])
def test_a_column_says_a_choice_in_its_words(tmp_path, value):
    """``value: lead_section`` showed the id of the section, as did every choice without ``label.``."""
    desk = open_desk(tmp_path, "leave")
    folder = desk.env.config.processes / "leave"
    file = folder / "procedure.yaml"
    file.write_text(
        f"{file.read_text()}register:\n  - {{key: kind, label: 类别, value: '{value}'}}\n"
    )
    commands.deploy_folder(desk.env, SYSTEM, folder, "台账")
    commands.start_case(desk.env, desk.actor("zhou"), "leave", REGISTER)
    page = queries.register_page(desk.env, desk.actor("zhou"), RegisterQuery("leave", None, ""))
    assert [row.values for row in page.rows] == [["甲"]]
