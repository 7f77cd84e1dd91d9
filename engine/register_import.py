"""A paper or Excel register, read row by row: what each row would become, and what is wrong with it.

Reads .xlsx and .csv (UTF-8 or GB18030) through a mapping that says which column is what. Decides nothing
about the database and writes nothing.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import openpyxl

from engine.errors import BadInput
from engine.procedure import FROM_CASE, Procedure
from engine.words import AsIs, listed, say
from engine.yaml_source import Entry, YamlRefused, load_yaml

MAX_BYTES = 50 * 1024 * 1024
MAX_ROWS = 100_000
# What a column may be; the words of the second line are headers that are understood without a mapping.
MEANINGS: Mapping[str, tuple[str, ...]] = {
    "number": ("编号", "受理编号", "申请编号", "登记编号"),
    "received_on": ("收到日期", "收到申请日期", "受理日期", "申请日期"),
    "closed_on": ("办结日期", "答复日期", "结案日期"),
    "subject": ("申请内容", "信息名称", "所需信息", "内容描述"),
    "kind": ("申请人类别", "申请人类型"),
    "unit": ("主办科室", "承办科室", "责任科室"),
    "outcome": ("办理结果", "答复结果", "处理结果"),
    "letter_number": ("告知书文号", "答复文号", "文号"),
}
REQUIRED = ("number", "received_on", "subject")
DATE_FORMATS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日")


class ImportRefused(BadInput):
    """The file or its mapping cannot be used at all."""

    code = "import_refused"


class MappingInvalid(YamlRefused):
    """The mapping file cannot be used; names line and word."""

    code = "mapping_invalid"


@dataclass(frozen=True)
class Mapped:
    """Which column is what, how dates are written, what outcomes are called."""

    columns: Mapping[str, str]
    date_format: str = ""
    outcomes: Mapping[str, str] = field(default_factory=dict)
    cases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RegisterRow:
    """One row: its line, what it would become, what is wrong with it, in Chinese; ``cases`` {field: another's number}."""

    line: int
    values: Mapping[str, Any]
    problems: Sequence[str]
    cases: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_closed(self) -> bool:
        """The case was finished on paper."""
        return self.values.get("closed_on") is not None


def read_mapping(data: bytes, name: str) -> Mapped:
    """Read a mapping file: ``columns`` {meaning: header}, ``date_format``, ``outcomes`` {word: code},
    ``cases`` {field that names another case, or ``from_case``: header}.

    Raises:
        MappingInvalid: an unknown meaning or key.
    """
    top = Entry(load_yaml(data, name), name, name, MappingInvalid)
    columns = _texts(top, "columns")
    for meaning in columns:
        if meaning not in MEANINGS:
            top.refuse(
                f"meaning {meaning}",
                say(
                    "columns 下没有“{meaning}”，可用的有：{meanings}",
                    meaning=meaning,
                    meanings=listed(MEANINGS),
                ),
            )
    mapped = Mapped(
        columns,
        top.text("date_format", ""),
        _texts(top, "outcomes"),
        _texts(top, "cases"),
    )
    top.done()
    return mapped


def _texts(entry: Entry, key: str) -> dict[str, str]:
    if key not in entry:
        return {}
    below = entry.entry(key, key)
    found = {name: below.text(name) for name in below}
    below.done()
    return found


def read_register(
    data: bytes,
    name: str,
    procedure: Procedure,
    mapped: Mapped | None,
    *,
    today: date,
    taken: frozenset[str] = frozenset(),
) -> list[RegisterRow]:
    """Return every row with its problems, in the order of the file.

    Args:
        data: bytes of the .xlsx or .csv.
        mapped: None understands the procedure's own headers and the usual Chinese ones.
        taken: case numbers that exist already.

    Raises:
        ImportRefused: no table, not these file kinds, or a needed column is missing; says which.
    """
    if len(data) > MAX_BYTES:
        raise ImportRefused(
            f"{name} too large", sentence=say("{name}：文件太大，请分成几个文件", name=name)
        )
    table = _xlsx(data, name) if name.lower().endswith(".xlsx") else _csv(data, name)
    header = [str(cell or "").strip() for cell in next(table, [])]
    places = _places(header, name, procedure, mapped)
    naming = _naming(header, name, procedure, mapped)
    outcomes = _outcome_words(procedure, mapped)
    rows: list[RegisterRow] = []
    seen = set(taken)
    for line, cells in enumerate(table, start=2):
        if not any(str(cell or "").strip() for cell in cells):
            continue
        if len(rows) >= MAX_ROWS:
            raise ImportRefused(
                f"{name} too long",
                sentence=say("{name}：超过{n}行，请分成几个文件", name=name, n=MAX_ROWS),
            )
        row = _row(line, cells, places, outcomes, mapped, today, seen)
        others = {key: number for key, at in naming.items() if (number := _number(cells, at))}
        rows.append(replace(row, cases=others) if others else row)
    if not rows:
        raise ImportRefused(f"{name} empty", sentence=say("{name}：只有表头，没有内容", name=name))
    return rows


def _csv(data: bytes, name: str) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return iter(csv.reader(io.StringIO(text, newline="")))
    raise ImportRefused(
        f"{name} encoding",
        sentence=say("{name}：既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8", name=name),
    )


def _xlsx(data: bytes, name: str) -> Iterator[Sequence[Any]]:
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0] if book.worksheets else None
        if sheet is not None:
            yield from sheet.iter_rows(values_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        # SyntaxError is what both readers of XML that openpyxl uses raise for what is none, or is a bomb.
        raise ImportRefused(
            f"{name} broken",
            sentence=say("{name}：不是完整的 Excel 文件，请重新另存后再导入", name=name),
        ) from error
    if sheet is None:
        raise ImportRefused(f"{name} empty", sentence=say("{name}：没有工作表", name=name))


def _places(
    header: Sequence[str], name: str, procedure: Procedure, mapped: Mapped | None
) -> dict[str, int]:
    """Return {meaning: column}."""
    own = {column.label: column.key for column in procedure.register}
    places: dict[str, int] = {}
    for meaning, words in MEANINGS.items():
        wanted = mapped.columns.get(meaning) if mapped else None
        accepted = {wanted} if wanted else set() if mapped else {*words}
        for place, title in enumerate(header):
            if title in accepted or (not mapped and own.get(title) == meaning):
                places.setdefault(meaning, place)
    missing = [meaning for meaning in REQUIRED if meaning not in places]
    if missing:
        lacking = "、".join(f"“{MEANINGS[meaning][0]}”" for meaning in missing)
        raise ImportRefused(
            f"{name} without {missing}",
            sentence=say(
                "{name}：没有找到{lacking}列；表头是：{header}。可以用对照文件指明哪一列是什么",
                name=name,
                lacking=lacking,
                header=listed(header[:12]),
            ),
        )
    return places


def _naming(
    header: Sequence[str], name: str, procedure: Procedure, mapped: Mapped | None
) -> dict[str, int]:
    """Return {field that names another case: column} as the mapping's ``cases`` say."""
    known = {FROM_CASE, *procedure.single_case_fields}
    places = {}
    for key, title in (mapped.cases if mapped else {}).items():
        if key not in known:
            raise ImportRefused(
                f"cases: {key}",
                sentence=say(
                    "对照文件 cases 下没有“{key}”，可用的有：{known}",
                    key=key,
                    known=listed(sorted(known)),
                ),
            )
        if title not in header:
            raise ImportRefused(
                f"{name} without {title}",
                sentence=say("{name}：没有找到“{title}”列", name=name, title=title),
            )
        places[key] = header.index(title)
    return places


def _number(cells: Sequence[Any], place: int) -> str:
    return str(cells[place] or "").strip() if place < len(cells) else ""


def _outcome_words(procedure: Procedure, mapped: Mapped | None) -> dict[str, str]:
    """Return {word in the register: code}: the codes and rows of the procedure, and the mapping's."""
    words = {code: code for code in procedure.outcomes}
    for outcome in procedure.outcomes.values():
        plain = outcome.row.lstrip("0123456789.")
        words.setdefault(plain, outcome.code)
        words.setdefault(f"{outcome.group}{outcome.row}", outcome.code)
    return {**words, **(mapped.outcomes if mapped else {})}


def _row(
    line: int,
    cells: Sequence[Any],
    places: Mapping[str, int],
    outcomes: Mapping[str, str],
    mapped: Mapped | None,
    today: date,
    seen: set[str],
) -> RegisterRow:
    problems: list[str] = []
    raw = {
        meaning: cells[place] if place < len(cells) else None for meaning, place in places.items()
    }
    values: dict[str, Any] = {
        meaning: str(value).strip() for meaning, value in raw.items() if value not in (None, "")
    }
    number = values.get("number", "")
    if not number:
        problems.append(say("没有编号"))
    elif number in seen:
        problems.append(say("编号“{number}”重复，或者系统里已经有了", number=number))
    seen.add(number)
    if not values.get("subject"):
        problems.append(say("没有申请内容"))
    for meaning, word in (("received_on", say("收到日期")), ("closed_on", say("办结日期"))):
        values[meaning] = _date(raw.get(meaning), mapped, word, problems, today)
    if raw.get("received_on") in (None, ""):
        problems.append(say("没有收到日期"))
    if (
        values["closed_on"]
        and values["received_on"]
        and values["closed_on"] < values["received_on"]
    ):
        problems.append(
            say(
                "办结日期 {closed} 早于收到日期 {received}",
                closed=values["closed_on"],
                received=values["received_on"],
            )
        )
    said = values.get("outcome")
    if said is not None:
        values["outcome"] = outcomes.get(said)
        if values["outcome"] is None:
            problems.append(
                say("办理结果“{word}”对不上，请在对照文件的 outcomes 里写明", word=AsIs(said))
            )
    elif values["closed_on"]:
        problems.append(say("已办结，但没有办理结果"))
    return RegisterRow(line, values, problems)


def _date(
    value: Any, mapped: Mapped | None, word: str, problems: list[str], today: date
) -> date | None:
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        found: date | None = value.date()
    elif isinstance(value, date):
        found = value
    else:
        found = _parsed(str(value).strip(), mapped)
    if found is None:
        problems.append(
            say("{column}“{value}”认不出，请按年-月-日写，例如2026-03-02", column=word, value=value)
        )
    elif found > today:
        problems.append(say("{column} {day} 在今天以后", column=word, day=found))
        return None
    return found


def _parsed(text: str, mapped: Mapped | None) -> date | None:
    formats = (mapped.date_format,) if mapped and mapped.date_format else DATE_FORMATS
    for pattern in formats:
        try:
            return datetime.strptime(text, pattern).date()  # noqa: DTZ007  # a day, no instant
        except ValueError:
            continue
    return None
