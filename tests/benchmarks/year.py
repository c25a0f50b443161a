"""`python -m tests.benchmarks.year [VISITS]`: a year of nineteen halls, and the API beside it.

A million visits unless said otherwise, on the working days of the year up to yesterday: places are
put on sale, booked, cancelled and kept, tickets taken, called and finished, days counted, all by
the service's statements and rules with a clock of their own (`year_days`, `year_floor`). Printed
are progress, the sizes of the tables, whether what always has to hold does (`year_checks`), and
the slowest ten requests: every GET by everybody who may, and what people do all day (`year_work`),
each by the 95th of a hundred, beside the same at such halls where nobody ever came.
"""

import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from statistics import quantiles
from typing import Any, NamedTuple

import asyncpg
import httpx
import uvloop

from deploy.postgres import Urls
from shared import clock
from shared.security.identity import ROLES
from tests import support
from tests.benchmarks import goals, growth, year_checks, year_days, year_halls, year_parts
from tests.benchmarks.goals import Goal, at_most
from tests.benchmarks.ground import PRODUCTION, Ground, ground
from tests.benchmarks.growth import Sent, Took
from tests.benchmarks.year_halls import YearHall
from tests.benchmarks.year_parts import Part
from tests.benchmarks.year_work import DAYS, Work

VISITS, MINUTES = 1_000_000, 18
LEAST_MINUTES = 4
ROUNDS, PEOPLE = 20, 40
EMPTY = "appointments_empty"
TABLES = "appointment appointment_slot slot ticket call ticket_event hall_tally outbox"
KEYS = {
    "column_keys": PRODUCTION["ONEDOOR_COLUMN_KEYS"],
    "index_key": PRODUCTION["ONEDOOR_INDEX_KEY"],
}
_SIZE = """
SELECT count(*), pg_total_relation_size('{table}') / 1000000.0, pg_indexes_size('{table}') / 1e6
FROM {table}
"""


class Measured(NamedTuple):
    asked: list[Sent]
    took: dict[str, Took]


def p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def measure(base: Ground, hall: YearHall, database: str) -> Measured:
    """Milliseconds of what people do, and of every GET; no job runs meanwhile."""
    with base.service("appointments", background="false", database_url=database) as server:
        url = f"http://127.0.0.1:{server.port}"
        work = Work(base, server.port, hall)
        done = work.rounds(PEOPLE)
        document = httpx.get(f"{url}/openapi.json", timeout=300, trust_env=False).json()
        people = {
            role: {"Authorization": f"Bearer {base.token(role, '*', sub=f'{role}-year')}"}
            for role in ROLES
        }
        asked = list(growth.requests(about(document, work.known), people))
        took = growth.measure(url, asked, ROUNDS, p95)
    return Measured(asked, took | {n: Took(p95([t.ms for t in ts]), 200) for n, ts in done.items()})


def about(document: Any, known: Mapping[str, Any]) -> Any:
    """The document, whose examples name what is known."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if (value := known.get(parameter["name"])) is not None:
                    is_list = isinstance(parameter.get("example"), list)
                    parameter["example"] = [value] if is_list else value
    return document


async def prepare(owner: asyncpg.Connection) -> list[YearHall]:
    """The halls, with places on sale from tomorrow on."""
    halls = await year_halls.build(owner)
    today = clock.today(clock.now())
    await year_halls.put_on_sale(owner, halls, [today + timedelta(days=n) for n in range(1, DAYS)])
    return halls


async def load(urls: Urls, owner: asyncpg.Connection, halls: list[YearHall], many: int) -> int:
    """Lives the year, and counts it; prints how far it is. Returns how many came."""
    days = year_days.workdays(clock.today(clock.now()) - timedelta(days=1), 365)
    began, whole = time.monotonic(), Part(urls, KEYS, halls, many, days, 0)
    async with year_days.writing(urls.service, owner, KEYS, halls, many, days) as year:
        async with year_parts.parts(whole, year) as parts:
            for number, day in enumerate(days, 1):
                await parts.live(day)
                if number % 20 == 0 or day == days[-1]:
                    goals.show(f"  {day}: {parts.visits:,} visits, {_since(began)}")
                if number % 10 == 1:
                    await owner.execute("ANALYZE")  # as autovacuum would have done in a year
        await owner.execute("VACUUM ANALYZE")
        steps = await year_days.count(year.sessions, clock.now())
        goals.show(f"  sums of days: {steps:,} steps, {_since(began)}")
    await owner.execute("VACUUM ANALYZE hall_tally")
    return parts.visits


async def show_sizes(owner: asyncpg.Connection) -> None:
    goals.show(f"  {'table':18}{'rows':>12}{'MB':>9}{'of indexes':>12}")
    for table in TABLES.split():
        [(count, whole, indexes)] = await owner.fetch(_SIZE.format(table=table))
        goals.show(f"  {table:18}{count:>12,}{whole:>9,.0f}{indexes:>12,.0f}")


def _since(began: float) -> str:
    return f"{(time.monotonic() - began) / 60:.1f} min"


async def main(many: int) -> list[Goal]:
    minutes = LEAST_MINUTES + MINUTES * many / VISITS
    goals.begin("year", minutes, f"{many:,} visits to {year_halls.HALLS} halls")
    with ground() as base:
        full, empty = base.databases.urls("appointments"), base.databases.new("appointments", EMPTY)
        owner, other = await support.connect(full.owner), await support.connect(empty.owner)
        halls = await prepare(owner)
        visits = await load(full, owner, halls, many)
        await show_sizes(owner)
        faults = await year_checks.faults(owner)
        for what, rows in faults.items():
            goals.show(f"  {rows:,} {what}")
        before = measure(base, (await prepare(other))[0], empty.service)
        after = measure(base, halls[0], full.service)
        await owner.close()
        await other.close()
    return [
        at_most("rows that break what always holds", sum(faults.values()), 0),
        Goal("  visits", visits),
        *growth.aims(after.asked, before.took, after.took, f"{many:,} visits"),
    ]


if __name__ == "__main__":
    goals.finish(uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else VISITS)))
