"""Checking in: who has an appointment arrives, and waits from then on."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment
from services.appointments.issuing import queries, service
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.service import Issued
from services.appointments.queueing.rules import already_ticketed
from shared.database.swap_statement import SwapStatement
from shared.security.crypto import Keyring
from shared.security.identity import Caller


class Arrival(NamedTuple):
    """`issued` is None where no window of the hall serves the item: staff see to the person."""

    appointment: Appointment
    issued: Issued | None


async def check_in(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    typed: str,
    version: int | None,
    now: datetime,
) -> Arrival:
    """The appointment, checked in, and the ticket that is called: both or neither.

    Where there is no window for it, the person is checked in all the same: they came, and the
    fault is the hall's. Raises NotFound, AlreadyTicketed, and what `service.issue` raises.
    """
    found = await booking.visible(session, typed, caller)
    live = await queries.live_by_appointment(session, found.id)
    if live is not None:
        raise already_ticketed(live)
    request = TicketRequest(
        hall_code=found.hall_code, items=[found.item_code], appointment_code=found.code
    )
    hall = await service.hall_of(session, caller, request, now)
    if not any(found.item_code in served for served in hall.windows):
        statement, policy = SwapStatement(), hall.booking_policy
        booking.check_in(statement, found, policy, now, version=version)
        await statement.write_in(session)
        return Arrival(found, None)
    issued = await service.give(session, keyring, caller, request, hall, found, now, version)
    return Arrival(found, issued)
