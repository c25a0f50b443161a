"""The SQL of penalties."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking.models import Penalty
from services.appointments.people.ownership import owned_by
from services.appointments.people.rules import Person, of_person

_STANDING = text(f"""
SELECT p.* FROM penalty p WHERE {of_person("p", apart=True)}
  AND p.hall_code = :hall AND p.lifted_at IS NULL AND p.blocked_until > :now
ORDER BY p.id FOR UPDATE OF p
""")


async def find(session: AsyncSession, penalty_id: UUID) -> Penalty | None:
    """The penalty with that id."""
    return (await session.exec(select(Penalty).where(Penalty.id == penalty_id))).one_or_none()


async def listed(
    session: AsyncSession,
    *,
    hall: str | None,
    me: Person | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Penalty]:
    """Those of a hall, of a person, or of a person at a hall; newest first."""
    rows = select(Penalty).order_by(desc(Penalty.id)).limit(limit)
    if hall is not None:
        rows = rows.where(col(Penalty.hall_code) == hall)
    if me is not None:
        rows = rows.where(owned_by(me, Penalty))
    if before is not None:
        rows = rows.where(col(Penalty.id) < before)
    return (await session.exec(rows)).all()


async def imposed(session: AsyncSession, appointment_id: UUID) -> bool:
    """Whether missing the appointment ever brought a penalty, lifted or not."""
    rows = select(Penalty.id).where(Penalty.appointment_id == appointment_id).limit(1)
    return (await session.exec(rows)).one_or_none() is not None


async def standing(
    session: AsyncSession, person: Person, hall: str, now: datetime
) -> Sequence[Penalty]:
    """Those that bar the person at the hall now; locked until the transaction ends."""
    values = {**person._asdict(), "hall": hall, "now": now}
    return (await session.scalars(select(Penalty).from_statement(_STANDING), values)).all()
