"""Something with states and versions, in tables of these tests alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from deploy.postgres import Urls
from shared.database.engine import DirectPool
from shared.database.rows import columns, loaded
from shared.database.swap_statement import SwapStatement
from shared.database.tables import enum_type, new_metadata
from shared.ids import new_id


class KettleState(StrEnum):
    COLD = "cold"
    HOT = "hot"


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    """Tables of this test alone."""


class Kettle(Base, table=True):
    id: UUID = Field(primary_key=True)
    state: KettleState = Field(sa_type=enum_type(KettleState))
    notes: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    version: int = 1
    boiled: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


ONE = f"SELECT {columns(Kettle, 'k')} FROM kettle k WHERE k.id = $1"


async def kettle(direct: DirectPool) -> Kettle:
    made, adding = Kettle(id=new_id(), state=KettleState.COLD), SwapStatement(direct)
    adding.insert(made)
    await adding.write()
    return await seen(direct, made.id)


async def seen(direct: DirectPool, kettle_id: UUID) -> Kettle:
    record = await direct.fetchrow(ONE, kettle_id)
    assert record is not None
    return loaded(Kettle, record)


@asynccontextmanager
async def kettles(urls: Urls, settings: Any) -> AsyncIterator[DirectPool]:
    """The table, and the pool that reaches it."""
    engine = create_async_engine(urls.owner.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    pool = DirectPool(settings, "test", lambda: None)
    yield pool
    await pool.close()
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await engine.dispose()
