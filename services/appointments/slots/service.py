"""Places on sale: what is free, what opens and closes, and the counts that booking shifts."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.slots import queries, statement
from services.appointments.slots.events import (
    SlotFreed,
    SlotFull,
    SlotOnSale,
    SlotsOpened,
    SlotsWithdrawn,
)
from services.appointments.slots.models import Pool
from services.appointments.slots.rules import (
    ComingSlot,
    LockedSlot,
    NewSlot,
    OpenedSlot,
    OpenSlot,
    RuleSale,
    SlotFacts,
    Span,
    WithdrawnSlot,
)
from shared.database.engine import DirectPool
from shared.messaging import outbox

S = TypeVar("S", WithdrawnSlot, OpenedSlot)

_EVENT_SLOTS = 200
_PIECE = 500


async def open_slots(
    direct: DirectPool,
    hall: str,
    items: Sequence[str],
    pool: Pool,
    *,
    since: datetime,
    until: datetime,
    after: UUID | None,
    now: datetime,
    most: int,
) -> list[OpenSlot]:
    """Those on sale for one of the items, full ones too, by time; `after` is the last one seen."""
    return await queries.open_slots(
        direct, hall, items, pool, since=since, until=until, after=after, now=now, most=most
    )


async def near_slots(
    direct: DirectPool,
    hall: str,
    items: Sequence[str],
    pool: Pool,
    *,
    since: datetime,
    until: datetime,
    served: Iterable[str],
    now: datetime,
) -> list[OpenSlot]:
    """Those on sale for none of the items to which somebody could be moved, to make room in slots
    that serve `served`."""
    return await queries.near_slots(
        direct, hall, items, pool, since=since, until=until, served=served, now=now
    )


async def hall_zone(direct: DirectPool, hall: str) -> str | None:
    """The time zone of a hall; None for an unknown hall."""
    return await queries.hall_zone(direct, hall)


async def following(direct: DirectPool, last: SlotFacts, until: datetime) -> list[SlotFacts]:
    """Those of the same rule and pool that begin from the end of `last` on, until then."""
    return await queries.following(direct, last, until)


async def facts(direct: DirectPool, ids: Iterable[UUID]) -> list[SlotFacts]:
    """What never changes about the slots; unknown ids are absent."""
    return await queries.facts(direct, ids)


async def lock(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, LockedSlot]:
    """The slots as they are now, locked in id order until the transaction ends."""
    return {row.id: row for row in await queries.lock(session, ids)}


async def shift(
    session: AsyncSession, *, take: Iterable[UUID] = (), release: Iterable[UUID] = ()
) -> None:
    """Moves places in slots that the caller has locked; an id named twice counts twice."""
    changes = [(slot, 1) for slot in take] + [(slot, -1) for slot in release]
    if changes:
        await statement.shift(session, changes)


async def bequeathing(session: AsyncSession, hall: str, now: datetime) -> list[UUID]:
    """The hall's withdrawn slots to come of which places are still kept back."""
    return await queries.bequeathing(session, hall, now)


async def inherit(session: AsyncSession, hall: str, made: Sequence[UUID]) -> None:
    """Those in the stead of `bequeathing` slots go on keeping back; all of them are locked."""
    await statement.inherit(session, hall, made)


async def coming(session: AsyncSession, hall: str, now: datetime) -> list[ComingSlot]:
    """The hall's slots that have not begun and are not withdrawn."""
    return await queries.coming(session, hall, now)


async def present(session: AsyncSession, ids: Iterable[UUID]) -> list[ComingSlot]:
    """The slots as they are now, but for those that are withdrawn."""
    return await queries.present(session, ids)


async def around(session: AsyncSession, spans: Sequence[Span]) -> dict[UUID, str]:
    """The slots of those times, with their halls, whatever they serve and whether they are full."""
    return await queries.around(session, spans)


async def sales(session: AsyncSession, hall: str, now: datetime) -> dict[str, RuleSale]:
    """How far the slots to come of each rule of the hall reach, by the rule's code."""
    return await queries.sales(session, hall, now)


async def add(session: AsyncSession, slots: Sequence[NewSlot]) -> None:
    """Puts new slots into the plan; `open_due` opens those whose time has come."""
    await queries.add(session, slots)


async def withdraw(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Takes slots off sale; their appointments are the caller's to place elsewhere."""
    for first in range(0, len(ids), _PIECE):
        rows = await queries.withdraw(session, ids[first : first + _PIECE])
        for hall, day, pool, group in _by_day(rows):
            event = SlotsWithdrawn(
                hall_code=hall, on_date=day, pool=pool, slot_ids=[row.id for row in group]
            )
            await outbox.record(session, event, scope=hall, subject=f"{hall}/{day}")


async def open_some(session: AsyncSession, now: datetime) -> int:
    """Job: opens planned slots whose time of release has come; returns how many.

    Of all halls together there are thousands at that second: who books in one is not to wait until
    the last is open.
    """
    rows = await queries.open_due(session, now)
    await publish_opened(session, rows)
    return len(rows)


async def open_due(session: AsyncSession, now: datetime) -> int:
    """All of them, in the transaction that planned some; returns how many."""
    opened = 0
    while some := await open_some(session, now):
        opened += some
    return opened


async def publish_opened(session: AsyncSession, rows: Sequence[OpenedSlot]) -> None:
    """Says that places of the slots are on sale from now on, and how many in all; a slot without
    any waits for some."""
    for hall, day, pool, group in _by_day([row for row in rows if row.capacity]):
        on_sale = [
            SlotOnSale(
                slot_id=row.id, starts_at=row.starts_at, minutes=row.minutes, capacity=row.capacity
            )
            for row in group
        ]
        event = SlotsOpened(hall_code=hall, on_date=day, pool=pool, slots=on_sale)
        await outbox.record(session, event, scope=hall, subject=f"{hall}/{day}")


async def announce_fullness(session: AsyncSession, now: datetime) -> int:
    """Job: publishes which slots became full, and which have places again.

    Here and not in the booking statement, where it would cost every booking; the flag on the row
    makes sure that each change is published, and a slot that flickers is published once.
    """
    rows = await queries.fullness_changed(session)
    for row in rows:
        known = {"hall_code": row.hall_code, "starts_at": row.starts_at, "pool": Pool(row.pool)}
        event = (
            SlotFull(slot_id=row.id, capacity=row.capacity, **known)
            if row.announced_full
            else SlotFreed(slot_id=row.id, free=row.capacity - row.booked, **known)
        )
        await outbox.record(session, event, scope=row.hall_code, subject=str(row.id))
    return len(rows)


def _by_day(rows: Sequence[S]) -> Iterable[tuple[str, date, Pool, list[S]]]:
    """Rows by hall, day and pool, in pieces that fit an event."""
    for (hall, day, pool), group in groupby(sorted(rows, key=_day_of), key=_day_of):
        whole = list(group)
        for first in range(0, len(whole), _EVENT_SLOTS):
            yield hall, day, Pool(pool), whole[first : first + _EVENT_SLOTS]


def _day_of(row: WithdrawnSlot | OpenedSlot) -> tuple[str, date, str]:
    return row.hall_code, row.on_date, row.pool
