"""Tickets that a kiosk gives out without network: numbers handed to it before, merged later."""

import asyncio
from datetime import date, timedelta
from typing import Any

import asyncpg
import httpx
import pytest

from services.appointments.offline import rules
from services.appointments.offline.schemas import Numbers
from shared.ids import new_id
from shared.security.crypto import Keyring
from tests import support
from tests.appointments.conftest import Build
from tests.appointments.machines import KIOSK, enrol, post, put
from tests.appointments.offices import KEYRING, NINE
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.provoking import provokes


async def kiosk(floor: Floor, *names: str) -> list[str]:
    """The keys of kiosks of the hall."""
    devices = await put(floor, *({**KIOSK, "name": name} for name in names or ("取号机",)))
    return [await enrol(floor, device) for device in devices]


async def numbers(floor: Floor, key: str) -> dict[str, Any]:
    return good(await post(floor, "offline-numbers", {"key": key}), 201)


def printed(floor: Floor, count: int, **others: Any) -> dict[str, Any]:
    """A ticket that the kiosk printed just now."""
    taken_at = floor.clock.at.isoformat()
    return {"number": f"K{count:03d}", "items": floor.items[:1], "taken_at": taken_at, **others}


async def send(floor: Floor, key: str, got: Any, *tickets: Any) -> httpx.Response:
    body = {"key": key, "numbers": got, "tickets": list(tickets)}
    return await post(floor, "offline-tickets", body)


async def merged(floor: Floor, key: str, got: Any, *tickets: Any) -> list[tuple[str, str]]:
    answer = good(await send(floor, key, got, *tickets))
    return [(one["number"], one["result"]) for one in answer["tickets"]]


async def test_offline_tickets_wait_since_they_were_taken(hall: Build) -> None:
    floor = await hall()
    await floor.open()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    tickets = [printed(floor, 2), printed(floor, 1)]
    floor.clock.pass_(minutes=5)
    online = await floor.issue()
    floor.clock.pass_(minutes=5)

    answer = good(await send(floor, key, got, *tickets))["tickets"]

    assert [(one["number"], one["result"]) for one in answer] == [
        ("K002", "merged"),
        ("K001", "merged"),
    ]
    seen = good(
        await floor.client.get(f"/api/v1/tickets/{answer[1]['ticket_id']}", headers=floor.clerk())
    )
    assert seen["ready_at"] < online["ready_at"]
    first = (await floor.call())["number"]
    assert first.startswith("K")


async def test_the_log_goes_on_in_the_order_of_its_moments(
    hall: Build, owner: asyncpg.Connection
) -> None:
    """Whatever a kiosk brings back from before: so a screen hears of it, and no sum is behind."""
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    ticket = printed(floor, 1)
    floor.clock.pass_(minutes=20)
    await floor.issue()
    floor.clock.pass_(minutes=20)
    await merged(floor, key, got, ticket)

    log = await owner.fetch(
        "SELECT at FROM ticket_event WHERE hall_code = $1 ORDER BY hall_seq", floor.code
    )
    moments = [row["at"] for row in log]
    assert len(moments) == 2
    assert moments == sorted(moments)


async def test_tickets_sent_again_are_not_doubled(hall: Build) -> None:
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    one, two = printed(floor, 1), printed(floor, 2)

    assert await merged(floor, key, got, one) == [("K001", "merged")]
    assert await merged(floor, key, got, one, two) == [("K001", "already"), ("K002", "merged")]
    answers = await asyncio.gather(*(merged(floor, key, got, printed(floor, 3)) for _ in range(4)))

    results = sorted(result for [(_, result)] in answers)
    assert results == ["already", "already", "already", "merged"]
    queue = good(await floor.get("queue"))["items"]
    assert sorted(each["number"] for each in queue) == ["K001", "K002", "K003"]


@provokes("merge_offline_tickets", "offline-numbers-old")
async def test_a_kiosk_that_comes_back_with_the_numbers_of_yesterday(hall: Build) -> None:
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    ticket = printed(floor, 1)
    before = floor.clock.at
    floor.clock.pass_(days=1)
    try:
        refused = problem(await send(floor, key, got, ticket), 409, "offline-numbers-old")
        fresh = await numbers(floor, key)
        again = await merged(floor, key, fresh, printed(floor, 1))
    finally:
        floor.clock.at = before

    assert refused["day"] == got["day"]
    assert refused["today"] == fresh["day"] > got["day"]
    assert "重新取号" in refused["detail"]
    assert again == [("K001", "merged")]


@provokes("merge_offline_tickets", "offline-numbers-refused")
async def test_numbers_are_good_as_handed_out_and_for_one_device(hall: Build) -> None:
    floor = await hall()
    one, two = await kiosk(floor, "甲", "乙")
    got = await numbers(floor, one)
    ticket = printed(floor, 1)
    later = (floor.clock.at + timedelta(seconds=5)).isoformat()

    for changed in ({"last": 90}, {"first": 2}, {"handed_at": later}, {"signature": "0" * 64}):
        refused = await send(floor, one, {**got, **changed}, printed(floor, 2))
        problem(refused, 409, "offline-numbers-refused")
    problem(await send(floor, two, got, ticket), 409, "offline-numbers-refused")
    assert await merged(floor, one, got, ticket) == [("K001", "merged")]


@provokes("hand_out_numbers", "device-key-refused")
@provokes("merge_offline_tickets", "device-key-refused")
async def test_only_a_device_by_its_key(hall: Build) -> None:
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)

    problem(await post(floor, "offline-numbers", {"key": "x"}), 403, "device-key-refused")
    problem(await send(floor, "x", got, printed(floor, 1)), 403, "device-key-refused")


async def test_no_number_is_handed_out_twice(hall: Build) -> None:
    floor = await hall()
    one, two = await kiosk(floor, "甲", "乙")

    runs = await asyncio.gather(*(numbers(floor, key) for key in (one, two) * 6))

    taken = [(run["first"], run["last"]) for run in runs]
    assert sorted(taken) == [(n + 1, n + 50) for n in range(0, 600, 50)]


@pytest.mark.parametrize(
    ("others", "pointer"),
    [
        ([{"number": "K051"}], "/body/tickets/0/number"),
        ([{}, {}], "/body/tickets/1/number"),
        ([{"number": "K002"}, {"number": "K0002"}], "/body/tickets/1/number"),
        ([{"minutes": 3}], "/body/tickets/0/taken_at"),
        ([{"minutes": -3}], "/body/tickets/0/taken_at"),
    ],
)
async def test_what_cannot_be_is_refused_and_named(
    hall: Build, others: list[dict[str, Any]], pointer: str
) -> None:
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    tickets = []
    for other in others:
        at = floor.clock.at + timedelta(minutes=other.pop("minutes", 0))
        tickets.append(printed(floor, 1, **{"taken_at": at.isoformat(), **other}))

    answer = await send(floor, key, got, *tickets)

    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == pointer


async def test_what_no_window_serves_is_named_and_the_others_wait(hall: Build) -> None:
    floor = await hall()
    [key] = await kiosk(floor)
    got = await numbers(floor, key)

    found = await merged(floor, key, got, printed(floor, 1, items=["GONE"]), printed(floor, 2))

    assert found == [("K001", "not_served"), ("K002", "merged")]


async def test_an_offline_ticket_for_several_windows_is_one_number_leg_by_leg(
    hall: Build, owner: asyncpg.Connection
) -> None:
    """As a ticket is that was taken with network; an item that was touched twice counts once."""
    floor = await hall(windows=2, items=2)
    for place in range(2):
        await serve_items(owner, floor.code, floor.windows[place], [floor.items[place]])
    await floor.open(0, 1)
    [key] = await kiosk(floor)
    got = await numbers(floor, key)
    both = printed(floor, 1, items=[*floor.items, floor.items[0]])

    found = await merged(floor, key, got, both, printed(floor, 2, items=[floor.items[0], "GONE"]))

    assert found == [("K001", "merged"), ("K002", "not_served")]
    for place in range(2):
        ticket = await floor.call(place)
        assert (ticket["number"], ticket["items"]) == ("K001", [floor.items[place]])
        await floor.done(ticket, "serve")
        await floor.done(ticket, "finish", outcome="done")


def test_numbers_outlast_a_change_of_the_index_key_on_their_day() -> None:
    later = "20261124:Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M="
    both = Keyring(support.COLUMN_KEYS, f"{support.INDEX_KEY},{later}")
    device = new_id()

    def run(day: date) -> Numbers:
        return Numbers(day=day, first=1, last=50, handed_at=NINE, signature="0" * 64)

    for day, is_good in ((date(2026, 11, 24), True), (date(2026, 11, 25), False)):
        [before] = rules.signed(KEYRING, device, "H001", run(day))
        after = rules.signed(both, device, "H001", run(day))
        assert (before in after) is is_good
        assert len(after[0]) <= 64
