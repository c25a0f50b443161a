"""Keeps the digest of each number beside it, also where a process of another release wrote it.

The digest is what makes a number one account's. Rows from before it was kept have none, and a
process of the release before changes a number and leaves the digest of the former one.
"""

from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.identities import queries, service
from services.gateway.identities.queries import Numbered
from services.gateway.settings import GatewaySettings
from shared.database.engine import Sessions
from shared.jobs import LongJob
from shared.security import audit_log
from shared.security.crypto import CannotOpen, Keyring

EVERY = timedelta(hours=1)
AT_ONCE = 200
"""Rows opened in one transaction: a few milliseconds of the process, between requests."""
BY = "gateway"

log = structlog.get_logger()


def index_numbers(settings: GatewaySettings) -> LongJob:
    """The job that derives the digests, at the start and then each hour."""
    keyring = Keyring(settings.column_keys, settings.index_key)

    async def index(sessions: Sessions, now: datetime) -> int:
        return await index_all(sessions, keyring, now)

    return LongJob("index-id-numbers", EVERY, index)


async def index_all(sessions: Sessions, keyring: Keyring, now: datetime) -> int:
    """How many digests changed. Of two accounts with one number the one that has the digest keeps
    it, of two without the older account; the other is noted, and listed as in conflict."""
    changed, after = 0, None
    while True:
        async with sessions() as session, session.begin():
            rows = await queries.numbered(session, after, AT_ONCE)
            changed += sum([await _index(session, keyring, row, now) for row in rows])
        if len(rows) < AT_ONCE:
            return changed
        after = rows[-1].account_id


async def _index(session: AsyncSession, keyring: Keyring, row: Numbered, now: datetime) -> bool:
    """Whether the row's digest was another than it is now."""
    try:
        index = service.index_of(keyring, row)
    except CannotOpen:
        log.error("identity_not_opened", account=str(row.account_id))
        return False
    if index == row.id_number_index:
        return False
    try:
        async with session.begin_nested():
            return await queries.set_index(session, row, index, None)
    except IntegrityError:
        return await _note_conflict(session, row, index, now)


async def _note_conflict(session: AsyncSession, row: Numbered, index: str, now: datetime) -> bool:
    """Whether it is a new one; each is noted once, and without the number."""
    if row.conflict_at is not None and row.id_number_index is None:
        return False
    if not await queries.set_index(session, row, None, now):
        return False
    about = f"account:{row.account_id}"
    other = next(iter(await queries.holders(session, [index])), None)
    log.warning("identity_conflict", account=str(row.account_id), other=str(other))
    details = {"other": f"account:{other}"}
    await audit_log.write(session, BY, "account.identity_conflict", about, now, details)
    return True
