"""All SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, literal_column, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.ratings.models import (
    Grade,
    Invitation,
    Rating,
    RatingAction,
    RatingState,
    RatingStep,
    Revisit,
    ServiceEvent,
)
from services.feedback.ratings.workflow import OVER, USED
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken

SWEEP = 5000


class Invited(NamedTuple):
    """An invitation, and the service that it asks about."""

    invitation: Invitation
    event: ServiceEvent


class InvitedCase(NamedTuple):
    """The invitation to rate a case, the case, and the rating given, if any."""

    invitation: Invitation
    event: ServiceEvent
    rating: Rating | None


class HandledRating(NamedTuple):
    """A rating, who acted about it for the department, and on which days of its present round the
    citizen was visited.
    """

    rating: Rating
    involved: frozenset[str]
    visited_on: Sequence[date]


class DetailedRating(NamedTuple):
    """The rating, how often the citizen was asked in its present round, and everything that was
    done about it, oldest first.
    """

    rating: Rating
    revisits_tried: int
    steps: Sequence[RatingStep]


_USE = f"""
    UPDATE rating_invitation SET state = '{USED.to}'
    WHERE id = :id AND state = '{USED.state}' AND expires_at > :now RETURNING 1
"""


async def add_service_event(session: AsyncSession, event: ServiceEvent) -> bool:
    """False if the case is known already; a decision, which has looked, is made anew then."""
    if isinstance(session, DecidingSession):
        session.add(event)
        session.statement.refusing("uq_service_event_case_id", Overtaken)
        return True
    added = upsert(ServiceEvent).values(event.model_dump()).on_conflict_do_nothing()
    return (await session.execute(added.returning(col(ServiceEvent.id)))).first() is not None


async def correct_service_event(session: AsyncSession, event: ServiceEvent) -> None:
    """The known case as the newer finish tells it; an older or equal one changes nothing."""
    corrected = (
        update(ServiceEvent)
        .where(
            col(ServiceEvent.case_id) == event.case_id, col(ServiceEvent.version) < event.version
        )
        .values(event.model_dump(exclude={"id", "case_id"}))
        .execution_options(synchronize_session=False)
    )
    await session.execute(corrected)


async def invitation_of_case(session: AsyncSession, case_id: UUID) -> InvitedCase | None:
    """The invitation to rate a case, with the rating given, if any."""
    found = (
        select(Invitation, ServiceEvent, Rating)
        .join(ServiceEvent, col(ServiceEvent.id) == col(Invitation.service_event_id))
        .outerjoin(Rating, col(Rating.invitation_id) == col(Invitation.id))
        .where(col(ServiceEvent.case_id) == case_id)
    )
    row = (await session.execute(found)).one_or_none()
    return InvitedCase(*row) if row is not None else None


def use_invitation(session: DecidingSession, invitation_id: UUID, now: datetime) -> None:
    """Take the right to rate, once: of two at the same time one gets it, the other finds it used.

    It is no version but a right: its state, that leads nowhere else, is what is compared.
    """
    session.statement.lock(_USE, id=invitation_id, now=now)


async def invitation(session: AsyncSession, invitation_id: UUID) -> Invited | None:
    """An invitation and what it is about."""
    found = (
        select(Invitation, ServiceEvent)
        .join(ServiceEvent, col(ServiceEvent.id) == col(Invitation.service_event_id))
        .where(col(Invitation.id) == invitation_id)
    )
    row = (await session.execute(found)).one_or_none()
    return Invited(*row) if row is not None else None


async def expire(session: AsyncSession, now: datetime) -> int:
    """Up to SWEEP open invitations whose time is over."""
    over = (
        select(col(Invitation.id))
        .where(col(Invitation.state) == OVER.state, col(Invitation.expires_at) <= now)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    expired: Any = await session.execute(
        update(Invitation)
        .where(col(Invitation.id).in_(over))
        .values(state=OVER.to)
        .execution_options(synchronize_session=False)
    )
    return int(expired.rowcount)


async def rating_of_invitation(session: AsyncSession, invitation_id: UUID) -> Rating | None:
    """The rating given on an invitation."""
    found = select(Rating).where(col(Rating.invitation_id) == invitation_id)
    return (await session.execute(found)).scalar_one_or_none()


async def handled(
    session: AsyncSession, rating_id: UUID, actions: Collection[RatingAction]
) -> HandledRating | None:
    """The rating as it stands now, with what was done about it; `actions` are the department's."""
    acted = (
        select(func.array_agg(col(RatingStep.by)))
        .where(col(RatingStep.rating_id) == col(Rating.id), col(RatingStep.action).in_(actions))
        .scalar_subquery()
    )
    tried = (
        select(func.array_agg(col(Revisit.on)))
        .where(col(Revisit.rating_id) == col(Rating.id), col(Revisit.round) == col(Rating.round))
        .scalar_subquery()
    )
    rows = select(Rating, acted, tried).where(col(Rating.id) == rating_id)
    row = (await session.execute(rows)).one_or_none()
    return None if row is None else HandledRating(row[0], frozenset(row[1] or ()), row[2] or ())


async def page(
    session: AsyncSession,
    *,
    places: Collection[str] | None,
    state: RatingState | None,
    grades: Collection[Grade] | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[Rating]:
    """Ratings, the latest first; `places` (halls or departments) None means everywhere."""
    rows = select(Rating).order_by(col(Rating.rated_at).desc(), col(Rating.id).desc())
    if places is not None:
        rows = rows.where(
            or_(col(Rating.department_code).in_(places), col(Rating.hall_code).in_(places))
        )
    if state is not None:
        rows = rows.where(col(Rating.state) == state)
    if grades is not None:
        rows = rows.where(col(Rating.grade).in_(grades))
    if after is not None:
        rows = rows.where(tuple_(col(Rating.rated_at), col(Rating.id)) < after)
    return (await session.execute(rows.limit(limit))).scalars().all()


async def detailed(session: AsyncSession, rating_id: UUID) -> DetailedRating | None:
    """The rating as it stands now, and what was done about it."""
    tried = select(func.count()).where(
        col(Revisit.rating_id) == col(Rating.id), col(Revisit.round) == col(Rating.round)
    )
    steps = literal_column(
        "(SELECT jsonb_agg(to_jsonb(s) ORDER BY s.at, s.id) FROM rating_step s"
        " WHERE s.rating_id = rating.id)",
        JSONB,
    )
    rows = select(Rating, tried.scalar_subquery(), steps).where(col(Rating.id) == rating_id)
    row = (await session.execute(rows)).one_or_none()
    if row is None:
        return None
    rating, visits, done = row
    return DetailedRating(rating, visits, [RatingStep.model_validate(one) for one in done or ()])
