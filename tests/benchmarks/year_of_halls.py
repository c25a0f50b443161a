"""`python -m tests.benchmarks.year_of_halls`: figures of 19 halls over a year, and what they cost.

Each hall has 300 visits a working day of the week for 30 items: their kept sums are made up with
the histograms that so many waits give, and the months are added up by the job. Then each grouping
is asked for a few times, over a calendar year and over one that begins in the middle of a month.
Counted is the processor time of the database and of the service together.
"""

import asyncio
import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import HallSpan
from services.appointments.statistics import counting, queries
from services.appointments.statistics.schemas import WideGrouping
from shared.database.engine import new_sessions
from tests import support
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_most
from tests.support import Databases

MINUTES, ROUNDS, HALLS, LIMIT_MS = 2, 5, 19, 300
NOW = datetime(2026, 1, 2, 4, tzinfo=UTC)
PERIODS = {
    "2025": (date(2025, 1, 1), date(2025, 12, 31)),
    "2024-12-16 .. 2025-12-15": (date(2024, 12, 16), date(2025, 12, 15)),
}

_HALLS = """
INSERT INTO hall (code, name, address, level, opening_hours, channels, accessibility, timezone,
    version, updated_at)
SELECT 'B' || lpad(n::text, 3, '0'), '大厅' || n, '路', 'county', '[]', '{}', '{}',
    'Asia/Shanghai', 1, now() FROM generate_series(1, :halls) n"""
_LOG = """
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, before)
SELECT code, 1, gen_random_uuid(), gen_random_uuid(), 'A001', 'I01', 'issue', 'waiting', 1,
    '2024-12-01 09:00+08', 'li', '{}' FROM hall"""
_COUNTED = """
INSERT INTO counted_hall (hall_code, timezone, through_seq) SELECT code, timezone, 1 FROM hall"""
_DAYS = """
INSERT INTO counted_hall_day (hall_code, day) SELECT h.code, d::date FROM hall h,
    generate_series('2024-12-01'::date, '2026-01-02'::date, interval '1 day') d"""
# So many waits of 0 to 90 minutes and services of 2 to 30, in tenths, as they come.
_SUMS = """
INSERT INTO hall_tally (hall_code, grouping, day, key, issued, called, served, done, needs_more,
    rejected, missed, abandoned, parked, transferred, unfinished, longest_wait_ms, timed,
    service_ms, estimated, estimates_off_ms, estimates_covered, waits, waits_n, services,
    services_n)
SELECT d.hall_code, g.grouping, d.day, g.key, g.n, g.n, g.n, g.n, 0, 0, 0, 0, 0, 0, 0, 5400000,
    g.n, g.n * 600000::bigint, g.n, g.n * 60000::bigint, g.n, w.v, w.n, s.v, s.n
FROM counted_hall_day d
CROSS JOIN LATERAL (SELECT 'hall' AS grouping, '' AS key, 300 AS n
    UNION ALL SELECT 'item', 'I' || lpad(i::text, 2, '0'), 10 FROM generate_series(1, 30) i) g
CROSS JOIN LATERAL (SELECT array_agg(v ORDER BY v) AS v, array_agg(n ORDER BY v) AS n FROM (
    SELECT floor(random() * random() * 900)::int AS v, count(*)::int AS n
    FROM generate_series(1, g.n) r WHERE d.day IS NOT NULL GROUP BY 1) x) w
CROSS JOIN LATERAL (SELECT array_agg(v ORDER BY v) AS v, array_agg(n ORDER BY v) AS n FROM (
    SELECT 20 + floor(random() * random() * 280)::int AS v, count(*)::int AS n
    FROM generate_series(1, g.n) r WHERE d.day IS NOT NULL GROUP BY 1) x) s
WHERE extract(isodow FROM d.day) < 6"""


async def fill(engine: AsyncEngine) -> None:
    """The kept sums of the days by SQL, those of the months by the job."""
    async with engine.begin() as connection:
        await connection.execute(text(_HALLS), {"halls": HALLS})
        for sql in (_LOG, _COUNTED, _DAYS, _SUMS):
            await connection.execute(text(sql))
    sessions = new_sessions(engine)
    while True:
        async with sessions() as session, session.begin():
            if not await counting.count(session, NOW):
                break
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))


async def cost(engine: AsyncEngine, by: WideGrouping, first: date, last: date) -> float:
    """The milliseconds of processor that figures take, the median of some rounds: what else a
    machine does is not counted."""
    spans = [HallSpan(f"B{n:03}", first, last, "A") for n in range(1, HALLS + 1)]
    times: list[float] = []
    async with AsyncSession(engine) as session:
        server = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        for _ in range(ROUNDS):
            before = process_ms(server) + time.process_time() * 1000
            await queries.figures(session, by, spans)
            times.append(process_ms(server) + time.process_time() * 1000 - before)
    return median(times)


def process_ms(pid: int) -> float:
    """The processor time that a process has used, in milliseconds."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


async def main() -> list[Goal]:
    goals.begin("year_of_halls", MINUTES, f"figures of {HALLS} halls over a year")
    with support.postgres_server() as server:
        urls = Databases(server).urls("appointments")
        engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
        await fill(engine)
        found = []
        for name, (first, last) in PERIODS.items():
            for by in WideGrouping:
                took = await cost(engine, by, first, last)
                work = f"figures of {HALLS} halls, {name}, by {by}: CPU"
                found.append(at_most(work, took, LIMIT_MS, "ms"))
        await engine.dispose()
    return found


if __name__ == "__main__":
    goals.finish(asyncio.run(main()))
