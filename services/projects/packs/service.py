"""Packs taken over into the catalogue, and switched on for units."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.projects.catalogue import service as catalogue
from services.projects.catalogue.schemas import CatalogueImport
from services.projects.packs import queries, rules
from services.projects.packs.models import PackUse
from services.projects.packs.schemas import Pack, PackUseInput
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


def find_pack(code: str) -> Pack:
    """Raises NotFound."""
    pack = rules.packs().get(code)
    if pack is None:
        raise NotFound
    return pack


async def adopt(
    session: AsyncSession, code: str, now: datetime, *, actor: str, dry_run: bool
) -> CatalogueImport:
    """Word the pack's items in the catalogue as the pack does, and leave the others. Raises
    NotFound."""
    pack = find_pack(code)
    return await catalogue.adopt(
        session, rules.items_of(pack), pack.zh, now, actor=actor, dry_run=dry_run
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
    pack = find_pack(code)
    if not await register.has_unit(session, unit_code, clock.today(now)):
        raise NotFound
    _check(pack, order)
    values = {**order.model_dump(exclude={"version"}), "changed_at": now, "changed_by": actor}
    is_new = order.version is None
    row = PackUse(pack_code=code, unit_code=unit_code, **values)
    if not is_new or not await queries.add_use(session, row):
        known = await queries.use(session, code, unit_code)
        if known is None:
            raise NotFound
        if is_new:
            refuse("switched_on", known.version, _SWITCHED_ON)
        versions.ensure(order.version, version=known.version, state="switched_on")
        row = await swap(session, known, values, state="pack_code")
    where = f"pack:{code}:{unit_code}"
    await audit_log.write(session, actor, "pack.switched_on", where, now)
    return row, is_new


def _check(pack: Pack, order: PackUseInput) -> None:
    if order.valid_to is not None and order.valid_to < order.valid_from:
        raise Invalid(_BACKWARDS, pointer="/body/valid_to")
    periodic = {item.item_code for item in rules.items_of(pack) if rules.every_of(item)}
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
) -> None:
    """What a unit owes for each period is owed by another one from that day on, unless that one
    has the pack switched on already."""
    for use in await queries.uses_of(session, unit_code):
        begins = max(day, use.valid_from)
        if use.valid_to is None or use.valid_to >= begins:
            row = PackUse(
                pack_code=use.pack_code,
                unit_code=successor_code,
                item_codes=use.item_codes,
                valid_from=begins,
                valid_to=use.valid_to,
                changed_at=now,
                changed_by=actor,
            )
            await queries.add_use(session, row)


async def uses(
    session: AsyncSession, code: str, after: str | None, limit: int
) -> Sequence[PackUse]:
    """For which units the pack is switched on, by unit. Raises NotFound."""
    find_pack(code)
    return await queries.uses(session, code, after, limit)


async def in_use(session: AsyncSession, day: date) -> Sequence[PackUse]:
    """Every pack that is switched on for a unit that exists on that day."""
    return await queries.in_use(session, day)
