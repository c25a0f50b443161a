"""The sums that are kept of a hall's days give what counting its log gives, whatever is in it."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.areas.rules import HallSpan
from services.appointments.directory.models import Hall
from services.appointments.statistics import counting, queries
from services.appointments.statistics.schemas import Grouping
from shared.database.engine import Sessions, new_sessions
from tests.support import Databases

ZONE = "Asia/Shanghai"
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 9)
START = datetime(2026, 3, 2, 13, tzinfo=UTC)
NOW = datetime(2026, 3, 8, 4, tzinfo=UTC)
Periods = tuple[tuple[date, date], ...]
_ENTRY = text("""
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, window_no, waited_seconds, served_seconds, outcome,
    predicted_p50, predicted_p85, undoes, before)
VALUES (:hall, :seq, :ticket, :ticket, 'A001', :item, :action, 'any', 1, :at, :actor, :window_no,
    :waited, :served, :outcome, :p50, :p85, :undoes, '{}')""")


class Log:
    """The log of one hall, written at random: visits over some days, midnights included; over some
    months where so many minutes may pass at most from one entry to the next."""

    def __init__(self, hall: str, seed: int, pause: int = 400) -> None:
        self.hall, self.rng, self.seq, self.pause = hall, random.Random(seed), 0, pause
        self.at = START
        self.open: list[Any] = []
        self.done: list[tuple[Any, int]] = []

    def entry(self) -> dict[str, Any]:
        self.at += timedelta(minutes=self.rng.choice((0, 1, 7, 90, self.pause)))
        rng, self.seq = self.rng, self.seq + 1
        blank = dict.fromkeys(("window_no", "waited", "served", "outcome", "p50", "p85", "undoes"))
        entry = {
            **blank,
            "hall": self.hall,
            "seq": self.seq,
            "item": rng.choice(("I1", "I2")),
            "actor": rng.choice(("li", "wang")),
            "at": self.at,
        }
        undoable = [done for done in self.done if done[1]]
        if undoable and rng.random() < 0.15:
            ticket, seq = undoable[-1]
            self.done = self.done[:-1]
            return {**entry, "ticket": ticket, "action": "undo", "undoes": seq}
        if not self.open or rng.random() < 0.3:
            self.open.append(uuid4())
            p50 = rng.choice((None, 3, 12))
            p85 = None if p50 is None else p50 + 5
            return {**entry, "ticket": self.open[-1], "action": "issue", "p50": p50, "p85": p85}
        ticket = rng.choice(self.open)
        self.done.append((ticket, self.seq))
        action = rng.choice(("call", "call", "recall", "miss", "serve", "finish", "park", "clear"))
        entry |= {"ticket": ticket, "action": action, "window_no": rng.choice((1, 2, None))}
        if action == "call":
            entry["waited"] = rng.random() * 5000
        if action == "finish":
            entry["served"] = rng.random() * 2000
            entry["outcome"] = rng.choice(("done", "needs_more", "rejected"))
        return entry


@pytest.fixture(scope="module")
async def sessions(databases: Databases) -> AsyncIterator[Sessions]:
    url = make_url(databases.new("appointments", "appointments_counted").service)
    engine = create_async_engine(url.set(drivername="postgresql+asyncpg"))
    yield new_sessions(engine)
    await engine.dispose()


async def write(sessions: Sessions, log: Log, entries: int) -> None:
    async with sessions() as session, session.begin():
        for _ in range(entries):
            await session.execute(_ENTRY, log.entry())


async def put_hall(sessions: Sessions, hall: str, zone: str = ZONE) -> None:
    async with sessions() as session, session.begin():
        new = Hall(code=hall, name="试验大厅", address="试验路1号", timezone=zone, updated_at=NOW)
        await session.merge(new)


DAYS = ((FIRST, LAST), (date(2026, 3, 3), date(2026, 3, 4)), (LAST, LAST))


async def read(session: AsyncSession, hall: str, periods: Periods) -> dict[str, Any]:
    return {
        f"{by} {first} {last}": await queries.figures(session, by, [HallSpan(hall, first, last)])
        for by in Grouping
        for first, last in periods
    }


async def read_both_ways(
    sessions: Sessions, hall: str, periods: Periods = DAYS
) -> tuple[dict[str, Any], dict[str, Any]]:
    """By the sums that are kept, and as if none were."""
    async with sessions() as session:
        by_sums = await read(session, hall, periods)
        await session.execute(text("DELETE FROM counted_hall"))
        by_log = await read(session, hall, periods)
        await session.rollback()
    return by_sums, by_log


async def step(sessions: Sessions, now: datetime = NOW) -> int:
    async with sessions() as session, session.begin():
        return await counting.count(session, now)


async def counted(sessions: Sessions, now: datetime = NOW) -> None:
    while await step(sessions, now):
        pass


async def prove(sessions: Sessions, now: datetime = NOW) -> int:
    async with sessions() as session, session.begin():
        return await counting.prove(session, now)


@pytest.mark.parametrize("seed", range(2))
async def test_the_sums_give_what_the_log_gives(
    sessions: Sessions, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "ENTRIES", 3)
    log = Log(f"T{seed}", seed)
    await put_hall(sessions, log.hall)
    for _ in range(12):
        await write(sessions, log, log.rng.randrange(1, 9))
        for _ in range(log.rng.choice((0, 1, 4, 40))):
            await step(sessions)
        by_sums, by_log = await read_both_ways(sessions, log.hall)
        assert by_sums == by_log
    await counted(sessions)
    by_sums, by_log = await read_both_ways(sessions, log.hall)
    assert by_sums == by_log
    assert by_sums[f"{Grouping.HALL} {FIRST} {LAST}"].total.called
    for _ in range(20):
        assert await prove(sessions) == 0


async def test_the_log_is_followed_a_piece_at_a_time_before_a_day_is_proved(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Log("TP", 17)
    await put_hall(sessions, "TP")
    await write(sessions, log, 6)
    await counted(sessions)
    await write(sessions, log, 5)
    monkeypatch.setattr(counting, "ENTRIES", 2)

    assert [await prove(sessions) for _ in range(4)] == [1, 1, 1, 0]
    by_sums, by_log = await read_both_ways(sessions, "TP")
    assert by_sums == by_log


async def test_a_hall_in_another_timezone_is_counted_anew(sessions: Sessions) -> None:
    log = Log("TZ", 9)
    await put_hall(sessions, "TZ")
    await write(sessions, log, 40)
    await counted(sessions)
    await put_hall(sessions, "TZ", "Asia/Urumqi")
    by_sums, by_log = await read_both_ways(sessions, "TZ")
    assert by_sums == by_log
    await counted(sessions)
    assert (await read_both_ways(sessions, "TZ"))[0] == by_log


async def test_what_is_kept_wrong_is_found_and_set_right(sessions: Sessions) -> None:
    log = Log("TW", 11)
    await put_hall(sessions, "TW")
    await write(sessions, log, 60)
    await counted(sessions)
    good, by_log = await read_both_ways(sessions, "TW")
    assert good == by_log
    for broken in (
        "UPDATE hall_tally SET issued = issued + 1 WHERE hall_code = 'TW'",
        "DELETE FROM hall_tally WHERE hall_code = 'TW' AND grouping = 'item'",
        "UPDATE hall_tally SET waits_n = waits_n || 1, waits = waits || 5 WHERE hall_code = 'TW'",
    ):
        async with sessions() as session, session.begin():
            await session.execute(text(broken))
            await session.execute(text("UPDATE counted_hall_day SET proven_at = now()"))
            last = "UPDATE counted_hall_day SET proven_at = NULL WHERE hall_code = 'TW'"
            await session.execute(text(last))
        days = [await prove(sessions) for _ in range(8)]
        assert sum(days) > 0
        assert (await read_both_ways(sessions, "TW"))[0] == good


async def test_an_entry_written_while_a_day_is_counted_is_not_lost(sessions: Sessions) -> None:
    log = Log("TR", 13)
    await put_hall(sessions, "TR")
    await write(sessions, log, 30)
    await counted(sessions)
    async with sessions() as writer, sessions() as counter:
        await writer.execute(_ENTRY, log.entry())
        await counting.count(counter, NOW)
        await writer.commit()
        await counter.commit()
    by_sums, by_log = await read_both_ways(sessions, "TR")
    assert by_sums == by_log
    await counted(sessions)
    assert (await read_both_ways(sessions, "TR"))[0] == by_log


SUMMER = datetime(2026, 7, 2, 4, tzinfo=UTC)
MONTHS = (
    (date(2026, 3, 1), date(2026, 6, 30)),
    (date(2026, 3, 1), date(2026, 3, 31)),
    (date(2026, 3, 20), date(2026, 5, 2)),
    (date(2026, 4, 2), date(2026, 4, 29)),
)


async def months_of(sessions: Sessions, hall: str) -> int:
    async with sessions() as session:
        found = "SELECT count(*) FROM counted_hall_month WHERE hall_code = :hall"
        return int((await session.execute(text(found), {"hall": hall})).scalar_one())


async def test_the_sums_of_months_give_what_the_log_gives(sessions: Sessions) -> None:
    """Over whole months and parts of them, while the log goes on in the months that are kept."""
    log = Log("M0", 0, pause=9000)
    await put_hall(sessions, log.hall)
    await write(sessions, log, 60)
    await counted(sessions, SUMMER)
    assert await months_of(sessions, log.hall) >= 2
    by_sums, by_log = await read_both_ways(sessions, log.hall, MONTHS)
    assert by_sums == by_log
    for _ in range(3):
        log.at = START + timedelta(days=log.rng.randrange(60))
        await write(sessions, log, 3)
        by_sums, by_log = await read_both_ways(sessions, log.hall, MONTHS)
        assert by_sums == by_log
        await step(sessions, SUMMER)
        assert (await read_both_ways(sessions, log.hall, MONTHS))[0] == by_log
    await counted(sessions, SUMMER)
    assert (await read_both_ways(sessions, log.hall, MONTHS))[0] == by_log


async def test_a_month_is_kept_once_it_is_over_and_only_while_its_days_are_right(
    sessions: Sessions,
) -> None:
    log = Log("MO", 5, pause=3000)
    await put_hall(sessions, "MO")
    await write(sessions, log, 40)
    await counted(sessions, datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    assert await months_of(sessions, "MO") == 0
    await counted(sessions, datetime(2026, 3, 31, 16, tzinfo=UTC))
    assert await months_of(sessions, "MO") == 1
    log.at = START
    await write(sessions, log, 4)
    await step(sessions, datetime(2026, 3, 31, 16, tzinfo=UTC))
    assert await months_of(sessions, "MO") == 0
    await counted(sessions, datetime(2026, 3, 31, 16, tzinfo=UTC))
    assert await months_of(sessions, "MO") == 1
    async with sessions() as session, session.begin():  # as a release does that knows no months
        await session.execute(text("UPDATE hall_tally SET done = done WHERE hall_code = 'MO'"))
    assert await months_of(sessions, "MO") == 0


async def test_a_month_that_is_kept_wrong_is_found_and_set_right(sessions: Sessions) -> None:
    log = Log("MW", 7, pause=3000)
    await put_hall(sessions, "MW")
    await write(sessions, log, 40)
    await counted(sessions, SUMMER)
    good, by_log = await read_both_ways(sessions, "MW", MONTHS)
    assert good == by_log
    for broken in (
        "UPDATE hall_month_tally SET served = served + 1 WHERE hall_code = 'MW'",
        "DELETE FROM hall_month_tally WHERE hall_code = 'MW' AND grouping = 'item'",
    ):
        async with sessions() as session, session.begin():
            await session.execute(text(broken))
            await session.execute(text("UPDATE counted_hall_month SET proven_at = now()"))
            last = "UPDATE counted_hall_month SET proven_at = NULL WHERE hall_code = 'MW'"
            await session.execute(text(last))
        assert (await read_both_ways(sessions, "MW", MONTHS))[0] != good
        months = await months_of(sessions, "MW")
        assert sum([await prove(sessions, SUMMER) for _ in range(months)]) > 0
        assert (await read_both_ways(sessions, "MW", MONTHS))[0] == good
