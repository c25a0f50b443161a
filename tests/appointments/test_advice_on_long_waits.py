"""Whoever would wait very long is shown where it goes quickly, and when a time is free here."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.appointments.display.views import with_estimate
from services.appointments.estimates.schemas import Alternatives, Estimate, ShorterWait
from services.appointments.queueing.models import Ticket
from shared.ids import new_id
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, serve_items

LONG = 12


@pytest.fixture
async def crowded(hall: Build) -> Floor:
    """A hall with one window where somebody who joins waits for more than two hours and a half."""
    floor = await hall(windows=1, items=1, minutes=30)
    await floor.open()
    for _ in range(LONG):
        await floor.issue()
    return floor


async def quiet_hall(hall: Build, owner: asyncpg.Connection, like: Floor, p85: int) -> Floor:
    """Another hall with a window open for the same, where the wait was measured as `p85`."""
    other = await hall(windows=1, items=1)
    await owner.execute(
        "INSERT INTO hall_item (hall_code, item_code) VALUES ($1, $2)", other.code, like.items[0]
    )
    await serve_items(owner, other.code, other.windows[0], like.items)
    await other.open()
    await owner.execute(
        "INSERT INTO hall_load (hall_code, waiting, windows_open, p50_minutes, p85_minutes,"
        " measured_at) VALUES ($1, 3, 1, $2, $2, now())"
        " ON CONFLICT (hall_code) DO UPDATE SET p85_minutes = $2",
        other.code,
        p85,
    )
    return other


async def put_slot(owner: asyncpg.Connection, floor: Floor, at: datetime, booked: int) -> None:
    await owner.execute(
        "INSERT INTO slot (id, hall_code, rule_code, rule_version, pool, item_codes, on_date,"
        " starts_at, minutes, capacity, booked, opens_at, closes_at, state, announced_full)"
        " VALUES ($1, $2, $6, 1, 'online', $3, $4::timestamptz::date, $4, 30, 1, $5,"
        " $4::timestamptz - interval '5 days', $4, 'open', false)",
        new_id(),
        floor.code,
        floor.items,
        at,
        booked,
        f"R{booked}",
    )


async def joins(floor: Floor) -> dict[str, Any]:
    issued = await floor.issue()
    assert issued["estimate"]["p85_minutes"] > 150
    floor.clock.pass_(seconds=31)
    return await floor.see(issued)


async def test_another_hall_is_named_where_it_goes_far_quicker(
    crowded: Floor, hall: Build, owner: asyncpg.Connection
) -> None:
    await quiet_hall(hall, owner, crowded, 80)
    assert (await joins(crowded))["elsewhere"] is None
    other = await quiet_hall(hall, owner, crowded, 20)
    shown = await joins(crowded)
    assert shown["elsewhere"] == {
        "hall_code": other.code,
        "name": "测试大厅",
        "p85_minutes": 20,
    }
    assert "测试大厅" in shown["advice"]
    assert "20" in shown["advice"]


async def test_a_hall_whose_window_for_it_is_shut_is_no_advice(
    crowded: Floor, hall: Build, owner: asyncpg.Connection
) -> None:
    other = await quiet_hall(hall, owner, crowded, 20)
    await serve_items(owner, other.code, other.windows[0], other.items)
    shown = await joins(crowded)
    assert shown["elsewhere"] is None
    assert shown["bookable_at"] is None
    assert "改到其他大厅或改日" in shown["advice"]


async def test_the_next_free_time_of_the_hall_is_named(
    crowded: Floor, owner: asyncpg.Connection
) -> None:
    full, free = (crowded.clock.at + timedelta(hours=hours) for hours in (20, 22))
    await put_slot(owner, crowded, full, 1)
    await put_slot(owner, crowded, free, 0)
    shown = await joins(crowded)
    assert datetime.fromisoformat(shown["bookable_at"]) == free
    assert "预约" in shown["advice"]


async def test_who_waits_less_is_advised_nothing(hall: Build) -> None:
    floor = await hall(windows=1, items=1)
    await floor.open()
    shown = await floor.see(await floor.issue())
    assert (shown["advice"], shown["elsewhere"], shown["bookable_at"]) == (None, None, None)


async def test_advice_offers_both_in_either_language(crowded: Floor, sql: Any) -> None:
    row = await (await sql("appointments")).fetchrow(
        "SELECT * FROM ticket WHERE hall_code = $1 LIMIT 1", crowded.code
    )
    ticket = Ticket(**dict(row) | {"missing": []})
    both = Alternatives(
        ShorterWait("H9", "城北大厅", "North Hall", 20), datetime(2026, 12, 1, 1, tzinfo=UTC)
    )
    estimate = Estimate(40, 160, 200, alternatives=both)
    zh, en = (with_estimate(ticket, estimate, language) for language in ("zh", "en"))
    assert zh.advice == (
        "预计等候超过两个半小时：可改到城北大厅办理，那里预计最多等候 20 分钟；"
        "也可预约12月1日 09:00再来"
    )
    assert en.advice == (
        "The wait may exceed two and a half hours: you could go to North Hall, where the wait"
        " should be at most 20 minutes, or book for 09:00 on 1 December and come then"
    )
    assert en.elsewhere is not None
    assert en.elsewhere.name == "North Hall"
    at_once = Alternatives(ShorterWait("H9", "城北大厅", None, 0), None)
    free = with_estimate(ticket, Estimate(40, 160, 200, alternatives=at_once), "zh")
    assert free.advice == "预计等候超过两个半小时：可改到城北大厅办理，那里现在不用等候"
