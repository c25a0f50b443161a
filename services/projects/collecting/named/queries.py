"""SQL of pages that their unit named."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.collecting.models import DetailState, PortalPage


async def put_page(session: AsyncSession, page: PortalPage) -> UUID:
    """The page, to be read; also where it is known already. Its id."""
    again = {
        "detail_state": DetailState.PENDING,
        "gone_at": None,
        "version": PortalPage.version + 1,
    }
    put = insert(PortalPage).values(page.model_dump())
    put = put.on_conflict_do_update(index_elements=["portal_id", "url"], set_=again)
    found: UUID = (await session.execute(put.returning(col(PortalPage.id)))).scalar_one()
    return found
