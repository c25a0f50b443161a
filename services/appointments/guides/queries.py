"""The SQL of items and guides."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, desc, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides.models import Guide, HallItem, Item
from services.appointments.guides.rules import Offer
from shared.database.engine import DirectPool
from shared.database.rows import columns, fetching, loaded

# The windows are asked of their table itself, because this room knows no windows.
_OFFERS = """
SELECT code, guide_version, by_appointment, valid_from, valid_to, standard_minutes, EXISTS (
  SELECT FROM window_item s JOIN "window" w ON w.id = s.window_id AND w.retired_at IS NULL
  WHERE s.hall_code = {hall} AND s.item_code = item.code
) FROM item WHERE code = ANY({items})
"""
_OFFER = _OFFERS.format(hall="$1", items="$2::text[]")
_OFFERS_AT = text(_OFFERS.format(hall=":hall", items=":items"))
_ITEM = f"SELECT {columns(Item, 'i')} FROM item i WHERE i.code = $1"
_HALL_EXISTS = text("SELECT EXISTS (SELECT FROM hall WHERE code = :hall)")


async def offer(direct: DirectPool, hall: str, item: str) -> Offer | None:
    """What booking must know about an item at a hall; None for an unknown item."""
    row = await direct.fetchrow(_OFFER, hall, [item])
    return Offer(*row) if row else None


async def offers_direct(direct: DirectPool, hall: str, items: Sequence[str]) -> dict[str, Offer]:
    """The same for several, by code; unknown ones are absent."""
    return {row[0]: Offer(*row) for row in await direct.fetch(_OFFER, hall, list(items))}


async def offers(session: AsyncSession, hall: str, items: Sequence[str]) -> dict[str, Offer]:
    """The same in a transaction."""
    rows = await session.execute(_OFFERS_AT, {"hall": hall, "items": list(items)})
    return {row[0]: Offer(*row) for row in rows.all()}


async def hall_exists(session: AsyncSession, hall: str) -> bool:
    """Asked of the table itself, because this room knows no halls."""
    return bool(await session.scalar(_HALL_EXISTS, {"hall": hall}))


async def find(source: AsyncSession | DirectPool, code: str) -> Item | None:
    rows = await fetching(source)(_ITEM, code)
    return loaded(Item, rows[0]) if rows else None


async def items(
    session: AsyncSession,
    *,
    hall: str | None,
    words: str | None,
    department: str | None,
    on: date | None,
    after: tuple[str] | None,
    limit: int,
) -> Sequence[Item]:
    """Items by group and code; `on` keeps those valid on a day, `words` searches names."""
    rows = select(Item)
    if hall is not None:
        rows = rows.join(HallItem, col(HallItem.item_code) == col(Item.code)).where(
            col(HallItem.hall_code) == hall
        )
    if words:
        pattern = col(Item.name).icontains(words, autoescape=True)
        rows = rows.where(
            or_(
                pattern,
                col(Item.name_en).icontains(words, autoescape=True),
                col(Item.group_name).icontains(words, autoescape=True),
                col(Item.code) == words.upper(),
            )
        )
    if department is not None:
        rows = rows.where(col(Item.department_code) == department)
    if on is not None:
        rows = rows.where(
            col(Item.valid_from) <= on, or_(col(Item.valid_to).is_(None), col(Item.valid_to) >= on)
        )
    if after is not None:
        rows = rows.where(col(Item.code) > after[0])
    return (await session.exec(rows.order_by(col(Item.code)).limit(limit))).all()


async def guide(session: AsyncSession, item: str, version: int | None) -> Guide | None:
    """That version of an item's guide, or the newest."""
    rows = select(Guide).where(col(Guide.item_code) == item)
    if version is not None:
        rows = rows.where(col(Guide.version) == version)
    return (await session.exec(rows.order_by(desc(Guide.version)).limit(1))).one_or_none()


async def offer_at_hall(session: AsyncSession, hall: str, codes: Sequence[str]) -> None:
    """Makes the hall offer the items, if it did not before."""
    if codes:
        rows = [{"hall_code": hall, "item_code": code} for code in codes]
        await session.execute(insert(HallItem).values(rows).on_conflict_do_nothing())


async def unknown(session: AsyncSession, codes: Sequence[str]) -> set[str]:
    """Those of the codes that name no item."""
    known = await session.exec(select(col(Item.code)).where(col(Item.code).in_(codes)))
    return set(codes) - set(known)
