"""Places on sale: what is free, what opens and closes, and the counts that booking shifts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.guides import service as guides
from services.appointments.guides.rules import Offer, why_not_bookable
from services.appointments.slots import queries, rules, statement
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
    SlotFacts,
    Span,
    Wish,
    WithdrawnSlot,
)
from services.appointments.slots.schemas import FreeSlot
from shared.database.engine import DirectPool
from shared.errors import NotFound, Text
from shared.ids import new_id
from shared.messaging import outbox

S = TypeVar("S", WithdrawnSlot, OpenedSlot)

_EVENT_SLOTS = 200
_NEAREST = 3
_PIECE = 500
"""Slots that are read at once: a page needs more only where most of them are full."""
_NO_HALL = Text("没有这个大厅", "There is no such hall")
_NO_ITEM = Text("没有这个事项", "There is no such item")


async def availability(
    direct: DirectPool,
    *,
    hall: str,
    item: str,
    first: date,
    last: date,
    pool: Pool,
    length: int,
    with_full: bool,
    after: tuple[datetime, UUID] | None,
    most: int,
    now: datetime,
) -> list[FreeSlot]:
    """The free times for an item on the hall's local days `first`..`last`, at most that many.

    `after` is the start and slot of the last one seen. What cannot be booked is not listed.
    Raises NotFound for an unknown hall or item and Invalid for an impossible range.
    """
    rules.ensure_range(first, last)
    zone_name = await queries.hall_zone(direct, hall)
    if zone_name is None:
        raise NotFound(_NO_HALL, pointer="/query/hall")
    offer = await guides.offer(direct, hall, item)
    if offer is None:
        raise NotFound(_NO_ITEM, pointer="/query/item")
    zone = ZoneInfo(zone_name)
    since = datetime.combine(first, time(), zone)
    search = _Search(
        direct,
        hall,
        offer,
        pool,
        Wish(length, offer.standard_minutes),
        until=datetime.combine(last + timedelta(days=1), time(), zone),
        now=now,
    )
    return await search.runs(
        max(since, now, after[0] if after else since), after, most, with_full=with_full
    )


async def alternatives(
    direct: DirectPool, wanted: Sequence[SlotFacts], item: str, now: datetime
) -> list[FreeSlot]:
    """The three free times nearest to the wanted ones, within a fortnight after them."""
    first = wanted[0]
    offer = await guides.offer(direct, first.hall_code, item)
    if offer is None:
        return []
    search = _Search(
        direct,
        first.hall_code,
        offer,
        first.pool,
        Wish(len(wanted), offer.standard_minutes),
        until=first.starts_at + timedelta(days=14),
        now=now,
    )
    earliest = max(now, first.starts_at - timedelta(days=7))
    before = await search.runs(earliest, None, None, until=first.starts_at)
    after = await search.runs(max(earliest, first.starts_at), None, _NEAREST)
    return rules.nearest([*before, *after], first.starts_at, count=_NEAREST)


@dataclass(frozen=True)
class _Search:
    """What is looked for at a hall: slots for the offer, read in pieces until there are enough."""

    direct: DirectPool
    hall: str
    offer: Offer
    pool: Pool
    wish: Wish
    until: datetime
    now: datetime

    async def runs(
        self,
        since: datetime,
        after: tuple[datetime, UUID] | None,
        most: int | None,
        *,
        until: datetime | None = None,
        with_full: bool = False,
    ) -> list[FreeSlot]:
        """The runs that begin from `since` on, before `until`; at most that many."""
        slots: list[OpenSlot] = []
        while True:
            piece = await self._piece(slots[-1] if slots else None, since)
            slots += piece
            known_until = slots[-1].starts_at if len(piece) == _PIECE else None
            known = rules.free_runs(
                [slot for slot in slots if why_not_bookable(self.offer, slot.on_date) is None],
                self.wish,
                with_full=with_full,
                known_until=known_until,
            )
            runs = [
                run
                for run in known.runs
                if (after is None or (run.starts_at, run.id) > after)
                and (until is None or run.starts_at < until)
            ]
            enough = most is not None and len(runs) >= most
            passed = until is not None and known.known_until and known.known_until >= until
            if enough or passed or known_until is None:
                return runs[:most]

    async def _piece(self, last: OpenSlot | None, since: datetime) -> list[OpenSlot]:
        return await queries.open_slots(
            self.direct,
            self.hall,
            self.offer.code,
            self.pool,
            since=last.starts_at if last else since,
            until=self.until,
            after=last.id if last else None,
            now=self.now,
            most=_PIECE,
        )


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


async def keep_back(session: AsyncSession, ids: Sequence[UUID], due_at: datetime) -> None:
    """Keeps a free place of each slot off sale until then; the caller has locked the slots."""
    if ids:
        await statement.keep_back(session, ids, [new_id() for _ in ids], due_at)


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


async def fitting(
    session: AsyncSession, spans: Sequence[Span], own: Iterable[UUID]
) -> dict[UUID, str]:
    """The slots in those times, with their halls: those that have room, and of `own` any."""
    return await queries.fitting(session, spans, own)


async def latest_day(session: AsyncSession, hall: str, rule_code: str) -> date | None:
    """The last day for which the rule has slots."""
    return await queries.latest_day(session, hall, rule_code)


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


async def open_due(session: AsyncSession, now: datetime) -> int:
    """Job: opens the planned slots whose time of release has come, some hundreds at a time."""
    opened = 0
    while rows := await queries.open_due(session, now):
        opened += len(rows)
        await _publish_opened(session, rows)
    return opened


async def _publish_opened(session: AsyncSession, rows: Sequence[OpenedSlot]) -> None:
    for hall, day, pool, group in _by_day(rows):
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
