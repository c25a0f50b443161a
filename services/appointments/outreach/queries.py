"""The SQL of the outreach."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, select, text, tuple_
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.outreach.models import (
    Gathering,
    OutreachVisit,
    OutreachVisitState,
    Registration,
)
from services.appointments.outreach.workflow import GATHERINGS, VISITS, GatheringAction, VisitAction
from shared.database.calendar_days import CONTENT
from shared.database.deciding import DecidingSession

SWEEP = 200
_BASIS = text(f"""
SELECT EXISTS (SELECT FROM hall_item WHERE hall_code = :hall AND item_code = :item),
  coalesce(p.version, 0), c.days, c.digest, (p.outreach ->> 'decide_days')::int
FROM ({CONTENT}) c (days, digest) LEFT JOIN LATERAL (
  SELECT version, outreach FROM booking_policy WHERE hall_code = :hall
  ORDER BY version DESC LIMIT 1) p ON true
""")
_ANNOUNCED = GATHERINGS.leads(GatheringAction.CANCEL)[0]
_WAITING = VISITS.leads(VisitAction.REFUSE)[0]
# A row that another takes places of is waited for; then it has enough, or all is decided anew.
_TAKE = f"""
UPDATE outreach_event SET taken = taken + :people
WHERE id = :event AND taken + :people <= places AND closes_at > :now
  AND state IN ({", ".join(f"'{state}'" for state in _ANNOUNCED)}) RETURNING 1
"""
_GIVE_BACK = "UPDATE outreach_event SET taken = taken - :people WHERE id = :event"


class VisitBasis(NamedTuple):
    """What a new visit goes by; `decide_days` None where the hall laid nothing down."""

    is_offered: bool
    policy_version: int
    calendar: tuple[int, int]
    decide_days: int | None


class VisitFilter(NamedTuple):
    """Which of the visits that the caller may see; None: all of them."""

    hall: str | None = None
    state: OutreachVisitState | None = None
    is_overdue: bool = False


class SeenRegistration(NamedTuple):
    """A registration, and what it is for."""

    registration: Registration
    gathering: Gathering


async def basis(session: AsyncSession, hall: str, item: str) -> VisitBasis:
    """Whether the hall offers the item, its policy in force, and how its calendar is known."""
    row = (await session.execute(_BASIS, {"hall": hall, "item": item})).one()
    is_offered, version, days, digest, decide_days = row
    return VisitBasis(is_offered, version, (days, digest), decide_days)


async def visit(session: AsyncSession, visit_id: UUID) -> OutreachVisit | None:
    """The visit with that id."""
    return await session.get(OutreachVisit, visit_id)


async def visits(
    session: AsyncSession,
    *,
    owner: str | None,
    places: Collection[str] | None,
    wanted: VisitFilter,
    today: date,
    before: UUID | None,
    limit: int,
) -> Sequence[OutreachVisit]:
    """Those of an account, else of halls (None: of all), newest first."""
    rows = select(OutreachVisit).order_by(col(OutreachVisit.id).desc()).limit(limit)
    if owner is not None:
        rows = rows.where(col(OutreachVisit.owner) == owner)
    elif places is not None:
        rows = rows.where(col(OutreachVisit.hall_code).in_(places))
    if wanted.hall is not None:
        rows = rows.where(col(OutreachVisit.hall_code) == wanted.hall)
    if wanted.state is not None:
        rows = rows.where(col(OutreachVisit.state) == wanted.state)
    if wanted.is_overdue:
        rows = rows.where(
            col(OutreachVisit.state).in_(_WAITING),
            col(OutreachVisit.due_on) < today,
            col(OutreachVisit.provisional).is_(False),
        )
    if before is not None:
        rows = rows.where(col(OutreachVisit.id) < before)
    return (await session.execute(rows)).scalars().all()


async def unanswered(
    session: AsyncSession, today: date, after: tuple[date, UUID] | None
) -> Sequence[OutreachVisit]:
    """Up to SWEEP behind `after` whose day has passed and of which that was not published, locked.

    Those whose day is only guessed stay among them: whoever looks goes on behind them.
    """
    key = (col(OutreachVisit.due_on), col(OutreachVisit.id))
    rows = (
        select(OutreachVisit)
        .where(
            col(OutreachVisit.state).in_(_WAITING),
            col(OutreachVisit.due_on) < today,
            col(OutreachVisit.late_at).is_(None),
        )
        .order_by(*key)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    if after is not None:
        rows = rows.where(tuple_(*key) > after)
    return (await session.execute(rows)).scalars().all()


async def gathering(session: AsyncSession, event_id: UUID) -> Gathering | None:
    """The outreach event with that id."""
    return await session.get(Gathering, event_id)


async def gatherings(
    session: AsyncSession,
    *,
    hall: str | None,
    since: datetime,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Gathering]:
    """Those that end after a moment, the next one first."""
    key = (col(Gathering.ends_at), col(Gathering.id))
    rows = select(Gathering).where(col(Gathering.ends_at) > since).order_by(*key).limit(limit)
    if hall is not None:
        rows = rows.where(col(Gathering.hall_code) == hall)
    if after is not None:
        rows = rows.where(tuple_(*key) > after)
    return (await session.execute(rows)).scalars().all()


def take_places(session: DecidingSession, event_id: UUID, people: int, now: datetime) -> None:
    """Takes places with what is decided, if there are as many; else all is decided anew."""
    session.statement.lock(_TAKE, event=event_id, people=people, now=now)


def give_back(session: DecidingSession, event_id: UUID, people: int) -> None:
    """Goes with the swap of the registration that had them, so that they come back once."""
    session.statement.also(_GIVE_BACK, event=event_id, people=people)


async def is_registered(
    session: AsyncSession, event_id: UUID, phone: Sequence[str], owner: str | None
) -> bool:
    """Whether the account has a registration that stands; of who has none, whom staff register,
    whether the number has, under any index key. Nobody learns that of a number they only type."""
    is_theirs = col(Registration.owner) == owner
    if owner is None:
        is_theirs = col(Registration.phone_index).in_(phone)
    found = select(col(Registration.id)).where(
        col(Registration.event_id) == event_id, is_theirs, text("state <> 'cancelled'")
    )
    return (await session.execute(found.limit(1))).first() is not None


async def registration(session: AsyncSession, registration_id: UUID) -> SeenRegistration | None:
    """The registration with that id, and its event."""
    rows = (
        select(Registration, Gathering)
        .join(Gathering, and_(col(Gathering.id) == col(Registration.event_id)))
        .where(col(Registration.id) == registration_id)
    )
    row = (await session.execute(rows)).one_or_none()
    return SeenRegistration(row[0], row[1]) if row is not None else None


async def registrations(
    session: AsyncSession, event_id: UUID, owner: str | None, after: UUID | None, limit: int
) -> Sequence[Registration]:
    """Those for an event, of everybody or of an account, in the order in which they came."""
    rows = (
        select(Registration)
        .where(col(Registration.event_id) == event_id)
        .order_by(col(Registration.id))
        .limit(limit)
    )
    if owner is not None:
        rows = rows.where(col(Registration.owner) == owner)
    if after is not None:
        rows = rows.where(col(Registration.id) > after)
    return (await session.execute(rows)).scalars().all()
