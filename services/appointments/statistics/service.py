"""A hall's figures over some days."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas import service as areas
from services.appointments.areas.rules import AskedDays, HallSpan
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

LONGEST_DAYS = 366
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_LONG = Text("一次最多查询 366 天", "At most 366 days at a time")
_ORDER = Text("结束日期不能早于开始日期", "The last day must not be before the first")
_WAITS = ("wait_p50_minutes", "wait_p90_minutes", "wait_longest_minutes")
_SERVICES = ("service_p50_minutes", "service_p90_minutes", "service_mean_minutes")
_RESTS_ON = {
    **dict.fromkeys(_WAITS, ["called"]),
    **dict.fromkeys((*_SERVICES, "one_visit_rate"), ["served"]),
}
_OF_ESTIMATES = dict.fromkeys(("mean_error_minutes", "covered_rate"), ["count"])


async def of_hall(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date, by: Grouping
) -> StatisticsView:
    """The figures of `first` to `last`, both included. Raises NotFound or Invalid."""
    hall = await hall_asked(session, caller, hall_code, first, last)
    found = await queries.figures(session, by, [HallSpan(hall_code, first, last)])
    place = (hall_code, first, last)
    lines = [_opened(line, addresses.of_tickets(*place, by, line.key)) for line in found.lines]
    if by is Grouping.CLERK:
        lines = await under_names(session, hall, lines, first, last)
    total = _opened(found.total, addresses.of_tickets(*place, Grouping.HALL, None))
    return StatisticsView(
        hall_code=hall_code,
        from_on=first,
        to_on=last,
        by=by,
        items=rules.all_shown_to(caller, lines, _RESTS_ON),
        total=rules.shown_to(caller, total, _RESTS_ON),
        estimates=rules.shown_to(caller, found.estimates, _OF_ESTIMATES),
    )


async def of_halls(
    session: AsyncSession, caller: Caller, wanted: AskedDays, by: WideGrouping
) -> Found:
    """Of the halls that the caller acts for, of one of them, or of an area's, each for the days on
    which it stood there. Raises NotFound or Invalid."""
    return await of_spans(session, caller, wanted, await spans_of(session, caller, wanted, by), by)


async def of_spans(
    session: AsyncSession,
    caller: Caller,
    wanted: AskedDays,
    spans: Sequence[HallSpan],
    by: WideGrouping,
) -> Found:
    """Of the days of halls that `spans_of` has found."""
    found = await queries.figures(session, by, spans)
    lines = [_opened(line, addresses.of_several(wanted, by, line.key)) for line in found.lines]
    total = _opened(found.total, addresses.of_several(wanted, WideGrouping.HALL, None))
    return Found(
        rules.all_shown_to(caller, lines, _RESTS_ON),
        rules.shown_to(caller, total, _RESTS_ON),
        rules.shown_to(caller, found.estimates, _OF_ESTIMATES),
        rules.all_shown_to(caller, found.accuracy, _OF_ESTIMATES),
    )


def _opened(line: Figures, rows: str) -> Figures:
    """The line with where its rows are."""
    return line.model_copy(update={"ticket_rows": rows})


async def spans_of(
    session: AsyncSession, caller: Caller, wanted: AskedDays, by: WideGrouping
) -> Sequence[HallSpan]:
    """Which days of which halls count. Raises NotFound or Invalid."""
    ensure_period(wanted.first, wanted.last)
    if wanted.hall is not None and await session.get(Hall, wanted.hall) is None:
        raise NotFound(_NO_HALL, pointer="/query/hall")
    is_own = wanted.hall is None or caller.at(wanted.hall)
    if wanted.area is None and by is not WideGrouping.AREA and is_own:
        halls = caller.places if wanted.hall is None else [wanted.hall]
        if wanted.hall is not None or not await areas.acts_for_an_area(session, caller):
            everywhere = ["*"] if "*" in halls else sorted(halls)
            return [HallSpan(hall, wanted.first, wanted.last) for hall in everywhere]
    found = await areas.spans(session, wanted)
    if not (found or is_own):
        raise NotFound(_NO_HALL, pointer="/query/hall")
    return found


def ensure_period(
    first: date, last: date, pointers: tuple[str, str] = ("/query/from", "/query/to")
) -> None:
    """Raises Invalid for days in the wrong order, or too many."""
    if last < first:
        raise Invalid(_ORDER, pointer=pointers[1])
    if (last - first).days >= LONGEST_DAYS:
        raise Invalid(_LONG, pointer=pointers[0])


async def hall_asked(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date
) -> Hall:
    """The hall that figures are asked of, for who acts for it. Raises NotFound or Invalid."""
    hall = await session.get(Hall, hall_code) if caller.at(hall_code) else None
    if hall is None:
        raise NotFound(_NO_HALL)
    ensure_period(first, last)
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
