"""Figures over letters: in full for the office, a department's own, a guarded version for all."""

from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback import office
from services.feedback.ratings.rules import share, wilson
from services.feedback.ratings.schemas import Rate
from services.feedback.statistics import queries
from services.feedback.statistics.schemas import LetterFigures, LetterGrouping, LetterStatistics
from shared.clock import day_start
from shared.errors import Invalid, Text
from shared.security.identity import Caller

FEWEST_SHOWN = 5
"""Fewer letters than these may point at a person; the public sees no figures of them."""

LONGEST_PERIOD = timedelta(days=366 * 5)


async def of_period(
    session: AsyncSession,
    from_on: date,
    to_on: date,
    group_by: LetterGrouping,
    *,
    caller: Caller | None,
    now: datetime,
) -> LetterStatistics:
    """Counted over what the caller may know of: accusations only for the office, and never those
    against the caller's own department (信访工作条例 art. 30). Raises Invalid for a bad period.
    """
    if not timedelta(0) <= to_on - from_on <= LONGEST_PERIOD:
        raise Invalid(
            Text("截止日不能早于起始日，最长五年", "At most five years, from the earlier day on"),
            pointer="/query/to_on",
        )
    is_staff = caller is not None and caller.has("officer", *office.OFFICE_ROLES)
    is_office = caller is not None and office.in_the_office(caller)
    own = office.own_departments(caller) if caller and is_staff else frozenset()
    rows = await queries.figures(
        session,
        group_by=group_by,
        since=day_start(from_on),
        until=day_start(to_on + timedelta(days=1)),
        now=now,
        every_department=is_office or not own,
        own=sorted(own),
        accusations=is_office,
    )
    in_full = is_office or bool(own)
    return LetterStatistics(
        from_on=from_on,
        to_on=to_on,
        group_by=group_by,
        rows=[_figures(row, in_full=in_full) for row in rows],
    )


def _figures(row: queries.LetterCounts, *, in_full: bool) -> LetterFigures:
    if not in_full and row.received < FEWEST_SHOWN:
        nothing = dict.fromkeys(LetterFigures.model_fields.keys() - {"key", "suppressed"})
        return LetterFigures(key=row.key, suppressed=True, **nothing)
    median, slowest = row.days or (None, None)
    return LetterFigures(
        key=row.key,
        suppressed=False,
        received=row.received,
        replied=row.replied,
        closed=row.closed,
        activities=row.activities,
        registration_rate=_rate(row.registered, row.received),
        on_time_rate=_rate(row.in_time, row.judged),
        on_time_rate_without_extension=_rate(row.in_time_by_first_limit, row.judged_by_first_limit),
        publication_rate=_rate(row.published, row.publishable),
        rated_rate=_rate(row.rated, row.replied),
        satisfied_rate=_rate(row.satisfied, row.rated),
        median_days=_days(median),
        slowest_tenth_days=_days(slowest),
    )


def _rate(part: int, whole: int) -> Rate:
    interval = wilson(part, whole)
    return Rate(
        n=whole,
        rate=share(part, whole),
        low=interval and interval.low,
        high=interval and interval.high,
    )


def _days(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
