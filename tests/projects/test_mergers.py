"""A unit becomes part of another in March: what is open is taken over, history stays."""

from collections.abc import Callable
from datetime import date

import asyncpg
import httpx
import pytest

from services.projects.reports import queries as reports
from shared.database.engine import RoomSession, Sessions
from tests.projects import make
from tests.projects.rectifying import Case
from tests.projects.test_reports import inside, see
from tests.provoking import provokes
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]
MERGED = {"merged_on": "2026-03-16", "document": "宁编〔2026〕3号", "version": 1}


async def tallies(rows: asyncpg.Connection, unit: str) -> dict[str, int]:
    query = "SELECT verdict, n FROM unit_tally WHERE unit_code = $1 AND n > 0"
    return {row["verdict"]: row["n"] for row in await rows.fetch(query, unit)}


async def by_history(databases: Databases, unit: str) -> dict[str, int]:
    """The same counted from the history of verdicts."""

    async def count(session: RoomSession) -> dict[str, int]:
        last = (await reports.marks(session)).last_event
        found = await reports.counts_at(session, last)
        return {row.verdict: row.n for row in found if row.unit_code == unit}

    return dict(await inside(databases, count))


@provokes("merge_unit", "not-found")
@provokes("merge_unit", "state-conflict")
async def test_open_duties_are_taken_over_and_what_was_found_stays(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows, admin, auditor = await sql("projects"), as_("admin"), as_("auditor")
    old, into, project = await make.unit(rows), await make.unit(rows), await make.project(rows)
    published = await make.duty(projects, as_("system"), make.event(project, old, "2026-03-02"))
    await see(databases, published["id"], "2026-03-10")
    waiting = await make.duty(projects, as_("system"), make.event(project, old, "2026-03-09"))
    path = f"/api/v1/units/{old}/merge"
    order = MERGED | {"successor_code": into}
    nobody = await projects.post(f"/api/v1/units/{old}X/merge", json=order, headers=admin)
    assert nobody.status_code == 404
    made = await projects.post(path, json=order, headers=admin)
    assert (made.status_code, made.json()["taken_over"]) == (201, 1)
    moved = (await projects.get(f"/api/v1/duties/{waiting['id']}", headers=auditor)).json()
    assert (moved["unit_code"], moved["due_on"]) == (into, waiting["due_on"])
    kept = (await projects.get(f"/api/v1/duties/{published['id']}", headers=auditor)).json()
    assert (kept["unit_code"], kept["verdict"]) == (old, "on_time")
    for unit, verdicts in ((old, {"on_time": 1}), (into, {moved["verdict"]: 1})):
        assert await tallies(rows, unit) == await by_history(databases, unit) == verdicts
    query = "SELECT unit_code FROM verdict_event WHERE duty_id = $1 ORDER BY id"
    history = [row["unit_code"] for row in await rows.fetch(query, waiting["id"])]
    assert (history[0], history[-1]) == (old, into)
    query = "SELECT valid_to FROM responsible_unit WHERE code = $1"
    assert await rows.fetchval(query, old) == date(2026, 3, 15)
    late = make.event(project, old, "2026-03-20")
    refused = await projects.post("/api/v1/events", json=late, headers=as_("system"))
    assert refused.status_code == 422
    again = await projects.post(path, json=order | {"version": 2}, headers=admin)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"successor_code": "NOBODY"}, "/body/successor_code"),
        ({"merged_on": "2999-01-01"}, "/body/merged_on"),
    ],
)
async def test_a_merger_that_cannot_be_is_refused(
    projects: httpx.AsyncClient,
    as_: Headers,
    sql: Connect,
    change: dict[str, str],
    pointer: str,
) -> None:
    rows = await sql("projects")
    old, into = await make.unit(rows), await make.unit(rows)
    answer = await projects.post(
        f"/api/v1/units/{old}/merge",
        json=MERGED | {"successor_code": into} | change,
        headers=as_("admin"),
    )
    assert answer.json()["errors"][0]["pointer"] == pointer


@provokes("merge_unit", "cases-open")
async def test_nobody_waits_for_a_unit_that_is_no_more(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.overdue()
    await case.ordered()
    order = MERGED | {"successor_code": await make.unit(await case.rows())}
    path, admin = f"/api/v1/units/{case.unit}/merge", as_("admin")
    refused = await projects.post(path, json=order, headers=admin)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/cases-open")
    assert "1件" in refused.json()["detail"]
    for which in (1, 2):
        headers = case.auditor(which)
        await case.act("revoke", headers, reason="机构改革，由接续单位公开")
    assert (await projects.post(path, json=order, headers=admin)).status_code == 201
