"""The SQL of alarms."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.alarms.models import Alarm, AlarmState
from services.appointments.alarms.workflow import WORKFLOW, AlarmAction
from services.appointments.policies.schemas import FloorTerms
from services.appointments.queueing.models import WindowAtWork, WindowState
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded
from shared.database.transitions import sources

_ESCALATED = [row.state for row in WORKFLOW.of(AlarmAction.ESCALATE)]
_WINDOW = f"""
SELECT w.hall_code, w.no, coalesce(p.version, 0), (p.floor ->> 'acknowledge_seconds')::int,
  (p.floor ->> 'resolve_minutes')::int, {columns(Alarm, "a")}
FROM "window" w
LEFT JOIN LATERAL (SELECT b.version, b.floor FROM booking_policy b WHERE b.hall_code = w.hall_code
  ORDER BY b.version DESC LIMIT 1) p ON true
LEFT JOIN alarm a ON a.window_id = w.id
  AND a.state IN ({sources(WORKFLOW.of(AlarmAction.ACKNOWLEDGE))})
WHERE w.id = $1
"""


class AlarmWindow(NamedTuple):
    """A window, for how long an alarm there may wait, and last, by the policy in force, and the one
    that nobody has acknowledged yet."""

    hall_code: str
    no: int
    policy_version: int
    acknowledge_seconds: int
    resolve_minutes: int
    present: Alarm | None


class AlarmFilter(NamedTuple):
    """Which of the alarms that the caller may see; None: all of them."""

    hall: str | None = None
    state: AlarmState | None = None
    is_open: bool | None = None


async def window(direct: DirectPool, window_id: UUID) -> AlarmWindow | None:
    """All that an alarm at the window goes by, in one reading."""
    record = await direct.fetchrow(_WINDOW, window_id)
    if record is None:
        return None
    hall, no, version, seconds, minutes, *alarm = record
    present = loaded(Alarm, alarm) if alarm[0] is not None else None
    terms = FloorTerms()
    limits = (seconds or terms.acknowledge_seconds, minutes or terms.resolve_minutes)
    return AlarmWindow(hall, no, version, *limits, present)


async def with_clerk(session: AsyncSession, alarm_id: UUID) -> tuple[Alarm, str | None] | None:
    """The alarm, and the account that works at its window now."""
    is_there = (col(WindowAtWork.window_id) == Alarm.window_id) & col(WindowAtWork.state).in_(
        [WindowState.OPEN, WindowState.PAUSED, WindowState.DRAINING]
    )
    rows = select(Alarm, WindowAtWork.account).outerjoin(WindowAtWork, is_there)
    found = (await session.exec(rows.where(col(Alarm.id) == alarm_id))).one_or_none()
    return None if found is None else (found[0], found[1])


async def page(
    session: AsyncSession,
    *,
    places: Collection[str] | None,
    wanted: AlarmFilter,
    before: UUID | None,
    limit: int,
) -> Sequence[Alarm]:
    """Those of the caller's halls (None: of all), newest first."""
    rows = select(Alarm).order_by(col(Alarm.id).desc()).limit(limit)
    if places is not None:
        rows = rows.where(col(Alarm.hall_code).in_(places))
    if wanted.hall is not None:
        rows = rows.where(col(Alarm.hall_code) == wanted.hall)
    if wanted.state is not None:
        rows = rows.where(col(Alarm.state) == wanted.state)
    if wanted.is_open is not None:
        ended = col(Alarm.state).in_(WORKFLOW.ends)
        rows = rows.where(~ended if wanted.is_open else ended)
    if before is not None:
        rows = rows.where(col(Alarm.id) < before)
    return (await session.exec(rows)).all()


async def overdue(session: AsyncSession, now: datetime, limit: int) -> Sequence[Alarm]:
    """Those that nobody has acknowledged, or ended, in time, the longest waiting first, locked;
    what somebody is just seeing to is left to them."""
    rows = (
        select(Alarm)
        .where(col(Alarm.state).in_(_ESCALATED), col(Alarm.escalate_at) <= now)
        .order_by(col(Alarm.escalate_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.exec(rows)).all()
