"""`python -m services.gateway.access.first_admin NAME`: the account that makes all the others.

For a new system, which has no account at all: it makes an administrator and prints the link by
which they set their password, once. Two are needed, for one approves what the other does. For an
administrator whose link or password was lost it prints another link. Where two others can sign in
it does neither: they do it, one of them and then the other. An account that waits for an approval
it lets in by a link whatever its roles, since everybody who could approve it may have acted on it.

Whoever opened a link set a password, and nobody knows here who it was: what was set before works
no more.
"""

import asyncio
import re
import sys
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts, endings, links, passwords, queries
from services.gateway.access.links import IssuedLink
from services.gateway.access.models import Account, AccountState
from services.gateway.access.pages import PASSWORD_PAGE
from services.gateway.access.rules import OPERATOR, AccountTaken
from services.gateway.access.schemas import ACCOUNT_NAME, NewAccount
from services.gateway.access.workflow import WORKFLOW, AccountAction
from services.gateway.settings import GatewaySettings
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.database.versioned import swap
from shared.security import audit_log
from shared.security.identity import Caller

NEEDED = 2
BY = Caller(OPERATOR, frozenset({"admin"}), frozenset({"*"}))


class AdminExists(Exception):
    """Two other people can administer this system already, or were handed the way to."""


async def create(session: AsyncSession, name: str, now: datetime) -> IssuedLink:
    """The link for one of two administrators, or for an account that waits for an approval.

    Raises AdminExists, or AccountTaken where the name is another's or a disabled administrator's.
    """
    await queries.lock_accounts(session)
    waiting = await queries.pending(session, name)
    if waiting is not None:
        await _renew(session, waiting, now)
        return await links.issue(session, waiting.id, BY, now)
    known = await queries.administrators(session)
    others = [each for each in known if each.name != name]
    if sum([await _can_sign_in(session, each, now) for each in others]) >= NEEDED:
        raise AdminExists
    account = next((each for each in known if each.name == name), None)
    if account is None:
        wanted = NewAccount(name=name, roles=["admin"], places=["*"])
        account = await accounts.create_account(session, wanted, BY, now)
    else:
        await _renew(session, account, now)
    return await links.issue(session, account.id, BY, now)


async def _renew(session: AsyncSession, account: Account, now: datetime) -> None:
    """Whoever runs a command here is the second person that a pending account waits for, and
    approves no password: it may be that of whoever issued the link before.
    """
    if account.state == AccountState.DISABLED:
        raise AccountTaken
    move = WORKFLOW.find(account.state, account.version, AccountAction.RENEW)
    unset = {"password_hash": await passwords.nobodys(), "password_set_at": None}
    await swap(session, account, {"state": move.to, "acted_by": [], **unset})
    await endings.end_all(session, account.id, now, "password_changed")
    await audit_log.write(session, BY.sub, move.noted, f"account:{account.id}", now)


async def _can_sign_in(session: AsyncSession, account: Account, now: datetime) -> bool:
    """Whether they can, or will be able to by a link that still works."""
    if account.state != AccountState.ACTIVE:
        return False
    open_link = await queries.has_open_link(session, account.id, now)
    return open_link or account.password_set_at is not None


async def _create(name: str) -> IssuedLink:
    engine = new_engine(GatewaySettings(), "gateway-first-admin")
    try:
        async with new_sessions(engine)() as session, session.begin():
            return await create(session, name, clock.now())
    finally:
        await engine.dispose()


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or not re.fullmatch(ACCOUNT_NAME, arguments[0]):
        sys.exit(f"{__doc__}\nNAME: {ACCOUNT_NAME}")
    try:
        link = asyncio.run(_create(arguments[0]))
    except AdminExists:
        sys.exit(
            "已有另外两位管理员，未办理；请由他们在系统中新建账号或签发设密链接。\n"
            "There are two other administrators already; ask them for an account or a link."
        )
    except AccountTaken as taken:
        sys.exit(f"{taken.title.zh} | {taken.title.en}")
    except (ValidationError, SQLAlchemyError, OSError) as error:
        sys.exit(f"没有新建。 Nothing was made: {type(error).__name__}: {error}")
    sys.stdout.write(
        f"账号 account: {arguments[0]}\n链接 link:    {PASSWORD_PAGE}#{link.token}\n"
        "请本人在 24 小时内打开本系统的这个地址设置密码；只显示这一次，只能用一次。\n"
        "Open it at this system's address within 24 hours to set a password; shown and good once.\n"
        "此前的密码和登录均已失效。 Earlier passwords and sign-ins work no more.\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
