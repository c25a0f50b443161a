"""The SQL of areas and of who stands where."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.models import Agency, Area, AreaPlacement, PlacedKind
from services.appointments.areas.rules import Placing
from services.appointments.directory.models import Hall

_COUNTED = text("""
SELECT count(*), coalesce(sum(issued), 0) FROM hall_tally
WHERE hall_code = ANY(CAST(:halls AS text[])) AND grouping = 'hall'
  AND day >= :first AND day <= coalesce(CAST(:last AS date), 'infinity')
""")


class CountedDays(NamedTuple):
    """Days of halls with kept sums, and how many tickets were taken on them."""

    days: int
    tickets: int


async def placings(session: AsyncSession) -> list[Placing]:
    """All that is known of who stood where: some thousands of rows in a province."""
    of = AreaPlacement
    columns = (col(of.kind), col(of.code), col(of.valid_from), col(of.parent_code))
    return [Placing(*row) for row in await session.exec(select(*columns))]


async def placement(
    session: AsyncSession, kind: PlacedKind, code: str, valid_from: date
) -> AreaPlacement | None:
    return await session.get(AreaPlacement, (kind, code, valid_from))


async def any_area(session: AsyncSession, codes: Collection[str]) -> bool:
    """Whether one of these is an area."""
    rows = select(Area.code).where(col(Area.code).in_(codes)).limit(1)
    return (await session.exec(rows)).first() is not None


async def area(session: AsyncSession, code: str) -> Area | None:
    return await session.get(Area, code)


async def agency(session: AsyncSession, code: str) -> Agency | None:
    return await session.get(Agency, code)


async def areas(
    session: AsyncSession, after: str | None = None, limit: int | None = None
) -> Sequence[Area]:
    """By their codes."""
    rows = select(Area).where(col(Area.code) > (after or ""))
    return (await session.exec(rows.order_by(col(Area.code)).limit(limit))).all()


async def agencies(
    session: AsyncSession, after: str | None = None, limit: int | None = None
) -> Sequence[Agency]:
    """By their codes."""
    rows = select(Agency).where(col(Agency.code) > (after or ""))
    return (await session.exec(rows.order_by(col(Agency.code)).limit(limit))).all()


async def area_names(session: AsyncSession) -> dict[str, str]:
    """What each area is called, by its code."""
    return dict((await session.exec(select(Area.code, Area.name))).all())


async def hall_names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """What these halls are called, by their codes."""
    rows = select(Hall.code, Hall.name).where(col(Hall.code).in_(codes))
    return dict((await session.exec(rows)).all())


async def agency_names(session: AsyncSession, codes: Collection[str]) -> dict[str, str]:
    """What these agencies are called, by their codes."""
    rows = select(Agency.code, Agency.name).where(col(Agency.code).in_(codes))
    return dict((await session.exec(rows)).all())


async def hall_codes(session: AsyncSession) -> list[str]:
    return list(await session.exec(select(Hall.code)))


async def counted(
    session: AsyncSession, halls: Collection[str], first: date, last: date | None
) -> CountedDays:
    """What is counted of these halls from `first` to `last` (None: to the end)."""
    asked = {"halls": sorted(halls), "first": first, "last": last}
    return CountedDays(*(await session.execute(_COUNTED, asked)).one())
