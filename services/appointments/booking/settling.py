"""How appointments end without their owner: by the queue and by the clock."""

from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import healing, limits, queries, returning, service
from services.appointments.booking.events import AppointmentExpired
from services.appointments.booking.models import Appointment, AppointmentState, Penalty
from services.appointments.booking.publishing import of_change
from services.appointments.booking.workflow import WORKFLOW, AppointmentAction
from services.appointments.people.rules import person_of
from services.appointments.policies import service as policies
from shared.database.swap_statement import SwapStatement
from shared.messaging import outbox

S, A = AppointmentState, AppointmentAction


def settle(
    statement: SwapStatement, appointment: Appointment, action: AppointmentAction, now: datetime
) -> bool:
    """For the queue: what becomes of it with its ticket; whether its state takes that.

    Where it does not it is held: if the queue and a job settle it at the same moment, the second
    finds it changed, decides anew, and leaves it as it is.
    """
    row = WORKFLOW.get(appointment.state, action)
    if row is None:
        statement.hold(appointment)
        return False
    done = statement.swap(appointment, {"state": row.to, "changed_at": now}, follows=True)
    outbox.promise(statement, of_change(row.event, done))
    return True


async def lapse(session: AsyncSession, appointment: Appointment, now: datetime) -> bool:
    """For the queue: the day ended with it open, and without a ticket; it is locked by now. False
    if it was settled already."""
    statement = SwapStatement()
    is_lapsed = settle(statement, appointment, A.LAPSE, now)
    await statement.write_in(session)
    return is_lapsed


async def expire_holds(session: AsyncSession, now: datetime) -> int:
    """Job: ends holds that were not confirmed in time and gives their places back, once."""
    due = await queries.ran_out(session, now)
    waiting = await healing.prepare(session, due, now) if due else healing.PeopleWaiting()
    expired = await queries.expire(session, due, now) if due else []
    await returning.give_back(session, expired, waiting, now)
    for appointment in expired:
        await service.publish(session, AppointmentExpired, appointment)
    return len(expired)


async def miss_absent(session: AsyncSession, now: datetime) -> int:
    """Job: marks who did not check in within the time that the hall's policy gives.

    Returns how many missed it. Who could not cancel what the hall took and gave back has not.
    """
    ended = await queries.miss(session, now)
    rows = {row.to: row for row in (WORKFLOW[S.CONFIRMED, A.MISS], WORKFLOW[S.CONFIRMED, A.EXCUSE])}
    for appointment in ended:
        await service.publish(session, rows[appointment.state].event, appointment)
    absent = [one for one in ended if one.state is S.NO_SHOW]
    # Several that one person missed are counted together, and make one penalty.
    ordered = sorted(absent, key=lambda one: one.starts_at)
    for last in {(_who(one), one.hall_code): one for one in ordered}.values():
        await count_no_show(session, last, now, now)
    return len(absent)


def _who(one: Appointment) -> str:
    return one.person_document or one.citizen_key


async def count_no_show(
    session: AsyncSession, absent: Appointment, at: datetime, now: datetime
) -> None:
    """Bars the person for a while, from `at` on, if by then the policy's number is reached.

    A visit of several legs is missed once, though each has its own time and is known to be missed
    at another moment.
    """
    policy = await policies.in_force(session, absent.hall_code, now)
    since = at - timedelta(days=policy.no_show_days)
    missed = await queries.no_shows(session, person_of(absent), absent.hall_code, since, at)
    blocked_until = at + timedelta(days=policy.block_days)
    visits = limits.visits_of(missed)
    if blocked_until <= now or visits < policy.no_show_limit:
        return
    if absent.party_id is not None and await queries.bars_already(session, absent):
        return
    session.add(
        Penalty(
            hall_code=absent.hall_code,
            citizen_key=absent.citizen_key,
            person_document=absent.person_document,
            person_phone=absent.person_phone,
            appointment_id=absent.id,
            no_shows=visits,
            policy_version=policy.version,
            blocked_from=at,
            blocked_until=blocked_until,
        )
    )
