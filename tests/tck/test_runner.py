"""The runner of the conformance kit, on a kit of two cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tck import run

MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="m">
<decision id="a" name="a"><literalExpression><text>[1.0, {k: "x"}]</text></literalExpression></decision>
<decision id="b" name="b"><literalExpression><text>1 + x</text></literalExpression></decision>
<decision id="c" name="c"><literalExpression><text>for i in 1..99999 return i</text></literalExpression></decision>
<decisionService id="s" name="s"><outputDecision href="#a"/><outputDecision href="#b"/></decisionService>
</definitions>"""
OPENING = (
    '<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">'
)
NUMBER = '<expected><value xsi:type="xsd:decimal">{}</value></expected>'
INPUT = '<inputNode name="x"><value xsi:type="xsd:decimal">1</value></inputNode>'
LIST = (
    '<expected><list><item><value xsi:type="xsd:decimal">1</value></item>'
    '<item><component name="k"><value xsi:type="xsd:string">x</value></component></item></list></expected>'
)


def case(name: str, result: str, *, node: str, more: str = "", attributes: str = "") -> str:
    return f'<testCase id="{name}" {attributes}>{more}<resultNode name="{node}">{result}</resultNode></testCase>'


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "REPORT", tmp_path / "report.md")
    monkeypatch.setattr(run, "RATCHET", tmp_path / "ratchet.txt")
    monkeypatch.setenv("DMN_TCK", str(tmp_path))
    write(tmp_path, 2, case("good", LIST, node="a"))
    write(tmp_path, 3, case("sum", NUMBER.format("2.000000001"), node="b", more=INPUT))
    (tmp_path / "ratchet.txt").write_text("2\n")
    return tmp_path


def write(folder: Path, level: int, cases: str, name: str = "m.dmn") -> None:
    suite = folder / "TestCases" / f"compliance-level-{level}" / "suite"
    suite.mkdir(parents=True, exist_ok=True)
    (suite / "m.dmn").write_text(MODEL)
    (suite / "m-test-01.xml").write_text(
        f"{OPENING}<modelName>{name}</modelName>{cases}</testCases>"
    )


def test_all_good(kit, capsys):
    assert run.main() == 0
    assert capsys.readouterr().out.splitlines()[-1] == "TCK level-2: 1 of 1, all: 2 of 2"
    report = (kit / "report.md").read_text("utf-8")
    assert "| compliance-level-2 | 1 | 1 | 0 | 0 |" in report
    assert "Nothing." in report


def test_a_missing_folder_is_a_failure_with_a_sentence(kit, monkeypatch, capsys):
    for folder in ("", str(kit / "nowhere")):
        monkeypatch.setenv("DMN_TCK", folder)
        assert run.main() == 1
        assert "set DMN_TCK to the folder" in capsys.readouterr().err


def test_a_case_that_fails_is_named_and_a_fall_refused(kit, capsys):
    write(kit, 3, case("wrong", NUMBER.format(5), node="b", more=INPUT))
    assert run.main() == 1
    printed = capsys.readouterr()
    assert "failed: suite wrong: b: expected Decimal('5'), got" in printed.out
    assert "fewer than before" in printed.err
    assert "- suite wrong (failed)" in (kit / "report.md").read_text("utf-8")
    (kit / "ratchet.txt").write_text("1")
    assert run.main() == 0


def test_level_2_must_be_whole_whatever_the_ratchet_says(kit):
    (kit / "ratchet.txt").write_text("0")
    write(kit, 2, case("wrong", NUMBER.format(5), node="b", more=INPUT))
    assert run.main() == 1


def test_an_error_is_no_failure_and_no_pass_unless_it_is_expected(kit, capsys):
    nothing = '<expected><value xsi:nil="true"/></expected>'
    expected = f'<testCase id="e"><resultNode name="c" errorResult="true">{nothing}</resultNode></testCase>'
    write(kit, 3, case("budget", NUMBER.format(5), node="c") + expected)
    (kit / "ratchet.txt").write_text("3")
    assert run.main() == 1
    assert "1 passed, 0 failed, 1 errors" in capsys.readouterr().out
    write(kit, 3, case("budget", NUMBER.format(5), node="c"), name="another.dmn")
    run.main()
    assert "no model 'another.dmn'" in capsys.readouterr().out


def test_a_service_of_several_decisions_is_asked_for_one(kit):
    attributes = 'type="decisionService" invocableName="s"'
    write(kit, 3, case("service", LIST, node="a", attributes=attributes))
    assert run.main() == 0
