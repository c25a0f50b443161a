"""The SQL of people."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people.models import VerifiedAccount
from services.appointments.people.rules import Person
from shared.database.engine import DirectPool

_VERIFIED = "SELECT document, phone FROM verified_account WHERE citizen_key = $1"

_LEARN = text("""
INSERT INTO verified_account AS v (citizen_key, document, phone, version)
VALUES (:citizen_key, :document, :phone, :version)
ON CONFLICT (citizen_key) DO UPDATE
  SET document = excluded.document, phone = excluded.phone, version = excluded.version
  WHERE v.version < excluded.version
RETURNING true
""")
_TAKE_TURNS = text(
    "INSERT INTO booking_turn AS b (key, turn)"
    " SELECT key, 1 FROM unnest(CAST(:keys AS text[])) AS key ORDER BY key"
    " ON CONFLICT (key) DO UPDATE SET turn = b.turn + 1"
)
_TABLES = ("ticket", "appointment", "penalty")
"""What names a person, in the order in which whoever locks several of them does."""
_BELONGING = [
    text(
        f"UPDATE {table} SET person_document = :document, person_phone = :phone"
        " WHERE citizen_key = :key"
    )
    for table in _TABLES
]
_LOCKING = [
    text(f"SELECT FROM {table} WHERE citizen_key = :key ORDER BY id FOR UPDATE")
    for table in _TABLES
]


async def verified(direct: DirectPool, citizen_key: str) -> Person:
    """The person of that key, with the numbers that were checked for the account."""
    row = await direct.fetchrow(_VERIFIED, citizen_key)
    return Person(citizen_key, *row) if row else Person(citizen_key)


async def verified_in(session: AsyncSession, citizen_key: str) -> Person:
    """The same in a transaction."""
    rows = select(VerifiedAccount).where(VerifiedAccount.citizen_key == citizen_key)
    known = (await session.exec(rows)).one_or_none()
    return Person(citizen_key, known.document, known.phone) if known else Person(citizen_key)


async def learn(session: AsyncSession, person: Person, version: int) -> bool:
    """Whether this was news; an older check changes nothing."""
    found = await session.execute(_LEARN, {**person._asdict(), "version": version})
    return found.one_or_none() is not None


async def take_turns(session: AsyncSession, keys: Sequence[str]) -> None:
    """Nobody books under these keys until the transaction ends, and what was booked is seen."""
    await session.execute(_TAKE_TURNS, {"keys": list(keys)})


async def lock_belongings(session: AsyncSession, person: Person) -> None:
    """Holds what has the person's key until the transaction ends."""
    for statement in _LOCKING:
        await session.execute(statement, {"key": person.citizen_key})


async def own(session: AsyncSession, person: Person) -> None:
    """Gives the person's numbers to all that has their key."""
    numbers = {"document": person.document, "phone": person.phone}
    for statement in _BELONGING:
        await session.execute(statement, {**numbers, "key": person.citizen_key})
