"""SQL of named addresses."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.named_addresses.models import NamedAddress
from services.projects.named_addresses.statement import COLUMNS, DUE, HURRY, PORTAL
from services.projects.portals.models import Portal, PortalRule

TRY_AGAIN, TRIED_FOR = timedelta(hours=6), timedelta(days=3)
READ_AGAIN = timedelta(hours=24)


class PortalOfAddress(NamedTuple):
    """Which portal of a unit takes an address in."""

    id: str
    name: str
    has_list: bool


async def portal_of(session: AsyncSession, unit_code: str, url: str) -> PortalOfAddress | None:
    """The unit's portal for the address; None where none stands for its host."""
    found = (await session.execute(PORTAL, {"unit": unit_code, "url": url})).first()
    return None if found is None else PortalOfAddress(*found)


class UnitColumns(NamedTuple):
    """Whether a column of a unit shows elements as labels, and when all were read last that prove
    what is absent; None while one does not."""

    judge_elements: bool
    proven_at: datetime | None


async def columns(session: AsyncSession, unit_code: str) -> UnitColumns:
    """What is known of the unit's columns."""
    return UnitColumns(*(await session.execute(COLUMNS, {"unit": unit_code})).one())


async def unplaced(session: AsyncSession, limit: int) -> Sequence[NamedAddress]:
    """Some addresses that the collector has not been asked for, locked, the oldest first."""
    found = select(NamedAddress).where(col(NamedAddress.page_id).is_(None))
    oldest = found.order_by(col(NamedAddress.id)).limit(limit).with_for_update(skip_locked=True)
    return (await session.exec(oldest)).all()


async def add_portal(session: AsyncSession, portal: Portal, rule: PortalRule) -> None:
    """The portal with its rule, unless another has added it."""
    values = portal.model_dump(exclude={"host"})
    await session.execute(insert(Portal).values(values).on_conflict_do_nothing())
    await session.execute(insert(PortalRule).values(rule.model_dump()).on_conflict_do_nothing())


async def due(session: AsyncSession, now: datetime, limit: int) -> Sequence[Portal]:
    """Portals without a list that have something to read."""
    found = select(Portal).from_statement(
        DUE.bindparams(
            now=now,
            tried_before=now - TRY_AGAIN,
            named_after=now - TRIED_FOR,
            read_before=now - READ_AGAIN,
            limit=limit,
        )
    )
    return (await session.execute(found)).scalars().all()


async def hurry(session: AsyncSession, now: datetime) -> None:
    """Have the columns read next in which a named page waits."""
    await session.execute(HURRY, {"now": now, "named_after": now - TRIED_FOR})
