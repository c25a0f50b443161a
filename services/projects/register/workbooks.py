"""The first sheet of an XLSX file as rows of texts, read in a process of its own (decision 055).

What is calculated there is refused: a value that somebody's spreadsheet once calculated is not what
stands in the cell. Nor is a file opened that unpacks to more than a table of this size ever does.
"""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from services.projects.reading.extracting.process import extracted
from services.projects.reading.files import FileFault, is_packed
from shared.web import imports
from shared.web.imports import Columns, Line, LineError

M = TypeVar("M", bound=BaseModel)

SECONDS = 50.0
_UNREADABLE = "不是能打开的 XLSX 文件 | not an XLSX file that can be opened"
_TOO_LARGE = "解压后太大，请拆成几个文件 | too large unpacked; please split it"
_CALCULATED = "单元格是公式，请粘贴为数值 | a formula; please paste it as a value"


def is_workbook(content: bytes) -> bool:
    """Whether the file is a zip archive, as every XLSX file is."""
    return is_packed(content)


def read(
    content: bytes, model: type[M], columns: Columns, *, max_rows: int
) -> tuple[list[Line[M]], list[LineError]]:
    """The rows of the first sheet that fit `model`, and what is wrong with others; the heading is
    row 1, and an empty row is left out. Raises ImportRefused for what has no such rows at all.
    """
    found = extracted("import_sheet", content, SECONDS)
    if found["fault"]:
        is_too_much = found["fault"] in (FileFault.TOO_LARGE, FileFault.TOO_SLOW)
        raise imports.refuse([LineError(1, "", _TOO_LARGE if is_too_much else _UNREADABLE)])
    [[names, *rows]] = found["tables"]
    imports.ensure_columns(names, columns)
    calculated = {(row, column) for row, column in found["formulas"]}
    wrong = [
        LineError(row + 1, names[column] if column < len(names) else "", _CALCULATED)
        for row, column in sorted(calculated)
    ]
    lines, errors = imports.fitting(_filled(names, rows, calculated, max_rows), model, columns)
    return lines, wrong + errors


def _filled(
    names: Sequence[str], rows: Sequence[Sequence[str]], calculated: set[Any], max_rows: int
) -> Iterator[tuple[int, dict[str, str]]]:
    """The numbers and the texts of the rows; the cells of formulas are empty."""
    for number, cells in enumerate(rows, start=2):
        imports.ensure_few(number - 1, max_rows)
        texts = ["" if (number - 1, at) in calculated else text for at, text in enumerate(cells)]
        if any(texts):
            yield number, dict(_named(names, texts))


def _named(names: Sequence[str], texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    for place, text in enumerate(texts):
        name = names[place] if place < len(names) else ""
        if name or text:
            yield name, text
