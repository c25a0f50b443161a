"""The catalogue of duties: reading the version in force."""

from collections.abc import Collection

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries
from services.projects.catalogue.models import CatalogueItem


async def items_in_force(
    session: AsyncSession, item_codes: Collection[str]
) -> dict[str, CatalogueItem]:
    """The items as the newest catalogue words them, by code; unknown codes are left out."""
    found = await queries.items_in_force(session, item_codes)
    return {item.item_code: item for item in found}
