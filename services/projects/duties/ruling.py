"""Rulings on a duty: exempt, dispute, extend, suspend, restore; each with its document."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.duties import queries
from services.projects.duties.models import Duty, DutyRuling, Hold, RulingKind
from services.projects.duties.schemas import Exemption, Extension, Ruling
from services.projects.duties.service import may_see
from shared import clock
from shared.errors import NotFound, StateConflict
from shared.security import audit_log
from shared.security.identity import Caller
from shared.workdays import CalendarUnknown

FROM: dict[RulingKind, frozenset[Hold]] = {
    RulingKind.EXEMPT: frozenset({Hold.NONE, Hold.DISPUTED, Hold.SUSPENDED}),
    RulingKind.DISPUTE: frozenset({Hold.NONE}),
    RulingKind.EXTEND: frozenset({Hold.NONE, Hold.SUSPENDED}),
    RulingKind.SUSPEND: frozenset({Hold.NONE}),
    RulingKind.RESTORE: frozenset({Hold.EXEMPT, Hold.DISPUTED, Hold.SUSPENDED}),
}
"""From which holds a ruling may be made."""

TO = {
    RulingKind.EXEMPT: Hold.EXEMPT,
    RulingKind.DISPUTE: Hold.DISPUTED,
    RulingKind.SUSPEND: Hold.SUSPENDED,
    RulingKind.RESTORE: Hold.NONE,
}


async def rule(
    session: AsyncSession,
    duty_id: UUID,
    kind: RulingKind,
    order: Ruling,
    now: dt.datetime,
    caller: Caller,
) -> None:
    """Make the ruling and judge the duty anew.

    Raises NotFound, or StateConflict if the duty moved since it was read or its state forbids it.
    """
    await auditing.take_turn(session)
    duty = next(iter(await queries.duties(session, [duty_id])), None)
    if duty is None or not may_see(caller, duty.unit_code):
        raise NotFound
    hold = TO.get(kind, duty.hold)
    days = await _days(session, duty, kind, order, now)
    due_ord = None if duty.due_ord is None else duty.due_ord + days
    changes = {"hold": hold, "due_ord": due_ord, "extended_by": duty.extended_by + days}
    allowed = duty.hold in FROM[kind] and duty.version == order.version
    if not allowed or not await queries.swap(session, duty_id, order.version, **changes):
        raise StateConflict(state=duty.hold, version=duty.version)
    await queries.put_standing(session, duty_id, hold=hold, due_ord=due_ord)
    session.add(_row(duty_id, kind, order, days, now, caller))
    await audit_log.write(
        session, caller.sub, f"duty.{kind}", f"duty:{duty_id}", now, {"document": order.document}
    )
    await auditing.judge_duties(session, [duty_id], now, actor=caller.sub)


def _row(
    duty_id: UUID, kind: RulingKind, order: Ruling, days: int, now: dt.datetime, caller: Caller
) -> DutyRuling:
    return DutyRuling(
        duty_id=duty_id,
        kind=kind,
        document=order.document,
        article=order.article if isinstance(order, Exemption) else None,
        reason=order.reason,
        days=days or None,
        ruled_at=now,
        ruled_by=caller.sub,
    )


async def _days(
    session: AsyncSession, duty: Duty, kind: RulingKind, order: Ruling, now: dt.datetime
) -> int:
    """By how many days the ruling moves the end of the clock.

    A clock that is restored after a suspension gets back the days for which it stood still.
    """
    if isinstance(order, Extension):
        return order.days
    if kind is not RulingKind.RESTORE or duty.hold is not Hold.SUSPENDED:
        return 0
    made: list[Any] = [
        ruling
        for ruling in await queries.rulings(session, duty.id)
        if ruling.kind is RulingKind.SUSPEND
    ]
    since, until = clock.today(made[-1].ruled_at), clock.today(now)
    if duty.basis == "calendar":
        return (until - since).days
    calendar = await calendars.load(session)
    try:
        return calendar.ord_start(until) - calendar.ord_start(since)
    except CalendarUnknown:
        return calendar.ord_start(calendar.last_day) - calendar.ord_start(since)
