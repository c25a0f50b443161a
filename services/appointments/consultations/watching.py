"""What happens to consultations as time passes: reminders, escalation, a calendar that changes."""

from datetime import datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.consultations import queries, rules, service
from services.appointments.consultations.events import ConsultationDueSoon
from services.appointments.consultations.queries import SeenConsultation
from services.appointments.consultations.workflow import WORKFLOW, ConsultationAction
from shared.clock import today
from shared.database import calendar_days
from shared.database.versioned import swap
from shared.workdays import Workdays, in_office_hours

BATCH = queries.BATCH


async def watch(session: AsyncSession, now: datetime) -> int:
    """Remind of what ends, escalate what is late, in office hours of working days only.

    Returns how many consultations were concerned.
    """
    calendar = await calendar_days.load(session)
    if not in_office_hours(now, calendar):
        return 0
    late = await queries.late(session, today(now))
    for found in late:
        await _escalate(session, found, now, calendar)
    ending = await queries.ending(session, today(now))
    for found in ending:
        await _remind(session, found, now)
    return len(late) + len(ending)


async def _escalate(
    session: AsyncSession, found: SeenConsultation, now: datetime, calendar: Workdays
) -> None:
    one = found.consultation
    move = WORKFLOW[one.state, ConsultationAction.ESCALATE]
    changes = service.escalation(one, now, calendar)
    one = await swap(session, one, {"state": move.to, **changes})
    silent = rules.silent(found.departments)
    await service.publish(session, one, move.event, now, level=one.level, silent=silent)


async def _remind(session: AsyncSession, found: SeenConsultation, now: datetime) -> None:
    """Each department once, and once of the answer; whom it was late for is escalated instead."""
    one, day = found.consultation, today(now)
    for asked in found.departments:
        if asked.opined_at is None and asked.remind_on is not None and asked.remind_on <= day:
            await swap(session, asked, {"remind_on": None}, state="stance")
            if not rules.is_late(asked, day):
                facts = {"department_code": asked.department_code, "ends_on": asked.due_on}
                await service.publish(session, one, ConsultationDueSoon, now, **facts)
    if one.remind_on is not None and one.remind_on <= day:
        one = await swap(session, one, {"remind_on": None})
        if not rules.is_late(one, day):
            facts = {"department_code": None, "ends_on": one.due_on}
            await service.publish(session, one, ConsultationDueSoon, now, **facts)


async def recompute(session: AsyncSession, now: datetime) -> int:
    """The days of all that are not ended, by the calendar as it is now; returns how many moved."""
    calendar, moved = await calendar_days.load(session), 0
    for found in await queries.live(session):
        one = found.consultation
        changes = _moved(one, one.answer_days, one.remind_days, calendar)
        if changes:
            await swap(session, one, changes)
        for asked in found.departments:
            others = _moved(asked, one.opinion_days, one.remind_days, calendar)
            if others and asked.opined_at is None:
                await swap(session, asked, others, state="stance")
                changes |= others
        moved += bool(changes)
    return moved


def _moved(limited: Any, n: int, remind_before: int, calendar: Workdays) -> dict[str, Any]:
    """What is new of a limit that is counted from `base_on`; one reminded of is not again."""
    limit = rules.limit(limited.base_on, n, remind_before, calendar)
    if (limited.due_on, limited.provisional) == limit.due:
        return {}
    changes = {"due_on": limit.due.on, "provisional": limit.due.provisional}
    return changes if limited.remind_on is None else {**changes, "remind_on": limit.remind_on}
