"""A hall's figures over some days."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.statistics import addresses, queries, rules
from services.appointments.statistics.queries import Found
from services.appointments.statistics.schemas import (
    Figures,
    Grouping,
    StatisticsView,
    WideGrouping,
)
from services.appointments.statistics.use.schemas import UseLine
from services.appointments.windows import service as windows
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller

L = TypeVar("L", Figures, UseLine)

LONGEST_DAYS, LONGEST_DAYS_OF_HALLS = 366, 92
"""Of several halls a quarter: the histograms of each day of each are added up when asked."""
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_LONG = {
    LONGEST_DAYS: Text("一次最多查询 366 天", "At most 366 days at a time"),
    LONGEST_DAYS_OF_HALLS: Text(
        "多个大厅一次最多查询 92 天，更长的请按大厅查询",
        "At most 92 days at a time of several halls; ask for longer of each hall alone",
    ),
}
_ORDER = Text("结束日期不能早于开始日期", "The last day must not be before the first")
_WAITS = ("wait_p50_minutes", "wait_p90_minutes", "wait_longest_minutes")
_SERVICES = ("service_p50_minutes", "service_p90_minutes", "service_mean_minutes")
_RESTS_ON = {**dict.fromkeys(_WAITS, "called"), **dict.fromkeys(_SERVICES, "served")}
_RESTS_ON["one_visit_rate"] = "served"
_OF_ESTIMATES = dict.fromkeys(("mean_error_minutes", "covered_rate"), "count")


async def of_hall(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date, by: Grouping
) -> StatisticsView:
    """The figures of `first` to `last`, both included. Raises NotFound or Invalid."""
    hall = await hall_asked(session, caller, hall_code, first, last)
    found = await queries.figures(session, by, [hall_code], first, last)
    place = (hall_code, first, last, by)
    lines = [_opening(line, *place) for line in found.lines]
    if by is Grouping.CLERK:
        lines = await under_names(session, hall, lines, first, last)
    total = _opening(found.total, hall_code, first, last, Grouping.HALL)
    return StatisticsView(
        hall_code=hall_code,
        from_on=first,
        to_on=last,
        by=by,
        items=[rules.shown_to(caller, line, _RESTS_ON) for line in lines],
        total=rules.shown_to(caller, total, _RESTS_ON),
        estimates=rules.shown_to(caller, found.estimates, _OF_ESTIMATES),
    )


def _opening(line: Figures, hall_code: str, first: date, last: date, by: Grouping) -> Figures:
    """The line with where its rows are."""
    at = addresses.of_tickets(hall_code, first, last, by, line.key)
    return line.model_copy(update={"ticket_rows": at})


async def of_halls(
    session: AsyncSession,
    caller: Caller,
    hall_code: str | None,
    first: date,
    last: date,
    by: WideGrouping,
) -> Found:
    """Of the halls that the caller acts for, or of one of them. Raises NotFound or Invalid."""
    if hall_code is not None and not (
        caller.at(hall_code) and await session.get(Hall, hall_code) is not None
    ):
        raise NotFound(_NO_HALL, pointer="/query/hall")
    _ensure_period(first, last, LONGEST_DAYS if hall_code else LONGEST_DAYS_OF_HALLS)
    halls = caller.places if hall_code is None else [hall_code]
    found = await queries.figures(session, Grouping(by), halls, first, last)
    lines = found.lines
    if by is WideGrouping.HALL:
        lines = [_opening(line, line.key or "", first, last, Grouping.HALL) for line in lines]
    return Found(
        [rules.shown_to(caller, line, _RESTS_ON) for line in lines],
        rules.shown_to(caller, found.total, _RESTS_ON),
        rules.shown_to(caller, found.estimates, _OF_ESTIMATES),
        [rules.shown_to(caller, line, _OF_ESTIMATES) for line in found.accuracy],
    )


def _ensure_period(first: date, last: date, longest: int) -> None:
    if last < first:
        raise Invalid(_ORDER, pointer="/query/to")
    if (last - first).days >= longest:
        raise Invalid(_LONG[longest], pointer="/query/from")


async def hall_asked(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date
) -> Hall:
    """The hall that figures are asked of, for who acts for it. Raises NotFound or Invalid."""
    hall = await session.get(Hall, hall_code) if caller.at(hall_code) else None
    if hall is None:
        raise NotFound(_NO_HALL)
    _ensure_period(first, last, LONGEST_DAYS)
    return hall


async def under_names(
    session: AsyncSession, hall: Hall, lines: Sequence[L], first: date, last: date
) -> list[L]:
    """The lines of accounts under the names of all who used them then, as far as known."""
    zone = ZoneInfo(hall.timezone)
    begins = datetime.combine(first, time(), zone)
    ends = datetime.combine(last + timedelta(days=1), time(), zone)
    accounts = [line.key for line in lines if line.key is not None]
    names = await windows.names(session, accounts, begins)

    def named(line: L) -> L:
        shown = names.within(line.key, begins, ends) if line.key is not None else None
        return line.model_copy(update={"key": shown or line.key, "account": line.key})

    return [named(line) for line in lines]
