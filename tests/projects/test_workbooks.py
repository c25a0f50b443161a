"""Projects from a spreadsheet's own file: cells as people read them, formulas and bombs refused."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx
import pytest
from xlsxwriter import Workbook

from services.projects.reading.extracting import import_sheet
from services.projects.register import rules, workbooks
from shared.web.imports import ImportRefused
from shared.web.workbooks import MEDIA_TYPE
from tests.conftest import Headers
from tests.projects import make
from tests.support import Connect

HEAD = (
    "code", "name", "approval_kind", "scope_basis", "investment_10k_yuan", "list_year",
    "list_title", "lead_unit",
)  # fmt: skip


def book(*rows: Sequence[Any], head: Sequence[Any] = HEAD) -> bytes:
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as made:
        sheet = made.add_worksheet()
        for number, row in enumerate((head, *rows)):
            sheet.write_row(number, 0, row)
    return file.getvalue()


def refused(content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as caught:
        rules.read(content)
    return [(each["line"], each["field"]) for each in caught.value.members["lines"]]


async def test_an_xlsx_file_is_imported(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    unit, code = await make.unit(await sql("projects")), make.project_code()
    content = book((code, "表格工程", "examine", "清单", 8000.0, 2026, "重点清单", unit))
    headers = as_("admin", "*") | {"Content-Type": MEDIA_TYPE}
    answer = await projects.post("/api/v1/projects:import", content=content, headers=headers)
    assert (answer.status_code, answer.json().get("created")) == (200, 1), answer.text
    life = (await projects.get(f"/api/v1/projects/{code}")).json()
    assert life["project"]["investment_10k_yuan"] == 8000
    assert [each["year"] for each in life["lists"]] == [2026]


def test_cells_are_read_as_people_read_them() -> None:
    row = (make.project_code(), " 工程甲 ", "file", date(2026, 1, 2), "12", None, None, None)
    [line] = rules.read(book((None,) * 8, row, head=(*HEAD, None)))
    assert (line.number, line.row.name, line.row.scope_basis) == (3, "工程甲", "2026-01-02")
    assert (line.row.investment_10k_yuan, line.row.lead_unit) == (12, None)


def test_a_formula_is_refused_by_its_cell() -> None:
    code = make.project_code()
    content = book((code, "=A1", "examine", "清单", "=1+1", None, None, None))
    assert {(2, "name"), (2, "investment_10k_yuan")} <= set(refused(content))


def test_what_is_beside_the_columns_is_refused() -> None:
    code = make.project_code()
    wide = book((code, "工程", "examine", "清单", None, None, None, None, "多"))
    assert refused(wide) == [(2, "")]
    assert refused(book(head=("code", "colour")))[0][0] == 1
    assert refused(book(head=())) != []


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 2_000_000)
    monkeypatch.setattr(import_sheet, "MOST_UNFOLDED", 1_000_000)
    assert import_sheet.read(file.getvalue()).fault == "too_large"
    monkeypatch.setattr(workbooks, "SECONDS", 0.001)
    assert refused(book(("name",) * 8)) == [(1, "")]
    assert refused(b"PK\x03\x04 and no archive") == [(1, "")]


def test_names_that_swell_are_not_followed() -> None:
    """Of XML: each of eight names stands for twenty of the one before it."""
    swelling = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 20}'>" for n in range(1, 9))
    head = f"<!DOCTYPE r [<!ENTITY a0 'xxxxxxxxxxxxxxxxxxxx'>{swelling}]>"
    whole, file = zipfile.ZipFile(io.BytesIO(book(("name",) * 8))), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in whole.namelist():
            part = whole.read(name).decode()
            if name.endswith("sheet1.xml"):
                cell = '<row r="9"><c r="A9" t="inlineStr"><is><t>&a8;</t></is></c></row>'
                at = part.index("<worksheet")
                part = part[:at] + head + part[at:].replace("</sheetData>", f"{cell}</sheetData>")
            archive.writestr(name, part)
    assert import_sheet.read(file.getvalue()).fault == "broken"


def test_a_table_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MAX_ROWS", 1)
    row = (make.project_code(), "工程", "examine", "清单", None, None, None, None)
    assert refused(book(row, row)) == [(3, "")]
