"""`python -m tests.benchmarks.audit`: the audit against DuckDB on the same rows, and its parts.

The peer is given the very rows of `standing` in its own columnar tables and computes every verdict
in one scan, which is all that an audit needs at the least; it writes nothing and keeps no history.
All find the same verdicts: the peer, the join that a textbook would write in PostgreSQL, and the
kept roll-up. Then a day passes, pages are found, the report is counted and a year is amended.
Garbage is collected as seldom as by a service.
`AUDIT_DUTIES` says how many duties (1,000,000).
"""

import asyncio
import gc
import json
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.projects.auditing import queries, service, statement
from services.projects.auditing.statement import EVIDENCE
from services.projects.calendar import service as calendar
from services.projects.calendar.schemas import VersionOrder
from services.projects.duties import observing
from services.projects.duties.models import ClaimKind
from services.projects.duties.rules import Sighting
from services.projects.reports import queries as report_queries
from services.projects.reports.rules import report as reporting
from shared.database.engine import RoomSession
from shared.web import serve
from tests import support
from tests.benchmarks import audit_periods, goals
from tests.benchmarks.audit_peers import Duck, textbook
from tests.benchmarks.audit_rows import LOT, UNITS
from tests.benchmarks.goals import Goal, at_most
from tests.support import Databases

MINUTES = 3

TODAY = date(2026, 11, 23)
TOMORROW = date(2026, 11, 24)
ROUNDS = 5
LOTS = 8
PUBLISHED = 10_000

COUNT_ALL = text("SELECT unit_code, verdict, count(*) FROM standing GROUP BY unit_code, verdict")

SEE = text(statement.see_statement())
UNSEEN = text(
    "SELECT duty_id, due_ord FROM standing"
    " WHERE NOT is_seen AND hold = 'none' AND is_formed LIMIT :n"
)


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
        """Duties as they come in life: some at a time, judged, and the space of old rows reused."""
        for part in UNITS.split(";"):
            await self.do(partial(RoomSession.execute, statement=text(part)))
        for lot in range(LOTS):
            first, last = n * lot // LOTS + 1, n * (lot + 1) // LOTS
            made = text(LOT.format(first=first, last=last))
            await self.do(partial(RoomSession.execute, statement=made))
            await self.judge("all", TODAY)
            await self.vacuum()

    async def vacuum(self) -> None:
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("SET statement_timeout = '300s'"))
            await connection.execute(text("VACUUM (FREEZE, ANALYZE)"))

    async def numbers(self, day: date) -> dict[str, Any]:
        """The numbers that stand for the day and the walks."""

        async def work(session: RoomSession) -> dict[str, Any]:
            numbers = await queries.today(session, "CN", day)
            walks = await queries.walks(session, "CN", numbers.last_ord)
            return {**numbers._asdict(), **walks._asdict()}

        return dict(await self.do(work))

    async def judge(self, scope: str, day: date) -> int:
        said = {"region": "CN", "as_of": day, "now": datetime.now(UTC), "actor": "bench"}
        values = await self.numbers(day) | said
        return len(await self.do(lambda session: queries.judge(session, scope, **values)))

    async def counts(self) -> dict[tuple[str, str], int]:
        rows = await self.do(report_queries.counts)
        return {(row.unit_code, row.verdict): row.n for row in rows}

    async def report(self) -> bytes:
        """The unit report, counted and composed."""

        async def work(session: RoomSession) -> bytes:
            units = [unit._asdict() for unit in await report_queries.units(session, TODAY)]
            weights = (await report_queries.scheme(session, TODAY)).weights
            inputs = {"units": units, "weights": weights, "versions": {}, "in_dispute": {}}
            counts = await report_queries.counts(session)
            return reporting.to_bytes(reporting.compose(TODAY, inputs, counts, ""))

        return bytes(await self.do(work))

    async def amend(self, rest_day: int) -> None:
        order = VersionOrder(
            region="CN",
            year=2026,
            notice="关于修订放假安排的通知",
            rest_days=[date(2026, 12, rest_day)],
            working_weekends=[],
        )
        now = datetime.now(UTC)
        await self.do(lambda session: calendar.add_version(session, order, now, actor="bench"))

    async def publish(self, ids: list[Any]) -> None:
        """The pages of these duties are found: facts, evidence, verdicts, roll-up and events."""
        seen = datetime(2026, 11, 23, 3, tzinfo=UTC)
        sightings = [
            Sighting(
                duty_id=duty,
                url=f"https://example.gov.cn/{duty}.htm",
                observed_at=seen,
                last_absent_at=seen - timedelta(days=2),
                claim_kind=ClaimKind.META,
                claimed_at=seen - timedelta(days=1),
            )
            for duty in ids
        ]
        await self.do(lambda s: observing.record_sightings(s, sightings, seen, actor="bench"))

    async def see(self, rows: list[Any]) -> None:
        """The same without facts and events: evidence, verdicts, history and roll-up."""
        evidence = [
            {
                **{name: None if kind == "int" else False for name, kind in EVIDENCE.items()},
                "duty_id": row["duty_id"],
                "is_seen": True,
                "seen_ord": row["due_ord"],
                "absent_ord": row["due_ord"] - 2,
                "is_claimed": True,
                "claim_ord": row["due_ord"] - 1,
            }
            for row in rows
        ]
        said = {"region": "CN", "as_of": TODAY, "now": datetime.now(UTC), "actor": "bench"}
        given = {"evidence": json.dumps(evidence, default=str)}
        values = await self.numbers(TODAY) | said | given
        await self.do(lambda session: session.execute(SEE, values))


async def median_ms(work: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> float:
    return median([await seconds(work) for _ in range(rounds)]) * 1000


async def compare(audit: Audit, owner_url: str, folder: Path) -> list[Goal]:
    """The full audit against one columnar scan, in turns."""
    numbers = await audit.numbers(TODAY)
    duck = Duck(numbers)
    await duck.load(owner_url, folder)
    joined = await support.connect(owner_url)
    join = partial(joined.fetch, textbook(numbers))
    expected = await audit.counts()
    assert await duck.audit() == expected, "the two audits disagree"
    assert {(unit, verdict): n for unit, verdict, n in await join()} == expected, "so does the join"
    assert not await audit.do(queries.prove_tallies), "the roll-up disagrees"
    own, peer, plain = [], [], []
    for _ in range(ROUNDS):
        own.append(await seconds(lambda: audit.judge("all", TODAY)))
        peer.append(await seconds(duck.audit))
        plain.append(await seconds(join))
    await joined.close()
    means = (median(each) * 1000 for each in (own, peer, plain))
    goals.show(
        "  full audit {:,.0f} ms, DuckDB {:,.0f} ms, textbook join {:,.0f} ms".format(*means)
    )
    return [
        at_most("full audit / DuckDB scan", _ratio(own, peer), 2),
        Goal("full audit / textbook join", _ratio(own, plain)),
    ]


def _ratio(own: list[float], other: list[float]) -> float:
    """The median of rounds side by side."""
    return median(one / another for one, another in zip(own, other, strict=True))


async def reports(audit: Audit) -> list[Goal]:
    counted = await median_ms(lambda: audit.do(lambda session: session.execute(COUNT_ALL)))
    goals.show(f"  counting all duties by unit and verdict {counted:,.0f} ms")
    return [at_most("unit report from the kept roll-up", await median_ms(audit.report), 15, "ms")]


async def ticks(audit: Audit) -> list[Goal]:
    """A minute that moves nothing, then midnight: verdicts, history, roll-up and events."""
    noon = datetime(2026, 11, 23, 4, tzinfo=UTC)

    async def tick(now: datetime) -> int:
        return int(await audit.do(lambda session: service.tick(session, now)))

    days = [noon + timedelta(days=n) for n in range(1, 7)]
    idle = await median_ms(lambda: tick(noon))
    found: list[int] = []

    async def midnight(day: datetime) -> None:
        found.append(await audit.judge("falling_due", day.date()))

    nights = [await seconds(partial(midnight, day)) for day in days[:3]]
    whole = [await seconds(partial(tick, day)) for day in days[3:]]
    return [
        at_most("tick that finds nothing", idle, 120, "ms"),
        at_most(f"midnight, {median(found):,.0f} moves", median(nights) * 1000, 120, "ms"),
        Goal("midnight with its events", median(whole) * 1000, unit="ms"),
    ]


async def publications(audit: Audit) -> list[Goal]:
    def unseen(session: RoomSession) -> Any:
        return session.execute(UNSEEN, {"n": 5 * PUBLISHED})

    rows = (await audit.do(unseen)).mappings().all()
    size = min(PUBLISHED, len(rows) // 5)
    lots = [list(rows[at * size : (at + 1) * size]) for at in range(5)]
    bare = [await seconds(partial(audit.see, lot)) for lot in lots[:3]]
    whole = [
        await seconds(partial(audit.publish, [row["duty_id"] for row in lot])) for lot in lots[3:]
    ]
    name = f"{size:,} publications"
    return [
        at_most(f"{name}, evidence and verdicts", median(bare) * 1000, 300, "ms"),
        at_most(f"{name} with facts and events", median(whole), 2, "s"),
    ]


async def amendments(audit: Audit) -> list[Goal]:
    days = iter((1, 2, 3, 4, 7))
    took = await median_ms(lambda: audit.amend(next(days)))
    return [at_most("amendment of a year", took, 10, "ms")]


async def main(duties: int) -> list[Goal]:
    goals.begin("audit", MINUTES, f"{duties:,} duties of 18 units")
    gc.set_threshold(*serve.COLLECTED_AFTER)
    with support.postgres_server() as server, tempfile.TemporaryDirectory() as folder:
        urls = Databases(server).urls("projects")
        engine = create_async_engine(make_url(urls.owner).set(drivername="postgresql+asyncpg"))
        audit = Audit(engine)
        goals.show(f"  filled and judged in {await seconds(lambda: audit.fill(duties)):,.0f} s")
        found = await compare(audit, urls.owner, Path(folder))
        for part in (reports, ticks, publications, amendments):
            found += await part(audit)
        found += await audit_periods.measure(audit.do)
        assert not await audit.do(queries.prove_tallies), "the roll-up disagrees"
        await engine.dispose()
    return found


if __name__ == "__main__":
    goals.finish(asyncio.run(main(int(os.environ.get("AUDIT_DUTIES", "1000000")))))
