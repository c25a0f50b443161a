"""A hall's rules as the API gives them."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.models import Hall
from services.appointments.directory.schemas import HallClosure
from services.appointments.schedules import queries, service
from services.appointments.schedules.models import Closure, ScheduleRule
from services.appointments.schedules.schemas import ScheduleRuleView
from services.appointments.slots import service as slots
from shared.web.pagination import Page, PageRequest, page


async def list_closures(
    session: AsyncSession,
    code: str,
    paging: PageRequest,
    *,
    first: date | None,
    last: date | None,
    now: datetime,
) -> Page[HallClosure]:
    """The hall's closures on its local days `first`..`last`; from now on, without an end, unless
    said. Raises NotFound."""
    hall = await directory.get_hall(session, code)
    zone = ZoneInfo(hall.timezone)
    after = paging.key(datetime, UUID)
    rows = await queries.closures_between(
        session,
        code,
        since=datetime.combine(first, time(), zone) if first else now,
        until=datetime.combine(last + timedelta(days=1), time(), zone) if last else None,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    return page(rows, paging, lambda one: (one.starts_at, one.id), _closure)


def _closure(one: Closure) -> HallClosure:
    return HallClosure(
        **one.model_dump(include=set(HallClosure.model_fields)),
    )


async def list_rules(
    session: AsyncSession, code: str, paging: PageRequest, now: datetime
) -> Page[ScheduleRuleView]:
    """The hall's rules in force by code, with the last day that has slots. Raises NotFound."""
    hall = await directory.get_hall(session, code)
    after = paging.key(str)
    rules = await queries.in_force(session, code, after[0] if after else None, paging.limit + 1)
    found = page(rules, paging, lambda rule: (rule.code,), lambda rule: rule)
    shown = [await _rule(session, hall, rule, now) for rule in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


async def _rule(
    session: AsyncSession, hall: Hall, rule: ScheduleRule, now: datetime
) -> ScheduleRuleView:
    plan = await service.plan_of(session, hall, [rule], now, closures=())
    return ScheduleRuleView(
        **rule.model_dump(include=set(ScheduleRuleView.model_fields)),
        slots_until=await slots.latest_day(session, hall.code, rule.code),
        calendar_unknown=sorted(plan.unknown_years),
    )
