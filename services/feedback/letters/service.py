"""Finding a letter again, and reading what is sealed in it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import numbers, queries, rules
from services.feedback.letters.models import Letter
from services.feedback.letters.queries import ListedLetter as ListedLetter
from services.feedback.letters.schemas import Contact, LetterFilter, LetterReceipt
from services.feedback.redaction.spans import Own, SpanKind
from shared.database.engine import DirectPool
from shared.database.pruning import Pruned
from shared.errors import NotFound, Text
from shared.ids import normal_code, secret_code
from shared.security import audit_log
from shared.security.crypto import Keyring
from shared.security.identity import Caller

FORGOTTEN = Pruned("code_attempt", "first_at", timedelta(days=1))
"""Counts of wrong codes, which are of no use after a day."""
NO_MATCH = Text(
    "登记编号或查询码不对，请核对后再试", "The number or the query code is wrong; please check both"
)
_NO_LETTER = Text(
    "没有这封来信，或不归您办理；请从工作列表中查找",
    "There is no such letter among yours; please look for it in the work list",
)


class Duplicate(NamedTuple):
    """An earlier letter that reads much like another."""

    id: UUID
    reg_no: str
    likeness: float


class Hint(NamedTuple):
    """An earlier letter that reads much like another, how much, and by what it is visible."""

    id: UUID
    reg_no: str
    likeness: float
    department_code: str | None
    accused: Sequence[str]


async def with_code(
    session: AsyncSession,
    direct: DirectPool,
    keyring: Keyring,
    reg_no: str,
    code: str | None,
    now: datetime,
) -> Letter:
    """The sender's letter. Raises NotFound for a wrong number or code alike, TooMany after many.

    Number and code are taken as people type them.
    """
    reg_no = reg_no.strip().upper()
    if not numbers.is_registration_number(reg_no):
        raise NotFound(NO_MATCH)
    letter = await queries.by_number(session, reg_no)
    right = code_of(letter) if letter is not None else None
    await ensure_code(direct, keyring, reg_no, right, code, now)
    assert letter is not None  # no code is the right one of no letter
    return letter


async def ensure_code(
    direct: DirectPool,
    keyring: Keyring,
    number: str,
    right: str | None,
    code: str | None,
    now: datetime,
) -> None:
    """Raises NotFound unless `code` is what `right` is the digest of, TooMany after many tries.

    Numbers can be guessed, so what strangers try must not shut the sender out: the right code
    always opens. Its 50 bits are what keeps strangers out.
    """
    given = code_hash(keyring, normal_code(code or ""))
    if right is not None and keyring.is_index(right, given):
        return
    tried = await queries.attempts(direct, number)
    if tried is not None:
        rules.ensure_attempts_left(tried.failures, tried.first_at, now)
    await queries.count_wrong_code(direct, number, now)
    raise NotFound(NO_MATCH)


def code_of(letter: Letter) -> str:
    """The digest of the query code that opens the letter now."""
    return letter.renewed_code_hash or letter.code_hash


async def visible(session: AsyncSession, letter_id: UUID, caller: Caller) -> Letter:
    """The letter, if it exists for the caller. Raises NotFound."""
    return ensure_visible(await queries.by_id(session, letter_id), caller)


def ensure_visible(letter: Letter | None, caller: Caller) -> Letter:
    """The letter, where there is one and it exists for the caller. Raises NotFound."""
    if letter is None or not rules.may_see(letter, caller):
        raise NotFound(_NO_LETTER)
    return letter


async def locked(session: AsyncSession, letter_id: UUID) -> Letter:
    """A letter that there is, as it is now, locked."""
    return await queries.lock(session, letter_id)


async def answered_with(session: AsyncSession, letter: Letter) -> Letter:
    """The letter whose reply is this one's: itself, unless it was merged."""
    return (await all_answered_with(session, [letter]))[letter.id]


async def all_answered_with(session: AsyncSession, asked: Sequence[Letter]) -> dict[UUID, Letter]:
    """The same of many, by the id of each that is asked about."""
    found = {letter.id: letter for letter in asked}
    while merged := {key: one.merged_into for key, one in found.items() if one.merged_into}:
        others = await queries.by_ids(session, set(merged.values()))
        found |= {key: others[into] for key, into in merged.items()}
    return found


async def merged_into(session: AsyncSession, letter_id: UUID) -> Sequence[Letter]:
    """The letters that wait for the reply to this one, earliest first."""
    return await queries.merged_into(session, letter_id)


async def by_id(session: AsyncSession, letter_id: UUID) -> Letter | None:
    return await queries.by_id(session, letter_id)


async def renew_code(
    session: AsyncSession, keyring: Keyring, letter_id: UUID, caller: Caller, now: datetime
) -> LetterReceipt:
    """A new query code for a sender who has lost it; the old one opens nothing any more.

    Raises NotFound, and SenderUnknown where nobody could check who asks.
    """
    letter = await visible(session, letter_id, caller)
    rules.ensure_checkable(letter, caller)
    code = secret_code(10)
    await queries.renew_code(session, letter.id, code_hash(keyring, code))
    await audit_log.write(
        session, caller.sub, "letter.query_code_renewed", f"letter:{letter.id}", now, {}
    )
    return LetterReceipt.of(letter, code)


async def of_account(
    session: AsyncSession,
    keyring: Keyring,
    caller: Caller,
    after: tuple[Any, ...] | None,
    limit: int,
) -> Sequence[Letter]:
    """The letters that the caller's account has written under its name, latest first."""
    return await queries.of_account(session, account_forms(keyring, caller), after, limit)


def account_index(keyring: Keyring, caller: Caller) -> str:
    """What finds the letters of an account."""
    return account_forms(keyring, caller)[0]


def account_forms(keyring: Keyring, caller: Caller) -> list[str]:
    """The same under each of the index keys, the newest first."""
    return keyring.forms(caller.sub, where="letter.account")


async def listed(
    session: AsyncSession,
    caller: Caller,
    wanted: LetterFilter,
    after: tuple[Any, ...] | None,
    limit: int,
    *besides: ColumnElement[bool],
) -> Sequence[ListedLetter]:
    """The caller's work list in the order that is wanted; what must hold `besides`."""
    return await queries.work_list(session, caller, wanted, after, limit, *besides)


async def duplicates(
    session: AsyncSession, ids: Sequence[UUID], caller: Caller
) -> dict[UUID, list[Duplicate]]:
    """Letters that read like the given ones, most alike first, if the caller may see them."""
    hints: dict[UUID, list[Duplicate]] = defaultdict(list)
    for hint in await queries.duplicates_of(session, ids, caller):
        other = Duplicate(hint.other_id, hint.other_reg_no, hint.likeness)
        hints[hint.letter_id].append(other)
    return hints


def visible_hints(hints: Sequence[Hint], caller: Caller) -> list[Duplicate]:
    """The same of what was read with a letter."""
    seen = [hint for hint in hints if rules.may_see(hint, caller)]
    return [Duplicate(hint.id, hint.reg_no, hint.likeness) for hint in seen]


def open_title(keyring: Keyring, letter: Letter) -> str:
    return keyring.open(letter.title_sealed, where="letter.title", row=str(letter.id))


def open_body(keyring: Keyring, letter: Letter) -> str:
    return keyring.open(letter.body_sealed, where="letter.body", row=str(letter.id))


def open_place(keyring: Keyring, letter: Letter) -> str | None:
    return _open(keyring, letter.place_sealed, "place", letter.id)


def open_contact(keyring: Keyring, letter: Letter) -> Contact | None:
    name = _open(keyring, letter.name_sealed, "name", letter.id)
    phone = _open(keyring, letter.phone_sealed, "phone", letter.id)
    return Contact.model_construct(name=name, phone=phone) if name and phone else None


def personal_of(keyring: Keyring, letter: Letter) -> frozenset[Own]:
    """The sender's name and phone, to be found wherever else they stand."""
    contact = open_contact(keyring, letter)
    if contact is None:
        return frozenset()
    return frozenset({Own(contact.name, SpanKind.NAME), Own(contact.phone, SpanKind.PHONE)})


def _open(keyring: Keyring, sealed: str | None, column: str, row: UUID) -> str | None:
    return sealed and keyring.open(sealed, where=f"letter.{column}", row=str(row))


def phone_index(keyring: Keyring, phone: str) -> str:
    """The keyed digest that finds a phone number, however it is typed."""
    return phone_forms(keyring, phone)[0]


def phone_forms(keyring: Keyring, phone: str) -> list[str]:
    """The same under each of the index keys, the newest first."""
    return keyring.phone_forms(phone, where="letter.phone")


def code_hash(keyring: Keyring, code: str) -> str:
    """The digest by which a query code is recognised."""
    return keyring.blind_index(code, where="letter.query_code")
