"""Slots taken off sale and put on it, and everybody seated anew: what every change comes to."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import reseating
from services.appointments.booking.reseating import Outlook
from services.appointments.booking.seating import Key, Seat
from services.appointments.schedules.comparing import Comparison, compare
from services.appointments.schedules.making import WantedSlot
from services.appointments.schedules.pieces import in_pieces
from services.appointments.slots import service as slots
from services.appointments.slots.rules import ComingSlot, NewSlot
from shared.ids import new_id


class Change(NamedTuple):
    """What slots go and come, and who loses and regains a place by it."""

    comparison: Comparison[ComingSlot]
    outlook: Outlook


async def compared(
    wanted: Iterable[WantedSlot], present: Iterable[ComingSlot], now: datetime
) -> Comparison[ComingSlot]:
    """As `rules.compare`, a day at a time: others are answered in between."""
    plans: dict[date, list[WantedSlot]] = defaultdict(list)
    rows: dict[date, list[ComingSlot]] = defaultdict(list)
    for slot in wanted:
        plans[slot.on_date].append(slot)
    for row in present:
        rows[row.on_date].append(row)
    parts = []
    for day in sorted({*plans, *rows}):
        parts.append(compare(plans[day], rows[day], now))
        await asyncio.sleep(0)
    return Comparison(
        add=[slot for part in parts for slot in part.add],
        late=[slot for part in parts for slot in part.late],
        withdraw=[row for part in parts for row in part.withdraw],
        replaced=[row for part in parts for row in part.replaced],
        kept=sum(part.kept for part in parts),
    )


async def foresee(
    session: AsyncSession,
    hall: str,
    present: Sequence[ComingSlot],
    comparison: Comparison[ComingSlot],
    now: datetime,
    *,
    lock: bool = False,
) -> Change:
    """The change with all that it means; writes nothing. With `lock` it stays so until the end."""
    outlook = await reseating.foresee(
        session,
        hall,
        present,
        [row.id for row in comparison.withdraw],
        (_seat(slot) for slot in (*comparison.add, *comparison.late)),
        now,
        lock=lock,
    )
    needed = [slot for slot in comparison.late if _key(slot) in outlook.used]
    return Change(comparison._replace(add=[*comparison.add, *needed]), outlook)


async def carry_out(
    session: AsyncSession, hall: str, change: Change, versions: Mapping[str, int], now: datetime
) -> None:
    """Withdraws before it adds: two slots of a rule are never on sale for one time.

    All in one transaction, so that nobody else is offered a place before those who lost theirs.
    """
    await slots.withdraw(session, [row.id for row in change.comparison.withdraw])
    made: dict[Key, UUID] = {}
    async for piece in in_pieces(change.comparison.add):
        rows = [_row(hall, slot, versions) for slot in piece]
        made |= {_key(slot): row.id for slot, row in zip(piece, rows, strict=True)}
        await slots.add(session, rows)
    await slots.open_due(session, now)
    await reseating.settle(session, change.outlook, made, now)
    await slots.inherit(session, hall, list(made.values()))


def _key(slot: WantedSlot) -> Key:
    return slot.rule_code, slot.pool.value, slot.starts_at


def _seat(slot: WantedSlot) -> Seat:
    return Seat(
        slot.rule_code,
        slot.pool,
        frozenset(slot.item_codes),
        slot.starts_at,
        slot.minutes,
        slot.capacity,
        frozenset(slot.spared),
    )


def _row(hall: str, slot: WantedSlot, versions: Mapping[str, int]) -> NewSlot:
    same = {name: value for name, value in slot._asdict().items() if name in NewSlot._fields}
    return NewSlot(id=new_id(), hall_code=hall, rule_version=versions[slot.rule_code], **same)
