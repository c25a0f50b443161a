"""Figures over letters: in full for the office, a department's own, a guarded version for all."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback import office
from services.feedback.small_cells import rules as small_cells
from services.feedback.small_cells import service as months
from services.feedback.small_cells.models import Topic
from services.feedback.statistics import figures, queries
from services.feedback.statistics.schemas import LetterFigures, LetterGrouping, LetterStatistics
from shared.clock import today
from shared.errors import Invalid, Text
from shared.security.identity import Caller

LONGEST_PERIOD = timedelta(days=366 * 5)
USUAL_DAYS = 30


async def of_letters(
    session: AsyncSession,
    from_on: date | None,
    to_on: date | None,
    group_by: LetterGrouping,
    *,
    caller: Caller | None,
    now: datetime,
) -> LetterStatistics:
    """What the caller may count: the office all, a department its own letters without accusations
    (信访工作条例 art. 30), everybody else the month that is published. Raises Invalid.
    """
    if caller is None or not caller.has("officer", *office.OFFICE_ROLES):
        return await _of_month(session, from_on, to_on, group_by, now)
    own = office.own_departments(caller)
    # Who is of a department and of the office counts as of the department: the difference to the
    # public's total would be the accusations against it.
    if not own and not office.in_the_office(caller):
        return await _of_month(session, from_on, to_on, group_by, now)
    end = to_on or today(now)
    start = from_on or end - timedelta(days=USUAL_DAYS - 1)
    _ensure_period(start, end)
    rows = await queries.figures(
        session,
        group_by=group_by,
        first=start,
        last=end,
        now=now,
        own=own or None,
    )
    return LetterStatistics(
        from_on=start,
        to_on=end,
        group_by=group_by,
        counted_at=now,
        items=[figures.in_full(row) for row in rows],
    )


async def _of_month(
    session: AsyncSession,
    from_on: date | None,
    to_on: date | None,
    group_by: LetterGrouping,
    now: datetime,
) -> LetterStatistics:
    if from_on and to_on:
        _ensure_period(from_on, to_on)
    month = small_cells.month_asked(from_on, to_on, now)
    counted = await months.of_month(session, Topic.LETTERS, month, _count, now)
    return LetterStatistics(
        from_on=month,
        to_on=small_cells.last_day(month),
        group_by=group_by,
        counted_at=counted.counted_at,
        items=[LetterFigures.model_validate(row) for row in counted.figures[group_by]],
    )


async def _count(session: AsyncSession, month: date, now: datetime) -> dict[str, Any]:
    """Every grouping at one moment: what one of them hides no other may give away."""
    counted = await queries.public_figures(
        session, list(LetterGrouping), first=month, last=small_cells.last_day(month), now=now
    )
    shown = figures.public({grouping: counted.get(grouping, []) for grouping in LetterGrouping})
    return {grouping: [row.model_dump() for row in rows] for grouping, rows in shown.items()}


def _ensure_period(from_on: date, to_on: date) -> None:
    if not timedelta(0) <= to_on - from_on <= LONGEST_PERIOD:
        raise Invalid(
            Text("截止日不能早于起始日，最长五年", "At most five years, from the earlier day on"),
            pointer="/query/to",
        )
