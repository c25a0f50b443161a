"""The watch over all running clocks, in office hours of working days only."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.deadlines import rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Change, Deadline, PolicyKind
from services.feedback.reminders import queries
from services.feedback.reminders.events import DeadlineBreached, DeadlineDueSoon
from shared import workdays
from shared.clock import today

EARLY, LAST = 1, 2
"""The two reminders a clock gets: some working days before its end, and on its last day."""


async def watch(session: AsyncSession, now: datetime) -> int:
    """Breach what is over and remind of what is near; returns how many clocks were concerned."""
    concerned = 0
    for region in await queries.regions(session):
        calendar = await workdays.load(session, region)
        if not rules.in_office_hours(now, calendar):
            continue
        concerned += await _breach(session, region, now)
        before = (await deadlines.policy(session, PolicyKind.REMIND_BEFORE, now, region)).n
        ends_now, ends_soon = rules.reminder_bounds(now, before, calendar)
        concerned += await _remind(session, region, now, due_before=ends_now, reminder=LAST)
        concerned += await _remind(session, region, now, due_before=ends_soon, reminder=EARLY)
    return concerned


async def _breach(session: AsyncSession, region: str, now: datetime) -> int:
    total = 0
    while breached := await queries.breach(session, region, now):
        await deadlines.note(session, breached, Change.BREACHED, by="system", now=now)
        await deadlines.announce(
            session,
            [
                (DeadlineBreached(**_shown(clock)), clock.department_code, clock.subject_id)
                for clock in breached
            ],
        )
        total += len(breached)
    return total


async def _remind(
    session: AsyncSession, region: str, now: datetime, *, due_before: date, reminder: int
) -> int:
    """A clock that began today is not reminded of early: its reader has just seen it."""
    begun = today(now) if reminder == EARLY else due_before
    total = 0
    while near := await queries.remind(
        session, region, due_before=due_before, started_before=begun, reminder=reminder
    ):
        await _announce_end(session, near, is_last_day=reminder == LAST)
        total += len(near)
    return total


async def _announce_end(
    session: AsyncSession, near: Sequence[Deadline], *, is_last_day: bool
) -> None:
    await deadlines.announce(
        session,
        [
            (
                DeadlineDueSoon(is_last_day=is_last_day, **_shown(clock)),
                clock.department_code,
                clock.subject_id,
            )
            for clock in near
        ],
    )


def _shown(clock: Deadline) -> dict[str, Any]:
    return {
        "deadline_id": clock.id,
        "subject_kind": clock.subject_kind,
        "subject_id": clock.subject_id,
        "kind": clock.kind,
        "department_code": clock.department_code,
        "due_on": clock.due_on,
    }
