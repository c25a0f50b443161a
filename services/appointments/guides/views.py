"""Items and guides as the API gives them."""

from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, service
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.schemas import GuideContent, GuideView, ItemView
from shared.errors import NotFound, Text
from shared.web.pagination import Page, PageRequest, page

_NO_HALL = Text("没有这个大厅", "There is no such hall")
_NO_GUIDE = Text("这个事项还没有办事指南", "This item has no guide yet")


async def list_items(
    session: AsyncSession,
    paging: PageRequest,
    *,
    hall: str | None,
    words: str | None,
    department: str | None,
    on: date | None,
) -> Page[ItemView]:
    """Items by code. Raises NotFound for an unknown hall."""
    if hall is not None and not await queries.hall_exists(session, hall):
        raise NotFound(_NO_HALL, pointer="/query/hall")
    after = paging.key(str)
    rows = await queries.items(
        session,
        hall=hall,
        words=words,
        department=department,
        on=on,
        after=after,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda item: (item.code,), item_view)


async def get_guide(session: AsyncSession, code: str, version: int | None) -> GuideView:
    """That version of the item's guide, or the one in force. Raises NotFound."""
    await service.get_item(session, code)
    found = await queries.guide(session, code, version)
    if found is None:
        raise NotFound(_NO_GUIDE)
    return await guide_view(session, found)


async def guide_view(session: AsyncSession, guide: Guide) -> GuideView:
    """The guide with the terms of its item."""
    return GuideView(
        item=item_view(await service.get_item(session, guide.item_code)),
        version=guide.version,
        published_at=guide.published_at,
        content=GuideContent.model_validate(guide.content),
    )


def item_view(item: Item) -> ItemView:
    """The item as the API gives it."""
    return ItemView(**item.model_dump(exclude={"group_name"}), group=item.group_name)
