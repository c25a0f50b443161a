"""A no-show, or an excused absence, put right on the same day: the person was there after all."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import limits, queries, rules, service
from services.appointments.booking.models import Appointment, AppointmentState, Penalty
from services.appointments.booking.publishing import publish
from services.appointments.booking.workflow import AppointmentAction, state_conflict
from services.appointments.directory import service as directory
from services.appointments.people.rules import person_of
from services.appointments.policies import service as policies
from shared.errors import Text
from shared.security.crypto import Keyring
from shared.workflow import refuse

_ANOTHER_DAY = Text(
    "只能在预约当天更正；之后请由大厅负责人解除失约限制",
    "This is for the day of the appointment; afterwards the hall's manager may lift the penalty",
)


async def correct_no_show(
    session: AsyncSession, keyring: Keyring, appointment: Appointment, reason: str, now: datetime
) -> Appointment:
    """The appointment, checked in: at its start, where it is not known when the person came.

    Raises StateConflict, TooLate, or AlreadyBooked where the person has booked the same for that
    day meanwhile.
    """
    row = service.row_of(appointment, AppointmentAction.CORRECT)
    if appointment.state is AppointmentState.LAPSED and appointment.checked_in_at is not None:
        # Known to have come: only how it went is not.
        refuse(appointment.state, appointment.version, state_conflict(appointment))
    hall = await directory.get_hall(session, appointment.hall_code)
    if now.astimezone(ZoneInfo(hall.timezone)).date() != appointment.on_date:
        raise rules.TooLate(_ANOTHER_DAY)
    try:
        async with session.begin_nested():
            sealed = service.sealed_reason(keyring, appointment, reason)
            there_at = appointment.checked_in_at or min(appointment.starts_at, now)
            values = {"reason_sealed": sealed, "checked_in_at": there_at}
            done = await service.change(session, appointment, row, now, values=values)
    except IntegrityError as error:
        raise rules.AlreadyBooked from error
    await publish(session, row.event, done)
    return done


async def still_reached(session: AsyncSession, penalty: Penalty) -> bool:
    """Whether of the no-shows that it rests on as many are left as its policy asks for."""
    hall, imposed_at = penalty.hall_code, penalty.blocked_from
    policy = await policies.of_version(session, hall, penalty.policy_version, imposed_at)
    since = imposed_at - timedelta(days=policy.no_show_days)
    left = await queries.no_shows(session, person_of(penalty), hall, since, imposed_at)
    return limits.visits_of(left) >= policy.no_show_limit


async def last_missed(
    session: AsyncSession, corrected: Appointment, now: datetime
) -> Appointment | None:
    """What the person of the appointment missed last at that hall, of what may still count."""
    policy = await policies.in_force(session, corrected.hall_code, now)
    since = now - timedelta(days=policy.no_show_days + policy.block_days)
    person, hall = person_of(corrected), corrected.hall_code
    return next(reversed(await queries.no_shows(session, person, hall, since, now)), None)
