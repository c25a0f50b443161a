"""Units are taken over from a file whole, or not at all."""

from collections.abc import Callable

import httpx

from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
HEAD = "code,name,name_en,aliases,valid_from,valid_to\n"


async def send(
    projects: httpx.AsyncClient, headers: dict[str, str], text: str, *, dry_run: bool = False
) -> httpx.Response:
    return await projects.post(
        "/api/v1/units:import",
        params={"dry_run": dry_run},
        content=f"{HEAD}{text}".encode(),
        headers={**headers, "Content-Type": "text/csv"},
    )


async def test_units_are_registered_and_changed_by_a_file(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    admin, rows = as_("admin"), await sql("projects")
    one, two = await make.unit(rows), f"N{await make.unit(rows)}"
    text = f"{one},甲局{one},,甲{one}；甲办{one},2000-01-01,\n{two},乙局{two},Office,,2026-01-01,\n"
    for dry_run in (True, False):
        answer = await send(projects, admin, text, dry_run=dry_run)
        counts = answer.json()
        assert (counts["created"], counts["updated"], counts["unchanged"]) == (1, 1, 0)
    again = (await send(projects, admin, text)).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    fewer = await send(projects, admin, f"{one},甲局{one},,甲{one},2000-01-01,2026-12-31\n")
    assert fewer.json()["updated"] == 1
    query = "SELECT alias FROM unit_alias WHERE unit_code = $1"
    assert [row["alias"] for row in await rows.fetch(query, one)] == [f"甲{one}"]
    query = "SELECT name || version || match_wanted FROM responsible_unit WHERE code = $1"
    assert await rows.fetchval(query, one) == f"甲局{one}3true"


@provokes("import_units", "import-refused")
async def test_a_file_of_units_with_an_error_is_refused_by_line(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    admin, rows = as_("admin"), await sql("projects")
    theirs, new = await make.unit(rows), f"N{await make.unit(rows)}"
    await send(projects, admin, f"{theirs},丙局,,丙{theirs},2000-01-01,\n")
    text = (
        f"{new},丁局,,丙{theirs},2026-01-01,\n"
        f"{new}A,戊局,,戊{new},2026-01-01,2025-01-01\n"
        f"{new}B,己局,,戊{new},2026-01-01,\n"
        f"{new}B,,,,2026-01-01,\n"
    )
    refused = (await send(projects, admin, text)).json()
    found = {(line["line"], line["field"]) for line in refused["lines"]}
    assert found == {(2, "aliases"), (3, "valid_to"), (4, "aliases"), (5, "name")}
    query = "SELECT count(*) FROM responsible_unit WHERE code LIKE $1"
    assert await rows.fetchval(query, f"{new}%") == 0
