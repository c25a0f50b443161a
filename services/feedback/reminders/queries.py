"""The sweeps over running clocks: one bounded statement each."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Update, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.deadlines.models import ClockState, Deadline, PolicyKind, SubjectKind
from services.feedback.deadlines.rules import CITIZENS_CLOCKS
from services.feedback.deadlines.workflow import CLOCKS, ClockAction

SWEEP = 1000
"""Clocks taken at a time: keeps statements short and rows locked for a moment only."""


_RUNNING, _BREACHED = CLOCKS.leads(ClockAction.BREACH)


class SweptClock(NamedTuple):
    """What an event about a clock says."""

    deadline_id: UUID
    subject_kind: SubjectKind
    subject_id: UUID
    kind: PolicyKind
    department_code: str
    due_on: date


_COLUMNS: tuple[Any, ...] = (
    col(Deadline.id).label("deadline_id"),
    col(Deadline.subject_kind),
    col(Deadline.subject_id),
    col(Deadline.kind),
    col(Deadline.department_code),
    col(Deadline.due_on),
)
"""The columns of a SweptClock, in its order."""


async def regions(session: AsyncSession) -> Sequence[str]:
    """The regions that have running clocks: each has its own office days."""
    running = select(col(Deadline.region)).where(col(Deadline.state) == ClockState.RUNNING)
    return (await session.execute(running.distinct())).scalars().all()


async def breach(session: AsyncSession, region: str, now: datetime) -> Sequence[SweptClock]:
    """Up to SWEEP running clocks past their time become breached.

    A provisional limit is not known to have passed, and the citizen's own clocks breach nothing.
    """
    return await _sweep(
        session,
        (
            col(Deadline.region) == region,
            col(Deadline.state).in_(_RUNNING),
            col(Deadline.due_at) <= now,
            col(Deadline.provisional).is_(False),
        ),
        update(Deadline).values(
            state=_BREACHED, breached_at=now, version=col(Deadline.version) + 1
        ),
    )


async def remind(
    session: AsyncSession, region: str, *, due_before: date, started_before: date, reminder: int
) -> Sequence[SweptClock]:
    """Up to SWEEP running clocks that end before a day and have not had this reminder yet."""
    return await _sweep(
        session,
        (
            col(Deadline.region) == region,
            col(Deadline.state) == ClockState.RUNNING,
            col(Deadline.due_on) < due_before,
            col(Deadline.base_on) < started_before,
            col(Deadline.reminded) < reminder,
        ),
        update(Deadline).values(reminded=reminder),
    )


async def _sweep(
    session: AsyncSession, chosen: Iterable[ColumnElement[bool]], change: Update
) -> Sequence[SweptClock]:
    """Rows that another transaction works on are left for the next sweep."""
    ids = (
        select(col(Deadline.id))
        .where(
            col(Deadline.kind).not_in(CITIZENS_CLOCKS),
            *chosen,
        )
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    changed = change.where(col(Deadline.id).in_(ids)).returning(*_COLUMNS)
    unsynchronised = {"synchronize_session": False}
    swept = await session.execute(changed, execution_options=unsynchronised)
    return [SweptClock(*row) for row in swept]
