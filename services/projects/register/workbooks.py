"""The first sheet of an XLSX file as rows of texts. Pure.

What is calculated there is refused: a value that somebody's spreadsheet once calculated is not what
stands in the cell. Nor is a file opened that unpacks to more than a table of this size ever does.
"""

import io
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from pydantic import BaseModel

from shared.web import imports
from shared.web.imports import Columns, Line, LineError

M = TypeVar("M", bound=BaseModel)

MOST_UNPACKED, MOST_PARTS = 256_000_000, 1_000
_FORMULA = "f"
_UNREADABLE = "不是能打开的 XLSX 文件 | not an XLSX file that can be opened"
_TOO_LARGE = "解压后太大，请拆成几个文件 | too large unpacked; please split it"
_CALCULATED = "单元格是公式，请粘贴为数值 | a formula; please paste it as a value"


def is_workbook(content: bytes) -> bool:
    """Whether the file is a zip archive, as every XLSX file is."""
    return content.startswith(b"PK\x03\x04")


def read(
    content: bytes, model: type[M], columns: Columns, *, max_rows: int
) -> tuple[list[Line[M]], list[LineError]]:
    """The rows of the first sheet that fit `model`, and what is wrong with others; the heading is
    row 1, and an empty row is left out. Raises ImportRefused for what has no such rows at all.
    """
    _ensure_small(content)
    wrong: list[LineError] = []
    try:
        rows = _filled(content, columns, max_rows, wrong)
        lines, errors = imports.fitting(rows, model, columns)
    except (InvalidFileException, KeyError, ValueError, zipfile.BadZipFile, SyntaxError, OSError):
        raise imports.refuse([LineError(1, "", _UNREADABLE)]) from None
    return lines, wrong + errors


def _ensure_small(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise imports.refuse([LineError(1, "", _UNREADABLE)]) from None
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise imports.refuse([LineError(1, "", _TOO_LARGE)])


def _filled(
    content: bytes, columns: Columns, max_rows: int, wrong: list[LineError]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The numbers and the texts of the rows; formulas go to `wrong`, and their cells are empty."""
    book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    sheet = book.worksheets[0]
    names = [_text(cell.value) for cell in next(sheet.iter_rows(max_row=1), ())]
    while names and not names[-1]:
        names.pop()
    imports.ensure_columns(names, columns)
    # A sheet may say of itself that it has 16,384 columns: one more than the heading shows enough.
    rows = sheet.iter_rows(min_row=2, max_col=len(names) + 1)
    for number, cells in enumerate(rows, start=2):
        imports.ensure_few(number - 1, max_rows)
        values = dict(_named(number, names, cells, wrong))
        if any(values.values()):
            yield number, values
    book.close()


def _named(
    number: int, names: Sequence[str], cells: Sequence[Any], wrong: list[LineError]
) -> Iterator[tuple[str, str]]:
    for place, cell in enumerate(cells):
        name = names[place] if place < len(names) else ""
        if cell.data_type == _FORMULA:
            wrong.append(LineError(number, name, _CALCULATED))
            continue
        text = _text(cell.value)
        if name or text:
            yield name, text


def _text(value: object) -> str:
    """What a person reads in the cell: whole numbers without a point, days as they are written."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value).strip()
