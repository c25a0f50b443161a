"""评价率 and 满意率 with fixed denominators: silence never raises a rate."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.rating_counts import service as counts
from services.feedback.ratings import figures
from services.feedback.ratings.schemas import GroupBy, Statistics, StatisticsRow
from services.feedback.small_cells import rules as small_cells
from services.feedback.small_cells import service as months
from services.feedback.small_cells.models import Topic
from shared.clock import today
from shared.errors import Invalid, Text
from shared.security.identity import Caller
from shared.web.pagination import PageRequest, page

DAYS_SHOWN = 30
MOST_DAYS = 366
STAFF = ("officer", "hall_manager", "reviewer", "auditor", "supervisor", "admin")


class FiguresAsked(NamedTuple):
    """Which figures are wanted: grouped how, of which days, of which department or hall."""

    group_by: GroupBy
    from_on: date | None
    to_on: date | None
    department_code: str | None
    hall_code: str | None


async def of_ratings(
    session: AsyncSession,
    asked: FiguresAsked,
    *,
    caller: Caller | None,
    paging: PageRequest,
    now: datetime,
) -> Statistics:
    """In full what is of the caller's own places, over any days; to everybody else the month that
    is published. Raises Invalid.
    """
    if asked.from_on and asked.to_on:
        _ensure_period(asked.from_on, asked.to_on)
    own = await _own(session, asked, caller, now)
    found = own or await _of_month(session, asked, now)
    after = paging.key(str)
    rest = [row for row in found.items if after is None or (row.key or "") > after[0]]
    shown = page(rest[: paging.limit + 1], paging, lambda row: (row.key or "",), lambda row: row)
    return found.model_copy(update={"items": shown.items, "next_cursor": shown.next_cursor})


async def _own(
    session: AsyncSession, asked: FiguresAsked, caller: Caller | None, now: datetime
) -> Statistics | None:
    """The figures in full, None where they are not the caller's to see."""
    if caller is None or not caller.has(*STAFF):
        return None
    named = [code for code in (asked.department_code, asked.hall_code) if code is not None]
    everything = "*" in caller.places or any(caller.at(code) for code in named)
    if not everything and (named or asked.group_by not in (GroupBy.DEPARTMENT, GroupBy.HALL)):
        return None
    until = asked.to_on or today(now)
    since = asked.from_on or until - timedelta(days=DAYS_SHOWN - 1)
    _ensure_period(since, until)
    rows = await counts.statistics(
        session,
        group_by=asked.group_by,
        first=since,
        last=until,
        department=asked.department_code,
        hall=asked.hall_code,
    )
    seen = [row for row in rows if everything or (row.key is not None and caller.at(row.key))]
    if not everything and not seen:
        return None
    shown = sorted((figures.in_full(row) for row in seen), key=lambda row: row.key or "")
    return Statistics(
        from_on=since, to_on=until, group_by=asked.group_by, counted_at=now, items=shown
    )


async def _of_month(session: AsyncSession, asked: FiguresAsked, now: datetime) -> Statistics:
    grouping, key = _one_way(asked)
    month = small_cells.month_asked(asked.from_on, asked.to_on, now)
    counted = await months.of_month(session, Topic.RATINGS, month, _count, now)
    rows = [StatisticsRow.model_validate(row) for row in counted.figures[grouping]]
    return Statistics(
        from_on=month,
        to_on=small_cells.last_day(month),
        group_by=asked.group_by,
        counted_at=counted.counted_at,
        items=_picked(rows, key, asked.group_by),
    )


def _one_way(asked: FiguresAsked) -> tuple[GroupBy, str | None]:
    """The published grouping that answers, and the group of it that is meant. Raises Invalid where
    two ways of grouping cross: those cells are small, and not published.
    """
    filters = [
        (GroupBy.DEPARTMENT, asked.department_code, "/query/department"),
        (GroupBy.HALL, asked.hall_code, "/query/hall"),
    ]
    given = [one for one in filters if one[1] is not None]
    if not given:
        return asked.group_by, None
    grouping, key, pointer = given[-1]
    if len(given) > 1 or asked.group_by not in (GroupBy.ALL, grouping):
        raise Invalid(
            Text(
                "公开的统计只按一种方式分组；请只选部门或只选大厅",
                "Public figures are grouped in one way: choose a department or a hall alone",
            ),
            pointer=pointer,
        )
    return grouping, key


def _picked(
    rows: Sequence[StatisticsRow], key: str | None, group_by: GroupBy
) -> list[StatisticsRow]:
    if key is None:
        return list(rows)
    found = [row for row in rows if row.key == key]
    if group_by is GroupBy.ALL:
        return [row.model_copy(update={"key": None}) for row in found]
    return found


async def _count(session: AsyncSession, month: date, now: datetime) -> dict[str, Any]:
    shown = figures.public(await counts.cells(session, month, small_cells.last_day(month)))
    return {grouping: [row.model_dump() for row in rows] for grouping, rows in shown.items()}


def _ensure_period(since: date, until: date) -> None:
    if not timedelta() <= until - since < timedelta(days=MOST_DAYS):
        raise Invalid(
            Text("起止日期应先后有序，且不超过一年", "From must not be after to; a year at most"),
            pointer="/query/from",
        )
