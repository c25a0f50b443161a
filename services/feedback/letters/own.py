"""What leads to a sender, by all that they have written: the letter and what was added to it."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.departments import service as departments
from services.feedback.letters import queries, rules, service
from services.feedback.letters.models import Letter
from services.feedback.redaction.rules import given_away
from services.feedback.redaction.spans import Own
from shared.security.crypto import Keyring
from shared.security.identity import Caller

SUPPLEMENT_TEXT = "letter_supplement.text"


class Added(NamedTuple):
    """What a sender added, and when."""

    at: datetime
    text: str


async def supplements(session: AsyncSession, keyring: Keyring, letter: Letter) -> list[Added]:
    """What the sender added, earliest first."""
    return (await _supplements(session, keyring, [letter.id]))[letter.id]


async def own_of(session: AsyncSession, keyring: Keyring, letter: Letter) -> frozenset[Own]:
    """All that leads to the sender."""
    return (await _own(session, keyring, [letter]))[letter.id]


async def secret_from(
    session: AsyncSession, keyring: Keyring, letter: Letter, caller: Caller
) -> frozenset[Own]:
    """What no text may show to this caller: of a sender in confidence all that leads to them.
    Nothing for the office.
    """
    return (await secrets_from(session, keyring, [letter], caller))[letter.id]


async def secrets_from(
    session: AsyncSession, keyring: Keyring, letters: Sequence[Letter], caller: Caller
) -> dict[UUID, frozenset[Own]]:
    """As `secret_from`, of each of these letters."""
    unknown = [letter for letter in letters if not rules.may_know_sender(letter, caller)]
    nothing = {letter.id: frozenset[Own]() for letter in letters}
    return nothing | await _own(session, keyring, unknown)


async def _own(
    session: AsyncSession, keyring: Keyring, letters: Sequence[Letter]
) -> dict[UUID, frozenset[Own]]:
    added = await _supplements(session, keyring, [letter.id for letter in letters])
    offices = await departments.numbers_shown(session) if letters else frozenset[str]()
    return {
        letter.id: service.personal_of(keyring, letter)
        | given_away([*_written(keyring, letter), *(one.text for one in added[letter.id])], offices)
        for letter in letters
    }


def _written(keyring: Keyring, letter: Letter) -> list[str]:
    place = service.open_place(keyring, letter)
    return [
        service.open_title(keyring, letter), service.open_body(keyring, letter), place or ""
    ]  # fmt: skip


async def _supplements(
    session: AsyncSession, keyring: Keyring, ids: Sequence[UUID]
) -> dict[UUID, list[Added]]:
    found: dict[UUID, list[Added]] = defaultdict(list)
    for row in await queries.supplements(session, ids) if ids else ():
        text = keyring.open(row.text_sealed, where=SUPPLEMENT_TEXT, row=str(row.id))
        found[row.letter_id].append(Added(row.at, text))
    return found
