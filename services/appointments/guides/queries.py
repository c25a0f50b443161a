"""The SQL of items and guides."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides.models import Guide, HallItem, Item
from services.appointments.guides.rules import Offer
from shared.database.engine import DirectPool
from shared.database.faults import Overtaken
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
_VERSIONS = text("""
SELECT g.version, g.version = i.guide_version, g.valid_from, g.published_at,
  coalesce(g.content->>'changes', '')
FROM guide g JOIN item i ON i.code = g.item_code
WHERE g.item_code = :item AND (CAST(:before AS integer) IS NULL OR g.version < :before)
ORDER BY g.version DESC LIMIT :limit
""")
_HALLS_OF = text("""
SELECT h.code, h.name, h.name_en, h.address, h.phone, h.opening_hours, (
  SELECT coalesce(
    jsonb_agg(jsonb_build_object('service', c.service, 'phone', c.phone, 'hours', c.hours)
      ORDER BY c.service, c.phone), '[]')
  FROM hall_contact c WHERE c.hall_code = h.code
)
FROM hall_item s JOIN hall h ON h.code = s.hall_code
WHERE s.item_code = :item AND (CAST(:hall AS text) IS NULL OR h.code = :hall)
ORDER BY h.code LIMIT 20
""")
_INTO_FORCE = text("""
UPDATE item i SET guide_version = d.version FROM (
  SELECT g.item_code, max(g.version) AS version FROM guide g JOIN item o ON o.code = g.item_code
  WHERE g.version > o.guide_version AND (g.valid_from IS NULL OR g.valid_from <= :today)
    AND (CAST(:items AS text[]) IS NULL OR g.item_code = ANY(:items))
  GROUP BY g.item_code
) d WHERE i.code = d.item_code AND i.guide_version < d.version RETURNING i.code
""")


class Version(NamedTuple):
    """A version of a guide without its content."""

    version: int
    in_force: bool
    valid_from: date | None
    published_at: datetime
    changes: str


class HallOfItem(NamedTuple):
    """A hall that offers an item, read of its tables, because this room knows no halls."""

    hall_code: str
    name: str
    name_en: str | None
    address: str
    phone: str | None
    opening_hours: list[dict[str, Any]]
    contacts: list[dict[str, str]]


class KnownItem(NamedTuple):
    """An item that is there, the newest version of its guide, and how many halls offer it."""

    item: Item
    newest: Guide | None
    halls: int

    @property
    def newest_version(self) -> int:
        """In force or waiting for its day; 0 where none is published."""
        return max(self.item.guide_version, self.newest.version if self.newest else 0)


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
        rows = rows.where(*_in_force(on))
    if after is not None:
        rows = rows.where(col(Item.code) > after[0])
    return (await session.exec(rows.order_by(col(Item.code)).limit(limit))).all()


async def guide(
    session: AsyncSession, item: str, version: int | None
) -> tuple[Item, Guide | None] | None:
    """The item with that version of its guide, or with the one in force; None: no such item."""
    wanted = col(Item.guide_version) if version is None else version
    rows = (
        select(Item, Guide)
        .outerjoin(
            Guide, and_(col(Guide.item_code) == col(Item.code), col(Guide.version) == wanted)
        )
        .where(col(Item.code) == item)
    )
    found = (await session.exec(rows)).one_or_none()
    return None if found is None else (found[0], found[1])


async def versions(
    session: AsyncSession, item: str, *, before: int | None, limit: int
) -> Sequence[Version]:
    """The versions of the item's guide, the newest first."""
    rows = await session.execute(_VERSIONS, {"item": item, "before": before, "limit": limit})
    return [Version(*row) for row in rows.all()]


async def halls_of(session: AsyncSession, item: str, hall: str | None) -> Sequence[HallOfItem]:
    """The halls that offer the item, or only that one; 20 at most."""
    rows = await session.execute(_HALLS_OF, {"item": item, "hall": hall})
    return [HallOfItem(*row) for row in rows.all()]


async def lock(session: AsyncSession, code: str) -> tuple[Item, int] | None:
    """The item, kept from others who publish, and its guide's newest version, waiting or not."""
    newest = select(func.coalesce(func.max(col(Guide.version)), 0)).where(
        col(Guide.item_code) == code
    )
    rows = select(Item, newest.scalar_subquery()).where(col(Item.code) == code)
    found = (await session.exec(rows.with_for_update(of=Item))).one_or_none()
    return None if found is None else (found[0], max(found[1], found[0].guide_version))


async def bring_into_force(
    session: AsyncSession, today: date, items: Sequence[str] | None = None
) -> int:
    """Of each item, or of those, the highest version whose day has come. Returns how many."""
    codes = None if items is None else list(items)
    rows = await session.execute(_INTO_FORCE, {"today": today, "items": codes})
    return len(rows.all())


async def present(
    session: AsyncSession, codes: Sequence[str], *, lock: bool
) -> dict[str, KnownItem]:
    """Those of the items that are there, by code; kept from others who change them, by `lock`."""
    other = aliased(Guide)
    newest = select(func.max(col(other.version))).where(col(other.item_code) == col(Item.code))
    halls = select(func.count()).where(col(HallItem.item_code) == col(Item.code))
    rows = (
        select(Item, Guide, halls.scalar_subquery())
        .outerjoin(
            Guide,
            and_(
                col(Guide.item_code) == col(Item.code),
                col(Guide.version) == newest.correlate(Item).scalar_subquery(),
            ),
        )
        .where(col(Item.code).in_(codes))
        .order_by(col(Item.code))
    )
    found = await session.exec(rows.with_for_update(of=Item) if lock else rows)
    return {item.code: KnownItem(item, guide, halls) for item, guide, halls in found.all()}


async def add_guides(session: AsyncSession, guides: Sequence[Guide]) -> None:
    """Further versions. Raises Overtaken where somebody has published one meanwhile."""
    session.add_all(guides)
    try:
        await session.flush()
    except IntegrityError as error:
        raise Overtaken from error  # all is decided anew, on what stands then


async def put_all(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Items new or changed, each the next version of what was seen. Raises Overtaken."""
    if not rows:
        return
    new = insert(Item).values(list(rows))
    changed = {name: new.excluded[name] for name in rows[0] if name != "code"}
    seen = col(Item.version) == new.excluded.version - 1
    done = await session.execute(
        new.on_conflict_do_update(index_elements=["code"], set_=changed, where=seen).returning(
            col(Item.code)
        )
    )
    if len(done.all()) < len(rows):
        raise Overtaken  # somebody added one of them meanwhile: all is judged anew


async def with_guides(
    session: AsyncSession,
    *,
    item: str | None,
    department: str | None,
    on: date,
    after: tuple[str] | None,
    limit: int,
) -> Sequence[tuple[Item, Guide | None, int]]:
    """Items in force on a day, each with its guide in force and how many halls offer it."""
    halls = select(func.count()).where(col(HallItem.item_code) == col(Item.code))
    rows = (
        select(Item, Guide, halls.scalar_subquery())
        .outerjoin(
            Guide,
            and_(
                col(Guide.item_code) == col(Item.code),
                col(Guide.version) == col(Item.guide_version),
            ),
        )
        .where(*_in_force(on))
    )
    if item is not None:
        rows = rows.where(col(Item.code) == item)
    if department is not None:
        rows = rows.where(col(Item.department_code) == department)
    if after is not None:
        rows = rows.where(col(Item.code) > after[0])
    found = await session.exec(rows.order_by(col(Item.code)).limit(limit))
    return [(row[0], row[1], row[2]) for row in found.all()]


def _in_force(on: date) -> tuple[ColumnElement[bool], ...]:
    ends = col(Item.valid_to)
    return col(Item.valid_from) <= on, or_(ends.is_(None), ends >= on)


async def offer_at_hall(session: AsyncSession, hall: str, codes: Sequence[str]) -> None:
    """Makes the hall offer the items, if it did not before."""
    if codes:
        rows = [{"hall_code": hall, "item_code": code} for code in codes]
        await session.execute(insert(HallItem).values(rows).on_conflict_do_nothing())


async def unknown(session: AsyncSession, codes: Sequence[str]) -> set[str]:
    """Those of the codes that name no item."""
    known = await session.exec(select(col(Item.code)).where(col(Item.code).in_(codes)))
    return set(codes) - set(known)
