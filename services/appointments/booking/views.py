"""Appointments as their owner and the hall's staff may see them."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import contacts, icalendar, queries, rules, seen
from services.appointments.booking.contacts import Contact
from services.appointments.booking.context import Terms, expiry
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.rules import Place
from services.appointments.booking.schemas import (
    AppointmentView,
    ContactView,
    LegView,
    MaskedPerson,
    TakenSlot,
)
from services.appointments.booking.seen import Seen, SeenLeg
from services.appointments.booking.service import REASON
from services.appointments.directory import service as directory
from services.appointments.guides import service as guides
from services.appointments.people import service as people
from services.appointments.slots.rules import SlotFacts
from shared import clock, ids
from shared.database.rows import fetching
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.security.personal import mask_name, mask_phone
from shared.web.pagination import Page, PageRequest, page


async def mine(
    session: AsyncSession, caller: Caller, keyring: Keyring, paging: PageRequest
) -> Page[AppointmentView]:
    """The caller's own appointments, newest first."""
    after = paging.key(UUID)
    rows = await queries.of_citizen(
        session,
        await people.of_account(session, caller.sub),
        before=after[0] if after else None,
        limit=paging.limit + 1,
    )
    views = await views_of(session, rows, caller, keyring)
    return page(views, paging, lambda one: (one.id,), lambda one: one)


async def of_hall(
    session: AsyncSession,
    caller: Caller,
    keyring: Keyring,
    paging: PageRequest,
    *,
    hall: str | None,
    on: date | None,
    state: AppointmentState | None,
    now: datetime,
) -> Page[AppointmentView]:
    """A hall's appointments of one day (today unless said), by time, for its staff.

    Those that lost their time are shown of all days, for each is somebody to be called.

    Raises Invalid without a hall, NotFound for a hall that is not the caller's.
    """
    hall = await directory.named_hall(session, hall, caller)
    every_day = on is None and state is AppointmentState.ORPHANED
    since = None if every_day else clock.day_start(on or clock.today(now))
    after = paging.key(datetime, UUID)
    rows = await queries.of_hall(
        session,
        hall,
        since=since,
        until=since and since + timedelta(days=1),
        state=state,
        after=(after[0], after[1]) if after else None,
        limit=paging.limit + 1,
    )
    views = await views_of(session, rows, caller, keyring)
    return page(views, paging, lambda one: (one.starts_at, one.id), lambda one: one)


async def contact(
    session: AsyncSession,
    keyring: Keyring,
    appointment: Appointment,
    purpose: str,
    caller: Caller,
    now: datetime,
) -> ContactView:
    """How to reach who was booked for by staff or left a contact, noted with the purpose.

    Raises ContactUnknown.
    """
    found = await queries.contacts(session, [appointment.citizen_key])
    person = contacts.opened(keyring, appointment, found.get(appointment.citizen_key))
    if person is None:
        raise rules.ContactUnknown
    what = f"appointment:{appointment.id}"
    noted = {"purpose": purpose}
    await audit_log.write(session, caller.sub, "appointment.contact_read", what, now, noted)
    return ContactView(
        appointment_id=appointment.id,
        name=person.name,
        phone=person.phone,
    )


async def calendar_entry(session: AsyncSession, appointment: Appointment, now: datetime) -> bytes:
    """The visit as an iCalendar document, an entry a leg: what was moved is at its new time."""
    appointment = await queries.newest_of_visit(session, appointment)
    hall = await directory.get_hall(session, appointment.hall_code)
    legs, names = [appointment], dict[str, str]()
    if (party := appointment.party_id) is not None:
        found = await seen.parties(fetching(session), [party])
        legs = _newest(leg.appointment for leg in found[party])
    for code in {leg.item_code for leg in legs}:
        names[code] = (await guides.get_item(session, code)).name
    entries = [icalendar.CalendarLeg(leg, names[leg.item_code]) for leg in legs]
    return icalendar.document(entries, hall=hall.name, address=hall.address, now=now)


def _newest(legs: Iterable[Appointment]) -> list[Appointment]:
    """Of each that was moved alone what it was moved to: an entry has one UID, and once."""
    found: dict[UUID, Appointment] = {}
    for leg in legs:
        before = found.setdefault(leg.visit_id or leg.id, leg)
        if leg.calendar_base > before.calendar_base:
            found[leg.visit_id or leg.id] = leg
    return [*found.values()]


def shown(found: Seen, caller: Caller, keyring: Keyring) -> AppointmentView:
    """The appointment with its slots; staff also see the person's masked name and phone."""
    one, staff = found.appointment, caller.has("clerk", "hall_manager")
    person = _masked(contacts.opened(keyring, one, found.contact)) if staff else None
    return _view(found, person, keyring)


async def view_of(
    session: AsyncSession, appointment: Appointment, caller: Caller, keyring: Keyring
) -> AppointmentView:
    """The same in a transaction."""
    return (await views_of(session, [appointment], caller, keyring))[0]


async def views_of(
    session: AsyncSession, appointments: Sequence[Appointment], caller: Caller, keyring: Keyring
) -> list[AppointmentView]:
    """The same for many, with two or three queries."""
    taken = await queries.slots_of(session, [one.id for one in appointments])
    together = {one.party_id for one in appointments if one.party_id is not None}
    parties = await seen.parties(fetching(session), sorted(together))
    named: dict[UUID, MaskedPerson | None] = {}
    if caller.has("clerk", "hall_manager"):
        named = await _masked_contacts(session, appointments, keyring)
    found = []
    for one in appointments:
        places = taken.get(one.id, [])
        party = parties.get(one.party_id, ()) if one.party_id else ()
        shown = Seen(one, places, None, party)
        found.append(_view(shown, named.get(one.id), keyring))
    return found


async def masked_contacts(
    session: AsyncSession, appointments: Iterable[UUID], keyring: Keyring
) -> dict[UUID, MaskedPerson | None]:
    """The masked contacts of those who have one here, by their appointment."""
    return await _masked_contacts(session, await queries.of_ids(session, appointments), keyring)


async def masked_people(
    session: AsyncSession, keys: Iterable[str], keyring: Keyring
) -> dict[str, MaskedPerson]:
    """The masked contacts of people without an account, by key."""
    found = await queries.contacts(session, keys)
    return {
        key: MaskedPerson(
            name=mask_name(keyring.open(one.name_sealed, where="citizen.name", row=key)),
            phone=mask_phone(keyring.open(one.phone_sealed, where="citizen.phone", row=key)),
        )
        for key, one in found.items()
    }


async def _masked_contacts(
    session: AsyncSession, appointments: Sequence[Appointment], keyring: Keyring
) -> dict[UUID, MaskedPerson | None]:
    found = await queries.contacts(session, {one.citizen_key for one in appointments})
    return {
        one.id: _masked(contacts.opened(keyring, one, found.get(one.citizen_key)))
        for one in appointments
    }


def _view(found: Seen, person: MaskedPerson | None, keyring: Keyring) -> AppointmentView:
    one = found.appointment
    return AppointmentView(
        **{name: getattr(one, name) for name in _SHOWN},
        slots=_taken(found.places),
        legs=[_leg(leg) for leg in found.legs],
        citizen=person,
        reason=one.reason_sealed and keyring.open(one.reason_sealed, where=REASON, row=str(one.id)),
    )


def _leg(leg: SeenLeg) -> LegView:
    one = leg.appointment
    return LegView(
        id=one.id,
        code=one.code,
        person_no=one.person_no,
        item_code=one.item_code,
        state=one.state,
        starts_at=one.starts_at,
        minutes=one.minutes,
        slots=_taken(leg.places),
    )


def _taken(places: Iterable[Place]) -> list[TakenSlot]:
    return [TakenSlot(id=p.id, starts_at=p.starts_at, minutes=p.minutes) for p in places]


_SHOWN = AppointmentView.model_fields.keys() - {"slots", "legs", "citizen", "reason"}


def _masked(person: Contact | None) -> MaskedPerson | None:
    if person is None:
        return None
    return MaskedPerson(name=mask_name(person.name), phone=mask_phone(person.phone))


def held(run: Sequence[SlotFacts], item: str, terms: Terms, now: datetime) -> AppointmentView:
    """The answer to a request before it is held: an appointment with a new id and code."""
    first, minutes = run[0], sum(slot.minutes for slot in run)
    made, code = ids.new_id(), ids.public_code("A")
    slots = [TakenSlot(id=s.id, starts_at=s.starts_at, minutes=s.minutes) for s in run]
    leg = LegView(
        id=made,
        code=code,
        person_no=1,
        item_code=item,
        state=AppointmentState.HELD,
        starts_at=first.starts_at,
        minutes=minutes,
        slots=slots,
    )
    return AppointmentView(
        id=made,
        code=code,
        state=AppointmentState.HELD,
        hall_code=first.hall_code,
        item_code=item,
        pool=first.pool,
        starts_at=first.starts_at,
        minutes=minutes,
        slots=slots,
        legs=[leg],
        held_at=now,
        expires_at=expiry(terms, now),
        guide_version=terms.offer.guide_version if terms.offer else 0,
        policy_version=terms.policy_version,
        version=1,
    )


def held_together(party: Sequence[SeenLeg], keyring: Keyring) -> AppointmentView:
    """The same of several legs, as they are about to be written: the first one with all of them."""
    first = party[0]
    return _view(Seen(first.appointment, first.places, None, party), None, keyring)
