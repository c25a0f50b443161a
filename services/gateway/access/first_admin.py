"""`python -m services.gateway.access.first_admin NAME`: the account that makes all the others.

For a new system, which has no account at all: it makes one administrator and prints its password,
once. Where an administrator can sign in already, it makes none; they make further ones.
"""

import asyncio
import re
import sys

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import accounts, queries
from services.gateway.access.rules import AccountTaken
from services.gateway.access.schemas import ACCOUNT_NAME, NewAccount
from services.gateway.settings import GatewaySettings
from shared import clock
from shared.database.engine import new_engine, new_sessions
from shared.security.identity import Caller

OPERATOR = Caller("operator", frozenset({"admin"}), frozenset({"*"}))
"""Whoever runs a command on the server: what the audit log calls them."""


class AdminExists(Exception):
    """Somebody can administer this system already."""


async def create(session: AsyncSession, name: str) -> str:
    """The first administrator's password. Raises AdminExists or AccountTaken."""
    await queries.lock_accounts(session)
    if await queries.has_admin(session):
        raise AdminExists
    wanted = NewAccount(account=name, roles=["admin"], places=["*"])
    _, password = await accounts.create_account(session, wanted, OPERATOR, clock.now())
    return password


async def _create(name: str) -> str:
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
        password = asyncio.run(_create(arguments[0]))
    except AdminExists:
        sys.exit(
            "已有管理员账号，未新建；请由管理员在系统中新建账号。\n"
            "There is an administrator already; ask them for an account."
        )
    except AccountTaken as taken:
        sys.exit(f"{taken.title.zh} | {taken.title.en}")
    except (ValidationError, SQLAlchemyError, OSError) as error:
        sys.exit(f"没有新建。 Nothing was made: {type(error).__name__}: {error}")
    sys.stdout.write(
        f"账号 account:  {arguments[0]}\n口令 password: {password}\n"
        "口令只显示这一次，登录后请修改。 Shown only this once; change it after signing in.\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
