"""The events of appointments, in the scope of their hall."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.events import AppointmentEvent
from services.appointments.booking.models import Appointment
from shared.messaging import outbox


async def publish(
    session: AsyncSession,
    event: type[AppointmentEvent],
    appointment: Appointment,
    **others: object,
) -> None:
    """Records the event of a change, in the scope of the hall."""
    facts = {
        "appointment_id": appointment.id,
        "hall_code": appointment.hall_code,
        "item_code": appointment.item_code,
        "pool": appointment.pool,
        "starts_at": appointment.starts_at,
        "minutes": appointment.minutes,
        "version": appointment.version,
    }
    await outbox.record(
        session,
        event.model_validate({**facts, **others}),
        scope=appointment.hall_code,
        subject=str(appointment.id),
    )
