"""What a visit that is held writes: an appointment for each leg, with its places."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.appointments.booking import contacts
from services.appointments.booking.context import Terms, expiry
from services.appointments.booking.models import Appointment
from services.appointments.booking.placing import PlacedLeg, Placement, WantedVisit
from services.appointments.booking.rules import Place
from services.appointments.booking.seen import SeenLeg
from services.appointments.booking.whom import BookedPerson
from services.appointments.people.rules import Person
from shared import ids
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from shared.web.idempotency import Claim


@dataclass
class Booking:
    """What is booked for whom, under which terms; `answer` once it is written."""

    visit: WantedVisit
    terms: Mapping[str, Terms]
    person: BookedPerson
    caller: Caller
    claim: Claim | None
    now: datetime
    answer: str = field(default="", init=False)


def legs_of(
    booking: Booking, placement: Placement, person: Person, keyring: Keyring
) -> list[SeenLeg]:
    """A row for each leg, person by person and by time; the first one names the party."""
    ordered = sorted(placement.legs, key=lambda leg: (leg.person, leg.claim.starts_at))
    party = ids.new_id() if len(ordered) > 1 else None
    found: list[SeenLeg] = []
    numbers: dict[int, int] = {}
    for leg in ordered:
        numbers[leg.person] = numbers.get(leg.person, 0) + 1
        made = party if party and not found else ids.new_id()
        one = _appointment(booking, leg, made, person)
        one.party_id, one.leg_no = party, numbers[leg.person]
        for name, cell in contacts.sealed(keyring, made, booking.person.contact)._asdict().items():
            setattr(one, name, cell)
        found.append(SeenLeg(one, [Place(s.id, s.starts_at, s.minutes) for s in leg.slots]))
    return found


def _appointment(booking: Booking, leg: PlacedLeg, made: UUID, person: Person) -> Appointment:
    terms, now = booking.terms[leg.claim.item_code], booking.now
    return Appointment(
        id=made,
        code=ids.public_code("A"),
        hall_code=booking.visit.hall_code,
        item_code=leg.claim.item_code,
        pool=leg.slots[0].pool,
        citizen_key=person.citizen_key,
        person_document=person.document,
        person_phone=person.phone,
        booked_by=booking.caller.sub,
        on_date=leg.slots[0].on_date,
        starts_at=leg.claim.starts_at,
        minutes=leg.claim.minutes,
        person_no=leg.person,
        guide_version=terms.offer.guide_version if terms.offer else 0,
        policy_version=terms.policy_version,
        held_at=now,
        expires_at=expiry(terms, now),
        changed_at=now,
    )
