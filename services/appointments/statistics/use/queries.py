"""How the places and windows of a hall were used, by the sums that are kept of past days."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory.models import Hall
from services.appointments.statistics.models import CountedHall
from services.appointments.statistics.queries import (
    GROUPINGS,
    KEPT_AS,
    Behind,
    HallDay,
    quantiles_of,
)
from services.appointments.statistics.schemas import Grouping
from services.appointments.statistics.use import statement
from services.appointments.statistics.use.models import CountedUseDay

MARKS = 5000
"""Taken away in one transaction."""

_FIGURES, _TALLY = text(statement.FIGURES), text(statement.TALLY)
_UNCOUNTED, _IS_UNCHANGED = text(statement.UNCOUNTED), text(statement.IS_UNCHANGED)
_FORGET_TOUCHED = text(statement.FORGET_TOUCHED)
_FORGET_MARKED = text(statement.FORGET_MARKED)


class UseSums(NamedTuple):
    """A line, or the total: its key and name, its sums by name, and the quantiles of the way."""

    key: str | None
    name: str | None
    sums: dict[str, int]
    way_p50_minutes: float | None
    way_p90_minutes: float | None


class UseFound(NamedTuple):
    lines: list[UseSums]
    total: UseSums


NOTHING = UseSums(None, None, dict.fromkeys(statement.COUNTED, 0), None, None)


async def figures(
    session: AsyncSession, by: Grouping, hall: Hall, first: date, last: date, now: datetime
) -> UseFound:
    """One line a window, item, agency, clerk, hour, day, month or the hall, and the total."""
    groupings = list(dict.fromkeys(("hall", KEPT_AS.get(by, by.value))))
    asked = {"hall": hall.code, "zone": hall.timezone, "first": first, "last": last, "now": now}
    rows = await session.execute(_FIGURES, asked | {"by": by.value, "groupings": groupings})
    found = UseFound([], NOTHING)
    for is_total, key, name, *values, ways in rows:
        sums = dict(zip(statement.COUNTED, values, strict=True))
        line = UseSums(key, name, sums, **quantiles_of("way", ways))
        if is_total:
            found = found._replace(total=line)
        else:
            found.lines.append(line)
    return found


async def forget_touched(session: AsyncSession, hall: Behind, through: int) -> None:
    """Count the days anew that the log's entries up to `through` say something about."""
    asked = {"hall": hall.hall_code, "zone": hall.timezone, "after": hall.through_seq}
    await session.execute(_FORGET_TOUCHED, asked | {"through": through})


async def forget_marked(session: AsyncSession) -> int:
    """Count the days anew that are marked; how many marks there were, MARKS at most."""
    return int((await session.execute(_FORGET_MARKED, {"most": MARKS})).scalar_one())


async def uncounted_day(session: AsyncSession, now: datetime) -> HallDay | None:
    """The latest past day that was never counted, of any hall."""
    found = (await session.execute(_UNCOUNTED, {"now": now})).one_or_none()
    return HallDay(*found) if found else None


async def note_counted(session: AsyncSession, day: HallDay) -> None:
    new = insert(CountedUseDay).values(hall_code=day.hall_code, day=day.day)
    await session.execute(new.on_conflict_do_nothing())


async def tally(session: AsyncSession, day: HallDay, now: datetime) -> int:
    """Form the sums of the day anew; returns how many were not so before."""
    asked = {"hall": day.hall_code, "zone": day.timezone, "day": day.day, "now": now}
    found = await session.execute(_TALLY, asked | {"groupings": list(GROUPINGS)})
    return int(found.scalar_one())


async def day_to_prove(session: AsyncSession) -> HallDay | None:
    """The day that was proven longest ago."""
    oldest = (
        select(col(CountedUseDay.hall_code), col(CountedHall.timezone), col(CountedUseDay.day))
        .join(CountedHall, col(CountedHall.hall_code) == col(CountedUseDay.hall_code))
        .order_by(col(CountedUseDay.proven_at).asc().nulls_first(), col(CountedUseDay.day).desc())
        .limit(1)
    )
    found = (await session.execute(oldest)).one_or_none()
    return HallDay(*found) if found else None


async def note_proven(session: AsyncSession, day: HallDay, now: datetime) -> None:
    of_day = update(CountedUseDay).where(
        col(CountedUseDay.hall_code) == day.hall_code, col(CountedUseDay.day) == day.day
    )
    await session.execute(of_day.values(proven_at=now))


async def is_unchanged(session: AsyncSession, day: HallDay) -> bool:
    """Whether all that the log and the marks say about the day was counted."""
    asked = {"hall": day.hall_code, "day": day.day}
    return bool((await session.execute(_IS_UNCHANGED, asked)).scalar_one())
