"""Windows and items change: slots follow, who loses a time is known, and order makes no matter."""

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.appointments.guides.schemas import ItemIn
from tests.appointments.offices import NINE, Office, build, window
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_closures import close, today
from tests.appointments.test_resupport import at_first_slot, drift, states
from tests.appointments.test_schedules import apply, change, propose
from tests.waiting import until_it_waits


async def arrange(office: Office, *served: list[str]) -> None:
    """What each window of the hall serves from now on, from the first."""
    url = f"/api/v1/halls/{office.code}"
    version = good(await office.client.get(url))["version"]
    shapes = [{"no": no, "items": items} for no, items in enumerate(served, 1)]
    body = {"version": version, "zones": [], "windows": shapes}
    good(await office.client.put(f"{url}/windows", json=body, headers=office.manager()))


async def without_a_time(office: Office) -> list[str]:
    asked = {"hall": office.code, "state": "orphaned"}
    found = await office.get("appointments", params=asked, headers=office.clerk())
    return [one["code"] for one in good(found)["items"]]


@pytest.mark.parametrize("windows_first", [True, False])
async def test_a_closed_window_and_another_that_takes_its_item_come_to_the_same_in_either_order(
    office: Office, windows_first: bool
) -> None:
    first, second = office.items
    await arrange(office, [first], [second])
    await apply(office, change(office, {}))
    [booked] = await at_first_slot(office, 1, item=1)

    if not windows_first:
        await close(office, window=2)
        assert await states(office, [booked]) == ["orphaned"]
    await arrange(office, [first, second], [second])
    if windows_first:
        await close(office, window=2)

    assert await states(office, [booked]) == ["confirmed"]
    assert await drift(office) == 0
    await arrange(office, [first], [second])
    if not windows_first:
        assert await states(office, [booked]) == ["orphaned"]
    assert await without_a_time(office) == [booked["code"]]


async def test_who_booked_what_no_window_serves_any_more_is_known_and_comes_first_again(
    office: Office,
) -> None:
    await apply(office, change(office, {"capacity": {"online": 1}}))
    [booked] = await at_first_slot(office, 1, item=1)
    was = await today(office)

    await arrange(office, office.items[:1])
    assert await without_a_time(office) == [booked["code"]]
    assert (await today(office, item=1), await states(office, [booked])) == ([], ["orphaned"])
    assert good(await propose(office, {"hall": office.code}))["orphaned"] == []
    [lost] = await office.events("appointment.orphaned")
    assert lost["appointment_id"] == booked["id"]

    await arrange(office, office.items)
    assert await states(office, [booked]) == ["confirmed"]
    assert await today(office) == was
    assert await drift(office) == 0


async def ends_on(office: Office, day: date | None) -> None:
    """The second item is in force until then."""
    url = f"/api/v1/items/{office.items[1]}"
    item: dict[str, Any] = good(await office.client.get(url))
    taken = {name: value for name, value in item.items() if name in ItemIn.model_fields}
    body = {**taken, "valid_to": day and day.isoformat()}
    good(await office.client.put(url, json=body, headers=office.sign("admin")))


async def test_who_booked_for_a_day_on_which_the_item_is_over_is_known(office: Office) -> None:
    await apply(office, change(office, {}))
    people = [*await at_first_slot(office, 1), *await at_first_slot(office, 1, item=1)]

    await ends_on(office, (NINE - timedelta(days=1)).date())
    assert await states(office, people) == ["confirmed", "orphaned"]
    assert await without_a_time(office) == [people[1]["code"]]

    await ends_on(office, None)
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_all_halls_of_an_item_are_locked_before_anything_of_one_of_them(
    office: Office, other: asyncpg.Connection
) -> None:
    there = await build(office.client, office.sign, office.owner, office.clock, items=0)
    there.items = office.items
    await office.owner.execute(
        "INSERT INTO hall_item SELECT $1, unnest($2::text[])", there.code, there.items
    )
    await window(office.owner, there.code, 3, there.items)
    people = {}
    for one in (office, there):
        await apply(one, change(one, {}))
        [people[one.code]] = await at_first_slot(one, 1, item=1)
    first, last = sorted(people)
    await other.execute("SELECT FROM hall WHERE code = $1 FOR NO KEY UPDATE", last)

    ending = asyncio.create_task(ends_on(office, (NINE - timedelta(days=1)).date()))
    await until_it_waits(other, ending)
    of_first = "SELECT FROM appointment WHERE id = $1 FOR UPDATE NOWAIT"
    await other.execute(of_first, UUID(people[first]["id"]))
    await other.execute("ROLLBACK")
    await ending

    assert await states(office, list(people.values())) == ["orphaned", "orphaned"]


async def test_the_hall_goes_on_while_the_slots_of_its_new_windows_are_planned(
    office: Office, other: asyncpg.Connection
) -> None:
    """Who opens the window that is just retired waits for that, and keeps nobody waiting."""
    await apply(office, change(office, {}))
    [booked] = await at_first_slot(office, 1, item=1)
    number = 'SELECT id FROM "window" WHERE hall_code = $1 AND no = $2'
    stays, goes = [await office.owner.fetchval(number, office.code, no) for no in (1, 2)]

    async def act(at: UUID, action: str) -> httpx.Response:
        url = f"/api/v1/windows/{at}/{action}"
        return await office.client.post(url, headers=office.clerk())

    good(await act(stays, "open"))
    await other.execute("SELECT FROM appointment WHERE id = $1 FOR UPDATE", UUID(booked["id"]))
    arranging = asyncio.create_task(arrange(office, office.items[:1]))
    await until_it_waits(other, arranging)
    opening = asyncio.create_task(act(goes, "open"))
    await until_it_waits(other, opening, many=2)

    floor = "SELECT 1 FROM hall_floor WHERE hall_code = $1 FOR UPDATE NOWAIT"
    assert await other.fetchval(floor, office.code) == 1
    await other.execute("ROLLBACK")
    await arranging

    problem(await opening, 404, "not-found")
    assert await states(office, [booked]) == ["orphaned"]
