"""Taking a letter in: sealed, numbered, its limits set going."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.letters import limits, numbers, queries, rules
from services.feedback.letters.likeness import ALIKE, likeness, sketch
from services.feedback.letters.models import Letter
from services.feedback.letters.schemas import LetterIn, LetterReceipt
from services.feedback.letters.service import account_index, code_hash, phone_index
from shared.clock import today
from shared.database.deciding import DecidingSession
from shared.ids import new_id, secret_code
from shared.security.crypto import Keyring
from shared.security.identity import Caller

DUPLICATES_WITHIN = timedelta(days=90)
MOST_HINTS = 5


class Draft(NamedTuple):
    """A letter's columns before it has a number, everything personal sealed; and its query code.

    `older` are the numbers of its sketch under older index keys, to find earlier letters by.
    """

    columns: dict[str, Any]
    code: str
    older: Sequence[int] = ()


async def receive(
    session: AsyncSession,
    keyring: Keyring,
    letter_in: LetterIn,
    caller: Caller | None,
    region: str,
    now: datetime,
) -> LetterReceipt:
    """Seal, number and keep a letter. Raises Forbidden for a channel that is staff's."""
    draft = await prepare(keyring, letter_in, caller, now)
    by = rules.written_by(letter_in.channel, caller)
    await limits.start_on_receipt(session, draft.columns["id"], letter_in.kind, by, now)
    letter = await keep(session, draft.columns, region, now, older=draft.older)
    return LetterReceipt.of(letter, draft.code)


async def prepare(
    keyring: Keyring, letter_in: LetterIn, caller: Caller | None, now: datetime
) -> Draft:
    """The letter as it is to be kept. Raises Forbidden for a channel that is staff's."""
    rules.ensure_channel(letter_in.channel, caller)
    code = secret_code(10)
    columns = _columns(keyring, letter_in, code)
    if caller is not None and rules.is_under_own_name(letter_in):
        columns["account_index"] = account_index(keyring, caller)
    text = _full_text(letter_in)
    columns["sketch"], *older = [
        await asyncio.to_thread(sketch, text, key) for key in _sketch_keys(keyring)
    ]
    columns["received_at"] = now
    return Draft(columns, code, list(chain.from_iterable(older)))


async def keep(
    session: AsyncSession,
    columns: dict[str, Any],
    region: str,
    now: datetime,
    *,
    older: Sequence[int] = (),
) -> Letter:
    """The letter under the next number of today, with notes of earlier ones that read like it.

    In a transaction the number is taken as late as possible: its row is locked until the commit.
    """
    sketch, day = [*columns["sketch"], *older], today(now)
    found = await queries.neighbours(
        session, sketch, now - DUPLICATES_WITHIN, MOST_HINTS, region, day
    )
    if isinstance(session, DecidingSession):
        serial = queries.take_serial(session, found.day)
    else:
        serial = await queries.next_serial(session, region, day)
    letter = Letter(reg_no=numbers.registration_number(region, day, serial), **columns)
    session.add(letter)
    await session.flush()
    alike = [(other.id, likeness(other.in_common)) for other in found.alike]
    await queries.note_alike(session, letter.id, [one for one in alike if one[1] >= ALIKE])
    return letter


def _columns(keyring: Keyring, letter_in: LetterIn, code: str) -> dict[str, Any]:
    """The letter's columns as the sender fills them, everything personal sealed."""
    row = new_id()

    def seal(plain: str | None, column: str) -> str | None:
        return keyring.seal(plain, where=f"letter.{column}", row=str(row)) if plain else None

    contact = letter_in.contact
    phone = contact.phone if contact else None
    return {
        "id": row,
        "kind": letter_in.kind,
        "channel": letter_in.channel,
        "title_sealed": seal(letter_in.title, "title"),
        "body_sealed": seal(letter_in.body, "body"),
        "place_sealed": seal(letter_in.place, "place"),
        "name_sealed": seal(contact.name if contact else None, "name"),
        "phone_sealed": seal(phone, "phone"),
        "contact_index": phone_index(keyring, phone) if phone else None,
        "anonymity": letter_in.resolved_anonymity,
        "wants_public": letter_in.wants_public,
        "code_hash": code_hash(keyring, code),
    }


def _sketch_keys(keyring: Keyring) -> list[bytes]:
    """What sketches are keyed with, under each of the index keys, the newest first."""
    *later, first = keyring.forms("key", where="letter.sketch")
    return [*(sha256(form.encode()).digest() for form in later), bytes.fromhex(first)]


def _full_text(letter_in: LetterIn) -> str:
    return f"{letter_in.title}\n{letter_in.body}"
