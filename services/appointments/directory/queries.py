"""The SQL of the directory."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Float,
    and_,
    delete,
    exists,
    func,
    literal,
    or_,
    text,
    tuple_,
)
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import (
    Device,
    Hall,
    HallContact,
    HallLoad,
    Window,
    WindowItem,
    Zone,
)
from services.appointments.directory.schemas import GeoPoint, HallClosure
from services.appointments.guides.models import HallItem

_COMING_CLOSURES = text("""
SELECT id, hall_code, starts_at, ends_at, reason, window_no, item_code, rule_code, version
FROM closure WHERE hall_code = :hall AND lifted_at IS NULL AND ends_at > :now
ORDER BY starts_at, id
""")

_LOCK_HALL = text("SELECT FROM hall WHERE code = :hall FOR NO KEY UPDATE")
_LOCK_IDLE = text(
    "SELECT code FROM hall WHERE code = ANY(:halls) ORDER BY code FOR NO KEY UPDATE SKIP LOCKED"
)

_EARTH_METRES = 6_371_000
_NOWHERE = 1e9
"""Halls without a known place come last."""


def _distance(near: GeoPoint) -> ColumnElement[float]:
    """Great-circle distance in metres (haversine)."""
    latitude, longitude = col(Hall.latitude), col(Hall.longitude)
    north = func.sin(func.radians(latitude - near.latitude) / 2)
    east = func.sin(func.radians(longitude - near.longitude) / 2)
    chord = north * north + (
        func.cos(func.radians(near.latitude)) * func.cos(func.radians(latitude)) * east * east
    )
    return func.coalesce(2 * _EARTH_METRES * func.asin(func.sqrt(func.least(1.0, chord))), _NOWHERE)


async def halls(
    session: AsyncSession,
    *,
    words: str | None,
    item: str | None,
    near: GeoPoint | None,
    after: tuple[float, str] | None,
    limit: int,
) -> Sequence[tuple[Hall, HallLoad | None, float]]:
    """Halls with their load and distance, nearest first, else by code."""
    distance = _distance(near) if near else literal(0.0, Float)
    rows = select(Hall, HallLoad, distance.label("distance")).outerjoin(
        HallLoad, col(HallLoad.hall_code) == col(Hall.code)
    )
    if words:
        rows = rows.where(
            or_(
                col(Hall.name).icontains(words, autoescape=True),
                col(Hall.name_en).icontains(words, autoescape=True),
                col(Hall.address).icontains(words, autoescape=True),
                col(Hall.code) == words.upper(),
            )
        )
    if item:
        offers = and_(col(HallItem.hall_code) == col(Hall.code), col(HallItem.item_code) == item)
        rows = rows.where(exists().where(offers))
    if after is not None:
        rows = rows.where(tuple_(distance, col(Hall.code)) > tuple_(*after))
    found = await session.exec(rows.order_by(distance, col(Hall.code)).limit(limit))
    return [(hall, load, float(metres)) for hall, load, metres in found]


async def hall(session: AsyncSession, code: str) -> Hall | None:
    return await session.get(Hall, code)


async def lock_hall(session: AsyncSession, code: str) -> None:
    await session.execute(_LOCK_HALL, {"hall": code})


async def lock_idle_halls(session: AsyncSession, codes: Sequence[str]) -> list[str]:
    return list((await session.execute(_LOCK_IDLE, {"halls": list(codes)})).scalars())


async def load(session: AsyncSession, hall: str) -> HallLoad | None:
    return await session.get(HallLoad, hall)


async def contacts(session: AsyncSession, hall: str) -> Sequence[HallContact]:
    mine = select(HallContact).where(col(HallContact.hall_code) == hall)
    return (await session.exec(mine.order_by(col(HallContact.id)))).all()


async def zones(session: AsyncSession, hall: str, *, retired: bool = False) -> Sequence[Zone]:
    mine = select(Zone).where(col(Zone.hall_code) == hall)
    if not retired:
        mine = mine.where(col(Zone.retired_at).is_(None))
    return (await session.exec(mine.order_by(col(Zone.code)))).all()


async def windows(session: AsyncSession, hall: str, *, retired: bool = False) -> Sequence[Window]:
    mine = select(Window).where(col(Window.hall_code) == hall)
    if not retired:
        mine = mine.where(col(Window.retired_at).is_(None))
    return (await session.exec(mine.order_by(col(Window.no)))).all()


async def window_items(session: AsyncSession, hall: str) -> Sequence[WindowItem]:
    """Which window serves what, first choices first."""
    mine = select(WindowItem).where(col(WindowItem.hall_code) == hall)
    return (await session.exec(mine.order_by(col(WindowItem.rank)))).all()


async def replace_window_items(
    session: AsyncSession, hall: str, served: Iterable[WindowItem]
) -> None:
    await session.execute(delete(WindowItem).where(col(WindowItem.hall_code) == hall))
    rows = [one.model_dump() for one in served]
    if rows:
        await session.execute(insert(WindowItem).values(rows))


async def coming_closures(session: AsyncSession, hall: str, now: datetime) -> list[HallClosure]:
    """What is closed now or will be, by its start; asked of the table itself, because this room
    knows no schedules."""
    rows = await session.execute(_COMING_CLOSURES, {"hall": hall, "now": now})
    return [HallClosure(**row) for row in rows.mappings()]


async def devices(session: AsyncSession, hall: str, *, retired: bool = False) -> Sequence[Device]:
    mine = select(Device).where(col(Device.hall_code) == hall)
    if not retired:
        mine = mine.where(col(Device.retired_at).is_(None))
    return (await session.exec(mine.order_by(col(Device.name)))).all()


async def set_load(session: AsyncSession, measured: HallLoad) -> None:
    """Keeps the newest measurement, whatever order they arrive in."""
    values = measured.model_dump()
    put = insert(HallLoad).values(values)
    newer = put.on_conflict_do_update(
        index_elements=["hall_code"],
        set_={name: put.excluded[name] for name in values if name != "hall_code"},
        where=col(HallLoad.measured_at) < put.excluded.measured_at,
    )
    await session.execute(newer)
