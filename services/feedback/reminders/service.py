"""The watch over all running clocks, in office hours of working days only."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines import history, rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.history import BreachedClock
from services.feedback.deadlines.models import PolicyKind
from services.feedback.reminders import queries
from services.feedback.reminders.events import DeadlineBreached, DeadlineDueSoon
from services.feedback.reminders.queries import SweptClock
from shared.clock import today
from shared.database import calendar_days
from shared.database.engine import Sessions
from shared.messaging import outbox
from shared.messaging.events import Event
from shared.workdays import Workdays, in_office_hours

EARLY, LAST = 1, 2
"""The two reminders a clock gets: some working days before its end, and on its last day."""


async def watch(sessions: Sessions, now: datetime) -> int:
    """Breach all that is over and remind of all that is near, in short transactions.

    Returns how many clocks were concerned.
    """
    total = 0
    while True:
        async with sessions() as session, session.begin():
            concerned = await sweep(session, now)
        if not concerned:
            return total
        total += concerned


async def sweep(session: AsyncSession, now: datetime) -> int:
    """One round: of each region and each kind of message a bounded number."""
    concerned = 0
    for region in await queries.regions(session):
        calendar = await calendar_days.load(session, region)
        is_open = in_office_hours(now, calendar)
        if is_open and not await deadlines.awaits_recomputing(session, region):
            concerned += await _breach(session, region, now)
            concerned += await _remind(session, region, now, calendar)
    return concerned


async def _breach(session: AsyncSession, region: str, now: datetime) -> int:
    breached = await queries.breach(session, region, now)
    over = [BreachedClock(clock.deadline_id, clock.due_on) for clock in breached]
    await history.breached(session, over, now)
    return await _publish(session, breached, DeadlineBreached)


async def _remind(session: AsyncSession, region: str, now: datetime, calendar: Workdays) -> int:
    """A clock that began today is not reminded of early: its reader has just seen it."""
    before = (await deadlines.policy(session, PolicyKind.REMIND_BEFORE, now, region)).n
    ends_now, ends_soon = rules.reminder_bounds(now, before, calendar)
    last = await queries.remind(
        session, region, due_before=ends_now, started_before=ends_now, reminder=LAST
    )
    early = await queries.remind(
        session, region, due_before=ends_soon, started_before=today(now), reminder=EARLY
    )
    published = await _publish(session, last, DeadlineDueSoon, is_last_day=True)
    return published + await _publish(session, early, DeadlineDueSoon, is_last_day=False)


async def _publish(
    session: AsyncSession, clocks: Sequence[SweptClock], event: type[Event], **more: bool
) -> int:
    events = [
        outbox.Addressed(
            event(**clock._asdict(), **more), clock.department_code, str(clock.subject_id)
        )
        for clock in clocks
    ]
    await outbox.record_many(session, events)
    return len(events)
