"""The SQL of promised papers."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.deferrals.models import Deferral, DeferralState
from services.appointments.queueing.models import TicketState
from shared.database.engine import DirectPool
from shared.database.narrowing import narrowed
from shared.database.rows import columns, loaded
from shared.database.swap_statement import SwapStatement

_DEFERRAL = f"SELECT {columns(Deferral, 'd')} FROM deferral d"
_FIND = f"{_DEFERRAL} WHERE d.id = $1"
_TICKET = """
SELECT t.hall_code, t.item_code, t.state, t.state_since, t.version, t.citizen_key, EXISTS (
    SELECT FROM deferral d WHERE d.ticket_id = t.id AND d.item_code = t.item_code
      AND d.state = 'lapsed'
  ), i.guide_version, g.content->'materials'
FROM ticket t JOIN item i ON i.code = t.item_code
LEFT JOIN guide g ON g.item_code = i.code AND g.version = i.guide_version
WHERE t.id = $1
"""
# The state and not the version: who is served may well be done with meanwhile.
_STAYS = """
SELECT 1 FROM ticket WHERE id = :ticket AND state = ANY(CAST(:states AS text[])) FOR SHARE
"""


class ServedTicket(NamedTuple):
    """The ticket, whether papers that were promised for it never came, and the materials of its
    item's guide: name, and whether it may follow."""

    hall_code: str
    item_code: str
    state: str
    since: datetime
    version: int
    citizen_key: str | None
    has_lapsed: bool
    guide_version: int
    materials: list[tuple[str, bool]]


async def ticket(direct: DirectPool, ticket_id: UUID) -> ServedTicket | None:
    row = await direct.fetchrow(_TICKET, ticket_id)
    if row is None:
        return None
    *known, found = row
    listed_there = json.loads(found) if isinstance(found, str) else found or []
    materials = [(one["name"], one.get("may_follow", False)) for one in listed_there]
    return ServedTicket._make([*known, materials])


def keep_at_hand(statement: SwapStatement, ticket_id: UUID, states: Sequence[TicketState]) -> None:
    """The ticket is in one of the states, and stays so until it is written."""
    statement.lock(_STAYS, ticket=ticket_id, states=[state.value for state in states])


async def find(direct: DirectPool, deferral_id: UUID) -> Deferral | None:
    row = await direct.fetchrow(_FIND, deferral_id)
    return None if row is None else loaded(Deferral, row)


async def listed(
    direct: DirectPool,
    *,
    owner: str | None,
    halls: Sequence[str] | None,
    hall: str | None,
    state: DeferralState | None,
    after: UUID | None,
    limit: int,
) -> list[Deferral]:
    """Of a person, or of these halls (None: of all); the oldest first."""
    found = narrowed(
        ("d.owner = {}", owner),
        ("d.hall_code = ANY({})", None if halls is None else list(halls)),
        ("d.hall_code = {}", hall),
        ("d.state = {}", state),
        ("d.id > {}", after),
    )
    sql = f"{_DEFERRAL} WHERE {found.where} ORDER BY d.id LIMIT {found.another(limit)}"
    return [loaded(Deferral, row) for row in await direct.fetch(sql, *found.values)]


async def due(session: AsyncSession, before: date, limit: int) -> Sequence[Deferral]:
    """Promises whose last day lies before that day, locked; what staff just work on is left for
    the next time."""
    rows = select(Deferral).where(
        col(Deferral.state) == DeferralState.PROMISED, col(Deferral.due_on) < before
    )
    first = rows.order_by(col(Deferral.due_on)).limit(limit)
    return (await session.exec(first.with_for_update(skip_locked=True))).all()


async def to_remind(session: AsyncSession, today: date, limit: int) -> Sequence[Deferral]:
    """Promises of which nobody was reminded, though their last day is near; locked as above."""
    rows = select(Deferral).where(
        col(Deferral.state) == DeferralState.PROMISED,
        col(Deferral.reminded_at).is_(None),
        col(Deferral.remind_on) <= today,
        col(Deferral.due_on) >= today,
    )
    first = rows.order_by(col(Deferral.due_on)).limit(limit)
    return (await session.exec(first.with_for_update(skip_locked=True))).all()
