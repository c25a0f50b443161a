"""`python -m tests.benchmarks.province [COUNTIES]`: the portals of a province, and a week of them.

100 counties of 40 units of 50 portals each, by SQL, all due at once: what it costs to queue and to
claim, by the service's own statements, and that each claim is the oldest run whose host is free.
Then a week is played with the service's rules on a clock of its own (`province_week`), by the
runners of six instances: no host is asked by two or before its pause is over, none waits for over a
day, not even when all are due at once, and all are walked a day.
"""

import asyncio
import sys
import time
from datetime import datetime
from statistics import median
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from services.projects.collecting import queries, rules, service
from services.projects.collecting.running import RUNNERS
from shared import clock
from shared.database.engine import RoomSession
from tests import support
from tests.benchmarks import goals
from tests.benchmarks.goals import Goal, at_least, at_most
from tests.benchmarks.province_week import A_DAY, Week, province
from tests.support import Databases

MINUTES = 3
COUNTIES, UNITS, PORTALS = 100, 40, 50
INSTANCES = 6
QUEUED, CLAIMED = 4, 200
"""How often some are queued, and how many are claimed of them."""

UNIT_ROWS = """
INSERT INTO responsible_unit (code, name, name_en, valid_from)
SELECT 'P' || lpad(n::text, 6, '0'), '单位' || n, '', DATE '2000-01-01'
FROM generate_series(0, :units - 1) n"""
PORTAL_ROWS = """
INSERT INTO portal (id, name, unit_code, start_url, allow_private, is_public, interval_ms,
  every_minutes, enabled, rule_version, health, next_run_at, version)
SELECT 'p-' || n || '-' || k, '栏目' || k, 'P' || lpad(n::text, 6, '0'),
  'https://' || CASE k % 5 WHEN 0 THEN 'c' || n / :per WHEN 1 THEN 'c' || n / :per
    WHEN 2 THEN 'u' || n WHEN 3 THEN 'p' || (n / :per + k) % 20 ELSE 'p' || (n + k) % 20 END
    || '.example.gov.cn/' || k, false, true, 1000, 1440, true, 1, 'unknown',
  now() - make_interval(secs => (n * 7919 + k) % 1000), 1
FROM generate_series(0, :units - 1) n, generate_series(0, :portals - 1) k"""
# What people have ordered on the platforms before: more of a host than the schedule queues.
ORDERED = text("""
INSERT INTO collector_run (id, portal_id, rule_version, kind, state, requested_at, requested_by,
  pages, items, new_items, details, error_count, errors, known_pages, list_complete,
  proves_absence, version)
SELECT gen_random_uuid(), id, 1, 'full', 'queued', now() - interval '1 day', 'bench',
  0, 0, 0, 0, 0, '[]', 0, false, false, 1
FROM portal WHERE host LIKE 'p%' AND id LIKE 'p-1_-%' ON CONFLICT DO NOTHING""")
WAITING = text("""
SELECT r.id, p.host FROM collector_run r JOIN portal p ON p.id = r.portal_id
WHERE r.state = 'queued' ORDER BY r.requested_at, r.id""")


class Province:
    """The service's own statements on a province of portals."""

    def __init__(self, engine: AsyncEngine, counties: int) -> None:
        self.engine, self.units = engine, counties * UNITS

    async def fill(self) -> float:
        began = time.perf_counter()
        async with RoomSession(self.engine) as session, session.begin():
            await session.execute(text("SET LOCAL statement_timeout = '300s'"))
            values = {"units": self.units, "portals": PORTALS, "per": UNITS}
            for rows in (UNIT_ROWS, PORTAL_ROWS):
                given = {name: value for name, value in values.items() if f":{name}" in rows}
                await session.execute(text(rows), given)
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM (ANALYZE) portal"))
        return time.perf_counter() - began

    async def queue(self, now: datetime) -> float:
        """Milliseconds to queue what may be queued at once."""
        began = time.perf_counter()
        async with RoomSession(self.engine) as session, session.begin():
            assert await service.queue_due(session, now) == rules.QUEUED_AT_ONCE
        return (time.perf_counter() - began) * 1000

    async def claim(self) -> tuple[float, object]:
        """Milliseconds to claim a run, and which."""
        began = time.perf_counter()
        async with RoomSession(self.engine) as session, session.begin():
            claimed = await queries.claim_run(session, uuid4())
        return (time.perf_counter() - began) * 1000, claimed

    async def order(self) -> None:
        async with RoomSession(self.engine) as session, session.begin():
            await session.execute(ORDERED)

    async def waiting(self) -> list[tuple[object, str]]:
        async with RoomSession(self.engine) as session:
            return [(run, host) for run, host in await session.execute(WAITING)]


async def scheduled(counties: int) -> list[Goal]:
    """What queueing and claiming cost, and that the oldest is claimed whose host is free."""
    with support.postgres_server() as server:
        urls = Databases(server).urls("projects")
        engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
        of = Province(engine, counties)
        goals.show(f"  {of.units * PORTALS:,} portals in {await of.fill():,.0f} s")
        now = clock.now()
        queued = [await of.queue(now) for _ in range(QUEUED)]
        await of.order()
        line, held, claimed, wrong = await of.waiting(), set[str](), [], 0
        for _ in range(min(CLAIMED, len({host for _, host in line}))):
            expected, host = next(each for each in line if each[1] not in held)
            took, run = await of.claim()
            claimed.append(took)
            wrong += run != expected
            held.add(host)
            line.remove((expected, host))
        await engine.dispose()
    return [
        at_most(f"queue {rules.QUEUED_AT_ONCE} of them", median(queued), 1000, "ms"),
        at_most("claim a run", median(claimed), 50, "ms"),
        at_most(f"of {len(claimed)} claims, not the oldest of a free host", wrong, 0),
    ]


def week(counties: int) -> list[Goal]:
    """A week of them all, by the rules."""
    runners = INSTANCES * RUNNERS * max(counties, 1) // COUNTIES or 1
    played = Week(list(province(counties, UNITS, PORTALS)), runners)
    began = time.process_time()
    played.play()
    goals.show(
        f"  {played.walks:,} walks of {len(played.portals):,} portals by {runners} runners,"
        f" {played.failed:,} failed; played in {time.process_time() - began:,.0f} s of CPU"
    )
    days = ", ".join(f"{played.per_day[day]:,}" for day in range(played.days))
    goals.show(f"  good walks a day: {days}")
    longest = max(portal.longest_wait for portal in played.portals)
    return [
        at_most("hosts asked by two, or before their pause", played.clashes, 0),
        at_most("longest wait of a portal that is due", longest / A_DAY * 24, 24, "h"),
        at_least("good walks of a portal in the week", _least(played), played.days - 2),
        at_least(
            "portals walked on the worst day", min(played.per_day.values()) / len(played.portals),
            0.9,
        ),
    ]  # fmt: skip


def _least(played: Week) -> int:
    """Of those that are never down; the last walk of the week may still be under way."""
    return min(portal.good_walks for portal in played.portals if portal.down_on < 0)


async def main(counties: int) -> list[Goal]:
    goals.begin("province", MINUTES, f"{counties} counties x {UNITS} units x {PORTALS} portals")
    return await scheduled(counties) + week(counties)


if __name__ == "__main__":
    goals.finish(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNTIES)))
