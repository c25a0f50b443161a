"""The SQL of identities."""

from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.gateway.identities.models import AccountIdentity


async def of_account(session: AsyncSession, account_id: UUID) -> AccountIdentity | None:
    """What was checked for the account last."""
    rows = select(AccountIdentity).where(col(AccountIdentity.account_id) == account_id)
    return (await session.exec(rows)).one_or_none()


async def put(session: AsyncSession, account_id: UUID, values: dict[str, Any]) -> AccountIdentity:
    """The identity of the account from now on; `version` counts how often it was checked."""
    put = upsert(AccountIdentity).values({"account_id": account_id, "version": 1, **values})
    counted = {**values, "version": col(AccountIdentity.version) + 1}
    statement = put.on_conflict_do_update(index_elements=["account_id"], set_=counted).returning(
        AccountIdentity
    )
    fresh = {"populate_existing": True}
    return (await session.scalars(statement, execution_options=fresh)).one()
