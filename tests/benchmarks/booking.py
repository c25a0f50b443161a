"""`python -m tests.benchmarks.booking [PEOPLE] [ROUNDS]`: holds at the service, whole bookings.

Holding first: one process of the service, asked directly, without background work, against pgbench
with a single-row statement that writes the same rows; one hot slot against many slots; a refusal
against the same route that asks no database; and two workers against one. Then whole bookings, held
and confirmed, through the gateway, with relay and jobs, until every event is delivered: against the
careful peer (`peers/booking.py`) and pgbench with the same statements. All take turns in a round,
in the one order and then in the other; figures are medians of rounds, ratios of pairs in a round.
Everybody books once, with a token that was seen before, as of anybody who looked for free times.
"""

import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import median

import uvloop

from tests import support
from tests.benchmarks import cpu, goals, load, pgbench
from tests.benchmarks.booking_rows import (
    FULL,
    HOT,
    SLOTS,
    Hall,
    bookings,
    hold,
    script,
    slot_id,
    unknown,
)
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.benchmarks.ground import Ground, Spent, ground
from tests.benchmarks.proxies import Server

MINUTES = 2.5
PEOPLE, ROUNDS = 3200, 3
PGBENCH_CLIENTS, PGBENCH_SECONDS = 32, 3
UNAVAILABLE = 503


Measures = Mapping[str, Callable[[], Awaitable[Spent | float]]]
Round = Mapping[str, Spent | float]


def rate(found: Spent | float) -> float:
    return found.loaded.per_second if isinstance(found, Spent) else found


def ratio(rounds: Sequence[Round], one: str, other: str) -> float:
    return median(rate(each[one]) / rate(each[other]) for each in rounds)


def spent(rounds: Sequence[Round], name: str) -> list[Spent]:
    return [found for each in rounds if isinstance(found := each[name], Spent)]


def refusals(each: Sequence[Spent]) -> int:
    """How many were told to come again. Raises AssertionError where one was answered otherwise."""
    refused = sum((one.loaded.refused for one in each), Counter[int]())
    assert set(refused) <= {UNAVAILABLE}, f"answered by status: {dict(refused)}"
    return refused[UNAVAILABLE]


def micros(rounds: Sequence[Round], name: str) -> dict[str, float]:
    """Medians by process."""
    each = [one.micros for one in spent(rounds, name)]
    return {process: median(one[process] for one in each) for process in each[0]}


class Bench:
    """A hall, the people who book, and the processes that are watched meanwhile."""

    def __init__(self, ground: Ground, hall: Hall, people: int) -> None:
        self.ground, self.hall = ground, hall
        self.tokens = [ground.token("citizen", sub=f"person-{n}") for n in range(people)]
        self.over = 0

    def make_known(self, *servers: Server) -> None:
        """Every token was seen by the servers before."""
        for server in servers:
            load.run(server.port, [[unknown(token)] for token in self.tokens], 8)

    async def warm(self, *measures: Callable[[], Awaitable[Spent | float]]) -> None:
        """Once for nothing: what a process reads at its first booking is read."""
        for measure in measures:
            await self.hall.prepare()
            await measure()

    async def rounds(self, measures: Measures, count: int) -> list[Round]:
        """Each measure in turn on empty tables, and nothing wrong in them afterwards."""
        found: list[Round] = []
        for number in range(count):
            names = list(measures)[:: -1 if number % 2 else 1]
            one: dict[str, Spent | float] = {}
            for name in names:
                await self.hall.prepare()
                one[name] = await measures[name]()
                self.over += await self.hall.check()
            found.append(one)
            shown = ", ".join(f"{name} {rate(one[name]):,.0f}/s" for name in measures)
            goals.show(f"  round {number + 1} of {count}: {shown}")
        return found

    async def bare(self, text: str) -> float:
        seconds = ("-T", str(PGBENCH_SECONDS))
        url = self.ground.databases["appointments"]
        return pgbench.run(url, text, PGBENCH_CLIENTS, *seconds)


def holds(bench: Bench, one: Server, two: Server) -> Measures:
    """What is measured of holding, at the service itself."""

    def asked(server: Server, slot: Callable[[int], int], good: int) -> Spent:
        item = bench.hall.item if good != 422 else "NO-SUCH"
        chains = [
            [hold(token, slot_id(slot(n)), item, good=good)] for n, token in enumerate(bench.tokens)
        ]
        return bench.ground.ask({"service": server}, server.port, chains)

    def many(n: int) -> int:
        return n * 7 % SLOTS + 1

    async def several(server: Server) -> Spent:
        return asked(server, many, 201)

    async def hot() -> Spent:
        return asked(one, lambda _: HOT, 201)

    async def refusal() -> Spent:
        return asked(one, lambda _: FULL, 409)

    async def no_database() -> Spent:
        return asked(one, lambda _: FULL, 422)

    return {
        "many slots": lambda: several(one),
        "pgbench, many slots": lambda: bench.bare(script()),
        "hot slot": hot,
        "pgbench, hot slot": lambda: bench.bare(script(f"'{slot_id(HOT)}'::uuid")),
        "refusal": refusal,
        "no database": no_database,
        "two workers": lambda: several(two),
    }


async def holding(bench: Bench, rounds: int) -> list[Goal]:
    alone = {"background": "false"}
    with (
        bench.ground.service("appointments", **alone) as one,
        bench.ground.service("appointments", workers="2", **alone) as two,
    ):
        await bench.hall.prepare()
        bench.make_known(one, two, two)
        measures = holds(bench, one, two)
        await bench.warm(measures["many slots"], measures["two workers"])
        found = await bench.rounds(measures, rounds)
    unavailable = 0
    for name in ("many slots", "hot slot", "refusal", "no database"):
        goals.show(f"  {name}: {cpu.words(micros(found, name))}")
        unavailable += refusals(spent(found, name))
    service = micros(found, "many slots")["service"]
    many, hot = "many slots", "hot slot"
    return [
        at_least("hold, many slots / pgbench", ratio(found, many, f"pgbench, {many}"), 0.40),
        at_most("hold, many slots: service", service, 230, "us"),
        at_least("hot slot / many slots", ratio(found, hot, many), 0.95),
        at_least("hot slot / pgbench", ratio(found, hot, f"pgbench, {hot}"), 1.7),
        at_least("refusal / no database", ratio(found, "refusal", "no database"), 0.95),
        Goal("hold, two workers / one", ratio(found, "two workers", many)),
        at_most("holding: answers of 503", unavailable, 0),
    ]


def wholes(bench: Bench, servers: Mapping[str, Server], other: Server) -> Measures:
    """What is measured of whole bookings."""

    async def ours() -> Spent:
        watch = bench.ground.watch(servers)
        chains = bookings(bench.tokens, bench.hall.item)
        loaded = load.run(servers["gateway"].port, chains)
        await delivered(bench.hall)
        return Spent(loaded, cpu.per(watch.used(), max(len(loaded.waits), 1)))

    async def peers() -> Spent:
        chains = bookings(bench.tokens, bench.hall.item)
        return bench.ground.ask({"peer": other}, other.port, chains)

    return {
        "whole booking": ours,
        "peer": peers,
        "pgbench": lambda: bench.bare(script(confirm=True)),
    }


async def delivered(hall: Hall) -> None:
    """Until no event waits any more."""
    waiting = "SELECT NOT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"

    async def none_waits() -> bool:
        return bool(await hall.owner.fetchval(waiting))

    await support.eventually(none_waits, 60, "events wait in the outbox")


async def whole(bench: Bench, other: Server, rounds: int) -> list[Goal]:
    with (
        bench.ground.service("appointments") as service,
        bench.ground.gateway({"appointments": service}, knows="/api/v1/halls") as gateway,
    ):
        await bench.hall.prepare()
        bench.make_known(gateway, service)
        measures = wholes(bench, {"gateway": gateway, "service": service}, other)
        await bench.warm(measures["whole booking"], measures["peer"])
        found = await bench.rounds(measures, rounds)
    return shown(found)


def shown(found: Sequence[Round]) -> list[Goal]:
    """The lines of whole bookings."""
    ours, theirs = spent(found, "whole booking"), spent(found, "peer")
    for name, each in (("whole booking", ours), ("peer", theirs)):
        p50, p99 = (median(one.loaded.wait(part) for one in each) for part in (50, 99))
        own = median(one.loaded.cpu_seconds / len(one.loaded.waits) for one in each) * 1e6
        goals.show(f"  {name}: {cpu.words(micros(found, name))}")
        goals.show(f"    p50 {p50:.0f} ms, p99 {p99:.0f} ms; the clients' own CPU {own:.0f} us")
    ms = sum(micros(found, "whole booking").values()) / 1000
    apart = median(one.loaded.wait(99) / one.loaded.wait(50) for one in ours)
    return [
        at_most("whole booking: CPU of all processes", ms, 1.4, "ms"),
        Goal("  the same of the peer", sum(micros(found, "peer").values()) / 1000, unit="ms"),
        at_least("whole booking / careful peer", ratio(found, "whole booking", "peer"), 1.0),
        Goal("whole booking / pgbench", ratio(found, "whole booking", "pgbench")),
        at_most("whole booking: p99 / p50", apart, 5),
        at_most("whole booking: answers of 503", refusals(ours), 0),
    ]


async def main(people: int, rounds: int) -> list[Goal]:
    load.keep_a_core_free()
    what = f"{load.CLIENTS} clients in {load.language()}, {people} people x {rounds} rounds"
    goals.begin("booking", MINUTES, what)
    with ground() as base:
        owner = await support.connect(base.databases.urls("appointments").owner)
        rows = await support.connect(await base.database("peer"))
        bench = Bench(base, Hall(owner, rows), people)
        goals.show("holding, at the service:")
        found = await holding(bench, rounds)
        goals.show("whole bookings, through the gateway:")
        with base.peer() as other:
            found += await whole(bench, other, rounds)
        await owner.close()
        await rows.close()
    return [*found, at_most("places given over a slot's capacity", bench.over, 0)]


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    goals.finish(uvloop.run(main(*(given + [PEOPLE, ROUNDS][len(given) :]))))
