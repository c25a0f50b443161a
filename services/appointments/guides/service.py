"""Items and their guides: found, changed, published."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, rules
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.rules import Offer
from services.appointments.guides.schemas import (
    GuideContent,
    GuideIn,
    GuideView,
    ItemIn,
    ItemTerms,
    ItemView,
)
from shared.database.engine import DirectPool
from shared.database.versioned import try_swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web.pagination import Page, PageRequest, page
from shared.workflow import refuse

_NO_ITEM = Text("没有这个事项", "There is no such item")
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_NO_GUIDE = Text("这个事项还没有办事指南", "This item has no guide yet")


async def offer(direct: DirectPool, item: str) -> Offer | None:
    """What booking must know about an item; None for an unknown one."""
    return await queries.offer(direct, item)


async def get_item(session: AsyncSession, code: str) -> Item:
    """Raises NotFound."""
    if (item := await queries.find(session, code)) is None:
        raise NotFound(_NO_ITEM)
    return item


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
    return page(rows, paging, lambda item: (item.code,), view)


async def unknown_items(session: AsyncSession, codes: Sequence[str]) -> set[str]:
    """Those of the codes that name no item."""
    return await queries.unknown(session, codes)


async def offer_at_hall(session: AsyncSession, hall: str, codes: Sequence[str]) -> None:
    """Makes the hall offer the items, if it did not before."""
    await queries.offer_at_hall(session, hall, codes)


async def put_item(
    session: AsyncSession, code: str, wanted: ItemIn, caller: Caller, now: datetime
) -> Item:
    """The item as wanted, new or changed. Raises NotFound, StateConflict, Invalid."""
    rules.ensure_consistent(wanted)
    _ensure_own_department(caller, wanted.department_code)
    item = await queries.find(session, code)
    if item is not None:
        _ensure_own_department(caller, item.department_code)
    present = item.version if item is not None else None
    if present != wanted.version:
        refuse("present" if item else "absent", present or 0)
    values = _columns(wanted) | {"updated_at": now}
    if item is None:
        item = Item(code=code, **values)
        session.add(item)
    elif await try_swap(session, item, values) is None:
        await session.refresh(item)
        refuse("present", item.version)
    await session.flush()
    await audit_log.write(session, caller.sub, "item.put", f"item:{code}", now, {})
    return item


async def get_guide(session: AsyncSession, code: str, version: int | None) -> GuideView:
    """That version of the item's guide, or the one in force. Raises NotFound."""
    item = await get_item(session, code)
    found = await queries.guide(session, code, version)
    if found is None:
        raise NotFound(_NO_GUIDE)
    return _guide_view(item, found)


async def publish_guide(
    session: AsyncSession, code: str, wanted: GuideIn, caller: Caller, now: datetime
) -> GuideView:
    """The new version, in force from now on. Raises NotFound, StateConflict."""
    item = await get_item(session, code)
    _ensure_own_department(caller, item.department_code)
    seen = wanted.version == item.guide_version
    if not seen or await try_swap(session, item, {}, counter="guide_version") is None:
        await session.refresh(item)
        refuse("published", item.guide_version)
    guide = Guide(
        item_code=code,
        version=wanted.version + 1,
        content=wanted.model_dump(mode="json", exclude={"version"}),
        published_by=caller.sub,
        published_at=now,
    )
    session.add(guide)
    await session.flush()
    await session.refresh(item)
    version = {"version": guide.version}
    await audit_log.write(session, caller.sub, "guide.published", f"item:{code}", now, version)
    return _guide_view(item, guide)


def view(item: Item) -> ItemView:
    """The item as the API gives it."""
    return ItemView(**item.model_dump(exclude={"group_name"}), group=item.group_name)


def _guide_view(item: Item, guide: Guide) -> GuideView:
    return GuideView(
        item=view(item),
        version=guide.version,
        published_at=guide.published_at,
        content=GuideContent.model_validate(guide.content),
    )


def _columns(wanted: ItemIn) -> dict[str, Any]:
    values = wanted.model_dump(include=set(ItemTerms.model_fields))
    values["group_name"] = values.pop("group")
    return values


def _ensure_own_department(caller: Caller, department: str) -> None:
    """An officer sees to the items of their own department only."""
    if not caller.has("admin") and not caller.at(department):
        raise NotFound(_NO_ITEM)
