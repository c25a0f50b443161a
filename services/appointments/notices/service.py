"""When somebody is to be let know, and whom: handed over when the notice goes out."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import contacts
from services.appointments.directory.models import Hall
from services.appointments.guides.models import Item
from services.appointments.notices import queries, rules
from services.appointments.notices.events import NoticeDue
from services.appointments.notices.models import TicketNotice
from services.appointments.notices.rules import (
    OF_APPOINTMENTS,
    OF_RELEASES,
    OF_TICKETS,
    REMINDED_BEFORE,
)
from shared.database.pruning import Pruned
from shared.messaging import outbox
from shared.messaging.outbox import Addressed
from shared.security.crypto import Keyring
from shared.web.handover import OVER, HandoverView

FORGOTTEN = Pruned(TicketNotice.__tablename__, "at", timedelta(days=7))
SOON = "ticket_soon"


async def hand_over(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """Whether the notice holds still, and whom it is for."""
    if kind in OF_APPOINTMENTS:
        return await _of_appointment(session, keyring, kind, about)
    if kind in OF_TICKETS:
        return await _of_ticket(session, keyring, kind, about)
    if kind in OF_RELEASES:
        return await _of_release(session, keyring, kind, about)
    return OVER


async def _of_appointment(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    found = await queries.booked(session, about)
    if found is None or found.appointment.state not in OF_APPOINTMENTS[kind]:
        return OVER
    one = found.appointment
    contact = contacts.opened(keyring, one, found.known)
    return HandoverView(
        applies=True,
        account_id=rules.account_of(one.citizen_key),
        phone=contact and contact.phone,
        facts={
            **_where(found.hall, found.item),
            "starts_at": one.starts_at.isoformat(),
            "expires_at": one.expires_at.isoformat() if one.expires_at else None,
        },
    )


async def _of_ticket(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    found = await queries.queued(session, about)
    if found is None or found.ticket.state not in OF_TICKETS[kind]:
        return OVER
    ticket, booked = found.ticket, found.appointment
    contact = booked and contacts.opened(keyring, booked, found.known)
    window = ticket.window_no
    own = {"number": ticket.number, "window_no": None if window is None else str(window)}
    return HandoverView(
        applies=True,
        account_id=rules.account_of(
            ticket.owner, ticket.citizen_key, booked.citizen_key if booked else None
        ),
        phone=contact and contact.phone,
        facts={**_where(found.hall, found.item), **own},
    )


async def _of_release(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    found = await queries.in_line(session, about)
    if found is None or found.entry.state not in OF_RELEASES[kind]:
        return OVER
    entry = found.entry
    contact = found.known and contacts.of_person(keyring, found.known)
    return HandoverView(
        applies=True,
        account_id=rules.account_of(entry.citizen_key),
        phone=contact and contact.phone,
        facts={
            **_where(found.hall, None),
            "release_title": found.release.title,
            "expires_at": entry.expires_at.isoformat() if entry.expires_at else None,
        },
    )


def _where(hall: Hall | None, item: Item | None) -> dict[str, str | None]:
    return {
        "hall_name": hall.name if hall else None,
        "hall_name_en": hall.name_en if hall else None,
        "address": hall.address if hall else None,
        "item_name": item.name if item else None,
        "item_name_en": item.name_en if item else None,
    }


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
