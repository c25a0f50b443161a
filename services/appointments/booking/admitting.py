"""Where many want the same places at once, who books goes by the line for them.

Whether a time is of such a release is remembered by the process, so that a booking of any other is
asked nothing more. Whose turn it is, is read, and used by the statement that gives the places.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.appointments.booking.context import BookingContext
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.people.rules import Person, person_of
from services.appointments.releases import rules
from services.appointments.releases import service as releases
from services.appointments.releases.rules import SeenRelease

_GIVEN_UP = frozenset(
    {
        AppointmentState.EXPIRED,
        AppointmentState.CANCELLED,
        AppointmentState.CANCELLED_BY_HALL,
        AppointmentState.RESCHEDULED,
    }
)
"""Who moves a visit has it still: what it was moved to is looked at as well."""


async def is_pressing(
    context: BookingContext, hall: str, items: Collection[str], starts_at: datetime
) -> bool:
    """Whether a visit at that time may be one that is booked in turn."""
    return bool(await releases.covering(context.direct, hall, items, starts_at))


async def ensure_admitted(
    context: BookingContext,
    hall: str,
    items: Collection[str],
    starts_at: datetime,
    person: Person,
    now: datetime,
    persons: int = 1,
) -> list[SeenRelease]:
    """By what the person books for so many; nothing for a time that is not booked in turn.

    One visit an admission, of no more people than it is for: who gives all of it up may choose
    another in the same window. Raises NotAdmitted, MoreThanJoined.
    """
    if not await is_pressing(context, hall, items, starts_at):
        return []
    found = await releases.standing(context.direct, person, hall, items, starts_at)
    for seen in found:
        is_used = not _GIVEN_UP.issuperset(seen.appointment_states)
        if seen.entry is None or is_used or not releases.may_book(seen.entry, now):
            raise releases.refusal(seen, now)
        if not releases.is_for(seen.entry, persons):
            raise rules.too_many(seen.entry)
    return sorted(found, key=lambda seen: seen.entry.id if seen.entry else seen.release.id)


async def ensure_may_move(
    context: BookingContext, olds: Sequence[Appointment], starts_at: datetime, now: datetime
) -> None:
    """Nobody comes by a place that is booked in turn by moving there what they have elsewhere.

    Who has one of its places already may choose another once they are given out; so may whoever
    lost their time to the hall. Raises NotAdmitted.
    """
    first = olds[0]
    moved = [one for one in olds if one.state is not AppointmentState.ORPHANED]
    items = [one.item_code for one in moved]
    hall, person = first.hall_code, person_of(first)
    if not await is_pressing(context, hall, items, starts_at):
        return
    for seen in await releases.standing(context.direct, person, hall, items, starts_at):
        leaving = [one for one in moved if one.item_code in seen.release.item_codes]
        has_one = all(_is_of(seen, one) for one in leaving)
        if not (has_one and seen.release.drawn_at is not None):
            raise releases.refusal(seen, now)


def _is_of(seen: SeenRelease, one: Appointment) -> bool:
    release = seen.release
    return release.starts_from <= one.starts_at < release.starts_until
