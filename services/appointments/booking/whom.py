"""For whom a visit is booked: the caller, or the person whom staff or a device name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.appointments.booking import queries
from services.appointments.booking.channels import pools_of
from services.appointments.booking.contacts import Contact
from services.appointments.booking.context import BookingContext
from services.appointments.booking.models import Citizen
from services.appointments.booking.schemas import HoldRequest, PersonIn
from services.appointments.people import service as people
from services.appointments.people.rules import (
    PERSON_DOCUMENT,
    PERSON_PHONE,
    Person,
    account_key,
    stale_of,
)
from services.appointments.slots.rules import SlotFacts
from shared.database.swap_statement import SwapStatement
from shared.errors import Invalid, Text
from shared.security.crypto import Keyring
from shared.security.identity import Caller

STAFF = ("clerk", "hall_manager", "device")
PHONE, ID_NUMBER = "citizen.phone", "citizen.id_number"


@dataclass(frozen=True)
class BookedPerson:
    """For whom: by what they are known, the sealed contact of who has no account, and what the
    appointment itself names them by."""

    known: Person
    name: str | None = None
    phone: str | None = None
    id_number: str | None = None
    contact: Contact | None = None


def booked_person(request: HoldRequest, caller: Caller, keyring: Keyring) -> BookedPerson:
    """A contact that somebody leaves is no proof: it is what they are reached at, and nothing of
    another's is found or counted by it.

    Raises Invalid where staff name nobody, or a citizen somebody.
    """
    named, contact = request.citizen, request.contact
    if not caller.has(*STAFF):
        if named is not None:
            raise Invalid(
                Text("为自己预约时不用填写", "Leave this out when you book for yourself"),
                pointer="/body/citizen",
            )
        left = None if contact is None else Contact(contact.name, contact.phone)
        return BookedPerson(Person(account_key(caller.sub)), contact=left)
    if contact is not None:
        raise Invalid(
            Text(
                "替他人预约时，姓名和电话请填在办事人一栏",
                "When you book for somebody, give their name and phone with the person",
            ),
            pointer="/body/contact",
        )
    return named_person(named, keyring)


def named_person(named: PersonIn | None, keyring: Keyring) -> BookedPerson:
    """Whom staff or a device name. Raises Invalid."""
    if named is None:
        raise Invalid(
            Text("请填写为谁预约", "Say for whom you are booking"), pointer="/body/citizen"
        )
    key, document = "tel:" + keyring.phone_index(named.phone, where=PHONE), None
    if named.id_number:
        key = "id:" + keyring.document_index(named.id_number, where=ID_NUMBER)
        document = keyring.document_index(named.id_number, where=PERSON_DOCUMENT)
    return BookedPerson(
        Person(key, document, keyring.phone_index(named.phone, where=PERSON_PHONE)),
        keyring.seal(named.name, where="citizen.name", row=key),
        keyring.seal(named.phone, where=PHONE, row=key),
        keyring.seal(named.id_number, where=ID_NUMBER, row=key) if named.id_number else None,
        Contact(named.name, named.phone),
    )


def keep_contact(statement: SwapStatement, person: BookedPerson, now: datetime) -> None:
    """The contact of who has no account, with what is written for them."""
    if person.name is None or person.phone is None:
        return
    known = Citizen(
        key=person.known.citizen_key,
        name_sealed=person.name,
        phone_sealed=person.phone,
        id_number_sealed=person.id_number,
        updated_at=now,
    )
    queries.meet(statement, known)


async def bring_over(context: BookingContext, named: PersonIn | None, caller: Caller) -> None:
    """What the person has is found, though it was booked before the index key was changed."""
    if not context.keyring.is_chained or await people.all_lifted(context.direct):
        return
    if named is None:
        await people.of_account_direct(context.direct, caller.sub)
        return
    keyring, number = context.keyring, named.id_number
    keys = [f"tel:{form}" for form in keyring.phone_forms(named.phone, where=PHONE)]
    documents: list[str] = []
    if number:
        keys = [f"id:{form}" for form in keyring.document_forms(number, where=ID_NUMBER)]
        documents = keyring.document_forms(number, where=PERSON_DOCUMENT)
    phones = keyring.phone_forms(named.phone, where=PERSON_PHONE)
    await people.bring_over(context.direct, stale_of(keys, documents, phones))


def open_to(caller: Caller, slots: Sequence[SlotFacts]) -> list[SlotFacts]:
    """Those whose places the caller may give: by the pool, and staff and devices at their hall, for
    a slot of another one does not exist for them."""
    pools, is_staff = pools_of(caller), caller.has(*STAFF)
    return [s for s in slots if s.pool in pools and (not is_staff or caller.at(s.hall_code))]
