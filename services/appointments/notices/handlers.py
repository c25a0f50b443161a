"""Subscriptions of the notices."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.notices import service
from services.appointments.outreach.events import OutreachEventCancelled, OutreachEventMoved
from services.appointments.queueing.events import TicketCalled
from shared.messaging.bus import Subscription
from shared.messaging.events import Envelope


async def look_who_is_near(session: AsyncSession, envelope: Envelope[TicketCalled]) -> None:
    """The queue moved up by one; apart from the call, which waits for nothing but itself."""
    await service.notice_nearly(session, envelope.data.hall_code, envelope.time)


async def event_cancelled(
    session: AsyncSession, envelope: Envelope[OutreachEventCancelled]
) -> None:
    """One event for all who had places: each of them is let know."""
    data = envelope.data
    kind = service.EVENT_CANCELLED
    await service.notify_registered(session, kind, data.hall_code, data.event_id, "off")


async def event_moved(session: AsyncSession, envelope: Envelope[OutreachEventMoved]) -> None:
    """The same of one that is at another time, each time that it is moved."""
    data = envelope.data
    about = service.EVENT_MOVED, data.hall_code, data.event_id
    await service.notify_registered(session, *about, str(data.version), data.starts_at)


subscriptions: list[Subscription[Any]] = [
    Subscription("appointments-nearly", TicketCalled, look_who_is_near),
    Subscription("appointments-outreach-off", OutreachEventCancelled, event_cancelled),
    Subscription("appointments-outreach-moved", OutreachEventMoved, event_moved),
]
