"""Whoever acts on a duty while it is judged elsewhere goes by what has become of it meanwhile."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.calendar.schemas import VersionOrder
from services.projects.duties import observing, queries, recounting
from services.projects.duties.models import ClaimKind, FullWalk
from services.projects.duties.rules import Sighting
from shared import clock
from shared.clock import now
from tests.conftest import Headers
from tests.projects import make
from tests.projects.collecting_world import Desk
from tests.projects.judged_elsewhere import (
    Action,
    Work,
    driver_connection,
    nothing,
    while_somebody_judges,
)
from tests.support import connect
from tests.waiting import until_it_waits

RULING = {"document": "宁政办〔2026〕1号", "reason": "测试"}
EVENTS = 20


@dataclass
class Case:
    """A duty whose limit is over, of a unit whose pages were not read since."""

    desk: Desk
    as_: Headers
    unit: str
    project: str
    duty: dict[str, Any]

    def act(self, action: str, sub: str = "auditor1", **body: Any) -> asyncio.Task[httpx.Response]:
        path = f"/api/v1/duties/{self.duty['id']}/{action}"
        headers = self.as_("auditor", "*", sub=sub)
        return asyncio.create_task(self.desk.client.post(path, json=body, headers=headers))

    async def ask(self, action: str) -> str:
        """One asks for a ruling, for which it takes two: the request's id."""
        path = f"/api/v1/duties/{self.duty['id']}"
        read = await self.desk.client.get(path, headers=self.as_("auditor", "*"))
        asked = await self.act(action, **RULING, version=read.json()["version"])
        assert asked.status_code == 200, asked.text
        return str(asked.json()["asked_ruling"]["id"])

    def grant(self, asked: str) -> asyncio.Task[httpx.Response]:
        """Another makes the ruling."""
        path, headers = (
            f"/api/v1/exemptions/{asked}/decide",
            self.as_("auditor", "*", sub="auditor2"),
        )
        body = {"ruling": "granted", "reason": "核对了文件"}
        return asyncio.create_task(self.desk.client.post(path, json=body, headers=headers))

    def record(self, doc_no: str | None = None) -> asyncio.Task[httpx.Response]:
        body = make.event(self.project, self.unit, "2026-03-02", doc_no=doc_no)
        headers = self.as_("system")
        return asyncio.create_task(
            self.desk.client.post("/api/v1/events", json=body, headers=headers)
        )

    async def while_somebody_judges(self, work: Work, *actions: Action) -> list[httpx.Response]:
        return await while_somebody_judges(self.desk, work, *actions)

    async def see(self, session: AsyncSession) -> None:
        sighting = Sighting(
            duty_id=UUID(self.duty["id"]),
            url="https://example.gov.cn/1.htm",
            observed_at=now(),
            claim_kind=ClaimKind.META,
            claimed_at=now() - timedelta(days=300),
        )
        await observing.record_sightings(session, [sighting], now(), actor="matcher")

    async def walk(self, session: AsyncSession) -> None:
        await observing.note_full_walk(session, [self.unit], now(), now(), actor="matcher")

    async def walk_by_a_release_before(self, session: AsyncSession) -> None:
        """As one that knows nothing of `judging_basis` notes it."""
        walk = FullWalk(unit_code=self.unit, walked_at=now(), noted_at=now())
        await queries.put_walk(session, walk)
        await auditing.judge_walked(session, [self.unit], now(), actor="matcher")

    async def move_its_limit(self, session: AsyncSession) -> None:
        """As a notice of the days does that is counted anew."""
        for table, key in (("duty", "id"), ("standing", "duty_id")):
            moved = f"UPDATE {table} SET due_ord = due_ord + 100000 WHERE {key} = :id"
            await session.execute(text(moved), {"id": UUID(self.duty["id"])})

    async def judge_all(self, session: AsyncSession) -> None:
        await auditing.judge_all(session, now(), actor="auditor9")

    async def wrong_tallies(self) -> int:
        async with self.desk.sessions() as session, session.begin():
            return await auditing.prove_tallies(session, now())


@pytest.fixture
async def case(desk: Desk, as_: Headers) -> Case:
    return await formed(desk, as_, days_ago=301)


async def formed(desk: Desk, as_: Headers, days_ago: int) -> Case:
    url = desk.engine_url.set(drivername="postgresql").render_as_string(hide_password=False)
    rows: asyncpg.Connection = await connect(url)
    unit, project = await make.unit(rows), await make.project(rows)
    await rows.close()
    body = make.event(project, unit, clock.today(clock.now()) - timedelta(days=days_ago))
    return Case(desk, as_, unit, project, await make.duty(desk.client, as_("system"), body))


async def test_of_two_auditors_at_once_one_rules(desk: Desk, as_: Headers) -> None:
    case = await formed(desk, as_, days_ago=1)
    suspend, extend = await case.while_somebody_judges(
        nothing,
        lambda: case.act("suspend", "auditor1", **RULING, version=1),
        lambda: case.act("extend", "auditor2", **RULING, days=3, version=1),
    )
    assert (suspend.status_code, suspend.json()["verdict"]) == (200, "suspended")
    assert (extend.status_code, extend.json()["state"]) == (409, "suspended")
    assert extend.json()["version"] == 2
    assert await case.wrong_tallies() == 0


async def test_who_rules_while_an_audit_runs_is_answered_after_it(case: Case) -> None:
    """What the audit finds is overdue is suspended from there."""

    async def audit(session: AsyncSession) -> None:
        await case.walk(session)
        await case.judge_all(session)

    asked = await case.ask("suspend")
    (answer,) = await case.while_somebody_judges(audit, lambda: case.grant(asked))
    assert (answer.status_code, answer.json()["verdict"]) == (200, "suspended")
    path = f"/api/v1/duties/{case.duty['id']}"
    read = await case.desk.client.get(path, headers=case.as_("auditor", "*"))
    moves = [(move["from_verdict"], move["to_verdict"]) for move in read.json()["history"]]
    assert moves == [
        (None, "unknown_source_down"),
        ("unknown_source_down", "overdue"),
        ("overdue", "suspended"),
    ]
    assert await case.wrong_tallies() == 0


@pytest.mark.parametrize(
    ("what", "verdict"),
    [
        ("walk", "overdue"),
        ("walk_by_a_release_before", "overdue"),
        ("move_its_limit", "calendar_unknown"),
        ("see", "on_time"),
    ],
)
async def test_a_verdict_goes_by_what_became_known_while_it_waited(
    case: Case, what: str, verdict: str
) -> None:
    """The pages were read to the end, its limit moved, or a page was found, while a duty was
    restored."""
    suspended = await case.grant(await case.ask("suspend"))
    assert suspended.status_code == 200
    asked = await case.ask("restore")
    (answer,) = await case.while_somebody_judges(getattr(case, what), lambda: case.grant(asked))
    assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)
    assert await case.wrong_tallies() == 0


async def test_a_dispute_is_about_the_verdict_that_stood_when_it_was_opened(case: Case) -> None:
    async with case.desk.sessions() as session, session.begin():
        await case.walk(session)
        opened = case.act("dispute", **RULING, version=1)
        await until_it_waits(await driver_connection(session), opened)
    answer = await opened
    assert (answer.status_code, answer.json()["verdict"]) == (200, "overdue")
    listed = await case.desk.client.get(
        f"/api/v1/disputes?duty={case.duty['id']}", headers=case.as_("auditor", "*")
    )
    assert [each["disputed_verdict"] for each in listed.json()["items"]] == ["overdue"]


async def test_an_event_is_counted_by_the_notice_that_came_while_it_waited(case: Case) -> None:
    before = (await case.record("第1号")).json()["duties"][0]
    answer = await case.desk.client.get("/api/v1/calendar", params={"year": 2026})
    notice = answer.json()["versions"][0]
    days = {name: notice[name] for name in ("rest_days", "working_weekends")}
    order = VersionOrder(region="CN", year=2026, notice="测试更正", **days)
    longer = order.model_copy(update={"rest_days": [*order.rest_days, date(2026, 3, 5)]})

    async def load(session: AsyncSession, notice: VersionOrder) -> None:
        await calendars.add_version(session, notice, now(), actor="test")
        await recounting.recount(session, "CN", 2026, now())

    try:
        (answer,) = await case.while_somebody_judges(
            lambda session: load(session, longer), lambda: case.record("第2号")
        )
        after = answer.json()["duties"][0]
        assert (before["due_on"], after["due_on"]) == ("2026-03-30", "2026-03-31")
        assert after["calendar_version"] == before["calendar_version"] + 1
    finally:
        async with case.desk.sessions() as session, session.begin():
            await load(session, order)
    assert await case.wrong_tallies() == 0


async def test_twenty_who_record_at_once_are_all_answered(case: Case) -> None:
    answers = await asyncio.gather(*(case.record(f"第{n}号") for n in range(EVENTS)))
    assert [answer.status_code for answer in answers] == [201] * EVENTS
    assert len({answer.json()["event"] for answer in answers}) == EVENTS
    assert await case.wrong_tallies() == 0


async def test_one_event_recorded_twice_at_once_makes_one_duty(case: Case) -> None:
    first, second = await case.while_somebody_judges(nothing, case.record, case.record)
    made, refused = sorted((first, second), key=lambda answer: answer.status_code)
    assert (made.status_code, refused.status_code) == (201, 409)
    assert refused.json()["type"] == "/problems/already-recorded"
    assert refused.json()["duties"] == [made.json()["duties"][0]["id"]]
