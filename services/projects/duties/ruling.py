"""Rulings on a duty: exempt, set aside, extend, suspend, restore; each with its document."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import service as auditing
from services.projects.calendar import service as calendars
from services.projects.duties import queries
from services.projects.duties.models import Duty, DutyRuling, RulingKind
from services.projects.duties.schemas import Exemption, Extension, Ruling
from services.projects.duties.service import may_see
from services.projects.duties.workflow import SUSPENDING, WORKFLOW, AddedDays, RulingStep
from shared import clock
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workdays import CalendarUnknown
from shared.workflow import refuse

_NOTHING_TO_DISPUTE = Text(
    "期限已中止，现在没有结论可提出异议；恢复监察后可以提出",
    "The clock is suspended and there is no finding to dispute; it can be disputed once restored",
)


async def rule(
    session: AsyncSession,
    duty_id: UUID,
    kind: RulingKind,
    order: Ruling,
    now: datetime,
    caller: Caller,
) -> None:
    """Make the ruling and judge the duty anew.

    Raises NotFound, or StateConflict if the duty moved since it was read or its state forbids it.
    """
    await auditing.take_turn(session)
    duty = next(iter(await queries.duties(session, [duty_id])), None)
    if duty is None or not may_see(caller, duty.unit_code):
        raise NotFound
    versions.ensure(order.version, version=duty.version, state=duty.hold)
    step = WORKFLOW.take(duty.hold, duty.version, kind, caller.roles)
    days = await _days(session, duty, step, order, now)
    due_ord = None if duty.due_ord is None else duty.due_ord + days
    moved = {"due_ord": due_ord, "extended_by": duty.extended_by + days}
    await swap(session, duty, {"hold": step.to, **moved}, state="hold")
    await queries.put_standing(session, duty_id, hold=step.to, due_ord=due_ord)
    session.add(_row(duty_id, kind, order, days, now, caller))
    await audit_log.write(
        session, caller.sub, f"duty.{kind}", f"duty:{duty_id}", now, {"document": order.document}
    )
    await auditing.judge_duties(session, [duty_id], now, actor=caller.sub)


async def note_dispute(session: AsyncSession, duty_id: UUID, version: int, caller: Caller) -> Duty:
    """The duty with its next version, for an open dispute changes what is shown, not how it stands.

    Raises NotFound, or StateConflict if the duty moved since it was read, or is not in the
    ordinary course.
    """
    duty = next(iter(await queries.duties(session, [duty_id])), None)
    if duty is None or not may_see(caller, duty.unit_code):
        raise NotFound
    step = WORKFLOW.find(duty.hold, duty.version, RulingKind.DISPUTE, caller.roles)
    if not step.is_opened:
        refuse(duty.hold, duty.version, _NOTHING_TO_DISPUTE)
    versions.ensure(version, version=duty.version, state=duty.hold)
    return await swap(session, duty, {}, state="hold")


async def uphold_dispute(
    session: AsyncSession, duty_id: UUID, document: str, reason: str, now: datetime, caller: Caller
) -> None:
    """The finding no longer counts, nor once a suspension would have brought it back; what was
    exempted meanwhile stays so."""
    [duty] = await queries.duties(session, [duty_id])
    if WORKFLOW.get(duty.hold, RulingKind.DISPUTE) is not None:
        order = Ruling(document=document, reason=reason, version=duty.version)
        await rule(session, duty_id, RulingKind.DISPUTE, order, now, caller)


def _row(
    duty_id: UUID, kind: RulingKind, order: Ruling, days: int, now: datetime, caller: Caller
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
    session: AsyncSession, duty: Duty, step: RulingStep, order: Ruling, now: datetime
) -> int:
    """By how many days the ruling moves the end of the clock."""
    match step.days:
        case AddedDays.ORDERED if isinstance(order, Extension):
            return order.days
        case AddedDays.STOOD_STILL:
            return await _stood_still(session, duty, now)
    return 0


async def _stood_still(session: AsyncSession, duty: Duty, now: datetime) -> int:
    """The days of the duty's clock since it was suspended, as far as the calendar is known."""
    rulings = await queries.rulings(session, duty.id)
    suspended = [each.ruled_at for each in rulings if each.kind in SUSPENDING]
    since, until = clock.today(suspended[-1]), clock.today(now)
    if duty.basis == "calendar":
        return (until - since).days
    calendar = await calendars.load(session)
    try:
        return calendar.ord_start(until) - calendar.ord_start(since)
    except CalendarUnknown:
        return calendar.ord_start(calendar.last_day) - calendar.ord_start(since)
