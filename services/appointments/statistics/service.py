"""A hall's figures over some days, and the same as a spreadsheet."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.statistics import queries
from services.appointments.statistics.queries import Found
from services.appointments.statistics.schemas import (
    Figures,
    Grouping,
    StatisticsView,
    WideGrouping,
    WideStatisticsView,
)
from services.appointments.windows import service as windows
from shared.errors import Invalid, NotFound, Text
from shared.security.identity import Caller
from shared.web import spreadsheets

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
_ZH = {
    "key": "项目",
    "name": "名称",
    "account": "账户",
    "issued": "取号",
    "called": "叫到的人",
    "served": "办结",
    "done": "一次办成",
    "needs_more": "需补正",
    "rejected": "不予办理",
    "missed": "过号",
    "abandoned": "放弃",
    "parked": "暂离",
    "transferred": "转办",
    "unfinished": "日终未了结",
    "wait_p50_minutes": "半数等候不超过(分钟)",
    "wait_p90_minutes": "九成等候不超过(分钟)",
    "wait_longest_minutes": "最长等候(分钟)",
    "service_p50_minutes": "半数办理不超过(分钟)",
    "service_p90_minutes": "九成办理不超过(分钟)",
    "service_mean_minutes": "平均办理(分钟)",
    "one_visit_rate": "一次办结率",
}


async def of_hall(
    session: AsyncSession, caller: Caller, hall_code: str, first: date, last: date, by: Grouping
) -> StatisticsView:
    """The figures of `first` to `last`, both included. Raises NotFound or Invalid."""
    hall = await session.get(Hall, hall_code) if caller.at(hall_code) else None
    if hall is None:
        raise NotFound(_NO_HALL)
    _ensure_period(first, last, LONGEST_DAYS)
    found = await queries.figures(session, by, [hall_code], first, last)
    lines = found.lines
    if by is Grouping.CLERK:
        zone = ZoneInfo(hall.timezone)
        begins = datetime.combine(first, time(), zone)
        ends = datetime.combine(last + timedelta(days=1), time(), zone)
        lines = await _named(session, lines, begins, ends)
    return StatisticsView(
        hall_code=hall_code,
        from_on=first,
        to_on=last,
        by=by,
        items=lines,
        total=found.total,
        estimates=found.estimates,
    )


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
    return await queries.figures(session, Grouping(by), halls, first, last)


def _ensure_period(first: date, last: date, longest: int) -> None:
    if last < first:
        raise Invalid(_ORDER, pointer="/query/to")
    if (last - first).days >= longest:
        raise Invalid(_LONG[longest], pointer="/query/from")


async def _named(
    session: AsyncSession, lines: Sequence[Figures], begins: datetime, ends: datetime
) -> list[Figures]:
    """The lines of accounts under the names of all who used them then, as far as known."""
    accounts = [line.key for line in lines if line.key is not None]
    names = await windows.names(session, accounts, begins)

    def named(line: Figures) -> Figures:
        shown = names.within(line.key, begins, ends) if line.key is not None else None
        return line.model_copy(update={"key": shown or line.key, "account": line.key})

    return [named(line) for line in lines]


def spreadsheet(figures: StatisticsView | WideStatisticsView) -> bytes:
    """The lines as CSV with Chinese heads."""
    lines = [*figures.items, figures.total.model_copy(update={"key": "合计"})]
    names = list(Figures.model_fields)
    heads = [_ZH[name] for name in names]
    return spreadsheets.to_csv(heads, ([getattr(line, name) for name in names] for line in lines))
