"""Who an appointment is for: the name and phone that staff gave when they booked for somebody, or
that who booked with an account left to be reached at, sealed with it.

A person may be named otherwise at another time, and one phone may be a family's. Appointments that
were booked before theirs was kept are named as the person was last.
"""

from typing import NamedTuple
from uuid import UUID

from services.appointments.booking.models import Appointment, Citizen
from shared.security.crypto import Keyring

_NAME, _PHONE = "appointment.name", "appointment.phone"


class Contact(NamedTuple):
    """In clear: only for who may see it, or masked."""

    name: str
    phone: str


class SealedContact(NamedTuple):
    """The same as columns of an appointment; None of who left none."""

    name_sealed: str | None = None
    phone_sealed: str | None = None


def sealed(keyring: Keyring, appointment_id: UUID, contact: Contact | None) -> SealedContact:
    """The contact for the appointment with that id."""
    if contact is None:
        return SealedContact()
    row = str(appointment_id)
    return SealedContact(
        keyring.seal(contact.name, where=_NAME, row=row),
        keyring.seal(contact.phone, where=_PHONE, row=row),
    )


def opened(keyring: Keyring, one: Appointment, known: Citizen | None) -> Contact | None:
    """Whom it is for; `known` is the person's contact, for an appointment that has none."""
    if (own := _own(keyring, one)) is not None or known is None:
        return own
    return of_person(keyring, known)


def of_person(keyring: Keyring, known: Citizen) -> Contact:
    """How a person without an account was named last."""
    return Contact(
        keyring.open(known.name_sealed, where="citizen.name", row=known.key),
        keyring.open(known.phone_sealed, where="citizen.phone", row=known.key),
    )


def resealed(keyring: Keyring, one: Appointment, appointment_id: UUID) -> SealedContact:
    """What is its own, for the appointment that replaces it."""
    return sealed(keyring, appointment_id, _own(keyring, one))


def _own(keyring: Keyring, one: Appointment) -> Contact | None:
    if one.name_sealed is None or one.phone_sealed is None:
        return None
    row = str(one.id)
    return Contact(
        keyring.open(one.name_sealed, where=_NAME, row=row),
        keyring.open(one.phone_sealed, where=_PHONE, row=row),
    )
