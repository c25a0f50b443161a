"""How long people in a hall will wait: forecasts, kept for a second so that screens cost little."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.estimates import advice, openings, queries
from services.appointments.estimates.advice import alternatives as alternatives
from services.appointments.estimates.floors import floor_of, person
from services.appointments.estimates.lookahead import Lookahead
from services.appointments.estimates.openings import Hours, Source
from services.appointments.estimates.queries import Usual
from services.appointments.estimates.rules import forecast
from services.appointments.estimates.schemas import Estimate, Floor, QueuedTicket
from services.appointments.queueing.models import Ticket, TicketState
from shared.cache import Cache
from shared.database.engine import memory_of
from shared.database.rows import fetching

FRESH = timedelta(seconds=1)
"""No crowded hall is forecast more often, whatever happens there and however many ask."""
BEING_MADE = timedelta(seconds=5)
"""Meanwhile the others see the last one: when it goes stale in a crowd, one makes the next."""
STALE = timedelta(seconds=30)
"""Waiting goes on though nothing happens."""
USUAL_KEPT = timedelta(minutes=5)
HALLS_KEPT = 500
CROWD = 12
"""Where fewer wait, whoever joins is told what has happened in this very second as well: it hardly
costs anything to run the hall forward for them."""


@dataclass(frozen=True)
class Forecast:
    """The waits of everyone in a hall as of one moment, and of who has joined since."""

    at: datetime
    seq: int
    windows_open: int
    queue: tuple[QueuedTicket, ...]
    lookahead: Lookahead
    joined: set[UUID] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    """Of those who have joined: of several who try for one number, one will have it."""

    def of(self, ticket_id: UUID) -> Estimate | None:
        return self.lookahead.estimates.get(ticket_id)

    def newcomer(self, item: str | None = None) -> tuple[int | None, int | None]:
        """What the last in line for the item (or in the whole hall) must expect."""
        estimates = self.lookahead.estimates
        waits = [
            (estimate.p85_minutes, estimate.p50_minutes)
            for ticket in self.queue
            if (item is None or ticket.item_code == item)
            and (estimate := estimates[ticket.id]).p85_minutes is not None
        ]
        if not waits:
            return (0, 0) if self.windows_open and not self.queue else (None, None)
        p85, p50 = max(waits, key=lambda wait: wait[0] or 0)
        return p50, p85

    def joining(self, ticket: QueuedTicket, number: str) -> Estimate:
        """What somebody who joins must expect, or has joined since."""
        who = person(ticket, self.at)
        if ticket.id in self.joined:
            return self.lookahead.of_joined(who)
        found = self.lookahead.estimate(who)
        if number not in self.numbers:
            self.numbers.add(number)
            self.joined.add(ticket.id)
            self.lookahead.take(who)
        return found

    def is_misled(self, ticket_id: UUID, number: str) -> bool:
        """Whether it reckons with somebody who has not got the number that they tried for: they
        were refused since, or asked again for what they have. In a crowd one is not looked at."""
        is_taken = number in self.numbers and ticket_id not in self.joined
        return is_taken and len(self.queue) < CROWD

    def is_good(self, now: datetime, good_for: timedelta, seq: int | None) -> bool:
        """Whether it may still be believed, where the hall is known to be at `seq`."""
        is_all = seq is None or seq <= self.seq + len(self.numbers) or len(self.queue) >= CROWD
        return is_all and timedelta() <= now - self.at < good_for


class _Kept:
    """Per hall, the last forecast and what is usual there; those least asked for go first.

    How old they may be is told by the caller's clock, not by the cache's.
    """

    def __init__(self) -> None:
        self.forecasts = Cache[str, Forecast](most=HALLS_KEPT)
        self.usual = Cache[str, tuple[datetime, Usual]](most=HALLS_KEPT)
        self.making: set[str] = set()


async def of_hall(
    source: Source, hall_code: str, now: datetime, seq: int | None = None
) -> Forecast:
    """The hall's forecast, at most a second old if something has happened since.

    `seq` is what the hall is known to be at, which need not be asked then.
    """
    memory = memory_of(source, _Kept)
    kept = memory.forecasts.peek(hall_code)
    is_made = hall_code in memory.making
    good_for = BEING_MADE if is_made else FRESH
    if kept is not None and kept.is_good(now, good_for, None if is_made else seq):
        return kept
    memory.making.add(hall_code)
    try:
        seq = await queries.seq(fetching(source), hall_code) if seq is None else seq
        if kept is not None and kept.seq == seq and timedelta() <= now - kept.at < STALE:
            return kept
        return await _anew(source, hall_code, seq, now)
    finally:
        memory.making.discard(hall_code)


async def _anew(source: Source, hall_code: str, seq: int, now: datetime) -> Forecast:
    made = await _make(source, hall_code, seq, now)
    memory_of(source, _Kept).forecasts.put(hall_code, made)
    return made


class Run(NamedTuple):
    """A hall's present state, what everybody in it must expect, and what the chance was drawn by:
    to run the same forward once more, changed."""

    floor: Floor
    estimates: dict[UUID, Estimate]
    seed: int


async def run_forward(source: Source, hall_code: str, now: datetime) -> Run:
    """The hall run forward from its state at the moment."""
    found = await queries.floor(fetching(source), hall_code, now)
    floor = floor_of(found, await _usual(source, hall_code, now), now)
    seed = len(floor.queue)
    return Run(floor, forecast(floor, Random(seed)), seed)


async def of_ticket(session: AsyncSession, ticket: Ticket, now: datetime) -> Estimate | None:
    """The ticket's place and wait; None when it does not wait."""
    if ticket.state is not TicketState.WAITING:
        return None
    hours = partial(openings.hours_of, session, ticket.hall_code, now)
    known = (await of_hall(session, ticket.hall_code, now)).of(ticket.id)
    if known is None:
        return await with_newcomer(session, ticket, now, hours)
    return await _with_advice(session, ticket, known, now, hours)


async def with_newcomer(
    source: Source,
    ticket: Ticket,
    now: datetime,
    hours: Hours,
    seq: int | None = None,
) -> Estimate:
    """The place and wait of a ticket that the hall's forecast does not know yet.

    `seq` is what the hall is known to be at.
    """
    code = ticket.hall_code
    seq = await queries.seq(fetching(source), code) if seq is None else seq
    forecast = await of_hall(source, code, now, seq)
    if forecast.is_misled(ticket.id, ticket.number):
        forecast = await _anew(source, code, seq, now)
    known = forecast.of(ticket.id) or forecast.joining(_queued(ticket), ticket.number)
    return await _with_advice(source, ticket, known, now, hours)


def _queued(ticket: Ticket) -> QueuedTicket:
    """What of a ticket may be remembered."""
    return QueuedTicket(
        ticket.id, ticket.item_code, tuple(ticket.items), ticket.for_window_id, ticket.due_at
    )


async def _with_advice(
    source: Source, ticket: Ticket, estimate: Estimate, now: datetime, hours: Hours
) -> Estimate:
    """The estimate; where no open window serves the ticket, with when one is expected; where the
    wait is very long, with what may be done instead.

    What is expected on another day is nothing to the ticket, which is of its own day.
    """
    items = tuple(ticket.items)
    if estimate.is_long:
        found = await advice.alternatives(source, ticket.hall_code, items, now, hours)
        return replace(estimate, alternatives=found)
    if estimate.served:
        return estimate
    opens = await openings.expected(source, ticket.hall_code, items, now, hours)
    is_of_day = opens is not None and opens.date() == ticket.service_day
    return replace(estimate, served_from=opens if is_of_day else None)


async def _make(source: Source, hall_code: str, seq: int, now: datetime) -> Forecast:
    found = await queries.floor(fetching(source), hall_code, now)
    floor = floor_of(found, await _usual(source, hall_code, now), now)
    queue, lookahead = tuple(found.queue), Lookahead(floor, Random(seq))
    return Forecast(now, seq, len(found.windows), queue, lookahead)


async def _usual(source: Source, hall_code: str, now: datetime) -> Usual:
    known = memory_of(source, _Kept).usual
    kept = known.peek(hall_code)
    if kept is not None and timedelta() <= now - kept[0] < USUAL_KEPT:
        return kept[1]
    found = await queries.usual(fetching(source), hall_code, now)
    known.put(hall_code, (now, found))
    return found
