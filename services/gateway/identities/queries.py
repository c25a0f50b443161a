"""The SQL of identities."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.identities.models import AccountIdentity, IdentityProposal


class Numbered(NamedTuple):
    """The sealed number of an account, with the digest that stands beside it."""

    account_id: UUID
    id_number_sealed: str
    id_number_index: str | None
    conflict_at: datetime | None


async def of_account(session: AsyncSession, account_id: UUID) -> AccountIdentity | None:
    """What was checked for the account last, and counts."""
    rows = select(AccountIdentity).where(col(AccountIdentity.account_id) == account_id)
    return (await session.exec(rows)).one_or_none()


async def proposal_of(session: AsyncSession, account_id: UUID) -> IdentityProposal | None:
    """What waits for a second person."""
    rows = select(IdentityProposal).where(col(IdentityProposal.account_id) == account_id)
    return (await session.exec(rows)).one_or_none()


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


async def put(session: AsyncSession, account_id: UUID, values: dict[str, Any]) -> AccountIdentity:
    """The identity of the account from now on; `version` counts how often it was checked."""
    put = upsert(AccountIdentity).values({"account_id": account_id, "version": 1, **values})
    next_version = func.greatest(col(AccountIdentity.version) + 1, put.excluded.version)
    counted = {**values, "version": next_version, "conflict_at": None}
    statement = put.on_conflict_do_update(index_elements=["account_id"], set_=counted).returning(
        AccountIdentity
    )
    fresh = {"populate_existing": True}
    return (await session.scalars(statement, execution_options=fresh)).one()


async def propose(
    session: AsyncSession, account_id: UUID, values: dict[str, Any]
) -> IdentityProposal:
    """What waits from now on, in place of an earlier proposal.

    Its version is no earlier one's, so that nobody approves another than they looked at.
    """
    checked = select(AccountIdentity.version).where(AccountIdentity.account_id == account_id)
    first = func.coalesce(checked.scalar_subquery(), 0) + 1
    put = upsert(IdentityProposal).values({"account_id": account_id, "version": first, **values})
    counted = {**values, "version": col(IdentityProposal.version) + 1}
    statement = put.on_conflict_do_update(index_elements=["account_id"], set_=counted).returning(
        IdentityProposal
    )
    fresh = {"populate_existing": True}
    return (await session.scalars(statement, execution_options=fresh)).one()


async def take_proposal(session: AsyncSession, seen: IdentityProposal) -> bool:
    """Whether it waited still, as it was seen; it does no more."""
    taken = delete(IdentityProposal).where(
        col(IdentityProposal.account_id) == seen.account_id,
        col(IdentityProposal.version) == seen.version,
        col(IdentityProposal.verified_at) == seen.verified_at,
    )
    return (await session.exec(taken)).rowcount == 1


async def drop_proposal(session: AsyncSession, account_id: UUID) -> None:
    await session.exec(
        delete(IdentityProposal).where(col(IdentityProposal.account_id) == account_id)
    )


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
