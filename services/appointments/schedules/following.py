"""What follows for slots and people where something else than a rule has changed.

A hall's closures, its windows, and the days on which an item is in force: each decides which of the
planned slots there are, and what they are for. Whoever loses their time by it is orphaned, and
whoever had lost one that is there again comes first.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.directory import service as directory
from services.appointments.guides import item_imports
from services.appointments.guides import service as guides
from services.appointments.guides.import_schemas import ItemImport, ItemsImported
from services.appointments.guides.models import Item
from services.appointments.guides.schemas import ItemIn
from services.appointments.schedules import changing, planning, queries, reporting, rules
from services.appointments.schedules.changing import Change
from services.appointments.schedules.closures import Shut
from services.appointments.schedules.planning import Different
from services.appointments.slots import service as slots
from shared.security import audit_log
from shared.security.identity import Caller


async def put_item(
    session: AsyncSession, code: str, wanted: ItemIn, caller: Caller, now: datetime
) -> Item:
    """The item as wanted, new or changed; where it is in force on other days than before, slots and
    people follow at every hall that plans for it.

    Raises NotFound, StateConflict, Invalid.
    """
    days = await guides.days_in_force(session, code)
    item = await guides.put_item(session, code, wanted, caller, now)
    if days is not None and days != (item.valid_from, item.valid_to):
        await _follow_items(session, [code], caller, now)
    return item


async def import_items(
    session: AsyncSession, wanted: ItemImport, caller: Caller, now: datetime, *, dry_run: bool
) -> ItemsImported:
    """Many items and guides at once, or what would become of them; slots and people follow.

    Raises Invalid.
    """
    done = await item_imports.import_items(session, wanted, caller, now, dry_run=dry_run)
    if done.moved and not dry_run:
        await _follow_items(session, done.moved, caller, now)
    return done.report


async def _follow_items(
    session: AsyncSession, items: Sequence[str], caller: Caller, now: datetime
) -> None:
    halls = await queries.halls_planning(session, items)
    for hall in halls:  # All of them first, by code: `booking.healing` has the order.
        await directory.lock_hall(session, hall)
    for hall in halls:
        await follow(session, hall, caller, now)


async def follow(session: AsyncSession, hall_code: str, caller: Caller, now: datetime) -> None:
    """Makes the slots of the hall those of its rules as they are by now; the hall is locked."""
    done = await carry_out(session, hall_code, now)
    counts = reporting.counts(done)
    if any(counts.values()):
        what = f"hall:{hall_code}"
        await audit_log.write(session, caller.sub, "schedule.followed", what, now, counts)


async def carry_out(
    session: AsyncSession,
    hall_code: str,
    now: datetime,
    *,
    different: Different | None = None,
    near: Sequence[Shut] | None = None,
    anew: Collection[str] = (),
    dry_run: bool = False,
) -> Change:
    """The slots of the hall against its rules, under what is different or what is so by now.

    Only what lies in the time of one of `near`, if given. What no rule plans any more stays, but
    where nobody is seen, and where it is of one of the rules that are planned `anew`. The hall is
    locked, unless it is a dry run.
    """
    hall = await directory.get_hall(session, hall_code)
    in_force = list(await queries.in_force(session, hall_code))
    present = await slots.coming(session, hall_code, now)
    there = await planning.circumstances(session, hall, in_force, present, now, different)
    plan = await planning.whole_plan(in_force, there)
    comparison = await changing.compared(
        [slot for slot in plan.slots if _is_near(slot.starts_at, slot.ends_at, near)],
        [row for row in present if _is_near(row.starts_at, row.ends_at, near)],
        now,
    )
    planned = {slot.place for slot in plan.slots}
    withdraw = [
        row
        for row in comparison.withdraw
        if (row.rule_code, row.pool.value, row.starts_at) in planned
        or row.rule_code in anew
        or rules.is_over(row, there)
    ]
    comparison = comparison._replace(withdraw=withdraw)
    done = await changing.foresee(session, hall_code, present, comparison, now, lock=not dry_run)
    if not dry_run:
        numbers = {rule.code: rule.version for rule in in_force}
        await changing.carry_out(session, hall_code, done, numbers, now)
    return done


def _is_near(starts_at: datetime, ends_at: datetime, near: Sequence[Shut] | None) -> bool:
    return near is None or any(shut.touches(starts_at, ends_at) for shut in near)
