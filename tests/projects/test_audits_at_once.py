"""Several who press the button at once: each gets a truthful answer, none a bare 503."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import httpx
import pytest

from services.projects.auditing import service as auditing
from services.projects.auditing.rules import turns
from services.projects.reports import freezing
from services.projects.reports import service as reports
from shared.clock import now
from shared.database.engine import RoomSession
from tests import support
from tests.projects import make
from tests.projects.test_reports import inside
from tests.provoking import provokes
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]

AUDITS = 8
"""More than a process has connections."""


@asynccontextmanager
async def somebody_judges(databases: Databases, name: str = "elsewhere") -> AsyncIterator[None]:
    """Another process has the turn, under that name."""
    rows = await support.connect(databases["projects"])
    await rows.execute("SELECT set_config('application_name', $1, false)", name)
    await rows.execute(
        "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('projects.judge', 11))"
    )
    try:
        yield
    finally:
        await rows.close()


async def order(projects: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
    return await projects.post("/api/v1/audits", json={}, headers=headers)


async def test_audits_ordered_at_once_each_freeze_a_report_of_their_own(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    unit, project = await make.unit(rows), await make.project(rows)
    async with somebody_judges(databases):
        headers = [as_("auditor", sub=f"auditor{n}") for n in range(AUDITS)]
        audits = [asyncio.create_task(order(projects, each)) for each in headers]
        ticks = [
            asyncio.create_task(inside(databases, lambda s: auditing.tick(s, now())))
            for _ in range(2)
        ]
        await asyncio.sleep(3)  # longer than any lock may be waited for at once
    answers = await asyncio.gather(*audits)
    assert [answer.status_code for answer in answers] == [201] * AUDITS
    assert await asyncio.gather(*ticks) == [0, 0]
    await make.duty(projects, as_("system"), make.event(project, unit, "2026-03-02"))
    assert len({answer.json()["report"] for answer in answers}) == AUDITS
    for answer in answers:
        done = answer.json()
        found = await projects.get(f"/api/v1/audits/{done['id']}", headers=headers[0])
        assert found.json() == done
        file = await projects.get(f"/api/v1/reports/{done['report']}.json")

        async def recompute(session: RoomSession, report: str = done["report"]) -> bytes:
            return await freezing.recompute(
                session, await reports.find_report(session, UUID(report))
            )

        assert await inside(databases, recompute) == file.content


@provokes("run_audit", "audit-running")
async def test_who_waited_long_enough_is_told_which_audit_is_running(
    projects: httpx.AsyncClient,
    as_: Headers,
    databases: Databases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.5)
    elsewhere = str(uuid4())
    async with somebody_judges(databases, f"audit {elsewhere}"):
        first = asyncio.create_task(order(projects, as_("auditor", sub="auditor1")))
        await asyncio.sleep(0.1)
        second = await order(projects, as_("auditor", sub="auditor2"))
        answers = [await first, second]
    for answer in answers:
        problem = answer.json()
        assert (answer.status_code, problem["type"]) == (409, "/problems/audit-running")
        assert int(answer.headers["retry-after"]) >= 1
        assert problem["since"]
    assert answers[0].json()["audit"] == elsewhere
    assert answers[1].json()["audit"] not in (None, elsewhere)
    assert (await order(projects, as_("auditor"))).status_code == 201


async def test_a_tick_is_put_off_while_an_audit_runs_for_long(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "PATIENCE_SECONDS", 0.5)
    async with somebody_judges(databases):
        assert await inside(databases, lambda session: auditing.tick(session, now())) == 0
