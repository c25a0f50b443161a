from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.packs.models import PackUse
from services.projects.register.models import ResponsibleUnit


async def use(session: AsyncSession, pack: str, unit: str) -> PackUse | None:
    return await session.get(PackUse, (pack, unit))


async def add_use(session: AsyncSession, row: PackUse) -> bool:
    """False if the pack is switched on for the unit already."""
    added = insert(PackUse).values(**row.model_dump()).on_conflict_do_nothing()
    found = await session.execute(added.returning(col(PackUse.unit_code)))
    return found.scalar_one_or_none() is not None


async def uses(
    session: AsyncSession, pack: str, after: str | None, limit: int
) -> Sequence[PackUse]:
    """For which units the pack is switched on, by unit."""
    found = select(PackUse).where(PackUse.pack_code == pack)
    if after is not None:
        found = found.where(PackUse.unit_code > after)
    return (await session.exec(found.order_by(PackUse.unit_code).limit(limit))).all()


async def uses_of(session: AsyncSession, unit: str) -> Sequence[PackUse]:
    """The packs that are switched on for the unit."""
    found = select(PackUse).where(PackUse.unit_code == unit).order_by(PackUse.pack_code)
    return (await session.exec(found)).all()


async def in_use(session: AsyncSession, day: date) -> Sequence[PackUse]:
    """Every pack that is switched on for a unit that exists on that day."""
    found = (
        select(PackUse)
        .join(ResponsibleUnit, col(ResponsibleUnit.code) == col(PackUse.unit_code))
        .where(
            ResponsibleUnit.valid_from <= day,
            or_(col(ResponsibleUnit.valid_to).is_(None), col(ResponsibleUnit.valid_to) >= day),
        )
        .order_by(PackUse.unit_code, PackUse.pack_code)
    )
    return (await session.exec(found)).all()
