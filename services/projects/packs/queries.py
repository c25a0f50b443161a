from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, or_, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.packs.models import PackUse, PackVersion, PackVersionState
from services.projects.register.models import ResponsibleUnit


async def use(session: AsyncSession, pack: str, unit: str, *, lock: bool = False) -> PackUse | None:
    found = select(PackUse).where(PackUse.pack_code == pack, PackUse.unit_code == unit)
    return (await session.exec(found.with_for_update() if lock else found)).first()


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


async def behind(session: AsyncSession, day: date, version: int) -> Sequence[PackUse]:
    """Every pack that is switched on for a unit that exists on that day, of which nobody has looked
    by that version of the catalogue at what ended before it."""
    found = (
        select(PackUse)
        .join(ResponsibleUnit, col(ResponsibleUnit.code) == col(PackUse.unit_code))
        .where(
            ResponsibleUnit.valid_from <= day,
            or_(col(ResponsibleUnit.valid_to).is_(None), col(ResponsibleUnit.valid_to) >= day),
            or_(
                col(PackUse.made_until).is_(None),
                col(PackUse.made_until) < day - timedelta(days=1),
                col(PackUse.made_by).is_distinct_from(version),
            ),
        )
        .order_by(PackUse.unit_code, PackUse.pack_code)
    )
    return (await session.exec(found)).all()


async def note_made(
    session: AsyncSession, uses: Sequence[tuple[str, str]], until: date, version: int
) -> None:
    """Of these uses all that ended by that day is made, by that version of the catalogue."""
    if uses:
        its = tuple_(col(PackUse.pack_code), col(PackUse.unit_code))
        noted = update(PackUse).where(its.in_(uses)).values(made_until=until, made_by=version)
        await session.execute(noted.execution_options(synchronize_session=False))


async def version(session: AsyncSession, pack: str, number: int) -> PackVersion | None:
    return await session.get(PackVersion, (pack, number))


async def versions(
    session: AsyncSession, pack: str, before: int | None, limit: int
) -> Sequence[PackVersion]:
    """The wordings of a pack that were ever drafted here, the newest in front."""
    found = select(PackVersion).where(PackVersion.pack_code == pack)
    if before is not None:
        found = found.where(PackVersion.number < before)
    return (await session.exec(found.order_by(col(PackVersion.number).desc()).limit(limit))).all()


async def adopted(session: AsyncSession) -> Sequence[PackVersion]:
    """Of each pack that was worded here the version in force."""
    its = tuple_(col(PackVersion.pack_code), col(PackVersion.number))
    newest = select(PackVersion.pack_code, func.max(PackVersion.number)).where(
        PackVersion.state == PackVersionState.ADOPTED
    )
    found = select(PackVersion).where(its.in_(newest.group_by(col(PackVersion.pack_code))))
    return (await session.exec(found.order_by(PackVersion.pack_code))).all()


async def add_version(session: AsyncSession, row: PackVersion) -> bool:
    """False if the pack has a draft already."""
    added = insert(PackVersion).values(**row.model_dump()).on_conflict_do_nothing()
    found = await session.execute(added.returning(col(PackVersion.number)))
    return found.scalar_one_or_none() is not None


async def newest_number(session: AsyncSession, pack: str) -> int:
    """The number of the newest wording that was drafted here; 0 where none was."""
    found = select(func.max(PackVersion.number)).where(PackVersion.pack_code == pack)
    return (await session.exec(found)).one() or 0


async def all_uses(session: AsyncSession, pack: str) -> Sequence[PackUse]:
    """Every unit for which the pack is switched on."""
    found = select(PackUse).where(PackUse.pack_code == pack).order_by(PackUse.unit_code)
    return (await session.exec(found)).all()
