"""A hall that plays a synthetic day by the rules of priority, calling and forecasting."""

import heapq
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp
from uuid import UUID

from services.appointments.estimates.queries import (
    USUALLY_LATE,
    USUALLY_SHOW_UP,
    ExpectedVisit,
    FloorNow,
    Newcomers,
    Usual,
    WindowTakingPeople,
)
from services.appointments.estimates.rules import bucket_of
from services.appointments.estimates.schemas import QueuedTicket
from services.appointments.priority.rules import Standing
from services.appointments.priority.schemas import Policy
from shared.clock import SHANGHAI
from tests.benchmarks.hall_simulation_days import MINUTES, SERVES, Visitor


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who waits, and where the rules put them."""

    key: UUID
    item: str
    standing: Standing

    @property
    def due(self) -> tuple[datetime, UUID]:
        return self.standing.due_at, self.key

    @property
    def ready(self) -> tuple[datetime, UUID]:
        return self.standing.ready_at, self.key


class Line:
    """Who is next. The order of `calling.statement.CALL_NEXT`, to which a test holds it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.waiting: dict[UUID, Ticket] = {}
        self._plain_turns: Counter[str] = Counter()

    def join(self, ticket: Ticket) -> None:
        self.waiting[ticket.key] = ticket

    def call(self, items: Collection[str], now: datetime) -> Ticket | None:
        """The next of those whom a window serves; they wait no more."""
        served = [ticket for ticket in self.waiting.values() if ticket.item in items]
        if not served:
            return None
        item = min(served, key=lambda ticket: ticket.due).item
        same = [ticket for ticket in served if ticket.item == item]
        limit = now - timedelta(minutes=self.policy.guard_after_minutes)
        too_long = any(t.standing.credit_minutes == 0 and t.standing.due_at < limit for t in same)
        plain = too_long and self._plain_turns[item] >= self.policy.guard_every - 1
        self._plain_turns[item] = self._plain_turns[item] + 1 if too_long and not plain else 0
        first = min(same, key=lambda t: t.ready) if plain else min(served, key=lambda t: t.due)
        return self.waiting.pop(first.key)


class History:
    """What is usual in the hall, counted as `estimates.queries` counts it."""

    def __init__(self) -> None:
        self._times: dict[tuple[int, str], dict[int, float]] = {}
        self._credited: Counter[tuple[str, int, int]] = Counter()
        self._today: Counter[tuple[str, int, int]] = Counter()
        self._days = 0
        self._late, self._missed, self._booked = 0, 0, 0

    def add_call(self, called_at: datetime, item: str, minutes: float) -> None:
        times = self._times.setdefault((called_at.astimezone(SHANGHAI).hour // 3, item), {})
        bucket = bucket_of(minutes)
        times[bucket] = times.get(bucket, 0.0) + 1.0

    def add_newcomer(self, ticket: Ticket, at: datetime) -> None:
        hour = at.astimezone(SHANGHAI).hour
        self._today[ticket.item, ticket.standing.credit_minutes, hour] += 1

    def add_bookings(self, visitors: list[Visitor]) -> None:
        booked = [v for v in visitors if v.slot is not None]
        self._booked += len(booked)
        self._missed += sum(not v.shows_up for v in booked)
        self._late += sum(v.shows_up and v.slot is not None and v.arrives > v.slot for v in booked)

    def shows_up(self, *, late: bool) -> float:
        """The share of those who come; `late`: of those who are not there at their time."""
        if not self._booked:
            return USUALLY_LATE if late else USUALLY_SHOW_UP
        return 1 - self._missed / (self._late + self._missed if late else self._booked)

    def next_day(self) -> None:
        for times in self._times.values():
            times.update({bucket: count * exp(-1 / 10) for bucket, count in times.items()})
        self._credited += self._today
        self._today.clear()
        self._days += 1

    def usual(self, now: datetime) -> Usual:
        seen: dict[str, dict[int, float]] = {}
        for (third, item), times in self._times.items():
            weight = 1.0 if third == now.astimezone(SHANGHAI).hour // 3 else 0.5
            of_item = seen.setdefault(item, {})
            for bucket, count in times.items():
                of_item[bucket] = of_item.get(bucket, 0.0) + weight * count
        credited = self._credited.items()
        return Usual(seen, [Newcomers(*key, many / self._days) for key, many in credited])


@dataclass(slots=True)
class _Window:
    id: UUID
    items: tuple[str, ...]
    busy_with: str | None = None
    called_at: datetime | None = None


@dataclass
class Hall:
    """One day of the hall, event by event."""

    visitors: list[Visitor]
    policy: Policy
    history: History = field(default_factory=History)
    asks: Callable[["Hall", Ticket, datetime], None] | None = None
    """Told of everybody just before they join."""

    def __post_init__(self) -> None:
        self.line = Line(self.policy)
        self.windows = [_Window(UUID(int=n + 1), items) for n, items in enumerate(SERVES)]
        self.called: dict[UUID, datetime] = {}
        self.called_to: dict[UUID, int] = {}
        """To which window, from 0."""
        self._who = {visitor.key: visitor for visitor in self.visitors}
        self._free: list[tuple[datetime, int]] = []

    def play(self) -> dict[UUID, float]:
        """The minutes that everybody waited: from the ticket, or from the time that was booked."""
        come = sorted((v for v in self.visitors if v.shows_up), key=lambda v: v.arrives)
        for visitor in come:
            self._until(visitor.arrives)
            self._arrive(visitor)
        self._until(datetime.max.replace(tzinfo=come[0].arrives.tzinfo))
        self.history.add_bookings(self.visitors)
        return {visitor.key: self._waited(visitor) for visitor in come}

    def now(self, at: datetime) -> FloorNow:
        """What a forecast finds in the database at this moment."""
        waiting = sorted(self.line.waiting.values(), key=lambda ticket: ticket.due)
        return FloorNow(
            [QueuedTicket(t.key, t.item, (t.item,), None, t.standing.due_at) for t in waiting],
            [
                WindowTakingPeople(
                    window.id, list(window.items), window.busy_with, window.called_at
                )
                for window in self.windows
            ],
            [
                ExpectedVisit(v.key, v.item, v.slot, self.history.shows_up(late=v.slot <= at))
                for v in self.visitors
                if v.slot is not None
                and (v.arrives > at or not v.shows_up)
                and at - timedelta(minutes=10) <= v.slot <= at + timedelta(hours=2)
            ],
            dict(MINUTES),
            SHANGHAI.key,
        )

    def _arrive(self, visitor: Visitor) -> None:
        ticket = Ticket(visitor.key, visitor.item, visitor.standing(self.policy))
        if self.asks is not None:
            self.asks(self, ticket, visitor.arrives)
        if visitor.slot is None and ticket.standing.credit_minutes:
            self.history.add_newcomer(ticket, visitor.arrives)
        self.line.join(ticket)
        for place, window in enumerate(self.windows):
            if window.busy_with is None and visitor.item in window.items:
                self._call(place, visitor.arrives)
                break

    def _until(self, moment: datetime) -> None:
        """Windows that become free before then call whom they serve."""
        while self._free and self._free[0][0] <= moment:
            at, place = heapq.heappop(self._free)
            window = self.windows[place]
            if window.busy_with is not None and window.called_at is not None:
                took = (at - window.called_at).total_seconds() / 60
                self.history.add_call(window.called_at, window.busy_with, took)
            window.busy_with = window.called_at = None
            self._call(place, at)

    def _call(self, place: int, at: datetime) -> None:
        window = self.windows[place]
        ticket = self.line.call(window.items, at)
        if ticket is None:
            return
        window.busy_with, window.called_at = ticket.item, at
        self.called[ticket.key], self.called_to[ticket.key] = at, place
        minutes = self._who[ticket.key].minutes
        heapq.heappush(self._free, (at + timedelta(minutes=minutes), place))

    def _waited(self, visitor: Visitor) -> float:
        ready = visitor.standing(self.policy).ready_at
        return max((self.called[visitor.key] - ready).total_seconds() / 60, 0.0)
