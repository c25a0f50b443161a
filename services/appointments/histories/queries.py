"""The log of a visit, and the calls that overtook it."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.histories.schemas import Overtaking
from services.appointments.queueing.models import Ticket, TicketEvent
from services.appointments.queueing.workflow import NOT_UNDONE


class CallFacts(NamedTuple):
    """What a complaint needs to know of a call; `overtook` are the ids of tickets."""

    policy_version: int
    ignored_credits: bool
    reason: str | None
    overtook: list[str]


_CALLS = text(
    "SELECT id, policy_version, ignored_credits, reason, overtook FROM call"
    " WHERE ticket_id = ANY(:tickets)"
)
_UNDONE = text("SELECT undoes FROM ticket_event WHERE hall_code = :hall AND undoes = ANY(:entries)")
# By the time in which the call was at a window, which has an index: it ended after this one came.
_OVERTAKINGS = text(
    "SELECT e.hall_seq, c.called_at, c.ticket_id, t.number, c.window_no, c.clerk,"
    "  t.ticket_class, t.credit_minutes, c.policy_version, c.ignored_credits, c.reason"
    " FROM call c JOIN ticket t ON t.id = c.ticket_id"
    " JOIN ticket_event e ON e.ticket_id = c.ticket_id AND e.call_id = c.id AND e.action = 'call'"
    " WHERE c.hall_code = :hall AND (c.ended_at >= :since OR c.ended_at IS NULL)"
    "  AND c.called_at <= :until AND CAST(:tickets AS text[]) && c.overtook"
    f"  AND {NOT_UNDONE.format(e='e')}"
    " ORDER BY e.hall_seq"
)


async def legs(session: AsyncSession, visit_id: UUID) -> list[Ticket]:
    """The tickets of a visit, in the order in which they were opened."""
    mine = select(Ticket).where(Ticket.visit_id == visit_id).order_by(col(Ticket.leg))
    return list(await session.exec(mine))


async def entries(session: AsyncSession, tickets: Iterable[UUID]) -> list[TicketEvent]:
    """What the log says of the tickets, in the order of the hall."""
    mine = select(TicketEvent).where(col(TicketEvent.ticket_id).in_(list(tickets)))
    return list(await session.exec(mine.order_by(col(TicketEvent.hall_seq))))


async def undone(session: AsyncSession, hall: str, entries: Iterable[int]) -> set[int]:
    """Those of the entries that were taken back."""
    asked = {"hall": hall, "entries": list(entries)}
    return set((await session.execute(_UNDONE, asked)).scalars())


async def calls(session: AsyncSession, tickets: Iterable[UUID]) -> dict[UUID, CallFacts]:
    """The calls of the tickets, by id."""
    rows = await session.execute(_CALLS, {"tickets": list(tickets)})
    return {row[0]: CallFacts(*tuple(row)[1:]) for row in rows.all()}


async def numbers(session: AsyncSession, tickets: Iterable[UUID]) -> dict[UUID, str]:
    """The numbers of tickets, by id."""
    mine = select(Ticket.id, Ticket.number).where(col(Ticket.id).in_(list(tickets)))
    return dict((await session.exec(mine)).all())


async def overtakings(
    session: AsyncSession, hall: str, tickets: Iterable[UUID], since: datetime, until: datetime
) -> list[Overtaking]:
    """Calls of others in the hall that overtook one of the tickets, and were not undone."""
    asked = {"hall": hall, "tickets": [str(one) for one in tickets], "since": since, "until": until}
    rows = await session.execute(_OVERTAKINGS, asked)
    return [Overtaking(**row._asdict()) for row in rows]
