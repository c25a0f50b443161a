"""A ticket is for who will be served: from shortly before the opening, as long as there is time."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson

from shared.clock import SHANGHAI
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_alarms import policy as floor_terms
from tests.appointments.test_hours_of_tickets import floor as floor
from tests.appointments.test_hours_of_tickets import moment, policy
from tests.appointments.test_queueing_booking import booked
from tests.provoking import provokes


@provokes("issue_ticket", "tickets-not-yet")
async def test_tickets_are_issued_from_shortly_before_the_opening(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await floor_terms(floor, tickets_before_minutes=30)
    floor.clock.at = floor.clock.at.replace(hour=8, minute=29)
    refused = problem(await floor.ask_ticket(), 409, "tickets-not-yet")
    assert moment(refused["tickets_from"]) == floor.clock.at.replace(hour=8, minute=30)
    assert "08:30" in refused["detail"]
    await floor.issue(appointment_code=await booked(owner, floor))
    floor.clock.pass_(minutes=1)
    await floor.issue()


async def crowd(floor: Floor, people: int) -> None:
    """One window, at which each takes ten minutes."""
    await floor.open(0)
    for _ in range(people):
        await floor.issue()


async def test_nobody_gets_a_ticket_who_would_not_be_called_before_the_hall_closes(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await crowd(floor, 10)
    floor.clock.at = floor.clock.at.replace(hour=16)

    refused = problem(await floor.ask_ticket(), 409, "tickets-closed")
    assert "闭厅前轮不到您" in refused["detail"]
    assert moment(refused["next_opening"]) == floor.clock.at.replace(hour=9) + timedelta(days=1)
    assert (refused["elsewhere"], refused["bookable_at"]) == (None, None)
    await floor.issue(appointment_code=await booked(owner, floor))
    override = {
        "class": "override",
        "evidence": {"kind": "staff", "reason": "危重病人家属", "minutes": 120},
    }
    headers = {**floor.manager(), "Idempotency-Key": "override-1"}
    await floor.issue(headers=headers, **override)
    await floor_terms(floor, only_if_served=False)
    await floor.issue()


async def test_a_hall_that_never_closes_sends_nobody_away_at_midnight(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    always = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "opens": "00:00", "closes": "00:00"}]
    await owner.execute(
        "UPDATE hall SET opening_hours = $2, version = version + 1 WHERE code = $1",
        floor.code,
        orjson.dumps(always).decode(),
    )
    await crowd(floor, 10)
    floor.clock.at = floor.clock.at.replace(hour=23, minute=40)
    await floor.issue()


async def test_who_holds_a_ticket_when_the_hall_closes_is_still_served(floor: Floor) -> None:
    await crowd(floor, 3)
    floor.clock.at = floor.clock.at.replace(hour=17, minute=20)
    for _ in range(3):
        ticket = await floor.call()
        await floor.done(ticket, "serve")
        await floor.done(ticket, "finish", outcome="done")
    problem(await floor.ask_ticket(), 409, "hall-closed")


async def test_a_wait_that_nobody_knows_sends_nobody_away(floor: Floor) -> None:
    floor.clock.at = floor.clock.at.replace(hour=16, minute=50)
    ticket = await floor.issue()
    assert ticket["estimate"]["p85_minutes"] is None


async def test_who_is_sent_away_is_told_where_and_when_else(
    floor: Floor, hall: Build, owner: asyncpg.Connection
) -> None:
    await policy(floor, tickets_per_day=1)
    await floor.issue()
    other = await hall(windows=1, items=1)
    await owner.execute(
        "INSERT INTO hall_item (hall_code, item_code) VALUES ($1, $2)", other.code, floor.items[0]
    )
    await owner.execute(
        "INSERT INTO window_item (window_id, item_code, hall_code, rank) VALUES ($1, $2, $3, 1)",
        other.windows[0],
        floor.items[0],
        other.code,
    )
    floor.clock.at = datetime(2026, 11, 30, 11, tzinfo=SHANGHAI)
    await other.open()
    await owner.execute(
        "INSERT INTO hall_load (hall_code, waiting, windows_open, p50_minutes, p85_minutes,"
        " measured_at) VALUES ($1, 3, 1, 10, 15, now())"
        " ON CONFLICT (hall_code) DO UPDATE SET p85_minutes = 15",
        other.code,
    )
    headers = {**floor.kiosk(), "Accept-Language": "en"}
    refused = problem(await floor.ask_ticket(headers=headers), 409, "tickets-closed")
    assert refused["elsewhere"] == {
        "hall_code": other.code,
        "name": "测试大厅",
        "p85_minutes": 15,
    }
    assert "15 minutes" in refused["detail"]


async def test_who_booked_and_does_not_come_leaves_the_place_to_walk_ins(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """Ten minutes after their time began; who comes late all the same is served besides."""
    await policy(floor, items={floor.items[0]: {"tickets_per_day": 1}})
    await floor.issue()
    code = await booked(owner, floor)
    await owner.execute(
        "UPDATE appointment SET starts_at = $2, on_date = $3 WHERE code = $1",
        code,
        floor.clock.at,
        floor.clock.at.date(),
    )
    floor.clock.pass_(minutes=10)
    problem(await floor.ask_ticket(), 409, "tickets-closed")
    floor.clock.pass_(minutes=1)
    await floor.issue()
    problem(await floor.ask_ticket(), 409, "tickets-closed")
    await floor.issue(appointment_code=code)


async def test_a_leg_that_is_sent_to_a_window_that_closes_is_not_lost(
    hall: Build, owner: asyncpg.Connection
) -> None:
    """The person is at the window's own line; it closes: it calls nobody any more, the answer to
    whoever closes it names the number, and the next window that opens for it calls it."""
    made: Floor = await hall(windows=2, items=1)
    await made.open(0, 1)
    first, ticket = await made.issue(), await made.issue()
    at_second = good(await made.window("call-next", 1))
    assert at_second["id"] == first["id"]
    await made.done(await made.call(0), "serve")
    sent = await made.done(ticket, "transfer", window_id=str(made.windows[1]))
    closing = good(await made.window("close", 1))
    assert (closing["state"], closing["unserved_count"]) == ("draining", 1)
    assert ticket["number"] in closing["advice"]
    await made.done(first, "serve")
    await made.done(first, "finish", outcome="done")
    problem(await made.window("call-next", 1), 409, "state-conflict")

    queue: list[dict[str, Any]] = good(await made.get("queue"))["items"]
    assert [(one["number"], one["state"]) for one in queue] == [(ticket["number"], "waiting")]
    leg = {"id": sent["next_ticket_id"]} if "next_ticket_id" in sent else {"id": queue[0]["id"]}
    assert (await made.see(leg))["estimate"]["p85_minutes"] is None
    good(await made.window("open", 1))
    assert (await made.call(1))["number"] == ticket["number"]
