"""Regions, years and due days as the API shows them, and the table of days behind a due day."""

from datetime import date
from typing import Any, Literal

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.calendar import queries, rules, service
from services.projects.calendar.clocks import ClockRule, period_end, words
from services.projects.calendar.models import CountedIn, RuleKind, WorkCalendarDay
from services.projects.calendar.queries import RegionRow
from services.projects.calendar.schemas import (
    CalendarDay,
    CalendarView,
    DayView,
    Preview,
    PreviewRequest,
    RegionView,
    VersionView,
)
from shared.web.models import Words
from shared.web.pagination import Page, PageRequest, page
from shared.workdays import CalendarUnknown


def region_view(row: RegionRow) -> RegionView:
    """A region, and the one whose calendar it keeps."""
    return RegionView(**row._asdict())


async def regions(session: AsyncSession, paging: PageRequest) -> Page[RegionView]:
    """The regions that may be asked for, by code."""
    after = paging.key(str)
    rows = await queries.regions(session, after[0] if after else None, paging.limit + 1)
    return page(rows, paging, lambda row: (row.code,), region_view)


def _note(region: RegionRow) -> Words | None:
    """That the region keeps the nation's days, where it is not the nation."""
    if region.calendar == region.code:
        return None
    return Words.of(rules.no_own_calendar(region.name, region.name_en))


async def calendar_of(session: AsyncSession, code: str, year: int) -> CalendarView:
    """A year's days, or `calendar_unknown` while its notice is not loaded. Raises UnknownRegion."""
    region = await service.find_region(session, code, "/query/region")
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
    region = await service.find_region(session, request.region, "/body/region")
    common: dict[str, Any] = {
        "region": region.code,
        "calendar": region.calendar,
        "note": _note(region),
    }
    rule = rules.asked_clock(request.rule)
    common["clock"] = Words.of(words(rule))
    calendar = await service.load(session, region.calendar)
    try:
        due_on = rules.due_on(rule, request.formed_on, calendar)
    except CalendarUnknown:
        return Preview(due_on=None, verdict="calendar_unknown", **common)
    if rule.staying is not None:
        common["keep_until"] = rules.stays_until(rule.staying, request.formed_on, calendar)
    days = await day_table(session, region.calendar, rule, request.formed_on, due_on)
    return Preview(due_on=due_on, days=days, **common)


async def day_table(
    session: AsyncSession, region: str, rule: ClockRule, formed_on: date, due_on: date
) -> list[DayView]:
    """Each day from the formation to the due day: what it is and whether the clock counts it."""
    days = await queries.days(session, region, formed_on, due_on)
    by_workdays = rule.n > 0 and rule.counts is CountedIn.WORKING_DAYS
    starts_on = formed_on
    if rule.kind is RuleKind.PERIOD and rule.every is not None:
        starts_on = period_end(rule.every, formed_on)
    return [_day_view(day, formed_on, starts_on, by_workdays=by_workdays) for day in days]


def _day_view(
    day: WorkCalendarDay, formed_on: date, starts_on: date, *, by_workdays: bool
) -> DayView:
    return DayView(
        date=day.date,
        kind=_kind(day) if day.date > formed_on else "start",
        counted=day.date > starts_on and (day.is_workday or not by_workdays),
        notice=day.source_notice,
    )


def _kind(
    day: WorkCalendarDay,
) -> Literal["workday", "rest_day", "weekend", "working_weekend"]:
    if day.date.weekday() >= 5:
        return "working_weekend" if day.is_workday else "weekend"
    return "workday" if day.is_workday else "rest_day"
