"""Ends sign-ins before their time, and publishes each: whoever verifies tokens has to know.

The services learn it from the stream. The gateway reads its own rows besides, so that what has
ended is refused at the door also while the bus is away, and at once after a start.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import queries
from services.gateway.access.events import Ended, SignInEnded
from services.gateway.access.queries import EndedSignIn
from shared import clock
from shared.database.engine import DirectPool
from shared.messaging import outbox
from shared.security.identity import REFUSED_SECONDS, Refusals

READ_SECONDS = 1.0
COMMITTED_WITHIN = timedelta(seconds=60)
"""A transaction commits later than the moment that it wrote: so far back each reading looks."""

log = structlog.get_logger()


async def keep_known(direct: DirectPool, refusals: Refusals) -> None:
    """Until cancelled: what the database says ended is refused.

    Where it is out of reach, nobody can end anything in it either: what is known holds.
    """
    since = clock.now() - timedelta(seconds=REFUSED_SECONDS)
    while True:
        begun = clock.now()
        try:
            for sign_in, ended_at in await queries.ended_since(direct, since):
                refusals.refuse(str(sign_in), ended_at.timestamp())
            refusals.learned()
            since = begun - COMMITTED_WITHIN
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("ended_sign_ins_not_read", error=type(error).__name__)
        await asyncio.sleep(READ_SECONDS)


async def end_all(session: AsyncSession, account_id: UUID, now: datetime, because: Ended) -> None:
    """Ends every sign-in of the account, so that nothing can be refreshed or used."""
    await _publish(session, await queries.end_all(session, account_id, now, because), because)


async def sign_out(session: AsyncSession, token_hash: str, now: datetime) -> UUID | None:
    """Ends the sign-in that a refresh token is of; whose it was, None if there was none."""
    ended = await queries.end_of_token(session, token_hash, now, "signed_out")
    return await _published(session, ended, "signed_out")


async def end_one(session: AsyncSession, sign_in: UUID, now: datetime) -> UUID | None:
    """The same for a sign-in that is known."""
    return await _published(
        session, await queries.end_sign_in(session, sign_in, now, "signed_out"), "signed_out"
    )


async def end_reused(session: AsyncSession, token_hash: str, now: datetime) -> UUID | None:
    """Ends the sign-in of a refresh token that was spent before; whose it was, if this did."""
    ended = await queries.end_of_token(session, token_hash, now, "reused")
    return await _published(session, ended, "reused")


async def _published(
    session: AsyncSession, ended: Sequence[EndedSignIn], because: Ended
) -> UUID | None:
    await _publish(session, ended, because)
    return ended[0].account_id if ended else None


async def _publish(session: AsyncSession, ended: Iterable[EndedSignIn], because: Ended) -> None:
    await outbox.record_many(
        session,
        [
            outbox.Addressed(
                SignInEnded(sign_in_id=each.id, account_id=each.account_id, because=because),
                "_",
                str(each.id),
            )
            for each in ended
        ],
    )
