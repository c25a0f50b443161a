"""Packs taken over into the catalogue, and switched on for units."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import service as catalogue
from services.projects.catalogue.schemas import CatalogueImport
from services.projects.packs import queries, rules
from services.projects.packs.models import PackUse
from services.projects.packs.rules import PhaseOf, WordedPack
from services.projects.packs.schemas import PackUseInput
from services.projects.register import service as register
from shared import clock
from shared.database.versioned import swap
from shared.errors import Invalid, NotFound, Text
from shared.security import audit_log
from shared.web import versions
from shared.workflow import refuse

_SWITCHED_ON = Text(
    "该单位已启用这个公开包；要修改，请带上读到的版本号",
    "The pack is switched on for this unit; to change that, send the version that you have read",
)
_BACKWARDS = Text("停用之日不能早于启用之日", "It cannot end before it begins")


async def in_force(session: AsyncSession) -> dict[str, WordedPack]:
    """Every pack as it is worded now, by code: as the release does, where nobody adopted another
    wording."""
    adopted = [rules.as_worded(row) for row in await queries.adopted(session)]
    return rules.of_release() | {each.pack.code: each for each in adopted}


async def find_pack(session: AsyncSession, code: str) -> WordedPack:
    """The pack as it is worded now. Raises NotFound."""
    found = (await in_force(session)).get(code)
    if found is None:
        raise NotFound
    return found


async def phases(session: AsyncSession) -> PhaseOf:
    """Which phase of a project's life owes an item, by the packs as they are worded now."""
    return rules.phases_of((await in_force(session)).values())


async def adopt(
    session: AsyncSession, code: str, now: datetime, *, actor: str, dry_run: bool
) -> CatalogueImport:
    """Word the pack's items in the catalogue as the pack does, and leave the others. Raises
    NotFound."""
    found = await find_pack(session, code)
    return await catalogue.adopt(
        session, found.items, found.pack.zh, now, actor=actor, dry_run=dry_run
    )


async def put_use(
    session: AsyncSession,
    code: str,
    unit_code: str,
    order: PackUseInput,
    now: datetime,
    *,
    actor: str,
) -> tuple[PackUse, bool]:
    """Switch the pack on for a unit or change that; also whether it is new.

    Raises NotFound for an unknown pack or unit, Invalid for an item that is not the pack's or that
    no period brings, StateConflict if it moved since it was read.
    """
    found = await find_pack(session, code)
    if not await register.has_unit(session, unit_code, clock.today(now)):
        raise NotFound
    _check(found, order)
    anew = {"made_until": None, "changed_at": now, "changed_by": actor}
    values = {**order.model_dump(exclude={"version"}), **anew}
    is_new = order.version is None
    row = PackUse(pack_code=code, unit_code=unit_code, **values)
    if not is_new or not await queries.add_use(session, row):
        known = await queries.use(session, code, unit_code)
        if known is None:
            raise NotFound
        if is_new:
            refuse(known.state, known.version, _SWITCHED_ON)
        versions.ensure(order.version, version=known.version, state=known.state)
        values["taken_over"] = rules.until(known.taken_over, order.valid_to)
        row = await swap(session, known, values)
    where = f"pack:{code}:{unit_code}"
    await audit_log.write(session, actor, "pack.switched_on", where, now)
    return row, is_new


def _check(found: WordedPack, order: PackUseInput) -> None:
    if order.valid_to is not None and order.valid_to < order.valid_from:
        raise Invalid(_BACKWARDS, pointer="/body/valid_to")
    periodic = {item.item_code for item in found.items if rules.every_of(item)}
    for place, code in enumerate(order.item_codes):
        if code not in periodic:
            detail = Text(
                f"{code} 不是这个公开包中按周期公开的事项",
                f"{code} is no item of this pack that comes anew for each period",
            )
            raise Invalid(detail, pointer=f"/body/item_codes/{place}")


async def hand_over(
    session: AsyncSession,
    unit_code: str,
    successor_code: str,
    day: date,
    now: datetime,
    *,
    actor: str,
) -> int:
    """What a unit owes for each period is owed by another one from that day on, beside what that
    one owes by itself, and ends with the unit; of how many packs.

    What is over by then must have been made, for who owes it is decided here.
    """
    moved, last_day = 0, day - timedelta(days=1)
    for use in await queries.uses_of(session, unit_code):
        into = await queries.use(session, use.pack_code, successor_code, lock=True)
        items = rules.handed_over(use, into, day)
        if items:
            moved += 1
            await _take_over(session, use, into, successor_code, items, now, actor)
        if use.valid_from <= last_day:
            ends = {
                "valid_to": min(use.valid_to or last_day, last_day),
                "taken_over": rules.until(use.taken_over, last_day),
            }
            await swap(session, use, {**ends, "changed_at": now, "changed_by": actor})
    return moved


async def _take_over(
    session: AsyncSession,
    use: PackUse,
    into: PackUse | None,
    successor_code: str,
    items: list[dict[str, Any]],
    now: datetime,
    actor: str,
) -> None:
    if into is not None:
        anew = {"made_until": None, "changed_at": now, "changed_by": actor}
        await swap(session, into, {"taken_over": [*into.taken_over, *items], **anew})
        return
    begins = min(date.fromisoformat(each["valid_from"]) for each in items)
    row = PackUse(
        pack_code=use.pack_code,
        unit_code=successor_code,
        item_codes=[],
        valid_from=begins,
        taken_over=items,
        changed_at=now,
        changed_by=actor,
    )
    await queries.add_use(session, row)


async def uses(
    session: AsyncSession, code: str, after: str | None, limit: int
) -> Sequence[PackUse]:
    """For which units the pack is switched on, by unit. Raises NotFound."""
    await find_pack(session, code)
    return await queries.uses(session, code, after, limit)
