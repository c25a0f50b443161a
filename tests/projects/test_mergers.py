"""A unit becomes part of another in March: what is open is taken over, history stays."""

import asyncio
from collections.abc import Callable
from datetime import date

import asyncpg
import httpx
import pytest

from services.projects.reported_missing import service as checks
from services.projects.reported_missing.contracts import MissingReported
from services.projects.reported_missing.models import DisclosureCheck
from services.projects.reports import queries as reports
from shared.clock import now
from shared.database.engine import RoomSession, Sessions
from tests.projects import make
from tests.projects.rectifying import Case
from tests.projects.test_reports import inside, see, walk
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


async def test_a_dry_run_counts_what_would_move_and_what_is_in_the_way_and_changes_nothing(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    case = Case(projects, as_, sql, sessions)
    await case.overdue()
    await case.ordered()
    rows, admin = await case.rows(), as_("admin")
    into = await make.unit(rows)
    await make.project(rows, case.unit)
    path = f"/api/v1/units/{case.unit}/merge"
    order = MERGED | {"successor_code": into}
    seen = await projects.post(f"{path}?dry_run=true", json=order, headers=admin)
    found = seen.json()
    assert (seen.status_code, found["dry_run"], found["taken_over"]) == (200, True, 1)
    assert found["handed_over"]["projects"] == 1
    assert found["open_cases"] == {"orders": 1, "disputes": 0, "exemptions": 0, "releases": 0}
    refused = (await projects.post(path, json=order, headers=admin)).json()
    assert (refused["cases"], refused["open"]) == (1, found["open_cases"])
    query = "SELECT valid_to, successor_code, version FROM responsible_unit WHERE code = $1"
    assert tuple((await rows.fetch(query, case.unit))[0]) == (None, None, 1)
    query = "SELECT unit_code FROM duty WHERE id = $1"
    assert await rows.fetchval(query, case.duty["id"]) == case.unit


async def test_what_a_unit_leads_and_drafts_goes_on_with_the_successor_through_a_chain_of_mergers(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows, admin = await sql("projects"), as_("admin")
    first, second, last = [await make.unit(rows) for _ in range(3)]
    project = await make.project(rows, first)
    release = await drafted(projects, as_, first, project)
    for old, into in ((first, second), (second, last)):
        order = MERGED | {"successor_code": into}
        made = await projects.post(f"/api/v1/units/{old}/merge", json=order, headers=admin)
        assert (made.json()["handed_over"]["projects"], made.json()["dry_run"]) == (1, False)
    units = {first: last, second: last, last: None}
    query = "SELECT code, successor_code FROM responsible_unit WHERE code = ANY($1)"
    found = {row["code"]: row["successor_code"] for row in await rows.fetch(query, list(units))}
    assert found == units
    query = "SELECT lead_unit_code FROM project WHERE code = $1"
    assert await rows.fetchval(query, project) == last
    query = "SELECT unit_code FROM registered_release WHERE id = $1"
    assert await rows.fetchval(query, release) == last


async def test_who_was_merged_into_is_there_on_that_day_and_goes_on(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    """Not before others became part of it, nor into one that ends or began later."""
    rows, admin = await sql("projects"), as_("admin")
    old, into, ending, later = [await make.unit(rows) for _ in range(4)]
    change = "UPDATE responsible_unit SET valid_to = '2999-01-01' WHERE code = $1"
    await rows.execute(change, ending)
    change = "UPDATE responsible_unit SET valid_from = '2026-03-17' WHERE code = $1"
    await rows.execute(change, later)

    async def pointer(unit: str, **others: str) -> str:
        answer = await projects.post(
            f"/api/v1/units/{unit}/merge", json=MERGED | others, headers=admin
        )
        return str(answer.json().get("errors", [{"pointer": answer.status_code}])[0]["pointer"])

    for other in (ending, later):
        assert await pointer(old, successor_code=other) == "/body/successor_code"
    assert await pointer(old, successor_code=into) == "201"
    third = await make.unit(rows)
    early = {"successor_code": third, "merged_on": "2026-03-15"}
    assert await pointer(into, **early) == "/body/merged_on"


async def test_two_mergers_at_once_leave_no_duty_with_a_unit_that_has_ended(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows, admin = await sql("projects"), as_("admin")
    first, second, last = [await make.unit(rows) for _ in range(3)]
    project = await make.project(rows)
    duty = await make.duty(projects, as_("system"), make.event(project, first, "2026-03-09"))
    made = await asyncio.gather(
        *(
            projects.post(
                f"/api/v1/units/{old}/merge", json=MERGED | {"successor_code": into}, headers=admin
            )
            for old, into in ((first, second), (second, last))
        )
    )
    codes = sorted(answer.status_code for answer in made)
    query = (
        "SELECT u.valid_to FROM duty d JOIN responsible_unit u ON u.code = d.unit_code"
        " WHERE d.id = $1"
    )
    assert await rows.fetchval(query, duty["id"]) is None, codes
    assert 201 in codes


@pytest.mark.parametrize(("day", "owed_by"), [("2026-03-15", "old"), ("2026-03-16", "new")])
async def test_a_report_of_a_past_day_names_who_owed_it_on_that_day(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, day: str, owed_by: str
) -> None:
    rows = await sql("projects")
    old, into, project = await make.unit(rows), await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, old, "2026-03-09"))
    order = MERGED | {"successor_code": into}
    await projects.post(f"/api/v1/units/{old}/merge", json=order, headers=as_("admin"))
    made = await projects.post("/api/v1/audits", json={"as_of": day}, headers=as_("auditor"))
    report = made.json()["report"]
    found = {}
    for name, unit in (("old", old), ("new", into)):
        lines = await projects.get(f"/api/v1/reports/{report}/rows", params={"unit": unit})
        found[name] = len(lines.json()["items"])
    assert found == {"old": 0, "new": 0} | {owed_by: 1}


async def test_what_was_reported_missing_of_a_unit_is_answered_by_what_its_successor_owes(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, sessions: Sessions
) -> None:
    """Whether it was reported before the merger or after, and in either unit's name."""
    rows = await sql("projects")
    old, into, project = await make.unit(rows), await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, old, "2026-03-09"))

    async def report(unit: str, item: str) -> DisclosureCheck:
        missing = MissingReported(
            project_code=project,
            item_code=item,
            department_code=unit,
            reported_at=now(),
        )
        async with sessions() as session, session.begin():
            await checks.take_report(session, missing, now())
        query = "SELECT * FROM disclosure_check WHERE reference = $1"
        [row] = await rows.fetch(query, f"{project}/{item}/{unit}")
        return DisclosureCheck(**dict(row))

    before = await report(old, "MP-02-01")
    order = MERGED | {"successor_code": into}
    made = await projects.post(f"/api/v1/units/{old}/merge", json=order, headers=as_("admin"))
    assert made.status_code == 201
    again = await report(old, "MP-02-01")
    assert (before.unit_code, again.unit_code, again.reports) == (old, into, 2)
    assert again.duty_id == before.duty_id
    assert (await report(into, "MP-02-01")).duty_id == before.duty_id


async def drafted(projects: httpx.AsyncClient, as_: Headers, unit: str, project: str) -> str:
    """The id of a draft in the release register of the unit."""
    body = {
        "unit_code": unit,
        "item_code": "MP-02-01",
        "project_code": project,
        "title": "项目建议书批复",
    }
    made = await projects.post("/api/v1/release-register", json=body, headers=as_("officer", unit))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_what_was_overdue_on_a_past_day_stays_so_when_another_unit_has_taken_it_over(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    old, into, project = await make.unit(rows), await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, old, "2026-03-09"))
    await walk(databases, old)

    async def overdue(unit: str, day: str) -> list[str]:
        made = await projects.post("/api/v1/audits", json={"as_of": day}, headers=as_("auditor"))
        path = f"/api/v1/reports/{made.json()['report']}/rows"
        lines = (await projects.get(path, params={"unit": unit})).json()["items"]
        return [line["verdict"] for line in lines]

    assert await overdue(old, "2026-06-01") == ["overdue"]
    order = MERGED | {"successor_code": into, "merged_on": "2026-09-01"}
    await projects.post(f"/api/v1/units/{old}/merge", json=order, headers=as_("admin"))
    assert await overdue(old, "2026-06-01") == ["overdue"]
    # Where the other unit publishes was not looked through for it yet.
    assert await overdue(into, "2026-10-01") == ["unknown_source_down"]
    await walk(databases, into)
    assert await overdue(into, "2026-10-01") == ["overdue"]
