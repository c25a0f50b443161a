"""The administration of accounts. Nobody administers themselves."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import endings, passwords, queries, rules
from services.gateway.access.models import Account, AccountState, PasswordLink
from services.gateway.access.schemas import Grants, NewAccount
from services.gateway.access.workflow import WORKFLOW, AccountAction
from shared.database.versioned import swap
from shared.errors import FourEyes, NotFound
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions


async def get_account(session: AsyncSession, account_id: UUID) -> Account:
    """Raises NotFound."""
    found = await queries.account(session, account_id)
    if found is None:
        raise NotFound
    return found


async def about(session: AsyncSession, sub: str) -> tuple[str | None, PasswordLink | None]:
    """The name of the account behind a token's subject, None if there is none; its last link."""
    try:
        account = await get_account(session, as_uuid(sub))
    except NotFound:
        return None, None
    return account.name, await queries.last_link(session, account.id)


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
) -> Account:
    """The new account, which has no password yet. Raises RolesExclude or AccountTaken."""
    rules.ensure_separate(wanted.roles)
    account = Account(
        name=wanted.account,
        password_hash=await passwords.nobodys(),
        roles=sorted(set(wanted.roles)),
        places=sorted(set(wanted.places)),
        created_at=now,
    )
    account = account.model_copy(update=reviewed(account, account.roles, by.sub))
    if not await queries.add(session, account.model_dump()):
        raise rules.AccountTaken
    details = {"roles": account.roles, "places": account.places}
    await audit_log.write(session, by.sub, "account.created", f"account:{account.id}", now, details)
    return account


def reviewed(account: Account, roles: Collection[str], by: str) -> dict[str, Any]:
    """What changes besides where `by` changes an account that has these roles then: a privileged
    one waits for a second person. Whoever acts on another is remembered all the same, for it may
    become a privileged one.
    """
    if by == rules.OPERATOR:
        return {}
    acted = _acted(account, by)
    if not rules.is_privileged(roles):
        return acted
    move = WORKFLOW.find(account.state, account.version, AccountAction.CHANGE)
    return {"state": move.to, **acted}


def _acted(account: Account, by: str) -> dict[str, Any]:
    return {"changed_by": by, "acted_by": sorted({*account.acted_by, by})}


async def grant(
    session: AsyncSession, account_id: UUID, wanted: Grants, by: Caller, now: datetime
) -> Account:
    """The account with other roles and places. Raises OwnGrant, RolesExclude, StateConflict."""
    rules.ensure_separate(wanted.roles)
    values = {"roles": sorted(set(wanted.roles)), "places": sorted(set(wanted.places))}
    account = await seen(session, account_id, wanted.version, by)
    changed = await swap(session, account, {**values, **reviewed(account, wanted.roles, by.sub)})
    await endings.end_all(session, account_id, now, "grants_changed")
    await audit_log.write(session, by.sub, "account.granted", f"account:{account_id}", now, values)
    return changed


async def take(
    session: AsyncSession,
    account_id: UUID,
    action: AccountAction,
    version: int,
    by: Caller,
    now: datetime,
) -> Account:
    """The account, disabled or enabled. Raises OwnGrant, NotFound or StateConflict."""
    account = await seen(session, account_id, version, by)
    move = WORKFLOW.take(account.state, account.version, action, by.roles)
    if move.privileged is not None and rules.is_privileged(account.roles):
        move = WORKFLOW.take(account.state, account.version, move.privileged, by.roles)
    # Whoever only disables has given nothing to anybody, and may judge who enables it again.
    acted = {} if move.to is AccountState.DISABLED else _acted(account, by.sub)
    changed = await swap(session, account, {"state": move.to, **acted})
    if move.ends_sign_ins is not None:
        await endings.end_all(session, account_id, now, move.ends_sign_ins)
        await queries.end_links(session, account_id, now, move.ends_sign_ins)
    await audit_log.write(session, by.sub, move.noted, f"account:{account_id}", now)
    return changed


async def approve(
    session: AsyncSession, account_id: UUID, version: int, by: Caller, now: datetime
) -> Account:
    """The account, active, where `by` had no hand in it: not in its making, its grants, its
    enabling, nor in a link by which its password was set, since it was approved last.

    Raises OwnGrant, FourEyes, PasswordNotSet, NotFound or StateConflict.
    """
    account = await seen(session, account_id, version, by)
    move = WORKFLOW.take(account.state, account.version, AccountAction.APPROVE, by.roles)
    if by.sub in {*account.acted_by, account.changed_by}:
        raise FourEyes
    if await queries.has_open_link(session, account_id, now):
        raise rules.PasswordNotSet
    changed = await swap(session, account, {"state": move.to, "acted_by": []})
    await audit_log.write(session, by.sub, move.noted, f"account:{account_id}", now)
    return changed


async def seen(session: AsyncSession, account_id: UUID, version: int, by: Caller) -> Account:
    """Another's account as the caller saw it. Raises OwnGrant, NotFound or StateConflict."""
    rules.ensure_other(by.sub, str(account_id))
    account = await get_account(session, account_id)
    versions.ensure(version, version=account.version, state=account.state)
    return account
