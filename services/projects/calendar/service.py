"""Reading the calendar, loading a year's notice, and the clock calculator."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import queries, rules
from services.projects.calendar.events import CalendarChanged
from services.projects.calendar.models import (
    NATIONAL,
    CalendarVersion,
    Region,
    WorkCalendarDay,
)
from services.projects.calendar.queries import RegionRow
from services.projects.calendar.schemas import (
    RegionInput,
    VersionOrder,
)
from shared.database import calendar_days
from shared.errors import Invalid, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.workdays import Workdays, year_days


async def load(session: AsyncSession, region: str = NATIONAL) -> Workdays:
    """The region's working days as they are known now."""
    return await calendar_days.load(session, region)


async def days(
    session: AsyncSession, region: str, first: date, last: date
) -> Sequence[WorkCalendarDay]:
    """The region's days from `first` to `last` that are loaded, each with its notice."""
    return await queries.days(session, region, first, last)


async def newest_version(session: AsyncSession, region: str = NATIONAL) -> int:
    return await queries.newest_version(session, region)


async def add_region(
    session: AsyncSession, code: str, order: RegionInput, now: datetime, *, actor: str
) -> tuple[RegionRow, bool]:
    """Register a region; also whether it is new. Raises OtherRegion."""
    region = Region(code=code, **order.model_dump())
    is_new = await queries.add_region(session, region)
    if is_new:
        await audit_log.write(session, actor, "region.added", f"region:{code}", now)
    [row] = await queries.regions(session, code=code)
    if row.name != order.name:
        raise rules.OtherRegion(name=row.name)
    return row, is_new


async def find_region(session: AsyncSession, code: str, pointer: str) -> RegionRow:
    """Raises UnknownRegion, naming the field and the regions that are known."""
    rows = await queries.regions(session, code=code)
    if not rows:
        known = [{"code": r.code, "name": r.name} for r in await queries.regions(session)]
        detail = Text(
            f"没有登记“{code}”这个地区，请从所列的地区中选",
            f"The region {code} is not registered; please choose one of those listed",
        )
        raise rules.UnknownRegion(detail, pointer=pointer, known=known)
    return rows[0]


async def add_version(
    session: AsyncSession, order: VersionOrder, now: datetime, *, actor: str
) -> CalendarVersion:
    """Load or correct a year: new days, ordinals counted again from there, an event for all.

    Duties are not touched: they hold ordinals. Raises UnknownRegion, and Invalid for days that are
    not the year's or for a year whose year before is not loaded, because ordinals count through.
    """
    await find_region(session, order.region, "/body/region")
    rules.check_notice(order.year, order.rest_days, order.working_weekends)
    await queries.take_turn(session)
    last = await queries.last_loaded(session, order.region)
    if last is None:
        await queries.follow_nation(session, order.region)
        last = await queries.last_loaded(session, order.region)
    if last is None or order.year > last.year + 1:
        detail = Text(
            f"请先载入{(last.year if last else 2003) + 1}年的放假通知",
            f"Please load the notice of {(last.year if last else 2003) + 1} first",
        )
        raise Invalid(detail, pointer="/body/year")
    version = await _store(session, order, now, actor)
    followers = await queries.followers(session, order.year) if order.region == NATIONAL else []
    for region in [order.region, *followers]:
        await _put_year(session, region, order, version.version)
    changed = CalendarChanged(
        region=order.region,
        year=order.year,
        version=version.version,
        notice=order.notice,
        rest_days=sorted(set(order.rest_days)),
        working_weekends=sorted(set(order.working_weekends)),
    )
    await outbox.record(session, changed, subject=f"{order.region}-{order.year}")
    return version


async def _store(
    session: AsyncSession, order: VersionOrder, now: datetime, actor: str
) -> CalendarVersion:
    version = CalendarVersion(
        region=order.region,
        version=await queries.newest_version(session, order.region) + 1,
        year=order.year,
        notice=order.notice,
        rest_days=sorted(day.isoformat() for day in set(order.rest_days)),
        working_weekends=sorted(day.isoformat() for day in set(order.working_weekends)),
        created_at=now,
        created_by=actor,
    )
    session.add(version)
    await session.flush()
    return version


async def _put_year(session: AsyncSession, region: str, order: VersionOrder, version: int) -> None:
    """The year's days with their ordinals here, and plainly in `calendar_day` for every reader."""
    days = year_days(order.year, order.rest_days, order.working_weekends)
    await queries.put_year(session, region, order.year, days, order.notice, version)
    await calendar_days.learn(
        session,
        region=region,
        year=order.year,
        version=version,
        notice=order.notice,
        rest_days=order.rest_days,
        working_weekends=order.working_weekends,
    )
