"""Many items and guides at once: looked at first, then all of them or none.

However many there are, it is one read, one statement for the items and one for the guides.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import queries, rules, service
from services.appointments.guides.findings import contradiction, findings
from services.appointments.guides.import_schemas import (
    ImportedEntry,
    ImportedResult,
    ItemImport,
    ItemsImported,
)
from services.appointments.guides.models import Guide, Item
from services.appointments.guides.schemas import Finding, GuideContent
from shared import clock
from shared.errors import Invalid, Text
from shared.security import audit_log
from shared.security.identity import Caller


class Done(NamedTuple):
    """`moved` are the items that are in force on other days than before."""

    report: ItemsImported
    moved: list[str]


class _Judged(NamedTuple):
    """An entry against what is there; `values` are the columns of the item where they change."""

    entry: ImportedEntry
    result: ImportedResult
    values: dict[str, Any] | None
    guide_version: int | None
    moves: bool


async def import_items(
    session: AsyncSession, wanted: ItemImport, caller: Caller, now: datetime, *, dry_run: bool
) -> Done:
    """What the import does, or would do. Raises Invalid where an entry has errors."""
    codes = [entry.code for entry in wanted.items]
    present = await queries.present(session, codes, lock=not dry_run)
    today, seen = clock.today(now), set[str]()
    judged = []
    for place, entry in enumerate(wanted.items):
        twice = entry.code in seen
        seen.add(entry.code)
        judged.append(_judged(place, entry, present.get(entry.code), caller, today, twice=twice))
    report = _report([one.result for one in judged], dry_run=dry_run)
    if not dry_run:
        await _write(session, judged, caller, now)
    return Done(report, [one.entry.code for one in judged if one.moves])


def _judged(
    place: int,
    entry: ImportedEntry,
    found: queries.KnownItem | None,
    caller: Caller,
    today: date,
    *,
    twice: bool,
) -> _Judged:
    item = found.item if found else None
    values = service.columns_of(entry.item)
    changes = item is None or any(getattr(item, name) != new for name, new in values.items())
    publishes = entry.guide is not None and (
        found is None or found.newest is None or not _same(entry.guide, found.newest)
    )
    errors = list(_errors(place, entry, item, caller, today, twice=twice))
    content = entry.guide or (_content(found.newest) if found and found.newest else None)
    days = (entry.item.valid_from, entry.item.valid_to)
    result = ImportedResult(
        item_code=entry.code,
        item="new" if item is None else "changed" if changes else "unchanged",
        guide=_fate(entry, content, today, publishes=publishes),
        errors=errors,
        findings=findings(entry.item, content, halls=found.halls if found else 0),
    )
    return _Judged(
        entry,
        result,
        values | {"version": item.version + 1 if item else 1} if changes else None,
        (found.newest_version if found else 0) + 1 if publishes else None,
        item is not None and days != (item.valid_from, item.valid_to),
    )


def _fate(
    entry: ImportedEntry, content: GuideContent | None, today: date, *, publishes: bool
) -> Any:
    if publishes:
        return "waiting" if entry.valid_from and entry.valid_from > today else "published"
    return "unchanged" if content else "none"


def _errors(
    place: int,
    entry: ImportedEntry,
    item: Item | None,
    caller: Caller,
    today: date,
    *,
    twice: bool,
) -> list[Finding]:
    at = f"/body/items/{place}"
    found = [(f"{at}/item/{name}", text) for name, text in rules.inconsistencies(entry.item)]
    if twice:
        found.append((f"{at}/code", Text("同一事项写了两次", "The same item stands here twice")))
    departments = {entry.item.department_code} | ({item.department_code} if item else set())
    if not all(service.is_of(caller, one) for one in departments):
        other = Text("不是本部门的事项", "It is not an item of your department")
        found.append((f"{at}/item/department_code", other))
    if rules.is_past(entry.valid_from, today):
        found.append((f"{at}/valid_from", rules.PAST))
    return [contradiction(pointer, text) for pointer, text in found]


def _same(wanted: GuideContent, guide: Guide) -> bool:
    """What changed is said of a version, and makes none."""
    said = {"changes"}
    return wanted.model_dump(exclude=said) == _content(guide).model_dump(exclude=said)


def _content(guide: Guide) -> GuideContent:
    return GuideContent.model_validate(guide.content)


def _report(results: Sequence[ImportedResult], *, dry_run: bool) -> ItemsImported:
    errors = [error for one in results for error in one.errors]
    if errors and not dry_run:
        first, count = errors[0], len(errors)
        refused = Text(
            f"{first.detail_zh}（共 {count} 处错误，未写入任何一项；试导入可看全部）",
            f"{first.detail_en} ({count} in all; nothing was imported, a dry run names each)",
        )
        raise Invalid(refused, pointer=first.pointer)
    return ItemsImported(
        dry_run=dry_run,
        new_count=sum(one.item == "new" for one in results),
        changed_count=sum(one.item == "changed" for one in results),
        published_count=sum(one.guide in ("published", "waiting") for one in results),
        error_count=sum(bool(one.errors) for one in results),
        items=list(results),
    )


async def _write(
    session: AsyncSession, judged: Sequence[_Judged], caller: Caller, now: datetime
) -> None:
    items = [
        {**one.values, "code": one.entry.code, "updated_at": now}
        for one in judged
        if one.values is not None
    ]
    guides = [
        Guide(
            item_code=one.entry.code,
            version=one.guide_version,
            content=one.entry.guide.model_dump(mode="json"),
            valid_from=one.entry.valid_from,
            published_by=caller.sub,
            published_at=now,
        )
        for one in judged
        if one.entry.guide is not None and one.guide_version is not None
    ]
    await queries.put_all(session, items)
    if guides:
        await queries.add_guides(session, guides)
        codes = [guide.item_code for guide in guides]
        await queries.bring_into_force(session, clock.today(now), codes)
    counts = {"items": len(items), "guides": len(guides)}
    codes = sorted(one.entry.code for one in judged)
    what = f"items:{codes[0]}"
    await audit_log.write(session, caller.sub, "items.imported", what, now, counts | {"of": codes})
