"""The cells of a spreadsheet (XLSX, XLS): values as they were saved; nothing is calculated."""

import io
import zipfile
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

from services.projects.reading.extracting.child import MAX_CELLS, MAX_LETTERS, Extracted, Rows, run
from services.projects.reading.extracting.unfolding import BROKEN, TooLarge, open_packed

MAX_SHEETS = 50
Cell = int | float | str | bool | time | date | datetime | timedelta


def read(body: bytes) -> Extracted:
    try:
        if body.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(body)) as file:
                open_packed(file)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(body))
        tables = _tables(workbook)
    except TooLarge:
        return Extracted(fault="too_large")
    except PasswordError:
        return Extracted(fault="encrypted")
    except (*BROKEN, CalamineError, ValueError, OSError):
        # An old form of Office holds letters and slides as well.
        return Extracted(fault="broken" if body.startswith(b"PK") else "unknown_kind")
    text = "\n".join("\t".join(row) for table in tables for row in table)
    if len(text) > MAX_LETTERS:
        return Extracted(text[:MAX_LETTERS], tables, "too_large")
    return Extracted(text, tables, None if text.strip() else "no_text")


def _tables(workbook: CalamineWorkbook) -> list[Rows]:
    """Of the sheets that are shown. Raises TooLarge for more cells than are looked at."""
    shown = SheetVisibleEnum.Visible
    names = [each.name for each in workbook.sheets_metadata if each.visible is shown]
    left = MAX_CELLS
    tables: list[Rows] = []
    for name in names[:MAX_SHEETS]:
        sheet = workbook.get_sheet_by_name(name)
        left -= sheet.height * sheet.width
        if left < 0 or len(names) > MAX_SHEETS:
            raise TooLarge
        tables.append([[written(cell) for cell in row] for row in sheet.to_python()])
    return [rows for rows in tables if rows]


def written(cell: Cell) -> str:
    """What a person reads in the cell: whole numbers without a point, days without a time."""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())


if __name__ == "__main__":
    run(read)
