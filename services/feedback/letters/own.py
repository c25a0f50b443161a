"""What leads to a sender, by all that they have written: the letter and what was added to it."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import service as departments
from services.feedback.letters import queries, rules, service
from services.feedback.letters.models import Letter, LetterSupplement
from services.feedback.redaction.rules import given_away
from services.feedback.redaction.spans import Own
from shared.security.crypto import CannotOpen, Keyring
from shared.security.identity import Caller

log = structlog.get_logger()

SUPPLEMENT_TEXT = "letter_supplement.text"


class Added(NamedTuple):
    """What a sender added, and when."""

    at: datetime
    text: str


async def supplements(session: AsyncSession, keyring: Keyring, letter: Letter) -> list[Added]:
    """What the sender added, earliest first."""
    return [_opened(keyring, row) for row in await queries.supplements(session, [letter.id])]


def opened(keyring: Keyring, rows: Sequence[LetterSupplement]) -> list[Added]:
    """What these supplements say."""
    return [_opened(keyring, row) for row in rows]


async def own_of(session: AsyncSession, keyring: Keyring, letter: Letter) -> frozenset[Own]:
    """All that leads to the sender."""
    return _only(letter, await _own(session, keyring, [letter]))


async def secret_from(
    session: AsyncSession, keyring: Keyring, letter: Letter, caller: Caller
) -> frozenset[Own]:
    """What no text may show to this caller: of a sender in confidence all that leads to them.
    Nothing for the office.
    """
    return _only(letter, await secrets_from(session, keyring, [letter], caller))


async def secrets_from(
    session: AsyncSession, keyring: Keyring, letters: Sequence[Letter], caller: Caller
) -> dict[UUID, frozenset[Own]]:
    """As `secret_from`, of each of these letters but those that do not open: what leads to their
    sender is not known.
    """
    unknown = [letter for letter in letters if not rules.may_know_sender(letter, caller)]
    known = {letter.id for letter in letters} - {letter.id for letter in unknown}
    return dict.fromkeys(known, frozenset[Own]()) | await _own(session, keyring, unknown)


def secret_in_hand(
    keyring: Keyring,
    letter: Letter,
    added: Sequence[LetterSupplement],
    offices: frozenset[str],
    caller: Caller,
) -> frozenset[Own]:
    """As `secret_from`, by what was read already: all that was added to the letter, and the numbers
    of the departments. Raises CannotOpen.
    """
    if rules.may_know_sender(letter, caller):
        return frozenset()
    return leads(keyring, letter, added, offices)


def leads(
    keyring: Keyring,
    letter: Letter,
    added: Sequence[LetterSupplement],
    offices: frozenset[str],
) -> frozenset[Own]:
    """As `own_of`, by what was read already. Raises CannotOpen."""
    written = [*_written(keyring, letter), *(_opened(keyring, row).text for row in added)]
    place = service.open_place(keyring, letter) or ""
    return service.personal_of(keyring, letter) | given_away(written, offices, place)


async def _own(
    session: AsyncSession, keyring: Keyring, letters: Sequence[Letter]
) -> dict[UUID, frozenset[Own]]:
    ids = [letter.id for letter in letters]
    added = await queries.supplements(session, ids) if ids else ()
    offices = await departments.numbers_shown(session) if letters else frozenset[str]()
    found = {}
    for letter in letters:
        texts = [row for row in added if row.letter_id == letter.id]
        try:
            found[letter.id] = leads(keyring, letter, texts, offices)
        except CannotOpen:
            log.error("letter_cannot_be_opened", letter=str(letter.id))
    return found


def _only(letter: Letter, found: dict[UUID, frozenset[Own]]) -> frozenset[Own]:
    """Raises CannotOpen."""
    if letter.id not in found:
        raise CannotOpen(f"cannot open all of letter {letter.id}")
    return found[letter.id]


def _written(keyring: Keyring, letter: Letter) -> list[str]:
    place = service.open_place(keyring, letter)
    return [
        service.open_title(keyring, letter), service.open_body(keyring, letter), place or ""
    ]  # fmt: skip


def _opened(keyring: Keyring, row: LetterSupplement) -> Added:
    return Added(row.at, keyring.open(row.text_sealed, where=SUPPLEMENT_TEXT, row=str(row.id)))
