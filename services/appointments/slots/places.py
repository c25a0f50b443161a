"""Places given back in one statement, without the slots being locked before."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.slots import statement as statements
from services.appointments.slots.rules import LeftSlot, Span
from shared.database.swap_statement import SwapStatement


def give_back(
    statement: SwapStatement, slots: Sequence[LeftSlot], due_at: datetime | None = None
) -> None:
    """Gives back a place of each slot, on sale again then or at once.

    All is decided anew where somebody lost a time meanwhile that such a place could give back.
    """
    statements.give_back(statement, slots, due_at)


def exchange(
    statement: SwapStatement, slots: Sequence[LeftSlot], wanted: Collection[UUID], now: datetime
) -> None:
    """Takes a place of each wanted slot and gives back those of `slots`, at once.

    A place of one's own may be had again. All is decided anew as by `give_back`, and where what is
    wanted is not on sale any more.
    """
    statements.exchange(statement, slots, wanted, now)


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
