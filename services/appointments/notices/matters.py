"""Whom notices of what is no appointment and no ticket are for: promises, pre-checks, outreach,
follow-ups, consultations, and places in line for a release. Who has none of their own account is
reached by the ticket, or the visit, that it came up in.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import contacts
from services.appointments.consultations.models import Consultation
from services.appointments.deferrals.models import Deferral
from services.appointments.directory.models import Hall
from services.appointments.followups.models import Followup
from services.appointments.guides.models import Item
from services.appointments.notices import queries, rules
from services.appointments.notices.queries import QueuedMatter
from services.appointments.notices.rules import (
    OF_CONSULTATIONS,
    OF_DEFERRALS,
    OF_FOLLOWUPS,
    OF_PRE_CHECKS,
    OF_REGISTRATIONS,
    OF_RELEASES,
    OF_VISITS,
)
from services.appointments.outreach import gatherings
from services.appointments.outreach import service as outreach
from services.appointments.outreach.models import OutreachVisit
from services.appointments.pre_checks.models import PreCheck
from shared.security.crypto import Keyring
from shared.web.handover import OVER, HandoverView

Handing = Callable[[AsyncSession, Keyring, str, UUID], Awaitable[HandoverView]]
Facts = dict[str, str | None]


class Reach(NamedTuple):
    """By what somebody can be reached."""

    account_id: UUID | None = None
    phone: str | None = None


def where(hall: Hall | None, item: Item | None) -> Facts:
    """What a text says of the place and the matter."""
    return {
        "hall_name": hall.name if hall else None,
        "hall_name_en": hall.name_en if hall else None,
        "address": hall.address if hall else None,
        "item_name": item.name if item else None,
        "item_name_en": item.name_en if item else None,
    }


def of_queued(keyring: Keyring, found: QueuedMatter) -> Reach:
    """Who holds a ticket: by the account that took it or booked it, and its appointment's phone."""
    ticket, booked = found.ticket, found.appointment
    contact = None if booked is None else contacts.opened(keyring, booked, found.known)
    account = rules.account_of(
        ticket.owner, ticket.citizen_key, booked.citizen_key if booked else None
    )
    return Reach(account, contact and contact.phone)


async def _of_case(session: AsyncSession, keyring: Keyring, case_id: UUID | None) -> Reach:
    """Whose case it was: a ticket at a window, or a visit at home."""
    if case_id is None:
        return Reach()
    if (queued := await queries.queued(session, case_id)) is not None:
        return of_queued(keyring, queued)
    visit = await session.get(OutreachVisit, case_id)
    return Reach() if visit is None else _of_visit(keyring, visit)


def _of_visit(keyring: Keyring, visit: OutreachVisit) -> Reach:
    place, row = outreach.place_of("phone"), str(visit.id)
    sealed = visit.phone_sealed  # until it is forgotten who it was
    phone = sealed and keyring.open(sealed, where=place, row=row)
    return Reach(rules.account_of(visit.owner), phone)


def _handed(reach: Reach, facts: Facts) -> HandoverView:
    return HandoverView(applies=True, **reach._asdict(), facts=facts)


async def deferral(session: AsyncSession, keyring: Keyring, kind: str, about: UUID) -> HandoverView:
    """Papers that were promised, until when; what they are called is the guide's words."""
    found = await queries.placed(session, Deferral, about)
    if found is None or found[0].state is not OF_DEFERRALS[kind]:
        return OVER
    one, hall, item = found
    reach = await _of_case(session, keyring, one.ticket_id)
    reach = reach._replace(account_id=rules.account_of(one.owner) or reach.account_id)
    due = {"due_on": one.due_on.isoformat(), "materials": "、".join(one.materials)}
    return _handed(reach, {**where(hall, item), **due})


async def pre_check(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """What was answered; what an officer wrote is read by who signs in, and goes by no channel."""
    found = await queries.placed(session, PreCheck, about)
    if found is None or found[0].state is not OF_PRE_CHECKS[kind]:
        return OVER
    one, hall, item = found
    reach = Reach(rules.account_of(one.owner))
    booked = one.appointment_id and await queries.booked(session, one.appointment_id)
    if booked:
        contact = contacts.opened(keyring, booked.appointment, booked.known)
        reach = reach._replace(phone=contact and contact.phone)
    return _handed(reach, {**where(hall, item), "missing": str(len(one.missing))})


async def visit(session: AsyncSession, keyring: Keyring, kind: str, about: UUID) -> HandoverView:
    """When the hall comes, or that it does not; who gave it up themselves knows."""
    found = await queries.placed(session, OutreachVisit, about)
    if found is None or found[0].state is not OF_VISITS[kind]:
        return OVER
    one, hall, item = found
    if one.owner is not None and one.ended_by == one.owner:
        return OVER
    starts_at = one.starts_at.isoformat() if one.starts_at else None
    return _handed(_of_visit(keyring, one), {**where(hall, item), "starts_at": starts_at})


async def registration(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """Places at an outreach event: when and where it is, or that it is not."""
    found = await queries.registered(session, about)
    if found is None or _stands(found) != OF_REGISTRATIONS[kind]:
        return OVER
    one, event, hall = found
    phone = keyring.open(one.phone_sealed, where=gatherings.PHONE, row=str(one.id))
    facts: Facts = {
        "title": event.title,
        "place": event.place,
        "people": str(one.people),
        "starts_at": event.starts_at.isoformat(),
    }
    return _handed(Reach(rules.account_of(one.owner), phone), {**where(hall, None), **facts})


def _stands(found: queries.RegisteredMatter) -> tuple[object, object]:
    return found.registration.state, found.gathering.state


async def followup(session: AsyncSession, keyring: Keyring, kind: str, about: UUID) -> HandoverView:
    """Who was served is asked how it went."""
    found = await queries.placed(session, Followup, about)
    if found is None or found[0].state is not OF_FOLLOWUPS[kind]:
        return OVER
    one, hall, item = found
    reach = await _of_case(session, keyring, one.case_id)
    named = {**where(hall, item), "due_on": one.due_on.isoformat()}
    return _handed(reach, named | {"item_name": one.item_name})


async def consultation(
    session: AsyncSession, keyring: Keyring, kind: str, about: UUID
) -> HandoverView:
    """The one answer is there; of a question that came up in nobody's case nobody is told."""
    found = await queries.placed(session, Consultation, about)
    if found is None or found[0].state is not OF_CONSULTATIONS[kind]:
        return OVER
    one, hall, item = found
    return _handed(await _of_case(session, keyring, one.case_id), where(hall, item))


async def line(session: AsyncSession, keyring: Keyring, kind: str, about: UUID) -> HandoverView:
    """Whose turn it is in the line for a release, and until when; or that nobody need wait, whose
    reason is read where the release is published."""
    found = await queries.in_line(session, about)
    if found is None or (found.entry.state, found.release.state) != OF_RELEASES[kind]:
        return OVER
    entry = found.entry
    contact = None if found.known is None else contacts.of_person(keyring, found.known)
    reach = Reach(rules.account_of(entry.citizen_key), contact and contact.phone)
    expires_at = entry.expires_at.isoformat() if entry.expires_at else None
    named = {"title": found.release.title, "expires_at": expires_at}
    return _handed(reach, {**where(found.hall, None), **named})


MATTERS: Mapping[str, Handing] = {
    **dict.fromkeys(OF_DEFERRALS, deferral),
    **dict.fromkeys(OF_PRE_CHECKS, pre_check),
    **dict.fromkeys(OF_VISITS, visit),
    **dict.fromkeys(OF_REGISTRATIONS, registration),
    **dict.fromkeys(OF_FOLLOWUPS, followup),
    **dict.fromkeys(OF_CONSULTATIONS, consultation),
    **dict.fromkeys(OF_RELEASES, line),
}
"""By kind of notice, who hands over whom it is for."""
