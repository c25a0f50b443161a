"""The SQL of people."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import cache

from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people.models import VerifiedAccount
from services.appointments.people.rules import PERSON_DOCUMENT, PERSON_PHONE, Person, Stale
from shared.database.digest_columns import DigestColumn, Movers, by_value, digest_columns
from shared.database.engine import DirectPool, memory_of
from shared.security.crypto import CannotOpen, Keyring

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


_RELEARN = """
UPDATE verified_account SET document = $4, phone = $5 WHERE citizen_key = $1
  AND document IS NOT DISTINCT FROM $2 AND phone IS NOT DISTINCT FROM $3
"""
_THINGS = ("citizen", PERSON_DOCUMENT, PERSON_PHONE)
"""What the fields of `Stale` are digests of, in their order."""
_AT_ONCE = 1000


@cache
def _columns() -> list[DigestColumn]:
    """What names a person, in the order of locking; asked once every room has its tables.

    Without what is known of an account: that is found by the account, and comes over last.
    """
    found = digest_columns(VerifiedAccount.metadata)
    own = VerifiedAccount.__tablename__
    return [one for one in found if one.of in _THINGS and one.table != own]


@cache
def _stale_statement() -> str:
    ways = (
        f"EXISTS (SELECT FROM {one.table} WHERE {one.name} = ANY(${_place(one)}::text[]))"
        for one in _columns()
    )
    return f"SELECT {' OR '.join(ways)}"


def _place(column: DigestColumn) -> int:
    return 1 + _THINGS.index(str(column.of))


class _Door:
    """Few at a time bring somebody over, so that the others find a connection for what they do."""

    def __init__(self) -> None:
        self.places = asyncio.Semaphore(2)


async def bring_over(direct: DirectPool, keyring: Keyring, stale: Stale) -> None:
    """Lifts what is under these digests, table by table in the order of locking.

    So whoever gives an appointment a penalty meanwhile has committed before penalties are looked
    at. Nothing else need be done at once with it: until it ends nobody looks for the new digests.
    """
    async with memory_of(direct, _Door).places:
        if await direct.fetchval(_stale_statement(), *(list(each) for each in stale)):
            await _lift(direct, keyring, stale)


async def _lift(direct: DirectPool, keyring: Keyring, stale: Stale) -> None:
    for column in _columns():
        lifted = stale[_place(column) - 1]
        if not lifted:
            continue
        if not column.is_key:
            await direct.execute(by_value(column), [*lifted], [*lifted.values()])
            continue
        movers = Movers(column, CannotOpen)
        if rows := await direct.fetch(movers.rows, [*lifted]):
            await direct.execute(movers.move, *movers.values(keyring, rows))


async def relearn(direct: DirectPool, known: Person, lifted: Person) -> None:
    """Puts an account's numbers under the newest key, if they are those that were read."""
    await direct.execute(_RELEARN, *known, *lifted[1:])


class _Clean:
    """Columns in which nothing is left of older keys; this release writes no more of it."""

    def __init__(self) -> None:
        self.columns: list[DigestColumn] = []


async def stale_like(direct: DirectPool, keyring: Keyring, person: Person) -> Stale:
    """Digests of older keys, in whatever row, of which the person's numbers are made.

    They cannot be computed, so all that are left are looked at: few, once the command that lifts
    them has run, and none at its end.
    """
    found, clean = Stale({}, {}, {}), memory_of(direct, _Clean).columns
    for column in _columns():
        wanted, none_left = person[_place(column) - 1], True
        if column.of == "citizen" or wanted is None or column in clean:
            continue
        async for cell in _left(direct, keyring, column):
            forms, none_left = column.forms_of(keyring.index, cell), False
            if forms[0] == wanted:
                found[_place(column) - 1].update(dict.fromkeys(forms[1:], wanted))
        if none_left:
            clean.append(column)
    return found


async def _left(direct: DirectPool, keyring: Keyring, column: DigestColumn) -> AsyncIterator[str]:
    """The different cells of the column that are not of the newest key."""
    after = ""
    statement = (
        f"SELECT DISTINCT {column.name} FROM {column.table}"
        f" WHERE {column.name} ~ $1 AND {column.name} > $2 ORDER BY 1 LIMIT {_AT_ONCE}"
    )
    while rows := await direct.fetch(statement, column.stale(keyring.index), after):
        for row in rows:
            yield row[0]
        after = rows[-1][0]
