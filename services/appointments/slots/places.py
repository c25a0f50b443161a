"""Places given back in one statement, without the slots being locked before."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.slots import statement as statements
from services.appointments.slots.rules import LeftSlot, Span
from shared.database.swap_statement import SwapStatement
from shared.ids import new_id


def give_back(
    statement: SwapStatement, slots: Sequence[LeftSlot], due_at: datetime | None, now: datetime
) -> None:
    """Gives back a place of each slot, on sale again then or at once.

    All is decided anew where somebody lost a time meanwhile that such a place could give back.
    """
    statements.give_back(statement, slots, due_at, now)


def exchange(
    statement: SwapStatement,
    slots: Sequence[LeftSlot],
    wanted: Collection[UUID],
    due_at: datetime | None,
    now: datetime,
) -> None:
    """Takes a place of each wanted slot and gives back those of `slots`, on sale then or at once.

    A place of one's own may be had again. All is decided anew as by `give_back`, and where what is
    wanted is not on sale any more.
    """
    statements.exchange(statement, slots, wanted, due_at, now)


async def keep_back(
    session: AsyncSession, ids: Sequence[UUID], due_at: datetime, now: datetime
) -> None:
    """Keeps a free place of each slot off sale until then; the caller has locked the slots."""
    if ids:
        await statements.keep_back(session, ids, [new_id() for _ in ids], due_at, now)


async def give_up(session: AsyncSession, ids: Sequence[UUID], since: datetime) -> None:
    """Of each slot, one place kept back since then may be had; the caller has locked the slots."""
    await statements.give_up(session, ids, since)


def rearrange(statement: SwapStatement, changes: Mapping[UUID, int], now: datetime) -> None:
    """Takes so many places more or less of each slot, for who comes and who is moved for them.

    All is decided anew where there is no room for it, or a slot is not on sale any more.
    """
    statements.rearrange(statement, changes, now)


async def note_lost(session: AsyncSession, spans: Sequence[Span]) -> None:
    """Lets nobody overlook who lost these times, who gives a place back that could help them; the
    caller has locked the slots."""
    if spans:
        await statements.note_lost(session, spans)
