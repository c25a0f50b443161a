"""A change of thousands of slots is made in pieces: others are answered in between."""

import asyncio
from typing import Any

import httpx

from services.appointments.schedules import service
from services.appointments.schedules.schemas import (
    RuleIn,
    ScheduleApplication,
    ScheduleChange,
)
from services.appointments.slots.models import Pool
from shared.database.engine import Sessions
from shared.security.identity import Caller
from tests.appointments.offices import NINE, Office

MANAGER = Caller("test", frozenset({"admin"}))


class Others:
    """Whoever else wants to be served: how often they were."""

    def __init__(self) -> None:
        self.turns = 0

    async def wait_for(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        while not task.done():
            await asyncio.sleep(0.001)
            self.turns += 1
        await task


async def play(sessions: Sessions, office: Office, days: int, others: Others) -> int:
    """A rule of five minutes round the clock, made and then changed; nothing is kept."""
    rules = [
        RuleIn.model_validate(
            {
                "code": f"R{number}",
                "item_codes": office.items,
                "calendar": "every_day",
                "weekdays": [1, 2, 3, 4, 5, 6, 7],
                "starts": "00:00",
                "ends": "00:00",
                "slot_minutes": 5,
                "capacity": {"online": 2},
                "horizon_workdays": days - 8,
            }
        )
        for number in range(1)
    ]
    async with sessions() as session:
        added = 0
        for places in (2, 3):
            wanted = [rule.model_copy(update={"capacity": {Pool.ONLINE: places}}) for rule in rules]
            change = ScheduleChange(hall=office.code, rules=wanted)
            seen = await service.propose(session, change, MANAGER, NINE)
            body = ScheduleApplication(**change.model_dump(), fingerprint=seen.fingerprint)
            await others.wait_for(service.apply(session, body, MANAGER, NINE))
            added += seen.added_count
        await session.rollback()
    return added


async def test_others_are_served_the_more_often_the_larger_the_change_is(
    office: Office, sessions: Sessions
) -> None:
    small, large = Others(), Others()
    few = await play(sessions, office, 9, small)
    many = await play(sessions, office, 24, large)

    assert many > 2 * 6_615
    assert many > 2 * few
    assert large.turns > 1.5 * small.turns


async def test_large_changes_declare_how_long_they_may_take(
    on_test_clock: httpx.AsyncClient,
) -> None:
    paths = (await on_test_clock.get("/openapi.json")).json()["paths"]
    large = [
        paths["/api/v1/schedules:propose"]["post"],
        paths["/api/v1/schedules:apply"]["post"],
        paths["/api/v1/closures"]["post"],
        paths["/api/v1/closures/{closure}"]["put"],
        paths["/api/v1/closures/{closure}"]["delete"],
    ]

    assert [operation["x-deadline-seconds"] for operation in large] == [30] * 5
    seen = paths["/api/v1/closures/{closure}"]["put"]["parameters"]
    assert "if-match" in [parameter["name"].lower() for parameter in seen]
