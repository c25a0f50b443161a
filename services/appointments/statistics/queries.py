"""Figures out of the event log and nothing else, by the sums that are kept of its days."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import HallSpan
from services.appointments.statistics import statement
from services.appointments.statistics.models import (
    CountedHall,
    CountedHallDay,
    CountedHallMonth,
    HallMonthTally,
    HallTally,
)
from services.appointments.statistics.schemas import (
    AccuracyLine,
    EstimateQuality,
    Figures,
    Grouping,
    WideGrouping,
)
from services.appointments.statistics.statement import (
    ARRAYS,
    OVERWRITE,
    TYPES,
    VALUES,
    month_of,
)
from services.appointments.statistics.use.models import CountedUseDay, UseTally
from shared.database.histograms import quantiles

GROUPINGS = ("hall", "window", "item", "clerk", "hour")
KEPT_AS = {"day": "hall", "month": "hall", "area": "hall", "agency": "item"}
"""Of which sums the lines are made, where there are none of their own."""

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('appointments.count-halls', 11))")
_FIGURES, _TALLY = text(statement.FIGURES), text(statement.TALLY)
_BEHIND, _UNCOUNTED = text(statement.BEHIND), text(statement.UNCOUNTED)
_TOUCHED = text(statement.TOUCHED)


def _added(name: str) -> str:
    """The histograms of a month's days as one."""
    return f"""added_{name} AS (
    SELECT grouping, key, array_agg(value ORDER BY value) AS {name},
        array_agg(n ORDER BY value) AS {name}_n
    FROM (SELECT d.grouping, d.key, v.value, sum(v.n)::int AS n
          FROM days d, unnest(d.{name}, d.{name}_n) AS v (value, n) GROUP BY 1, 2, 3) summed
    GROUP BY grouping, key)"""


_MONTH_COLUMNS = ", ".join(("grouping", "key", *VALUES))
_ADD_UP_MONTH = text(f"""
WITH days AS MATERIALIZED (
    SELECT * FROM hall_tally t WHERE t.hall_code = :hall AND {month_of("t.day")} = :month
), {_added("waits")}, {_added("services")}, cells AS MATERIALIZED (
    SELECT s.*, {", ".join(f"coalesce({name}, '{{}}') AS {name}" for name in ARRAYS)}
    FROM (SELECT grouping, key, {", ".join(f"sum({n})::{t} AS {n}" for n, t in TYPES.items())},
            max(longest_wait_ms) AS longest_wait_ms FROM days GROUP BY grouping, key) s
    LEFT JOIN added_waits USING (grouping, key) LEFT JOIN added_services USING (grouping, key)
), gone AS (
    DELETE FROM hall_month_tally t WHERE t.hall_code = :hall AND t.month = :month AND NOT EXISTS (
        SELECT FROM cells c WHERE (c.grouping, c.key) = (t.grouping, t.key)) RETURNING 1
), put AS (
    INSERT INTO hall_month_tally AS t (hall_code, month, {_MONTH_COLUMNS})
    SELECT :hall, :month, {_MONTH_COLUMNS} FROM cells
    ON CONFLICT (hall_code, grouping, month, key) {OVERWRITE} RETURNING 1
)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM put)""")
"""Adds up the kept days of a month; how many sums were not so before."""

_NOT_ADDED_UP = text(f"""
SELECT h.code, h.timezone, d.month FROM (
    SELECT DISTINCT hall_code, {month_of("day")} AS month FROM counted_hall_day) d
JOIN hall h ON h.code = d.hall_code
WHERE d.month + interval '1 month' <= (CAST(:now AS timestamptz) AT TIME ZONE h.timezone)::date
  AND NOT EXISTS (SELECT FROM counted_hall_month m
    WHERE m.hall_code = d.hall_code AND m.month = d.month)
ORDER BY d.month DESC, h.code LIMIT 1""")
"""A month that is over; asked once all days are counted."""


class Found(NamedTuple):
    """The lines, the same figures over everything, how good estimates were, and that by line."""

    lines: list[Figures]
    total: Figures
    estimates: EstimateQuality
    accuracy: list[AccuracyLine]


class Behind(NamedTuple):
    """A hall, its timezone, that of its counted days (None: it has none), up to which entry of its
    log they are right, and how far the log is.
    """

    hall_code: str
    timezone: str
    counted_timezone: str | None
    through_seq: int | None
    newest_seq: int


class HallDay(NamedTuple):
    hall_code: str
    timezone: str
    day: date


class HallMonth(NamedTuple):
    """`month` by its first day."""

    hall_code: str
    timezone: str
    month: date


async def figures(
    session: AsyncSession, by: Grouping | WideGrouping, spans: Sequence[HallSpan]
) -> Found:
    """One line a hall, area, window, item, agency, clerk, hour, day or month, and the total of all.

    `spans`: which days of which halls, `*` for all; each by its own time.
    """
    rows = await session.execute(_FIGURES, asked_of(by, spans))
    found = Found([], Figures.of_nothing(), EstimateQuality.of_nothing(), [])
    for is_total, *values, waits, services, count, off, covered in rows:
        line = Figures(
            **dict(zip(_NAMES, values, strict=True)),
            **quantiles_of("wait", waits),
            **quantiles_of("service", services),
        )
        quality = {"count": count, "mean_error_minutes": off, "covered_rate": covered}
        if is_total:
            found = found._replace(total=line, estimates=EstimateQuality(**quality))
        else:
            found.lines.append(line)
            found.accuracy.append(AccuracyLine(key=line.key, name=line.name, **quality))
    return found


def quantiles_of(name: str, packed: str) -> dict[str, float | None]:
    """The minutes that half and nine of ten of a packed histogram are not longer than."""
    found = zip(
        (f"{name}_p50_minutes", f"{name}_p90_minutes"), quantiles(packed, 5, 9), strict=True
    )
    # Of hundredths of a minute, tenths are shown.
    return {key: None if value is None else (value + 5) // 10 / 10 for key, value in found}


def columns_of(spans: Sequence[HallSpan]) -> dict[str, Any]:
    """The halls and their days as a statement is given them."""
    names = ("halls", "firsts", "lasts", "areas")
    columns = [list(column) for column in zip(*spans, strict=True)] or [[] for _ in names]
    return dict(zip(names, columns, strict=True))


def asked_of(by: Grouping | WideGrouping, spans: Sequence[HallSpan]) -> dict[str, Any]:
    """What the statement of figures is asked by."""
    groupings = list(dict.fromkeys(("hall", KEPT_AS.get(by.value, by.value))))
    return {**columns_of(spans), "by": by.value, "groupings": groupings}


_NAMES = [
    name
    for name in Figures.model_fields
    if name not in ("account", "ticket_rows") and not name.endswith(("p50_minutes", "p90_minutes"))
]


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction counts."""
    await session.execute(_TURN)


async def behind(session: AsyncSession) -> Behind | None:
    """A hall whose log has entries that are not counted, or whose timezone is another by now."""
    found = (await session.execute(_BEHIND)).one_or_none()
    return Behind(*found) if found else None


async def begin(session: AsyncSession, hall: Behind) -> None:
    """Forget what was counted of the hall; from here on its days are counted in its timezone."""
    forgotten = (HallTally, HallMonthTally, CountedHallMonth, CountedHallDay)
    for table in (*forgotten, UseTally, CountedUseDay, CountedHall):
        await session.execute(delete(table).where(col(table.hall_code) == hall.hall_code))
    begun = {"timezone": hall.timezone, "through_seq": hall.newest_seq}
    await session.execute(insert(CountedHall).values(hall_code=hall.hall_code, **begun))


async def touched(session: AsyncSession, hall: Behind, through: int) -> list[date]:
    """The counted days that the log's entries up to `through` say something about."""
    asked = {"hall": hall.hall_code, "zone": hall.timezone, "after": hall.through_seq}
    return list((await session.execute(_TOUCHED, asked | {"through": through})).scalars())


async def counted_through(session: AsyncSession, hall_code: str, seq: int) -> None:
    """Note that the counted days have all that the log says up to `seq`."""
    of_hall = update(CountedHall).where(col(CountedHall.hall_code) == hall_code)
    await session.execute(of_hall.values(through_seq=seq))


async def uncounted_day(session: AsyncSession, now: datetime) -> HallDay | None:
    """The latest day that was never counted, of any hall."""
    found = (await session.execute(_UNCOUNTED, {"now": now})).one_or_none()
    return HallDay(*found) if found else None


async def note_counted(session: AsyncSession, day: HallDay) -> None:
    new = insert(CountedHallDay).values(hall_code=day.hall_code, day=day.day)
    await session.execute(new.on_conflict_do_nothing())


async def tally(session: AsyncSession, hall_code: str, zone: str, days: Collection[date]) -> int:
    """Form the sums of these days anew; returns how many were not so before."""
    asked = {"hall": hall_code, "zone": zone, "groupings": list(GROUPINGS)}
    return int((await session.execute(_TALLY, asked | {"days": sorted(days)})).scalar_one())


async def month_to_add_up(session: AsyncSession, now: datetime) -> HallMonth | None:
    """The latest month that is over and was not added up, of any hall; asked once all days are
    counted."""
    found = (await session.execute(_NOT_ADDED_UP, {"now": now})).one_or_none()
    return HallMonth(*found) if found else None


async def add_up_month(session: AsyncSession, month: HallMonth) -> int:
    """Form the month's sums anew from its days; returns how many were not so before."""
    asked = {"hall": month.hall_code, "month": month.month}
    return int((await session.execute(_ADD_UP_MONTH, asked)).scalar_one())


async def note_added_up(
    session: AsyncSession, month: HallMonth, proven_at: datetime | None = None
) -> None:
    """From here on the month is read by its sums."""
    key = {"hall_code": month.hall_code, "month": month.month}
    new = insert(CountedHallMonth).values(**key, proven_at=proven_at)
    await session.execute(
        new.on_conflict_do_update(index_elements=[*key], set_={"proven_at": proven_at})
    )


async def month_to_prove(session: AsyncSession) -> HallMonth | None:
    """The month that was proven longest ago."""
    oldest = (
        select(
            col(CountedHallMonth.hall_code),
            col(CountedHall.timezone),
            col(CountedHallMonth.month),
        )
        .join(CountedHall, col(CountedHall.hall_code) == col(CountedHallMonth.hall_code))
        .order_by(
            col(CountedHallMonth.proven_at).asc().nulls_first(),
            col(CountedHallMonth.month).desc(),
        )
        .limit(1)
    )
    found = (await session.execute(oldest)).one_or_none()
    return HallMonth(*found) if found else None


async def day_to_prove(session: AsyncSession) -> HallDay | None:
    """The day that was proven longest ago."""
    oldest = (
        select(col(CountedHallDay.hall_code), col(CountedHall.timezone), col(CountedHallDay.day))
        .join(CountedHall, col(CountedHall.hall_code) == col(CountedHallDay.hall_code))
        .order_by(col(CountedHallDay.proven_at).asc().nulls_first(), col(CountedHallDay.day).desc())
        .limit(1)
    )
    found = (await session.execute(oldest)).one_or_none()
    return HallDay(*found) if found else None


async def note_proven(session: AsyncSession, day: HallDay, now: datetime) -> None:
    of_day = update(CountedHallDay).where(
        col(CountedHallDay.hall_code) == day.hall_code, col(CountedHallDay.day) == day.day
    )
    await session.execute(of_day.values(proven_at=now))
