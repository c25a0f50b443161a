"""A report is compared with the period before it, and opened as it was counted."""

import json
from uuid import UUID

import httpx
import pytest

from services.projects.reports import freezing
from services.projects.reports import service as reports
from services.projects.reports.verifying import verify
from shared.database.engine import RoomSession
from tests.conftest import Headers
from tests.projects import make
from tests.projects.test_reports import a_unit_with_every_outcome, audit, inside
from tests.support import Connect, Databases


async def test_a_report_is_compared_with_the_one_of_the_period_before_not_the_one_frozen_last(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-03-02"))
    today_is = await audit(projects, as_("auditor"))
    past = await projects.post(
        "/api/v1/audits", json={"as_of": "2026-06-01"}, headers=as_("auditor")
    )
    assert past.status_code == 201, past.text
    again = await audit(projects, as_("auditor"))
    last = (await projects.get(f"/api/v1/reports/{again}.json")).json()["last"]
    assert last["id"] == today_is


async def test_a_report_by_an_earlier_rule_stands_as_it_was_frozen_with_its_rows(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    unit = await a_unit_with_every_outcome(projects, as_, sql, databases)
    report, rows = await audit(projects, as_("auditor")), await sql("projects")
    path = f"/api/v1/reports/{report}"
    file = (await projects.get(f"{path}.json")).content
    [line] = [line for line in json.loads(file)["units"] if line["unit"] == unit]
    # What an earlier rule called unknown it counted as late, say.
    was = {"late": ["late", "overdue"], "overdue": []}
    async with rows.transaction():
        await rows.execute("ALTER TABLE report DISABLE TRIGGER USER")
        await rows.execute(
            "UPDATE report SET inputs = jsonb_set(jsonb_set(inputs, '{versions,rule}', '1'),"
            " '{columns}', (inputs -> 'columns') || $2::jsonb) WHERE id = $1::uuid",
            report,
            json.dumps(was),
        )
        await rows.execute("ALTER TABLE report ENABLE TRIGGER USER")

    async def recompute(session: RoomSession) -> bytes:
        return await freezing.recompute(session, await reports.find_report(session, UUID(report)))

    with pytest.raises(freezing.RulesChanged):
        await inside(databases, recompute)
    assert (await projects.get(f"{path}.json")).content == file
    found = await projects.get(f"{path}/rows", params={"unit": unit, "column": "late"})
    assert len(found.json()["items"]) == line["late"] + line["overdue"]


async def test_a_report_that_does_not_follow_from_the_history_is_found(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    await a_unit_with_every_outcome(projects, as_, sql, databases)
    report, rows = await audit(projects, as_("auditor")), await sql("projects")
    before = await inside(databases, verify)
    assert before.composed > 0
    assert UUID(report) not in before.changed
    change = "UPDATE report SET body = body || $2, sha256 = encode(sha256(body || $2), 'hex')"
    async with rows.transaction():
        await rows.execute("ALTER TABLE report DISABLE TRIGGER USER")
        await rows.execute(f"{change} WHERE id = $1::uuid", report, b" ")
        await rows.execute("ALTER TABLE report ENABLE TRIGGER USER")
    after = await inside(databases, verify)
    assert {*after.changed} == {*before.changed, UUID(report)}


async def test_a_report_by_earlier_rules_is_counted_so_also_where_its_seal_is_wrong(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    await a_unit_with_every_outcome(projects, as_, sql, databases)
    report, rows = await audit(projects, as_("auditor")), await sql("projects")
    before = await inside(databases, verify)
    async with rows.transaction():
        await rows.execute("ALTER TABLE report DISABLE TRIGGER USER")
        await rows.execute(
            "UPDATE report SET sha256 = repeat('0', 64),"
            " inputs = jsonb_set(inputs, '{versions,rule}', '1') WHERE id = $1::uuid",
            report,
        )
        await rows.execute("ALTER TABLE report ENABLE TRIGGER USER")
    after = await inside(databases, verify)
    assert (after.composed, after.by_earlier_rules) == (
        before.composed - 1,
        before.by_earlier_rules + 1,
    )
    assert {*after.changed} == {*before.changed, UUID(report)}
