"""All SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import exists, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.rating_counts import statement
from services.feedback.rating_counts.models import CountedRatingDay, RatingRecount
from services.feedback.rating_counts.schemas import RatingCell, RatingCounts
from services.feedback.rating_counts.statement import CELL, GROUPINGS

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('feedback.count-ratings', 11))")
_MARKED, _UNCOUNTED = text(statement.MARKED), text(statement.UNCOUNTED)
_TALLY, _CELLS = text(statement.TALLY), text(statement.CELLS)
_BY = {by: text(sql) for by, sql in statement.BY.items()}


async def statistics(
    session: AsyncSession,
    *,
    group_by: str,
    first: date,
    last: date,
    department: str | None,
    hall: str | None,
) -> Sequence[RatingCounts]:
    """Counts by group over the invitations of a period, both days included."""
    given = {"department": department, "hall": hall}
    about = {name for name, code in given.items() if code is not None} | {group_by} - {"all"}
    grouping = GROUPINGS.get(frozenset(about), CELL)
    asked = {"first": first, "last": last, "grouping": grouping, **given}
    return [RatingCounts(*row) for row in await session.execute(_BY[group_by], asked)]


async def cells(session: AsyncSession, first: date, last: date) -> Sequence[RatingCell]:
    """Counts over the invitations of a period, by department, hall and item at once."""
    asked = {"first": first, "last": last, "grouping": CELL, "department": None, "hall": None}
    return [RatingCell(*row) for row in await session.execute(_CELLS, asked)]


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction counts."""
    await session.execute(_TURN)


async def take_marked(session: AsyncSession, most: int) -> list[date]:
    """Up to so many marks, the oldest, that are gone when the transaction ends.

    What changes a day after this statement began leaves a mark that stays.
    """
    return list((await session.execute(_MARKED, {"most": most})).scalars())


async def counted(session: AsyncSession, days: Collection[date]) -> list[date]:
    """Those of the days whose sums are kept."""
    kept = select(col(CountedRatingDay.day)).where(col(CountedRatingDay.day).in_(days))
    return list((await session.execute(kept)).scalars())


async def uncounted_day(session: AsyncSession, today: date) -> date | None:
    """The latest day up to `today` that was never counted."""
    return (await session.execute(_UNCOUNTED, {"today": today})).scalar_one_or_none()


async def tally(session: AsyncSession, days: Collection[date]) -> int:
    """Form the sums of these days anew; returns how many were not so before."""
    asked = {"days": sorted(days), "groupings": [*GROUPINGS.values(), CELL]}
    return int((await session.execute(_TALLY, asked)).scalar_one())


async def note_counted(session: AsyncSession, day: date) -> None:
    await session.execute(insert(CountedRatingDay).values(day=day).on_conflict_do_nothing())


async def day_to_prove(session: AsyncSession) -> date | None:
    """The day that was proven longest ago."""
    oldest = select(col(CountedRatingDay.day)).order_by(
        col(CountedRatingDay.proven_at).asc().nulls_first(), col(CountedRatingDay.day).desc()
    )
    return (await session.execute(oldest.limit(1))).scalar_one_or_none()


async def note_proven(session: AsyncSession, day: date, now: datetime) -> None:
    of_day = update(CountedRatingDay).where(col(CountedRatingDay.day) == day)
    await session.execute(of_day.values(proven_at=now))


async def is_marked(session: AsyncSession, day: date) -> bool:
    """Whether something of the day changed and is not counted yet."""
    marked = select(exists().where(col(RatingRecount.day) == day))
    return bool((await session.execute(marked)).scalar_one())
