"""评价率 and 满意率 with fixed denominators: silence never raises a rate."""

from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.ratings import queries, rules
from services.feedback.ratings.schemas import GroupBy, Rate, Statistics, StatisticsRow
from shared.clock import day_start, today
from shared.errors import Invalid, Text
from shared.security.identity import Caller

FEWEST_SHOWN = 5
DAYS_SHOWN = 30
MOST_DAYS = 366
STAFF = ("officer", "hall_manager", "reviewer", "auditor", "supervisor", "admin")


async def of_period(
    session: AsyncSession,
    *,
    caller: Caller | None,
    group_by: GroupBy,
    from_on: date | None,
    to_on: date | None,
    department_code: str | None,
    hall_code: str | None,
    now: datetime,
) -> Statistics:
    """Figures over the invitations of a period, the last 30 days unless given. Raises Invalid."""
    until = to_on or today(now)
    since = from_on or until - timedelta(days=DAYS_SHOWN - 1)
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        raise Invalid(
            Text("起止日期应先后有序，且不超过一年", "From must not be after to; a year at most"),
            pointer="/query/from_on",
        )
    rows = await queries.statistics(
        session,
        group_by=group_by,
        since=day_start(since),
        until=day_start(until + timedelta(days=1)),
        department=department_code,
        hall=hall_code,
    )
    shown = [_row(row, in_full=_in_full(caller, group_by, row.key)) for row in rows]
    return Statistics(from_on=since, to_on=until, group_by=group_by, rows=shown)


def _in_full(caller: Caller | None, group_by: GroupBy, key: str | None) -> bool:
    """Staff see the small figures of their own places; the public sees no figure under 5."""
    if caller is None or not caller.has(*STAFF):
        return False
    if group_by in (GroupBy.DEPARTMENT, GroupBy.HALL) and key is not None:
        return caller.at(key)
    return "*" in caller.places


def _row(row: queries.RatingCounts, *, in_full: bool) -> StatisticsRow:
    if not in_full and row.rated < FEWEST_SHOWN:
        return StatisticsRow(
            key=row.key,
            suppressed=True,
            **dict.fromkeys(StatisticsRow.model_fields.keys() - {"key", "suppressed"}),
        )
    return StatisticsRow(
        key=row.key,
        suppressed=False,
        invited=row.invited,
        rated=row.rated,
        excluded=row.excluded,
        bad=row.bad,
        rated_rate=_rate(row.rated, row.invited),
        satisfied_rate=_rate(row.satisfied, row.satisfied + row.bad),
        rectified_rate=_rate(row.rectified, row.bad),
        revisited_rate=_rate(row.revisited, row.rectified),
    )


def _rate(part: int, whole: int) -> Rate:
    interval = rules.wilson(part, whole)
    return Rate(
        n=whole,
        rate=rules.share(part, whole),
        low=interval and interval.low,
        high=interval and interval.high,
    )
