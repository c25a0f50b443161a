"""`python -m services.gateway.access.first_admin NAME`: the account that makes all the others.

For a new system, which has no account at all: it makes an administrator and prints the link by
which they set their password, once. Two are needed, for one approves what the other does: where two
can sign in already it makes none; they make further ones.
"""

import asyncio
import re
import sys

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts, links, queries
from services.gateway.access.links import IssuedLink
from services.gateway.access.pages import PASSWORD_PAGE
from services.gateway.access.rules import OPERATOR, AccountTaken
from services.gateway.access.schemas import ACCOUNT_NAME, NewAccount
from services.gateway.settings import GatewaySettings
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.identity import Caller

NEEDED = 2
BY = Caller(OPERATOR, frozenset({"admin"}), frozenset({"*"}))


class AdminExists(Exception):
    """Two people can administer this system already."""


async def create(session: AsyncSession, name: str) -> IssuedLink:
    """The link for one of the first two administrators. Raises AdminExists or AccountTaken."""
    await queries.lock_accounts(session)
    if await queries.count_admins(session) >= NEEDED:
        raise AdminExists
    now = clock.now()
    wanted = NewAccount(account=name, roles=["admin"], places=["*"])
    account = await accounts.create_account(session, wanted, BY, now)
    return await links.issue(session, account.id, BY, now)


async def _create(name: str) -> IssuedLink:
    engine = new_engine(GatewaySettings(), "gateway-first-admin")
    try:
        async with new_sessions(engine)() as session, session.begin():
            return await create(session, name)
    finally:
        await engine.dispose()


def main(arguments: list[str]) -> None:
    if len(arguments) != 1 or not re.fullmatch(ACCOUNT_NAME, arguments[0]):
        sys.exit(f"{__doc__}\nNAME: {ACCOUNT_NAME}")
    try:
        link = asyncio.run(_create(arguments[0]))
    except AdminExists:
        sys.exit(
            "已有两位管理员，未新建；请由管理员在系统中新建账号。\n"
            "There are two administrators already; ask them for an account."
        )
    except AccountTaken as taken:
        sys.exit(f"{taken.title.zh} | {taken.title.en}")
    except (ValidationError, SQLAlchemyError, OSError) as error:
        sys.exit(f"没有新建。 Nothing was made: {type(error).__name__}: {error}")
    sys.stdout.write(
        f"账号 account: {arguments[0]}\n链接 link:    {PASSWORD_PAGE}#{link.token}\n"
        "请本人在 24 小时内打开本系统的这个地址设置密码；只显示这一次，只能用一次。\n"
        "Open it at this system's address within 24 hours to set a password; shown and good once.\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
