"""A place that was given back is held for whoever is next in line.

It was kept off sale since (`slot.kept_back`), so nobody else can have it meanwhile: where nobody
waits it is on sale again after its while. One offer a transaction: whoever books takes slots and
then turns of people, and so does this.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import offering
from services.appointments.booking.schemas import AppointmentView
from services.appointments.directory import service as directory
from services.appointments.guides import service as guides
from services.appointments.guides.rules import Offer
from services.appointments.notices.events import NoticeDue
from services.appointments.offers import queries, rules
from services.appointments.offers.changing import change
from services.appointments.people.rules import person_of
from services.appointments.slots import places
from services.appointments.slots import service as slots
from services.appointments.slots.matching import Matching
from services.appointments.slots.rules import SlotFacts
from services.appointments.waitlist.models import WaitlistEntry, WaitlistOffer, WaitlistState
from services.appointments.waitlist.workflow import WORKFLOW, WaitlistAction
from shared.database.faults import postgres_error
from shared.messaging import outbox

_TRIES = 5
"""Times that are tried for one person, before the next has their turn."""
_ROW = WORKFLOW[WaitlistState.WAITING, WaitlistAction.OFFER]


class _NotTheirs(Exception):
    """The person cannot have that time."""


async def offer_next(session: AsyncSession, now: datetime) -> int:
    """Job: one place is offered to the first in line who can have it. Returns how many were."""
    passed: list[UUID] = []
    offered = 0
    for entry, returned in await queries.in_line(session, now):
        if not await queries.lock(session, entry):
            continue
        if await _offer(session, entry, returned, now):
            offered = 1
            break
        passed.append(entry.id)
    await queries.pass_over(session, passed, now)
    return offered


async def _offer(
    session: AsyncSession, entry: WaitlistEntry, returned: Sequence[UUID], now: datetime
) -> bool:
    """Whether the person was offered one of the places; a time for the whole item, earliest first,
    of which at least one slot was given back."""
    offers = await guides.offers(session, entry.hall_code, [entry.item_code])
    offer = offers.get(entry.item_code)
    if offer is None:
        return False
    for run in (await _runs(session, entry, offer, returned, now))[:_TRIES]:
        try:
            async with session.begin_nested():
                await _hold(session, entry, offer, run, now)
        except _NotTheirs:
            continue
        except DBAPIError as error:
            # Somebody won a race for the person: as with a booking, another run looks again.
            if not isinstance(
                postgres_error(error),
                asyncpg.UniqueViolationError | asyncpg.NotNullViolationError,
            ):
                raise
            continue
        return True
    return False


async def _runs(
    session: AsyncSession,
    entry: WaitlistEntry,
    offer: Offer,
    returned: Sequence[UUID],
    now: datetime,
) -> list[list[SlotFacts]]:
    room = await queries.room_for(session, entry, returned, now)
    facts = {fact.id: fact for fact, _ in room}
    hall = await directory.get_hall(session, entry.hall_code)
    is_wanted = rules.within(ZoneInfo(hall.timezone), entry.not_before, entry.not_after)
    matching = Matching(slot for _, slot in room)
    runs = [
        run
        for at in matching.starts
        if is_wanted(at)
        for _, those in sorted(matching.fresh(offer.code, at, offer.standard_minutes).items())
        for run in those
    ]
    return [
        [facts[slot] for slot in run]
        for run in runs
        if all(matching.room(slot) for slot in run) and not set(returned).isdisjoint(run)
    ]


async def _hold(
    session: AsyncSession,
    entry: WaitlistEntry,
    offer: Offer,
    run: Sequence[SlotFacts],
    now: datetime,
) -> None:
    """Raises _NotTheirs, DBAPIError, and nothing of it is done."""
    ids = [slot.id for slot in run]
    await slots.lock(session, ids)
    await places.give_up(session, ids, entry.joined_at)
    person = person_of(entry)
    held = await offering.hold_for(session, person, entry.joined_by, offer, run, now)
    if held is None:
        raise _NotTheirs
    await _note(session, entry, held, now)


async def _note(
    session: AsyncSession, entry: WaitlistEntry, held: AppointmentView, now: datetime
) -> None:
    session.add(WaitlistOffer(appointment_id=held.id, entry_id=entry.id, offered_at=now))
    values = {"appointment_id": held.id, "expires_at": held.expires_at}
    await change(
        session,
        entry,
        _ROW,
        now,
        values=values,
        appointment_id=held.id,
        starts_at=held.starts_at,
        minutes=held.minutes,
        expires_at=held.expires_at,
    )
    notice = NoticeDue(
        kind="waitlist_offer", about_id=held.id, occasion="offer", useful_until=held.expires_at
    )
    await outbox.record(session, notice, scope=entry.hall_code, subject=str(held.id))
