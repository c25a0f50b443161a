"""Figures out of the event log and nothing else: what was undone does not count."""

from datetime import datetime

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.statistics.schemas import EstimateQuality, Figures, Grouping

_AT_WINDOWS = "e.action IN ('call', 'recall', 'miss', 'serve', 'finish', 'park', 'transfer')"
_KEYS: dict[Grouping, tuple[str, str]] = {
    Grouping.HALL: ("e.hall_code", "true"),
    Grouping.WINDOW: (
        "e.window_no::text",
        f"({_AT_WINDOWS} OR e.action = 'clear' AND e.window_no IS NOT NULL)",
    ),
    Grouping.ITEM: ("e.item_code", "true"),
    Grouping.CLERK: ("e.actor", _AT_WINDOWS),
    Grouping.HOUR: ("to_char(e.at AT TIME ZONE :zone, 'HH24:00')", "true"),
    Grouping.DAY: ("to_char(e.at AT TIME ZONE :zone, 'YYYY-MM-DD')", "true"),
}
_HAPPENED = (
    "e.hall_code = :hall AND e.at >= :start AND e.at < :stop AND e.action <> 'undo'"
    " AND NOT EXISTS (SELECT FROM ticket_event u"
    "   WHERE u.hall_code = e.hall_code AND u.undoes = e.hall_seq)"
)


def _minutes(column: str, share: float) -> str:
    ordered = f"percentile_cont({share}) WITHIN GROUP (ORDER BY {column} / 60)"
    return f"round(({ordered})::numeric, 1)::float8"


def _count(action: str, more: str = "true") -> str:
    return f"count(*) FILTER (WHERE e.action = '{action}' AND {more})"


_DONE = _count("finish", "e.outcome = 'done'")
_FIGURES = f"""
    {_count("issue")} AS issued,
    count(DISTINCT e.ticket_id) FILTER (WHERE e.action = 'call') AS called,
    {_count("finish")} AS served,
    {_DONE} AS done,
    {_count("finish", "e.outcome = 'needs_more'")} AS needs_more,
    {_count("finish", "e.outcome = 'rejected'")} AS rejected,
    {_count("miss")} AS missed, {_count("abandon")} AS abandoned, {_count("park")} AS parked,
    {_count("transfer")} AS transferred, {_count("clear")} AS unfinished,
    {_minutes("e.waited_seconds", 0.5)} AS wait_p50_minutes,
    {_minutes("e.waited_seconds", 0.9)} AS wait_p90_minutes,
    round((max(e.waited_seconds) / 60)::numeric, 1)::float8 AS wait_longest_minutes,
    {_minutes("e.served_seconds", 0.5)} AS service_p50_minutes,
    {_minutes("e.served_seconds", 0.9)} AS service_p90_minutes,
    round((avg(e.served_seconds) / 60)::numeric, 1)::float8 AS service_mean_minutes,
    round({_DONE}::numeric / nullif({_count("finish")}, 0), 4)::float8 AS one_visit_rate
"""
_ESTIMATES = text(
    "SELECT count(*) AS count,"
    " round(avg(abs(i.predicted_p50 - c.waited_seconds / 60))::numeric, 1)::float8"
    "   AS mean_error_minutes,"
    " round(avg((floor(c.waited_seconds / 60) <= i.predicted_p85)::int), 4)::float8"
    "   AS covered_rate"
    " FROM ticket_event i JOIN LATERAL (SELECT e.waited_seconds FROM ticket_event e"
    f"   WHERE e.ticket_id = i.ticket_id AND e.waited_seconds IS NOT NULL AND {_HAPPENED}"
    "   ORDER BY e.hall_seq LIMIT 1) c ON true"
    " WHERE i.hall_code = :hall AND i.at >= :start AND i.at < :stop AND i.action = 'issue'"
    "   AND i.predicted_p85 IS NOT NULL"
)


def _lines(by: Grouping) -> TextClause:
    key, among = _KEYS[by]
    return text(
        f"SELECT {key} AS key, {_FIGURES} FROM ticket_event e"
        f" WHERE {_HAPPENED} AND {among} GROUP BY 1 ORDER BY 1"
    )


_LINES = {by: _lines(by) for by in Grouping}
_TOTAL = text(f"SELECT NULL AS key, {_FIGURES} FROM ticket_event e WHERE {_HAPPENED}")


async def lines(
    session: AsyncSession,
    by: Grouping,
    hall_code: str,
    start: datetime,
    stop: datetime,
    zone: str,
) -> list[Figures]:
    """One row a window, item, clerk, hour or day."""
    asked = {"hall": hall_code, "start": start, "stop": stop}
    if by in (Grouping.HOUR, Grouping.DAY):
        asked["zone"] = zone
    return [Figures(**line._asdict()) for line in await session.execute(_LINES[by], asked)]


async def total(session: AsyncSession, hall_code: str, start: datetime, stop: datetime) -> Figures:
    """The same figures over everything in the hall."""
    asked = {"hall": hall_code, "start": start, "stop": stop}
    return Figures(**(await session.execute(_TOTAL, asked)).one()._asdict())


async def estimate_quality(
    session: AsyncSession, hall_code: str, start: datetime, stop: datetime
) -> EstimateQuality:
    """The wait told at issue against the wait until the first call.

    It was told in whole minutes: "0" holds for whoever was called within the minute.
    """
    asked = {"hall": hall_code, "start": start, "stop": stop}
    return EstimateQuality(**(await session.execute(_ESTIMATES, asked)).one()._asdict())
