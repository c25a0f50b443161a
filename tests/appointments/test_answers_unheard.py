"""Whoever did not hear of what they did asks again with their key: it is done once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from tests.appointments.conftest import Build
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good
from tests.unheard import asked_twice

TEN = NINE + timedelta(days=1, hours=1)


async def test_a_visit_is_held_confirmed_moved_and_cancelled_once(office: Office) -> None:
    me, slots = office.citizen(), [await office.slot(TEN + n * timedelta(hours=1)) for n in (0, 1)]

    async def does(path: str, status: int = 200, **body: Any) -> dict[str, Any]:
        headers = {**me, "Idempotency-Key": uuid4().hex}

        async def ask() -> httpx.Response:
            return await office.client.post(path, json=body or None, headers=headers)

        return good(await asked_twice(ask), status)

    wanted = {"slot_ids": [str(slots[0])], "item_code": office.items[0]}
    held = await does("/api/v1/appointments", 201, **wanted)
    await does(f"/api/v1/appointments/{held['id']}/confirm")
    moved = {"slot_ids": [str(slots[1])]}
    new = await does(f"/api/v1/appointments/{held['id']}/reschedule", 201, **moved)
    assert [await office.booked(slot) for slot in slots] == [0, 1]
    await does(f"/api/v1/appointments/{new['id']}/cancel")
    assert [await office.booked(slot) for slot in slots] == [0, 0]
    for kind in ("held", "confirmed", "rescheduled", "cancelled"):
        assert len(await office.events(f"appointment.{kind}")) == 1, kind


async def test_a_ticket_goes_its_way_once(hall: Build, owner: asyncpg.Connection) -> None:
    floor = await hall(windows=2, items=2)
    await floor.open(0, 1)

    async def does(path: str, **body: Any) -> httpx.Response:
        headers = {**floor.clerk(), "Idempotency-Key": uuid4().hex}

        async def ask() -> httpx.Response:
            return await floor.client.post(f"/api/v1/{path}", json=body or None, headers=headers)

        return await asked_twice(ask)

    taken = await does("tickets", hall_code=floor.code, items=floor.items[:1])
    ticket = good(taken, 201)["id"]
    await floor.call()
    steps: dict[str, dict[str, Any]] = {"serve": {}, "finish": {"outcome": "done"}, "undo": {}}
    for action, body in {**steps, "transfer": {"items": floor.items[1:]}}.items():
        good(await does(f"tickets/{ticket}/{action}", **body))
    logged = "SELECT action FROM ticket_event WHERE hall_code = $1 ORDER BY hall_seq"
    actions = [row["action"] for row in await owner.fetch(logged, floor.code)]
    assert actions == ["issue", "call", *steps, "transfer", "continue"]
