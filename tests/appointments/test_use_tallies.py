"""The sums that are kept of past days give what counting their rows gives, whatever happened."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from services.appointments.directory.models import Hall
from services.appointments.statistics import counting
from services.appointments.statistics.schemas import Grouping
from services.appointments.statistics.use import counting as use_counting
from services.appointments.statistics.use import queries as use_queries
from services.appointments.statistics.use.queries import UseFound
from shared.database.engine import Sessions, new_sessions
from shared.ids import new_id, public_code
from tests.appointments.test_hall_tallies import Log, write
from tests.support import Databases

ZONE = "Asia/Shanghai"
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 12)
NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
_PUT = text("""
INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key, booked_by, on_date,
    starts_at, minutes, state, version, guide_version, policy_version, held_at, changed_at)
VALUES (:id, :code, :hall, :item, 'online', :code, 'x', :day, :at, 15, 'confirmed', 2, 1, 0,
    :at, :at)""")
_END = text("""
UPDATE appointment SET state = :state, version = version + 1, changed_at = :at,
    checked_in_at = CASE WHEN :came THEN starts_at END WHERE id = :id""")
_SLOT = text("""
INSERT INTO slot (id, hall_code, rule_code, rule_version, pool, item_codes, on_date, starts_at,
    minutes, capacity, booked, opens_at, closes_at, state, announced_full)
VALUES (:id, :hall, :code, 1, 'online', '{I1,I2}', :day, :at, 15, 3, 1, :at, :at, 'open', false)""")
_TAKE = text("INSERT INTO appointment_slot (appointment_id, slot_id) VALUES (:id, :slot)")
_OPEN = text("""
INSERT INTO window_at_work (window_id, hall_code, window_no, state, clerk, account, since, version)
VALUES (:window, :hall, 1, 'open', '李梅', 'li', :at, 1)""")
_TURN = text("""
UPDATE window_at_work SET state = :state, since = :at, version = version + 1
WHERE window_id = :window""")


class Hallway:
    """A hall whose log, appointments and windows go on at random, over some days."""

    def __init__(self, hall: str, seed: int) -> None:
        self.log, self.hall, self.rng = Log(hall, seed), hall, random.Random(seed)
        self.at, self.window = datetime(2026, 3, 2, 1, tzinfo=UTC), uuid4()
        self.live: list[Any] = []
        self.is_open = False

    async def go_on(self, sessions: Sessions) -> None:
        self.at += timedelta(minutes=self.rng.choice((1, 20, 300, 900)))
        self.log.at = max(self.log.at, self.at)
        await write(sessions, self.log, self.rng.randrange(4))
        async with sessions() as session, session.begin():
            kind = self.rng.choice(("book", "end", "turn"))
            if kind == "book":
                await self.book(session)
            elif kind == "end" and self.live:
                state = self.rng.choice(("served", "no_show", "cancelled", "lapsed"))
                ended = {"id": self.live.pop(), "state": state, "at": self.at}
                await session.execute(_END, {**ended, "came": state == "served"})
            else:
                state = self.rng.choice(("open", "paused", "closed"))
                turned = {"window": self.window, "hall": self.hall, "at": self.at}
                sql = _TURN if self.is_open else _OPEN
                given = {**turned, "state": state} if self.is_open else turned
                given.pop("hall" if self.is_open else "", None)
                await session.execute(sql, given)
                self.is_open = True

    async def book(self, session: Any) -> None:
        starts_at = self.at + timedelta(hours=self.rng.choice((1, 30)))
        day = (starts_at + timedelta(hours=8)).date()
        made = {"id": new_id(), "code": public_code("A"), "hall": self.hall, "day": day}
        made["at"], slot = starts_at, new_id()
        await session.execute(_SLOT, {**made, "id": slot})
        await session.execute(_PUT, {**made, "item": self.rng.choice(("I1", "I2"))})
        await session.execute(_TAKE, {"id": made["id"], "slot": slot})
        self.live.append(made["id"])


@pytest.fixture(scope="module")
async def sessions(databases: Databases) -> AsyncIterator[Sessions]:
    url = make_url(databases.new("appointments", "appointments_use").service)
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    yield new_sessions(engine)
    await engine.dispose()


async def put_hall(sessions: Sessions, code: str) -> None:
    async with sessions() as session, session.begin():
        new = Hall(code=code, name="试验大厅", address="试验路1号", timezone=ZONE, updated_at=NOW)
        await session.merge(new)


async def both_ways(
    sessions: Sessions, way: Hallway
) -> tuple[dict[Grouping, UseFound], dict[Grouping, UseFound]]:
    """By the sums that are kept, and as if none were."""
    read = []
    async with sessions() as session:
        hall = await session.get_one(Hall, way.hall)
        for _ in range(2):
            read.append({
                by: await use_queries.figures(session, by, hall, FIRST, LAST, way.at)
                for by in Grouping
            })  # fmt: skip
            await session.execute(text("DELETE FROM counted_use_day"))
        await session.rollback()
    return read[0], read[1]


async def step(sessions: Sessions, run: Any, now: datetime) -> int:
    async with sessions() as session, session.begin():
        return int(await run(session, now))


async def counted(sessions: Sessions, way: Hallway) -> None:
    for run in (counting.count, use_counting.count):
        while await step(sessions, run, way.at):
            pass


@pytest.mark.parametrize("seed", range(3))
async def test_the_sums_give_what_the_rows_give(
    sessions: Sessions, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "ENTRIES", 3)
    monkeypatch.setattr(use_queries, "MARKS", 2)
    way = Hallway(f"U{seed}", seed)
    await put_hall(sessions, way.hall)
    for _ in range(14):
        await way.go_on(sessions)
        for _ in range(way.rng.choice((0, 2, 40))):
            run = way.rng.choice((counting.count, use_counting.count))
            await step(sessions, run, way.at)
        by_sums, by_rows = await both_ways(sessions, way)
        assert by_sums == by_rows
    await counted(sessions, way)
    by_sums, by_rows = await both_ways(sessions, way)
    assert by_sums == by_rows
    assert by_sums[Grouping.HALL].total.sums["booked"]
    for _ in range(12):
        assert await step(sessions, use_counting.prove, way.at) == 0


async def test_what_is_said_of_a_counted_day_afterwards_is_in_its_figures_at_once(
    sessions: Sessions,
) -> None:
    way = Hallway("UL", 21)
    await put_hall(sessions, way.hall)
    async with sessions() as session, session.begin():
        await way.book(session)
    way.at += timedelta(days=3)
    await counted(sessions, way)
    before, _ = await both_ways(sessions, way)
    async with sessions() as session, session.begin():
        late = {"id": way.live[0], "state": "no_show", "at": way.at, "came": False}
        await session.execute(_END, late)
    after, by_rows = await both_ways(sessions, way)
    assert after == by_rows
    missed = [each[Grouping.DAY].total.sums["no_shows"] for each in (before, after)]
    assert missed == [0, 1]


async def test_what_is_kept_wrong_is_found_and_set_right(sessions: Sessions) -> None:
    way = Hallway("UW", 11)
    await put_hall(sessions, way.hall)
    for _ in range(12):
        await way.go_on(sessions)
    await counted(sessions, way)
    good, by_rows = await both_ways(sessions, way)
    assert good == by_rows
    for broken in (
        "UPDATE use_tally SET booked = booked + 1 WHERE hall_code = 'UW'",
        "DELETE FROM use_tally WHERE hall_code = 'UW' AND grouping = 'hour'",
    ):
        async with sessions() as session, session.begin():
            await session.execute(text(broken))
            await session.execute(text("UPDATE counted_use_day SET proven_at = now()"))
            last = "UPDATE counted_use_day SET proven_at = NULL WHERE hall_code = 'UW'"
            await session.execute(text(last))
        assert sum([await step(sessions, use_counting.prove, way.at) for _ in range(12)]) > 0
        assert (await both_ways(sessions, way))[0] == good


async def test_the_log_of_shifts_only_grows(sessions: Sessions) -> None:
    async with sessions() as session:
        with pytest.raises(Exception, match="append only|permission"):
            await session.execute(text("UPDATE window_shift SET account = 'x'"))


async def test_what_was_said_of_counted_days_is_seen_some_at_a_time_before_one_is_proved(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who counts meanwhile waits for a piece, not for all halls."""
    way = Hallway("UP", 31)
    await put_hall(sessions, way.hall)
    for _ in range(6):
        await way.go_on(sessions)
    await counted(sessions, way)
    mark = text("INSERT INTO use_recount (hall_code, day) VALUES ('UP', '2026-03-02')")
    async with sessions() as session, session.begin():
        for _ in range(5):
            await session.execute(mark)
    monkeypatch.setattr(use_queries, "MARKS", 2)
    left = []

    for _ in range(4):
        more = await step(sessions, use_counting.prove, way.at)
        async with sessions() as session:
            found = await session.execute(text("SELECT count(*) FROM use_recount"))
            left.append((more, found.scalar_one()))

    assert left == [(1, 3), (1, 1), (1, 0), (0, 0)]
