"""The SQL of people."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from time import monotonic

from sqlalchemy import text
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people.models import VerifiedAccount
from services.appointments.people.rules import PERSON_DOCUMENT, PERSON_PHONE, Person, Stale
from shared.database.digest_columns import DigestColumn, Movers, by_value, digest_columns
from shared.database.engine import DirectPool, memory_of
from shared.database.swap_statement import SwapStatement
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
_TAKE_TURN = """
INSERT INTO booking_turn AS b (key, turn) VALUES (:key, CAST(:seen AS int) + 1)
ON CONFLICT (key) DO UPDATE SET turn = excluded.turn WHERE b.turn = :seen RETURNING 1
"""
_TABLES = ("ticket", "appointment", "penalty", "waitlist_entry", "release_entry")
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


def take_turn(statement: SwapStatement, key: str, seen: int) -> None:
    """The next turn of a key, if it was not taken since it was seen."""
    statement.lock(_TAKE_TURN, key=key, seen=seen)


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
_AT_ONCE, _REST_SECONDS = 5_000, 10


@cache
def _columns() -> list[DigestColumn]:
    """What names a person, in the order of locking; asked once every room has its tables.

    Without what is known of an account: that is found by the account, and comes over last.
    """
    own = _of_accounts()
    return [one for one in digest_columns(VerifiedAccount.metadata) if one.of and one not in own]


@cache
def _of_accounts() -> list[DigestColumn]:
    own = VerifiedAccount.__tablename__
    return [one for one in digest_columns(VerifiedAccount.metadata) if one.table == own]


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


async def stale_like(direct: DirectPool, keyring: Keyring, person: Person) -> Stale:
    """Digests of older keys, in whatever row, of which the person's numbers are made.

    They cannot be computed, so all that are left are looked at.
    """
    found = Stale({}, {}, {})
    for column in _columns():
        wanted = person[_place(column) - 1]
        after: str | None = ""
        while column.of != "citizen" and wanted is not None and after is not None:
            cells, after = await _left(direct, keyring, column, after)
            for cell in cells:
                forms = column.forms_of(keyring.index, cell)
                if forms[0] == wanted:
                    found[_place(column) - 1].update(dict.fromkeys(forms[1:], wanted))
    return found


@dataclass
class _Walk:
    """How far this process has looked whether anything is left of older keys.

    Once nothing is, it stays so: this release writes digests of the newest key alone.
    """

    ended: bool = False
    is_busy: bool = False
    rests_until: float = 0
    column: int = 0
    after: str = ""


async def all_lifted(direct: DirectPool, keyring: Keyring) -> bool:
    """Whether nothing is left of older keys, as far as is known: each call looks a little further.

    So nobody waits for the answer, and once it is yes nothing is asked any more.
    """
    walk = memory_of(direct, _Walk)
    if not walk.ended and not walk.is_busy and monotonic() >= walk.rests_until:
        walk.is_busy = True
        try:
            await _go_on(direct, keyring, walk)
        finally:
            walk.is_busy = False
    return walk.ended


async def _go_on(direct: DirectPool, keyring: Keyring, walk: _Walk) -> None:
    columns = [*_columns(), *_of_accounts()]
    cells, after = await _left(direct, keyring, columns[walk.column], walk.after)
    if cells:
        walk.column, walk.after, walk.rests_until = 0, "", monotonic() + _REST_SECONDS
    elif after is not None:
        walk.after = after
    else:
        walk.column, walk.after = walk.column + 1, ""
        walk.ended = walk.column == len(columns)


async def _left(
    direct: DirectPool, keyring: Keyring, column: DigestColumn, after: str
) -> tuple[list[str], str | None]:
    """Of the next cells behind `after` those that are not of the newest key, each once; and the
    last that was looked at, None at the end."""
    name, table = column.name, column.table
    last = await direct.fetchval(
        f"SELECT {name} FROM {table} WHERE {name} > $1 ORDER BY {name}"
        f" OFFSET {_AT_ONCE - 1} LIMIT 1",
        after,
    )
    rows = await direct.fetch(
        f"SELECT DISTINCT {name} FROM {table} WHERE {name} > $1"
        f" AND ($2::text IS NULL OR {name} <= $2) AND {name} ~ $3",
        after, last, column.stale(keyring.index),
    )  # fmt: skip
    return [row[0] for row in rows], last
