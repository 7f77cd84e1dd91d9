"""Abuse 12: XML that names a file, an address or a bomb is refused at every door, or means nothing there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from engine import commands
from engine.bpmn import check, load_xml
from engine.bpmn.findings import ERROR
from engine.decisions import Decisions
from engine.documents.classified import Marks, mark_in
from engine.errors import BadInput
from engine.letters import fields_of
from engine.register_import import ImportRefused
from tests.integration.conftest import open_desk

SECRET = "only in this file"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def attacks(secret: Path) -> dict[str, str]:
    """What stands before the root element, and what stands in it."""
    address = secret.as_uri()
    return {
        "file": f'<!DOCTYPE r [<!ENTITY x SYSTEM "{address}">]>|&x;',
        "network": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>|&x;',
        "parameter entity": f'<!DOCTYPE r [<!ENTITY % x SYSTEM "{address}"> %x;]>|',
        "foreign grammar": f'<!DOCTYPE r SYSTEM "{address}">|',
        "public grammar": '<!DOCTYPE r PUBLIC "-//X//Y" "http://127.0.0.1:9/x.dtd">|',
        "inner entity": '<!DOCTYPE r [<!ENTITY x "inside">]>|&x;',
        "billion laughs": f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>|&l9;',
        "quadratic": f'<!DOCTYPE r [<!ENTITY x "{"a" * 50_000}">]>|{"&x;" * 2_000}',
        "default attributes": '<!DOCTYPE r [<!ATTLIST definitions id CDATA "evil">]>|',
        "lower case": f'<!doctype r [<!entity x system "{address}">]>|&x;',
        "undeclared": "|&x;",
        "include": f'|<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{address}" parse="text"/>',
        "schema": (
            '|<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            f'xsi:noNamespaceSchemaLocation="{address}"/>'
        ),
        "stylesheet": f'<?xml-stylesheet href="{address}" type="text/xsl"?>|',
    }


NAMES = sorted(attacks(Path("/x")))
HARMLESS = {"include", "schema", "stylesheet"}  # words of no meaning here; nothing is fetched


def written(attack: str, secret: Path, root: str, inside: str = "") -> bytes:
    before, _, within = attacks(secret)[attack].partition("|")
    tag = root.split()[0]
    return f'<?xml version="1.0"?>{before}<{root}>{within}{inside}</{tag}>'.encode()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret.txt"
    file.write_text(SECRET)
    return file


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("attack", NAMES)
def test_abuse_12_at_the_one_entrance(secret, attack, encoding):
    data = written(attack, secret, "r").decode().replace('"1.0"', f'"1.0" encoding="{encoding}"')
    if attack in HARMLESS:
        assert SECRET not in "".join(load_xml(data.encode(encoding), "x").itertext())
        return
    with pytest.raises(BadInput) as refused:
        load_xml(data.encode(encoding), "x.bpmn")
    assert "x.bpmn" in refused.value.sentence


@pytest.mark.parametrize("attack", NAMES)
def test_abuse_12_as_a_diagram_or_a_decision(secret, attack):
    root = 'definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    assert any(one.severity == ERROR for one in check({"x.bpmn": written(attack, secret, root)}))
    table = (
        'definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" namespace="n" name="n"'
    )
    source = {"x.dmn": written(attack, secret, table)}
    if attack in HARMLESS:
        assert Decisions.from_sources(source).names == frozenset()
        return
    with pytest.raises(BadInput) as refused:
        Decisions.from_sources(source)
    assert SECRET not in refused.value.sentence


def packed(part: str, data: bytes, base: bytes) -> bytes:
    """A Word or Excel file with one part replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base)) as source, zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            target.writestr(name, data if name == part else source.read(name))
    return made.getvalue()


def word() -> bytes:
    import docx

    made = io.BytesIO()
    docx.Document().save(made)
    return made.getvalue()


@pytest.mark.parametrize("attack", NAMES)
def test_abuse_12_as_a_word_template_or_an_upload(secret, attack):
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "<w:body><w:p><w:r><w:t>{{ x }}</w:t></w:r></w:p></w:body>"
    part = written(attack, secret, f'w:document xmlns:w="{space}"', body)
    data = packed("word/document.xml", part, word())
    if attack in HARMLESS:
        assert fields_of({"letters/x.docx": data}) == {"letters/x.docx": {"x"}}
    else:
        with pytest.raises(BadInput) as refused:
            fields_of({"letters/x.docx": data})
        assert SECRET not in refused.value.sentence
    assert mark_in("x.docx", data, Marks(anywhere=(SECRET, "机密★"))) is None


def excel() -> bytes:
    made = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["名称"])
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("attack", NAMES)
def test_abuse_12_as_a_register(tmp_path, secret, attack):
    desk = open_desk(tmp_path, "leave")
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    for part, root, inside in (
        ("xl/worksheets/sheet1.xml", f'worksheet xmlns="{space}"', "<sheetData/>"),
        ("xl/workbook.xml", f'workbook xmlns="{space}"', "<sheets/>"),
        ("xl/sharedStrings.xml", f'sst xmlns="{space}"', ""),
    ):
        data = packed(part, written(attack, secret, root, inside), excel())
        with pytest.raises(ImportRefused) as refused:
            commands.register_rows(desk.env, desk.actor("zhou"), "leave", data, "x.xlsx")
        assert SECRET not in refused.value.sentence
