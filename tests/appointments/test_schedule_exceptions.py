"""Single days that differ: other hours, other places; made, listed, changed and lifted."""

import asyncio
from datetime import date, time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.appointments.schedules.exceptions import Exceptional, repeated
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import places
from tests.appointments.test_resupport import drift
from tests.appointments.test_schedules import apply, book, change, free, state_of
from tests.provoking import provokes

URL = "/api/v1/schedule-exceptions"
DAY = "2026-11-25"
RULE: dict[str, Any] = {"first_on": DAY, "last_on": DAY, "rule_code": "WEEK", "reason": "设备升级"}


async def ask(office: Office, **body: Any) -> httpx.Response:
    wanted = {"hall_code": office.code, **RULE, **body}
    return await office.client.post(URL, json=wanted, headers=office.manager())


async def make(office: Office, **body: Any) -> dict[str, Any]:
    return good(await ask(office, **body), 201)


async def put(office: Office, made: dict[str, Any], **body: Any) -> httpx.Response:
    url = f"{URL}/{made['id']}"
    return await office.client.put(url, json=body, headers=office.manager())


async def lift(office: Office, made: dict[str, Any], **query: Any) -> httpx.Response:
    url = f"{URL}/{made['id']}"
    return await office.client.delete(url, params=query, headers=office.manager())


async def times(office: Office, item: int = 0, day: str = DAY) -> list[str]:
    found = await free(office, item=office.items[item], **{"from": day, "to": day})
    return [one["starts_at"][11:16] for one in found]


async def test_a_rule_has_other_hours_on_a_day_and_its_own_again_when_that_is_lifted(
    office: Office,
) -> None:
    await apply(office, change(office, {}))
    mine = await book(office, 4)  # 09:30 on that day

    seen = await make(office, starts="10:30", ends="12:30", dry_run=True)
    assert (seen["id"], seen["withdrawn_count"], seen["added_count"]) == (None, 2, 2)
    assert [one["code"] for one in seen["orphaned"]] == [mine["code"]]
    assert await times(office) == ["09:30", "10:00", "10:30", "11:00"]

    made = await make(office, starts="10:30", ends="12:30")
    assert await times(office) == ["10:30", "11:00", "11:30", "12:00"]
    assert await times(office, day="2026-11-26") == ["09:30", "10:00", "10:30", "11:00"]
    assert await state_of(office, mine) == "orphaned"

    seen = good(await lift(office, made, dry_run=True))
    assert (seen["resupported"], seen["withdrawn_count"], seen["added_count"]) == (1, 2, 2)
    done = good(await lift(office, made))
    assert done["resupported"] == 1
    assert await state_of(office, mine) == "confirmed"
    assert await times(office) == ["09:30", "10:00", "10:30", "11:00"]
    assert await drift(office) == 0
    problem(await lift(office, made), 404, "not-found")


async def test_a_rule_has_other_places_on_a_day(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 2, "assisted": 1}}))

    made = await make(office, capacity={"online": 5})
    assert await places(office, "online", DAY) == [(5, 5)] * 4
    assert await places(office, "assisted", DAY) == [(1, 1)] * 4
    assert await places(office, "online", "2026-11-26") == [(2, 2)] * 4

    good(await put(office, made, capacity={"online": 0}))
    assert await times(office) == []
    problem(await ask(office, capacity={"phone": 1}), 422, "invalid-request")


async def test_the_places_of_an_item_are_those_of_every_rule_that_serves_it(
    office: Office,
) -> None:
    other = {"code": "OTHER", "item_codes": office.items[1:], "capacity": {"online": 3}}
    await apply(office, change(office, {}, other))

    await make(office, rule_code=None, item_code=office.items[0], capacity={"online": 1})

    assert sorted(await places(office, "online", DAY)) == [(1, 1)] * 4 + [(3, 3)] * 4


async def test_an_item_is_served_at_other_hours_on_a_day(office: Office) -> None:
    await apply(office, change(office, {}))

    await make(office, rule_code=None, item_code=office.items[0], starts="10:00", ends="11:00")

    assert await times(office) == ["10:00", "10:30"]
    assert await times(office, item=1) == ["09:30", "10:00", "10:30", "11:00"]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"starts": "10:00", "ends": "11:00"}, [2, 4, 4, 2]),
        ({"percent": 50}, [3, 3, 3, 3]),
        ({"percent": 200}, [6, 6, 6, 6]),
    ],
)
async def test_a_window_has_other_hours_or_sees_fewer_or_more_people_on_a_day(
    office: Office, said: dict[str, Any], found: list[int]
) -> None:
    """Two windows serve the first item: of four places, two are those of each."""
    terms = {"item_codes": office.items[:1], "capacity": {"online": 4}}
    await apply(office, change(office, terms))

    made = await make(office, rule_code=None, window_no=2, **said)
    assert [places_ for places_, _ in await places(office, "online", DAY)] == found

    good(await lift(office, made))
    assert await places(office, "online", DAY) == [(4, 4)] * 4


async def test_exceptions_are_listed_by_day_for_everybody(office: Office) -> None:
    await apply(office, change(office, {}))
    later = await make(office, first_on="2026-11-26", last_on="2026-11-27", capacity={"online": 1})
    first = await make(office, starts="10:00", ends="11:00")

    async def listed(**query: Any) -> list[str]:
        found = good(await office.get("schedule-exceptions", params={"hall": office.code, **query}))
        return [one["id"] for one in found["items"]]

    assert await listed() == [first["id"], later["id"]]
    assert await listed(**{"from": "2026-11-27"}) == [later["id"]]
    assert await listed(to=DAY) == [first["id"]]
    good(await lift(office, first))
    assert await listed() == [later["id"]]
    wrong = {"hall": office.code, "from": DAY, "to": "2026-11-24"}
    problem(await office.get("schedule-exceptions", params=wrong), 422, "invalid-request")


async def test_of_two_the_one_made_later_holds_also_when_the_other_is_changed(
    office: Office,
) -> None:
    await apply(office, change(office, {}))
    first = await make(office, capacity={"online": 1})
    office.clock.at = NINE.replace(minute=1)
    await make(office, capacity={"online": 7})

    good(await put(office, first, capacity={"online": 3}))

    assert await places(office, "online", DAY) == [(7, 7)] * 4


@provokes("change_schedule_exception", "state-conflict")
@provokes("lift_schedule_exception", "state-conflict")
async def test_an_exception_is_changed_as_it_was_seen_and_not_once_it_is_over(
    office: Office,
) -> None:
    await apply(office, change(office, {}))
    made = await make(office, capacity={"online": 1})
    seen = good(await put(office, made, reason="再升级一次", version=1))
    assert (seen["version"], seen["capacity"]) == (2, {"online": 1})

    problem(await put(office, made, capacity={"online": 2}, version=1), 409, "state-conflict")
    url = f"{URL}/{made['id']}"
    headers = {**office.manager(), "If-Match": '"1"'}
    problem(await office.client.delete(url, headers=headers), 409, "state-conflict")
    office.clock.at = NINE.replace(day=26)
    problem(await put(office, made, capacity={"online": 2}), 409, "state-conflict")
    problem(await lift(office, made), 409, "state-conflict")
    problem(await put(office, {"id": uuid4()}, reason="没有"), 404, "not-found")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"starts": "10:00"},
        {"starts": "11:00", "ends": "10:00"},
        {"starts": "10:00", "ends": "11:00", "capacity": {"online": 1}},
        {"percent": 50},
        {"rule_code": None, "window_no": 1, "percent": 100},
        {"window_no": 1, "starts": "10:00", "ends": "11:00"},
        {"rule_code": None, "window_no": 1, "capacity": {"online": 1}},
        {"rule_code": "NONE", "capacity": {"online": 1}},
        {"rule_code": None, "window_no": 99, "percent": 50},
        {"rule_code": None, "item_code": "NONE-99", "starts": "10:00", "ends": "11:00"},
        {"capacity": {"online": 1}, "last_on": "2026-11-20"},
        {"capacity": {"online": 1}, "last_on": "2027-06-01"},
        {"capacity": {"online": 1}, "first_on": "2026-11-01", "last_on": "2026-11-23"},
    ],
)
async def test_what_says_nothing_or_two_things_or_is_of_nothing_is_refused(
    office: Office, said: dict[str, Any]
) -> None:
    await apply(office, change(office, {}))
    problem(await ask(office, **said), 422, "invalid-request")


async def test_another_kind_of_change_is_another_exception(office: Office) -> None:
    await apply(office, change(office, {}))
    made = await make(office, capacity={"online": 1})
    problem(await put(office, made, starts="10:00", ends="11:00"), 422, "invalid-request")
    problem(await put(office, made, last_on="2026-11-20"), 422, "invalid-request")
    slower = await make(office, rule_code=None, window_no=1, percent=50)
    problem(await put(office, slower, percent=100), 422, "invalid-request")
    answer = await office.client.post(URL, json={}, headers=office.clerk())
    assert answer.status_code == 403


@provokes("make_schedule_exception", "exception-exists")
async def test_what_says_the_same_again_is_refused_by_the_name_of_the_first(
    office: Office,
) -> None:
    """Of two alike one would stay in force, though somebody lifts the other."""
    await apply(office, change(office, {}))
    asked = await asyncio.gather(*(ask(office, capacity={"online": 1}) for _ in range(3)))
    assert sorted(one.status_code for one in asked) == [201, 409, 409]
    [made] = [one.json() for one in asked if one.status_code == 201]

    for again in ({}, {"dry_run": True}, {"reason": "另一个原因"}):
        refused = problem(
            await ask(office, capacity={"online": 1}, **again), 409, "exception-exists"
        )
        assert refused["exception_id"] == made["id"]

    good(await lift(office, made))
    assert await places(office, "online", DAY) == [(2, 2)] * 4
    await make(office, capacity={"online": 1})


@provokes("change_schedule_exception", "exception-exists")
async def test_none_is_changed_to_say_the_same_as_another(office: Office) -> None:
    await apply(office, change(office, {}))
    first = await make(office, last_on="2026-11-26", capacity={"online": 1})
    office.clock.at = NINE.replace(minute=1)
    other = await make(office, capacity={"online": 7})

    refused = problem(await put(office, other, capacity={"online": 1}), 409, "exception-exists")

    assert refused["exception_id"] == first["id"]
    good(await put(office, first, capacity={"online": 1}))
    office.clock.at = NINE.replace(minute=2)
    await make(office, capacity={"online": 1}, reason="又减了，比增加的那次晚")


ONE = Exceptional(date(2026, 11, 25), date(2026, 11, 27), rule="WEEK", capacity={"online": 1})


@pytest.mark.parametrize(
    ("different", "is_repeated"),
    [
        ({}, True),
        ({"first_on": date(2026, 11, 26), "last_on": date(2026, 11, 26)}, True),
        ({"last_on": date(2026, 11, 28)}, False),
        ({"first_on": date(2026, 12, 25), "last_on": date(2026, 12, 27)}, False),
        ({"rule": "OTHER"}, False),
        ({"rule": None, "item": "WEEK"}, False),
        ({"capacity": {"online": 2}}, False),
        ({"capacity": {"online": 1, "phone": 1}}, False),
        ({"capacity": None, "starts": time(9), "ends": time(10)}, False),
    ],
)
def test_only_what_changes_nothing_is_said_again(
    different: dict[str, Any], is_repeated: bool
) -> None:
    wanted = ONE._replace(**different)

    assert repeated(wanted, [ONE]) == (0 if is_repeated else None)
    later = ONE._replace(capacity={"online": 5})
    hours = ONE._replace(capacity=None, starts=time(9), ends=time(10))
    assert repeated(ONE, [ONE, hours]) == 0
    assert repeated(ONE, [ONE, later]) is None
