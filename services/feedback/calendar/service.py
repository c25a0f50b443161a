"""A new holiday notice: stored, and every clock that it touches computed anew."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.feedback.calendar import queries
from services.feedback.calendar.contracts import CalendarChanged
from services.feedback.calendar.events import DeadlineMoved
from services.feedback.deadlines import rules
from services.feedback.deadlines import service as deadlines
from services.feedback.deadlines.models import Change, ClockState, Deadline
from shared import workdays
from shared.workdays import Workdays

_FIRST = UUID(int=0)


class Moved(NamedTuple):
    clock: Deadline
    due_on_before: date


async def learn_year(session: AsyncSession, notice: CalendarChanged, now: datetime) -> int:
    """Returns how many clocks moved. An older version of the notice changes nothing."""
    await workdays.learn(
        session,
        region=notice.region,
        year=notice.year,
        version=notice.version,
        notice=notice.notice,
        rest_days=notice.rest_days,
        working_weekends=notice.working_weekends,
    )
    calendar = await workdays.load(session, notice.region)
    total, after = 0, _FIRST
    while clocks := await queries.clocks_of_year(session, notice.region, notice.year, after):
        moved = [m for clock in clocks if (m := _recompute(clock, calendar, now)) is not None]
        await _tell(session, moved, notice.notice, now)
        total, after = total + len(moved), clocks[-1].id
    return total


def _recompute(clock: Deadline, calendar: Workdays, now: datetime) -> Moved | None:
    """None if the due date stays. A breach that the new date undoes is a running clock again."""
    due, before = rules.due_of(clock, calendar), clock.due_on
    if (due.on, due.provisional) == (before, clock.provisional):
        return None
    clock.due_on, clock.due_at, clock.provisional = due.on, due.at, due.provisional
    clock.reminded = 0
    if clock.state is ClockState.BREACHED and now < due.at:
        clock.state, clock.breached_at = ClockState.RUNNING, None
        clock.escalated_level = 0
    return Moved(clock, before)


async def _tell(session: AsyncSession, moved: list[Moved], notice: str, now: datetime) -> None:
    clocks = [clock for clock, _ in moved]
    await deadlines.changed(
        session, clocks, Change.RECOMPUTED, by="system", now=now, reason=notice[:200]
    )
    await deadlines.announce(
        session,
        [
            (_event(clock, before), clock.department_code, clock.subject_id)
            for clock, before in moved
        ],
    )


def _event(clock: Deadline, due_on_before: date) -> DeadlineMoved:
    return DeadlineMoved(
        deadline_id=clock.id,
        subject_kind=clock.subject_kind,
        subject_id=clock.subject_id,
        kind=clock.kind,
        department_code=clock.department_code,
        due_on_before=due_on_before,
        due_on=clock.due_on,
        provisional=clock.provisional,
    )
