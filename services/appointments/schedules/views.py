"""A hall's rules as the API gives them."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.schedules import queries, service
from services.appointments.schedules.schemas import ScheduleRuleView
from services.appointments.slots import service as slots


async def list_rules(session: AsyncSession, code: str, now: datetime) -> list[ScheduleRuleView]:
    """The hall's rules in force, with the last day that has slots. Raises NotFound."""
    hall = await directory.get_hall(session, code)
    views = []
    for rule in await queries.in_force(session, code):
        plan = await service.plan_of(session, hall, [rule], now)
        views.append(
            ScheduleRuleView(
                **rule.model_dump(include=set(ScheduleRuleView.model_fields)),
                slots_until=await slots.latest_day(session, code, rule.code),
                calendar_unknown=sorted(plan.unknown_years),
            )
        )
    return views
