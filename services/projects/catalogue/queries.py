from collections.abc import Collection, Sequence

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue.models import CatalogueItem, CatalogueVersion

_NEWEST = select(func.max(CatalogueVersion.version)).scalar_subquery()


async def items_in_force(
    session: AsyncSession, item_codes: Collection[str]
) -> Sequence[CatalogueItem]:
    query = select(CatalogueItem).where(
        col(CatalogueItem.item_code).in_(item_codes), CatalogueItem.version == _NEWEST
    )
    return (await session.exec(query)).all()


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
