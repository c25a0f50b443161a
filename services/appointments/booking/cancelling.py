"""Cancelling: one statement, which gives the places back with all that follows.

Nothing is locked before. The version of the appointment guards how it stood, the rows of its places
that they are those, and the losses that their slots count that nobody lost a time meanwhile which
such a place could give back. Where somebody waits for that already, places are given out anew
behind locks (`healing`), in a transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.appointments.booking import healing, queries, service
from services.appointments.booking.context import places_freed
from services.appointments.booking.models import Appointment, AppointmentState
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


async def cancel(
    swap: SwapStatement,
    keyring: Keyring,
    typed: str,
    wanted: CancelRequest,
    caller: Caller,
    now: datetime,
) -> Seen:
    """The cancelled appointment; its places are free again.

    A citizen must cancel before the policy's deadline; staff who cancel what lost its time give
    the reason. Raises NotFound, StateConflict, TooLate, Invalid.
    """
    found = await service.leaving_by(swap.direct, typed, caller, now)
    one, by_hall = found.appointment, caller.has(*service.STAFF)
    row = _row(found, wanted, now, by_hall=by_hall)
    values = service.changes_of(row, now)
    if by_hall and wanted.reason is not None:
        values["reason_sealed"] = service.sealed_reason(keyring, one, wanted.reason)
    if row.leaves and found.is_awaited:
        await _give_to_who_waits(swap, one, row, values, now, by_hall=by_hall)
    else:
        _swap(swap, one, row, values, by_hall=by_hall)
        _give_back(swap, found, row, now)
    return found.seen


def _row(found: Leaving, wanted: CancelRequest, now: datetime, *, by_hall: bool) -> AppointmentRow:
    """What cancelling does to it. Raises StateConflict, TooLate, Invalid."""
    one = found.appointment
    service.ensure_seen(one, wanted.version)
    if one.state is AppointmentState.CONFIRMED and not by_hall:
        service.ensure_changeable(one, found.policy, now)
    is_release = by_hall and one.state is AppointmentState.ORPHANED
    action = AppointmentAction.RELEASE if is_release else AppointmentAction.CANCEL
    row = service.row_of(one, action)
    if row.reasoned and wanted.reason is None:
        raise Invalid(_SAY_WHY, pointer="/body/reason")
    service.ensure_stands(one, now)
    return row


def _swap(
    swap: SwapStatement,
    one: Appointment,
    row: AppointmentRow,
    values: Mapping[str, Any],
    *,
    by_hall: bool,
) -> None:
    swap.swap(one, values, says=state_conflict)
    outbox.promise(swap, of_change(row.event, one, by_hall=by_hall))


def _give_back(swap: SwapStatement, found: Leaving, row: AppointmentRow, now: datetime) -> None:
    """Its places are free, of one that was confirmed for strangers only after a while."""
    if row.frees and found.slots:
        queries.keep_places(swap, found.appointment.id, [slot.id for slot in found.slots])
        closing = (slot.closes_at for slot in found.slots)
        due_at = service.due_of(closing, found.policy, now) if row.later else None
        places.give_back(swap, found.slots, due_at)
        places_freed(swap.direct)


async def _give_to_who_waits(
    swap: SwapStatement,
    one: Appointment,
    row: AppointmentRow,
    values: Mapping[str, Any],
    now: datetime,
    *,
    by_hall: bool,
) -> None:
    """The same behind locks, where its places go to who lost theirs before anybody else."""
    session, own = await swap.begin(), [one.id]
    waiting = await healing.prepare(session, own, now, own=own)
    decided = SwapStatement()
    _swap(decided, one, row, values, by_hall=by_hall)
    await decided.write_in(session)
    await service.give_back(session, [one], waiting, now, frees=row.frees, later=row.later)
