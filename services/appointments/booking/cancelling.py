"""Cancelling: one statement, which gives the places back with all that follows.

Nothing is locked before. The version of the appointment guards how it stood, the rows of its places
that they are those, and the losses that their slots count that nobody lost a time meanwhile which
such a place could give back. Where somebody waits for that already, places are given out anew
behind locks (`healing`), in a transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.appointments.booking import around, healing, returning, service
from services.appointments.booking.context import places_freed
from services.appointments.booking.models import AppointmentState
from services.appointments.booking.publishing import of_change
from services.appointments.booking.schemas import CancelRequest
from services.appointments.booking.seen import Leaving, Seen
from services.appointments.booking.workflow import (
    AppointmentAction,
    AppointmentRow,
    state_conflict,
)
from services.appointments.slots import places
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller

_SAY_WHY = Text(
    "这个预约的时段是大厅撤销的，取消时请写明理由",
    "The hall took its time from this appointment: please say why it is cancelled",
)


class _Decided(NamedTuple):
    """What becomes of a leg, and which of its columns change."""

    leg: Leaving
    row: AppointmentRow
    values: Mapping[str, Any]


async def cancel(
    swap: SwapStatement,
    keyring: Keyring,
    typed: str,
    wanted: CancelRequest,
    caller: Caller,
    now: datetime,
) -> Seen:
    """The cancelled appointment, with all that was booked with it or of the people who are named;
    their places are free again.

    A citizen must cancel before the policy's deadline; staff who cancel what lost its time give
    the reason. Raises NotFound, StateConflict, TooLate, Invalid.
    """
    found = await service.leaving_by(swap.direct, typed, caller, now)
    service.ensure_seen(found.appointment, wanted.version)
    by_hall = caller.has(*service.STAFF)
    legs = service.meant(found, wanted.persons, AppointmentAction.CANCEL)
    ordered = sorted(legs, key=lambda leg: leg.appointment.id)
    decided = [_decided(leg, wanted, keyring, now, by_hall=by_hall) for leg in ordered]
    if any(each.row.leaves and each.leg.is_awaited for each in decided):
        await _give_to_who_waits(swap, decided, now, by_hall=by_hall)
    else:
        _swap(swap, found, decided, by_hall=by_hall)
        _give_back(swap, found, decided, now)
    return found.seen


def _decided(
    leg: Leaving, wanted: CancelRequest, keyring: Keyring, now: datetime, *, by_hall: bool
) -> _Decided:
    row = _row(leg, wanted, now, by_hall=by_hall)
    values = {**service.changes_of(row, now), "cancelled_by_staff": by_hall}
    if by_hall and wanted.reason is not None:
        sealed = service.sealed_reason(keyring, leg.appointment, wanted.reason)
        values = {**values, "reason_sealed": sealed}
    return _Decided(leg, row, values)


def _row(leg: Leaving, wanted: CancelRequest, now: datetime, *, by_hall: bool) -> AppointmentRow:
    """What cancelling does to it. Raises StateConflict, TooLate, Invalid."""
    one = leg.appointment
    if one.state is AppointmentState.CONFIRMED and not by_hall:
        service.ensure_changeable(one, leg.policy, now)
    is_release = by_hall and one.state is AppointmentState.ORPHANED
    action = AppointmentAction.RELEASE if is_release else AppointmentAction.CANCEL
    row = service.row_of(one, action)
    if row.reasoned and wanted.reason is None:
        raise Invalid(_SAY_WHY, pointer="/body/reason")
    service.ensure_stands(one, now)
    return row


def _swap(
    swap: SwapStatement,
    found: Leaving,
    decided: Sequence[_Decided],
    *,
    by_hall: bool,
) -> None:
    for leg, row, values in decided:
        one = leg.appointment
        # Of the others who asked knows nothing: where one has changed, all is decided anew.
        swap.swap(one, values, says=state_conflict, follows=one is not found.appointment)
        outbox.promise(swap, of_change(row.event, one, by_hall=by_hall, state=one.state))


def _give_back(
    swap: SwapStatement, found: Leaving, decided: Sequence[_Decided], now: datetime
) -> None:
    """Their places are free: of what was confirmed, and of what somebody waits for, for strangers
    only after a while."""
    freeing = [each for each in decided if each.row.frees and each.leg.slots]
    for leg, _, _ in freeing:
        around.keep_places(swap, leg.appointment.id, [slot.id for slot in leg.slots])
    left = [slot for each in freeing for slot in each.leg.slots]
    if left:
        closing = (slot.closes_at for slot in left)
        is_later = any(each.row.later or each.leg.is_wished for each in freeing)
        due_at = returning.due_of(closing, found.policy, now) if is_later else None
        places.give_back(swap, left, due_at, now)
        places_freed(swap.direct)


async def _give_to_who_waits(
    swap: SwapStatement, decided: Sequence[_Decided], now: datetime, *, by_hall: bool
) -> None:
    """The same behind locks, where its places go to who lost theirs before anybody else."""
    session, own = await swap.begin(), [each.leg.appointment.id for each in decided]
    waiting = await healing.prepare(session, own, now, own=own)
    written = SwapStatement()
    _swap(written, decided[0].leg, decided, by_hall=by_hall)
    await written.write_in(session)
    gone = [each.leg.appointment for each in decided]
    freeing = [each.leg.appointment for each in decided if each.row.frees]
    is_later = any(each.row.later for each in decided)
    await returning.give_back(session, gone, waiting, now, freeing=freeing, later=is_later)
