"""The SQL of signed codes."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.queueing.models import Ticket


async def ticket(session: AsyncSession, ticket_id: UUID) -> Ticket | None:
    return await session.get(Ticket, ticket_id)
