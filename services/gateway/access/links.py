"""One-time links: an administrator opens the way to a new password, and never sees one.

A link is handed over by whoever issued it, and by itself proves little about who opens it. So its
owner is told of it wherever they look (`GET /auth/me`, an event), it works once and for a day, and
a password that was set by one on a privileged account counts only after a second person agreed.
"""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts, endings, passwords, queries, rules, tokens
from services.gateway.access.events import PasswordLinkIssued
from services.gateway.access.models import Account, AccountState, PasswordLink
from services.gateway.access.queries import OpenLink
from services.gateway.access.service import SignInContext
from shared.database.swap_statement import SwapStatement
from shared.database.versioned import swap
from shared.errors import Invalid
from shared.messaging import outbox
from shared.security import audit_log
from shared.security.identity import Caller


class IssuedLink(NamedTuple):
    """A link as it is shown, once: only the digest of its token is kept."""

    token: str
    expires_at: datetime


async def issue(session: AsyncSession, account_id: UUID, by: Caller, now: datetime) -> IssuedLink:
    """A link for the account; an earlier one that is still open ends."""
    link = IssuedLink(tokens.new_refresh_token(), now + rules.LINK_LASTS)
    await queries.end_links(session, account_id, now, "replaced")
    kept = PasswordLink(
        hash=tokens.stored(link.token),
        account_id=account_id,
        issued_by=by.sub,
        issued_at=now,
        expires_at=link.expires_at,
    )
    session.add(kept)
    await session.flush()
    event = PasswordLinkIssued(account_id=account_id, expires_at=link.expires_at)
    await outbox.record(session, event, subject=str(account_id))
    about = f"account:{account_id}"
    await audit_log.write(session, by.sub, "password_link.issued", about, now)
    return link


async def reissue(
    session: AsyncSession, account_id: UUID, version: int, by: Caller, now: datetime
) -> tuple[Account, IssuedLink]:
    """For a forgotten password. Raises OwnGrant, NotFound or StateConflict."""
    account = await accounts.seen(session, account_id, version, by)
    changed = await swap(session, account, {})
    return changed, await issue(session, account_id, by, now)


async def set_password(
    context: SignInContext, statement: SwapStatement, token: str, password: str, now: datetime
) -> Account:
    """The account, whose password is now this one; all of its sign-ins end.

    Raises LinkEnded, Invalid or StateConflict. No connection is held while hashing waits: the
    request's transaction, which also keeps its answer, begins behind that.
    """
    token_hash = tokens.stored(token)
    async with context.sessions() as session:
        link = await queries.open_link(session, token_hash, now)
    if link is None or link.state == AccountState.DISABLED:
        raise rules.LinkEnded
    rules.ensure_strong(password, link.name)
    async with context.hashing.turn():
        if await passwords.matches(link.password_hash, password):
            raise Invalid(rules.THE_SAME, pointer=rules.NEW_PASSWORD)
        will = await passwords.hashed(password)
    return await _use(await statement.begin(), link, token_hash, will, now)


async def _use(
    session: AsyncSession, link: OpenLink, token_hash: str, will: str, now: datetime
) -> Account:
    if not await queries.use_link(session, token_hash, now):
        raise rules.LinkEnded  # somebody else used it meanwhile
    account = await accounts.get_account(session, link.account_id)
    values = {"password_hash": will, "password_set_at": now}
    values |= accounts.reviewed(account, account.roles, link.issued_by, (link.issued_by,))
    changed = await swap(session, account, values)
    await endings.end_all(session, account.id, now, "password_changed")
    actor, about = f"link of {link.issued_by}", f"account:{account.id}"
    await audit_log.write(session, actor, "password.set_by_link", about, now)
    return changed
