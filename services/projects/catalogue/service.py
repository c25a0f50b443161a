"""The catalogue of duties: reading the version in force, taking over the next one."""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import queries, rules
from services.projects.catalogue.models import CatalogueItem, CatalogueVersion
from services.projects.catalogue.schemas import CatalogueImport, ItemRow
from shared.security import audit_log


async def import_catalogue(
    session: AsyncSession,
    content: bytes,
    title: str | None,
    now: datetime,
    *,
    actor: str,
    dry_run: bool,
) -> CatalogueImport:
    """Take over a catalogue as the next version, in force for duties that are made from now on.

    Duties keep the item that made them. One that words every item as the version in force does
    makes no version. Raises ImportRefused.
    """
    items = rules.read_file(content)
    await queries.take_turn(session)
    known = {item.item_code: _worded(item) for item in await queries.all_in_force(session)}
    version = await queries.newest_version(session)
    created = sum(item.item_code not in known for item in items)
    unchanged = sum(known.get(item.item_code) == item.model_dump() for item in items)
    removed = sorted(known.keys() - {item.item_code for item in items})
    if created or removed or unchanged < len(items):
        version += 1
        if not dry_run:
            await _add(session, version, title, content, items, now)
            details = {"version": version, "items": len(items)}
            where = f"catalogue:{version}"
            await audit_log.write(session, actor, "catalogue.imported", where, now, details)
    return CatalogueImport(
        dry_run=dry_run,
        version=version,
        rows=len(items),
        created=created,
        updated=len(items) - created - unchanged,
        unchanged=unchanged,
        removed=removed,
    )


async def _add(
    session: AsyncSession,
    version: int,
    title: str | None,
    content: bytes,
    items: Collection[ItemRow],
    now: datetime,
) -> None:
    row = CatalogueVersion(
        version=version,
        title=title or f"公开目录第{version}版",
        source_sha256=hashlib.sha256(content).hexdigest(),
        imported_at=now,
    )
    made = [CatalogueItem(version=version, **item.model_dump()) for item in items]
    await queries.add_version(session, row, made)


def _worded(item: CatalogueItem) -> dict[str, object]:
    return {name: getattr(item, name) for name in ItemRow.model_fields}
