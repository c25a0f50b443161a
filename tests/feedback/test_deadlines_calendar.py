"""A holiday notice comes or changes: provisional dates become certain, and only those are told."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.calendar.contracts import CalendarChanged
from services.feedback.calendar.events import DeadlineMoved
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import ClockState, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from tests.feedback.aside import at, new_code, outbox
from tests.feedback.wire import Wire
from tests.support import eventually

REST_2027 = ["2027-01-01", *(f"2027-02-{day:02}" for day in range(8, 13))]
Sql = Callable[[str], Awaitable[asyncpg.Connection]]


def notice(region: str, version: int = 1, rest_days: list[str] | None = None) -> CalendarChanged:
    return CalendarChanged.model_validate(
        {
            "region": region,
            "year": 2027,
            "version": version,
            "notice": "关于 2027 年部分节假日安排的通知",
            "rest_days": REST_2027 if rest_days is None else rest_days,
            "working_weekends": ["2027-02-06"],
        }
    )


async def start(
    session: AsyncSession, department: str, region: str, when: str = "2026-12-21 10:00"
) -> Subject:
    """A clock of fifteen working days, provisionally due on 2027-01-11."""
    subject = Subject(SubjectKind.LETTER, uuid4())
    await deadlines.start(
        session,
        subject,
        PolicyKind.REPLY_COMPLAINT,
        department_code=department,
        by="system",
        now=at(when),
        region=region,
    )
    return subject


async def test_a_provisional_date_becomes_certain_when_the_notice_comes(
    session: AsyncSession,
) -> None:
    region, department = new_code(""), new_code()
    subject = await start(session, department, region)
    [clock] = await deadlines.of(session, subject)
    assert (str(clock.due_on), clock.provisional) == ("2027-01-11", True)
    assert await calendar.learn_year(session, notice(region), at("2026-12-22 10:00")) == 1
    [clock] = await deadlines.of(session, subject)
    assert (str(clock.due_on), clock.provisional) == ("2027-01-12", False)
    assert clock.due_at == at("2027-01-13 00:00")


async def test_only_changed_limits_are_told(session: AsyncSession) -> None:
    region, department, settled = new_code(""), new_code(), new_code()
    subject = await start(session, department, region)
    await start(session, settled, region, when="2026-11-23 10:00")  # ends in 2026
    await start(session, settled, new_code(""))  # elsewhere
    for version in (1, 1, 2):
        await calendar.learn_year(session, notice(region, version), at("2026-12-22 10:00"))
    [told] = await outbox(session, DeadlineMoved, department)
    assert told["subject_id"] == str(subject.id)
    assert (told["due_on_before"], told["due_on"]) == ("2027-01-11", "2027-01-12")
    assert not await outbox(session, DeadlineMoved, settled)


async def test_an_older_notice_changes_nothing(session: AsyncSession) -> None:
    region = new_code("")
    subject = await start(session, new_code(), region)
    await calendar.learn_year(session, notice(region, 2), at("2026-12-22 10:00"))
    await calendar.learn_year(session, notice(region, 1, rest_days=[]), at("2026-12-22 10:00"))
    [clock] = await deadlines.of(session, subject)
    assert str(clock.due_on) == "2027-01-12"


async def test_a_later_notice_undoes_a_breach(session: AsyncSession) -> None:
    """As on 2020-01-27: the holiday was lengthened while limits were running out."""
    region = new_code("")
    subject = await start(session, new_code(), region)
    await calendar.learn_year(session, notice(region), at("2026-12-22 10:00"))
    [clock] = await deadlines.of(session, subject)
    clock.state = ClockState.BREACHED
    await session.flush()
    longer = [*REST_2027, *(f"2027-01-{day:02}" for day in range(4, 15))]
    await calendar.learn_year(session, notice(region, 2, longer), at("2027-01-13 10:00"))
    [clock] = await deadlines.of(session, subject)
    assert (clock.state, str(clock.due_on)) == (ClockState.RUNNING, "2027-01-25")


async def test_a_notice_over_the_bus_moves_running_limits(
    feedback: httpx.AsyncClient, wire: Wire, sql: Sql
) -> None:
    region, department = new_code(""), new_code()
    owner = await sql("feedback")
    policy = await owner.fetchrow("SELECT id, kind FROM deadline_policy WHERE kind = 'reply_help'")
    assert policy is not None
    await owner.execute(_CLOCK, uuid4(), department, region, policy["id"])
    body: dict[str, Any] = notice(region).model_dump(mode="json")
    await wire.send("projects.calendar.changed.v1", "_", body)

    async def told() -> list[dict[str, Any]]:
        return await wire.heard(DeadlineMoved.type, department)

    [moved] = await eventually(told)
    assert moved["data"]["due_on"] == "2027-01-05"
    assert moved["data"]["provisional"] is False
    row = await owner.fetchrow("SELECT due_on, provisional FROM deadline WHERE region = $1", region)
    assert row is not None
    assert tuple(row) == (date(2027, 1, 5), False)


_CLOCK = """
    INSERT INTO deadline (id, subject_kind, subject_id, kind, department_code, region, state,
        version, policy_id, unit, n, extension_n, pauses, base_on, due_on, due_at, provisional,
        original_due_on, reminded, escalated_level, started_at)
    VALUES (gen_random_uuid(), 'letter', $1, 'reply_help', $2, $3, 'running', 1, $4, 'working_day',
        10, 0, '[]', date '2026-12-21', date '2027-01-04', timestamptz '2027-01-05 00:00+08', true,
        date '2027-01-04', 0, 0, now())
"""
