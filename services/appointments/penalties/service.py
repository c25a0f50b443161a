"""The way back for who is barred: an appeal, a manager who lifts it, a no-show put right."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import correcting, rules, settling
from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment, Penalty
from services.appointments.penalties import queries
from services.appointments.penalties.workflow import (
    WORKFLOW,
    PenaltyAction,
    PenaltyRow,
    PenaltySweep,
)
from services.appointments.people import service as people
from services.appointments.people.rules import person_of
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller

APPEAL, REASON = "penalty.appeal", "penalty.lift_reason"
_UNKNOWN = Text("没有找到这条失约限制", "There is no such penalty")
_OVER = Text("限制期已过，现在可以预约", "The time is over; you can book again")


async def visible(session: AsyncSession, penalty_id: UUID, caller: Caller) -> Penalty:
    """The penalty, if it is the caller's or of a hall where the caller works. Raises NotFound."""
    found = await queries.find(session, penalty_id)
    if found is None or not (
        caller.at(found.hall_code) or await people.owns(session, caller, found)
    ):
        raise NotFound(_UNKNOWN)
    return found


async def appeal(
    session: AsyncSession,
    keyring: Keyring,
    penalty_id: UUID,
    text: str,
    caller: Caller,
    now: datetime,
) -> Penalty:
    """The penalty with what the person says against it. Raises NotFound, StateConflict, TooLate."""
    found = await visible(session, penalty_id, caller)
    row = WORKFLOW.take(found.state, found.version, PenaltyAction.APPEAL, caller.roles)
    if found.blocked_until <= now:
        raise rules.TooLate(_OVER, deadline=found.blocked_until)
    sealed = keyring.seal(text, where=APPEAL, row=str(found.id))
    return await _take(session, found, row, caller.sub, now, appeal_sealed=sealed, appealed_at=now)


async def lift(
    session: AsyncSession,
    keyring: Keyring,
    penalty_id: UUID,
    reason: str,
    caller: Caller,
    now: datetime,
) -> Penalty:
    """The penalty, which bars no more. Raises NotFound, StateConflict."""
    found = await visible(session, penalty_id, caller)
    row = WORKFLOW.take(found.state, found.version, PenaltyAction.LIFT, caller.roles)
    return await _lifted(session, keyring, found, row, reason, caller.sub, now)


async def correct_no_show(
    session: AsyncSession,
    keyring: Keyring,
    typed: str,
    reason: str,
    caller: Caller,
    now: datetime,
) -> Appointment:
    """The appointment, checked in after all; a penalty that rested on it is lifted.

    Those no-shows that are left bar as they would have without it: from the last of them on.

    Raises NotFound, StateConflict, TooLate, AlreadyBooked.
    """
    found = await booking.visible(session, typed, caller)
    corrected = await correcting.correct_no_show(session, keyring, found, reason, now)
    what = f"appointment:{corrected.id}"
    await audit_log.write(session, caller.sub, "appointment.no_show_corrected", what, now)
    person, hall = person_of(corrected), corrected.hall_code
    for penalty in await queries.standing(session, person, hall, now):
        own = penalty.appointment_id == corrected.id
        if own or not await correcting.still_reached(session, penalty):
            row = WORKFLOW[penalty.state, PenaltySweep.ANNUL]
            await _lifted(session, keyring, penalty, row, reason, caller.sub, now)
    last = await correcting.last_missed(session, corrected, now)
    if last is not None and not await queries.imposed(session, last.id):
        await settling.count_no_show(session, last, last.changed_at, now)
    return corrected


async def _lifted(
    session: AsyncSession,
    keyring: Keyring,
    penalty: Penalty,
    row: PenaltyRow,
    reason: str,
    actor: str,
    now: datetime,
) -> Penalty:
    sealed = keyring.seal(reason, where=REASON, row=str(penalty.id))
    return await _take(session, penalty, row, actor, now, lift_reason_sealed=sealed, lifted_at=now)


async def _take(
    session: AsyncSession,
    penalty: Penalty,
    row: PenaltyRow,
    actor: str,
    now: datetime,
    **values: Any,
) -> Penalty:
    done = await swap(session, penalty, {"state": row.to, **values})
    await audit_log.write(session, actor, row.noted, f"penalty:{penalty.id}", now)
    return done
