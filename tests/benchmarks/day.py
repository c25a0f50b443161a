"""`python -m tests.benchmarks.day`: a busy day of a city through the gateway.

Three halls with twelve windows each, kiosks, two thousand people who poll, a release that three
hundred want at once; then ten times of what the service can do, and the day again. What the
service can do of each class, and what an answer costs it, is measured alone and first, in the same
run. Goodput is the part of the service's work that somebody still waited for: answers weighed with
their price, a ratio that neighbours on the machine do not move. `ONEDOOR_DAY_SECONDS` makes the
phases longer.
"""

import asyncio
import os
import random
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import uvloop

from shared.ids import new_id
from tests import support
from tests.appointments import offices, queue_helpers
from tests.appointments.queue_helpers import Clock
from tests.benchmarks import cpu, goals, load
from tests.benchmarks.day_city import City, at_window
from tests.benchmarks.day_people import PATIENCE_SECONDS, Asked, Crowd, Tally
from tests.benchmarks.goals import Goal, at_least
from tests.benchmarks.ground import ground
from tests.benchmarks.load import Step
from tests.support import Tokens

MINUTES = 1.5
HALLS, WINDOWS, ITEMS, WAITING = 3, 12, 3, 120
PEOPLE, POLL_SECONDS, RELEASE, KIOSKS = 2_000, 5.0, 300, 3
ALONE_SECONDS, ASKERS, PAUSE_SECONDS = 2.0, 16, 2.0
DAY_SECONDS = float(os.environ.get("ONEDOOR_DAY_SECONDS", "10"))
KINDS = {
    "GET /tickets/{ticket_id}": "ticket",
    "GET /halls/{hall}/display": "display",
    "GET /availability": "availability",
    "POST /tickets": "queue",
    "POST /appointments": "booking",
    "POST /windows/{window_id}/call-next": "window",
    "POST /tickets/{ticket_id}/serve": "window",
    "POST /tickets/{ticket_id}/finish": "window",
}
_COUNTED = re.compile(r'^http_requests_total{method="(\w+)",route="([^"]+)",status="(\d+)"} (\S+)')
TIMES = 10.0
DIFFERENT = 5_000
"""Requests of strangers, asked in turn."""
_TICKET = (
    "INSERT INTO ticket (id, hall_code, service_day, number, leg, visit_id, item_code, items,"
    " ticket_class, credit_minutes, policy_version, issued_at, ready_at, due_at, state,"
    " state_since, version, recalls, missing, owner, citizen_key)"
    " VALUES ($1, $2, current_date, 'W' || $5::int, 1, gen_random_uuid(), $3::text,"
    " ARRAY[$3::text], 'walk_in', 0, 0, now(), now(), now(),"
    " 'waiting', now(), 1, 0, '[]', $4::text, 'sub:' || $4::text)"
)


@dataclass
class Hall:
    """The city and the service behind its gateway."""

    city: City
    port: int
    service: int
    service_port: int
    busy: float = 0.0
    can: dict[str, float] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)

    def price(self, counts: Mapping[str, int]) -> float:
        """CPU seconds of the service that so many answers cost it alone."""
        return sum(count * self.costs[kind] for kind, count in counts.items())


async def worked(port: int) -> Counter[str]:
    """How many answers of each class the service has worked out, refusals left out."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        figures = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    counts = Counter[str]()
    for found in filter(None, map(_COUNTED.match, figures.splitlines())):
        kind = KINDS.get(f"{found[1]} {found[2]}")
        if kind and found[3] not in ("503", "429"):
            counts[kind] += int(float(found[4]))
    return counts


async def build(owner: asyncpg.Connection, tokens: Tokens) -> City:
    """Halls with people who wait, and places on sale for a fortnight."""
    halls, tickets, slots = {}, [], []
    first = date.today() + timedelta(days=1)  # noqa: DTZ011
    for _ in range(HALLS):
        code, windows, items = await queue_helpers.build(owner, windows=WINDOWS, items=ITEMS)
        halls[code] = (windows, items)
        office = offices.Office(None, lambda *_: {}, code, items, owner, Clock())  # type: ignore[arg-type]
        for number in range(14 * 4):
            day = first + timedelta(days=number // 4)
            begins = datetime(day.year, day.month, day.day, 1 + number % 4, tzinfo=UTC)
            slot = await office.slot(begins, 500, rule_code=f"R{number}")
            slots += [(slot, item) for item in items]
        for number in range(WAITING):
            who, ticket = f"waiting-{code}-{number}", new_id()
            await owner.execute(_TICKET, ticket, code, items[number % ITEMS], who, number)
            tickets.append((str(ticket), tokens("citizen", sub=who)))
        await owner.execute("INSERT INTO hall_floor VALUES ($1, 0, '{}')", code)
    await owner.execute("VACUUM ANALYZE")
    return City(halls, tickets, slots, tokens)


async def alone(hall: Hall) -> None:
    """What the service can do of each class when nothing else is asked, and its price."""
    city = hall.city
    makers: dict[str, Callable[[], Asked]] = {
        "queue": city.kiosk,
        "booking": city.hold,
        "ticket": city.ticket,
        "display": city.display,
        "availability": city.availability,
    }

    async def measured(kind: str, crowd: Crowd, work: Coroutine[Any, Any, None]) -> None:
        before = cpu.seconds(hall.service)
        await work
        used = cpu.seconds(hall.service) - before
        assert not crowd.tally.wrong, crowd.tally.wrong
        done = max(crowd.tally.done[kind], 1)
        hall.can[kind], hall.costs[kind] = done / ALONE_SECONDS, used / done
        hall.busy = max(hall.busy, used / ALONE_SECONDS)

    for kind, make in makers.items():
        crowd = Crowd(hall.port)
        await measured(kind, crowd, crowd.repeatedly(make, ASKERS, ALONE_SECONDS))
    crowd = Crowd(hall.port)
    await measured("window", crowd, at_windows(crowd, city, ALONE_SECONDS, 0.0))


async def at_windows(crowd: Crowd, city: City, seconds: float, pause: float) -> None:
    """Every clerk of the city at work."""
    work = [
        at_window(crowd.ask, city, code, window, seconds, pause)
        for code, (windows, _) in city.halls.items()
        for window in windows
    ]
    await asyncio.gather(*work)


async def day(hall: Hall, seconds: float, *, release: bool, more: float = 0.0) -> Tally:
    """People who poll, clerks, kiosks; a release in the middle; `more` polls of tickets."""
    crowd, city = Crowd(hall.port), hall.city

    def poll() -> Asked:
        return random.choice([city.ticket, city.display, city.availability])()

    async def released() -> None:
        await asyncio.sleep(seconds / 2)
        await asyncio.gather(*(crowd.ask(city.hold()) for _ in range(RELEASE)))

    work = [
        crowd.steadily(poll, PEOPLE / POLL_SECONDS, seconds),
        crowd.steadily(city.kiosk, KIOSKS, seconds),
        at_windows(crowd, city, seconds, PAUSE_SECONDS),
    ]
    if more:
        work.append(strangers(crowd, city, more, seconds))
    if release:
        work.append(released())
    await asyncio.gather(*work)
    return crowd.tally


async def strangers(crowd: Crowd, city: City, per_second: float, seconds: float) -> None:
    """More who look how long they have to wait, by a process of their own: a crowd that shares an
    event loop with clerks would keep them from working."""
    wanted = [Step(city.ticket().wire, 200) for _ in range(DIFFERENT)]
    for one in await load.ask_at_rate(crowd.port, wanted, per_second, seconds, PATIENCE_SECONDS):
        crowd.tally.asked["ticket"] += 1
        crowd.tally.note("ticket", one.status, one.retry_after, one.seconds)


async def phase(name: str, hall: Hall, seconds: float, **how: Any) -> tuple[float, float]:
    """Runs a part of the day and prints it; its goodput, and what was done at windows and kiosks.

    Of the answers from the gateway's memory only as many count as the service worked out.
    """
    before, spent = await worked(hall.service_port), cpu.seconds(hall.service)
    tally = await day(hall, seconds, **how)
    spent = cpu.seconds(hall.service) - spent
    did = await worked(hall.service_port) - before
    asked = sum(n / hall.can[kind] for kind, n in tally.asked.items()) / seconds
    wanted = {kind: min(count, tally.done[kind]) for kind, count in did.items()}
    good = hall.price(wanted) / hall.price(did)
    print(f"\n{name}: asked {asked:.1f} times what the service can do; goodput {good:.2f}")
    print(f"  the service worked {spent / seconds / hall.busy:.2f} of its time")
    tally.show()
    first = sum(tally.done[kind] for kind in ("window", "queue"))
    return good, first / sum(tally.asked[kind] for kind in ("window", "queue"))


async def simulate(hall: Hall) -> list[Goal]:
    opening = Crowd(hall.port)
    for code, (windows, _) in hall.city.halls.items():
        for window in windows:
            await opening.ask(hall.city.open(code, window))
    await alone(hall)
    print("alone, answers a second and CPU ms of the service an answer:")
    for kind, rate in hall.can.items():
        print(f"  {kind:14}{rate:>8.0f}{hall.costs[kind] * 1000:>8.1f}")
    await phase("a busy day", hall, DAY_SECONDS, release=True)
    more = TIMES * hall.can["ticket"]
    name = f"{TIMES:.0f} times too much"
    good, first = await phase(name, hall, 2 * DAY_SECONDS, release=True, more=more)
    _, after = await phase("after it", hall, DAY_SECONDS / 2, release=False)
    return [
        at_least(f"goodput under {TIMES:.0f} times too much", good, 0.95),
        at_least("  windows and kiosks of what they asked", first, 0.95),
        Goal("  the same after it", after),
    ]


async def main() -> list[Goal]:
    what = f"{HALLS} halls x {WINDOWS} windows, {PEOPLE} people"
    goals.begin("day", MINUTES, what)
    with ground() as base:
        owner = await support.connect(base.databases.urls("appointments").owner)
        city = await build(owner, base.tokens)
        await owner.close()
        with (
            base.service("appointments") as service,
            base.gateway({"appointments": service}, knows="/api/v1/halls") as gateway,
        ):
            return await simulate(Hall(city, gateway.port, service.pid, service.port))


if __name__ == "__main__":
    goals.finish(uvloop.run(main()))
