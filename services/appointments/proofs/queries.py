"""The SQL of the proofs."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.workflow import HOLDING
from shared.database.transitions import listed


class Drift(NamedTuple):
    """A slot whose `booked` is not the number of live appointments, or which keeps back other
    places than are to return."""

    id: UUID
    hall_code: str
    booked: int
    live: int
    kept_back: int
    to_return: int


# Locks nothing: a booking in between makes no drift, for count and appointment commit together.
_DRIFT = text(f"""
SELECT * FROM (
  SELECT s.id, s.hall_code, s.booked, (
      SELECT count(*) FROM appointment_slot x JOIN appointment a ON a.id = x.appointment_id
      WHERE x.slot_id = s.id AND a.state IN ({listed(HOLDING)})
    ) AS live, s.kept_back, (
      SELECT count(*) FROM returning_place r WHERE r.slot_id = s.id
    ) AS to_return
  FROM slot s WHERE s.starts_at > :since
) counted WHERE booked <> live OR kept_back <> to_return
ORDER BY id
""")


async def drift(session: AsyncSession, since: datetime) -> AsyncIterator[Drift]:
    """Every slot since then whose counts are wrong."""
    async for row in await session.stream(_DRIFT, {"since": since}):
        yield Drift(*row)
