from collections.abc import Sequence

from sqlalchemy import func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue.models import CatalogueItem, CatalogueVersion

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('projects.catalogue', 11))")
_NEWEST = select(func.max(CatalogueVersion.version)).scalar_subquery()


async def take_turn(session: AsyncSession) -> None:
    """One catalogue at a time: each is compared with the one before it."""
    await session.execute(_TURN)


async def newest_version(session: AsyncSession) -> int:
    """The number of the catalogue in force."""
    return (await session.exec(select(func.max(CatalogueVersion.version)))).one() or 0


async def all_in_force(session: AsyncSession) -> Sequence[CatalogueItem]:
    """Every item of the catalogue in force."""
    query = select(CatalogueItem).where(CatalogueItem.version == _NEWEST)
    return (await session.exec(query)).all()


async def add_version(
    session: AsyncSession, version: CatalogueVersion, items: Sequence[CatalogueItem]
) -> None:
    """A catalogue with its items, in force from now on."""
    session.add(version)
    await session.flush()
    session.add_all(items)
    await session.flush()


async def items(
    session: AsyncSession,
    *,
    domain: str | None,
    auditable: bool | None,
    after: str | None,
    limit: int,
) -> Sequence[CatalogueItem]:
    """Items of the catalogue in force, by code."""
    query = select(CatalogueItem).where(CatalogueItem.version == _NEWEST)
    if domain is not None:
        query = query.where(CatalogueItem.domain == domain)
    if auditable is not None:
        query = query.where(col(CatalogueItem.not_auditable).is_(None) == auditable)
    if after is not None:
        query = query.where(CatalogueItem.item_code > after)
    return (await session.exec(query.order_by(CatalogueItem.item_code).limit(limit))).all()
