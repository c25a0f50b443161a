"""Halls: found by name, item and distance; changed by those who manage them."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

HALL: dict[str, Any] = {
    "name": "测试大厅",
    "address": "南京市测试路 2 号",
    "opening_hours": [{"weekdays": [1, 2, 3, 4, 5], "opens": "09:00", "closes": "17:00"}],
    "version": 1,
}


def windows(office: Office, *shapes: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return {"version": version, "zones": [{"code": "A", "name": "甲区"}], "windows": list(shapes)}


async def put(office: Office, path: str, body: dict[str, Any], headers: Any = None) -> Any:
    url = f"/api/v1/halls/{office.code}{path}"
    return await office.client.put(url, json=body, headers=headers or office.manager())


async def test_a_hall_is_found_by_name_and_by_item(office: Office) -> None:
    good(await put(office, "", {**HALL, "name": f"大厅{office.code}"}))

    by_name = good(await office.get(f"halls?q={office.code}"))["items"]
    by_item = good(await office.get(f"halls?item={office.items[0]}"))["items"]

    assert [hall["code"] for hall in by_name] == [office.code]
    assert [hall["code"] for hall in by_item] == [office.code]
    assert by_name[0]["opening_hours"][0]["opens"] == "09:00"
    assert by_name[0]["load"]["waiting"] is None


async def test_the_nearest_hall_comes_first(office: Office) -> None:
    good(await put(office, "", {**HALL, "latitude": 32.06, "longitude": 118.80}))

    found = good(await office.get(f"halls?near=32.07,118.80&q={office.code}"))["items"]

    assert 1100 < found[0]["distance_metres"] < 1125
    everywhere = good(await office.get("halls?near=32.06,118.80&limit=200"))["items"]
    metres = [hall["distance_metres"] for hall in everywhere]
    known = [one for one in metres if one is not None]
    assert metres == sorted(known) + [None] * (len(metres) - len(known))


@pytest.mark.parametrize("near", ["32", "32,", "a,b", "91,0", "0,181", "nan,0", "1,2,3"])
async def test_a_place_that_is_none_is_refused(office: Office, near: str) -> None:
    answer = await office.get("halls", params={"near": near})

    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/query/near"


@provokes("put_hall", "state-conflict")
async def test_a_change_names_the_version_that_it_changes(office: Office) -> None:
    changed = good(await put(office, "", HALL))
    assert (changed["name"], changed["version"]) == ("测试大厅", 2)

    late = problem(await put(office, "", HALL), 409, "state-conflict")
    assert late["version"] == 2
    assert (await office.events("hall.changed"))[-1]["part"] == "hall"


async def test_only_an_administrator_adds_a_hall(office: Office) -> None:
    new = {key: value for key, value in HALL.items() if key != "version"}
    url = f"/api/v1/halls/NEW-{office.code}"

    manager = await office.client.put(url, json=new, headers=office.manager())
    admin = await office.client.put(url, json=new, headers=office.sign("admin", "*"))

    problem(manager, 404, "not-found")
    assert good(admin)["version"] == 1


async def test_windows_keep_their_identity_and_are_retired_when_left_out(office: Office) -> None:
    first, second = office.items
    shapes = [{"no": 1, "items": [first, second], "zone": "A"}, {"no": 2, "items": [second]}]
    before = (await put(office, "/windows", windows(office, *shapes))).json()["items"]
    only = {"no": 2, "items": [first], "kind": "green"}
    after = (await put(office, "/windows", windows(office, only, version=2))).json()["items"]

    assert [window["items"] for window in before] == [[first, second], [second]]
    assert before[0]["zone"] == "A"
    assert [(w["id"], w["kind"], w["items"]) for w in after] == [
        (before[1]["id"], "green", [first])
    ]
    detail = good(await office.get(f"halls/{office.code}"))
    assert [window["no"] for window in detail["windows"]] == [2]


@pytest.mark.parametrize(
    ("shape", "pointer"),
    [
        ({"no": 0, "items": []}, "/body/windows/0/no"),
        ({"no": 1, "items": [], "zone": "Z"}, "/body/windows/0/zone"),
        ({"no": 1, "items": ["NO-SUCH"]}, "/body/windows/0/items/0"),
        ({"no": 1, "items": [], "kind": "door"}, "/body/windows/0/kind"),
        ({"no": 1, "items": [], "colour": "red"}, "/body/windows/0/colour"),
    ],
)
async def test_bad_windows_are_named(office: Office, shape: dict[str, Any], pointer: str) -> None:
    answer = await put(office, "/windows", windows(office, shape))

    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == pointer


async def test_a_window_number_is_given_once(office: Office) -> None:
    twice = [{"no": 1, "items": []}, {"no": 1, "items": []}]

    answer = await put(office, "/windows", windows(office, *twice))

    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/windows/1/no"


async def test_devices_are_seen_by_managers_only(office: Office) -> None:
    kiosk = {"kind": "kiosk", "name": "取号机", "account": f"kiosk-{office.code}"}
    made = (await put(office, "/devices", {"version": 1, "devices": [kiosk]})).json()
    url = f"halls/{office.code}/devices"

    assert made["items"][0]["account"] == f"kiosk-{office.code}"
    assert (await office.get(url, headers=office.manager())).json() == made
    problem(await office.get(url, headers=office.sign("hall_manager", "OTHER")), 404, "not-found")
    problem(await office.get(url, headers=office.citizen()), 403, "forbidden")


async def test_terms_that_the_release_before_does_not_know_stay_when_it_lays_down_a_policy(
    office: Office, owner: asyncpg.Connection
) -> None:
    url, me = f"/api/v1/policies/{office.code}", office.manager()
    terms = {
        "releases": {"window_minutes": 7},
        "floor": {"acknowledge_seconds": 33},
        "assessments": {"least_cases": 40},
        "caps": {"per_day": 3},
    }
    first = good(await office.client.put(url, json={"version": 0, **terms}, headers=me))

    await owner.execute(
        "INSERT INTO booking_policy (id, hall_code, version, hold_minutes, cancel_until_minutes,"
        " check_in_early_minutes, check_in_late_minutes, no_show_limit, no_show_days, block_days,"
        " basis, created_by, created_at)"
        " VALUES ($1, $2, 2, 9, 120, 60, 30, 3, 90, 30, '', 'x', $3)",
        uuid4(),
        office.code,
        office.clock.at,
    )

    kept = good(await office.get(f"policies/{office.code}"))
    assert (kept["version"], kept["hold_minutes"]) == (2, 9)
    assert {name: kept[name] for name in terms} == {name: first[name] for name in terms}
    reset = good(await office.client.put(url, json={"version": 2}, headers=me))
    assert reset["releases"]["window_minutes"] == 10, "whoever knows them says so"


@provokes("put_booking_policy", "state-conflict")
async def test_a_policy_is_followed_by_its_next_version(office: Office) -> None:
    url, me = f"/api/v1/policies/{office.code}", office.manager()
    default = good(await office.get(f"policies/{office.code}"))
    first = good(await office.client.put(url, json={"version": 0, "hold_minutes": 10}, headers=me))
    late = await office.client.put(url, json={"version": 0, "hold_minutes": 3}, headers=me)

    assert (default["version"], default["hold_minutes"]) == (0, 5)
    problem(await office.get("policies/NOWHERE"), 404, "not-found")
    assert (first["version"], first["hold_minutes"]) == (1, 10)
    assert problem(late, 409, "state-conflict")["version"] == 1
    other = office.sign("hall_manager", "OTHER")
    stranger = await office.client.put(url, json={"version": 1}, headers=other)
    problem(stranger, 404, "not-found")
