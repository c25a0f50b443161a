"""Subscriptions of the notices."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.notices import service
from services.appointments.queueing.events import TicketCalled
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def look_who_is_near(session: AsyncSession, envelope: Envelope[TicketCalled]) -> None:
    """The queue moved up by one; apart from the call, which waits for nothing but itself."""
    await service.notice_nearly(session, envelope.data.hall_code, envelope.time)


subscriptions = [Subscription("appointments-nearly", TicketCalled, look_who_is_near)]
