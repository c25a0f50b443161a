"""What a proof gathers of a duty: its words, its facts as recorded, rulings, moves and walks."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.auditing.models import VerdictEvent
from services.projects.catalogue.models import CatalogueItem
from services.projects.duties.models import Duty, TriggerEvent, TriggerKind


class WalkedList(NamedTuple):
    """The first whole walk over a place of a unit from a moment on, with its captured list."""

    portal_id: str
    started_at: datetime
    finished_at: datetime
    captures: list[UUID]


# The pages of a list are what a walk captured of a place besides the pages of its entries.
_WALKS = text("""
  SELECT p.id AS portal_id, r.started_at, r.finished_at,
         ARRAY(SELECT c.id FROM capture c
               WHERE c.chain = p.id AND c.fetched_at BETWEEN r.started_at AND r.finished_at
                 AND c.captured_on BETWEEN (r.started_at AT TIME ZONE 'Asia/Shanghai')::date
                   AND (r.finished_at AT TIME ZONE 'Asia/Shanghai')::date
                 AND NOT EXISTS (SELECT FROM portal_page g
                   WHERE g.portal_id = c.chain AND g.url = c.url)
               ORDER BY c.seq) AS captures
  FROM portal p CROSS JOIN LATERAL (
    SELECT started_at, finished_at FROM collector_run r
    WHERE r.portal_id = p.id AND r.kind = 'full' AND r.state = 'finished' AND r.list_complete
      AND r.started_at >= :since
    ORDER BY r.started_at LIMIT 1) r
  WHERE p.unit_code = :unit AND p.enabled ORDER BY p.id""")


_ALL_PUBLIC = text(
    "SELECT coalesce(bool_and(is_public), false) FROM capture WHERE id = ANY(CAST(:ids AS uuid[]))"
)


async def words(
    session: AsyncSession, item_id: UUID, trigger_id: UUID
) -> tuple[CatalogueItem, TriggerKind, date | None]:
    """What the duty's item asks for, and what happened that made it a duty, on which day."""
    found = (
        select(CatalogueItem, TriggerEvent.kind, col(TriggerEvent.occurred_on))
        .join(TriggerEvent, col(TriggerEvent.id) == trigger_id)
        .where(col(CatalogueItem.id) == item_id)
    )
    item, kind, occurred_on = (await session.exec(found)).one()
    return item, TriggerKind(kind), occurred_on


async def unit_of(session: AsyncSession, duty_id: UUID) -> str:
    """The unit that owes the duty."""
    return (await session.exec(select(Duty.unit_code).where(col(Duty.id) == duty_id))).one()


async def all_public(session: AsyncSession, captures: Sequence[UUID]) -> bool:
    """Whether there are any of these captures, and every one is of a public page."""
    found = await session.execute(_ALL_PUBLIC, {"ids": list(captures)})
    return bool(found.scalar_one())


async def moves(session: AsyncSession, duty_id: UUID) -> Sequence[VerdictEvent]:
    """The moves of the verdict, oldest first."""
    found = select(VerdictEvent).where(col(VerdictEvent.duty_id) == duty_id)
    return (await session.exec(found.order_by(col(VerdictEvent.id)))).all()


async def walks(session: AsyncSession, unit: str, since: datetime) -> list[WalkedList]:
    """Of each place where the unit publishes the first whole walk from `since` on."""
    found = (await session.execute(_WALKS, {"unit": unit, "since": since})).mappings()
    return [WalkedList(**row) for row in found]
