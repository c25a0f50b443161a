"""The catalogue of duties: reading the version in force."""

from collections.abc import Collection, Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries
from services.projects.catalogue.models import CatalogueItem


async def items_in_force(
    session: AsyncSession, item_codes: Collection[str]
) -> dict[str, CatalogueItem]:
    """The items as the newest catalogue words them, by code; unknown codes are left out."""
    found = await queries.items_in_force(session, item_codes)
    return {item.item_code: item for item in found}


async def list_items(
    session: AsyncSession,
    *,
    domain: str | None,
    auditable: bool | None,
    after: str | None,
    limit: int,
) -> Sequence[CatalogueItem]:
    """Items of the catalogue in force, by code."""
    return await queries.items(
        session, domain=domain, auditable=auditable, after=after, limit=limit
    )
