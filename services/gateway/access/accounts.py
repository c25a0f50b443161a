"""The administration of accounts. Nobody administers themselves."""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import endings, passwords, queries, rules
from services.gateway.access.models import Account
from services.gateway.access.schemas import Grants, NewAccount
from services.gateway.access.workflow import WORKFLOW, AccountAction
from shared.database.versioned import swap
from shared.errors import NotFound
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions


async def get_account(session: AsyncSession, account_id: UUID) -> Account:
    """Raises NotFound."""
    found = await queries.account(session, account_id)
    if found is None:
        raise NotFound
    return found


async def name_of(session: AsyncSession, sub: str) -> str | None:
    """The name of the account behind a token's subject, None if there is none."""
    try:
        return (await get_account(session, as_uuid(sub))).name
    except NotFound:
        return None


def as_uuid(sub: str) -> UUID:
    """The account's id in a token's subject. Raises NotFound for a subject of another kind."""
    try:
        return UUID(sub)
    except ValueError:
        raise NotFound from None


async def list_accounts(session: AsyncSession, after: str | None, limit: int) -> list[Account]:
    return list(await queries.accounts_after(session, after, limit))


async def create_account(
    session: AsyncSession, wanted: NewAccount, by: Caller, now: datetime
) -> tuple[Account, str]:
    """The new account and its initial password. Raises RolesExclude or AccountTaken."""
    rules.ensure_separate(wanted.roles)
    password = passwords.random_password()
    account = Account(
        name=wanted.account,
        password_hash=await passwords.hashed(password),
        roles=sorted(set(wanted.roles)),
        places=sorted(set(wanted.places)),
        created_at=now,
    )
    if not await queries.add(session, account.model_dump()):
        raise rules.AccountTaken
    details = {"roles": account.roles, "places": account.places}
    await audit_log.write(session, by.sub, "account.created", f"account:{account.id}", now, details)
    return account, password


async def grant(
    session: AsyncSession, account_id: UUID, wanted: Grants, by: Caller, now: datetime
) -> Account:
    """The account with other roles and places. Raises OwnGrant, RolesExclude, StateConflict."""
    rules.ensure_separate(wanted.roles)
    values = {"roles": sorted(set(wanted.roles)), "places": sorted(set(wanted.places))}
    account = await _seen(session, account_id, wanted.version, by)
    changed = await swap(session, account, values)
    await endings.end_all(session, account_id, now, "grants_changed")
    await audit_log.write(session, by.sub, "account.granted", f"account:{account_id}", now, values)
    return changed


async def reset_password(
    session: AsyncSession, account_id: UUID, version: int, by: Caller, now: datetime
) -> tuple[Account, str]:
    """The account and a new initial password. Raises OwnGrant, NotFound or StateConflict."""
    password = passwords.random_password()
    values = {"password_hash": await passwords.hashed(password)}
    account = await _seen(session, account_id, version, by)
    changed = await swap(session, account, values)
    await endings.end_all(session, account_id, now, "password_changed")
    await audit_log.write(session, by.sub, "password.reset", f"account:{account_id}", now)
    return changed, password


async def take(
    session: AsyncSession,
    account_id: UUID,
    action: AccountAction,
    version: int,
    by: Caller,
    now: datetime,
) -> Account:
    """The account, disabled or enabled. Raises OwnGrant, NotFound or StateConflict."""
    account = await _seen(session, account_id, version, by)
    move = WORKFLOW.take(account.state, account.version, action, by.roles)
    changed = await swap(session, account, {"state": move.to})
    if move.ends_sign_ins is not None:
        await endings.end_all(session, account_id, now, move.ends_sign_ins)
    await audit_log.write(session, by.sub, move.noted, f"account:{account_id}", now)
    return changed


async def _seen(session: AsyncSession, account_id: UUID, version: int, by: Caller) -> Account:
    """Another's account as the caller saw it. Raises OwnGrant, NotFound or StateConflict."""
    rules.ensure_other(by.sub, str(account_id))
    account = await get_account(session, account_id)
    versions.ensure(version, version=account.version, state=account.state)
    return account
