"""The catalogue in force as the API shows it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries
from services.projects.catalogue.schemas import CatalogueItemView
from shared.web.pagination import Page, PageRequest, page


async def items(
    session: AsyncSession, paging: PageRequest, *, domain: str | None, auditable: bool | None
) -> Page[CatalogueItemView]:
    """Items of the catalogue in force, by code."""
    after = paging.key(str)
    found = await queries.items(
        session,
        domain=domain,
        auditable=auditable,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda item: (item.item_code,), CatalogueItemView.model_validate)
