"""延时服务: windows that serve after the hall's hours, and rules that reach there only at those."""

import json
from typing import Any

import httpx

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_schedules import apply, book, change, free, propose, state_of

WEEK = [1, 2, 3, 4, 5]
EVENING = {"starts": "16:00", "ends": "19:00", "slot_minutes": 60}
LATE = [{"weekdays": [2, 4], "opens": "17:00", "closes": "20:00"}]
TODAY = {"from": "2026-11-24", "to": "2026-11-24"}


async def open_until_five(office: Office) -> None:
    hours = [{"weekdays": WEEK, "opens": "09:00", "closes": "17:00"}]
    await office.owner.execute(
        "UPDATE hall SET opening_hours = $2 WHERE code = $1", office.code, json.dumps(hours)
    )


async def arrange(office: Office, *windows: dict[str, Any]) -> httpx.Response:
    version = good(await office.get(f"halls/{office.code}"))["version"]
    body = {"version": version, "zones": [], "windows": list(windows)}
    url = f"/api/v1/halls/{office.code}/windows"
    return await office.client.put(url, json=body, headers=office.manager())


def windows(office: Office, late: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first serves everything, the second only the first item, and that late."""
    return [
        {"no": 1, "items": office.items},
        {"no": 2, "kind": "late_closing", "items": office.items[:1], "late_hours": late},
    ]


async def times(office: Office, item: int = 0, **days: str) -> list[tuple[str, list[int]]]:
    found = await free(office, item=office.items[item], **(days or TODAY))
    return [(one["starts_at"][11:16], one["late_windows"]) for one in found]


async def test_a_rule_reaches_beyond_the_hours_only_where_a_late_window_serves(
    office: Office,
) -> None:
    await open_until_five(office)
    answer = problem(await propose(office, change(office, EVENING)), 422, "invalid-request")
    assert answer["errors"][0]["pointer"] == "/body/rules/0/starts"
    good(await arrange(office, *windows(office, LATE)))
    tuesdays = change(office, {**EVENING, "weekdays": [2]})
    await apply(office, tuesdays)

    assert await times(office) == [("16:00", []), ("17:00", [2]), ("18:00", [2])]
    assert await times(office, item=1) == [("16:00", [])], "the late window does not serve it"


async def test_only_on_the_days_on_which_it_serves_late(office: Office) -> None:
    await open_until_five(office)
    good(await arrange(office, *windows(office, LATE)))
    problem(await propose(office, change(office, EVENING)), 422, "invalid-request")
    within = {**EVENING, "weekdays": [2, 4]}
    seen = good(await propose(office, change(office, within)))
    assert seen["added_count"] == 3 * 4, "two weeks with a Tuesday and a Thursday each"


async def test_who_booked_late_loses_the_time_when_the_window_closes_earlier(
    office: Office,
) -> None:
    await open_until_five(office)
    good(await arrange(office, *windows(office, LATE)))
    await apply(office, change(office, {**EVENING, "weekdays": [2]}))
    early, late = await book(office, 0), await book(office, 2)

    good(await arrange(office, *windows(office, [])))
    assert await state_of(office, late) == "orphaned"
    assert await state_of(office, early) == "confirmed"

    good(await arrange(office, *windows(office, LATE)))
    assert await state_of(office, late) == "confirmed"


async def test_a_hall_shows_which_windows_serve_late(office: Office) -> None:
    good(await arrange(office, *windows(office, LATE)))
    shown = good(await office.get(f"halls/{office.code}"))["windows"]
    assert [one["late_hours"] for one in shown] == [[], LATE]
    counter = {"no": 1, "items": office.items, "late_hours": LATE}
    problem(await arrange(office, counter), 422, "invalid-request")


async def test_a_day_for_which_the_hall_prints_no_hours_is_the_rules_own(office: Office) -> None:
    await open_until_five(office)
    saturday = {**EVENING, "weekdays": [6], "calendar": "every_day", "horizon_workdays": 7}
    seen = good(await propose(office, change(office, saturday)))
    assert seen["added_count"] == 2 * 3
