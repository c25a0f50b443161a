"""Duties that must stay on display, that go with another one, and that are about no project."""

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.projects.auditing import service as auditing
from services.projects.auditing.models import Reason, Verdict
from services.projects.auditing.queries import MovedVerdict
from services.projects.duties import observing
from services.projects.duties.following import service as following
from services.projects.duties.models import ClaimKind
from services.projects.matching import sightings
from services.projects.matching.rules import Candidate
from shared.clock import SHANGHAI, now, today
from shared.database.engine import RoomSession
from tests.projects import make
from tests.projects.proofs import proof_of, said
from tests.projects.test_reports import inside, see
from tests.support import Connect, Databases

Headers = Callable[..., dict[str, str]]


@pytest.fixture
async def shown(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> Callable[..., Any]:
    """A notice that must be on display for three days, seen from its first day on."""

    async def new(days_ago: int) -> dict[str, Any]:
        rows = await sql("projects")
        unit, project = await make.unit(rows), await make.project(rows)
        day = today(now()) - timedelta(days=days_ago)
        body = make.event(project, unit, day, item_code="MP-03-03")
        made = await make.duty(projects, as_("system"), body)
        assert made["rule"]["words"]["zh"] == "公示不少于3日"
        await see(databases, made["id"], day.isoformat(), observed_at=at(day))
        return made

    return new


async def _judge(duty_id: str, then: datetime, session: RoomSession) -> None:
    await auditing.judge_duties(session, [UUID(duty_id)], then, actor="test")


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 10, tzinfo=SHANGHAI)


async def read(projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]) -> dict[str, Any]:
    answer = await projects.get(f"/api/v1/duties/{duty['id']}", headers=as_("auditor"))
    return dict(answer.json())


async def verdict(projects: httpx.AsyncClient, as_: Headers, duty: dict[str, Any]) -> str:
    found = await read(projects, as_, duty)
    return f"{found['verdict']}: {found['reasons'][0]['code']}"


async def test_a_notice_is_on_display_until_its_last_day_and_then_looked_for(
    projects: httpx.AsyncClient, as_: Headers, shown: Any, databases: Databases
) -> None:
    duty = await shown(1)
    last = today(now()) + timedelta(days=2)
    found = await read(projects, as_, duty)
    assert (found["verdict"], found["keep_until"]) == ("pending", last.isoformat())
    for later, expected in ((2, "pending"), (3, "unknown_source_down")):
        then = now() + timedelta(days=later)
        await inside(databases, partial(_judge, duty["id"], then))
        assert (await read(projects, as_, duty))["verdict"] == expected
    day = duty["formed_on"]
    await see(databases, duty["id"], day, observed_at=at(last))
    assert await verdict(projects, as_, duty) == "on_time: seen_in_time"


@pytest.mark.parametrize(
    ("gone_after", "expected"),
    [(3, "withdrawn: taken_down_early"), (4, "unknown: stay_not_known")],
)
async def test_what_is_taken_down_too_early_is_a_fault_only_if_that_is_sure(
    projects: httpx.AsyncClient,
    as_: Headers,
    shown: Any,
    databases: Databases,
    gone_after: int,
    expected: str,
) -> None:
    duty = await shown(6)
    gone = at(date.fromisoformat(duty["formed_on"]) + timedelta(days=gone_after))

    async def take_down(session: RoomSession) -> None:
        url = "https://example.gov.cn/t1.htm"
        await observing.record_gone(session, UUID(duty["id"]), url, gone, now(), actor="test")

    await inside(databases, take_down)
    assert await verdict(projects, as_, duty) == expected
    assert said(await proof_of(projects, duty["id"], as_("auditor"))) == []


async def test_a_duty_about_no_project_says_what_it_is_about_and_is_recorded_once(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect
) -> None:
    rows = await sql("projects")
    unit = await make.unit(rows)
    body = make.event("", unit, "2026-03-02", item_code="FB-03") | {"subject": "2026年部门预算"}
    del body["project_code"]
    made = await make.duty(projects, as_("system"), body)
    assert (made["project_code"], made["subject"]) == (None, "2026年部门预算")
    assert made["due_on"] == "2026-03-23"
    proof = await proof_of(projects, made["id"], as_("auditor"))
    assert said(proof) == []
    assert json.loads(proof["duty.json"])["subject"] == "2026年部门预算"
    again = await projects.post("/api/v1/events", json=body, headers=as_("system"))
    assert (again.status_code, again.json()["duties"]) == (409, [made["id"]])
    other = await make.duty(projects, as_("system"), body | {"subject": "2025年部门决算"})
    assert other["id"] != made["id"]
    listed = await projects.get("/api/v1/duties", params={"unit": unit}, headers=as_("auditor"))
    subjects = {duty["subject"] for duty in listed.json()["items"]}
    assert subjects == {"2026年部门预算", "2025年部门决算"}
    detail = await projects.get(f"/api/v1/duties/{made['id']}", headers=as_("auditor"))
    assert detail.json()["project_name"] == "2026年部门预算"
    nothing = {key: value for key, value in body.items() if key != "subject"}
    refused = await projects.post("/api/v1/events", json=nothing, headers=as_("system"))
    assert refused.json()["errors"][0]["pointer"] == "/body/project_code"


def test_what_a_duty_is_about_is_called_no_projects_code_in_events() -> None:
    subject, duty_id = "2026年部门预算", uuid4()
    row = MovedVerdict(
        duty_id=duty_id, unit_code="D01", from_verdict=None, to_verdict=Verdict.OVERDUE,
        reason=Reason.PROVEN_ABSENT, over_by=3, unit_name="财政局", project_code="",
        subject=subject, project_name=subject, item_code="FB-03", item_name="预算",
        due_on=date(2026, 3, 23),
    )  # fmt: skip
    moved = [each.event for each in auditing.events_of(row, date(2026, 3, 26), now(), 1)]
    duty = Candidate(duty_id, "D01", subject, subject, "FB-03", None, None, subject=subject)
    page = SimpleNamespace(url="https://a.cn/", claimed_at=None, claimed_from=None)
    page.content_seen_at = now()
    seen = [sightings.found(page, duty, 1), sightings.withdrawn(page, duty, now())]  # type: ignore[arg-type]
    for event in [*moved, *(each.event for each in seen)]:
        body = event.model_dump()
        assert (body["project_code"], body["subject"]) == ("", subject), event.type


async def test_two_units_that_owe_one_document_owe_it_each(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    made = []
    for _ in range(2):
        body = make.event("", await make.unit(rows), "2026-11-27", doc_no="宁政〔2026〕9号")
        body |= {"project_code": None, "subject": "关于联合监管的通知", "item_code": "GEN-01"}
        made.append(await make.duty(projects, as_("system"), body))
    await see(databases, made[0]["id"], "2026-11-28")
    assert (await read(projects, as_, made[0]))["verdict"] == "on_time"
    assert (await read(projects, as_, made[1]))["verdict"] == "pending"


async def test_an_interpretation_begins_on_the_day_its_policy_is_published(
    projects: httpx.AsyncClient, as_: Headers, sql: Connect, databases: Databases
) -> None:
    rows = await sql("projects")
    body = make.event("", await make.unit(rows), "2026-03-02", item_code="GEN-01")
    body |= {"project_code": None, "subject": "关于公共数据的办法"}
    policy = await make.duty(projects, as_("system"), body)
    body |= {"item_code": "PR-02-01", "on": None, "with_duty_id": policy["id"]}
    goes_with = await make.duty(projects, as_("system"), body)
    assert (goes_with["formed_on"], goes_with["verdict"]) == (None, "unknown")
    await see(databases, policy["id"], "2026-03-10")
    await inside(databases, lambda session: following.follow(session, now()))
    found = await read(projects, as_, goes_with)
    assert (found["formed_on"], found["due_on"]) == ("2026-03-10", "2026-03-10")
    await see(databases, goes_with["id"], "2026-03-11")
    assert await verdict(projects, as_, goes_with) == "late: claim_after_due"
    proof = await proof_of(projects, goes_with["id"], as_("auditor"))
    assert said(proof) == []
    assert json.loads(proof["duty.json"])["follows"]["duty_id"] == policy["id"]
    await see(databases, policy["id"], "2026-03-11", observed_at=now() + timedelta(minutes=1))
    of_its_own = {"item_code": "GEN-01", "subject": "另一份文件", "on": "2026-03-02"}
    for wrong in ({"with_duty_id": "01993f6a-6c00-7abc-8def-0123456789ab"}, of_its_own):
        refused = await projects.post("/api/v1/events", json=body | wrong, headers=as_("system"))
        assert refused.json()["errors"][0]["pointer"] == "/body/with_duty_id"


@pytest.mark.parametrize(
    ("leader", "own", "begins_on", "expected"),
    [
        ({"claim_kind": ClaimKind.LIST}, {"claimed": "2026-03-21"}, "2026-03-20", "late"),
        ({"claim_kind": ClaimKind.LIST}, {"claimed": "2026-03-20"}, "2026-03-20", "on_time"),
        ({"claim_kind": ClaimKind.LIST}, {"claimed": "2026-03-19"}, None, "unknown"),
        ({"contradicted": True}, {"claimed": "2026-03-20"}, "2026-03-20", "on_time"),
        ({}, {"claimed": "2026-03-02"}, "2026-03-02", "on_time"),
        ({}, {"claimed": None}, "2026-03-02", "unknown"),
        ({}, {"claimed": "2026-03-01"}, None, "unknown"),
    ],
)
async def test_what_a_list_says_starts_no_clock_and_nobody_is_early_for_what_was_seen_late(
    projects: httpx.AsyncClient,
    as_: Headers,
    sql: Connect,
    databases: Databases,
    leader: dict[str, Any],
    own: dict[str, Any],
    begins_on: str | None,
    expected: str,
) -> None:
    """The policy, said to be of 2 March, is seen on the 20th, the interpretation a day later."""
    rows = await sql("projects")
    body = make.event("", await make.unit(rows), "2026-03-01", item_code="GEN-01")
    body |= {"project_code": None, "subject": "关于公共数据的办法"}
    policy = await make.duty(projects, as_("system"), body)
    body |= {"item_code": "PR-02-01", "on": None, "with_duty_id": policy["id"]}
    goes_with = await make.duty(projects, as_("system"), body)
    seen_at = at(date(2026, 3, 20))
    await see(databases, policy["id"], "2026-03-02", observed_at=seen_at, **leader)
    await see(databases, goes_with["id"], own["claimed"], observed_at=at(date(2026, 3, 21)))
    await inside(databases, lambda session: following.follow(session, now()))
    found = await read(projects, as_, goes_with)
    assert (found["formed_on"], found["verdict"]) == (begins_on, expected)
    assert said(await proof_of(projects, goes_with["id"], as_("auditor"))) == []
    assert await inside(databases, lambda session: following.follow(session, now())) == 0
