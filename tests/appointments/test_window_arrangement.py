"""Changing the windows of a hall never leaves people without one who had one."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from services.appointments.windows import rules
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.provoking import provokes
from tests.waiting import until_it_waits


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open()
    return made


async def arrange(floor: Floor, windows: dict[int, list[str]]) -> httpx.Response:
    """Put the hall's windows: numbers, and what each serves."""
    url = f"/api/v1/halls/{floor.code}"
    version = good(await floor.client.get(url))["version"]
    shapes = [{"no": no, "items": items} for no, items in windows.items()]
    body = {"version": version, "zones": [], "windows": shapes}
    return await floor.client.put(f"{url}/windows", json=body, headers=floor.manager())


async def states(floor: Floor) -> dict[int, str]:
    windows: Any = (await floor.get("windows-at-work")).json()["items"]
    return {window["no"]: window["state"] for window in windows}


@provokes("put_windows", "tickets-stranded")
async def test_an_open_window_is_not_retired_while_people_wait_for_it(floor: Floor) -> None:
    waiting = [await floor.issue() for _ in range(2)]

    refused = problem(await arrange(floor, {2: floor.items}), 409, "tickets-stranded")

    assert refused["tickets"] == [ticket["number"] for ticket in waiting]
    assert all(ticket["number"] in refused["detail"] for ticket in waiting)
    assert await states(floor) == {1: "open", 2: "offline"}
    assert (await floor.call())["id"] == waiting[0]["id"]


async def test_a_window_that_stops_says_for_whom_no_other_one_is_open(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    opened = good(await floor.window("open", 1))
    assert (opened["unserved_count"], opened["advice"]) == (0, None)
    await serve_items(owner, floor.code, floor.windows[1], floor.items[:1])
    await floor.issue()
    only_there = await floor.issue(items=floor.items[1:])

    paused = good(await floor.window("pause"))
    closed = good(await floor.window("close", headers={**floor.clerk(), "Accept-Language": "en"}))

    assert (paused["unserved_count"], closed["unserved_count"]) == (1, 1)
    number = only_there["number"]
    assert paused["advice"].startswith(f"{number} 号现在没有开放的窗口：请开放另一个")
    assert closed["advice"].startswith(f"No window is open for {number}: please open another one")


def test_of_many_numbers_the_first_are_named_and_the_others_counted() -> None:
    numbers = [f"A{number:03}" for number in range(1, rules.MOST_NAMED + 3)]

    advice = rules.no_open_window(numbers)

    assert advice is not None
    assert f"{numbers[rules.MOST_NAMED - 1]} 号等 {len(numbers)} 人现在没有开放的窗口" in advice.zh
    assert f"{numbers[rules.MOST_NAMED - 1]} and 2 more" in advice.en


async def test_with_another_open_window_they_are_served_there(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.open(1)

    good_windows = await arrange(floor, {2: floor.items})

    assert good_windows.status_code == 200, good_windows.text
    assert await states(floor) == {2: "open"}
    assert (await floor.call(1))["id"] == ticket["id"]


async def test_nobody_is_left_at_a_retired_window(floor: Floor) -> None:
    there = await floor.issue()
    await floor.call()
    await floor.open(1)
    refused = problem(await arrange(floor, {2: floor.items}), 409, "tickets-stranded")
    assert refused["tickets"] == [there["number"]]
    await floor.done(there, "serve")
    await floor.done(there, "finish", outcome="done")
    assert (await arrange(floor, {2: floor.items})).status_code == 200


async def test_an_item_is_not_taken_from_the_last_window_that_serves_it(floor: Floor) -> None:
    await floor.issue()
    sent_away = await floor.issue(items=floor.items[1:])
    await floor.call()
    narrower = {1: floor.items[:1], 2: floor.items[:1]}
    refused = problem(await arrange(floor, narrower), 409, "tickets-stranded")
    assert refused["tickets"] == [sent_away["number"]]
    await floor.done(sent_away, "abandon")
    assert (await arrange(floor, narrower)).status_code == 200


async def test_who_was_sent_to_a_certain_window_keeps_it(floor: Floor) -> None:
    ticket = await floor.issue()
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "transfer", window=str(floor.windows[1]))
    refused = problem(await arrange(floor, {1: floor.items}), 409, "tickets-stranded")
    assert refused["tickets"] == [ticket["number"]]


async def test_the_shift_of_an_idle_window_ends_with_the_window(floor: Floor) -> None:
    await floor.open(1)
    assert (await arrange(floor, {2: floor.items})).status_code == 200
    problem(await floor.window("call-next"), 409, "state-conflict")
    assert (await arrange(floor, {1: floor.items, 2: floor.items})).status_code == 200
    assert await states(floor) == {1: "closed", 2: "open"}


async def test_the_hall_shows_at_once_that_a_window_is_gone(floor: Floor) -> None:
    """Not after half a minute: what a forecast remembers ends with the arrangement."""
    assert good(await floor.get("display"))["windows_open"] == 1
    assert (await arrange(floor, {2: floor.items})).status_code == 200
    floor.clock.pass_(seconds=2)
    assert good(await floor.get("display"))["windows_open"] == 0


@pytest.mark.parametrize("how", ["issued", "sent on"])
async def test_who_is_just_getting_a_ticket_is_not_left_without_a_window(
    floor: Floor, other: asyncpg.Connection, how: str
) -> None:
    """The windows change between the look at them and the commit of the ticket."""
    wanted = floor.items[1:]
    if how == "issued":
        await floor.issue(items=wanted)
        series = "SELECT FROM number_series WHERE hall_code = $1 FOR UPDATE"
        await other.execute(series, floor.code)
        getting = asyncio.create_task(floor.ask_ticket(items=wanted))
        waits_for = 2
    else:
        ticket = await floor.issue(items=floor.items[:1])
        await floor.call()
        await floor.done(ticket, "serve")
        await other.execute("SELECT FROM ticket WHERE id = $1 FOR UPDATE", UUID(ticket["id"]))
        getting = asyncio.create_task(floor.do(ticket, "transfer", items=wanted))
        waits_for = 1
    await until_it_waits(other, getting)
    changing = asyncio.create_task(arrange(floor, {1: floor.items[:1], 2: floor.items[:1]}))
    await until_it_waits(other, changing, many=2)
    await other.execute("ROLLBACK")

    assert (await getting).status_code in (200, 201)
    refused = problem(await changing, 409, "tickets-stranded")
    assert len(refused["tickets"]) == waits_for


async def test_who_came_back_to_wait_while_the_windows_were_planned_keeps_a_window(
    floor: Floor, other: asyncpg.Connection
) -> None:
    """They were at the window when it was looked at who waits, and are not there any more."""
    ticket = await floor.issue()
    await floor.call()
    hall = "SELECT FROM hall WHERE code = $1 FOR NO KEY UPDATE"
    await other.execute(hall, floor.code)
    changing = asyncio.create_task(arrange(floor, {2: floor.items}))
    await until_it_waits(other, changing)

    await floor.done(ticket, "miss")
    await other.execute("ROLLBACK")

    refused = problem(await changing, 409, "tickets-stranded")
    assert refused["tickets"] == [ticket["number"]]
