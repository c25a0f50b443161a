"""The SQL of issuing: the next number, and who holds a place already."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.queueing.models import ALIVE, Ticket, TicketState

_NEXT_NUMBER = text(
    "INSERT INTO number_series (hall_code, day, letter, last) VALUES (:hall, :day, :letter, 1)"
    " ON CONFLICT (hall_code, day, letter) DO UPDATE SET last = number_series.last + 1"
    " RETURNING last"
)


async def next_number(session: AsyncSession, hall_code: str, day: date, letter: str) -> int:
    """The next number of the series; counts on only if the transaction commits."""
    series = {"hall": hall_code, "day": day, "letter": letter}
    return int((await session.execute(_NEXT_NUMBER, series)).scalar_one())


_ISSUED = text(
    "SELECT count(*) FROM ticket WHERE hall_code = :hall AND service_day = :day AND leg = 1"
    f" AND appointment_id IS NULL AND state <> '{TicketState.ABANDONED}'"
    " AND (CAST(:item AS text) IS NULL OR CAST(:item AS text) = ANY(items))"
)


async def issued(session: AsyncSession, hall_code: str, day: date, item: str | None) -> int:
    """Walk-in tickets of the day, for the item or for any; those given up are free again."""
    asked = {"hall": hall_code, "day": day, "item": item}
    return int((await session.execute(_ISSUED, asked)).scalar_one())


async def live_by_appointment(session: AsyncSession, appointment_id: UUID) -> Ticket | None:
    """The ticket that the appointment already has."""
    return (
        await session.exec(
            select(Ticket).where(Ticket.appointment_id == appointment_id, text(ALIVE))
        )
    ).one_or_none()


async def live_by_evidence(
    session: AsyncSession, hall_code: str, evidence: Sequence[str]
) -> Ticket | None:
    """A ticket that the same evidence holds in the hall, by its digests."""
    return (
        await session.exec(
            select(Ticket).where(
                Ticket.hall_code == hall_code,
                col(Ticket.evidence_index).in_(evidence),
                text(ALIVE),
            )
        )
    ).first()
