"""One person is one person, however named. Pure.

The ID number decides: the same number is the same person, two numbers are two people, though they
share a phone (a family). Who is named without a number counts for all of that phone.
"""

from typing import NamedTuple, Protocol

PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where every service indexes a person's numbers, so that one is recognised by each of them."""


class Named(Protocol):
    """Something that belongs to a person."""

    @property
    def citizen_key(self) -> str: ...
    @property
    def person_document(self) -> str | None: ...
    @property
    def person_phone(self) -> str | None: ...


class Person(NamedTuple):
    """By what a person is known: a key (`sub:`, `id:` or `tel:`), and digests of their numbers."""

    citizen_key: str
    document: str | None = None
    phone: str | None = None

    def owns(self, thing: Named) -> bool:
        """Whether it is theirs to see and to change.

        Stricter than what counts for them: what names an ID number is shown to that number alone,
        not to everybody who has the phone.
        """
        if thing.citizen_key == self.citizen_key:
            return True
        if thing.person_document is not None:
            return thing.person_document == self.document
        return thing.person_phone is not None and thing.person_phone == self.phone

    @property
    def turn_keys(self) -> list[str]:
        """What two bookings for one person have in common, in the order in which it is locked."""
        numbers = (("document", self.document), ("phone", self.phone))
        return sorted([self.citizen_key, *(f"{kind}:{n}" for kind, n in numbers if n)])


def person_of(thing: Named) -> Person:
    """Whose it is."""
    return Person(thing.citizen_key, thing.person_document, thing.person_phone)


def account_key(account: str) -> str:
    """The key of a person with an account."""
    return f"sub:{account}"


def same_person(row: str, who: str) -> str:
    """The condition that the row `row` is of the person `who` (citizen_key, document, phone)."""
    return (
        f"({row}.citizen_key = {who}.citizen_key OR {row}.person_document = {who}.document"
        f" OR ({row}.person_phone = {who}.phone"
        f" AND ({row}.person_document IS NULL OR {who}.document IS NULL)))"
    )
