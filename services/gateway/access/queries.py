"""The queries of the access room; the long statements stand in `statement`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access import statement
from services.gateway.access.models import (
    Account,
    AccountState,
    PasswordLink,
    RefreshToken,
    SignIn,
)
from services.gateway.access.rules import TOKENS_OUTLIVE_SIGN_INS, AccountTaken
from services.gateway.access.statement import EndedSignIn
from shared.database import deciding
from shared.database.deciding import DecidingSession
from shared.database.engine import DirectPool
from shared.database.pieces import Piece

_END_LINKS = text(
    "UPDATE password_link SET ended_at = :now, ended_because = :because"
    " WHERE account_id = :account AND ended_at IS NULL AND expires_at > :now"
)


async def name_of(direct: DirectPool, account_id: UUID) -> str | None:
    found: str | None = await direct.fetchval("SELECT name FROM account WHERE id = $1", account_id)
    return found


def by_name(name: str) -> Piece:
    """The account of that name, as a part of a statement."""
    return Piece(statement.BY_NAME, {"name": name})


async def replace_hash(direct: DirectPool, account_id: UUID, was: str, will: str) -> None:
    """A compare-and-swap: a password changed meanwhile stays as it was changed."""
    sql = "UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2"
    await direct.execute(sql, account_id, was, will)


async def change_password(
    session: AsyncSession, account_id: UUID, was: str, will: str, now: datetime
) -> bool:
    """A compare-and-swap on the hash; False when it was changed, or the account disabled."""
    changed = (
        update(Account)
        .where(
            col(Account.id) == account_id,
            col(Account.password_hash) == was,
            col(Account.state) == AccountState.ACTIVE,
        )
        .values(password_hash=will, password_set_at=now, version=Account.version + 1)
    )
    return (await session.exec(changed)).rowcount == 1


async def account(session: AsyncSession, account_id: UUID) -> Account | None:
    return (await session.exec(select(Account).where(Account.id == account_id))).one_or_none()


async def accounts_after(session: AsyncSession, after: str | None, limit: int) -> Sequence[Account]:
    """Up to `limit` accounts by name, beginning behind the name `after`."""
    wanted = select(Account).order_by(col(Account.name)).limit(limit)
    if after is not None:
        wanted = wanted.where(col(Account.name) > after)
    return (await session.exec(wanted)).all()


async def add(session: AsyncSession, account: Account) -> bool:
    """Whether the account was added; False when its name is taken. A decision is refused then."""
    if isinstance(session, DecidingSession):
        session.add(account)
        session.statement.refusing("uq_account_name", AccountTaken)
        return True
    values = account.model_dump()
    added = upsert(Account).values(values).on_conflict_do_nothing(index_elements=["name"])
    return (await session.exec(added)).rowcount == 1


async def lock_accounts(session: AsyncSession) -> None:
    """Until the transaction ends, nobody else adds or changes an account."""
    await session.execute(text("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE"))


async def administrators(session: AsyncSession) -> Sequence[Account]:
    """Every administrator, but for those of a demonstration."""
    wanted = select(Account).where(
        col(Account.roles).contains(["admin"]), col(Account.is_demo).is_(False)
    )
    return (await session.exec(wanted)).all()


async def pending(session: AsyncSession, name: str) -> Account | None:
    """The account of that name, if it waits for an approval."""
    waits = select(Account).where(Account.name == name, Account.state == AccountState.PENDING)
    return (await session.exec(waits)).one_or_none()


async def ended_since(direct: DirectPool, since: datetime) -> list[tuple[UUID, datetime]]:
    """The sign-ins that were ended then or later, and when."""
    rows = await direct.fetch("SELECT id, ended_at FROM sign_in WHERE ended_at >= $1", since)
    return [(row["id"], row["ended_at"]) for row in rows]


async def end_all(
    session: AsyncSession, account_id: UUID, now: datetime, because: str
) -> Sequence[EndedSignIn]:
    """Ends every sign-in of the account; those that had time left."""
    return await _end(session, col(SignIn.account_id) == account_id, now, because)


async def end_of_token(
    session: AsyncSession, token_hash: str, now: datetime, because: str
) -> Sequence[EndedSignIn]:
    """Ends the sign-in that a refresh token is of, none if the token is unknown."""
    of_token = select(RefreshToken.sign_in_id).where(col(RefreshToken.hash) == token_hash)
    return await _end(session, col(SignIn.id).in_(of_token), now, because)


async def _end(
    session: AsyncSession, which: ColumnElement[bool], now: datetime, because: str
) -> Sequence[EndedSignIn]:
    ended = await session.execute(
        update(SignIn)
        .where(
            which,
            col(SignIn.ended_at).is_(None),
            col(SignIn.expires_at) > now - TOKENS_OUTLIVE_SIGN_INS,
        )
        .values(ended_at=now, ended_because=because)
        .returning(col(SignIn.id), col(SignIn.account_id))
    )
    return [EndedSignIn(*row) for row in ended]


class OpenLink(NamedTuple):
    """A link that works, and the account that it is for."""

    account_id: UUID
    name: str
    password_hash: str
    state: AccountState
    issued_by: str


def _open(now: datetime) -> Sequence[ColumnElement[bool]]:
    return col(PasswordLink.ended_at).is_(None), col(PasswordLink.expires_at) > now


async def open_link(session: AsyncSession, token_hash: str, now: datetime) -> OpenLink | None:
    """The link of that token; None if it was used, replaced or is too old."""
    found = await session.execute(
        select(Account.id, Account.name, Account.password_hash, Account.state)
        .add_columns(col(PasswordLink.issued_by))
        .join(PasswordLink, col(PasswordLink.account_id) == Account.id)
        .where(col(PasswordLink.hash) == token_hash, *_open(now))
    )
    row = found.one_or_none()
    return None if row is None else OpenLink(*row)


async def has_open_link(session: AsyncSession, account_id: UUID, now: datetime) -> bool:
    """Whether somebody may still set the account's password by a link."""
    wanted = select(PasswordLink.hash).where(
        col(PasswordLink.account_id) == account_id, *_open(now)
    )
    return (await session.exec(wanted.limit(1))).first() is not None


async def last_link(session: AsyncSession, account_id: UUID) -> PasswordLink | None:
    """The link that was issued last for the account, whatever became of it."""
    wanted = select(PasswordLink).where(PasswordLink.account_id == account_id)
    return (
        await session.exec(wanted.order_by(col(PasswordLink.issued_at).desc()).limit(1))
    ).first()


async def last_used_link(session: AsyncSession, account_id: UUID) -> PasswordLink | None:
    """The link by which the account's password was set last, None where that is long ago."""
    used = select(PasswordLink).where(
        PasswordLink.account_id == account_id, PasswordLink.ended_because == "used"
    )
    return (await session.exec(used.order_by(col(PasswordLink.ended_at).desc()).limit(1))).first()


async def use_link(session: AsyncSession, token_hash: str, now: datetime) -> bool:
    """Of two that come with the same link, one is right."""
    used = (
        update(PasswordLink)
        .where(col(PasswordLink.hash) == token_hash, *_open(now))
        .values(ended_at=now, ended_because="used")
    )
    return (await session.exec(used)).rowcount == 1


async def end_links(session: AsyncSession, account_id: UUID, now: datetime, because: str) -> None:
    """Ends every link of the account that is still open."""
    values = {"account": account_id, "now": now, "because": because}
    await deciding.write(session, _END_LINKS, values)


async def demo_names(session: AsyncSession) -> Sequence[str]:
    """The demo accounts that could sign in."""
    wanted = select(Account.name).where(
        col(Account.is_demo), col(Account.state) == AccountState.ACTIVE
    )
    return (await session.exec(wanted.order_by(col(Account.name)))).all()


async def put_demo(session: AsyncSession, values: dict[str, Any]) -> None:
    """Adds or renews a demo account; a real account of that name stays as it is."""
    put = upsert(Account).values(values)
    renewed = {key: put.excluded[key] for key in ("password_hash", "roles", "places", "state")}
    own = col(Account.is_demo).is_(True)
    await session.exec(put.on_conflict_do_update(index_elements=["name"], set_=renewed, where=own))


async def demo_hashes(session: AsyncSession) -> dict[str, str]:
    """The password hashes of the demo accounts, by name."""
    demo = select(Account.name, Account.password_hash).where(col(Account.is_demo))
    return dict((await session.exec(demo)).all())
