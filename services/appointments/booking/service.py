"""What happens to an appointment after it is held. Each change is one compare-and-swap."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import queries, rules
from services.appointments.booking.context import places_freed
from services.appointments.booking.events import (
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentConfirmed,
    AppointmentEvent,
    AppointmentExpired,
    AppointmentLapsed,
    AppointmentMissed,
    AppointmentOrphaned,
    AppointmentServed,
)
from services.appointments.booking.hold import citizen_key
from services.appointments.booking.models import Appointment, AppointmentState, Penalty
from services.appointments.policies import service as policies
from services.appointments.slots import service as slots
from shared import ids
from shared.errors import NotFound, StateConflict, Text
from shared.messaging import outbox
from shared.security.identity import Caller

S = AppointmentState
STAFF = ("clerk", "hall_manager", "device")

log = structlog.get_logger()

_UNKNOWN = Text("没有找到这个预约", "There is no such appointment")


def reference(typed: str) -> UUID | str:
    """An id or a public code, as it was typed. Raises NotFound for what can be neither."""
    try:
        return UUID(typed)
    except ValueError:
        pass
    if not ids.check_code(typed):
        raise NotFound(_UNKNOWN)
    return ids.normal_code(typed)


async def visible(session: AsyncSession, typed: str, caller: Caller) -> Appointment:
    """The appointment, if the caller owns it or works in its hall. Raises NotFound."""
    found = await queries.find(session, reference(typed))
    owns = found is not None and found.citizen_key == citizen_key(caller.sub)
    serves = found is not None and caller.has(*STAFF) and caller.at(found.hall_code)
    if found is None or not ((owns and caller.has("citizen")) or serves):
        raise NotFound(_UNKNOWN)
    return found


async def confirm(
    session: AsyncSession, typed: str, version: int | None, caller: Caller, now: datetime
) -> Appointment:
    """The held appointment, confirmed. Raises NotFound, or StateConflict once the hold ran out."""
    found = await visible(session, typed, caller)
    done = await change(session, found, S.CONFIRMED, now, version=version)
    await tell(session, AppointmentConfirmed, done)
    return done


async def cancel(
    session: AsyncSession, typed: str, version: int | None, caller: Caller, now: datetime
) -> Appointment:
    """The cancelled appointment; its places are free again.

    A citizen must cancel before the policy's deadline. Raises NotFound, StateConflict, TooLate.
    """
    found = await visible(session, typed, caller)
    by_hall = caller.has(*STAFF)
    if found.state is S.CONFIRMED and not by_hall:
        policy = await policies.in_force(session, found.hall_code, now)
        rules.ensure_changeable(found.starts_at, policy.cancel_until_minutes, now)
    held_places = found.state in rules.HOLDING
    after = S.CANCELLED_BY_HALL if by_hall and found.state is S.ORPHANED else S.CANCELLED
    # Exactly the state that was looked at: an orphaned appointment has no places to give back.
    done = await change(session, found, after, now, version=version, before=[found.state])
    if held_places:
        await _give_back(session, [done.id])
    await tell(session, AppointmentCancelled, done, by_hall=by_hall)
    return done


async def check_in(
    session: AsyncSession, appointment: Appointment, now: datetime, *, version: int | None = None
) -> Appointment:
    """The appointment, checked in. Raises StateConflict, TooEarly or TooLate."""
    if appointment.state is S.CONFIRMED:
        policy = await policies.in_force(session, appointment.hall_code, now)
        rules.ensure_check_in(
            appointment.starts_at, policy.check_in_early_minutes, policy.check_in_late_minutes, now
        )
    done = await change(session, appointment, S.CHECKED_IN, now, version=version)
    await tell(session, AppointmentCheckedIn, done)
    return done


async def keep_checked_in(session: AsyncSession, appointment: Appointment) -> None:
    """Holds the row of one that is checked in, so that nobody lapses it before the commit.

    Raises StateConflict where somebody just did.
    """
    present = await queries.held(session, appointment.id)
    if present.state is not S.CHECKED_IN:
        raise StateConflict(state=present.state, version=present.version)


async def mark_served(session: AsyncSession, appointment: UUID, now: datetime) -> bool:
    """For the queue: its ticket was served. False if the appointment was not checked in."""
    return await _settle(session, appointment, S.SERVED, AppointmentServed, now)


async def mark_not_served(session: AsyncSession, appointment: UUID, now: datetime) -> bool:
    """For the queue: the finish was undone. False if the appointment was not served.

    No edge of `rules.EDGES`: whoever was served cannot check in again by the code.
    """
    try:
        async with session.begin_nested():
            done = await queries.change_state(
                session, appointment, before=[S.SERVED], after=S.CHECKED_IN, version=None, now=now
            )
    except IntegrityError:  # the person has booked the same again meanwhile: that one stands
        return False
    if done is None:
        return False
    await tell(session, AppointmentCheckedIn, done)
    return True


async def mark_no_show(session: AsyncSession, appointment: UUID, now: datetime) -> bool:
    """For the queue: called and not there. False if the appointment was settled already."""
    return await _settle(session, appointment, S.NO_SHOW, AppointmentMissed, now)


async def mark_lapsed(session: AsyncSession, appointment: UUID, now: datetime) -> bool:
    """For the queue: the day ended with it open. False if the appointment was settled already."""
    return await _settle(session, appointment, S.LAPSED, AppointmentLapsed, now)


async def _settle(
    session: AsyncSession,
    appointment: UUID,
    after: AppointmentState,
    event: type[AppointmentEvent],
    now: datetime,
) -> bool:
    done = await queries.change_state(
        session, appointment, before=rules.before(after), after=after, version=None, now=now
    )
    if done is None:
        return False
    await tell(session, event, done)
    if after is S.NO_SHOW:
        await _count_no_show(session, done, now)
    return True


async def expire_holds(session: AsyncSession, now: datetime) -> int:
    """Job: ends holds that were not confirmed in time and gives their places back, once."""
    expired = await queries.expire(session, now)
    await _give_back(session, [appointment.id for appointment in expired])
    for appointment in expired:
        await tell(session, AppointmentExpired, appointment)
    return len(expired)


async def miss_absent(session: AsyncSession, now: datetime) -> int:
    """Job: marks who did not check in within the time that the hall's policy gives."""
    absent = await queries.miss(session, now)
    for appointment in absent:
        await tell(session, AppointmentMissed, appointment)
        await _count_no_show(session, appointment, now)
    return len(absent)


async def prove_counts(session: AsyncSession, now: datetime) -> int:
    """Job: `booked` of every slot equals its live appointments; raises the alarm if not."""
    drift = await queries.drift(session, now - timedelta(days=40))
    for row in drift:
        log.error(
            "slot_count_drifted",
            slot_id=str(row["id"]),
            hall_code=row["hall_code"],
            booked=row["booked"],
            live=row["live"],
        )
    return len(drift)


async def endangered(session: AsyncSession, slots_: Sequence[UUID]) -> Sequence[RowMapping]:
    """The live appointments with a place in the slots, a row for each place, locked."""
    return await queries.lock_live_in(session, slots_)


async def carry(session: AsyncSession, pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """Moves appointments from old slots to the ones that replace them; their times stay."""
    if pairs:
        await queries.carry(session, pairs)


async def orphan(session: AsyncSession, lost: Sequence[UUID], now: datetime) -> list[Appointment]:
    """Takes the appointments out of slots that were withdrawn; staff find them another time."""
    losers = await queries.lose_slots(session, lost, now)
    await _give_back(session, [appointment.id for appointment in losers])
    for appointment in losers:
        if appointment.state is S.ORPHANED:
            await tell(session, AppointmentOrphaned, appointment)
        else:
            await tell(session, AppointmentCancelled, appointment, by_hall=True)
    return list(losers)


async def _count_no_show(session: AsyncSession, absent: Appointment, now: datetime) -> None:
    """Bars the person for a while once the policy's number of no-shows is reached."""
    policy = await policies.in_force(session, absent.hall_code, now)
    since = now - timedelta(days=policy.no_show_days)
    count = await queries.no_shows(session, absent.citizen_key, absent.hall_code, since)
    if policy.block_days == 0 or count < policy.no_show_limit:
        return
    session.add(
        Penalty(
            hall_code=absent.hall_code,
            citizen_key=absent.citizen_key,
            appointment_id=absent.id,
            no_shows=count,
            policy_version=policy.version,
            blocked_from=now,
            blocked_until=now + timedelta(days=policy.block_days),
        )
    )


async def change(
    session: AsyncSession,
    appointment: Appointment,
    after: AppointmentState,
    now: datetime,
    *,
    version: int | None = None,
    before: Sequence[AppointmentState] = (),
) -> Appointment:
    """The appointment after its edge. Raises StateConflict that names the present state."""
    allowed = [state for state in rules.before(after) if not before or state in before]
    done = await queries.change_state(
        session, appointment.id, before=allowed, after=after, version=version, now=now
    )
    if done is None:
        await session.refresh(appointment)
        raise rules.stands(appointment)
    return done


async def _give_back(session: AsyncSession, appointments: Sequence[UUID]) -> None:
    """Releases every place of the appointments; call it only after the edge was won."""
    if not appointments:
        return
    taken = await queries.slots_of(session, appointments)
    await slots.release(session, [row["id"] for rows in taken.values() for row in rows])
    places_freed()


async def tell(
    session: AsyncSession, event: type[AppointmentEvent], told: Appointment, **others: object
) -> None:
    """Records the event of an edge, in the scope of the hall."""
    facts = {
        "appointment_id": told.id,
        "code": told.code,
        "hall_code": told.hall_code,
        "item_code": told.item_code,
        "pool": told.pool,
        "starts_at": told.starts_at,
        "minutes": told.minutes,
        "version": told.version,
    }
    await outbox.record(
        session,
        event.model_validate({**facts, **others}),
        scope=told.hall_code,
        subject=str(told.id),
    )
