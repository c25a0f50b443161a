"""Places that are given back: for who lost theirs, then for who waits, then for everybody."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import healing, queries, rules
from services.appointments.booking.context import places_freed
from services.appointments.booking.healing import PeopleWaiting, Still
from services.appointments.booking.models import Appointment
from services.appointments.booking.rules import Place
from services.appointments.policies import service as policies
from services.appointments.policies.models import BookingPolicy
from services.appointments.slots import places as places_of_slots
from services.appointments.slots import service as slots
from services.appointments.slots.rules import LockedSlot


async def give_back(
    session: AsyncSession,
    appointments: Sequence[Appointment],
    waiting: PeopleWaiting,
    now: datetime,
    *,
    freeing: Sequence[Appointment] | None = None,
    later: bool = False,
) -> None:
    """Releases every place of the appointments, or of those that are `freeing` theirs; call it only
    after the swap was won.

    `waiting` have lost their time, and are given it before anybody else can have it. With `later`
    strangers can have it only after a while that the hall's policy draws at random.
    """
    if not appointments:
        return
    leaving = [one.id for one in appointments]
    giving = appointments if freeing is None else freeing
    taken = await queries.slots_of(session, [one.id for one in giving])
    freed = [place.id for places in taken.values() for place in places]
    still = await healing.hold_still(session, waiting, leaving, freed, now)
    await slots.shift(session, release=freed)
    places_freed(session)
    await healing.heal(session, still, now)
    if later:
        await _keep_all_back(session, giving, taken, still, now)
    else:
        await keep_wished(session, giving, taken, still, now)


async def keep_wished(
    session: AsyncSession,
    appointments: Sequence[Appointment],
    taken: Mapping[UUID, Sequence[Place]],
    still: Still,
    now: datetime,
) -> None:
    """Keeps back the places that they gave back and that somebody on the waitlist could have."""
    if taken:
        those = await queries.wished(session, list(taken))
        wished = [one for one in appointments if one.id in those]
        await _keep_all_back(session, wished, taken, still, now)


async def _keep_all_back(
    session: AsyncSession,
    appointments: Sequence[Appointment],
    taken: Mapping[UUID, Sequence[Place]],
    still: Still,
    now: datetime,
) -> None:
    for one in appointments:
        places = [place.id for place in taken.get(one.id, [])]
        await _keep_back(session, one, [still.locked[place] for place in places], now)


async def _keep_back(
    session: AsyncSession, appointment: Appointment, places: Sequence[LockedSlot], now: datetime
) -> None:
    """Keeps its places off sale, all for as long, by the policy of the hall."""
    if not places:
        return
    policy = await policies.in_force(session, appointment.hall_code, now)
    due_at = due_of([place.closes_at for place in places], policy, now)
    if due_at is not None:
        await places_of_slots.keep_back(session, [place.id for place in places], due_at, now)


def due_of(closing: Iterable[datetime], policy: BookingPolicy, now: datetime) -> datetime | None:
    """When cancelled places of one appointment are on sale again; None: at once."""
    least, most = policy.return_from_minutes, policy.return_to_minutes
    due_at = rules.returns_at(min(closing), least, most, now)
    return due_at if due_at > now else None
