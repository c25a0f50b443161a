"""Items and their guides: found, changed, published."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, rules
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.rules import Offer
from services.appointments.guides.schemas import (
    GuideIn,
    ItemIn,
    ItemTerms,
)
from shared.database.engine import DirectPool
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

_NO_ITEM = Text("没有这个事项", "There is no such item")


async def offer(direct: DirectPool, hall: str, item: str) -> Offer | None:
    """What booking must know about an item at a hall; None for an unknown item."""
    return await queries.offer(direct, hall, item)


async def offers_direct(direct: DirectPool, hall: str, items: Sequence[str]) -> dict[str, Offer]:
    """The same for several, by code; unknown ones are absent."""
    return await queries.offers_direct(direct, hall, items)


async def offers(session: AsyncSession, hall: str, items: Sequence[str]) -> dict[str, Offer]:
    """The same for several, by code; unknown ones are absent."""
    return await queries.offers(session, hall, items)


async def get_item(source: AsyncSession | DirectPool, code: str) -> Item:
    """Raises NotFound."""
    if (item := await queries.find(source, code)) is None:
        raise NotFound(_NO_ITEM)
    return item


async def unknown_items(session: AsyncSession, codes: Sequence[str]) -> set[str]:
    """Those of the codes that name no item."""
    return await queries.unknown(session, codes)


async def offer_at_hall(session: AsyncSession, hall: str, codes: Sequence[str]) -> None:
    """Makes the hall offer the items, if it did not before."""
    await queries.offer_at_hall(session, hall, codes)


async def days_in_force(session: AsyncSession, code: str) -> tuple[date, date | None] | None:
    """The first and the last day of the item; None of one that is not known."""
    item = await queries.find(session, code)
    return None if item is None else (item.valid_from, item.valid_to)


async def put_item(
    session: AsyncSession, code: str, wanted: ItemIn, caller: Caller, now: datetime
) -> Item:
    """The item as wanted, new or changed. Raises NotFound, StateConflict, Invalid."""
    rules.ensure_consistent(wanted)
    _ensure_own_department(caller, wanted.department_code)
    item = await queries.find(session, code)
    if item is not None:
        _ensure_own_department(caller, item.department_code)
    version, state = (item.version, item.presence) if item else (0, "absent")
    versions.ensure(wanted.version or 0, version=version, state=state)
    values = _columns(wanted) | {"updated_at": now}
    if item is None:
        item = Item(code=code, **values)
        session.add(item)
        await session.flush()
    else:
        item = await swap(session, item, values, state="presence")
    await audit_log.write(session, caller.sub, "item.put", f"item:{code}", now, {})
    return item


async def publish_guide(
    session: AsyncSession, code: str, wanted: GuideIn, caller: Caller, now: datetime
) -> Guide:
    """The new version, in force from now on. Raises NotFound, StateConflict."""
    item = await get_item(session, code)
    _ensure_own_department(caller, item.department_code)
    versions.ensure(wanted.version, version=item.guide_version, state=item.guide_presence)
    item = await swap(session, item, {}, state="guide_presence", counter="guide_version")
    guide = Guide(
        item_code=code,
        version=wanted.version + 1,
        content=wanted.model_dump(mode="json", exclude={"version"}),
        published_by=caller.sub,
        published_at=now,
    )
    session.add(guide)
    await session.flush()
    version = {"version": guide.version}
    await audit_log.write(session, caller.sub, "guide.published", f"item:{code}", now, version)
    return guide


def _columns(wanted: ItemIn) -> dict[str, Any]:
    values = wanted.model_dump(include=set(ItemTerms.model_fields))
    values["group_name"] = values.pop("group")
    return values


def _ensure_own_department(caller: Caller, department: str) -> None:
    """An officer sees to the items of their own department only."""
    if not caller.has("admin") and not caller.at(department):
        raise NotFound(_NO_ITEM)
