"""One person is one person, however named. Pure.

The ID number decides: the same number is the same person, two numbers are two people, though they
share a phone (a family). Who is named without a number counts for all of that phone.
"""

from typing import NamedTuple, Protocol

PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where every service indexes a person's numbers, so that one is recognised by each of them."""


class Named(Protocol):
    """Something that belongs to a person; without a key it is of who showed a number, or nobody."""

    @property
    def citizen_key(self) -> str | None: ...
    @property
    def person_document(self) -> str | None: ...
    @property
    def person_phone(self) -> str | None: ...


class Person(NamedTuple):
    """By what a person is known: a key (`sub:`, `id:` or `tel:`), and digests of their numbers.

    The key of who only showed a number is empty.
    """

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
        keys = [self.citizen_key] if self.citizen_key else []
        return sorted([*keys, *(f"{kind}:{n}" for kind, n in numbers if n)])


def person_of(thing: Named) -> Person:
    """Whose it is."""
    return Person(thing.citizen_key or "", thing.person_document, thing.person_phone)


def account_key(account: str) -> str:
    """The key of a person with an account."""
    return f"sub:{account}"


def same_person(row: str, who: str) -> str:
    """The condition that the row `row` is of the person `who` (citizen_key, document, phone)."""
    return _same(row, f"{who}.citizen_key", f"{who}.document", f"{who}.phone")


def of_person(row: str) -> str:
    """The same of the person whose fields are parameters of the statement, by name."""
    return _same(row, *(f"CAST(:{name} AS text)" for name in Person._fields))


def of_person_in_order(row: str) -> str:
    """The same of the person whose fields are the first three parameters of the statement."""
    return _same(row, "$1::text", "$2::text", "$3::text")


def _same(row: str, key: str, document: str, phone: str) -> str:
    return (
        f"({row}.citizen_key = {key} OR {row}.person_document = {document}"
        f" OR ({row}.person_phone = {phone}"
        f" AND ({row}.person_document IS NULL OR {document} IS NULL)))"
    )
