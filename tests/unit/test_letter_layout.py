"""Every Word template is laid out as GB/T 9704-2012 asks, and holds what its kind of letter must hold."""

import re
from pathlib import Path

import docx
import pytest
import yaml
from docx.shared import Mm, Pt

PROCESSES = Path(__file__).parents[2] / "processes"
TEMPLATES = sorted(PROCESSES.glob("*/letters/*.docx"))
UNDATED = {"proof_of_service"}  # filled in by hand on the day of service


def named(path: Path) -> str:
    return f"{path.parts[-3]}/{path.stem}"


def described(path: Path) -> dict[str, str]:
    """What procedure.yaml says about the letter: series, remedy and the rest."""
    procedure = yaml.safe_load((path.parents[1] / "procedure.yaml").read_text("utf-8"))
    return next(one for one in procedure["letters"] if one["key"] == path.stem)


def lines(document) -> list[str]:
    return [paragraph.text for paragraph in document.paragraphs]


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_the_page_is_a4_with_the_margins_and_the_type_of_the_standard(path):
    document = docx.Document(path)
    page = document.sections[0]
    assert [round(one / Mm(1)) for one in (page.page_width, page.page_height)] == [210, 297]
    margins = [round(one / Mm(1)) for one in (page.top_margin, page.bottom_margin)]
    # A sheet for the file is no official letter: it may be taller, to stand on one page.
    assert margins == [37, 35] or (described(path).get("to") == "file" and margins == [22, 20])
    assert [round(one / Mm(1)) for one in (page.left_margin, page.right_margin)] == [28, 26]
    body = document.styles["公文正文"]
    assert (body.font.size, body.font.name) == (Pt(16), "仿宋_GB2312")  # 三号仿宋
    assert body.paragraph_format.line_spacing == Pt(28)  # 22 lines in 225 mm
    title = document.styles["公文标题"]
    assert (title.font.size, title.font.name) == (Pt(22), "方正小标宋简体")  # 二号小标宋


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_pages_are_numbered_on_the_outer_side(path):
    document = docx.Document(path)
    assert document.settings.odd_and_even_pages_header_footer
    page = document.sections[0]
    for footer, side in ((page.footer, "right"), (page.even_page_footer, "left")):
        (line,) = footer.paragraphs
        assert "PAGE" in line._p.xml
        assert f'w:jc w:val="{side}"' in line._p.xml


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_the_signature_never_stands_alone_on_a_page(path):
    signs = [one for one in docx.Document(path).paragraphs if one.style.name == "落款"]
    if path.stem in UNDATED:
        assert not signs
        return
    name, day = signs
    assert "{{ 机关名称 }}" in name.text
    assert day.text == "{{ 成文日期 }}"
    assert name.paragraph_format.keep_with_next
    assert name._p.getprevious() is not None
    kept = [one for one in name._p.itersiblings(preceding=True) if "w:keepNext" in one.xml]
    assert kept, "nothing above the signature is kept with it"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_a_letter_has_a_number_where_it_has_a_series(path):
    assert ("{{ 文号 }}" in lines(docx.Document(path))) == ("series" in described(path))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_remedies_stand_in_decisions_and_in_no_step_on_the_way(path):
    """Steps on the way (correction, extension, fee) open no remedy: 国办函〔2021〕132号 Art. 3(1)."""
    letter = described(path)
    has = "{{ 救济 }}" in lines(docx.Document(path))
    if letter.get("series") in {"process", "consultation"}:
        assert not has
    decides = letter.get("remedy") or path.stem.startswith("reply_") or path.stem == "closing"
    assert has == bool(decides)


@pytest.mark.parametrize(
    "folder", sorted({path.parents[1] for path in TEMPLATES}), ids=lambda one: one.name
)
def test_every_letter_is_issued_by_a_diagram_or_named_by_a_table(folder):
    effects = "".join(
        line
        for diagram in folder.glob("*.bpmn")
        for line in diagram.read_text("utf-8").splitlines()
        if "issue_letter" in line
    )
    cells = "".join(table.read_text("utf-8") for table in folder.glob("*.dmn"))
    issued = set(re.findall(r'(?:"|&quot;)(\w+)(?:"|&quot;)', effects + cells))
    assert {path.stem for path in folder.glob("letters/*.docx")} <= issued
