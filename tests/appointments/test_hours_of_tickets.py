"""When tickets are issued: not in a closed hall, not after the last, not more than the day has."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest

from shared.clock import SHANGHAI
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.appointments.test_queueing_booking import booked, check_in
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> AsyncIterator[Floor]:
    """A hall that is open from nine to five on working days, at ten in the morning of one."""
    made = await hall(items=2, windows=2)
    hours = [{"weekdays": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}]
    await owner.execute(
        "UPDATE hall SET opening_hours = $2 WHERE code = $1",
        made.code,
        orjson.dumps(hours).decode(),
    )
    before, made.clock.at = made.clock.at, datetime(2026, 11, 30, 10, tzinfo=SHANGHAI)
    yield made
    made.clock.at = before


async def policy(floor: Floor, **terms: Any) -> None:
    url = f"/api/v1/policies/{floor.code}"
    version = good(await floor.client.get(url))["version"]
    body = {"version": version, **terms}
    good(await floor.client.put(url, json=body, headers=floor.manager()))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@provokes("issue_ticket", "hall-closed")
async def test_on_a_closed_day_there_is_no_ticket_and_the_next_opening_is_named(
    floor: Floor,
) -> None:
    monday = floor.clock.at
    floor.clock.at = monday - timedelta(days=2)
    refused = problem(await floor.ask_ticket(), 409, "hall-closed")
    assert moment(refused["next_opening"]) == monday.replace(hour=9)
    assert "09:00" in refused["detail"]
    floor.clock.at = monday
    await floor.issue()


async def shut(floor: Floor, **part: Any) -> None:
    body = {
        "hall": floor.code,
        "starts_at": (floor.clock.at - timedelta(minutes=30)).isoformat(),
        "ends_at": (floor.clock.at + timedelta(hours=2)).isoformat(),
        "reason": "系统升级",
        "dry_run": False,
        **part,
    }
    made = await floor.client.post("/api/v1/closures", json=body, headers=floor.manager())
    assert made.status_code < 300, made.text


async def test_inside_a_closure_there_is_no_ticket(floor: Floor) -> None:
    await shut(floor)
    refused = problem(await floor.ask_ticket(), 409, "hall-closed")
    assert moment(refused["next_opening"]) == floor.clock.at + timedelta(hours=2)
    floor.clock.pass_(hours=2)
    await floor.issue()


MAKE_UP_SATURDAY = datetime(2026, 10, 10, 10, tzinfo=SHANGHAI)
NATIONAL_DAY = datetime(2026, 10, 1, 10, tzinfo=SHANGHAI)


async def test_who_has_an_appointment_is_expected_whatever_the_printed_hours_say(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    for by_check_in in (True, False):
        floor.clock.at -= timedelta(days=2 if by_check_in else 0)
        code = await booked(owner, floor)
        problem(await floor.ask_ticket(), 409, "hall-closed")
        if by_check_in:
            assert good(await check_in(floor, code))["ticket"]["number"] == "B001"
        else:
            assert (await floor.issue(appointment_code=code))["number"] == "B002"


async def test_walk_ins_are_seen_on_an_official_make_up_day_and_not_on_a_holiday(
    floor: Floor,
) -> None:
    floor.clock.at = NATIONAL_DAY
    refused = problem(await floor.ask_ticket(), 409, "hall-closed")
    assert moment(refused["next_opening"]) == datetime(2026, 10, 8, 9, tzinfo=SHANGHAI)
    floor.clock.at = MAKE_UP_SATURDAY
    await floor.issue()
    floor.clock.at = MAKE_UP_SATURDAY + timedelta(days=1)
    problem(await floor.ask_ticket(), 409, "hall-closed")


@provokes("issue_ticket", "item-closed")
async def test_for_an_item_that_is_closed_there_is_no_ticket_and_when_it_is_served_again_is_named(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    closed, other = floor.items
    await shut(floor, item=closed)
    refused = problem(await floor.ask_ticket(items=[closed]), 409, "item-closed")
    assert refused["item"] == closed
    assert moment(refused["next_opening"]) == floor.clock.at + timedelta(hours=2)
    await floor.issue(items=[other])
    code = await booked(owner, floor, in_minutes=30)
    await floor.issue(items=[closed], appointment_code=code)
    floor.clock.pass_(hours=2)
    await floor.issue(items=[closed])


@pytest.mark.parametrize("part", ["window", "item"])
async def test_a_closure_of_a_part_leaves_the_hall_open(floor: Floor, part: str) -> None:
    await shut(floor, **{part: {"window": 1, "item": floor.items[1]}[part]})
    await floor.issue()


async def test_an_item_is_closed_while_every_window_that_serves_it_is(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    first, second = floor.items
    await serve_items(owner, floor.code, floor.windows[1], [second])
    await shut(floor, window=1, ends_at=(floor.clock.at + timedelta(hours=3)).isoformat())
    refused = problem(await floor.ask_ticket(items=[first]), 409, "item-closed")
    assert moment(refused["next_opening"]) == floor.clock.at + timedelta(hours=3)
    await floor.issue(items=[second])
    await shut(floor, window=2, item=second)
    refused = problem(await floor.ask_ticket(items=[second]), 409, "item-closed")
    assert moment(refused["next_opening"]) == floor.clock.at + timedelta(hours=2)


async def test_after_the_last_hours_of_the_day_no_ticket_is_issued_that_nobody_will_call(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    floor.clock.at = floor.clock.at.replace(hour=17)
    refused = problem(await floor.ask_ticket(), 409, "hall-closed")
    next_day = floor.clock.at.replace(hour=9) + timedelta(days=1)
    assert moment(refused["next_opening"]) == next_day
    late = await floor.issue(appointment_code=await booked(owner, floor))
    assert late["served_from"] is None
    assert "尚不确定" in late["advice"]


@provokes("issue_ticket", "tickets-closed")
async def test_the_last_ticket_is_issued_before_the_hall_closes(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await policy(floor, last_ticket_minutes=30, items={floor.items[1]: {"last_ticket_minutes": 60}})
    floor.clock.at = floor.clock.at.replace(hour=15, minute=59)
    await floor.issue(items=floor.items[1:])
    floor.clock.pass_(minutes=1)
    refused = problem(await floor.ask_ticket(items=floor.items[1:]), 409, "tickets-closed")
    assert moment(refused["next_opening"]).hour == 9
    await floor.issue()
    floor.clock.pass_(minutes=30)
    problem(await floor.ask_ticket(), 409, "tickets-closed")
    code = await booked(owner, floor)
    await floor.issue(appointment_code=code)


async def test_a_day_has_as_many_tickets_as_the_policy_says(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    await policy(floor, tickets_per_day=3, items={floor.items[1]: {"tickets_per_day": 1}})
    first = await floor.issue(items=floor.items[1:])
    problem(await floor.ask_ticket(items=floor.items[1:]), 409, "tickets-closed")
    await floor.issue()
    await floor.issue()
    problem(await floor.ask_ticket(), 409, "tickets-closed")
    await floor.issue(appointment_code=await booked(owner, floor))
    await floor.done(first, "abandon")
    await floor.issue()
    floor.clock.pass_(days=1)
    await floor.issue()


async def test_twenty_who_ask_for_the_last_three_at_once_get_three(floor: Floor) -> None:

    await policy(floor, tickets_per_day=3)

    async def ask() -> int:
        headers = floor.kiosk()
        for _ in range(100):
            answer: httpx.Response = await floor.ask_ticket(headers=headers)
            if answer.status_code != 503:
                return answer.status_code
            await asyncio.sleep(0.1)
        raise AssertionError("busy for ever")

    answers = await asyncio.gather(*[ask() for _ in range(20)])
    assert sorted(answers) == [201] * 3 + [409] * 17


async def test_the_policy_shows_its_limits(floor: Floor) -> None:
    item = {"last_ticket_minutes": 60, "tickets_per_day": 5}
    await policy(floor, last_ticket_minutes=30, tickets_per_day=200, items={floor.items[0]: item})
    shown = good(await floor.client.get(f"/api/v1/policies/{floor.code}"))
    assert (shown["last_ticket_minutes"], shown["tickets_per_day"]) == (30, 200)
    assert shown["items"] == {floor.items[0]: item}


async def test_a_ticket_that_no_open_window_serves_says_so_and_when_one_opens(
    floor: Floor,
) -> None:
    floor.clock.at = floor.clock.at.replace(hour=8)
    ticket = await floor.issue()
    assert moment(ticket["served_from"]) == floor.clock.at.replace(hour=9)
    assert "09:00" in ticket["advice"]
    assert ticket["estimate"] == {"p50_minutes": None, "p85_minutes": None}
    assert (await floor.see(ticket))["served_from"] == ticket["served_from"]
    floor.clock.at = floor.clock.at.replace(hour=9)
    await floor.open()
    floor.clock.pass_(seconds=2)
    served = await floor.see(ticket)
    assert (served["served_from"], served["advice"]) == (None, None)
    assert served["estimate"]["p85_minutes"] == 0


async def test_when_nobody_can_say_when_a_window_opens_the_ticket_says_that(hall: Build) -> None:
    made = await hall()
    ticket = await made.issue()
    assert ticket["served_from"] is None
    assert "尚不确定" in ticket["advice"]


async def test_the_advice_is_in_the_language_that_is_asked_for(hall: Build) -> None:
    floor = await hall()
    me = {**floor.sign("citizen", sub=uuid4().hex), "Accept-Language": "en-GB"}
    taken = {**me, "Idempotency-Key": uuid4().hex}

    answers = [await floor.ask_ticket(headers=taken) for _ in range(2)]
    ticket = good(answers[0], 201)
    see = {**me, "Ticket-Key": ticket["ticket_key"]}
    url = "/api/v1/tickets"
    seen = await floor.client.get(f"{url}/{ticket['id']}", headers=see)
    listed = await floor.client.get(url, headers=me)
    known = {**see, "If-None-Match": seen.headers["etag"]}
    same = await floor.client.get(f"{url}/{ticket['id']}", headers=known)

    shown = [*(good(each, 201) for each in answers), good(seen), *good(listed)["items"]]
    assert {each["advice"][:20] for each in shown} == {"No open window serve"}
    every = [*answers, seen, listed, same]
    assert {each.headers["content-language"] for each in every} == {"en"}
    assert {each.headers["vary"] for each in (seen, same)} == {
        "Accept-Language, Authorization, Ticket-Key"
    }
    assert listed.headers["vary"] == "Accept-Language, Authorization"


async def test_a_limit_for_an_item_that_there_is_not_is_refused_and_an_old_one_is_shown(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    url = f"/api/v1/policies/{floor.code}"
    for code, pointer in (("NOPE-9", "/body/items/NOPE-9"), ("pboc-01", "/body/items/pboc-01")):
        body = {"version": 0, "items": {code: {"tickets_per_day": 1}}}
        answer = await floor.client.put(url, json=body, headers=floor.manager())
        [error] = problem(answer, 422, "invalid-request")["errors"]
        assert error["pointer"].startswith(pointer)
    await policy(floor, items={floor.items[0]: {"tickets_per_day": 1}})
    of_before = json.dumps({"pboc-01": {"last_ticket_minutes": None, "tickets_per_day": 1}})
    await owner.execute(
        "UPDATE booking_policy SET items = $2 WHERE hall_code = $1", floor.code, of_before
    )
    assert list(good(await floor.client.get(url))["items"]) == ["pboc-01"]


async def test_after_hours_there_are_tickets_for_what_a_late_window_serves(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    evening = [{"weekdays": [1], "opens": "17:00", "closes": "20:00"}]
    await owner.execute(
        "UPDATE \"window\" SET kind = 'late_closing', late_hours = $2 WHERE id = $1",
        floor.windows[0],
        json.dumps(evening),
    )
    await serve_items(owner, floor.code, floor.windows[0], floor.items[:1])
    floor.clock.at = floor.clock.at.replace(hour=18)

    problem(await floor.ask_ticket(items=floor.items[1:]), 409, "hall-closed")
    await floor.issue(items=floor.items[:1])
    floor.clock.at = floor.clock.at.replace(hour=20)
    problem(await floor.ask_ticket(items=floor.items[:1]), 409, "hall-closed")
