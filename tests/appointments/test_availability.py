"""What is free, as apps poll for it."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem

TEN = NINE + timedelta(hours=1)


async def look(office: Office, known: str | None = None, **query: Any) -> httpx.Response:
    values = {"hall": office.code, "item": office.items[0], **query}
    headers = {"If-None-Match": known} if known else None
    return await office.client.get("/api/v1/availability", params=values, headers=headers)


async def test_a_poll_costs_nothing_while_nothing_changes(office: Office) -> None:
    slot = await office.slot(TEN)
    first = await look(office)

    same = await look(office, first.headers["etag"])
    await office.hold(slot)
    changed = await look(office, first.headers["etag"])

    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert good(changed)["items"][0]["free"] == 1
    assert changed.headers["etag"] != first.headers["etag"]


async def test_only_what_can_be_booked_is_shown(office: Office) -> None:
    shown = await office.slot(TEN)
    await office.slot(TEN, 1, rule_code="FULL", booked=1)
    await office.slot(TEN, rule_code="LATER", state="planned")
    await office.slot(TEN, rule_code="GONE", state="withdrawn")
    await office.slot(TEN, rule_code="ITEM", item_codes=[office.items[1]])
    await office.slot(TEN, rule_code="STAFF", pool="assisted")
    await office.slot(NINE - timedelta(minutes=5), rule_code="PAST")

    found = good(await look(office))["items"]
    with_full = good(await look(office, full=True))["items"]

    assert [one["id"] for one in found] == [str(shown)]
    assert [one["id"] for one in with_full] == [str(shown)]
    assert (with_full[0]["free"], with_full[0]["capacity"]) == (2, 3)


async def test_a_full_time_is_shown_to_who_asks_for_it(office: Office) -> None:
    full = await office.slot(TEN, 1, booked=1)
    assert good(await look(office))["items"] == []
    [shown] = good(await look(office, full=True))["items"]
    assert (shown["id"], shown["free"], shown["capacity"]) == (str(full), 0, 1)


async def test_days_are_those_of_the_hall(office: Office) -> None:
    late = await office.slot(NINE + timedelta(hours=14, minutes=30))  # 23:30 in Shanghai
    await office.slot(NINE + timedelta(hours=15, minutes=30))  # 00:30 of the next day

    found = good(await look(office, **{"from": "2026-11-24", "to": "2026-11-24"}))["items"]

    assert [one["id"] for one in found] == [str(late)]


async def test_consecutive_slots_are_offered_as_one(office: Office) -> None:
    slots = [await office.slot(TEN + timedelta(minutes=30 * n)) for n in range(3)]

    found = good(await look(office, consecutive=2))["items"]

    assert [one["slot_ids"] for one in found] == [
        [str(slots[0]), str(slots[1])],
        [str(slots[1]), str(slots[2])],
    ]
    await office.hold(*found[0]["slot_ids"])


async def test_pages_follow_one_another(office: Office) -> None:
    slots = [await office.slot(TEN + timedelta(minutes=30 * n)) for n in range(5)]

    seen, cursor = [], None
    while True:
        body = good(await look(office, limit=2, **({"cursor": cursor} if cursor else {})))
        seen += [one["id"] for one in body["items"]]
        if (cursor := body["next_cursor"]) is None:
            break

    assert seen == [str(slot) for slot in slots]


async def test_availability_goes_on_to_its_end_however_many_slots_there_are(office: Office) -> None:
    """Two in a row are also found where one piece that is read ends and the next begins; a time at
    which five rules have places is one row."""
    await office.owner.execute(
        "INSERT INTO slot (id, hall_code, rule_code, rule_version, pool, item_codes, on_date,"
        " starts_at, minutes, capacity, booked, opens_at, closes_at, state, announced_full)"
        " SELECT gen_random_uuid(), $1, 'R' || r, 1, 'online', $2, (t + interval '8 h')::date, t,"
        " 10, 1, 0, t - interval '90 d', t, 'open', false"
        " FROM generate_series(1, 5) r,"
        "  generate_series($3::timestamptz, $3 + interval '3 d', interval '10 min') t",
        office.code,
        office.items,
        TEN,
    )

    for length in (1, 2):
        seen, cursor = [], None
        while True:
            query: dict[str, Any] = {"limit": 200, "consecutive": length}
            if cursor:
                query["cursor"] = cursor
            body = good(await look(office, **query))
            seen += [one["id"] for one in body["items"]]
            if (cursor := body["next_cursor"]) is None:
                break
        # Items of twenty minutes take two slots of ten, also where only one is asked for.
        assert len(seen) == len({*seen}) == 432


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "2026-02-30"}, "/query/from"),
        ({"from": "2026-11-25", "to": "2026-11-24"}, "/query/to"),
        ({"from": "2026-01-01", "to": "2026-12-31"}, "/query/to"),
        ({"from": "9999-12-31"}, "/query/from"),
        ({"consecutive": "0"}, "/query/consecutive"),
        ({"pool": "secret"}, "/query/pool"),
        ({"limit": "201"}, "/query/limit"),
        ({"cursor": "not-a-cursor"}, "/query/cursor"),
    ],
)
async def test_bad_questions_are_named(office: Office, query: dict[str, str], pointer: str) -> None:
    errors = problem(await look(office, **query), 422, "invalid-request")["errors"]

    assert [error["pointer"] for error in errors] == [pointer]


async def test_an_unknown_hall_is_not_found(office: Office) -> None:
    problem(await look(office, hall="NOWHERE"), 404, "not-found")


@pytest.mark.parametrize(
    ("path", "query", "pointer"),
    [
        ("availability", {"item": "NO-SUCH"}, "/query/item"),
        ("availability", {"hall": "NO-SUCH"}, "/query/hall"),
        ("items", {"hall": "NO-SUCH", "item": None}, "/query/hall"),
        ("halls", {"hall": None, "item": "NO-SUCH"}, "/query/item"),
    ],
)
async def test_a_name_of_nothing_is_said_to_be_one(
    office: Office, path: str, query: dict[str, str | None], pointer: str
) -> None:
    """An empty list would leave people in the belief that there is nothing to be had."""
    asked = {"hall": office.code, "item": office.items[0], **query}
    known = {name: value for name, value in asked.items() if value is not None}
    missing = problem(await office.get(path, params=known), 404, "not-found")
    assert missing["errors"][0]["pointer"] == pointer


async def test_several_items_are_named_in_whatever_way_people_write_lists(office: Office) -> None:
    for minute in (0, 30):
        await office.slot(TEN + timedelta(minutes=minute))
    first, second = office.items
    ways: list[dict[str, Any]] = [
        {"item": [first, second]},
        {"item": f"{first},{second}"},
        {"item": [], "items": [first, second]},
        {"item": [], "items": f"{first},{second}"},
    ]
    for way in ways:
        [row] = good(await look(office, **way))["items"]
        assert (row["minutes"], row["free"]) == (60, 2)


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"item": []}, "/query/item"),
        ({"item": ["A", "A"]}, "/query/item"),
        ({"item": ["A", "B"], "consecutive": 2}, "/query/consecutive"),
        ({"item": ["A", "B", "C"], "persons": 4}, "/query/persons"),
        ({"persons": 6}, "/query/persons"),
    ],
)
async def test_what_cannot_be_one_visit_is_refused(
    office: Office, query: dict[str, Any], pointer: str
) -> None:
    errors = problem(await look(office, **query), 422, "invalid-request")["errors"]
    assert errors[0]["pointer"] == pointer
