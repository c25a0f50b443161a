"""The catalogue in force as the API shows it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries
from services.projects.catalogue.schemas import ItemView
from shared.web.pagination import Page, PageRequest, page


async def items(
    session: AsyncSession, paging: PageRequest, *, domain: str | None, auditable: bool | None
) -> Page[ItemView]:
    """Items of the catalogue in force, by code."""
    after = paging.key(str)
    found = await queries.items(
        session,
        domain=domain,
        auditable=auditable,
        after=after[0] if after else None,
        limit=paging.limit + 1,
    )
    return page(found, paging, lambda item: (item.item_code,), ItemView.model_validate)
