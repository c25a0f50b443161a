"""Reading the calendar, loading a year's notice, and the clock calculator."""

from datetime import date, datetime
from typing import Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import queries, rules
from services.projects.calendar.events import CalendarChanged
from services.projects.calendar.models import (
    NATIONAL,
    CalendarVersion,
    Region,
    RuleKind,
    WorkCalendarDay,
)
from services.projects.calendar.rules import ClockRule
from services.projects.calendar.schemas import (
    CalendarDay,
    CalendarView,
    DayView,
    Note,
    Preview,
    PreviewRequest,
    RegionInput,
    RegionView,
    VersionOrder,
    VersionView,
)
from shared.database import calendar_days
from shared.errors import Invalid, Text
from shared.messaging import outbox
from shared.security import audit_log
from shared.workdays import CalendarUnknown, Workdays, year_days


async def load(session: AsyncSession, region: str = NATIONAL) -> Workdays:
    """The region's working days as they are known now."""
    return await calendar_days.load(session, region)


async def newest_version(session: AsyncSession, region: str = NATIONAL) -> int:
    return await queries.newest_version(session, region)


async def list_regions(session: AsyncSession) -> list[RegionView]:
    """The regions that may be asked for."""
    return [RegionView(**row._asdict()) for row in await queries.regions(session)]


async def add_region(
    session: AsyncSession, code: str, order: RegionInput, now: datetime, *, actor: str
) -> tuple[RegionView, bool]:
    """Register a region; also whether it is new. Raises OtherRegion."""
    region = Region(code=code, **order.model_dump())
    is_new = await queries.add_region(session, region)
    if is_new:
        await audit_log.write(session, actor, "region.added", f"region:{code}", now)
    [row] = await queries.regions(session, code)
    if row.name != order.name:
        raise rules.OtherRegion(name=row.name)
    return RegionView(**row._asdict()), is_new


async def _find_region(session: AsyncSession, code: str, pointer: str) -> RegionView:
    """Raises UnknownRegion, naming the field and the regions that are known."""
    rows = await queries.regions(session, code)
    if not rows:
        known = [{"code": r.code, "name": r.name} for r in await list_regions(session)]
        detail = Text(
            f"没有登记“{code}”这个地区，可用的地区见 known",
            f"The region {code} is not registered; member known lists those that are",
        )
        raise rules.UnknownRegion(detail, pointer=pointer, known=known)
    return RegionView(**rows[0]._asdict())


def _note(region: RegionView) -> Note | None:
    """That the region keeps the nation's days, where it is not the nation."""
    if region.calendar == region.code:
        return None
    return Note(**rules.no_own_calendar(region.name, region.name_en)._asdict())


async def read_year(session: AsyncSession, code: str, year: int) -> CalendarView:
    """A year's days, or `calendar_unknown` while its notice is not loaded. Raises UnknownRegion."""
    region = await _find_region(session, code, "/query/region")
    kept = region.calendar
    days = await queries.days(session, kept, date(year, 1, 1), date(year, 12, 31))
    versions = await queries.versions(session, kept, year)
    return CalendarView(
        region=code,
        calendar=kept,
        note=_note(region),
        year=year,
        status="loaded" if days else "calendar_unknown",
        versions=[VersionView.model_validate(version) for version in versions],
        days=[CalendarDay.model_validate(day) for day in days],
    )


async def preview(session: AsyncSession, request: PreviewRequest) -> Preview:
    """The last day in time and the table of days that leads to it.

    Raises Invalid for a clock without an end or whose days are missing, and UnknownRegion.
    """
    region = await _find_region(session, request.region, "/body/region")
    common = {"region": region.code, "calendar": region.calendar, "note": _note(region)}
    asked = request.rule
    rule = rules.asked_clock(asked.kind, asked.n, asked.month_day, roll_forward=asked.roll_forward)
    try:
        due_on = rules.due_on(rule, request.formed_on, await load(session, region.calendar))
    except CalendarUnknown:
        return Preview(due_on=None, verdict="calendar_unknown", **common)
    days = await day_table(session, region.calendar, rule, request.formed_on, due_on)
    return Preview(due_on=due_on, days=days, **common)


async def day_table(
    session: AsyncSession, region: str, rule: ClockRule, formed_on: date, due_on: date
) -> list[DayView]:
    """Each day from the formation to the due day: what it is and whether the clock counts it."""
    days = await queries.days(session, region, formed_on, due_on)
    return [_day_view(day, rule.kind, formed_on) for day in days]


def _day_view(day: WorkCalendarDay, kind: RuleKind, formed_on: date) -> DayView:
    by_workdays = kind in (RuleKind.WORKING_DAYS, RuleKind.PROMPTLY)
    after_start = day.date > formed_on
    return DayView(
        date=day.date,
        kind=_kind(day) if after_start else "start",
        counted=after_start and (day.is_workday or not by_workdays),
        notice=day.source_notice,
    )


def _kind(
    day: WorkCalendarDay,
) -> Literal["workday", "rest_day", "weekend", "working_weekend"]:
    if day.date.weekday() >= 5:
        return "working_weekend" if day.is_workday else "weekend"
    return "workday" if day.is_workday else "rest_day"


async def add_version(
    session: AsyncSession, order: VersionOrder, now: datetime, *, actor: str
) -> CalendarVersion:
    """Load or correct a year: new days, ordinals counted again from there, an event for all.

    Duties are not touched: they hold ordinals. Raises UnknownRegion, and Invalid for days that are
    not the year's or for a year whose year before is not loaded, because ordinals count through.
    """
    await _find_region(session, order.region, "/body/region")
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
