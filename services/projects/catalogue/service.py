"""The catalogue of duties: reading the version in force, taking over the next one."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
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
    digest = hashlib.sha256(content).hexdigest()
    return await _take_over(session, known, items, title, digest, now, actor=actor, dry_run=dry_run)


async def adopt(
    session: AsyncSession,
    fresh: Sequence[ItemRow],
    title: str,
    now: datetime,
    *,
    actor: str,
    dry_run: bool,
    without: Collection[str] = (),
) -> CatalogueImport:
    """Word these items so in the next version, leave out those `without` which it is, and leave all
    others as they are in force."""
    await queries.take_turn(session)
    known = {item.item_code: _worded(item) for item in await queries.all_in_force(session)}
    kept = {code: ItemRow(**row) for code, row in known.items() if code not in without}
    items = list((kept | {item.item_code: item for item in fresh}).values())
    digest = hashlib.sha256("\n".join(i.model_dump_json() for i in items).encode()).hexdigest()
    return await _take_over(session, known, items, title, digest, now, actor=actor, dry_run=dry_run)


async def in_force(session: AsyncSession) -> Sequence[CatalogueItem]:
    """Every item of the catalogue in force."""
    return await queries.all_in_force(session)


async def version_in_force(session: AsyncSession) -> int:
    """The number of the catalogue in force."""
    return await queries.newest_version(session)


async def _take_over(
    session: AsyncSession,
    known: Mapping[str, dict[str, object]],
    items: Collection[ItemRow],
    title: str | None,
    digest: str,
    now: datetime,
    *,
    actor: str,
    dry_run: bool,
) -> CatalogueImport:
    version = await queries.newest_version(session)
    created = sum(item.item_code not in known for item in items)
    unchanged = sum(known.get(item.item_code) == item.model_dump() for item in items)
    removed = sorted(known.keys() - {item.item_code for item in items})
    if created or removed or unchanged < len(items):
        version += 1
        if not dry_run:
            await _add(session, version, title, digest, items, now)
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
    digest: str,
    items: Collection[ItemRow],
    now: datetime,
) -> None:
    row = CatalogueVersion(
        version=version,
        title=title or f"公开目录第{version}版",
        source_sha256=digest,
        imported_at=now,
    )
    made = [CatalogueItem(version=version, **item.model_dump()) for item in items]
    await queries.add_version(session, row, made)


def _worded(item: CatalogueItem) -> dict[str, object]:
    return {name: getattr(item, name) for name in ItemRow.model_fields}
