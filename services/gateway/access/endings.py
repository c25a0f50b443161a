"""Ends sign-ins before their time, and publishes each: whoever verifies tokens has to know.

The services learn it from the stream. The gateway reads its own rows besides, so that what has
ended is refused at the door also while the bus is away, and at once after a start.
"""

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import queries, statement
from services.gateway.access.events import Ended, SignInEnded
from services.gateway.access.statement import EndedSignIn
from shared import clock
from shared.database.engine import DirectPool
from shared.database.faults import DATABASE_FAULTS
from shared.messaging import outbox
from shared.security import audit_log
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
        except DATABASE_FAULTS as error:
            log.warning("ended_sign_ins_not_read", error=type(error).__name__)
        await asyncio.sleep(READ_SECONDS)


async def end_all(session: AsyncSession, account_id: UUID, now: datetime, because: Ended) -> None:
    """Ends every sign-in of the account, so that nothing can be refreshed or used."""
    await _publish(session, await queries.end_all(session, account_id, now, because), because)


async def sign_out(direct: DirectPool, seen: EndedSignIn, now: datetime) -> None:
    """Ends a sign-in that its owner ends; of two at once one does."""
    whose = str(seen.account_id)
    besides = [
        outbox.part("ended", _ended(seen, "signed_out")),
        audit_log.part("ended", whose, "signed_out", f"account:{whose}", now),
    ]
    await statement.end(direct, seen.id, now, "signed_out", besides)
    direct.wake()


async def end_reused(session: AsyncSession, token_hash: str, now: datetime) -> UUID | None:
    """Ends the sign-in of a refresh token that was spent before; whose it was, if this did."""
    ended = await queries.end_of_token(session, token_hash, now, "reused")
    await _publish(session, ended, "reused")
    return ended[0].account_id if ended else None


async def _publish(session: AsyncSession, ended: Iterable[EndedSignIn], because: Ended) -> None:
    await outbox.record_many(session, [_ended(each, because) for each in ended])


def _ended(each: EndedSignIn, because: Ended) -> outbox.Addressed:
    event = SignInEnded(sign_in_id=each.id, account_id=each.account_id, because=because)
    return outbox.Addressed(event, "_", str(each.id))
