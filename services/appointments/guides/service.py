"""Items and their guides: found, changed, published."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, rules
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.rules import Offer
from services.appointments.guides.schemas import (
    GuideIn,
    ItemElements,
    ItemIn,
    ItemTerms,
)
from shared import clock
from shared.database.engine import DirectPool
from shared.database.versioned import swap
from shared.errors import NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions

NO_ITEM = Text("没有这个事项", "There is no such item")


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
        raise NotFound(NO_ITEM)
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
    values = columns_of(wanted) | {"updated_at": now}
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
) -> tuple[Item, Guide]:
    """The new version, in force from its day on. Raises NotFound, StateConflict, Invalid."""
    found = await queries.lock(session, code)
    if found is None:
        raise NotFound(NO_ITEM)
    item, newest = found
    _ensure_own_department(caller, item.department_code)
    versions.ensure(wanted.version, version=newest, state=item.guide_presence)
    today = clock.today(now)
    rules.ensure_not_past(wanted.valid_from, today)
    guide = Guide(
        item_code=code,
        version=newest + 1,
        content=wanted.model_dump(mode="json", exclude={"version", "valid_from"}),
        valid_from=wanted.valid_from,
        published_by=caller.sub,
        published_at=now,
    )
    await queries.add_guides(session, [guide])
    if wanted.valid_from is None or wanted.valid_from <= today:
        await queries.bring_into_force(session, today, [code])
        set_committed_value(item, "guide_version", guide.version)
    version = {"version": guide.version}
    await audit_log.write(session, caller.sub, "guide.published", f"item:{code}", now, version)
    return item, guide


async def bring_into_force(session: AsyncSession, now: datetime) -> int:
    """The guides whose day has come; bookings are made under them from then on."""
    return await queries.bring_into_force(session, clock.today(now))


def columns_of(wanted: ItemTerms) -> dict[str, Any]:
    """The columns of an item that what is laid down about it fills."""
    values = wanted.model_dump(include=set(ItemTerms.model_fields))
    values["group_name"] = values.pop("group")
    values["elements"] = {name: values.pop(name) for name in ItemElements.model_fields}
    return values


def is_of(caller: Caller, department: str) -> bool:
    """An officer sees to the items of their own department only."""
    return caller.has("admin") or caller.at(department)


def _ensure_own_department(caller: Caller, department: str) -> None:
    if not is_of(caller, department):
        raise NotFound(NO_ITEM)
