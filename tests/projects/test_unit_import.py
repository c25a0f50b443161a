"""Units are taken over from a file whole, or not at all."""

from collections.abc import Callable
from typing import Any

import httpx

from services.projects.register import queries
from shared.database.engine import Sessions
from tests.projects import make
from tests.provoking import provokes
from tests.support import Connect

Headers = Callable[..., dict[str, str]]
HEAD = "code,name,name_en,aliases,valid_from,valid_to\n"


async def send(
    projects: httpx.AsyncClient,
    headers: dict[str, str],
    text: str,
    *,
    dry_run: bool = False,
    head: str = HEAD,
) -> httpx.Response:
    return await projects.post(
        "/api/v1/units:import",
        params={"dry_run": dry_run},
        content=f"{head}{text}".encode(),
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


async def test_a_line_changes_the_version_that_it_was_written_for_and_no_later_one(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    admin, rows = as_("admin"), await sql("projects")
    unit = await make.unit(rows)
    head = "code,name,valid_from,region,version\n"

    async def put(name: str, version: int | str, region: str = "") -> httpx.Response:
        line = f"{unit},{name},2000-01-01,{region},{version}\n"
        return await send(projects, admin, line, head=head)

    assert (await put("甲局", 1, "CN-33")).json()["updated"] == 1
    query = "SELECT name, region, version FROM responsible_unit WHERE code = $1"
    assert tuple((await rows.fetch(query, unit))[0]) == ("甲局", "CN-33", 2)
    stale, unknown = await put("乙局", 1), await put("乙局", 2, "CN-99")
    found = [[each["field"] for each in no.json()["lines"]] for no in (stale, unknown)]
    assert found == [["version"], ["region"]]
    assert (await put("乙局", "")).json()["updated"] == 1
    assert tuple((await rows.fetch(query, unit))[0]) == ("乙局", "CN-33", 3)
    async with sessions() as session, session.begin():
        row: dict[str, Any] = {
            "code": unit,
            "name": "丙局",
            "name_en": "",
            "aliases": [],
            "valid_to": None,
        }
        late = row | {"valid_from": "2000-01-01", "region": "CN", "seen": 2}
        assert await queries.put_units(session, [late]) == 0


async def test_a_file_brings_no_merged_unit_back_and_ends_none_of_which_something_is_open(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    admin, rows = as_("admin"), await sql("projects")
    merged, into, owing = [await make.unit(rows) for _ in range(3)]
    order = {"successor_code": into, "merged_on": "2026-03-16", "document": "宁编〔2026〕3号"}
    path = f"/api/v1/units/{merged}/merge"
    assert (await projects.post(path, json=order | {"version": 1}, headers=admin)).is_success
    project = await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, owing, "2026-03-02"))
    text = f"{merged},甲局,,,2000-01-01,\n{owing},乙局,,,2000-01-01,2026-12-31\n"
    refused = (await send(projects, admin, text)).json()
    assert {(line["line"], line["field"]) for line in refused["lines"]} == {
        (2, "valid_to"),
        (3, "valid_to"),
    }
    renamed = await send(projects, admin, f"{merged},甲局,,,2000-01-01,2026-03-15\n")
    assert renamed.json()["updated"] == 1
