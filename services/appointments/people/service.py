"""Who a caller is, and what becomes known of an account.

Whoever looks for a person looks for the digests of the newest index key. Once the key was changed
(only then is there more than one), what is still under an older one is brought over first, in
statements of their own, so that nothing that is the person's is missed and no other query need
know of it. Rows that are compared with each other, and not with a number that somebody named, are
under one key and need nothing.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people import queries, rules
from services.appointments.people.rules import Named, Person, Stale, account_key, person_of
from shared.database.engine import DirectPool
from shared.database.swap_statement import SwapStatement
from shared.security.identity import Caller
from shared.security.loaded import Loaded, loaded

Row = TypeVar("Row", bound=SQLModel)


async def of_account(session: AsyncSession, account: str) -> Person:
    """The person whose account it is, with the numbers that were checked."""
    return await _account(loaded(session), await queries.verified_in(session, account_key(account)))


async def current(source: AsyncSession | DirectPool, person: Person) -> Person:
    """The same of one that was read, with the numbers that were checked."""
    return await _account(loaded(source), person)


async def of_account_direct(direct: DirectPool, account: str) -> Person:
    """The same, for hot paths."""
    return await _account(loaded(direct), await queries.verified(direct, account_key(account)))


async def _account(known: Loaded, person: Person) -> Person:
    now = await _current(known, person)
    if now != person and known.direct is not None:
        await queries.relearn(known.direct, person, now)
    return now


async def _current(known: Loaded, person: Person) -> Person:
    """The person under the newest index key, as is all that is theirs."""
    if known.keyring is None or known.direct is None:
        return person
    now = rules.lifted(person, known.keyring)
    if now != person:
        stale = rules.stale_forms(person, known.keyring)
        await queries.bring_over(known.direct, known.keyring, stale)
    return now


async def bring_over(source: AsyncSession | DirectPool, stale: Stale) -> None:
    """What is under older digests of a person whose numbers were named is found from now on."""
    known = loaded(source)
    if known.keyring is None or known.direct is None or not stale or await all_lifted(source):
        return
    await queries.bring_over(known.direct, known.keyring, stale)


async def all_lifted(source: AsyncSession | DirectPool) -> bool:
    """Whether nothing need be brought over any more, or never had to be."""
    known = loaded(source)
    if known.keyring is None or known.direct is None or not known.keyring.is_chained:
        return True
    return await queries.all_lifted(known.direct, known.keyring)


async def current_row(session: AsyncSession, caller: Caller, thing: Row) -> Row:
    """Something of a person as it is once all that is theirs is under the newest index key.

    So is all of the caller's: before anything is locked that would have to be brought over.
    """
    if await all_lifted(session):
        return thing
    if caller.has("citizen"):
        await of_account(session, caller.sub)
    if await is_brought_over(session, _named(thing)):
        await session.refresh(thing)
    return thing


async def is_brought_over(source: AsyncSession | DirectPool, thing: Named) -> bool:
    """Whether it names its person by an older index key than the newest, as nothing does now."""
    person = person_of(thing)
    return await _current(loaded(source), person) != person


def _named(thing: Named | SQLModel) -> Named:
    assert hasattr(thing, "person_document")
    return thing  # type: ignore[return-value]


async def owns(source: AsyncSession | DirectPool, caller: Caller, thing: Named) -> bool:
    """Whether it is the citizen's own."""
    if not caller.has("citizen"):
        return False
    if thing.citizen_key == account_key(caller.sub):  # which needs no look at the account
        return True
    keyring = loaded(source).keyring
    named = thing if keyring is None else rules.lifted_row(thing, keyring)
    if isinstance(source, DirectPool):
        return (await of_account_direct(source, caller.sub)).owns(named)
    return (await of_account(source, caller.sub)).owns(named)


async def take_turns(session: AsyncSession, persons: Iterable[Person]) -> None:
    """Nobody books for them until the transaction ends; the slots are locked before.

    Turns are of the newest index key, though the rows that name the person may not be.
    """
    keyring = loaded(session).keyring
    if keyring is not None:
        persons = [rules.lifted(person, keyring) for person in persons]
    keys = sorted({key for person in persons for key in person.turn_keys})
    if keys:
        await queries.take_turns(session, keys)


def take_seen_turns(statement: SwapStatement, person: Person, seen: Mapping[str, int]) -> None:
    """The same of one person by the turns that were seen with what they have: who was given
    something meanwhile has others, and all is decided anew."""
    for key in person.turn_keys:
        queries.take_turn(statement, key, seen.get(key, 0))


async def learn(session: AsyncSession, person: Person, version: int) -> None:
    """Whose account it is; what was booked with it before is the person's too.

    The turn makes a booking that is on its way look again, and then it knows the person. What is
    the person's is locked before, as by whoever moves an appointment and then takes the turn.

    Raises UnknownIndexKey for digests of a key that this process does not have yet.
    """
    person = await _as_sent(loaded(session), person)
    await queries.lock_belongings(session, person)
    await take_turns(session, [person])
    if await queries.learn(session, person, version):
        await queries.own(session, person)


async def _as_sent(known: Loaded, person: Person) -> Person:
    """The person of an event under the newest key, as is all that is theirs.

    A service that has a newer key already sends what no older digest can be computed from.
    """
    now = await _current(known, person)
    if known.keyring is None or known.direct is None or not known.keyring.is_chained:
        return now
    if not await queries.all_lifted(known.direct, known.keyring):
        stale = await queries.stale_like(known.direct, known.keyring, now)
        if stale:
            await queries.bring_over(known.direct, known.keyring, stale)
    return now
