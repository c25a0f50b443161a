"""What happens to an appointment after it is held. Each change is one compare-and-swap."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import queries, rules, seen
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.publishing import of_change
from services.appointments.booking.publishing import publish as publish
from services.appointments.booking.seen import Leaving, Seen
from services.appointments.booking.workflow import (
    WORKFLOW,
    AppointmentAction,
    AppointmentRow,
    standing,
    state_conflict,
)
from services.appointments.people import service as people
from services.appointments.policies.models import BookingPolicy
from shared import ids
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

S, A = AppointmentState, AppointmentAction
F = TypeVar("F", Seen, Leaving)
STAFF = ("clerk", "hall_manager", "device")

log = structlog.get_logger()

REASON = "appointment.reason"
_NO_PERSON = Text("这个预约里没有这一位", "Nobody of the visit has this number")
_UNKNOWN = Text("没有找到这个预约", "There is no such appointment")


def reference(typed: str) -> UUID | str:
    """An id or a public code, as it was typed. Raises NotFound for what can be neither."""
    try:
        return UUID(typed)
    except ValueError:
        pass
    if not ids.check_code(typed):
        raise NotFound(_UNKNOWN)
    return ids.normal_code(typed)


async def visible(session: AsyncSession, typed: str, caller: Caller) -> Appointment:
    """The appointment, if the caller owns it or works in its hall. Raises NotFound."""
    found = await queries.find(session, reference(typed))
    if found is None:
        raise NotFound(_UNKNOWN)
    found = await people.current_row(session, caller, found)
    serves = caller.has(*STAFF) and caller.at(found.hall_code)
    if not serves and not await people.owns(session, caller, found):
        raise NotFound(_UNKNOWN)
    return found


async def seen_by(direct: DirectPool, typed: str, caller: Caller) -> Seen:
    """The same with all that is shown of it, in one read. Raises NotFound."""
    return await _found_by(direct, typed, caller, partial(seen.find, direct))


async def leaving_by(direct: DirectPool, typed: str, caller: Caller, now: datetime) -> Leaving:
    """The same with what it goes by whether and how it may be given up. Raises NotFound."""
    return await _found_by(direct, typed, caller, partial(seen.find_leaving, direct, now=now))


async def _found_by(
    direct: DirectPool,
    typed: str,
    caller: Caller,
    find: Callable[[UUID | str], Awaitable[F | None]],
) -> F:
    found = await find(reference(typed))
    if found is not None and await people.is_brought_over(direct, found.appointment):
        found = await find(found.appointment.id)
    if found is None:
        raise NotFound(_UNKNOWN)
    serves = caller.has(*STAFF) and caller.at(found.appointment.hall_code)
    if not serves and not await people.owns(direct, caller, found.appointment):
        raise NotFound(_UNKNOWN)
    return found


def meant(
    found: Leaving, persons: Sequence[int] | None, action: AppointmentAction
) -> list[Leaving]:
    """The legs that an action on one of them is about: of the people who are named; else of all
    by the first leg of a party, and by another of its own person.

    Those whose state does not take it are left out, unless none does. Raises Invalid.
    """
    one = found.appointment
    party = found.party or [found]
    known = {leg.appointment.person_no for leg in party}
    if persons and (unknown := [place for place, no in enumerate(persons) if no not in known]):
        raise Invalid(_NO_PERSON, pointer=f"/body/persons/{unknown[0]}")
    whole = one.party_id in (None, one.id)
    wanted = {*persons} if persons else known if whole else {one.person_no}
    legs = [leg for leg in party if leg.appointment.person_no in wanted]
    able = [leg for leg in legs if WORKFLOW.get(leg.appointment.state, action) is not None]
    return able or ([found] if one.person_no in wanted else legs)


async def confirm(
    swap: SwapStatement, typed: str, version: int | None, caller: Caller, now: datetime
) -> Seen:
    """The held appointment, confirmed with all that was booked with it.

    Raises NotFound, or StateConflict once the hold ran out.
    """
    found = await seen_by(swap.direct, typed, caller)
    ensure_seen(found.appointment, version)
    row = row_of(found.appointment, A.CONFIRM)
    ensure_stands(found.appointment, now)
    for one in sorted((leg.appointment for leg in found.legs), key=lambda one: one.id):
        if one.state is row.state:
            is_asked = one is found.appointment
            swap.swap(one, changes_of(row, now), says=state_conflict, follows=not is_asked)
            outbox.promise(swap, of_change(row.event, one))
    return found


def sealed_reason(keyring: Keyring, appointment: Appointment, reason: str) -> str:
    """What staff say of it, for the person and the staff of the hall alone."""
    return keyring.seal(reason, where=REASON, row=str(appointment.id))


def ensure_changeable(appointment: Appointment, policy: BookingPolicy, now: datetime) -> None:
    """Raises TooLate when a citizen may no longer cancel or move it under the hall's policy."""
    rules.ensure_changeable(
        appointment.starts_at,
        policy.cancel_until_minutes,
        appointment.held_at,
        policy.cancel_grace_minutes,
        now,
        appointment.regained_at,
    )


def check_in(
    statement: SwapStatement,
    appointment: Appointment,
    policy: BookingPolicy,
    now: datetime,
    *,
    version: int | None = None,
    follows: bool = False,
) -> Appointment:
    """The appointment, checked in. Raises StateConflict, TooEarly or TooLate.

    `follows`: with another that was asked for, so that nobody is refused by it.
    """
    ensure_seen(appointment, version)
    if appointment.state is S.CONFIRMED:
        rules.ensure_check_in(
            appointment.starts_at, policy.check_in_early_minutes, policy.check_in_late_minutes, now
        )
    row = row_of(appointment, A.CHECK_IN)
    ensure_stands(appointment, now)
    changes = {**changes_of(row, now), "checked_in_at": now}
    statement.swap(appointment, changes, says=state_conflict, follows=follows)
    outbox.promise(statement, of_change(row.event, appointment))
    return appointment


def may_check_in(appointment: Appointment, policy: BookingPolicy, now: datetime) -> bool:
    """Whether the person could check in for it at the moment."""
    if appointment.state is not S.CONFIRMED:
        return False
    early, late = policy.check_in_early_minutes, policy.check_in_late_minutes
    try:
        rules.ensure_check_in(appointment.starts_at, early, late, now)
    except (rules.TooEarly, rules.TooLate):
        return False
    return True


def keep_checked_in(
    statement: SwapStatement, appointment: Appointment, *, version: int | None = None
) -> None:
    """Holds one that is checked in, so that nobody lapses it before the commit.

    Raises StateConflict where the caller saw another version.
    """
    ensure_seen(appointment, version)
    statement.hold(appointment)


async def change(
    session: AsyncSession,
    appointment: Appointment,
    row: AppointmentRow,
    now: datetime,
    *,
    values: Mapping[str, Any] | None = None,
) -> Appointment:
    """The appointment after the change, whose places and event are the caller's to see to.

    Raises StateConflict that names the present state: where another change came first, and for a
    hold that ran out.
    """
    ensure_stands(appointment, now)
    changes = {**changes_of(row, now), **(values or {})}
    return await swap(session, appointment, changes, says=state_conflict)


def changes_of(row: AppointmentRow, now: datetime) -> dict[str, Any]:
    """What of the appointment the row changes, besides its version."""
    changes = {"state": row.to, "expires_at": None, "changed_at": now}
    return changes if row.resolves is None else {**changes, "resolved": row.resolves}


def ensure_seen(appointment: Appointment, version: int | None) -> None:
    """Raises StateConflict where it is not (any more) what the caller saw."""
    versions.ensure(version, version=appointment.version, state=appointment.state)


def ensure_stands(appointment: Appointment, now: datetime) -> None:
    """Raises StateConflict for a hold that has run out: it is over, though no job has ended it."""
    if appointment.expires_at is not None and appointment.expires_at <= now:
        refuse(appointment.state, appointment.version, standing(S.EXPIRED))


def row_of(appointment: Appointment, action: AppointmentAction) -> AppointmentRow:
    """The row for its present state. Raises StateConflict."""
    row = WORKFLOW.get(appointment.state, action)
    if row is None:
        refuse(appointment.state, appointment.version, state_conflict(appointment))
    return row
