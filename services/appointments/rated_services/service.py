"""Ratings are noted as they come, counted by quarter, and shown where there are enough."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.rated_services import queries, rules
from services.appointments.rated_services.contracts import RatingReceived
from services.appointments.rated_services.rules import ByItem, RatingTerms
from services.appointments.rated_services.schemas import RatingFigures
from shared.clock import day_start


class RatedQuarter(NamedTuple):
    """The counts of a hall in a quarter, None where none were counted."""

    first: date
    last: date
    of_hall: ByItem
    terms: RatingTerms

    def of(self, account: str) -> RatingFigures:
        """What is shown of them about one person."""
        return rules.figures(account, self.of_hall, self.terms)


async def note(session: AsyncSession, rating: RatingReceived, now: datetime) -> None:
    """Not where its quarter is counted already, nor of a follow-up, whose person was drawn."""
    is_late = rating.at < day_start(rules.uncounted_from(now))
    if rating.followup_id is None and not is_late:
        await queries.note(session, rating)


async def exclude(session: AsyncSession, rating_id: UUID) -> None:
    """It does not count, unless it has been counted by now."""
    await queries.exclude(session, rating_id)


async def count(session: AsyncSession, now: datetime) -> int:
    """Job: counts ratings of quarters that are long over, and forgets which they were. Returns how
    many."""
    return await queries.count(session, day_start(rules.uncounted_from(now)))


async def until(
    session: AsyncSession, hall: str, last: date, terms: RatingTerms, now: datetime
) -> RatedQuarter:
    """The latest quarter of the hall that was over by that day, as far as it is counted."""
    quarter = rules.latest_until(last, now)
    before = day_start(rules.uncounted_from(now))
    of_hall = await queries.of_quarter(session, hall, quarter, before)
    return RatedQuarter(quarter, rules.last_day(quarter), of_hall, terms)
