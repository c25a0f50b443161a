"""A report is compared with the period before it, and opened as it was counted."""

import json
from uuid import UUID

import httpx
import pytest

from services.projects.reports import freezing
from services.projects.reports import service as reports
from services.projects.reports.rules.report import Counted, counts_agree
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


FORGED = {
    "its seal": "sha256 = repeat('0', 64)",
    "what no count shows": "body = body || ' ', sha256 = encode(sha256(body || ' '), 'hex')",
    "nothing": "sha256 = sha256",
}


async def test_a_report_by_earlier_rules_is_held_by_its_counts_and_by_what_was_noted(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    """Whoever can write its row writes body and seal, but not the line of the audit log."""
    await a_unit_with_every_outcome(projects, as_, sql, databases)
    made = {what: await audit(projects, as_("auditor")) for what in FORGED}
    before, rows = await inside(databases, verify), await sql("projects")
    async with rows.transaction():
        await rows.execute("ALTER TABLE report DISABLE TRIGGER USER")
        for what, change in FORGED.items():
            await rows.execute(
                f"UPDATE report SET {change},"
                " inputs = jsonb_set(inputs, '{versions,rule}', '1') WHERE id = $1::uuid",
                made[what],
            )
        await rows.execute("ALTER TABLE report ENABLE TRIGGER USER")
    after = await inside(databases, verify)
    assert after.composed == before.composed - len(made)
    assert after.by_earlier_rules == before.by_earlier_rules + len(made)
    forged = {UUID(made[what]) for what in ("its seal", "what no count shows")}
    assert {*after.changed} == {*before.changed, *forged}


def test_the_lines_of_a_report_agree_with_its_counts_by_the_columns_of_then() -> None:
    """What an earlier rule called late stands in that column, and a unit without a line nowhere."""
    columns = {"late": ["late", "overdue"], "on_time": ["on_time"]}
    kept = [("U1", "late", 2), ("U1", "overdue", 1), ("U1", "on_time", 4), ("U9", "late", 5)]
    counts = [Counted(unit, verdict, n, 0) for unit, verdict, n in kept]
    lines = [{"unit": "U1", "late": 3, "on_time": 4}, {"unit": "U2", "late": 0}]
    content = {"units": lines, "totals": {"late": 3, "on_time": 4}}
    assert counts_agree(content, counts, columns)
    for wrong in ({"unit": "U1", "late": 2, "on_time": 5}, {"unit": "U2", "late": 3}):
        assert not counts_agree({**content, "units": [wrong]}, counts, columns)
    assert not counts_agree({**content, "totals": {"late": 2}}, counts, columns)
