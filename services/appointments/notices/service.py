"""When somebody is to be let know, and whom: handed over when the notice goes out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import contacts
from services.appointments.booking.models import Appointment
from services.appointments.notices import matters, queries, rules
from services.appointments.notices.events import NoticeDue
from services.appointments.notices.matters import MATTERS
from services.appointments.notices.models import TicketNotice
from services.appointments.notices.queries import PartyLeg
from services.appointments.notices.rules import OF_APPOINTMENTS, OF_TICKETS, REMINDED_BEFORE
from shared.database.pruning import Pruned
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security.crypto import Keyring
from shared.web.handover import OVER, HandoverView

FORGOTTEN = Pruned(TicketNotice.__tablename__, "at", timedelta(days=7))
SOON = "ticket_soon"
EVENT_MOVED, EVENT_CANCELLED = "outreach_event_moved", "outreach_event_cancelled"


async def hand_over(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """Whether the notice holds still, and whom it is for."""
    if kind in OF_APPOINTMENTS:
        return await _of_appointment(session, keyring, kind, about)
    if kind in OF_TICKETS:
        return await _of_ticket(session, keyring, kind, about)
    handing = MATTERS.get(kind)
    return OVER if handing is None else await handing(session, keyring, kind, about)


async def _of_appointment(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    found = await queries.booked(session, about)
    if found is None:
        return OVER
    one = found.appointment
    legs = [PartyLeg(one, found.item)]
    if one.party_id is not None:
        legs = await queries.party(session, one.party_id)
    covered = rules.covered(kind, one, [leg.appointment for leg in legs])
    if not covered:
        return OVER
    contact = contacts.opened(keyring, one, found.known)
    expires_at = covered[0].expires_at
    return HandoverView(
        applies=True,
        account_id=rules.account_of(one.citizen_key),
        phone=contact and contact.phone,
        facts={
            **matters.where(found.hall, found.item),
            **_matter_of(covered, legs),
            "starts_at": covered[0].starts_at.isoformat(),
            "expires_at": expires_at.isoformat() if expires_at else None,
        },
    )


def _matter_of(covered: Sequence[Appointment], legs: Sequence[PartyLeg]) -> dict[str, str | None]:
    """What the legs are for, in both languages."""
    items = {leg.appointment.id: leg.item for leg in legs}
    known = [item for one in covered if (item := items[one.id]) is not None]
    if not known:
        return {}
    people = len({one.person_no for one in covered})
    return {
        "item_name": rules.named([item.name for item in known], people, "zh"),
        "item_name_en": rules.named([item.name_en or item.name for item in known], people, "en"),
    }


async def _of_ticket(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    found = await queries.queued(session, about)
    if found is None or found.ticket.state not in OF_TICKETS[kind]:
        return OVER
    window = found.ticket.window_no
    own = {
        "number": found.ticket.number,
        "window_no": None if window is None else str(window),
    }
    return HandoverView(
        applies=True,
        **matters.of_queued(keyring, found)._asdict(),
        facts={**matters.where(found.hall, found.item), **own},
    )


async def remind(session: AsyncSession, now: datetime) -> int:
    """Job: reminds of what starts in a day and in two hours. Returns of how many.

    Whoever books within that time has just been told when it is, and is not reminded of it.
    """
    total = 0
    for kind, before in REMINDED_BEFORE.items():
        span = await queries.advance(session, kind, before, now)
        due = await queries.starting(session, span) if span else []
        events = [
            Addressed(
                NoticeDue(
                    kind=kind,
                    about_id=each.id,
                    occasion=each.starts_at.strftime("%Y%m%dT%H%M%SZ"),
                    useful_until=each.starts_at,
                ),
                each.hall_code,
                str(each.id),
            )
            for each in due
        ]
        await outbox.record_many(session, events)
        total += len(events)
    return total


async def notice_nearly(session: AsyncSession, hall: str, now: datetime) -> None:
    """After a call: whoever has few before them now is let know, once."""
    queue = await queries.waiting(session, hall, now)
    near = rules.nearly(queue, await queries.at_work(session, hall)) if queue else []
    fresh = await queries.first_time(session, near, now) if near else []
    events = [
        Addressed(NoticeDue(kind=SOON, about_id=each, occasion="soon"), hall, str(each))
        for each in fresh
    ]
    await outbox.record_many(session, events)


async def notify_registered(
    session: AsyncSession,
    kind: str,
    hall: str,
    event_id: UUID,
    occasion: str,
    useful_until: datetime | None = None,
) -> None:
    """Something about an outreach event: whoever has places at it is let know."""
    ids = await queries.registrations(session, event_id)
    due = partial(NoticeDue, kind=kind, occasion=occasion, useful_until=useful_until)
    events = [Addressed(due(about_id=each), hall, str(each)) for each in ids]
    await outbox.record_many(session, events)
