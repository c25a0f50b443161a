"""`python -m tests.benchmarks.matching [PEOPLE] [ROUNDS]`: what matching costs those without need.

Uniform bookings where every time has one rule, so that nobody could sit elsewhere, beside the same
where three rules serve different items at each time, and there is room: matching is for who finds a
time full, and may cost nobody else more than a tenth. Then the free times of a hall-week for two
people with two items, beside those for one with one. Shown besides is a booking for which somebody
is moved. All take turns in a round, in the one order and then in the other; figures are CPU of the
service and PostgreSQL together, which neighbours on the machine hardly move; ratios are medians
over pairs of a round.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from uuid import UUID, uuid4

import asyncpg
import uvloop

from tests import support
from tests.appointments import offices
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import Clock
from tests.benchmarks import goals, load
from tests.benchmarks.booking_rows import SERVED_BEFORE, hold, unknown
from tests.benchmarks.goals import Goal, at_most
from tests.benchmarks.ground import Ground, Spent, ground
from tests.benchmarks.load import Chain
from tests.benchmarks.proxies import Server

MINUTES = 2.5
PEOPLE, ROUNDS = 1600, 5
TIMES, PLACES = 200, 1000
DAYS, HALVES, WEEK_PLACES = 5, 16, 6
READS = 150
CLIENTS = 8
"""Few, so that nobody is told to come again where others keep the machine busy."""
MOVED = 400
SINGLE, MIXED = ({"AB": "AB"}, {"AB": "AB", "A": "A", "B": "B"})
"""Which of the items the rules serve that there are at each time."""

Costs = Mapping[str, float]
Slots = dict[tuple[datetime, str], UUID]


def cost(spent: Spent) -> float:
    """Microseconds of CPU of one, of both processes."""
    spent.loaded.all_good()
    return spent.micros["service"] + spent.micros["PostgreSQL"]


class Bench:
    """Two halls with the same times, and who asks."""

    def __init__(self, base: Ground, server: Server, owner: asyncpg.Connection) -> None:
        self._base, self._server, self.owner = base, server, owner
        self._day = date.today() + timedelta(days=2)  # noqa: DTZ011

    async def hall(self) -> Office:
        sign = dict[str, str]
        office = await offices.build(
            None,  # type: ignore[arg-type]
            lambda *_, **__: sign(),
            self.owner,
            Clock(),
        )
        await self.owner.execute(SERVED_BEFORE.replace("'BEFORE'", f"'{office.code[-5:]}'"),
                                  office.code, office.items[0])  # fmt: skip
        return office

    async def put_on_sale(
        self, office: Office, rules: Mapping[str, str], times: Sequence[datetime], places: int
    ) -> Slots:
        """The slots by time and rule."""
        return {
            (at, code): await office.slot(
                at, places, rule_code=code, item_codes=[office.items["AB".index(i)] for i in served]
            )
            for at in times
            for code, served in rules.items()
        }

    def times(self, days: int, a_day: int) -> list[datetime]:
        """So many half hours of days that nobody has booked yet."""
        found = list[datetime]()
        for _ in range(days):
            begins = datetime(self._day.year, self._day.month, self._day.day, 1, tzinfo=UTC)
            found += [begins + timedelta(minutes=30 * half) for half in range(a_day)]
            self._day += timedelta(days=1)
        return found

    def ask(self, chains: Sequence[Chain]) -> float:
        spent = self._base.ask({"service": self._server}, self._server.port, chains, CLIENTS)
        return cost(spent)

    def people(self, count: int) -> list[str]:
        """Tokens that were seen before."""
        made = [self._base.token("citizen", sub=f"person-{uuid4()}") for _ in range(count)]
        load.run(self._server.port, [[unknown(token)] for token in made], 8)
        return made

    def book(self, item: str, slots: Sequence[UUID], count: int) -> float:
        """So many people, each in the next of the slots."""
        people = self.people(count)
        return self.ask(
            [[hold(token, slots[n * 7 % len(slots)], item)] for n, token in enumerate(people)]
        )

    async def moved(self, office: Office) -> float:
        """People for whom somebody sits elsewhere, who took before what both of them could have."""
        times = self.times(1, 10)
        slots = await self.put_on_sale(office, {"AB": "AB", "A": "A"}, times, MOVED // len(times))
        both = [slots[at, "AB"] for at in times]
        self.book(office.items[0], both, MOVED)
        await self.owner.execute("ANALYZE")  # as the server does by itself within minutes
        return self.book(office.items[1], both, MOVED)

    def read(self, office: Office, days: tuple[date, date], persons: int, items: int) -> float:
        """The free times of these days."""
        asked = "".join(f"&item={item}" for item in office.items[:items])
        path = f"/api/v1/availability?hall={office.code}{asked}&persons={persons}"
        path += f"&from={days[0]}&to={days[1]}&limit=200"
        return self.ask([[load.get(path)]] * READS)


def turns(measures: Mapping[str, Callable[[], float]], number: int) -> dict[str, float]:
    """Each measure once, in the one order or in the other."""
    names = list(measures)[:: -1 if number % 2 else 1]
    return {name: measures[name]() for name in names}


async def bookings(bench: Bench, people: int, rounds: int) -> list[Costs]:
    one, several = await bench.hall(), await bench.hall()
    times = bench.times(TIMES // 20, 20)
    alone = await bench.put_on_sale(one, SINGLE, times, PLACES)
    beside = await bench.put_on_sale(several, MIXED, times, PLACES)
    await bench.owner.execute("VACUUM ANALYZE")
    measures = {
        "one rule": lambda: bench.book(one.items[0], [*alone.values()], people),
        "three rules": lambda: bench.book(
            several.items[0], [id_ for (_, code), id_ in beside.items() if code == "AB"], people
        ),
    }
    turns(measures, 0)
    found = list[Costs]()
    for number in range(rounds):
        each = turns(measures, number) | {"somebody moved": await bench.moved(several)}
        found.append(each)
        _show(number, rounds, each)
    return found


async def readings(bench: Bench, rounds: int) -> list[Costs]:
    """Of a week of which half of the places are taken."""
    office = await bench.hall()
    times = bench.times(DAYS, HALVES)
    days = (times[0].date(), times[-1].date())
    slots = await bench.put_on_sale(office, MIXED, times, WEEK_PLACES)
    for code, item in (("AB", 0), ("AB", 1), ("A", 0), ("B", 1)):
        wanted = [id_ for (_, rule), id_ in slots.items() if rule == code]
        bench.book(office.items[item], wanted, len(wanted) * WEEK_PLACES // 4)
    await bench.owner.execute("VACUUM ANALYZE")
    measures = {
        "free times, one item": lambda: bench.read(office, days, 1, 1),
        "free times, two items x two people": lambda: bench.read(office, days, 2, 2),
    }
    turns(measures, 0)
    found = list[Costs]()
    for number in range(rounds):
        found.append(turns(measures, number))
        _show(number, rounds, found[-1])
    return found


def _show(number: int, rounds: int, each: Costs) -> None:
    shown = ", ".join(f"{name} {micros:,.0f} us" for name, micros in each.items())
    goals.show(f"  round {number + 1} of {rounds}: {shown}")


def ratio(rounds: Sequence[Costs], one: str, other: str) -> float:
    return median(each[one] / each[other] for each in rounds)


async def main(people: int, rounds: int) -> list[Goal]:
    load.keep_a_core_free()
    goals.begin("matching", MINUTES, f"{people} people x {rounds} rounds after one to warm up")
    with ground() as base:
        owner = await support.connect(base.databases.urls("appointments").owner)
        with base.service("appointments", background="false") as server:
            bench = Bench(base, server, owner)
            booked = await bookings(bench, people, rounds)
            read = await readings(bench, rounds)
        await owner.close()
    moved = median(each["somebody moved"] for each in booked)
    one, several = "free times, one item", "free times, two items x two people"
    return [
        at_most("booking beside other rules / with a single one: CPU",
                ratio(booked, "three rules", "one rule"), 1.1),
        Goal("  a booking for which somebody is moved: CPU", moved, unit="us"),
        at_most("free times of a hall-week, 2 items x 2 people / plain: CPU",
                ratio(read, several, one), 3),
        Goal("  the plain one", median(each[one] for each in read), unit="us"),
    ]  # fmt: skip


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    goals.finish(uvloop.run(main(*(given + [PEOPLE, ROUNDS][len(given) :]))))
