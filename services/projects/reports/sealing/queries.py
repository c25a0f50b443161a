"""SQL of the tree of facts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.reports.models import FactBlock
from services.projects.reports.sealing.statement import SIGNED_LAST, SOME_FACTS


class FactHash(NamedTuple):
    """A fact in the tree."""

    id: int
    sha256: str


class SignedReport(NamedTuple):
    """What ties facts to a report that was signed; `last_fact` is the newest that it counts."""

    id: UUID
    as_of: date
    last_fact: int
    captures_root: str
    body: bytes
    year: int
    serial: int
    signed_at: datetime


async def some_facts(
    session: AsyncSession, after: int, last: int, limit: int
) -> Sequence[FactHash]:
    """The first facts with ids after `after`, up to `last`."""
    found = await session.execute(SOME_FACTS, {"after": after, "last": last, "limit": limit})
    return [FactHash(*row) for row in found]


async def blocks(session: AsyncSession, last_fact: int) -> Sequence[FactBlock]:
    """The blocks that are kept up to that fact, in their order."""
    found = select(FactBlock).where(col(FactBlock.last_id) <= last_fact)
    return (await session.exec(found.order_by(col(FactBlock.number)))).all()


async def last_block(session: AsyncSession) -> FactBlock | None:
    """The newest block that is kept."""
    newest = select(FactBlock).order_by(col(FactBlock.number).desc()).limit(1)
    return (await session.exec(newest)).first()


async def add_block(session: AsyncSession, block: FactBlock) -> None:
    """Keep a block, unless somebody did."""
    await session.execute(insert(FactBlock).values(**block.model_dump()).on_conflict_do_nothing())


async def signed_last(session: AsyncSession) -> SignedReport | None:
    """The report that was signed last and stands, if one is."""
    found = (await session.execute(SIGNED_LAST)).mappings().first()
    return None if found is None else SignedReport(**found)
