"""A window is advised where people would wait too long, with the minutes that it saves."""

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from services.appointments.estimates.rules import forecast
from services.appointments.estimates.schemas import Floor as Forward
from services.appointments.estimates.schemas import OpenWindow, Waiting
from services.appointments.opening_advice import queries, rules, service
from services.appointments.opening_advice.rules import ClosedWindow
from services.appointments.queueing.models import WindowState
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, measure_all, problem, serve_items
from tests.appointments.test_alarms import policy
from tests.provoking import provokes


def waiting(item: str, count: int) -> list[Waiting]:
    return [Waiting(uuid4(), item, frozenset([item]), due=float(n - count)) for n in range(count)]


def closed(no: int, items: str, state: WindowState = WindowState.CLOSED) -> ClosedWindow:
    return ClosedWindow(uuid4(), no, "", state, frozenset(items))


def forward(queue: list[Waiting], *windows: str) -> Forward:
    opened = tuple(OpenWindow(uuid4(), frozenset(items)) for items in windows)
    return Forward(tuple(queue), opened, {"A": 10, "B": 10})


def advised(floor: Forward, limit: int, *windows: ClosedWindow) -> list[rules.Saving]:
    estimates = forecast(floor, Random(7))
    late = rules.too_long(floor, estimates, limit)
    found = [
        rules.saving(floor, window, late, estimates, 7)
        for window in rules.candidates(windows, late)
    ]
    return rules.best_first([one for one in found if one is not None])


async def advise_all(session: AsyncSession, at: datetime) -> int:
    """For how many halls: each has had its turn."""
    due = len(await queries.due(session, at))
    turns = range(0, due + 1, service.HALLS_A_ROUND)
    return sum([await service.advise_halls(session, at) for _ in turns])


def test_one_more_window_halves_the_wait() -> None:
    [best] = advised(forward(waiting("A", 20), "A"), 60, closed(7, "AB"))
    assert (best.window.no, best.item_codes) == (7, ["A"])
    assert best.p85_minutes is not None
    assert best.p85_minutes > 150
    assert best.saves_minutes == best.p85_minutes - best.p85_minutes_then
    assert 0.35 < best.p85_minutes_then / best.p85_minutes < 0.65


def test_nobody_is_advised_where_nobody_waits_too_long() -> None:
    assert advised(forward(waiting("A", 3), "A"), 60, closed(7, "A")) == []


def test_a_window_that_serves_none_of_those_who_wait_is_not_named() -> None:
    assert advised(forward(waiting("A", 20), "A"), 60, closed(7, "B")) == []


def test_whom_no_window_serves_comes_first_and_nobody_guesses_what_that_saves() -> None:
    floor = forward([*waiting("A", 20), *waiting("B", 2)], "A")
    first, second = advised(floor, 60, closed(3, "A"), closed(9, "B"))
    assert (first.window.no, first.waiting, first.saves_minutes) == (9, 2, None)
    assert first.p85_minutes_then > 0
    assert (second.window.no, second.saves_minutes is None) == (3, False)


def test_of_windows_that_do_the_same_the_one_where_somebody_sits_is_named() -> None:
    windows = closed(1, "A"), closed(2, "A", WindowState.PAUSED), closed(3, "AB")
    [best] = advised(forward(waiting("A", 20), "A"), 60, *windows)
    assert best.window.no == 2


def test_who_is_appointed_to_a_window_is_helped_by_that_one_alone() -> None:
    own = closed(5, "A")
    queue = [Waiting(uuid4(), "A", frozenset("A"), due=-5.0, window=own.id)]
    [best] = advised(forward(queue, "A"), 60, closed(4, "A"), own)
    assert best.window.no == 5


@pytest.fixture
async def crowded(hall: Build) -> Floor:
    """A hall where one of two windows is open, and who joins waits for more than two hours."""
    floor = await hall(windows=2, items=1, minutes=30)
    await floor.open(0)
    for _ in range(8):
        await floor.issue()
    return floor


async def asked(floor: Floor, **headers: str) -> dict[str, Any]:
    return good(await floor.get("opening-advice", headers={**floor.manager(), **headers}))


@provokes("get_opening_advice", "not-found")
async def test_the_manager_reads_which_window_to_open_and_what_it_saves(crowded: Floor) -> None:
    shown = await asked(crowded)
    [window] = shown["windows"]
    assert (window["window_no"], window["item_codes"]) == (2, crowded.items)
    assert window["saves_minutes"] == window["p85_minutes"] - window["p85_minutes_then"] > 0
    assert shown["limit_minutes"] == 60
    assert "建议开放 2 号窗口" in window["advice"]
    crowded.clock.pass_(seconds=31)
    english = (await asked(crowded, **{"Accept-Language": "en"}))["windows"]
    assert english[0]["advice"].startswith("Open window 2 for")
    elsewhere = crowded.sign("hall_manager", "H-OTHER")
    problem(await crowded.get("opening-advice", headers=elsewhere), 404, "not-found")

    await crowded.open(1)
    assert (await asked(crowded))["windows"] == [], "there is none left to open"


async def test_what_a_closure_shuts_is_not_advised(
    crowded: Floor, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "INSERT INTO closure (id, hall_code, window_no, starts_at, ends_at, reason, created_by,"
        " created_at) VALUES ($1, $2, 2, $3, $4, '检修', 'test', $3)",
        uuid4(),
        crowded.code,
        crowded.clock.at - timedelta(hours=1),
        crowded.clock.at + timedelta(hours=1),
    )
    assert (await asked(crowded))["windows"] == []


async def test_a_hall_may_want_no_advice(crowded: Floor) -> None:
    await policy(crowded, advise_from_minutes=None)
    shown = await asked(crowded)
    assert (shown["limit_minutes"], shown["windows"]) == (None, [])


async def test_it_is_published_once_in_a_while(
    crowded: Floor, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    await policy(crowded, advise_every_minutes=20)

    async def run(minutes: float) -> list[dict[str, Any]]:
        at = crowded.clock.at + timedelta(minutes=minutes)
        async with sessions() as session, session.begin():
            await measure_all(session, at)
            await advise_all(session, at)
        rows = await owner.fetch(
            "SELECT body FROM outbox WHERE subject = $1",
            f"appointments.opening.advised.v1.{crowded.code}",
        )
        return [json.loads(row["body"])["data"] for row in rows]

    [event] = await run(0)
    assert (event["window_no"], event["item_codes"]) == (2, crowded.items)
    assert event["saves_minutes"] == event["p85_minutes"] - event["p85_minutes_then"] > 0
    assert len(await run(19)) == 1
    assert len(await run(20)) == 2


async def test_who_waits_for_what_no_open_window_serves_is_seen(
    hall: Build, owner: asyncpg.Connection, sessions: Sessions
) -> None:
    floor = await hall(windows=2, items=2)
    await serve_items(owner, floor.code, floor.windows[0], floor.items[:1])
    await floor.open(0)
    await floor.issue(items=floor.items[1:])
    async with sessions() as session, session.begin():
        await measure_all(session, floor.clock.at)
        assert await advise_all(session, floor.clock.at) >= 1
    [window] = (await asked(floor))["windows"]
    assert (window["window_no"], window["saves_minutes"]) == (2, None)
    assert UUID(window["window_id"]) == floor.windows[1]


async def test_halls_that_have_no_window_to_open_keep_none_of_the_others_from_advice(
    crowded: Floor,
    hall: Build,
    owner: asyncpg.Connection,
    sessions: Sessions,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    full = await hall(windows=1, items=1, minutes=30)
    await full.open(0)
    for _ in range(5):
        await full.issue()
    at = crowded.clock.at
    await owner.execute(
        "INSERT INTO opening_advice (hall_code, advised_at) VALUES ($1, $2)",
        crowded.code,
        at - timedelta(days=1),
    )
    async with sessions() as session, session.begin():
        await measure_all(session, at)
        due = await queries.due(session, at)
        assert due.index(full.code) < due.index(crowded.code), "that one was never advised"
    monkeypatch.setattr(service, "HALLS_A_ROUND", 1)
    for _ in due:
        async with sessions() as session, session.begin():
            await service.advise_halls(session, at)
    subject = f"appointments.opening.advised.v1.{crowded.code}"
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE subject = $1", subject) == 1
