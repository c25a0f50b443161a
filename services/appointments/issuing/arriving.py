"""Checking in: who has an appointment arrives, and waits from then on."""

from datetime import datetime
from typing import NamedTuple

from services.appointments.booking import service as booking
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.seen import Seen
from services.appointments.issuing import counters, service
from services.appointments.issuing.counters import TicketWish
from services.appointments.issuing.schemas import TicketRequest
from services.appointments.issuing.service import Issued
from shared.database.swap_statement import SwapStatement
from shared.security.crypto import Keyring
from shared.security.identity import Caller


class Arrival(NamedTuple):
    """`issued` is None where no window of the hall serves the item: staff see to the person."""

    booked: Seen
    issued: Issued | None


async def check_in(
    swap: SwapStatement,
    keyring: Keyring,
    caller: Caller,
    typed: str,
    version: int | None,
    now: datetime,
) -> Arrival:
    """The appointment, checked in with what its person booked with it for soon, and the ticket that
    is called for one after the other: all or nothing.

    Where there is no window for it, the person is checked in all the same: they came, and the
    fault is the hall's. Raises NotFound, AlreadyTicketed, and what `service.issue` raises.
    """
    booked = await booking.seen_by(swap.direct, typed, caller)
    found = booked.appointment
    own = [leg.appointment for leg in booked.legs if _is_of(leg.appointment, found)]
    items = [one.item_code for one in (found, *(one for one in own if one.id != found.id))]
    request = TicketRequest(hall_code=found.hall_code, items=items, appointment_code=found.code)
    wish = TicketWish(caller, request, found, now)
    counter = await counters.look(swap, keyring, wish)
    service.ensure_no_ticket(found, counter.hall)
    if counter.hall.serving(items[:1]) is None and not counter.is_locked:
        # Rows that are not there cannot be held: the windows are kept as they are.
        counter = await counters.look_behind_locks(counter, keyring, wish)
    if counter.hall.serving(items[:1]) is None:
        policy = counter.hall.booking_policy
        booking.check_in(counter.statement, found, policy, now, version=version)
        await counter.write()
        return Arrival(booked, None)
    others = service.along(booked, counter.hall.booking_policy, now)
    coming = request.model_copy(
        update={"items": [found.item_code, *(one.item_code for one in others)]}
    )
    wish = wish._replace(request=coming, others=others)
    return Arrival(booked, await service.give(counter, keyring, wish, version))


def _is_of(one: Appointment, found: Appointment) -> bool:
    """Whether it may be for the same person, who comes for it as well."""
    return one.person_no == found.person_no and one.state is AppointmentState.CONFIRMED
