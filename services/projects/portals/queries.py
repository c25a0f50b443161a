"""SQL of the portals room."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.portals.models import AbsencePolicy, Portal, PortalRule
from shared.database.deciding import write

_RUN_SOON = text(
    "UPDATE portal SET next_run_at = :now"
    " WHERE unit_code = :unit AND enabled AND next_run_at > :now"
)


async def portal(session: AsyncSession, portal_id: str, *, lock: bool = False) -> Portal | None:
    found = select(Portal).where(col(Portal.id) == portal_id)
    return (await session.exec(found.with_for_update() if lock else found)).first()


async def put_layout(session: AsyncSession, portal: Portal, layout: str) -> None:
    """How the list looks, where none is known and it is read as `portal` says, since when it says.

    `portal` may be older than its row and of no session.
    """
    first = (
        update(Portal)
        .where(
            col(Portal.id) == portal.id,
            col(Portal.layout).is_(None),
            col(Portal.read_since).is_not_distinct_from(portal.read_since),
        )
        .values(layout=layout)
        .execution_options(synchronize_session=False)
    )
    await session.execute(first)


async def insert_portal(session: AsyncSession, portal: Portal) -> bool:
    """False if its id is registered already; waits for whoever registers it at this moment."""
    values = portal.model_dump(exclude={"host"})
    statement = insert(Portal).values(values).on_conflict_do_nothing()
    added = await session.execute(statement.returning(col(Portal.id)))
    return added.scalar_one_or_none() is not None


async def portals(
    session: AsyncSession, *, unit_code: str | None, after: str | None, limit: int
) -> Sequence[Portal]:
    found = select(Portal).order_by(col(Portal.id)).limit(limit)
    if unit_code is not None:
        found = found.where(col(Portal.unit_code) == unit_code)
    if after is not None:
        found = found.where(col(Portal.id) > after)
    return (await session.exec(found)).all()


async def run_soon(session: AsyncSession, unit_code: str, now: datetime) -> None:
    """The unit's portals are read next; with what is decided, where a session decides."""
    await write(session, _RUN_SOON, {"unit": unit_code, "now": now})


async def rule(session: AsyncSession, portal_id: str, version: int) -> PortalRule | None:
    found = select(PortalRule).where(
        col(PortalRule.portal_id) == portal_id, col(PortalRule.version) == version
    )
    return (await session.exec(found)).first()


async def newest_rule_version(session: AsyncSession, portal_id: str) -> int:
    """0 for a portal without a rule; the caller holds the portal's row locked."""
    newest = select(func.coalesce(func.max(PortalRule.version), 0)).where(
        col(PortalRule.portal_id) == portal_id
    )
    return int((await session.exec(newest)).one())


async def take_rematched(session: AsyncSession) -> list[str]:
    """The portals whose pages must be matched again; they are not given a second time."""
    taken = select(Portal.id).where(col(Portal.match_wanted)).with_for_update(skip_locked=True)
    found = (
        update(Portal)
        .where(col(Portal.id).in_(taken))
        .values(match_wanted=False)
        .returning(col(Portal.id))
        .execution_options(synchronize_session=False)
    )
    return list((await session.execute(found)).scalars())


async def hand_over(session: AsyncSession, unit_code: str, successor_code: str) -> list[str]:
    """The unit's portals are the other one's, and their pages are matched again; which they are."""
    moved = (
        update(Portal)
        .where(col(Portal.unit_code) == unit_code)
        .values(unit_code=successor_code, match_wanted=True, version=Portal.version + 1)
        .returning(col(Portal.id))
        .execution_options(synchronize_session=False)
    )
    return sorted((await session.execute(moved)).scalars())


async def unread_units(session: AsyncSession) -> Sequence[str]:
    """Units with an enabled portal of which no two whole walks by its present rule agree."""
    found = select(Portal.unit_code).where(col(Portal.enabled), col(Portal.proven_at).is_(None))
    return (await session.exec(found.distinct())).all()


async def walked_units(session: AsyncSession) -> Sequence[tuple[str, datetime]]:
    """Units whose enabled portals all have a proven walk, each with the oldest of them."""
    found = (
        select(col(Portal.unit_code), func.min(Portal.proven_at))
        .where(col(Portal.enabled))
        .group_by(col(Portal.unit_code))
        .having(func.bool_and(col(Portal.proven_at).is_not(None)))
    )
    return [(unit, at) for unit, at in (await session.exec(found)).all() if at is not None]


async def absence_policy(session: AsyncSession) -> AbsencePolicy | None:
    """The policy in force."""
    newest = select(AbsencePolicy).order_by(col(AbsencePolicy.version).desc()).limit(1)
    return (await session.exec(newest)).first()


async def add_absence_policy(session: AsyncSession, policy: AbsencePolicy) -> bool:
    """False where another has made that version."""
    statement = insert(AbsencePolicy).values(policy.model_dump()).on_conflict_do_nothing()
    added = await session.execute(statement.returning(col(AbsencePolicy.version)))
    return added.scalar_one_or_none() is not None
