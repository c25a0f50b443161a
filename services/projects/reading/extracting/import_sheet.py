"""The first sheet of an XLSX as an import takes it: every row as texts, and which are formulas.

A value that somebody's spreadsheet once calculated is not what stands in the cell, so that whoever
imports is told of it; calamine reads values only, and the formulas are looked up in the sheet.
"""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring, iterparse
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from services.projects.reading.extracting.child import Extracted, ReaderLimits, run
from services.projects.reading.extracting.sheets import written
from services.projects.reading.extracting.unfolding import BROKEN, TooLarge, open_packed

MOST_UNFOLDED, MOST_ROWS = 256_000_000, 100_002
LIMITS = ReaderLimits(memory_bytes=1024 * 1024 * 1024, cpu_seconds=40, answer_bytes=256_000_000)
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ROW, _CELL, _FORMULA = f"{_SHEET}row", f"{_SHEET}c", f"{_SHEET}f"


def read(body: bytes) -> Extracted:
    """One table: rows no wider than one more than the heading. `formulas` are row and column of
    cells, from 0."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as file:
            open_packed(file, MOST_UNFOLDED)
            with file.open(_first_sheet(file)) as sheet:
                formulas = [*_formulas(sheet)]
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=MOST_ROWS)
    except TooLarge:
        return Extracted(fault="too_large")
    except PasswordError:
        return Extracted(fault="encrypted")
    except (*BROKEN, CalamineError, ParseError, DefusedXmlException, ValueError, OSError):
        return Extracted(fault="broken")
    head = [written(cell) for cell in rows[0]] if rows else []
    while head and not head[-1]:
        head.pop()
    # A sheet may say of itself that it has 16,384 columns: one more than the heading shows enough.
    width = len(head) + 1
    table = [head, *([written(cell) for cell in row[:width]] for row in rows[1:])]
    return Extracted(tables=[table], formulas=[each for each in formulas if each[1] < width])


def _first_sheet(file: zipfile.ZipFile) -> str:
    """The part that holds it. Raises KeyError where there is none."""
    book: Element = fromstring(file.read("xl/workbook.xml"), forbid_dtd=True)
    links: Element = fromstring(file.read("xl/_rels/workbook.xml.rels"), forbid_dtd=True)
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    first = next(book.iter(f"{_SHEET}sheet"), None)
    target = targets[first.get(_LINK) if first is not None else None]
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _formulas(sheet: object) -> Iterator[tuple[int, int]]:
    """Row and column of each, from 0; rows and cells say where they are, or follow one another."""
    row = column = -1
    last: Element | None = None
    for _, element in iterparse(sheet, events=("start",), forbid_dtd=True):
        if element.tag == _ROW:
            row, column = int(element.get("r", row + 2)) - 1, -1
            if last is not None:
                last.clear()
            last = element
        elif element.tag == _CELL:
            name = element.get("r", "")
            column = _column(name) if name else column + 1
        elif element.tag == _FORMULA:
            yield row, column


def _column(name: str) -> int:
    """B7 is in column 1."""
    place = 0
    for letter in name.rstrip("0123456789"):
        place = place * 26 + ord(letter.upper()) - ord("A") + 1
    return place - 1


if __name__ == "__main__":
    run(read, LIMITS)
