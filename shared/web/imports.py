"""Import files (CSV) that people keep in a spreadsheet: every line is checked, or nothing is taken.

Pure. What a line means, and whether what it names exists, is the business of the room.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from shared.errors import Invalid, Text, counted
from shared.web.validation_messages import message_for

MAX_ROWS = 20_000
MAX_BYTES = 5_000_000
NAMED = 100
"""So many errors are named one by one; how many there are is said in any case."""
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_LIST = re.compile(r"[;；、\n]")
_TRUTH = {"true": True, "false": False, "是": True, "否": False, "1": True, "0": False}

M = TypeVar("M", bound=BaseModel)


class ImportRefused(Invalid):
    """The file has errors; member `lines` says which line, which column and what is wrong."""

    type = "/problems/import-refused"
    title = Text("文件有误，未导入任何一行", "The file has errors; nothing was imported")
    advice = Text("请逐行改正所列的错误后重新导入", "Correct the lines listed and import again")


@dataclass(frozen=True)
class LineError:
    """What is wrong with a line; line 1 is the heading."""

    line: int
    field: str
    detail: str


class Columns(NamedTuple):
    """The columns of a file: all, those that must be there, and those that are no plain text.

    `lists` hold several values, separated by ；or 、; `truths` true or false, 是 or 否.
    """

    all: tuple[str, ...]
    required: AbstractSet[str]
    numbers: AbstractSet[str] = frozenset()
    lists: AbstractSet[str] = frozenset()
    truths: AbstractSet[str] = frozenset()


class Line(NamedTuple, Generic[M]):
    """A line that can be read, and its number in the file."""

    number: int
    row: M


def refuse(errors: list[LineError]) -> ImportRefused:
    """The problem that names the wrong lines: the first of them, and how many there are."""
    zh, en = f"共 {len(errors)} 处错误", counted(len(errors), "error")
    if (left := len(errors) - NAMED) > 0:
        zh, en = f"{zh}，列出前 {NAMED} 处", f"{en}, of which the first {NAMED} are listed"
    return ImportRefused(
        Text(f"{zh}，请改正后重新上传", f"{en}; please correct what is listed and upload again"),
        pointer="/body",
        lines=[vars(error) for error in errors[:NAMED]],
        total=len(errors),
        left_off=max(left, 0),
    )


def read(
    content: bytes, model: type[M], columns: Columns, *, max_rows: int = MAX_ROWS
) -> tuple[list[Line[M]], list[LineError]]:
    """The lines of a CSV file (UTF-8 or GB18030) that fit `model`, and what is wrong with others.

    An empty cell is a field that was left out. Raises ImportRefused for a file that has no lines of
    these columns at all.
    """
    return fitting(enumerate(_raw(content, columns, max_rows), start=2), model, columns)


def fitting(
    rows: Iterable[tuple[int, Mapping[str, Any]]], model: type[M], columns: Columns
) -> tuple[list[Line[M]], list[LineError]]:
    """The rows, each with its number and its texts by column, that fit `model`, and what is wrong
    with others; what stands beyond the columns is named by an empty one.
    """
    lines: list[Line[M]] = []
    errors: list[LineError] = []
    for number, values in rows:
        if "" in values:
            errors.append(LineError(number, "", "列数太多 | too many columns"))
            continue
        try:
            lines.append(Line(number, model.model_validate(_typed(values, columns))))
        except ValidationError as error:
            errors += [
                LineError(number, _column(e["loc"]), " | ".join(message_for(e)))
                for e in error.errors()
            ]
    return lines, errors


def repeated(lines: list[Line[M]], key: str) -> list[LineError]:
    """The lines whose `key` stands in an earlier one."""
    first: dict[Any, int] = {}
    errors = []
    for number, row in lines:
        value = getattr(row, key)
        if value in first:
            errors.append(LineError(number, key, f"与第 {first[value]} 行重复 | repeated"))
        first.setdefault(value, number)
    return errors


def _raw(content: bytes, columns: Columns, max_rows: int) -> Iterator[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(_text(content), newline=""), restkey="", strict=True)
    try:
        ensure_columns(reader.fieldnames or (), columns)
        for number, raw in enumerate(reader, start=1):
            ensure_few(number, max_rows)
            yield raw
    except csv.Error as error:
        raise refuse([LineError(reader.line_num, "", str(error))]) from None


def ensure_columns(names: Iterable[str], columns: Columns) -> None:
    """Raises ImportRefused for a heading that lacks a column or has one that nobody knows."""
    given = set(names)
    wrong = [*(given - set(columns.all)), *(columns.required - given)]
    if wrong:
        raise refuse(
            [LineError(1, name, "列名不认识或缺失 | unknown or missing") for name in wrong]
        )


def ensure_few(number: int, max_rows: int) -> None:
    """Raises ImportRefused for a row beyond the last that is taken; the first one is 1."""
    if number > max_rows:
        raise refuse([LineError(number + 1, "", f"最多 {max_rows} 行 | at most so many")])


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise refuse([LineError(1, "", "文字编码应为 UTF-8 或 GB18030 | unknown encoding")])


def _typed(values: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """What a file can only write as text; what cannot be read so stays, to be named."""
    filled = {name: text.strip() for name, text in values.items() if text and text.strip()}
    typed: dict[str, Any] = dict(filled)
    for name, text in filled.items():
        if name in columns.numbers and _WHOLE.fullmatch(text):
            typed[name] = int(text)
        elif name in columns.lists:
            typed[name] = [part.strip() for part in _LIST.split(text) if part.strip()]
        elif name in columns.truths:
            typed[name] = _TRUTH.get(text.casefold(), text)
    return typed


def _column(where: tuple[int | str, ...]) -> str:
    """The column of an error; a place within a list belongs to the list's column."""
    return str(next((part for part in reversed(where) if isinstance(part, str)), ""))
