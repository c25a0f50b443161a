"""Rulings on a duty: exempt, set aside, extend, suspend, restore; each with its document."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing import deciding
from services.projects.auditing import service as auditing
from services.projects.auditing.models import VerdictEvent
from services.projects.duties import ordinals, seen
from services.projects.duties.models import DutyRuling, Hold, RulingKind
from services.projects.duties.schemas import Exemption, Extension, Ruling
from services.projects.duties.seen import SeenDuty
from services.projects.duties.service import may_see
from services.projects.duties.workflow import (
    WORKFLOW,
    AddedDays,
    RulingStep,
    SecondPerson,
)
from shared import clock
from shared.database import versioned
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

_NOTHING_TO_DISPUTE = Text(
    "期限已中止，现在没有结论可提出异议；恢复监察后可以提出",
    "The clock is suspended and there is no finding to dispute; it can be disputed once restored",
)


class Ruled(NamedTuple):
    """A duty as it is once a ruling on it is written: all in hand, for nothing of it is read."""

    seen: SeenDuty
    """What it was judged by, with its duty and its standing as they are then."""
    ruling: DutyRuling
    move: VerdictEvent | None


async def rule(
    session: AsyncSession,
    found: SeenDuty,
    step: RulingStep,
    order: Ruling,
    now: datetime,
    caller: Caller,
) -> Ruled:
    """Make the ruling and judge the duty anew. Raises StateConflict if the duty moved since it was
    read."""
    duty = found.duty
    versions.ensure(order.version, version=duty.version, state=duty.hold)
    await auditing.take_turn(session)
    return await _make(session, found, step, order, now, caller)


async def find(session: AsyncSession, duty_id: UUID, now: datetime, caller: Caller) -> SeenDuty:
    """The duty with all that an action on it goes by. Raises NotFound, also for another unit's."""
    found = await seen.find_duty(session, duty_id, now)
    if found is None or not may_see(caller, found.duty.unit_code):
        raise NotFound
    return found


async def note_dispute(
    session: AsyncSession, duty_id: UUID, version: int, now: datetime, caller: Caller
) -> SeenDuty:
    """The duty with its next version, for an open dispute changes what is shown, not how it stands.

    How it stands is held, for that is what is disputed. Raises NotFound, or StateConflict if the
    duty moved since it was read, or is not in the ordinary course.
    """
    found = await find(session, duty_id, now, caller)
    duty = found.duty
    step = WORKFLOW.find(duty.hold, duty.version, RulingKind.DISPUTE, caller.roles)
    if not step.is_opened:
        refuse(duty.hold, duty.version, _NOTHING_TO_DISPUTE)
    return await note(session, found, version)


def step_of(found: SeenDuty, kind: RulingKind, caller: Caller) -> RulingStep:
    """What the ruling would make of the duty. Raises StateConflict where its state forbids it."""
    duty = found.duty
    return WORKFLOW.take(duty.hold, duty.version, kind, caller.roles)


def is_for_two(found: SeenDuty, step: RulingStep, now: datetime) -> bool:
    """Whether one asks for that ruling and another makes it."""
    if step.second is not SecondPerson.ONCE_OVER:
        return step.second is SecondPerson.ALWAYS
    suspended_at = found.suspended_at if step.state is Hold.SUSPENDED else None
    since = clock.today(suspended_at or now)
    duty, by_days = found.duty, found.duty.basis == "calendar"
    return ordinals.is_over(duty.due_ord, since, found.calendar, by_days=by_days)


async def note(session: AsyncSession, found: SeenDuty, version: int) -> SeenDuty:
    """The duty with its next version, for what is asked for changes what is shown, not how it
    stands; that is held. Raises StateConflict if the duty moved since it was read."""
    duty = found.duty
    versions.ensure(version, version=duty.version, state=duty.hold)
    changed = await versioned.swap(session, duty, {}, state="hold")
    await versioned.hold(session, found.standing)
    return found._replace(duty=changed)


async def carry_out(
    session: AsyncSession,
    duty_id: UUID,
    kind: RulingKind,
    order: Ruling,
    now: datetime,
    caller: Caller,
) -> Ruled:
    """Make a ruling that another person asked for, on the duty as it is by now.

    Raises StateConflict where another ruling does not allow it any more.
    """
    await auditing.take_turn(session)
    found = await find(session, duty_id, now, caller)
    step = step_of(found, kind, caller)
    return await _make(session, found, step, order, now, caller, follows=True)


async def uphold_dispute(
    session: AsyncSession, duty_id: UUID, document: str, reason: str, now: datetime, caller: Caller
) -> SeenDuty:
    """The finding no longer counts, nor once a suspension would have brought it back; what was
    exempted meanwhile stays so."""
    await auditing.take_turn(session)
    found = await find(session, duty_id, now, caller)
    step = WORKFLOW.get(found.duty.hold, RulingKind.DISPUTE)
    if step is None:
        return found._replace(duty=await versioned.hold(session, found.duty))
    order = Ruling(document=document, reason=reason, version=found.duty.version)
    return (await _make(session, found, step, order, now, caller, follows=True)).seen


async def _make(
    session: AsyncSession,
    found: SeenDuty,
    step: RulingStep,
    order: Ruling,
    now: datetime,
    caller: Caller,
    *,
    follows: bool = False,
) -> Ruled:
    """Write the ruling. `follows`: of who asked for something else, whom its state refuses nothing.

    The turn and the versions of duty, standing and basis guard what was read (`duties.seen`).
    """
    await deciding.hold(session, found.basis)
    days = _days(found, step, order, now)
    old, by = found.duty, caller.sub
    due_ord = None if old.due_ord is None else old.due_ord + days
    moved = {"hold": step.to, "due_ord": due_ord, "extended_by": old.extended_by + days}
    duty = await versioned.swap(session, old, moved, state="hold", follows=follows)
    judged = await deciding.judge_changed(
        session,
        found.standing,
        {"hold": step.to, "due_ord": due_ord},
        found.named(due_ord),
        found.basis,
        now,
        actor=by,
        fact=found.fact,
    )
    made = _row(duty.id, step.action, order, days, now, caller)
    session.add(made)
    where, details = f"duty:{duty.id}", {"document": order.document}
    await audit_log.write(session, by, f"duty.{step.action}", where, now, details)
    await session.flush()
    return Ruled(found._replace(duty=duty, standing=judged.standing), made, judged.move)


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


def _days(found: SeenDuty, step: RulingStep, order: Ruling, now: datetime) -> int:
    """By how many days the ruling moves the end of the clock."""
    match step.days:
        case AddedDays.ORDERED if isinstance(order, Extension):
            return order.days
        case AddedDays.STOOD_STILL:
            return _stood_still(found, now)
    return 0


def _stood_still(found: SeenDuty, now: datetime) -> int:
    since = clock.today(found.suspended_at or now)
    due_ord, by_days = found.duty.due_ord, found.duty.basis == "calendar"
    until = clock.today(now)
    return ordinals.stood_still(due_ord, since, until, found.calendar, by_days=by_days)
