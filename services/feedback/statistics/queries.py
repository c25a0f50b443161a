"""The figures of letters, and the sums of each day that they are read from."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.statistics import statement
from services.feedback.statistics.models import CountedDay
from shared.clock import day_start

_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('feedback.count-letters', 11))")
_MARKED, _UNCOUNTED = text(statement.MARKED), text(statement.UNCOUNTED)
_COUNT_DAY, _PROVE_DAY = text(statement.COUNT_DAY), text(statement.PROVE_DAY)
_COUNT_AGAIN, _TALLY = text(statement.COUNT_AGAIN), text(statement.TALLY)
_OF_ALL, _OF_DEPARTMENTS = text(statement.OF_ALL), text(statement.OF_DEPARTMENTS)


class LetterCounts(NamedTuple):
    """Counts of one group, in the order of the statement's columns."""

    key: str | None
    received: int
    ordinary: int
    replied: int
    closed: int
    registered: int
    activities: int
    judged: int
    in_time: int
    judged_by_first_limit: int
    in_time_by_first_limit: int
    published: int
    publishable: int
    rated: int
    satisfied: int
    days: list[float] | None


async def figures(
    session: AsyncSession,
    *,
    group_by: str,
    first: date,
    last: date,
    now: datetime,
    own: Collection[str] | None,
) -> Sequence[LetterCounts]:
    """A row a group, of the letters received from `first` to `last`: all of them, or those of the
    departments `own` without accusations.
    """
    asked = _asked(first, last, now) | {"groupings": [group_by], "folded": False}
    if own is None:
        rows = await session.execute(_OF_ALL, asked)
    else:
        rows = await session.execute(_OF_DEPARTMENTS, asked | {"own": sorted(own)})
    return [LetterCounts(*counts) for _, *counts in rows]


async def public_figures(
    session: AsyncSession, groupings: Sequence[str], *, first: date, last: date, now: datetime
) -> dict[str, list[LetterCounts]]:
    """All letters of a period in these groupings, accusations among complaints and of the
    department that handles them. A grouping without letters is missing.

    By one statement, that is of one moment: what is rated between two would be their difference.
    """
    found: dict[str, list[LetterCounts]] = defaultdict(list)
    asked = _asked(first, last, now) | {"groupings": list(groupings), "folded": True}
    for grouping, *counts in await session.execute(_OF_ALL, asked):
        found[grouping].append(LetterCounts(*counts))
    return found


def _asked(first: date, last: date, now: datetime) -> dict[str, Any]:
    return {**_bounds(first, last), "first": first, "last": last, "now": now}


def _bounds(first: date, last: date) -> dict[str, Any]:
    return {"since": day_start(first), "until": day_start(last + timedelta(days=1))}


async def take_turn(session: AsyncSession) -> None:
    """Wait until no other transaction counts."""
    await session.execute(_TURN)


async def take_marked(session: AsyncSession, most: int) -> list[UUID]:
    """Up to so many marks, the oldest, that are gone when the transaction ends.

    Whoever marks a letter after this statement began leaves a mark that stays: the letter is then
    counted once more, and not once too few.
    """
    return list((await session.execute(_MARKED, {"most": most})).scalars())


async def count_again(session: AsyncSession, ids: Collection[UUID]) -> set[date]:
    """Count these letters as they are now; gives the days whose sums are to be formed anew."""
    return set((await session.execute(_COUNT_AGAIN, {"ids": list(set(ids))})).scalars())


async def uncounted_day(session: AsyncSession, today: date) -> date | None:
    """The latest day up to `today` whose letters were never counted."""
    return (await session.execute(_UNCOUNTED, {"today": today})).scalar_one_or_none()


async def count_day(session: AsyncSession, day: date) -> None:
    """Count all letters of a day for the first time."""
    await session.execute(_COUNT_DAY, _bounds(day, day))
    await session.execute(insert(CountedDay).values(day=day).on_conflict_do_nothing())


async def tally(session: AsyncSession, days: Collection[date]) -> int:
    """Form the sums of these days anew; returns how many were not so before."""
    return int((await session.execute(_TALLY, {"days": sorted(days)})).scalar_one())


async def day_to_prove(session: AsyncSession) -> date | None:
    """The day that was proven longest ago."""
    oldest = select(col(CountedDay.day)).order_by(
        col(CountedDay.proven_at).asc().nulls_first(), col(CountedDay.day).desc()
    )
    return (await session.execute(oldest.limit(1))).scalar_one_or_none()


async def prove_day(session: AsyncSession, day: date, now: datetime) -> int:
    """Count the letters of a day that nothing happened to since; returns how many were wrong."""
    wrong = (await session.execute(_PROVE_DAY, _bounds(day, day))).all()
    proven = update(CountedDay).where(col(CountedDay.day) == day).values(proven_at=now)
    await session.execute(proven)
    return len(wrong)
