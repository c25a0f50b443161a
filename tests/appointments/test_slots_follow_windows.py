"""Windows and items change: slots follow, who loses a time is known, and order makes no matter."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.appointments.guides.schemas import ItemIn
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_closures import close, today
from tests.appointments.test_resupport import at_first_slot, drift, states
from tests.appointments.test_schedules import apply, change, propose


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


async def test_who_booked_for_a_day_on_which_the_item_is_over_is_known(office: Office) -> None:
    await apply(office, change(office, {}))
    people = [*await at_first_slot(office, 1), *await at_first_slot(office, 1, item=1)]

    async def ends_on(day: date | None) -> None:
        url = f"/api/v1/items/{office.items[1]}"
        item: dict[str, Any] = good(await office.client.get(url))
        taken = {name: value for name, value in item.items() if name in ItemIn.model_fields}
        body = {**taken, "valid_to": day and day.isoformat()}
        good(await office.client.put(url, json=body, headers=office.sign("admin")))

    await ends_on((NINE - timedelta(days=1)).date())
    assert await states(office, people) == ["confirmed", "orphaned"]
    assert await without_a_time(office) == [people[1]["code"]]

    await ends_on(None)
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await drift(office) == 0
