"""SQL of carriers."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.publishing import statement
from services.projects.publishing.models import Carrier, CarrierKind


class DutyCarrier(NamedTuple):
    """A carrier on which a duty may appear; `reached_at` None: it was not found there."""

    code: str
    name: str
    name_en: str
    kind: CarrierKind
    is_statutory: bool
    is_must: bool
    reached_at: datetime | None


async def carriers(session: AsyncSession, after: str | None, limit: int) -> Sequence[Carrier]:
    """Carriers in the order of their codes."""
    found = select(Carrier).order_by(col(Carrier.code)).limit(limit)
    if after is not None:
        found = found.where(col(Carrier.code) > after)
    return (await session.exec(found)).all()


async def carrier_of_portal(session: AsyncSession, portal: str) -> str | None:
    """The carrier that the collector reads there."""
    found = select(col(Carrier.code)).where(col(Carrier.portal_id) == portal)
    return (await session.exec(found)).first()


async def add_carrier(session: AsyncSession, carrier: Carrier) -> bool:
    """False where there is one of that code."""
    put = insert(Carrier).values(carrier.model_dump())
    put = put.on_conflict_do_nothing(index_elements=["code"])
    made = await session.execute(put.returning(col(Carrier.code)))
    return made.first() is not None


async def carriers_of_duty(
    session: AsyncSession, duty_id: UUID
) -> tuple[str, list[DutyCarrier]] | None:
    """The duty's unit and the carriers on which it may appear; None where there is no such duty."""
    rows = (await session.execute(statement.CARRIERS_OF_DUTY, {"duty": duty_id})).all()
    if not rows:
        return None
    return rows[0][0], [DutyCarrier(*row[1:]) for row in rows if row[1] is not None]
