from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar.models import CalendarVersion, Region, WorkCalendarDay


class RegionRow(NamedTuple):
    """A known region, and the region whose calendar it keeps."""

    code: str
    name: str
    name_en: str
    calendar: str


_REGIONS = text("""
  SELECT r.code, r.name, r.name_en,
         CASE WHEN EXISTS (SELECT FROM calendar_version v WHERE v.region = r.code)
              THEN r.code ELSE 'CN' END AS calendar
  FROM region r
  WHERE (CAST(:code AS text) IS NULL OR r.code = :code)
    AND (CAST(:after AS text) IS NULL OR r.code > :after)
  ORDER BY r.code LIMIT :limit""")
_FOLLOWERS = text("""
  SELECT DISTINCT v.region FROM calendar_version v
  WHERE v.region <> 'CN' AND NOT EXISTS (
    SELECT FROM calendar_version own WHERE own.region = v.region AND own.year = :year)""")
_COPY_WORK = text("""
  INSERT INTO work_calendar (region, date, is_workday, ord_start, ord_end, source_notice, version)
  SELECT CAST(:region AS text), date, is_workday, ord_start, ord_end, source_notice, version
  FROM work_calendar WHERE region = 'CN' ON CONFLICT DO NOTHING""")
_COPY_DAYS = text("""
  INSERT INTO calendar_day (region, day, is_workday, version, notice)
  SELECT CAST(:region AS text), day, is_workday, 0, notice FROM calendar_day WHERE region = 'CN'
  ON CONFLICT DO NOTHING""")
_EDGES = text("""
  SELECT coalesce((SELECT ord_start FROM work_calendar
                   WHERE region = :region AND date = CAST(:first AS date) - 1), 0) AS before,
         (SELECT ord_start FROM work_calendar WHERE region = :region AND date = :last) AS old""")
_PUT_YEAR = text("""
  INSERT INTO work_calendar (region, date, is_workday, ord_start, ord_end, source_notice, version)
  SELECT CAST(:region AS text), day, works, ord, ord + CASE WHEN works THEN 0 ELSE 1 END,
         CAST(:notice AS text), CAST(:version AS int)
  FROM (SELECT day, works, CAST(:before AS int) + sum(works::int) OVER (ORDER BY day) AS ord
        FROM unnest(CAST(:days AS date[]), CAST(:works AS bool[])) AS year (day, works)) numbered
  ON CONFLICT (region, date) DO UPDATE SET
    is_workday = excluded.is_workday, ord_start = excluded.ord_start, ord_end = excluded.ord_end,
    source_notice = excluded.source_notice, version = excluded.version""")
_SHIFT = text("""
  UPDATE work_calendar
  SET ord_start = ord_start + CAST(:by AS int), ord_end = ord_end + CAST(:by AS int)
  WHERE region = :region AND date > :last""")
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('projects.calendar', 11))")


async def take_turn(session: AsyncSession) -> None:
    """One notice at a time: each version's ordinals build on those before it."""
    await session.execute(_TURN)


async def regions(
    session: AsyncSession,
    after: str | None = None,
    limit: int | None = None,
    code: str | None = None,
) -> list[RegionRow]:
    """The known regions by code (or that one), each with the region whose calendar it keeps."""
    found = await session.execute(_REGIONS, {"after": after, "limit": limit, "code": code})
    return [RegionRow(**row) for row in found.mappings()]


async def add_region(session: AsyncSession, region: Region) -> bool:
    """False if the code is known already."""
    statement = insert(Region).values(**region.model_dump()).on_conflict_do_nothing()
    found = await session.execute(statement.returning(col(Region.code)))
    return found.scalar_one_or_none() is not None


async def days(
    session: AsyncSession, region: str, first: date, last: date
) -> Sequence[WorkCalendarDay]:
    """The days from `first` to `last` that are loaded, in order."""
    day = col(WorkCalendarDay.date)
    query = select(WorkCalendarDay).where(WorkCalendarDay.region == region)
    return (await session.exec(query.where(day.between(first, last)).order_by(day))).all()


async def last_loaded(session: AsyncSession, region: str) -> date | None:
    """The last day of the region's calendar."""
    query = select(func.max(WorkCalendarDay.date)).where(WorkCalendarDay.region == region)
    return (await session.exec(query)).one()


async def versions(
    session: AsyncSession, region: str, year: int | None = None
) -> Sequence[CalendarVersion]:
    """The region's notices, the newest first."""
    query = select(CalendarVersion).where(CalendarVersion.region == region)
    if year is not None:
        query = query.where(CalendarVersion.year == year)
    return (await session.exec(query.order_by(col(CalendarVersion.version).desc()))).all()


async def newest_version(session: AsyncSession, region: str) -> int:
    """The number of the newest notice; 0 for a region without any."""
    query = select(func.max(CalendarVersion.version)).where(CalendarVersion.region == region)
    return (await session.exec(query)).one() or 0


async def followers(session: AsyncSession, year: int) -> Sequence[str]:
    """The regions that have a calendar of their own, but no notice of their own for `year`."""
    return (await session.execute(_FOLLOWERS, {"year": year})).scalars().all()


async def follow_nation(session: AsyncSession, region: str) -> None:
    """Give a region that has no calendar yet a copy of the national one."""
    await session.execute(_COPY_WORK, {"region": region})
    await session.execute(_COPY_DAYS, {"region": region})


async def put_year(
    session: AsyncSession,
    region: str,
    year: int,
    days: Sequence[tuple[date, bool]],
    notice: str,
    version: int,
) -> None:
    """Write a year's days over what stood there; later days move by the difference."""
    edge = {"region": region, "first": date(year, 1, 1), "last": date(year, 12, 31)}
    before, old = (await session.execute(_EDGES, edge)).one()
    new = before + sum(works for _, works in days)
    put = {
        "days": [day for day, _ in days],
        "works": [works for _, works in days],
        "before": before,
        "notice": notice,
        "version": version,
    }
    await session.execute(_PUT_YEAR, {"region": region, **put})
    if old is not None and old != new:
        shift = {"region": region, "last": edge["last"], "by": new - old}
        await session.execute(_SHIFT, shift)
