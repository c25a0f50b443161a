"""Packs worded otherwise: a draft of the version in force, changed, and adopted by another."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import service as catalogue
from services.projects.catalogue.models import CatalogueItem
from services.projects.packs import periods, queries, rules, service
from services.projects.packs.models import PackVersion, PackVersionState
from services.projects.packs.rules import WordedPack
from services.projects.packs.schemas import (
    PackAdoption,
    PackDraftInput,
    PackItemInput,
    PeriodOwed,
)
from services.projects.packs.workflow import WORKFLOW, PackVersionAction, PackVersionStep
from shared.database.versioned import swap
from shared.errors import FourEyes, Invalid, NotFound, Text
from shared.security import audit_log
from shared.security.identity import Caller
from shared.web import versions
from shared.workflow import refuse

MOST_OWED = 200
MOST_ITEMS = 1_000
_NEW = Text(
    "这是新的公开包，请写明名称、领域、渠道和依据",
    "This pack is new: please say its names, domain, channels and law",
)
_DRAFTED = Text(
    "这个公开包已有起草中的版本，请改那一版，或先放弃它",
    "The pack has a draft already; please change that one, or drop it first",
)
_TAKEN = Text("这个事项属于另一个公开包", "This item is of another pack")
_MANY = Text("事项太多，请分成几个公开包", "Too many items for one pack")
_ANOTHERS = Text(
    "起草这一版的人不能采用它，请交由另一位管理员",
    "Who wrote this version does not adopt it; please let another administrator do so",
)


class PackStepTaker(NamedTuple):
    """Who takes a step of a version, when, and which state of it they have seen."""

    session: AsyncSession
    caller: Caller
    now: datetime
    seen: int | None = None


async def draft(by: PackStepTaker, code: str, order: PackDraftInput) -> PackVersion:
    """A draft of the next version: as the one in force, or of a new pack without any items.

    Raises Invalid for a new pack without its content, StateConflict where there is a draft.
    """
    known = (await service.in_force(by.session)).get(code)
    content = order.content or (None if known is None else known.pack)
    if content is None:
        raise Invalid(_NEW, pointer="/body/content")
    newest = await queries.newest_number(by.session, code)
    row = PackVersion(
        pack_code=code,
        number=max(newest, 0 if known is None else 1) + 1,
        content=content.model_dump(mode="json", exclude={"code"}),
        items=[] if known is None else [item.model_dump(mode="json") for item in known.items],
        document=order.document,
        authors=[by.caller.sub],
        created_at=by.now,
    )
    if not await queries.add_version(by.session, row):
        refuse(PackVersionState.DRAFT, 1, _DRAFTED)
    await _audit(by, row, "pack_version.drafted")
    return row


async def find(session: AsyncSession, code: str, number: int) -> PackVersion:
    """Raises NotFound."""
    row = await queries.version(session, code, number)
    if row is None:
        raise NotFound
    return row


async def put_item(
    by: PackStepTaker, code: str, number: int, item_code: str, order: PackItemInput
) -> PackVersion:
    """The draft with the item worded so, added where it has none of that code.

    Raises NotFound, StateConflict, Invalid.
    """
    row, step = await _take(by, code, number, PackVersionAction.EDIT)
    worded = rules.as_worded(row)
    item = rules.checked(order.item, item_code, worded.pack)
    others = (await service.in_force(by.session)).values()
    if any(item_code in each.by_code for each in others if each.pack.code != code):
        raise Invalid(_TAKEN, pointer="/body/item/item_code")
    items = worded.by_code | {item_code: item}
    if len(items) > MOST_ITEMS:
        raise Invalid(_MANY, pointer="/body/item")
    return await _edited(by, row, step, [items[each] for each in sorted(items)])


async def remove_item(by: PackStepTaker, code: str, number: int, item_code: str) -> PackVersion:
    """The draft without the item. Raises NotFound, StateConflict."""
    row, step = await _take(by, code, number, PackVersionAction.EDIT)
    items = rules.as_worded(row).by_code
    if items.pop(item_code, None) is None:
        raise NotFound
    return await _edited(by, row, step, items.values())


async def drop(by: PackStepTaker, code: str, number: int) -> PackVersion:
    """The draft is given up. Raises NotFound, StateConflict."""
    row, step = await _take(by, code, number, PackVersionAction.DROP)
    return await _decided(by, row, step)


async def adopt(by: PackStepTaker, code: str, number: int) -> PackAdoption:
    """The version is in force, and the catalogue words its items so.

    Raises NotFound, StateConflict, FourEyes for who wrote it.
    """
    row, step = await _take(by, code, number, PackVersionAction.ADOPT)
    if step.not_by_author and by.caller.sub in row.authors:
        raise FourEyes(_ANOTHERS)
    found = await _foreseen(by, row, dry_run=False)
    await _decided(by, row, step)
    return found


async def try_adopt(by: PackStepTaker, code: str, number: int) -> PackAdoption:
    """What the adoption would do, whoever wrote it. Raises NotFound, StateConflict."""
    row, _ = await _take(by, code, number, PackVersionAction.ADOPT)
    return await _foreseen(by, row, dry_run=True)


async def _take(
    by: PackStepTaker, code: str, number: int, action: PackVersionAction
) -> tuple[PackVersion, PackVersionStep]:
    row = await find(by.session, code, number)
    if by.seen is not None:
        versions.ensure(by.seen, version=row.version, state=row.state)
    return row, WORKFLOW.take(row.state, row.version, action, by.caller.roles)


async def _edited(
    by: PackStepTaker, row: PackVersion, step: PackVersionStep, items: Iterable[Any]
) -> PackVersion:
    kept = [item.model_dump(mode="json") for item in items]
    authors = sorted({*row.authors, by.caller.sub}) if step.writes else row.authors
    changed = await swap(by.session, row, {"state": step.to, "items": kept, "authors": authors})
    await _audit(by, changed, step.audited)
    return changed


async def _decided(by: PackStepTaker, row: PackVersion, step: PackVersionStep) -> PackVersion:
    decided = {"state": step.to, "decided_at": by.now, "decided_by": by.caller.sub}
    changed = await swap(by.session, row, decided)
    await _audit(by, changed, step.audited)
    return changed


async def _foreseen(by: PackStepTaker, row: PackVersion, *, dry_run: bool) -> PackAdoption:
    """Take the items over into the catalogue, or only look; and what comes of it by periods."""
    worded = rules.as_worded(row)
    changes = rules.changes((await service.in_force(by.session)).get(row.pack_code), worded)
    taken = await catalogue.adopt(
        *(by.session, worded.items, worded.pack.zh, by.now),
        actor=by.caller.sub,
        dry_run=dry_run,
        without=changes.removed,
    )
    items = {item.item_code: CatalogueItem(version=0, **item.model_dump()) for item in worded.items}
    uses = await queries.all_uses(by.session, row.pack_code)
    owed = await periods.fresh(by.session, uses, items, by.now)
    grouped = _grouped((each.item_code, each.unit_code, each.subject or "") for each in owed)
    return PackAdoption(
        dry_run=dry_run,
        pack_code=row.pack_code,
        number=row.number,
        changes=changes,
        catalogue_version=taken.version,
        duties=len(owed),
        owed=grouped[:MOST_OWED],
        no_longer_made=_no_longer(uses, worded),
    )


def _grouped(owed: Iterable[tuple[str, str, str]]) -> list[PeriodOwed]:
    by_item: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item, unit, period in owed:
        by_item[item, unit].append(period)
    return [
        PeriodOwed(item_code=item, unit_code=unit, periods=each)
        for (item, unit), each in sorted(by_item.items())
    ]


def _no_longer(uses: Sequence[Any], worded: WordedPack) -> list[PeriodOwed]:
    """What units owe for each period and the wording has no such item for."""
    known: Mapping[str, Any] = worded.by_code
    gone = {
        (item.item_code, use.unit_code)
        for use in uses
        for item in rules.owed_items(use)
        if item.item_code not in known or rules.every_of(known[item.item_code]) is None
    }
    return [PeriodOwed(item_code=item, unit_code=unit, periods=[]) for item, unit in sorted(gone)]


async def _audit(by: PackStepTaker, row: PackVersion, action: str) -> None:
    where = f"pack:{row.pack_code}:{row.number}"
    await audit_log.write(by.session, by.caller.sub, action, where, by.now)
