"""One person is one person, however named. Pure.

The ID number decides: the same number is the same person, two numbers are two people, though they
share a phone (a family). Who is named without a number counts for all of that phone. Two accounts
are not named by the phone alone: what the one has is not the other's to see or to change, and what
the one missed does not bar the other.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.security.crypto import Keyring

PERSON_DOCUMENT, PERSON_PHONE = "person.document", "person.phone"
"""Where every service indexes a person's numbers, so that one is recognised by each of them."""


ACCOUNT = "sub:"
"""With what the key of a person with an account begins."""


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
        not to everybody who has the phone; nor is what belongs to another account.
        """
        if thing.citizen_key is not None and thing.citizen_key == self.citizen_key:
            return True
        other = person_of(thing)
        if other.document is not None:
            return other.document == self.document
        if self.has_account and other.has_account:
            return False
        return other.phone is not None and other.phone == self.phone

    @property
    def has_account(self) -> bool:
        """Whether an account names them, and not only their numbers."""
        return self.citizen_key.startswith(ACCOUNT)

    @property
    def turn_keys(self) -> list[str]:
        """What two bookings for one person have in common, in the order in which it is locked."""
        numbers = (("document", self.document), ("phone", self.phone))
        keys = [self.citizen_key] if self.citizen_key else []
        return sorted([*keys, *(f"{kind}:{n}" for kind, n in numbers if n)])


def person_of(thing: Named) -> Person:
    """Whose it is."""
    return Person(thing.citizen_key or "", thing.person_document, thing.person_phone)


class LiftedRow(NamedTuple):
    """What names a person in a row, under the newest index key."""

    citizen_key: str | None
    person_document: str | None
    person_phone: str | None


class Stale(NamedTuple):
    """Digests of older index keys by which a person may be known, and what each is now."""

    citizen: dict[str, str]
    document: dict[str, str]
    phone: dict[str, str]

    def __bool__(self) -> bool:
        return any(self)


_KINDS = ("id", "tel")


def lifted(person: Person, keyring: Keyring) -> Person:
    """The person by digests of the newest index key. Raises UnknownIndexKey."""
    return Person(_forms(person.citizen_key, keyring)[0], *(
        number and keyring.lift(number) for number in person[1:]
    ))  # fmt: skip


def lifted_row(thing: Named, keyring: Keyring) -> LiftedRow:
    """The same of what belongs to somebody."""
    key, document, phone = lifted(person_of(thing), keyring)
    return LiftedRow(key or None, document, phone)


def stale_forms(person: Person, keyring: Keyring) -> Stale:
    """What the person's digests were until now, of the keys that they are under and later ones."""
    return stale_of(
        _forms(person.citizen_key, keyring),
        keyring.index.forms_of(person.document) if person.document else (),
        keyring.index.forms_of(person.phone) if person.phone else (),
    )


def stale_of(citizen: Sequence[str], document: Sequence[str], phone: Sequence[str]) -> Stale:
    """The same of all forms, each the newest first."""
    forms = (citizen, document, phone)
    return Stale(*(dict.fromkeys(each[1:], next(iter(each), "")) for each in forms))


def _forms(key: str, keyring: Keyring) -> list[str]:
    """An account's key is no digest."""
    kind, _, digest = key.partition(":")
    if kind not in _KINDS:
        return [key]
    return [f"{kind}:{form}" for form in keyring.index.forms_of(digest)]


def account_key(account: str) -> str:
    """The key of a person with an account."""
    return f"{ACCOUNT}{account}"


def same_person(row: str, who: str, *, apart: bool = False) -> str:
    """The condition that the row `row` is of the person `who` (citizen_key, document, phone).

    `apart`: two accounts are two people, though they have one phone.
    """
    return _same(row, f"{who}.citizen_key", f"{who}.document", f"{who}.phone", apart=apart)


def of_person(row: str, *, apart: bool = False) -> str:
    """The same of the person whose fields are parameters of the statement, by name."""
    fields = (f"CAST(:{name} AS text)" for name in Person._fields)
    return _same(row, *fields, apart=apart)


def of_person_in_order(row: str, *, apart: bool = False) -> str:
    """The same of the person whose fields are the first three parameters of the statement."""
    return _same(row, "$1::text", "$2::text", "$3::text", apart=apart)


def turns_of(who: str) -> str:
    """The turns of `Person.turn_keys` of `who` (citizen_key, document, phone), as rows of key and
    turn: of one moment with whatever else the statement reads."""
    keys = f"{who}.citizen_key, 'document:' || {who}.document, 'phone:' || {who}.phone"
    return (
        "ARRAY(SELECT ROW(b.key, b.turn) FROM booking_turn b"
        f" WHERE b.key = ANY(ARRAY[{keys}]::text[]))"
    )


def _same(row: str, key: str, document: str, phone: str, *, apart: bool) -> str:
    accounts = f"{row}.citizen_key LIKE '{ACCOUNT}%' AND {key} LIKE '{ACCOUNT}%'"
    return (
        f"({row}.citizen_key = {key} OR {row}.person_document = {document}"
        f" OR ({row}.person_phone = {phone}"
        f" AND ({row}.person_document IS NULL OR {document} IS NULL)"
        f"{f' AND NOT ({accounts})' if apart else ''}))"
    )
