"""The SQL of identities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.access.models import Account
from services.gateway.identities.models import AccountIdentity, IdentityProposal
from services.gateway.identities.rules import IdentityTaken
from shared.database.deciding import DecidingSession
from shared.database.faults import Overtaken

_TAKE_PROPOSAL = (
    "DELETE FROM identity_proposal WHERE account_id = :account AND version = :version"
    " AND verified_at = :at RETURNING 1"
)


class Numbered(NamedTuple):
    """The sealed number of an account, with the digest that stands beside it."""

    account_id: UUID
    id_number_sealed: str
    id_number_index: str | None
    conflict_at: datetime | None


class Known(NamedTuple):
    """An account, what was checked for it last and counts, and what waits for a second person."""

    account: Account
    counts: AccountIdentity | None
    waits: IdentityProposal | None


async def known(session: AsyncSession, account_id: UUID) -> Known | None:
    """What is known of an account, None where there is none."""
    rows = (
        select(Account, AccountIdentity, IdentityProposal)
        .select_from(Account)
        .outerjoin(AccountIdentity, col(AccountIdentity.account_id) == Account.id)
        .outerjoin(IdentityProposal, col(IdentityProposal.account_id) == Account.id)
        .where(Account.id == account_id)
    )
    row = (await session.exec(rows)).one_or_none()
    return None if row is None else Known(*row)


async def waiting(
    session: AsyncSession, after: UUID | None, limit: int
) -> Sequence[tuple[AccountIdentity | None, IdentityProposal | None]]:
    """Up to `limit` that wait, by account, behind `after`; each with what counts until then."""
    same = col(AccountIdentity.account_id) == IdentityProposal.account_id
    rows = select(AccountIdentity, IdentityProposal).select_from(IdentityProposal)
    rows = rows.outerjoin(AccountIdentity, same).limit(limit)
    if after is not None:
        rows = rows.where(col(IdentityProposal.account_id) > after)
    found = await session.exec(rows.order_by(col(IdentityProposal.account_id)))
    return [(counts, waits) for counts, waits in found]


async def counting(
    session: AsyncSession, after: UUID | None, limit: int, *, conflict: bool
) -> Sequence[AccountIdentity]:
    """Up to `limit` that count, by account, behind `after`; only those in `conflict` if asked."""
    rows = select(AccountIdentity).order_by(col(AccountIdentity.account_id)).limit(limit)
    if conflict:
        rows = rows.where(col(AccountIdentity.conflict_at).is_not(None))
    if after is not None:
        rows = rows.where(col(AccountIdentity.account_id) > after)
    return (await session.exec(rows)).all()


async def holders(session: AsyncSession, number: Sequence[str]) -> set[UUID]:
    """The accounts that have the number, by its digests."""
    rows = select(AccountIdentity.account_id).where(
        col(AccountIdentity.id_number_index).in_(number)
    )
    return set(await session.exec(rows))


def put(
    session: DecidingSession, counts: AccountIdentity | None, new: AccountIdentity
) -> AccountIdentity:
    """The identity of the account from now on, in place of the one that counts; its version is a
    later one. Of two that come at once the second is decided anew; a number has one account.
    """
    session.statement.refusing("uq_account_identity_id_number_index", IdentityTaken)
    if counts is None:
        session.add(new)
        session.statement.refusing("pk_account_identity", Overtaken)
        return new
    later = max(new.version, counts.version + 1)
    values = {**new.model_dump(exclude={"account_id"}), "version": later}
    return session.statement.swap(counts, values, follows=True)


def propose(session: DecidingSession, known: Known, values: dict[str, Any]) -> IdentityProposal:
    """What waits from now on, in place of an earlier proposal.

    Its version is no earlier one's, so that nobody approves another than they looked at.
    """
    if known.counts is not None:
        session.statement.hold(known.counts)
    if known.waits is not None:
        return session.statement.swap(known.waits, values, follows=True)
    first = 1 if known.counts is None else known.counts.version + 1
    new = IdentityProposal(account_id=known.account.id, version=first, **values)
    session.add(new)
    session.statement.refusing("pk_identity_proposal", Overtaken)
    return new


def take_proposal(session: DecidingSession, seen: IdentityProposal) -> None:
    """It waits no more, where it is as it was seen; else all is decided anew."""
    values: dict[str, Any] = {
        "account": seen.account_id,
        "version": seen.version,
        "at": seen.verified_at,
    }
    session.statement.lock(_TAKE_PROPOSAL, **values)


async def numbered(session: AsyncSession, after: UUID | None, limit: int) -> Sequence[Numbered]:
    """Up to `limit` identities with a number, by account, behind `after`."""
    columns = [getattr(AccountIdentity, part) for part in Numbered._fields]
    rows = select(*columns).where(col(AccountIdentity.id_number_sealed).is_not(None))
    if after is not None:
        rows = rows.where(col(AccountIdentity.account_id) > after)
    found = await session.exec(rows.order_by(col(AccountIdentity.account_id)).limit(limit))
    return [Numbered(*row) for row in found]


async def set_index(
    session: AsyncSession, seen: Numbered, index: str | None, conflict_at: datetime | None
) -> bool:
    """Whether number and digest are still as seen; the digest is `index` then.

    Of two gateways that look at once one finds it so, and what it found is noted once.
    """
    known = col(AccountIdentity.id_number_index)
    changed = (
        update(AccountIdentity)
        .where(
            col(AccountIdentity.account_id) == seen.account_id,
            col(AccountIdentity.id_number_sealed) == seen.id_number_sealed,
            known.is_not_distinct_from(seen.id_number_index),
            col(AccountIdentity.conflict_at).is_not_distinct_from(seen.conflict_at),
        )
        .values(id_number_index=index, conflict_at=conflict_at)
    )
    return (await session.exec(changed)).rowcount == 1
