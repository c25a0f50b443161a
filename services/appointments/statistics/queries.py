"""Figures out of the event log and nothing else, by the sums that are kept of its days."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.statistics import statement
from services.appointments.statistics.models import CountedHall, CountedHallDay, HallTally
from services.appointments.statistics.schemas import (
    AccuracyLine,
    EstimateQuality,
    Figures,
    Grouping,
)
from services.appointments.statistics.use.models import CountedUseDay, UseTally

GROUPINGS = ("hall", "window", "item", "clerk", "hour")
KEPT_AS = {Grouping.DAY: "hall", Grouping.MONTH: "hall", Grouping.AGENCY: "item"}
"""Of which sums the lines are made, where there are none of their own."""

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('appointments.count-halls', 11))")
_FIGURES, _TALLY = text(statement.FIGURES), text(statement.TALLY)
_BEHIND, _UNCOUNTED = text(statement.BEHIND), text(statement.UNCOUNTED)
_TOUCHED = text(statement.TOUCHED)


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


async def figures(
    session: AsyncSession, by: Grouping, halls: Collection[str], first: date, last: date
) -> Found:
    """One line a hall, window, item, agency, clerk, hour, day or month, and the total of all.

    `halls`: their codes, or `*` for all; each by its own time.
    """
    groupings = list(dict.fromkeys(("hall", KEPT_AS.get(by, by.value))))
    asked: dict[str, Any] = {"halls": sorted(halls), "first": first, "last": last}
    rows = await session.execute(_FIGURES, asked | {"by": by.value, "groupings": groupings})
    found = Found([], Figures.of_nothing(), EstimateQuality.of_nothing(), [])
    for is_total, *values, count, off, covered in rows:
        line = Figures(**dict(zip(_NAMES, values, strict=True)))
        quality = {"count": count, "mean_error_minutes": off, "covered_rate": covered}
        if is_total:
            found = found._replace(total=line, estimates=EstimateQuality(**quality))
        else:
            found.lines.append(line)
            found.accuracy.append(AccuracyLine(key=line.key, name=line.name, **quality))
    return found


_NAMES = [name for name in Figures.model_fields if name not in ("account", "ticket_rows")]


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction counts."""
    await session.execute(_TURN)


async def behind(session: AsyncSession) -> Behind | None:
    """A hall whose log has entries that are not counted, or whose timezone is another by now."""
    found = (await session.execute(_BEHIND)).one_or_none()
    return Behind(*found) if found else None


async def begin(session: AsyncSession, hall: Behind) -> None:
    """Forget what was counted of the hall; from here on its days are counted in its timezone."""
    for table in (HallTally, CountedHallDay, UseTally, CountedUseDay, CountedHall):
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
