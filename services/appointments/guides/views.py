"""Items and guides as the API gives them."""

from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, service
from services.appointments.guides.findings import findings
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.schemas import (
    GuideContent,
    GuideHall,
    GuideVersion,
    GuideView,
    ItemFindings,
    ItemView,
)
from shared import clock
from shared.errors import NotFound, Text
from shared.web.pagination import Page, PageRequest, page

_NO_HALL = Text("没有这个大厅", "There is no such hall")
_NOT_THERE = Text("这个大厅不办理这个事项", "This hall does not deal with the item")
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


async def get_guide(
    session: AsyncSession, code: str, version: int | None, hall: str | None
) -> GuideView:
    """That version of the guide, or the one in force, with that hall or all. Raises NotFound."""
    found = await queries.guide(session, code, version)
    if found is None:
        raise NotFound(service.NO_ITEM)
    item, guide = found
    if guide is None:
        raise NotFound(_NO_GUIDE)
    view = await guide_view(session, item, guide, hall)
    if hall is not None and not view.halls:
        raise NotFound(_NOT_THERE, pointer="/query/hall")
    return view


async def guide_view(
    session: AsyncSession, item: Item, guide: Guide, hall: str | None = None
) -> GuideView:
    """The guide with the terms of its item and the halls that offer it."""
    halls = await queries.halls_of(session, item.code, hall)
    return GuideView(
        item=item_view(item),
        version=guide.version,
        in_force=guide.version == item.guide_version,
        valid_from=guide.valid_from or clock.today(guide.published_at),
        published_at=guide.published_at,
        content=GuideContent.model_validate(guide.content),
        halls=[GuideHall(**one._asdict()) for one in halls],
    )


async def list_guides(session: AsyncSession, code: str, paging: PageRequest) -> Page[GuideVersion]:
    """The versions of the item's guide, the newest first. Raises NotFound."""
    after = paging.key(int)
    before = after[0] if after else None
    rows = await queries.versions(session, code, before=before, limit=paging.limit + 1)
    if not rows and await queries.unknown(session, [code]):
        raise NotFound(service.NO_ITEM)
    return page(rows, paging, lambda row: (row.version,), _version_view)


def _version_view(row: queries.Version) -> GuideVersion:
    since = row.valid_from or clock.today(row.published_at)
    return GuideVersion(**row._asdict() | {"valid_from": since})


async def list_findings(
    session: AsyncSession,
    paging: PageRequest,
    *,
    item: str | None,
    department: str | None,
    on: date,
) -> Page[ItemFindings]:
    """What the items in force and their guides lack, by code of the item."""
    after = paging.key(str)
    rows = await queries.with_guides(
        session, item=item, department=department, on=on, after=after, limit=paging.limit + 1
    )
    return page(rows, paging, lambda row: (row[0].code,), lambda row: _findings_view(*row))


def _findings_view(item: Item, guide: Guide | None, halls: int) -> ItemFindings:
    content = GuideContent.model_validate(guide.content) if guide else None
    return ItemFindings(
        item_code=item.code,
        item_name=item.name,
        department_code=item.department_code,
        guide_version=item.guide_version,
        findings=findings(item_view(item), content, halls=halls),
    )


def item_view(item: Item) -> ItemView:
    """The item as the API gives it."""
    terms = item.model_dump(exclude={"group_name", "elements"})
    return ItemView(**terms, **item.elements, group=item.group_name)
