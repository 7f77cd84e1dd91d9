"""One answer of a form: from the text that was posted to a plain JSON value, or a sentence.

Knows a field and a day; no conditions, no other answers, no case. Sentences say what to do
(a screen shows them under the field); ``template`` and ``facts`` let a catalogue translate them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeAlias, TypeVar

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, ValidationError

from engine.forms.schema import Field
from engine.words import say

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

Comparable = TypeVar("Comparable", date, Decimal)

_WEEKDAYS = "一二三四五六日"
_MOBILE = re.compile(r"^1[3-9]\d{9}$")
_LANDLINE = re.compile(r"^(0\d{2,3}-?)?[2-9]\d{6,7}(-\d{1,6})?$")
_EMAIL = re.compile(r"^[^@\s,;<>]{1,64}@([A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}$")
_NUMBER = re.compile(r"^[^\s<>\"'\\]{1,64}$")  # of a case
_REFERENCE = re.compile(r"^[^/\\\x00-\x1f]{1,255}$")


class Sentence(str):
    """A Chinese sentence that a catalogue can translate: ``template.format(**facts)``."""

    template: str
    facts: Mapping[str, object]

    def __new__(cls, template: str, **facts: object) -> Sentence:
        """Fill the template; braces in facts stay text."""
        sentence = super().__new__(cls, template.format(**facts))
        sentence.template, sentence.facts = template, facts
        return sentence


class ValueRefused(Exception):
    """One answer cannot be taken; ``sentence`` says what to do."""

    def __init__(self, template: str, **facts: object) -> None:
        self.sentence = Sentence(template, **facts)
        super().__init__(self.sentence)


def read_value(field: Field, raw: object, today: date) -> Json:
    """Read one answer.

    Args:
        field: of any type but ``given`` and ``table``.
        raw: what the form posted (text, or list of texts) or a JSON value.
        today: legal day; a date with ``past`` may not lie after it.

    Returns:
        Text, int, float, bool, list or file references; None where nothing was answered. Dates are
        ISO text.

    Raises:
        ValueRefused: with the sentence to show.
    """
    if field.type in ("choices", "file"):
        return _READERS[field.type](field, raw, today) or None
    if isinstance(raw, list):
        if len(raw) > 1:
            raise ValueRefused("{label}只能填一项，请删去多余的", label=field.label)
        raw = raw[0] if raw else None
    if raw is None or raw == "":
        return None
    return _READERS[field.type](field, raw, today)


def feel_value(field: Field, value: Json) -> object:
    """Return the value as conditions see it: a date field's text becomes a date, money a decimal.

    A text that is no date stays what it is: a diagram may have put something else under that name.
    """
    if field.type == "date" and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    if field.type in ("number", "money") and isinstance(value, float):
        return Decimal(repr(value))
    if field.type == "table" and isinstance(value, list):
        return [
            {column.key: feel_value(column, row.get(column.key)) for column in field.columns}
            for row in value
            if isinstance(row, dict)
        ]
    return value


def check_identity(field: Field, text: str, *, confirmed: bool) -> str:
    """Check a number, telephone or address by the field's ``check``; return it in its plain form.

    Args:
        confirmed: a person compared it with the original, so that a wrong check digit is taken.

    Source:
        GB 11643 (公民身份号码), GB 32100 (统一社会信用代码) through python-stdnum.
    """
    text = unicodedata.normalize("NFKC", text).replace(" ", "")
    if field.check == "ric":
        return _ric(field, text, confirmed)
    if field.check == "uscc":
        return _uscc(field, text, confirmed)
    if field.check == "phone" and not (_MOBILE.match(text) or _LANDLINE.match(text)):
        raise ValueRefused("{label}应为11位手机号，或者区号加座机号，请改正", label=field.label)
    if field.check == "email" and not _EMAIL.match(text):
        raise ValueRefused("{label}应为“名称@网站”的形式，请改正", label=field.label)
    if field.check == "postcode" and not re.fullmatch(r"\d{6}", text):
        raise ValueRefused("{label}应为6位数字，请改正", label=field.label)
    return text


def _ric(field: Field, text: str, confirmed: bool) -> str:
    number = ric.compact(text)
    if len(number) != 18:
        advice = say("补全") if len(number) < 18 else say("改正")
        raise ValueRefused(
            "身份证号应为18位，现为{length}位，请对照证件{advice}",
            length=len(number),
            advice=advice,
        )
    if not re.fullmatch(r"\d{17}[\dX]", number):
        raise ValueRefused("身份证号应为17位数字加1位数字或X，请对照证件改正")
    try:
        ric.get_birth_date(number)
    except ValidationError as error:
        raise ValueRefused("身份证号第7至14位不是日期，请对照证件改正") from error
    if number[-1] != ric.calc_check_digit(number) and not confirmed:
        raise ValueRefused("身份证号与校验码不符，请对照证件逐位核对")
    return number


def _uscc(field: Field, text: str, confirmed: bool) -> str:
    number = uscc.compact(text)
    if len(number) != 18:
        advice = say("补全") if len(number) < 18 else say("改正")
        raise ValueRefused(
            "统一社会信用代码应为18位，现为{length}位，请对照证照{advice}",
            length=len(number),
            advice=advice,
        )
    try:
        uscc.validate(number)
    except InvalidChecksum as error:
        if not confirmed:
            raise ValueRefused("统一社会信用代码与校验码不符，请对照证照逐位核对") from error
    except ValidationError as error:
        raise ValueRefused("统一社会信用代码有不该出现的字符，请对照证照改正") from error
    return number


def _as_list(raw: object) -> list[object]:
    if raw is None or raw == "":
        return []
    return list(raw) if isinstance(raw, list | tuple) else [raw]


def _text(field: Field, raw: object, today: date) -> Json:
    if not isinstance(raw, str | int | float | Decimal) or isinstance(raw, bool):
        raise ValueRefused("{label}应是一段文字，请重新填写", label=field.label)
    text = unicodedata.normalize("NFC", str(raw)).replace("\r\n", "\n").replace("\r", "\n").strip()
    if field.type == "text":
        text = " ".join(text.split("\n"))
    if any(_unprintable(each) for each in text):
        raise ValueRefused("{label}里有不能显示的字符，请删去后重新填写", label=field.label)
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueRefused(
            "{label}最多{limit}个字，现为{length}个，请删减",
            label=field.label,
            limit=field.max_length,
            length=len(text),
        )
    if text and field.pattern is not None and not re.fullmatch(field.pattern, text):
        if field.pattern_message:
            raise ValueRefused("{message}", message=field.pattern_message)
        raise ValueRefused("{label}的写法不对，请改正", label=field.label)
    return text or None


def _unprintable(each: str) -> bool:
    """Control characters, lone surrogates and noncharacters: neither Word nor XML takes them."""
    unfit = unicodedata.category(each) in ("Cc", "Cs") or ord(each) & 0xFFFE == 0xFFFE
    return unfit and each not in "\n\t"


def _date(field: Field, raw: object, today: date) -> Json:
    try:
        value = raw if isinstance(raw, date) else date.fromisoformat(str(raw).strip())
    except ValueError as error:
        raise ValueRefused(
            "{label}应写成“{example}”这样的日期，请改正",
            label=field.label,
            example=today.isoformat(),
        ) from error
    if field.past and value > today:
        raise ValueRefused(
            "{label}不能晚于今天（{day}），请核对", label=field.label, day=in_words(today)
        )
    if value.year < 1900 or value.year > 2199:
        raise ValueRefused("{label}的年份不对，请核对", label=field.label)
    _within(field, value, date.fromisoformat)
    return value.isoformat()


def in_words(day: date) -> str:
    """Return a date as pages show it: 2026年11月24日（周二）."""
    return f"{day.year}年{day.month}月{day.day}日（周{_WEEKDAYS[day.weekday()]}）"


def _number(field: Field, raw: object, today: date) -> Json:
    text = unicodedata.normalize("NFKC", str(raw)).strip().replace(",", "").replace("，", "")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise _no_number(field, text) from error
    if isinstance(raw, bool) or not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise _no_number(field, text)
    if field.type == "integer" and value != value.to_integral_value():
        raise _no_number(field, text)
    if field.type == "money" and value != round(value, 2):
        raise ValueRefused("{label}最多两位小数，请改正", label=field.label)
    _within(field, value, Decimal)
    whole = value == value.to_integral_value()
    return int(value) if whole else float(value)


def _no_number(field: Field, text: str) -> ValueRefused:
    kind = say("整数") if field.type == "integer" else say("数字")
    return ValueRefused(
        "{label}应为{kind}，现为“{text}”，请改正", label=field.label, kind=kind, text=text[:20]
    )


def _within(field: Field, value: Comparable, read: Callable[[str], Comparable]) -> None:
    low = read(field.min) if field.min is not None else None
    high = read(field.max) if field.max is not None else None
    if (low is None or value >= low) and (high is None or value <= high):
        return
    is_date = isinstance(value, date)
    if low is not None and high is not None:
        span = say("{least}至{most}{unit}", least=field.min, most=field.max, unit=field.unit)
    elif low is not None:
        span = (
            say("不早于{day}", day=field.min)
            if is_date
            else say("不少于{least}{unit}", least=field.min, unit=field.unit)
        )
    else:
        span = (
            say("不晚于{day}", day=field.max)
            if is_date
            else say("不超过{most}{unit}", most=field.max, unit=field.unit)
        )
    shown = value.isoformat() if isinstance(value, date) else f"{value:f}"
    raise ValueRefused(
        "{label}：应为{span}，现为{value}，{advice}",
        label=field.label,
        span=span,
        value=shown,
        advice=field.advice or say("请改正"),
    )


def _case(field: Field, raw: object, today: date) -> Json:
    """Read the number of another case; whether there is one, the command asks."""
    text = "".join(str(_text(field, raw, today) or "").split())
    text = unicodedata.normalize("NFKC", text) if text.isascii() is False else text
    if text and not _NUMBER.match(text):
        raise ValueRefused("{label}应填写案件编号，请核对", label=field.label)
    return text or None


def _choice(field: Field, raw: object, today: date) -> Json:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str) or raw not in [option.value for option in field.options]:
        if field.is_person:
            raise ValueRefused(
                "{label}：“{value}”今天不在可选的岗位上，请重新选择",
                label=field.label,
                value=str(raw)[:32],
            )
        raise ValueRefused(
            "{label}没有“{value}”这个选项，请重新选择", label=field.label, value=str(raw)[:20]
        )
    return raw


def _choices(field: Field, raw: object, today: date) -> Json:
    chosen = [_choice(field, one, today) for one in _as_list(raw) if one != ""]
    return [option.value for option in field.options if option.value in chosen]


_YES = ("true", "yes", "on", "1", "是")
_NO = ("false", "no", "off", "0", "否")


def _yesno(field: Field, raw: object, today: date) -> Json:
    if isinstance(raw, bool):
        return raw
    word = str(raw).strip().lower()
    if word not in _YES + _NO:
        raise ValueRefused("{label}请选“是”或“否”", label=field.label)
    return word in _YES


def _file(field: Field, raw: object, today: date) -> Json:
    return [_one_file(field, one) for one in _as_list(raw) if one != ""]


def _one_file(field: Field, raw: object) -> Json:
    if isinstance(raw, str):
        raw = {"id": raw}
    if not isinstance(raw, Mapping) or not _REFERENCE.match(str(raw.get("id", ""))):
        raise ValueRefused("{label}没有上传成功，请重新上传", label=field.label)
    name = str(raw.get("name") or raw["id"])
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if ending and field.accept and ending not in field.accept:
        raise ValueRefused(
            "{label}只收{accept}文件，“{name}”不是，请转换后再上传",
            label=field.label,
            accept="、".join(field.accept),
            name=name[:60],
        )
    size = raw.get("size")
    if isinstance(size, int) and size > field.max_mb * 1024 * 1024:
        raise ValueRefused(
            "{label}每个文件最大{limit} MB，“{name}”有{size} MB，请压缩或者拆开",
            label=field.label,
            limit=field.max_mb,
            name=name[:60],
            size=math.ceil(size / 1024 / 1024),
        )
    known = {key: raw[key] for key in ("id", "name", "size", "sha256", "media") if key in raw}
    return {key: value for key, value in known.items() if isinstance(value, str | int)}


_READERS = {
    "text": _text,
    "textarea": _text,
    "date": _date,
    "integer": _number,
    "number": _number,
    "money": _number,
    "choice": _choice,
    "choices": _choices,
    "yesno": _yesno,
    "file": _file,
    "case": _case,
}


def rows_of(field: Field, raw: Mapping[str, object]) -> dict[int, dict[str, object]]:
    """Collect the rows of a table from ``key-0-column`` texts or from a JSON list; empty rows go.

    Returns:
        {row index as posted: {column: raw answer}}, in order.

    Raises:
        ValueRefused: no list, too many rows, a column that the table has not.
    """
    columns = {column.key for column in field.columns}
    rows: dict[int, dict[str, object]] = {}
    given = raw.get(field.key)
    if given is not None and given != "":
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise ValueRefused("{label}应是一张表，请重新填写", label=field.label)
        for index, row in enumerate(given):
            if not isinstance(row, Mapping):
                raise ValueRefused("{label}应是一张表，请重新填写", label=field.label)
            rows[index] = dict(row)
    for key, value in raw.items():
        part = key.split("-", 2)
        if len(part) == 3 and part[0] == field.key and re.fullmatch(r"\d{1,4}", part[1]):
            rows.setdefault(int(part[1]), {})[part[2]] = value
    filled = {
        index: row
        for index, row in sorted(rows.items())
        if any(_answered(cell) for cell in row.values())
    }
    for row in filled.values():
        for name in row:
            if name not in columns:
                raise ValueRefused("{label}没有“{name}”这一列", label=field.label, name=name[:40])
    if len(filled) > field.max_rows:
        raise ValueRefused(
            "{label}最多{limit}行，现为{rows}行，请删减",
            label=field.label,
            limit=field.max_rows,
            rows=len(filled),
        )
    return filled


def _answered(cell: object) -> bool:
    return cell not in (None, "", [], [""])
