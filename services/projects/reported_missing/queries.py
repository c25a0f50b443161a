"""SQL of the checks of what is reported missing."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reported_missing.models import CheckAnswer, CheckState, DisclosureCheck

MOST_CHECKS = 200
_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended('projects.reported_missing', 11))")


async def take_turn(session: AsyncSession) -> None:
    """One at a time: of a report and a duty that come at once the later one finds the other, for
    what was written before is seen once the turn is taken."""
    await session.execute(_TURN)


async def count_report(session: AsyncSession, new: DisclosureCheck) -> DisclosureCheck:
    """The check of what is reported, made or counted once more; locked until all is written."""
    wanted = insert(DisclosureCheck).values(**new.model_dump())
    counted = wanted.on_conflict_do_update(
        index_elements=["reference"],
        set_={
            "reports": col(DisclosureCheck.reports) + 1,
            "first_reported_at": func.least(
                col(DisclosureCheck.first_reported_at), wanted.excluded.first_reported_at
            ),
            "last_reported_at": func.greatest(
                col(DisclosureCheck.last_reported_at), wanted.excluded.last_reported_at
            ),
        },
    ).returning(DisclosureCheck)
    found = await session.execute(counted, execution_options={"populate_existing": True})
    check: DisclosureCheck = found.scalars().one()
    return check


async def about(
    session: AsyncSession, project: str | None, item: str, unit: str
) -> Sequence[DisclosureCheck]:
    """The checks that a duty of this project, item and unit may answer; locked, in their order."""
    named = (
        (col(DisclosureCheck.project_code), project),
        (col(DisclosureCheck.item_code), item),
        (col(DisclosureCheck.unit_code), unit),
    )
    # One of the two is always named, and each has an index.
    found = or_(
        col(DisclosureCheck.project_code) == project, col(DisclosureCheck.unit_code) == unit
    )
    query = select(DisclosureCheck).where(found, *(_fits(*each) for each in named))
    query = query.order_by(col(DisclosureCheck.id)).limit(MOST_CHECKS).with_for_update()
    return (await session.exec(query)).all()


async def answered_by(session: AsyncSession, duty_id: UUID) -> Sequence[DisclosureCheck]:
    """The checks that this duty answers; locked, in their order."""
    query = select(DisclosureCheck).where(col(DisclosureCheck.duty_id) == duty_id)
    query = query.order_by(col(DisclosureCheck.id)).limit(MOST_CHECKS).with_for_update()
    return (await session.exec(query)).all()


async def outlived(session: AsyncSession, today: date) -> Sequence[DisclosureCheck]:
    """Some checks of which a person said that it is not due, by a day that is over; locked."""
    query = select(DisclosureCheck).where(
        col(DisclosureCheck.state) == CheckState.ANSWERED,
        col(DisclosureCheck.answer) == CheckAnswer.NOT_DUE,
        col(DisclosureCheck.answered_by).is_not(None),
        col(DisclosureCheck.due_on) < today,
    )
    query = query.order_by(col(DisclosureCheck.id)).limit(MOST_CHECKS).with_for_update()
    return (await session.exec(query)).all()


def _fits(column: Mapped[str | None], value: str | None) -> ColumnElement[bool]:
    return or_(column.is_(None), column == value)


async def listed(
    session: AsyncSession,
    *,
    units: Sequence[str] | None,
    state: CheckState | None,
    project: str | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[DisclosureCheck]:
    """Checks, those reported first in front; `units` None: of all units and of none."""
    key = (col(DisclosureCheck.first_reported_at), col(DisclosureCheck.id))
    query = select(DisclosureCheck)
    if units is not None:
        query = query.where(col(DisclosureCheck.unit_code).in_(units))
    if state is not None:
        query = query.where(DisclosureCheck.state == state)
    if project is not None:
        query = query.where(DisclosureCheck.project_code == project)
    if after is not None:
        query = query.where(tuple_(*key) > after)
    return (await session.exec(query.order_by(*key).limit(limit))).all()
