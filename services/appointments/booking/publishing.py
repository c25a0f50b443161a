"""The events of appointments, in the scope of their hall."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.events import AppointmentEvent
from services.appointments.booking.models import Appointment
from shared.messaging import outbox
from shared.messaging.outbox import Addressed


async def publish(
    session: AsyncSession,
    event: type[AppointmentEvent],
    appointment: Appointment,
    **others: object,
) -> None:
    """Records the event of a change, in the scope of the hall."""
    promised = of_change(event, appointment, **others)
    await outbox.record(session, promised.event, scope=promised.scope, subject=promised.subject)


def of_change(
    event: type[AppointmentEvent], appointment: Appointment, **others: object
) -> Addressed:
    """The event of a change, in the scope of the hall."""
    facts = {
        "appointment_id": appointment.id,
        "hall_code": appointment.hall_code,
        "item_code": appointment.item_code,
        "pool": appointment.pool,
        "starts_at": appointment.starts_at,
        "minutes": appointment.minutes,
        "version": appointment.version,
    }
    made = event.model_validate({**facts, **others})
    return Addressed(made, appointment.hall_code, str(appointment.id))
