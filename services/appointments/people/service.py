"""Who a caller is, and what becomes known of an account."""

from collections.abc import Iterable

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.people import queries
from services.appointments.people.rules import Named, Person, account_key
from shared.database.engine import DirectPool
from shared.security.identity import Caller


async def of_account(session: AsyncSession, account: str) -> Person:
    """The person whose account it is, with the numbers that were checked."""
    return await queries.verified_in(session, account_key(account))


async def of_account_direct(direct: DirectPool, account: str) -> Person:
    """The same, for hot paths."""
    return await queries.verified(direct, account_key(account))


async def owns(session: AsyncSession, caller: Caller, thing: Named) -> bool:
    """Whether it is the citizen's own."""
    if not caller.has("citizen"):
        return False
    if thing.citizen_key == account_key(caller.sub):  # which needs no look at the account
        return True
    return (await of_account(session, caller.sub)).owns(thing)


async def take_turns(session: AsyncSession, persons: Iterable[Person]) -> None:
    """Nobody books for them until the transaction ends; the slots are locked before."""
    keys = sorted({key for person in persons for key in person.turn_keys})
    if keys:
        await queries.take_turns(session, keys)


async def learn(session: AsyncSession, person: Person, version: int) -> None:
    """Whose account it is; what was booked with it before is the person's too.

    The turn makes a booking that is on its way look again, and then it knows the person. What is
    the person's is locked before, as by whoever moves an appointment and then takes the turn.
    """
    await queries.lock_belongings(session, person)
    await take_turns(session, [person])
    if await queries.learn(session, person, version):
        await queries.own(session, person)
