"""Signed codes for who may see the appointment or the ticket; reprints."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import service as booking
from services.appointments.codes import rules
from services.appointments.codes.rules import Signed
from services.appointments.queueing import service as queueing
from services.appointments.queueing.models import Ticket
from shared.database.engine import DirectPool
from shared.database.versioned import swap
from shared.errors import Text
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.workflow import refuse

_TICKET_OVER = Text("这个号已经结束，没有二维码", "The ticket has ended: it has no code any more")
_NOT_EXPECTED = Text(
    "预约确认后才有二维码；已取消或已办结的没有",
    "An appointment has a code once it is confirmed, until it is given up or settled",
)


async def of_ticket(
    session: AsyncSession,
    keyring: Keyring,
    ticket_id: UUID,
    caller: Caller | None,
    key: str | None,
    now: datetime,
) -> Signed:
    """Raises NotFound, also for who may not see the ticket, and StateConflict where it ended."""
    ticket = await queueing.shown(session, keyring, ticket_id, caller, key)
    return rules.of_ticket(keyring, _in_use(ticket), now)


async def of_appointment(
    direct: DirectPool, keyring: Keyring, typed: str, caller: Caller, now: datetime
) -> Signed:
    """Raises NotFound, and StateConflict where nobody is expected by it."""
    found = (await booking.seen_by(direct, typed, caller)).appointment
    if not rules.is_expected(found):
        refuse(found.state, found.version, _NOT_EXPECTED)
    return rules.of_appointment(keyring, found, now)


async def reprint(session: AsyncSession, ticket_id: UUID, caller: Caller, now: datetime) -> Ticket:
    """The ticket, which was printed once more. Raises NotFound, StateConflict.

    Reprints are counted apart from what happens to the ticket: they refuse nobody at a window.
    """
    ticket = await queueing.at_hall(session, ticket_id, caller)
    done = await swap(session, _in_use(ticket), {}, counter="reprints", follows=True)
    noted = {"number": done.number, "reprint": done.reprints}
    await audit_log.write(session, caller.sub, "ticket.reprinted", f"ticket:{done.id}", now, noted)
    return done


def _in_use(ticket: Ticket) -> Ticket:
    if not rules.is_in_use(ticket):
        refuse(ticket.state, ticket.version, _TICKET_OVER)
    return ticket
