"""The days of the simulated year, one after the other: booked, gone through, written, counted.

Slots, holds, cancellations, who did not come, and the sums are the service's own statements, with a
clock that is handed in; what goes by rules alone is gone through in memory (`year_floor`) and
copied into the tables, a day of all halls at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.booking import cancelling, hold, publishing, service, settling
from services.appointments.booking.context import BookingContext
from services.appointments.booking.models import Appointment, AppointmentState
from services.appointments.booking.schemas import CancelRequest, HoldRequest
from services.appointments.booking.workflow import AppointmentAction
from services.appointments.directory.models import Hall as HallRow
from services.appointments.priority.models import TicketClass
from services.appointments.settings import AppointmentsSettings
from services.appointments.slots import queries as slot_queries
from services.appointments.slots import service as slots
from services.appointments.slots import statement as slot_statement
from services.appointments.statistics import counting
from shared.database.engine import DirectPool, Sessions, new_engine, new_sessions
from shared.database.swap_statement import SwapStatement
from shared.errors import Problem
from shared.messaging import outbox
from shared.security.crypto import Keyring
from shared.security.identity import Caller
from tests.benchmarks.hall_simulation import TIME_CREDIT, Teller
from tests.benchmarks.hall_simulation_days import NINE, NO_SHOW, Visitor
from tests.benchmarks.hall_simulation_days import day as simulated
from tests.benchmarks.hall_simulation_floor import Hall, History
from tests.benchmarks.year_floor import HallDay
from tests.benchmarks.year_halls import YearHall
from tests.benchmarks.year_rows import DayWriter

AT_ONCE = 256
"""As many as the service books in one statement."""
TOLD = 500
"""One in so many is told what to expect."""
CANCELS = 4
"""Of those who have booked and do not come, one in so many says so the day before."""
AGAIN = 0.4
"""Of all who book a year, so many are different people."""
KEPT_DAYS = 35
"""Events that are older have been forgotten."""
Job = Callable[[AsyncSession, datetime], Awaitable[int]]
SlotIds = Mapping[tuple[str, datetime], UUID]
"""By hall, and when the slot begins."""


@dataclass
class Year:
    """What the days are written with, and what they need of one another."""

    writer: DayWriter
    sessions: Sessions
    direct: DirectPool
    keyring: Keyring
    halls: Sequence[YearHall]
    busy: float
    """Work of who is expected over what the windows could do."""
    people: int
    first: int = 0
    """The place of the first hall among those of everybody who writes the year."""
    visits: int = 0
    histories: dict[str, History] = field(default_factory=dict)
    slot_ids: SlotIds = field(default_factory=dict)
    rows: dict[str, HallRow] = field(default_factory=dict)
    booked: int = 0

    def __post_init__(self) -> None:
        self.context = BookingContext(self.direct, self.sessions, self.keyring)
        self._teller = Teller(TOLD)
        self._halls = {hall.code: hall for hall in self.halls}

    async def live(self, day: date) -> None:
        """A day, from the first booking to its last job."""
        await self.live_through(day, await self.begin(day))
        await self.end(day)

    async def begin(self, day: date) -> SlotIds:
        """Puts the day on sale."""
        made = [slot for hall in self.halls for slot in hall.slots(day)]
        async with self.sessions() as session, session.begin():
            await slots.add(session, made)
            await slots.open_due(session, _opens(day) - timedelta(days=14))
        return {(slot.hall_code, slot.starts_at): slot.id for slot in made}

    async def live_through(self, day: date, slot_ids: SlotIds) -> None:
        """All that people do."""
        self.slot_ids, opens = slot_ids, _opens(day)
        expected = {
            hall.code: self._expected(self.first + place, day)
            for place, hall in enumerate(self.halls)
        }
        held = await self._book(expected, opens)
        await self._cancel(expected, held, opens)
        booked = await self._confirmed(day)
        appointments = {key: booked[id_] for key, id_ in held.items() if id_ in booked}
        done = [self._play(hall, expected[hall.code], appointments) for hall in self.halls]
        await self.writer.write(day, [one for one in done if one], [*booked.values()])

    async def end(self, day: date) -> None:
        """The jobs of the day, for all halls."""
        evening = _opens(day) + timedelta(hours=12)
        await self._until_done(slot_statement.return_due, evening)
        await self._until_done(slot_queries.close_due, evening)
        await self._until_done(settling.miss_absent, evening)
        await self.writer.forget(day, evening)

    def _expected(self, place: int, day: date) -> list[Visitor]:
        return simulated((day - NINE.date()).days, 1000 + place, self.busy)

    async def _book(
        self, expected: Mapping[str, Sequence[Visitor]], opens: datetime
    ) -> dict[UUID, UUID]:
        """Who could book: their appointments by the visitors' keys."""
        wanted = [(hall, v) for hall, them in expected.items() for v in them if v.slot is not None]
        found: dict[UUID, UUID] = {}
        for number, those in enumerate(_pieces(wanted)):
            at = opens - timedelta(days=2 + number % 12)
            made = await asyncio.gather(*(self._hold(hall, v, at) for hall, v in those))
            found |= {v.key: id_ for (_, v), id_ in zip(those, made, strict=True) if id_}
        return found

    async def _hold(self, code: str, visitor: Visitor, now: datetime) -> UUID | None:
        """None of whom the rules refuse: their time is over, or they have missed too many."""
        assert visitor.slot is not None
        slot, item = self.slot_ids[code, visitor.slot], self._halls[code].items[visitor.item]
        request = HoldRequest(slot_ids=[slot], item_code=item)
        self.booked += 1
        caller = Caller(f"year-{self.first}-{self.booked % self.people}", frozenset({"citizen"}))
        try:
            held = await hold.hold(self.context, request, caller, None, now)
        except Problem:
            return None
        return UUID(orjson.loads(held.answer)["id"])

    async def _cancel(
        self,
        expected: Mapping[str, Sequence[Visitor]],
        held: dict[UUID, UUID],
        opens: datetime,
    ) -> None:
        """Those who say that they do not come, hall by hall and all halls at once."""
        at = opens - timedelta(days=1)
        halls = (self._cancel_at(code, them, held, at) for code, them in expected.items())
        await asyncio.gather(*halls)

    async def _cancel_at(
        self, code: str, visitors: Sequence[Visitor], held: dict[UUID, UUID], now: datetime
    ) -> None:
        """Confirmed and cancelled as by themselves."""
        staff = Caller("year", frozenset({"clerk"}), frozenset({code}))
        for visitor in visitors:
            if visitor.shows_up or visitor.key not in held or visitor.key.int % CANCELS:
                continue
            typed = str(held.pop(visitor.key))
            swap = SwapStatement(self.direct)
            found = await service.seen_by(self.direct, typed, staff)
            await service.confirm(swap, typed, None, staff, found.appointment.held_at)
            await swap.write()
            swap = SwapStatement(self.direct)
            await cancelling.cancel(swap, self.keyring, typed, CancelRequest(), staff, now)
            await swap.write()

    async def _confirmed(self, day: date) -> dict[UUID, Appointment]:
        """The others' of the day, confirmed in memory: what is written is what becomes of them."""
        held = (col(Appointment.on_date) == day, col(Appointment.state) == AppointmentState.HELD)
        ours = col(Appointment.hall_code).in_([hall.code for hall in self.halls])
        async with self.sessions() as session:
            found = await session.exec(select(Appointment).where(*held, ours))
            return {one.id: one for one in found.all()}

    def _play(
        self,
        hall: YearHall,
        expected: Sequence[Visitor],
        appointments: Mapping[UUID, Appointment],
    ) -> HallDay | None:
        """None where nobody comes."""
        day = HallDay(hall, self.rows[hall.code], self.keyring)
        for visitor in expected:
            if (one := appointments.get(visitor.key)) is not None:
                row = service.row_of(one, AppointmentAction.CONFIRM)
                day.kept.swap(one, service.changes_of(row, one.held_at + timedelta(minutes=1)))
                outbox.promise(day.kept, publishing.of_change(row.event, one))
        who = [self._as_is(one, appointments) for one in expected]
        if not any(one.shows_up for one in who):
            return day if day.kept.events else None
        history = self.histories.setdefault(hall.code, History())
        floor = Hall(who, TIME_CREDIT, history, self._teller)
        floor.play()
        history.next_day()
        told = {one.who: one for one in self._teller.told}
        self._teller.told.clear()
        for visitor in sorted((v for v in who if v.shows_up), key=lambda v: v.arrives):
            found = day.issue(visitor, appointments.get(visitor.key), told.get(visitor.key))
            at = floor.called[visitor.key]
            day.attend(day.call(found, floor.called_to[visitor.key], at), visitor, at)
        self.visits += len(day.tickets)
        return day

    def _as_is(self, visitor: Visitor, appointments: Mapping[UUID, Appointment]) -> Visitor:
        """Who could not book comes without; who cancelled stays away."""
        if visitor.slot is None or visitor.key in appointments:
            return visitor
        return replace(visitor, slot=None, ticket_class=TicketClass.WALK_IN)

    async def _until_done(self, job: Job, now: datetime) -> None:
        async with self.sessions() as session, session.begin():
            while await job(session, now):
                pass


def _opens(day: date) -> datetime:
    return NINE + timedelta(days=(day - NINE.date()).days)


def _pieces(wanted: Sequence[Any]) -> Iterator[list[Any]]:
    left = iter(wanted)
    while piece := list(islice(left, AT_ONCE)):
        yield piece


def workdays(last: date, days: int) -> list[date]:
    """The Mondays to Fridays of so many days up to the last."""
    every = (last - timedelta(days=n) for n in range(days))
    return sorted(day for day in every if day.isoweekday() <= 5)


def busy_for(visits: int, halls: int, days: int) -> float:
    """How busy a day of a hall is so that as many visits come of all."""
    expected = len(simulated(0, 0, 1.0)) * (1 - NO_SHOW * 0.4)
    return visits / (halls * days * expected)


@asynccontextmanager
async def writing(
    url: str, owner: asyncpg.Connection, keys: Mapping[str, Any], halls: Sequence[YearHall],
    visits: int, days: Sequence[date], first: int = 0,
) -> AsyncIterator[Year]:  # fmt: skip
    """A year to be lived at these halls, of about so many visits on these days; the first of them
    is at that place among all."""
    settings = AppointmentsSettings(database_url=url, **keys)
    engine = new_engine(settings, "year")
    direct = DirectPool(settings, "year", lambda: None)
    keyring = Keyring(settings.column_keys, settings.index_key)
    sessions = new_sessions(engine, direct.memory)
    busy, people = busy_for(visits, len(halls), len(days)), max(int(AGAIN * visits), 1)
    writer = DayWriter(owner, days[-1] - timedelta(days=KEPT_DAYS))
    year = Year(writer, sessions, direct, keyring, halls, busy, people, first)
    try:
        async with sessions() as session:
            codes = [hall.code for hall in halls]
            found = await session.exec(select(HallRow).where(col(HallRow.code).in_(codes)))
            year.rows = {row.code: row for row in found.all()}
        yield year
    finally:
        await direct.close()
        await engine.dispose()


async def count(sessions: Sessions, now: datetime) -> int:
    """The sums of all days, by the job that keeps them. Returns how many steps it took."""
    steps = 0
    while True:
        async with sessions() as session, session.begin():
            if not await counting.count(session, now):
                return steps
        steps += 1
