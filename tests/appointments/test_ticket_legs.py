"""One number for several items: leg by leg, in the order that is shortest at the moment."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared.ids import new_id
from tests.appointments.conftest import Build
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import Floor, good, problem, serve_items
from tests.appointments.test_visits_of_several import held, look, states, two_hours
from tests.waiting import until_it_waits


@pytest.fixture
async def floor(hall: Build, owner: asyncpg.Connection) -> Floor:
    """Window 1 serves the first item, window 2 the second."""
    made = await hall(windows=2, items=2)
    for place in range(2):
        await serve_items(owner, made.code, made.windows[place], [made.items[place]])
    await made.open(0, 1)
    return made


async def served(floor: Floor, place: int, **finish: Any) -> dict[str, Any]:
    """Whoever is next there, seen to."""
    ticket = await floor.call(place)
    await floor.done(ticket, "serve")
    return await floor.done(ticket, "finish", **{"outcome": "done", **finish})


async def test_a_number_stays_the_same_over_all_windows_and_keeps_its_place(floor: Floor) -> None:
    ticket = await floor.issue(items=floor.items)
    floor.clock.pass_(minutes=7)

    first = await served(floor, 0)
    later = await floor.issue(items=floor.items[1:])
    second = await floor.see({"id": first["next_ticket_id"]})

    assert (ticket["items"], ticket["pending"]) == (floor.items[:1], floor.items[1:])
    assert (second["number"], second["items"], second["pending"]) == (
        ticket["number"], floor.items[1:], [],
    )  # fmt: skip
    assert (second["ready_at"], second["state"]) == (ticket["ready_at"], "waiting")
    assert (await floor.call(1))["number"] == ticket["number"] != later["number"]


async def test_the_shortest_line_is_chosen_when_the_ticket_is_taken_and_for_each_leg(
    floor: Floor,
) -> None:
    for _ in range(3):
        await floor.issue(items=floor.items[:1])

    ticket = await floor.issue(items=floor.items)

    assert (ticket["items"], ticket["pending"]) == (floor.items[1:], floor.items[:1])
    done = await served(floor, 1)
    assert (await floor.see({"id": done["next_ticket_id"]}))["items"] == floor.items[:1]


async def test_a_finish_that_opened_a_leg_can_be_undone_while_it_waits(floor: Floor) -> None:
    await floor.issue(items=floor.items)
    first = await served(floor, 0)

    again = await floor.done(first, "undo")

    assert (again["state"], again["next_ticket_id"]) == ("serving", None)
    assert (await floor.see({"id": first["next_ticket_id"]}))["state"] == "closed"
    done = await floor.done(again, "finish", outcome="rejected")
    assert done["next_ticket_id"] not in (None, first["next_ticket_id"])
    await floor.call(1)
    problem(await floor.do(done, "undo"), 409, "leg-already-called")


async def test_a_transfer_keeps_what_is_still_to_come(
    hall: Build, owner: asyncpg.Connection
) -> None:
    floor = await hall(windows=3, items=3)
    for place in range(3):
        await serve_items(owner, floor.code, floor.windows[place], [floor.items[place]])
    await floor.open(0, 1, 2)
    await floor.issue(items=floor.items)
    ticket = await floor.call(0)
    await floor.done(ticket, "serve")

    sent = await floor.done(ticket, "transfer", items=[floor.items[2]])

    leg = await floor.see({"id": sent["next_ticket_id"]})
    assert (leg["items"], leg["pending"]) == ([floor.items[2]], [floor.items[1]])


async def test_who_has_a_number_for_an_item_to_come_takes_no_other_for_it(floor: Floor) -> None:
    me = {**floor.sign("citizen", sub=f"citizen-{uuid4().hex}")}
    await floor.issue(items=floor.items, headers={**me, "Idempotency-Key": uuid4().hex})
    again = await floor.ask_ticket(
        items=floor.items[1:], headers={**me, "Idempotency-Key": uuid4().hex}
    )
    problem(again, 409, "already-ticketed")


async def test_an_item_that_no_window_serves_is_named(floor: Floor) -> None:
    found = problem(await floor.ask_ticket(items=[floor.items[0], "NONE"]), 422, "invalid-request")
    assert found["errors"][0]["pointer"] == "/body/items/1"


async def with_windows(office: Office) -> list[UUID]:
    """A window for each item of the office, open."""
    ids = []
    for number, item in enumerate(office.items, 1):
        made = new_id()
        await office.owner.execute(
            'INSERT INTO "window" (id, hall_code, no, name, kind) VALUES ($1, $2, $3, \'\', $4)',
            made, office.code, 90 + number, "counter",
        )  # fmt: skip
        await serve_items(office.owner, office.code, made, [item])
        good(await office.client.post(f"/api/v1/windows/{made}/open", headers=office.clerk()))
        ids.append(made)
    return ids


async def post(office: Office, path: str, **body: Any) -> dict[str, Any]:
    return good(
        await office.client.post(f"/api/v1/{path}", json=body or None, headers=office.clerk())
    )


async def test_each_person_of_a_visit_checks_in_and_is_seen_for_all_they_booked(
    office: Office,
) -> None:
    """By their own code, with a number of their own; what is served is what was booked."""
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    windows = dict(zip(office.items, await with_windows(office), strict=True))
    office.clock.at = NINE + timedelta(minutes=50)
    second = next(leg for leg in visit["legs"] if leg["person_no"] == 2)

    mine = good(await office.do(visit, "check-in", office.clerk()))
    other = good(await office.do({"id": second["code"]}, "check-in", office.clerk()))

    assert states(await look(office, me, visit["id"])) == {1: {"checked_in"}, 2: {"checked_in"}}
    numbers = {mine["ticket"]["number"], other["ticket"]["number"]}
    assert len(numbers) == 2
    assert mine["ticket"]["items"] == [visit["legs"][0]["item_code"]]
    assert mine["ticket"]["pending"] == [visit["legs"][1]["item_code"]]
    codes = {leg["item_code"]: n for n, leg in enumerate(visit["legs"]) if leg["person_no"] == 1}
    for turn in range(2):
        shown = await look(office, me, visit["id"])
        assert [leg["state"] for leg in shown["legs"][:2]] == ["served"] * turn + ["checked_in"] * (
            2 - turn
        )
        ticket = mine["ticket"] if turn == 0 else await _next(office, mine["ticket"]["id"])
        assert codes[ticket["items"][0]] == turn
        there = windows[ticket["items"][0]]
        await post(office, f"windows/{there}/call", ticket=ticket["id"], reason="按预约顺序叫号")
        await post(office, f"tickets/{ticket['id']}/serve")
        await post(office, f"tickets/{ticket['id']}/finish", outcome="done")
    assert states(await look(office, me, visit["id"])) == {1: {"served"}, 2: {"checked_in"}}


async def test_whoever_arrives_is_not_refused_by_what_else_they_gave_up_just_now(
    office: Office, other: asyncpg.Connection
) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])], persons=1)
    good(await office.do(visit, "confirm", me))
    await with_windows(office)
    office.clock.at = NINE + timedelta(minutes=50)
    given_up = "UPDATE appointment SET state = 'cancelled', version = version + 1 WHERE id = $1"
    await other.execute(given_up, UUID(visit["legs"][1]["id"]))
    arriving = asyncio.create_task(office.do(visit, "check-in", office.clerk()))
    await until_it_waits(other, arriving)
    await other.execute("COMMIT")

    ticket = good(await arriving)["ticket"]
    assert (ticket["items"], ticket["pending"]) == ([visit["legs"][0]["item_code"]], [])


async def _next(office: Office, ticket: str) -> dict[str, Any]:
    shown = good(await office.get(f"tickets/{ticket}", headers=office.clerk()))
    return good(await office.get(f"tickets/{shown['next_ticket_id']}", headers=office.clerk()))
