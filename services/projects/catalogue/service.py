"""The catalogue of duties: importing a version, reading the one in force."""

import hashlib
import io
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries, rules
from services.projects.catalogue.models import CatalogueItem, CatalogueVersion


async def import_file(
    session: AsyncSession, content: bytes, title: str, now: datetime
) -> CatalogueVersion:
    """Load a catalogue file as the next version; a file that is loaded already changes nothing.

    Raises CatalogueUnreadable, and then nothing is imported.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    known = await queries.version_of(session, sha256)
    if known is not None:
        return known
    items = rules.read(io.StringIO(content.decode("utf-8-sig"), newline=""))
    number = await queries.newest_version(session) + 1
    version = CatalogueVersion(version=number, title=title, source_sha256=sha256, imported_at=now)
    session.add(version)
    await session.flush()
    session.add_all(CatalogueItem(version=number, **item.model_dump()) for item in items)
    await session.flush()
    return version


async def items_in_force(
    session: AsyncSession, item_codes: Collection[str]
) -> dict[str, CatalogueItem]:
    """The items as the newest catalogue words them, by code; unknown codes are left out."""
    found = await queries.items_in_force(session, item_codes)
    return {item.item_code: item for item in found}


async def list_items(
    session: AsyncSession,
    *,
    domain: str | None,
    auditable: bool | None,
    after: str | None,
    limit: int,
) -> Sequence[CatalogueItem]:
    """Items of the catalogue in force, by code."""
    return await queries.items(
        session, domain=domain, auditable=auditable, after=after, limit=limit
    )
