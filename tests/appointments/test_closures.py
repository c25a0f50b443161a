"""A closure is a thing: listed, shortened, lifted; of a hall, a window, an item or a rule."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_resupport import at_first_slot, drift, states
from tests.appointments.test_schedules import apply, change, free, propose
from tests.provoking import provokes

MORNING: dict[str, Any] = {
    "starts_at": "2026-11-24T09:00:00+08:00",
    "ends_at": "2026-11-24T12:00:00+08:00",
    "reason": "停电",
}


async def close(office: Office, **others: Any) -> dict[str, Any]:
    body = {"hall": office.code, **MORNING, **others}
    answer = await office.client.post("/api/v1/closures", json=body, headers=office.manager())
    return good(answer, 201)


async def put(office: Office, closure: dict[str, Any], **body: Any) -> httpx.Response:
    url = f"/api/v1/closures/{closure['id']}"
    return await office.client.put(url, json=body, headers=office.manager())


async def lift(office: Office, closure: dict[str, Any], **query: Any) -> httpx.Response:
    url = f"/api/v1/closures/{closure['id']}"
    return await office.client.delete(url, params=query, headers=office.manager())


async def today(office: Office, item: int = 0) -> list[str]:
    """When today's free slots for an item begin."""
    day = {"from": "2026-11-24", "to": "2026-11-24"}
    found = await free(office, item=office.items[item], **day)
    return [one["starts_at"][11:16] for one in found]


async def test_a_lifted_closure_gives_everybody_their_time_back_before_it_is_on_sale(
    office: Office,
) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    people = await at_first_slot(office, 2)
    closure = await close(office)
    assert await states(office, people) == ["orphaned", "orphaned"]
    assert await today(office) == []

    seen = good(await lift(office, closure, dry_run=True))
    assert (seen["added_count"], seen["resupported"], seen["dry_run"]) == (4, 2, True)
    assert await states(office, people) == ["orphaned", "orphaned"]

    done = good(await lift(office, closure))
    assert (done["added_count"], done["resupported"], done["dry_run"]) == (4, 2, False)
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await today(office) == ["10:00", "10:30", "11:00"]
    assert await drift(office) == 0
    problem(await lift(office, closure), 404, "not-found")


async def test_a_shortened_closure_gives_back_what_it_no_longer_covers(office: Office) -> None:
    await apply(office, change(office, {}))
    [lost] = await at_first_slot(office, 1)
    closure = await close(office)
    later = "2026-11-24T10:30:00+08:00"

    seen = good(await put(office, closure, starts_at=later, dry_run=True))
    assert (seen["id"], seen["added_count"], seen["resupported"]) == (closure["id"], 2, 1)
    assert await today(office) == []

    done = good(await put(office, closure, **{**MORNING, "starts_at": later}))
    assert (done["resupported"], done["version"], done["reason"]) == (1, 2, "停电")
    assert await today(office) == ["09:30", "10:00"]
    assert await states(office, [lost]) == ["confirmed"]


async def test_a_closure_that_grows_says_who_loses_their_time(office: Office) -> None:
    await apply(office, change(office, {}))
    [booked] = await at_first_slot(office, 1)
    closure = await close(office, starts_at="2026-11-24T11:00:00+08:00")

    seen = good(await put(office, closure, starts_at=MORNING["starts_at"], dry_run=True))
    assert [one["code"] for one in seen["orphaned"]] == [booked["code"]]
    assert (seen["withdrawn_count"], seen["added_count"]) == (3, 0)
    assert await states(office, [booked]) == ["confirmed"]

    good(await put(office, closure, starts_at=MORNING["starts_at"]))
    assert await states(office, [booked]) == ["orphaned"]


async def test_closures_are_listed_by_their_start_and_a_hall_names_those_to_come(
    office: Office,
) -> None:
    december = {
        "starts_at": "2026-12-07T00:00:00+08:00",
        "ends_at": "2026-12-08T00:00:00+08:00",
    }
    second, first = await close(office, **december), await close(office)
    lifted = await close(office, item=office.items[1])
    good(await lift(office, lifted))

    async def listed(**query: Any) -> list[str]:
        answer = await office.get("closures", params={"hall": office.code, **query})
        return [one["id"] for one in good(answer)["items"]]

    assert await listed() == [first["id"], second["id"]]
    assert await listed(**{"from": "2026-11-25"}) == [second["id"]]
    assert await listed(to="2026-12-06") == [first["id"]]
    assert await listed(**{"from": "2026-12-08"}) == []
    page = good(await office.get("closures", params={"hall": office.code, "limit": 1}))
    assert await listed(limit=1, cursor=page["next_cursor"]) == [second["id"]]

    coming = good(await office.get(f"halls/{office.code}"))["closures"]
    assert [(one["id"], one["reason"], one["window"]) for one in coming] == [
        (first["id"], "停电", None),
        (second["id"], "停电", None),
    ]
    office.clock.at = NINE.replace(hour=12)
    [left] = good(await office.get(f"halls/{office.code}"))["closures"]
    assert left["id"] == second["id"]


async def test_an_item_is_closed_and_the_others_go_on(office: Office) -> None:
    await apply(office, change(office, {}))
    people = [*await at_first_slot(office, 1, item=0), *await at_first_slot(office, 1, item=1)]

    done = await close(office, item=office.items[1])

    assert [one["code"] for one in done["orphaned"]] == [people[1]["code"]]
    assert (done["withdrawn_count"], done["changed_count"]) == (0, 4)
    assert await states(office, people) == ["confirmed", "orphaned"]
    assert (len(await today(office, 0)), await today(office, 1)) == (4, [])
    good(await lift(office, done))
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_a_rule_is_closed_and_the_others_go_on(office: Office) -> None:
    other = {"code": "OTHER", "item_codes": office.items[1:]}
    await apply(office, change(office, {"item_codes": office.items[:1]}, other))

    done = await close(office, rule="OTHER")

    assert (done["withdrawn_count"], done["rule"]) == (4, "OTHER")
    assert (len(await today(office, 0)), await today(office, 1)) == (4, [])


@pytest.mark.parametrize("by_number", [True, False])
async def test_a_window_is_closed_with_its_places_and_what_only_it_serves(
    office: Office, by_number: bool
) -> None:
    """Window 1 serves both items, window 2 only the first."""
    await apply(office, change(office, {"capacity": {"online": 2}}))
    people = [*await at_first_slot(office, 2, item=0)]
    windows = good(await office.get(f"halls/{office.code}"))["windows"]

    done = await close(office, window=1 if by_number else windows[0]["id"])

    assert done["window"] == 1
    assert await today(office, 1) == []
    assert await states(office, people) == ["confirmed", "orphaned"]
    good(await put(office, done, window=None, rule="WEEK"))
    assert await today(office, 0) == []
    good(await lift(office, done))
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_slots_made_while_a_closure_is_in_force_leave_it_out(office: Office) -> None:
    await close(office, item=office.items[1])

    await apply(office, change(office, {}))

    assert (len(await today(office, 0)), await today(office, 1)) == (4, [])
    same = good(await propose(office, change(office)))
    assert (same["added_count"], same["withdrawn_count"]) == (0, 0)


@pytest.mark.parametrize("part", ["window", "item_code", "rule_code"])
async def test_a_part_that_the_hall_does_not_have_is_not_closed(office: Office, part: str) -> None:
    nothing = {"window": 99}.get(part, "NO-SUCH")
    body = {"hall": office.code, **MORNING, part: nothing}
    url, me = "/api/v1/closures", office.manager()

    [error] = problem(await office.client.post(url, json=body, headers=me), 422, "invalid-request")[
        "errors"
    ]

    assert error["pointer"] == f"/body/{part}"


@pytest.mark.parametrize(
    ("odd", "pointer"),
    [
        ({"starts_at": "2020-01-01T09:00:00Z", "ends_at": "2020-01-01T12:00:00Z"}, "/body/ends_at"),
        ({"starts_at": "2999-01-01T09:00:00Z", "ends_at": "2999-01-01T12:00:00Z"}, "/body"),
        ({"reason": "停\u202e电"}, "/body/reason"),
    ],
)
async def test_a_time_that_is_not_ours_and_a_reason_that_reads_otherwise_close_nothing(
    office: Office, odd: dict[str, str], pointer: str
) -> None:
    body = {"hall_code": office.code, **MORNING, **odd}
    answer = await office.client.post("/api/v1/closures", json=body, headers=office.manager())
    [error] = problem(answer, 422, "invalid-request")["errors"]
    assert error["pointer"] == pointer


async def test_a_closure_of_another_hall_is_not_there(office: Office) -> None:
    closure = await close(office)
    stranger = office.sign("hall_manager", "OTHER")
    url = f"/api/v1/closures/{closure['id']}"

    problem(await office.client.delete(url, headers=stranger), 404, "not-found")
    problem(await office.client.put(url, json={}, headers=stranger), 404, "not-found")
    problem(await lift(office, {"id": str(uuid4())}), 404, "not-found")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"ends_at": "2026-11-24T08:00:00+08:00"}, "/body/ends_at"),
        ({"hall_code": "OTHER"}, "/body/hall_code"),
        ({"window": 99}, "/body/window"),
        ({"reason": " "}, "/body/reason"),
        ({"colour": "red"}, "/body/colour"),
    ],
)
async def test_a_change_that_cannot_be_is_named(
    office: Office, body: dict[str, Any], pointer: str
) -> None:
    closure = await close(office)

    [error] = problem(await put(office, closure, **body), 422, "invalid-request")["errors"]

    assert error["pointer"] == pointer


@provokes("change_closure", "state-conflict")
async def test_nobody_changes_a_closure_that_another_has_changed(office: Office) -> None:
    closure = await close(office)
    good(await put(office, closure, reason="停水", version=1))

    problem(await put(office, closure, reason="停气", version=1), 409, "state-conflict")
    url, seen = f"/api/v1/closures/{closure['id']}", office.manager() | {"If-Match": '"1"'}
    problem(await office.client.delete(url, headers=seen), 409, "state-conflict")
    good(await office.client.delete(url, headers=seen | {"If-Match": '"2"'}))


@provokes("lift_closure", "state-conflict")
async def test_a_closure_that_is_over_stays_as_it_was(office: Office) -> None:
    closure = await close(office)
    office.clock.at = NINE.replace(hour=12)

    assert problem(await lift(office, closure), 409, "state-conflict")["state"] == "over"


async def test_nobody_loses_their_place_by_a_window_that_never_served_their_item(
    office: Office,
) -> None:
    """Window 1 serves both items, window 2 only the first: of two places one is left."""
    await apply(office, change(office, {"capacity": {"online": 2}}))
    early = await at_first_slot(office, 1, item=0)
    late = await at_first_slot(office, 1, item=1)

    done = await close(office, window=2)

    assert [one["code"] for one in done["orphaned"]] == [early[0]["code"]]
    assert await states(office, [*early, *late]) == ["orphaned", "confirmed"]
    good(await lift(office, done))
    assert await states(office, [*early, *late]) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_all_stay_whom_the_windows_that_are_open_served_before(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    people = await at_first_slot(office, 2, item=1)

    done = await close(office, window=2)

    assert done["orphaned"] == []
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert "09:00" not in await today(office, 1)
    same = good(await propose(office, change(office)))
    assert (same["added_count"], same["withdrawn_count"]) == (0, 0)
    assert await drift(office) == 0
