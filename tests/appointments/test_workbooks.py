"""Figures as a workbook: real numbers and days, pictures, words that say what each column is."""

import io
import zipfile
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from services.appointments.statistics.columns import TICKETS
from services.appointments.statistics.schemas import Figures
from shared.clock import today
from shared.errors import Text
from shared.web import workbooks
from shared.web.workbooks import Book, Chart, TableColumn
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, problem
from tests.appointments.test_statistics import one_visit

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = tuple[str, str]


class Workbook:
    """What a spreadsheet finds in the file: cells by their place, each with its type."""

    def __init__(self, content: bytes) -> None:
        self.zip = zipfile.ZipFile(io.BytesIO(content))
        strings = self.xml("xl/sharedStrings.xml").iter(f"{_MAIN}si")
        self.strings = ["".join(text.text or "" for text in one.iter(f"{_MAIN}t"))
                        for one in strings]  # fmt: skip

    def xml(self, name: str) -> ET.Element:
        return ET.fromstring(self.zip.read(name))

    def sheets(self) -> list[str]:
        return [s.attrib["name"] for s in self.xml("xl/workbook.xml").iter(f"{_MAIN}sheet")]

    def cells(self, sheet: int) -> dict[str, Cell]:
        """Texts as `s`, numbers as `n`; formulas would be `f`."""
        found = {}
        for cell in self.xml(f"xl/worksheets/sheet{sheet}.xml").iter(f"{_MAIN}c"):
            value, formula = cell.find(f"{_MAIN}v"), cell.find(f"{_MAIN}f")
            if formula is not None:
                found[cell.attrib["r"]] = ("f", formula.text or "")
            elif value is not None and cell.attrib.get("t") == "s":
                found[cell.attrib["r"]] = ("s", self.strings[int(value.text or 0)])
            elif value is not None:
                found[cell.attrib["r"]] = ("n", value.text or "")
        return found


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=3, items=2)
    await made.open(0, 1, 2)
    await one_visit(made, waits=5, served=6, outcome="done")
    await one_visit(made, waits=7, served=4, outcome="needs_more", place=1)
    return made


async def asked(floor: Floor, path: str = "statistics", **params: str) -> Workbook:
    day = today(floor.clock.at).isoformat()
    answer = await floor.get(path, params={"from": day, "to": day, "format": "xlsx", **params})
    assert (answer.status_code, answer.headers["content-type"]) == (200, XLSX), answer.text
    assert answer.headers["content-disposition"].endswith(".xlsx")
    return Workbook(answer.content)


async def test_figures_are_numbers_under_chinese_heads(floor: Floor) -> None:
    book = await asked(floor, by="window")
    assert book.sheets() == ["数据", "图表", "说明"]
    cells = book.cells(1)
    assert (cells["A1"], cells["A2"]) == (("s", "项目"), ("s", "Line"))
    heads = {
        cells[f"{letter}1"][1]: letter for letter in "ABCDEFGHIJKLMNOP" if f"{letter}1" in cells
    }
    assert [cells[f"A{row}"] for row in (3, 4, 5)] == [("n", "1"), ("n", "2"), ("s", "合计 Total")]
    served = heads["办结"]
    assert [cells[f"{served}{row}"] for row in (3, 4, 5)] == [("n", "1"), ("n", "1"), ("n", "2")]


async def test_a_day_is_a_day_and_heads_stay_in_sight(floor: Floor) -> None:
    book = await asked(floor, by="day")
    kind, serial = book.cells(1)["A3"]
    since = today(floor.clock.at) - date(1899, 12, 30)
    assert (kind, float(serial)) == ("n", since.days)
    pane = next(book.xml("xl/worksheets/sheet1.xml").iter(f"{_MAIN}pane")).attrib
    assert (pane["ySplit"], pane["xSplit"], pane["state"]) == ("2", "1", "frozen")
    widths = book.xml("xl/worksheets/sheet1.xml").iter(f"{_MAIN}col")
    assert all(float(col.attrib["width"]) > 8 for col in widths)


async def test_pictures_are_drawn_of_the_figures_but_never_of_persons(floor: Floor) -> None:
    names = (await asked(floor, by="hour")).zip.namelist()
    assert len([name for name in names if name.startswith("xl/charts/")]) == 2
    assert not [n for n in (await asked(floor, by="clerk")).zip.namelist() if "charts/" in n]
    use = await asked(floor, "utilisation", by="hour")
    assert len([n for n in use.zip.namelist() if n.startswith("xl/charts/")]) == 3


@pytest.mark.parametrize("path", ["statistics", "utilisation"])
async def test_every_column_is_explained(floor: Floor, path: str) -> None:
    book = await asked(floor, path)
    heads = {text for place, (_, text) in book.cells(1).items() if place.rstrip("1").isalpha()
             and place.endswith("1")}  # fmt: skip
    said = {text for place, (_, text) in book.cells(3).items() if place.startswith("A")}
    assert heads <= said | {"合计"}


def book_of(*values: Any, columns: Any = TICKETS[:1]) -> Workbook:
    rows = [*({"key": value} for value in values), {"key": "合计"}]
    chart = Chart(Text("图", "Chart"), ["key"], Text("个", "pieces"), False)
    return Workbook(workbooks.made(Book([], columns, rows, [chart], [])))


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "　=1", "＝1", "http://x.cn", "=HYPERLINK(1)"],
)
def test_nothing_that_somebody_typed_is_run(typed: str) -> None:
    kind, text = book_of(typed).cells(1)["A3"]
    assert kind == "s"
    assert not text.lstrip(" \u3000").startswith(tuple("=+-@\t\r＝"))


def test_of_very_many_lines_the_first_are_drawn_and_the_picture_says_so() -> None:
    book = book_of(*range(workbooks.MOST_BARS + 1))
    chart = book.zip.read("xl/charts/chart1.xml").decode()
    assert f"$A$3:$A${workbooks.MOST_BARS + 2}" in chart
    assert f"前 {workbooks.MOST_BARS} 行" in chart


async def test_a_workbook_has_an_end(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_LINES", 1)
    day = today(floor.clock.at).isoformat()
    params = {"from": day, "to": day, "format": "xlsx", "by": "window"}
    problem(await floor.get("statistics", params=params), 422, "invalid-request")


def test_every_figure_has_its_column() -> None:
    shown = [name for name in Figures.model_fields if name != "ticket_rows"]
    assert [column.name for column in TICKETS] == shown
    assert all(isinstance(column, TableColumn) for column in TICKETS)
