"""A hall's rules as the API gives them."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.directory.schemas import HallClosure
from services.appointments.schedules import planning, queries
from services.appointments.schedules.exception_schemas import ScheduleExceptionView
from services.appointments.schedules.making import returns_of
from services.appointments.schedules.models import Closure, ScheduleRule
from services.appointments.schedules.rules import Circumstances
from services.appointments.schedules.schemas import ScheduleRuleView
from services.appointments.schedules.shown import NextSale
from services.appointments.slots import service as slots
from services.appointments.slots.rules import RuleSale
from shared.database import calendar_days
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


async def list_exceptions(
    session: AsyncSession,
    code: str,
    paging: PageRequest,
    *,
    first: date | None,
    last: date | None,
    now: datetime,
) -> Page[ScheduleExceptionView]:
    """The hall's exceptions of its local days `first`..`last`; from today on, without an end,
    unless said. Raises NotFound."""
    hall = await directory.get_hall(session, code)
    after = paging.key(date, UUID)
    rows = await queries.exceptions_between(
        session,
        code,
        first=first or now.astimezone(ZoneInfo(hall.timezone)).date(),
        last=last,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    shown = ScheduleExceptionView.model_validate
    return page(rows, paging, lambda one: (one.first_on, one.id), shown)


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
    sales = await slots.sales(session, code, now)
    official = await calendar_days.load(session)
    there = Circumstances(official=official, zone=ZoneInfo(hall.timezone), served={}, now=now)
    shown = [await _rule(rule, there, sales.get(rule.code)) for rule in found.items]
    return Page(items=shown, next_cursor=found.next_cursor)


async def _rule(
    rule: ScheduleRule, there: Circumstances, sale: RuleSale | None
) -> ScheduleRuleView:
    plan = await planning.whole_plan([rule], there)
    returns = {pool: each._asdict() for pool, each in returns_of(rule).items()}
    return ScheduleRuleView(
        **rule.model_dump(include=set(ScheduleRuleView.model_fields) - {"returns"}),
        returns=returns,
        slots_until=sale and sale.slots_until,
        bookable_until=sale and sale.bookable_until,
        next_sale=_next(sale),
        calendar_unknown=sorted(plan.unknown_years),
    )


def _next(sale: RuleSale | None) -> NextSale | None:
    if sale is None or sale.opens_at is None or sale.opens_on is None:
        return None
    return NextSale(opens_at=sale.opens_at, on_date=sale.opens_on)
