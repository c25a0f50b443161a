"""A holiday notice comes or changes: provisional dates become certain, and only those are told."""

import asyncio
from datetime import date
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.calendar import service as calendar
from services.feedback.calendar.contracts import CalendarChanged
from services.feedback.deadlines import queries, recomputing, rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.events import DeadlineMoved
from services.feedback.deadlines.models import ClockState, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.deadlines.views import clock_view
from services.feedback.reminders.service import sweep
from shared.database.engine import Sessions
from tests.feedback.event_helpers import EventClient
from tests.feedback.isolated_service import (
    IsolatedService,
    all_of,
    at,
    many_clocks,
    new_code,
    outbox,
)
from tests.support import Connect, eventually

_STORED = text("SELECT due_on, provisional FROM deadline WHERE subject_id = :id")
_DUE_DAYS = text("SELECT DISTINCT due_on FROM deadline WHERE region = :region ORDER BY due_on")
REST_2027 = ["2027-01-01", *(f"2027-02-{day:02}" for day in range(8, 13))]
LONGER = [*REST_2027, *(f"2027-01-{day:02}" for day in range(4, 15))]


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


class Dying:
    """Sessions of a process that dies in the middle of its third transaction."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions, self._left = sessions, 2

    def __call__(self) -> AsyncSession:
        session = self._sessions()
        if self._left == 0:
            event.listen(session.sync_session, "before_commit", self._die)
        self._left -= 1
        return session

    @staticmethod
    def _die(_: Any) -> None:
        raise ConnectionAbortedError


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


async def learn(session: AsyncSession, told: CalendarChanged, when: str) -> None:
    """The notice comes, and the job has worked it into every clock."""
    await calendar.learn_year(session, told, at(when))
    while found := await queries.outdated(session, 100):
        await recomputing.up_to_date(session, found, at(when))


async def stored(session: AsyncSession, subject: Subject) -> tuple[str, bool]:
    """The due date and its certainty as they stand in the table."""
    row = await session.execute(_STORED, {"id": subject.id})
    due_on, provisional = row.one()
    return str(due_on), provisional


async def shown(session: AsyncSession, subject: Subject) -> tuple[bool, bool]:
    """Whether lists show the due date as provisional: by that name, and by the old one."""
    [clock] = await deadlines.of(session, subject)
    answer = clock_view(clock, at("2026-12-22 10:00")).model_dump()
    return answer["due_on_is_provisional"], answer["provisional"]


async def test_a_provisional_date_becomes_certain_when_the_notice_comes(
    session: AsyncSession,
) -> None:
    region, department = new_code(""), new_code()
    subject = await start(session, department, region)
    assert await stored(session, subject) == ("2027-01-11", True)
    assert await shown(session, subject) == (True, True)
    await learn(session, notice(region), "2026-12-22 10:00")
    assert await stored(session, subject) == ("2027-01-12", False)
    assert await shown(session, subject) == (False, False)
    [clock] = await deadlines.of(session, subject)
    assert clock.due_at == at("2027-01-13 00:00")


async def test_only_changed_limits_are_told(session: AsyncSession) -> None:
    region, department, settled = new_code(""), new_code(), new_code()
    subject = await start(session, department, region)
    await start(session, settled, region, when="2026-11-23 10:00")  # ends in 2026
    await start(session, settled, new_code(""))  # elsewhere
    for version in (1, 1, 2):
        await learn(session, notice(region, version), "2026-12-22 10:00")
    [told] = await outbox(session, DeadlineMoved, department)
    assert told["subject_id"] == str(subject.id)
    assert (told["due_on_before"], told["due_on"]) == ("2027-01-11", "2027-01-12")
    assert not await outbox(session, DeadlineMoved, settled)


async def test_an_older_notice_changes_nothing(session: AsyncSession) -> None:
    region = new_code("")
    subject = await start(session, new_code(), region)
    await learn(session, notice(region, 2), "2026-12-22 10:00")
    await calendar.learn_year(session, notice(region, 1, rest_days=[]), at("2026-12-22 10:00"))
    assert not await deadlines.awaits_recomputing(session, region)
    assert await stored(session, subject) == ("2027-01-12", False)


async def test_a_later_notice_undoes_a_breach(session: AsyncSession) -> None:
    """As on 2020-01-27: the holiday was lengthened while limits were running out."""
    region = new_code("")
    subject = await start(session, new_code(), region)
    await learn(session, notice(region), "2026-12-22 10:00")
    [clock] = await deadlines.of(session, subject)
    clock.state = ClockState.BREACHED
    await session.flush()
    await learn(session, notice(region, 2, LONGER), "2027-01-13 10:00")
    [clock] = await deadlines.of(session, subject)
    assert (clock.state, str(clock.due_on)) == (ClockState.RUNNING, "2027-01-25")


async def test_a_date_is_shown_by_the_newest_notice_before_the_job_has_come_by(
    session: AsyncSession,
) -> None:
    region = new_code("")
    subject = await start(session, new_code(), region)
    await calendar.learn_year(session, notice(region), at("2026-12-22 10:00"))
    assert await stored(session, subject) == ("2027-01-11", True)
    [clock] = await deadlines.of(session, subject)
    assert (str(clock.due_on), clock.provisional) == ("2027-01-12", False)
    await session.flush()
    assert await stored(session, subject) == ("2027-01-11", True)


async def test_a_clock_is_met_by_the_newest_notice(session: AsyncSession) -> None:
    """The job leaves ended clocks alone, so what ends just now has to know the notice already."""
    region, department = new_code(""), new_code()
    subject = await start(session, department, region)
    await calendar.learn_year(session, notice(region), at("2026-12-22 10:00"))
    [met] = await deadlines.meet(session, subject, by="officer", now=at("2027-01-12 20:00"))
    assert await stored(session, subject) == ("2027-01-12", False)
    assert not rules.is_overdue(met, at("2027-01-20 10:00"))
    assert len(await outbox(session, DeadlineMoved, department)) == 1


async def test_nobody_is_pressed_while_a_notice_is_worked_in(session: AsyncSession) -> None:
    region = new_code("")
    subject = await start(session, new_code(), region)
    await learn(session, notice(region), "2026-12-22 10:00")
    await calendar.learn_year(session, notice(region, 2, LONGER), at("2027-01-15 09:00"))
    await all_of(sweep, session, "2027-01-18 10:00")
    [clock] = await deadlines.of(session, subject)
    assert clock.state is ClockState.RUNNING


async def test_thousands_of_clocks_are_recomputed_once_each_whatever_fails_in_between(
    isolated: IsolatedService,
) -> None:
    region, department, settled = new_code(""), new_code(), new_code()
    async with isolated.sessions() as session, session.begin():
        await many_clocks(session, 3500, department, due_on="2027-01-04", region=region)
        await many_clocks(session, 1500, settled, due_on="2026-12-07", region=region)
        await calendar.learn_year(session, notice(region), at("2026-12-22 10:00"))
    with pytest.raises(ConnectionAbortedError):
        await recomputing.recompute(
            cast(Sessions, Dying(isolated.sessions)), at("2026-12-22 10:00")
        )
    async with isolated.sessions() as session:
        assert 0 < len(await outbox(session, DeadlineMoved, department)) <= 2000
        assert await deadlines.awaits_recomputing(session, region)
    async with isolated.sessions() as session, session.begin():
        await calendar.learn_year(session, notice(region, 2), at("2026-12-22 10:01"))
    runs = [recomputing.recompute(isolated.sessions, at("2026-12-22 10:02")) for _ in range(2)]
    assert sum(await asyncio.gather(*runs)) == 5000
    async with isolated.sessions() as session:
        told = await outbox(session, DeadlineMoved, department)
        assert len({one["deadline_id"] for one in told}) == len(told) == 3500
        assert not await outbox(session, DeadlineMoved, settled)
        found = await session.execute(_DUE_DAYS, {"region": region})
        assert [str(day) for day in found.scalars()] == ["2026-12-07", "2027-01-05"]


async def test_a_notice_over_the_bus_moves_running_limits(
    feedback: httpx.AsyncClient, event_client: EventClient, sql: Connect
) -> None:
    region, department = new_code(""), new_code()
    owner = await sql("feedback")
    policy = await owner.fetchrow("SELECT id FROM deadline_policy WHERE kind = 'reply_help'")
    assert policy is not None
    await owner.execute(_CLOCK, uuid4(), department, region, policy["id"])
    body: dict[str, Any] = notice(region).model_dump(mode="json")
    await event_client.send("projects.calendar.changed.v1", "_", body)

    async def told() -> list[dict[str, Any]]:
        return await event_client.published(DeadlineMoved.type, department)

    [moved] = await eventually(told, seconds=15)
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
