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
    rules.ensure_acts_there(wanted.roles, wanted.places)
    account = Account(
        name=wanted.name,
        password_hash=await passwords.nobodys(),
        roles=sorted(set(wanted.roles)),
        places=sorted(set(wanted.places)),
        created_at=now,
    )
    for name, value in reviewed(account, account.roles, by.sub, ()).items():
        setattr(account, name, value)
    if not await queries.add(session, account):
        raise rules.AccountTaken
    details = {"roles": account.roles, "places": account.places}
    await audit_log.write(session, by.sub, "account.created", f"account:{account.id}", now, details)
    return account


def reviewed(
    account: Account, roles: Collection[str], by: str, ordinary: Collection[str]
) -> dict[str, Any]:
    """What changes besides where `by` changes an account that has these roles then: a privileged
    one waits for a second person, and everybody who acts meanwhile is remembered. Of any other
    account only `ordinary` are: what else is done to one gives nobody a privilege, and where every
    hand in it counted, two administrators alone could approve none that they ever promote.
    """
    if by == rules.OPERATOR:
        return {}
    if not rules.is_privileged(roles):
        return {"changed_by": by, "acted_by": sorted(ordinary)}
    move = WORKFLOW.find(account.state, account.version, AccountAction.CHANGE)
    return {"state": move.to, **_acted(account, by)}


def _acted(account: Account, by: str) -> dict[str, Any]:
    return {"changed_by": by, "acted_by": sorted({*account.acted_by, by})}


async def _gave_password(session: AsyncSession, account: Account) -> set[str]:
    """Who issued the link by which the password was set, unless it was approved since: they may
    know it, and so are no second person for what the account is given later.
    """
    if not rules.is_privileged(account.roles):
        return set(account.acted_by)
    link = await queries.last_used_link(session, account.id)
    return set() if link is None else {link.issued_by} & set(account.acted_by)


async def grant(
    session: AsyncSession, account_id: UUID, wanted: Grants, by: Caller, now: datetime
) -> Account:
    """The account with other roles and places. Raises OwnGrant, RolesExclude, StateConflict."""
    rules.ensure_separate(wanted.roles)
    rules.ensure_acts_there(wanted.roles, wanted.places)
    values = {"roles": sorted(set(wanted.roles)), "places": sorted(set(wanted.places))}
    account = await seen(session, account_id, wanted.version, by)
    ordinary = await _gave_password(session, account)
    review = reviewed(account, wanted.roles, by.sub, ordinary)
    changed = await swap(session, account, {**values, **review})
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
    # Whoever only disables has given nothing to anybody, and may judge who enables it again; nor
    # has who enables what is used without an approval, or is enabled already.
    acted = _acted(account, by.sub) if move.to is AccountState.PENDING else {}
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
    if account.password_set_at is None or await queries.has_open_link(session, account_id, now):
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
