"""What changed beside the diagram: forms, letters, decision tables, what procedure.yaml says, other files."""

from __future__ import annotations

import difflib
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence

from engine.bpmn.load import XmlRefused, load_xml
from engine.errors import BadInput
from engine.forms import Form
from engine.forms.schema import Field
from engine.procedure import Letter, Procedure
from engine.queries.changes import Change, altered
from engine.words import listed, say

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
MAX_DOCUMENT = 4 * 1024 * 1024


def content_changes(before: Procedure, after: Procedure) -> list[Change]:
    """Return the changes of forms, letters, tables and the procedure's own data."""
    return [
        *_own(before, after),
        *_forms(before, after),
        *_letters(before, after),
        *_tables(before, after),
        *other_files(before.files, after.files),
    ]


def other_files(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[Change]:
    """Files that no other sentence speaks of: scenarios, the README and whatever else came or went."""
    for path in sorted(set(before) | set(after)):
        if before.get(path) == after.get(path) or _told_elsewhere(path):
            continue
        yield file_change(path, before, after)


def file_change(path: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Change:
    """Say that a file came, went or changed."""
    if path not in before:
        return Change("new", path, say("新增文件"), path)
    if path not in after:
        return Change("gone", path, say("删除文件"), path)
    return Change("changed", path, say("文件有改动"), path)


def _told_elsewhere(path: str) -> bool:
    return (
        path.endswith((".bpmn", ".dmn", ".docx"))
        or path == "procedure.yaml"
        or (path.startswith("forms/") and path.endswith(".yaml"))
    )


def _own(before: Procedure, after: Procedure) -> Iterator[Change]:
    file, name = "procedure.yaml", after.title
    roles = [("、".join(one.start.roles) if one.start else "") for one in (before, after)]
    compared = [
        altered(name, say("名称"), before.title, after.title, file),
        altered(name, say("主管岗位"), before.owner, after.owner, file),
        altered(name, say("依据"), "；".join(before.basis), "；".join(after.basis), file),
        altered(name, say("可以登记的岗位"), roles[0], roles[1], file),
        altered(name, say("编号系列"), before.numbering, after.numbering, file),
    ]
    yield from filter(None, compared)
    yield from _listed(
        name,
        say("台账的列"),
        {one.key: one.label for one in before.register},
        {one.key: one.label for one in after.register},
        file,
    )
    yield from _listed(
        name,
        say("办理结果"),
        {
            key: f"{one.group}{one.row} {one.basis} {one.letter}"
            for key, one in before.outcomes.items()
        },
        {
            key: f"{one.group}{one.row} {one.basis} {one.letter}"
            for key, one in after.outcomes.items()
        },
        file,
    )


def _listed(
    name: str, what: str, before: Mapping[str, str], after: Mapping[str, str], file: str
) -> Iterator[Change]:
    for key, label in after.items():
        if key not in before:
            yield Change("changed", name, say("{what}增加“{label}”", what=what, label=label), file)
        elif before[key] != label:
            found = altered(name, what, before[key], label, file)
            if found:
                yield found
    for key, label in before.items():
        if key not in after:
            yield Change("changed", name, say("{what}去掉“{label}”", what=what, label=label), file)


def _forms(before: Procedure, after: Procedure) -> Iterator[Change]:
    for key, form in after.forms.items():
        old = before.forms.get(key)
        path = form.file or f"forms/{key}.yaml"
        if old is None:
            text = say("新增表单，{n}个问题", n=len(form.fields))
            yield Change("new", form.title, text, path, _form_element(key))
        else:
            told = list(_fields(old, form, path))
            yield from told
            if not told and before.files.get(path) != after.files.get(path):
                yield Change(
                    "changed", form.title, say("表单的文字或者条件有改动"), path, _form_element(key)
                )
    for key, form in before.forms.items():
        if key not in after.forms:
            yield Change("gone", form.title, say("去掉这张表单"), form.file, _form_element(key))


def _form_element(key: str) -> str:
    """Forms are not drawn; the page marks the steps that use them."""
    return f"form:{key}"


def _fields(old: Form, new: Form, path: str) -> Iterator[Change]:
    before, after = {one.key: one for one in old.fields}, {one.key: one for one in new.fields}
    at = _form_element(new.key)
    for key, one in after.items():
        if key in before:
            yield from filter(None, _field(new.title, before[key], one, path, at))
        elif one.required:
            text = say("表单增加“{label}”，必填", label=one.label)
            yield Change("changed", new.title, text, path, at)
        else:
            text = say("表单增加“{label}”", label=one.label)
            yield Change("changed", new.title, text, path, at)
    for key, one in before.items():
        if key not in after:
            text = say("表单去掉“{label}”", label=one.label)
            yield Change("changed", new.title, text, path, at)


def _field(title: str, old: Field, new: Field, path: str, at: str) -> list[Change | None]:
    def one(what: str, before: str, after: str) -> Change | None:
        return altered(
            title, say("“{label}”的{what}", label=new.label, what=what), before, after, path, at
        )

    must, may = say("必填"), say("可不填")
    return [
        one(say("题目"), old.label, new.label),
        one(say("填写要求"), must if old.required else may, must if new.required else may),
        one(say("类型"), old.type, new.type),
        one(say("列"), _columns(old), _columns(new)),
        one(say("选项"), _options(old), _options(new)),
        one(say("提示"), old.help, new.help),
        one(say("出现条件"), _text(old.visible_if), _text(new.visible_if)),
        one(say("个人信息标记"), _yes(old.personal), _yes(new.personal)),
        one(say("每次重新填"), _yes(old.anew), _yes(new.anew)),
        one(say("上限"), str(old.max or ""), str(new.max or "")),
        one(say("下限"), str(old.min or ""), str(new.min or "")),
        one(say("默认值"), str(old.default or ""), str(new.default or "")),
    ]


def _columns(table: Field) -> str:
    secret = say("个人信息")
    return listed(
        f"{one.label}（{secret}）" if one.personal else one.label for one in table.columns
    )


def _options(one: Field) -> str:
    return (
        one.options_from or _text(one.options_feel) or "、".join(each.label for each in one.options)
    )


def _text(expression: object) -> str:
    return str(getattr(expression, "text", "")) if expression is not None else ""


def _yes(flag: bool) -> str:
    return say("是") if flag else say("否")


def _letters(before: Procedure, after: Procedure) -> Iterator[Change]:
    for key, letter in after.letters.items():
        old = before.letters.get(key)
        if old is None:
            yield Change("new", letter.title, say("新增文书"), letter.template)
            continue
        yield from filter(None, _letter(old, letter))
        was, now = before.files.get(old.template), after.files.get(letter.template)
        if was is not None and now is not None and was != now:
            yield _template(letter, was, now)
    for key, letter in before.letters.items():
        if key not in after.letters:
            yield Change("gone", letter.title, say("去掉这种文书"), letter.template)


def _letter(old: Letter, new: Letter) -> list[Change | None]:
    file = "procedure.yaml"
    return [
        altered(new.title, say("标题"), old.title, new.title, file),
        altered(new.title, say("文号后缀"), old.suffix, new.suffix, file),
        altered(new.title, say("文号系列"), old.series, new.series, file),
        altered(new.title, say("救济告知"), old.remedy, new.remedy, file),
    ]


def _template(letter: Letter, was: bytes, now: bytes) -> Change:
    before, after = paragraphs(was), paragraphs(now)
    changed = [
        (before[a:b], after[c:d])
        for how, a, b, c, d in difflib.SequenceMatcher(
            None, before, after, autojunk=False
        ).get_opcodes()
        if how != "equal"
    ]
    if not changed:
        return Change("changed", letter.title, say("模板的版式有改动，文字没有改"), letter.template)
    count = sum(max(len(old), len(new)) for old, new in changed)
    old, new = "".join(changed[0][0]), "".join(changed[0][1])
    if len(changed) == 1 and max(len(old), len(new)) <= 400:
        text = say("模板改动{n}段", n=count)
        return Change(
            "changed",
            letter.title,
            text,
            letter.template,
            "",
            old or say("（无）"),
            new or say("（无）"),
        )
    return Change("changed", letter.title, say("模板改动{n}段", n=count), letter.template)


def paragraphs(document: bytes) -> list[str]:
    """Return the text of a Word document's paragraphs; nothing for one that cannot be read."""
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as archive:
            info = archive.getinfo("word/document.xml")
            if info.file_size > MAX_DOCUMENT:
                return []
            root = load_xml(archive.read(info), "word/document.xml")
    except (zipfile.BadZipFile, KeyError, OSError, XmlRefused, NotImplementedError, RuntimeError):
        return []
    return [
        "".join(one.text or "" for one in paragraph.iter(f"{_WORD}t"))
        for paragraph in root.iter(f"{_WORD}p")
    ]


def _tables(before: Procedure, after: Procedure) -> Iterator[Change]:
    for path in sorted(set(before.sources) | set(after.sources)):
        if not path.endswith(".dmn") or before.sources.get(path) == after.sources.get(path):
            continue
        if path not in before.sources or path not in after.sources:
            yield file_change(path, before.sources, after.sources)
            continue
        old, new = _rules_of(before.sources[path], path), _rules_of(after.sources[path], path)
        told = False
        for name in sorted(set(old) | set(new)):
            added = len(_minus(new.get(name, []), old.get(name, [])))
            gone = len(_minus(old.get(name, []), new.get(name, [])))
            if added or gone:
                told = True
                text = say(
                    "决策表增加或者改动{added}行，去掉或者改动{gone}行", added=added, gone=gone
                )
                yield Change("changed", name, text, path)
        if not told:
            yield file_change(path, before.sources, after.sources)


def _rules_of(data: bytes, path: str) -> dict[str, list[tuple[str, ...]]]:
    """Return the rows of every decision table of a file, by the name of its decision."""
    try:
        root = load_xml(data, path)
    except BadInput:
        return {}
    found: dict[str, list[tuple[str, ...]]] = {}
    for decision in root.iter("{*}decision"):
        name = decision.get("name") or decision.get("id") or path
        found[name] = [
            tuple(
                "".join(str(text) for text in cell.itertext()).strip()
                for cell in rule
                if "Entry" in str(cell.tag)
            )
            for rule in decision.iter("{*}rule")
        ]
    return found


def _minus(
    some: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    left = list(others)
    rest = []
    for one in some:
        if one in left:
            left.remove(one)
        else:
            rest.append(one)
    return rest
