"""Reminders and breaches: in office hours of working days only, each once, and all of them."""

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import ClockState, PolicyKind, SubjectKind
from services.feedback.deadlines.service import Subject
from services.feedback.reminders.events import DeadlineBreached, DeadlineDueSoon
from services.feedback.reminders.service import sweep
from shared.ids import new_id
from tests.feedback.clock_helpers import in_hand
from tests.feedback.isolated_service import all_of, at, many_clocks, new_code, outbox


async def start(
    session: AsyncSession,
    department: str,
    kind: PolicyKind = PolicyKind.REPLY_CONSULTATION,
    when: str = "2025-03-03 10:00",
) -> Subject:
    """A clock of five working days: from Monday 2025-03-03 to Monday the 10th."""
    subject = Subject(SubjectKind.LETTER, new_id())
    await deadlines.start(
        session, subject, kind, department_code=department, by="system", now=at(when)
    )
    return subject


async def breached(session: AsyncSession, subject: Subject) -> bool:
    [clock] = await deadlines.of(session, subject)
    return clock.state is ClockState.BREACHED


async def test_a_passed_limit_is_breached_once(session: AsyncSession) -> None:
    department = new_code()
    subject = await start(session, department)
    await all_of(sweep, session, "2025-03-10 17:29")
    assert not await breached(session, subject)
    for moment in ("2025-03-11 08:30", "2025-03-11 08:31", "2025-03-12 10:00"):
        await all_of(sweep, session, moment)
    assert await breached(session, subject)
    [event] = await outbox(session, DeadlineBreached, department)
    assert event["subject_id"] == str(subject.id)
    assert event["due_on"] == "2025-03-10"


@pytest.mark.parametrize(
    "moment",
    [
        "2025-03-11 08:29",
        "2025-03-11 17:30",
        "2025-03-15 10:00",  # Saturday
        "2025-04-04 10:00",  # Qingming
        "2027-03-11 10:00",  # a year without its notice
    ],
)
async def test_nobody_is_disturbed_out_of_office_hours(session: AsyncSession, moment: str) -> None:
    department = new_code()
    subject = await start(session, department)
    await all_of(sweep, session, moment)
    assert not await breached(session, subject)
    assert not await outbox(session, DeadlineDueSoon, department)


async def test_a_saturday_at_work_is_a_working_day(session: AsyncSession) -> None:
    subject = await start(session, new_code(), when="2025-04-10 10:00")
    await all_of(sweep, session, "2025-04-27 09:00")  # 劳动节调休
    assert await breached(session, subject)


async def test_two_reminders_two_working_days_before_and_on_the_last_day(
    session: AsyncSession,
) -> None:
    department = new_code()
    await start(session, department)
    told = []
    for day in ("03", "04", "05", "06", "07", "10"):
        for hour in ("09:00", "16:00"):
            await all_of(sweep, session, f"2025-03-{day} {hour}")
        events = await outbox(session, DeadlineDueSoon, department)
        told.append([event["is_last_day"] for event in events])
    assert told == [[], [], [], [False], [False], [False, True]]


async def test_a_limit_of_one_day_is_reminded_of_on_its_last_day_only(
    session: AsyncSession,
) -> None:
    department = new_code()
    await start(session, department, PolicyKind.RATING_CONTACT)
    for moment in ("2025-03-03 10:01", "2025-03-04 09:00"):
        await all_of(sweep, session, moment)
    [event] = await outbox(session, DeadlineDueSoon, department)
    assert event["is_last_day"]


async def test_the_citizens_clocks_and_paused_ones_are_left_alone(session: AsyncSession) -> None:
    department = new_code()
    waiting = await start(session, department, PolicyKind.AWAIT_CITIZEN)
    paused = await start(session, department)
    async with in_hand(session, paused, at("2025-03-04 10:00")) as clocks:
        clocks.pause()
    await all_of(sweep, session, "2025-03-20 10:00")
    assert not await breached(session, waiting)
    assert not await breached(session, paused)
    assert not await outbox(session, DeadlineDueSoon, department)


async def test_a_provisional_limit_is_never_breached(session: AsyncSession) -> None:
    subject = await start(session, new_code(), PolicyKind.REPLY_COMPLAINT, "2026-12-21 10:00")
    [clock] = await deadlines.of(session, subject)
    assert clock.provisional
    await session.execute(
        text("UPDATE deadline SET due_at = now() - interval '1 year' WHERE id = :id"),
        {"id": clock.id},
    )
    await all_of(sweep, session, "2026-12-31 10:00")
    await session.refresh(clock)
    assert clock.state is ClockState.RUNNING


async def test_ten_thousand_passed_limits_are_all_breached(session: AsyncSession) -> None:
    department = new_code()
    await many_clocks(session, 10_000, department, due_on="2025-03-10")
    await all_of(sweep, session, "2025-03-11 09:00")
    count = await session.execute(
        text("SELECT state, count(*) FROM deadline WHERE department_code = :d GROUP BY state"),
        {"d": department},
    )
    assert [tuple(row) for row in count.all()] == [("breached", 10_000)]
    assert len(await outbox(session, DeadlineBreached, department)) == 10_000
