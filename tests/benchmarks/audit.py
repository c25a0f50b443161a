"""`python -m tests.benchmarks.audit [duties]`: the audit statement against DuckDB on the same rows.

The peer is given the very rows of `standing` in its own columnar tables and computes every verdict
in one scan, which is all that an audit needs at the least; it writes nothing and keeps no history.
Both find the same verdicts. Then a day passes, the report is counted and a year is amended.
"""

import asyncio
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.projects.auditing import queries
from services.projects.calendar import queries as calendar
from shared import workdays
from shared.db import RoomSession
from tests import support
from tests.support import Databases

TODAY = dt.date(2026, 11, 23)
TOMORROW = dt.date(2026, 11, 24)
ROUNDS = 5

UNITS = """
INSERT INTO responsible_unit (code, name, name_en, valid_from)
SELECT 'D' || lpad(n::text, 2, '0'), '单位' || n, '', DATE '2000-01-01'
FROM generate_series(1, 18) n;
INSERT INTO full_walk (unit_code, walked_at)
SELECT code, TIMESTAMPTZ '2026-11-23 01:00+08' FROM responsible_unit WHERE code <> 'D14';
INSERT INTO project (code, name, approval_kind, phase, scope_basis, version, updated_at)
VALUES ('2401-359900-48-01-000001', '工程', 'examine', 'approval', '清单', 1, now());
INSERT INTO trigger_event (id, project_code, item_code, unit_code, kind, recorded_at, recorded_by)
VALUES (gen_random_uuid(), '2401-359900-48-01-000001', 'MP-02-01', 'D01', 'formed', now(), 'bench')
"""

DUTIES = """
INSERT INTO duty (id, trigger_id, project_code, unit_code, item_id, item_code, formed_on, region,
  rule_kind, rule_n, rule_version, calendar_version, basis, start_ord, due_ord, extended_by, hold,
  created_at, version)
SELECT gen_random_uuid(), e.id, e.project_code, 'D' || lpad((1 + n % 18)::text, 2, '0'), i.id,
  i.item_code, c.date, 'CN', 'working_days', 20, 1, 23, 'working', c.ord_start, c.ord_start + 20,
  0, 'none', now(), 1
FROM generate_series(1, {n}) n
JOIN LATERAL (SELECT DATE '2023-01-01' + (n % 1420) * 7919 % 1420 AS day) formed ON true
JOIN work_calendar c ON c.region = 'CN' AND c.date = formed.day,
trigger_event e, (SELECT * FROM catalogue_item WHERE item_code = 'MP-02-01' LIMIT 1) i
"""

STANDINGS = """
INSERT INTO standing (duty_id, unit_code, hold, calendar_days, is_formed, due_ord, is_seen,
  seen_ord, seen_early, absent_ord, is_claimed, claim_ord, claim_early, claim_contradicted,
  is_incomplete, is_gone, in_review, version)
SELECT id, unit_code, CASE WHEN r < 0.01 THEN 'exempt' ELSE 'none' END, false, r < 0.99, due_ord,
  is_seen, CASE WHEN is_seen THEN seen END, false, CASE WHEN is_seen AND r > 0.2 THEN seen - 1 END,
  is_seen AND r < 0.95, CASE WHEN is_seen AND r < 0.95 THEN seen - (r * 3)::int END, r > 0.985,
  r > 0.97, r BETWEEN 0.5 AND 0.52, r BETWEEN 0.6 AND 0.61, false, 0
FROM (SELECT d.*, random() AS r, start_ord + (random() * 26)::int AS seen,
             random() < 0.93 AND start_ord < 5690 AS is_seen FROM duty d) d
"""


WALKS = """
SELECT u.code AS unit_code, c.ord_end AS walked_ord, c.date - DATE '2000-01-01' AS walked_day
FROM responsible_unit u
LEFT JOIN full_walk f ON f.unit_code = u.code
LEFT JOIN work_calendar c
  ON c.region = 'CN' AND c.date = (f.walked_at AT TIME ZONE 'Asia/Shanghai')::date
"""


async def seconds(work: Callable[[], Awaitable[Any]]) -> float:
    """How long `work` takes."""
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


class Audit:
    """The service's own statements on a database full of duties."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine

    async def do(self, work: Callable[[RoomSession], Awaitable[Any]]) -> Any:
        async with RoomSession(self.engine) as session, session.begin():
            await session.execute(text("SET LOCAL statement_timeout = '300s'"))
            return await work(session)

    async def fill(self, n: int) -> None:
        for statement in (*UNITS.split(";"), DUTIES.format(n=n), STANDINGS):
            await self.do(partial(RoomSession.execute, statement=text(statement)))

    async def vacuum(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("SET statement_timeout = '300s'"))
            await connection.execute(text("VACUUM (FREEZE, ANALYZE)"))

    async def judge(self, scope: str, day: dt.date) -> int:
        async def work(session: RoomSession) -> int:
            numbers = await queries.today(session, "CN", day)
            said = {"region": "CN", "as_of": day, "now": dt.datetime.now(dt.UTC), "actor": "bench"}
            return len(await queries.judge(session, scope, **numbers, **said))

        return int(await self.do(work))

    async def counts(self) -> dict[tuple[str, str], int]:
        rows = await self.do(queries.counts)
        return {(row["unit_code"], row["verdict"]): row["n"] for row in rows}

    async def amend(self) -> None:
        days = workdays.year_days(2026, [dt.date(2026, 12, 31)], [])
        await self.do(lambda session: calendar.put_year(session, "CN", 2026, days, "修订", 24))


class Duck:
    """The same rows in DuckDB, and its own computation of every verdict."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self.connection = duckdb.connect()
        self.connection.execute("SET threads TO 2")
        reason = queries.REASON
        for name, number in numbers.items():
            reason = reason.replace(f":{name}", str(number))
        self.scan = (
            f"SELECT s.unit_code, {queries.verdict_of(reason)} AS verdict, count(*) AS n"
            " FROM standing s JOIN walks w ON w.unit_code = s.unit_code GROUP BY ALL"
        )

    async def load(self, owner_url: str, folder: Path) -> None:
        """Copy `standing` and the units' last walks, value by value."""
        rows = await support.connect(owner_url)
        for name, query in (("standing", "SELECT * FROM standing"), ("walks", WALKS)):
            file = folder / f"{name}.csv"
            await rows.copy_from_query(query, output=file, format="csv", header=True)
            self.connection.execute(f"CREATE TABLE {name} AS FROM read_csv('{file}')")
        await rows.close()

    async def audit(self) -> dict[tuple[str, str], int]:
        found = self.connection.execute(self.scan).fetchall()
        return {(unit, verdict): n for unit, verdict, n in found}


async def compare(audit: Audit, owner_url: str, folder: Path) -> None:
    first = await seconds(lambda: audit.judge("all", TODAY))
    await audit.vacuum()
    duck = Duck(dict(await audit.do(lambda session: queries.today(session, "CN", TODAY))))
    await duck.load(owner_url, folder)
    assert await duck.audit() == await audit.counts(), "the two audits disagree"
    own, peer = [], []
    for _ in range(ROUNDS):
        own.append(await seconds(lambda: audit.judge("all", TODAY)))
        peer.append(await seconds(duck.audit))
    ratio = median(own) / median(peer)
    print(f"first audit, every verdict written     {first:8.2f} s")
    print(f"full audit again, the statement        {median(own) * 1000:8.0f} ms")
    print(f"DuckDB, one scan of the same rows      {median(peer) * 1000:8.0f} ms")
    print(f"ratio (goal <= 3)                      {ratio:8.2f}")


async def others(audit: Audit) -> None:
    counted = [await seconds(audit.counts) for _ in range(ROUNDS)]
    amended = [await seconds(audit.amend) for _ in range(ROUNDS)]
    idle = [await seconds(lambda: audit.judge("unseen", TODAY)) for _ in range(ROUNDS)]
    moved = 0

    async def tick() -> None:
        nonlocal moved
        moved = await audit.judge("unseen", TOMORROW)

    night = await seconds(tick)
    print(f"counts of the unit report              {median(counted) * 1000:8.0f} ms")
    print(f"amending a year of the calendar        {median(amended) * 1000:8.1f} ms")
    print(f"tick that finds nothing                {median(idle) * 1000:8.0f} ms")
    print(f"tick over midnight, {moved} moved {night * 1000:20.0f} ms")


async def main(duties: int) -> None:
    with support.postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        urls = Databases(server).urls("projects")
        engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
        audit = Audit(engine)
        print(f"{duties:,} duties of 18 units")
        await audit.fill(duties)
        await compare(audit, urls.owner, Path(folder))
        await others(audit)
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
