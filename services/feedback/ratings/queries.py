"""All SQL of the room."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import SQLModel, col
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


async def add_service_event(session: AsyncSession, event: ServiceEvent) -> bool:
    """False if the case is known already."""
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


async def add(session: AsyncSession, row: SQLModel) -> None:
    """One new row."""
    await session.execute(insert(type(row)), [row.model_dump()])


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


async def use_invitation(session: AsyncSession, invitation_id: UUID, now: datetime) -> bool:
    """Take the right to rate, once: of two at the same time one gets it."""
    used = (
        update(Invitation)
        .where(
            col(Invitation.id) == invitation_id,
            col(Invitation.state) == USED.state,
            col(Invitation.expires_at) > now,
        )
        .values(state=USED.to)
        .returning(col(Invitation.id))
    )
    return (await session.execute(used)).first() is not None


async def invitation(session: AsyncSession, invitation_id: UUID) -> Invited | None:
    """An invitation and what it is about."""
    found = (
        select(Invitation, ServiceEvent)
        .join(ServiceEvent, col(ServiceEvent.id) == col(Invitation.service_event_id))
        .where(col(Invitation.id) == invitation_id)
        .execution_options(populate_existing=True)
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


async def lock_rating_of_invitation(session: AsyncSession, invitation_id: UUID) -> Rating | None:
    """The rating given on an invitation, locked until the transaction ends."""
    found = (
        select(Rating)
        .where(col(Rating.invitation_id) == invitation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await session.execute(found)).scalar_one_or_none()


async def get(session: AsyncSession, rating_id: UUID, *, locked: bool = False) -> Rating | None:
    """The rating as it stands now; `locked` waits for whoever is just changing it."""
    return await session.get(Rating, rating_id, with_for_update=locked, populate_existing=True)


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


async def steps(session: AsyncSession, rating_id: UUID) -> Sequence[RatingStep]:
    """Everything that was done about a rating, oldest first."""
    rows = (
        select(RatingStep)
        .where(col(RatingStep.rating_id) == rating_id)
        .order_by(col(RatingStep.at), col(RatingStep.id))
    )
    return (await session.execute(rows)).scalars().all()


async def who_did(
    session: AsyncSession, rating_id: UUID, actions: Collection[RatingAction]
) -> frozenset[str]:
    """Who did any of these actions about a rating."""
    rows = select(col(RatingStep.by)).where(
        col(RatingStep.rating_id) == rating_id, col(RatingStep.action).in_(actions)
    )
    return frozenset((await session.execute(rows)).scalars())


async def revisits_tried(session: AsyncSession, rating_id: UUID, round_: int) -> int:
    """How often the citizen was asked in this round."""
    tried = select(func.count()).where(
        col(Revisit.rating_id) == rating_id, col(Revisit.round) == round_
    )
    return int((await session.execute(tried)).scalar_one())


async def add_revisit(session: AsyncSession, revisit: Revisit) -> bool:
    """False if there was a try on that day already."""
    added = upsert(Revisit).values(revisit.model_dump()).on_conflict_do_nothing()
    return (await session.execute(added.returning(col(Revisit.id)))).first() is not None
