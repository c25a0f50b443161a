"""Tables of figures as a workbook (XLSX): figures, pictures of them, and what they mean."""

import io
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

import xlsxwriter

from shared.errors import Text
from shared.web import spreadsheets

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_LINES = 2000
"""A workbook is made in memory: more lines are to be asked for in parts."""
MOST_BARS, MOST_POINTS = 30, 400
"""More than that nobody can tell apart in a picture."""
_SHEETS = Text("数据", "Figures"), Text("图表", "Charts"), Text("说明", "Definitions")
Kind = Literal["text", "count", "minutes", "points", "rate"]
_FORMATS: dict[Kind, str] = {
    "count": "#,##0", "minutes": "#,##0.0", "points": "#,##0.0", "rate": "0.0%", "text": "@"
}  # fmt: skip
_WIDTHS: dict[Kind, int] = {"count": 13, "minutes": 15, "points": 12, "rate": 12, "text": 22}
_WIDTHS_OF_WORDS = (26, 26, 60, 60)
_LINE, _ON_A_PAGE = 15, 12
"""The height of a line in points; so many columns can be read on a page."""
_HEAD = {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}
_HEADS = 2
"""Rows of heads: Chinese, then English."""

Row = Mapping[str, object]


class TableColumn(NamedTuple):
    """`name` is that of the figure; `says` is what it counts, and how."""

    name: str
    head: Text
    says: Text
    kind: Kind


class Table(NamedTuple):
    """A table of its own sheet, without a total."""

    title: Text
    columns: Sequence[TableColumn]
    rows: Sequence[Row]


class Chart(NamedTuple):
    """Which columns are drawn together, and in what unit; `is_over_time`: as lines. `of` is the
    title of one of the book's further tables; None: the first one."""

    title: Text
    columns: Sequence[str]
    unit: Text
    is_over_time: bool
    of: Text | None = None


class Book(NamedTuple):
    """`facts` say what it is about; `notes` are what a reader has to know. The last of the rows is
    the total. `made_at` is written into the file: equal books made then are equal bytes."""

    facts: Sequence[tuple[Text, str]]
    columns: Sequence[TableColumn]
    rows: Sequence[Row]
    charts: Sequence[Chart]
    notes: Sequence[Text]
    more: Sequence[Table] = ()
    made_at: datetime | None = None


def made(book: Book) -> bytes:
    """The file. Takes long enough to be made in a thread."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as file:
        if book.made_at:
            file.set_properties({"created": book.made_at.replace(tzinfo=None)})
        tables = [_shown(Table(_SHEETS[0], book.columns, book.rows)), *map(_shown, book.more)]
        for place, table in enumerate(tables):
            sheet = file.add_worksheet(table.title.zh)
            _write_figures(file, sheet, table, has_total=not place)
        charts, words = (file.add_worksheet(name.zh) for name in _SHEETS[1:])
        _draw(file, charts, book.charts, tables)
        _write_words(file, words, book, tables)
    return out.getvalue()


def _shown(table: Table) -> Table:
    filled = [column for column in table.columns if _is_filled(column, table.rows)]
    return table._replace(columns=filled)


def _lay_out(sheet: Any, *, pages_wide: int) -> None:
    """On paper: A4, lying."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(pages_wide, 0)


def _is_filled(column: TableColumn, rows: Sequence[Row]) -> bool:
    """A column that no line has anything in is not shown: it does not apply to such lines."""
    return any(row.get(column.name) is not None for row in rows)


def _write_figures(file: Any, sheet: Any, table: Table, *, has_total: bool) -> None:
    _, columns, rows = table
    head, last = file.add_format(_HEAD), len(rows) - 1
    of_days = file.add_format({"num_format": "yyyy-mm-dd"})
    _lay_out(sheet, pages_wide=math.ceil(len(columns) / _ON_A_PAGE))
    for at in range(_HEADS):
        sheet.set_row(at, 2 * _LINE)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, _WIDTHS[column.kind])
        sheet.write_string(0, place, column.head.zh, head)
        sheet.write_string(1, place, column.head.en, head)
        usual = _FORMATS[column.kind]
        plain, total = ({"num_format": usual} | more for more in ({}, {"bold": True, "top": 1}))
        look, look_of_total = file.add_format(plain), file.add_format(total)
        for at, row in enumerate(rows):
            value = row.get(column.name)
            here = of_days if isinstance(value, date) else look
            here = look_of_total if has_total and at == last else here
            _write(sheet, (at + _HEADS, place), value, here)
    sheet.freeze_panes(_HEADS, 1)
    sheet.repeat_rows(0, _HEADS - 1)
    sheet.repeat_columns(0)
    filtered = last if has_total else last + 1
    sheet.autofilter(_HEADS - 1, 0, _HEADS + max(filtered, 1) - 1, max(len(columns) - 1, 0))


def _write(sheet: Any, cell: tuple[int, int], value: object, look: Any) -> None:
    """Numbers and days as such; of a text nothing is ever run."""
    match value:
        case None:
            sheet.write_blank(*cell, None, look)
        case date():
            sheet.write_datetime(*cell, value, look)
        case int() | float():
            sheet.write_number(*cell, value, look)
        case _:
            sheet.write_string(*cell, str(spreadsheets.guarded(str(value))), look)


def _draw(file: Any, sheet: Any, charts: Sequence[Chart], tables: Sequence[Table]) -> None:
    _lay_out(sheet, pages_wide=1)
    at = 0
    for chart in charts:
        title, columns, rows = next((t for t in tables[1:] if t.title == chart.of), tables[0])
        places = {column.name: place for place, column in enumerate(columns)}
        lines, words = len(rows) - (title == _SHEETS[0]), places.get("name", 0)
        most = MOST_POINTS if chart.is_over_time else MOST_BARS
        drawn = [name for name in chart.columns if name in places]
        if not lines or not drawn:
            continue
        picture = file.add_chart({"type": "line" if chart.is_over_time else "column"})
        until = _HEADS + min(lines, most) - 1
        for name in drawn:
            place = places[name]
            picture.add_series({
                "name": [title.zh, 0, place],
                "categories": [title.zh, _HEADS, words, until, words],
                "values": [title.zh, _HEADS, place, until, place],
            })  # fmt: skip
        shortened = f"（前 {most} 行 | first {most} lines）" if lines > most else ""
        picture.set_title({"name": f"{chart.title.zh} {chart.title.en}{shortened}"})
        picture.set_y_axis({"name": f"{chart.unit.zh} {chart.unit.en}", "min": 0})
        picture.set_legend({"position": "bottom"})
        picture.set_size({"width": 960, "height": 360})
        sheet.insert_chart(at, 0, picture)
        at += 19
    if not at:
        sheet.write_string(0, 0, "没有可画的数据 | There is nothing to draw")


def _write_words(file: Any, sheet: Any, book: Book, tables: Sequence[Table]) -> None:
    head, text = file.add_format(_HEAD), file.add_format({"text_wrap": True, "valign": "top"})
    _lay_out(sheet, pages_wide=1)
    for place, width in enumerate(_WIDTHS_OF_WORDS):
        sheet.set_column(place, place, width)
    facts = [(fact.zh, fact.en, value, "") for fact, value in book.facts]
    notes = [("", "", note.zh, note.en) for note in book.notes]
    heads = [("列", "Column", "含义", "Meaning")]
    columns = dict.fromkeys(column for table in tables for column in table.columns)
    said = [(c.head.zh, c.head.en, c.says.zh, c.says.en) for c in columns]
    for at, row in enumerate((*facts, *notes, *heads, *said)):
        look = head if at == len(facts) + len(notes) else text
        sheet.set_row(at, _LINE * max(map(_lines, row, _WIDTHS_OF_WORDS)))
        for place, words in enumerate(row):
            sheet.write_string(at, place, str(spreadsheets.guarded(words)), look)


def _lines(words: str, width: int) -> int:
    """How many lines they take there: a Chinese character is as wide as two others."""
    return max(math.ceil(sum(2 if sign > "\u2e80" else 1 for sign in words) / (width - 4)), 1)
