"""Places given out anew when slots change: first to those who have one, then to those who lost it.

First it is foreseen (`foresee`, which writes nothing), then held still (`foresee(lock=True)`) and
carried out (`settle`), so that whoever reads a proposal gets what they read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import displaced, queries, statement
from services.appointments.booking.context import places_freed
from services.appointments.booking.events import AppointmentCancelled, AppointmentOrphaned
from services.appointments.booking.models import AppointmentState
from services.appointments.booking.publishing import publish
from services.appointments.booking.seating import Claimant, Key, Seat, Seating, in_order
from services.appointments.booking.workflow import WORKFLOW, AppointmentAction
from services.appointments.people import service as people
from services.appointments.slots import places
from services.appointments.slots import service as slots
from services.appointments.slots.models import Pool, SlotState
from services.appointments.slots.rules import ComingSlot, Span

_LOSING = frozenset(row.state for row in WORKFLOW.of(AppointmentAction.WITHDRAW))


class Outlook(NamedTuple):
    """Who sits where after the change; `lost` and `resupported` in the order of booking."""

    claimants: dict[UUID, Claimant]
    placed: dict[UUID, tuple[Key, ...]]
    lost: list[Claimant]
    resupported: list[Claimant]
    there: dict[Key, UUID]
    """The ids of the slots that stay."""

    @property
    def used(self) -> set[Key]:
        """The slots in which somebody is given a place."""
        return {key for run in self.placed.values() for key in run}


async def foresee(
    session: AsyncSession,
    hall: str,
    present: Sequence[ComingSlot],
    gone: Iterable[UUID],
    added: Iterable[Seat],
    now: datetime,
    *,
    lock: bool = False,
) -> Outlook:
    """Who loses and who regains a place if the slots in `gone` go and those in `added` come.

    Where somebody would be left without, those who sit at that time in slots that stay are moved to
    others of them, if that helps. `present` are the hall's slots that have not begun. With `lock`,
    appointments and slots are held as they are until the transaction ends, in the order of
    `healing`; the hall is locked.
    """
    leaving, coming = set(gone), [*added]
    left = [row for row in present if row.id not in leaving]
    claimants = await displaced.claimants(session, hall, leaving, now, lock=False)
    staying = _within_reach(left, claimants)
    first = seated(claimants, staying, coming)
    touched = [*leaving, *(row.id for row in _within_reach(left, _without(first)))]
    if lock or len(touched) > len(leaving):
        claimants = await displaced.claimants(session, hall, touched, now, lock=lock)
        staying = _within_reach(left, claimants)
    if lock:
        heirless = await slots.bequeathing(session, hall, now)
        reached = [*leaving, *heirless, *(row.id for row in staying)]
        locked = await slots.lock(session, reached)
        await people.take_turns(session, [one.person for one in claimants if one.is_orphan])
        # Who was faster than the lock has a place by now; nobody gets one in them any more.
        claimants = await displaced.claimants(session, hall, touched, now, lock=True)
        staying = [
            row._replace(booked=locked[row.id].booked)
            for row in staying
            if row.id in locked and locked[row.id].state is not SlotState.WITHDRAWN
        ]
    return seated(claimants, staying, coming)


def _without(outlook: Outlook) -> list[Claimant]:
    """Those who have no place by it."""
    return [one for one in outlook.claimants.values() if one.id not in outlook.placed]


def _within_reach(rows: Sequence[ComingSlot], claimants: Sequence[Claimant]) -> list[ComingSlot]:
    """The slots in which one of them has a place, or of which a place could help one: no others are
    locked. What they serve says little: whoever sits there may be moved."""
    own = {slot for one in claimants for slot in one.slot_ids}
    looked_for: dict[tuple[Pool, date], set[tuple[datetime, datetime]]] = defaultdict(set)
    for one in claimants:
        ends_at = one.starts_at + timedelta(minutes=one.minutes)
        for day in (one.starts_at.date(), ends_at.date()):
            looked_for[one.pool, day].add((one.starts_at, ends_at))
    return [
        row
        for row in rows
        if row.id in own
        or any(
            since <= row.starts_at < until
            for since, until in looked_for.get((row.pool, row.starts_at.date()), ())
        )
    ]


def seated(
    claimants: Sequence[Claimant], staying: Sequence[ComingSlot], added: Iterable[Seat] = ()
) -> Outlook:
    """Who sits where in the slots that stay and those that come.

    Those of whom only some slots stay are seated anew, and so may be those who sit in such as stay.
    """
    held: dict[UUID, int] = {}
    for one in claimants:
        for slot in () if one.is_orphan else one.slot_ids:
            held[slot] = held.get(slot, 0) + 1
    seats = [_seat(row, held.get(row.id, 0)) for row in staying]
    keys = {row.id: seat.key for row, seat in zip(staying, seats, strict=True)}
    sitting = {
        one.id: _by_time(keys, one)
        for one in claimants
        if not one.is_orphan and one.slot_ids and all(slot in keys for slot in one.slot_ids)
    }
    seating = Seating([*seats, *added] if claimants else [], claimants, sitting)
    ordered = in_order(claimants)
    return Outlook(
        claimants={one.id: one for one in claimants},
        placed=seating.placed,
        lost=[c for c in ordered if c.id not in seating.placed and c.state in _LOSING],
        resupported=[c for c in ordered if c.id in seating.placed and c.is_orphan],
        there={seat.key: row.id for seat, row in zip(seats, staying, strict=True)},
    )


def _by_time(keys: Mapping[UUID, Key], one: Claimant) -> tuple[Key, ...]:
    """Where it sits."""
    return tuple(sorted((keys[slot] for slot in one.slot_ids), key=lambda key: key[2]))


def _seat(row: ComingSlot, own: int) -> Seat:
    """The slot with its free places, and those of people who are seated anew."""
    return Seat(
        row.rule_code,
        row.pool,
        frozenset(row.item_codes),
        row.starts_at,
        row.minutes,
        row.capacity - row.booked + own,
    )


async def settle(
    session: AsyncSession, outlook: Outlook, made: Mapping[Key, UUID], now: datetime
) -> None:
    """Carries it out: everybody sits as foreseen, whose time is lost or regained is published.

    `made` are the ids of the slots that came; they, and all that were held, are locked.
    """
    ids = {**outlook.there, **made}
    runs = {one: tuple(ids[key] for key in run) for one, run in outlook.placed.items()}
    moving = {one: run for one, run in runs.items() if _moves(outlook.claimants[one], run)}
    leaving = [outlook.claimants[one] for one in moving] + outlook.lost
    await slots.shift(
        session,
        take=[slot for run in moving.values() for slot in run],
        release=[slot for one in leaving if not one.is_orphan for slot in one.slot_ids],
    )
    if moving:
        await queries.reseat(session, moving)
    await _publish_lost(session, outlook.lost, now)
    regained = await statement.regain_time(session, [one.id for one in outlook.resupported], now)
    for appointment in regained:
        row = WORKFLOW[AppointmentState.ORPHANED, AppointmentAction.RESUPPORT]
        await publish(session, row.event, appointment)
    places_freed(session)


def _moves(one: Claimant, run: Sequence[UUID]) -> bool:
    return one.is_orphan or set(run) != set(one.slot_ids)


async def _publish_lost(session: AsyncSession, lost: Sequence[Claimant], now: datetime) -> None:
    """An orphan is for staff to find another time for; a hold is over, and the hall ended it."""
    orphans = []
    for appointment in await statement.lose_time(session, [one.id for one in lost], now):
        if appointment.state is AppointmentState.ORPHANED:
            orphans.append(appointment)
            await publish(session, AppointmentOrphaned, appointment)
        else:
            state = appointment.state
            await publish(session, AppointmentCancelled, appointment, by_hall=True, state=state)
    spans = [Span(o.hall_code, o.pool, o.starts_at, o.minutes) for o in orphans]
    await places.note_lost(session, spans)
