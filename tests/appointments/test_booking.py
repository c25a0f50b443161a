"""Booking: never more than there is room for, once for each wish, and only what is one's own."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from shared import ids
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TEN = NINE + timedelta(hours=1)


async def test_500_people_and_20_places_make_20_appointments(office: Office) -> None:
    slot = await office.slot(TEN, capacity=20)

    answers = await asyncio.gather(*[office.insist(slot) for _ in range(500)])

    assert sum(answer.status_code == 201 for answer in answers) == 20
    assert {answer.json()["type"] for answer in answers if answer.status_code != 201} == {
        "/problems/slot-full"
    }
    assert await office.booked(slot) == 20
    assert len(await office.events("appointment.held")) == 20


async def test_a_hold_says_what_was_taken(office: Office) -> None:
    slot = await office.slot(TEN)

    held = await office.hold(slot)

    assert held["state"] == "held"
    assert ids.check_code(held["code"])
    assert held["expires_at"].startswith("2026-11-24T09:05:00")
    assert held["slots"] == [
        {"id": str(slot), "starts_at": "2026-11-24T10:00:00+08:00", "minutes": 30}
    ]
    assert held["version"] == 1
    assert held["guide_version"] == 1


@provokes("hold_appointment", "slot-full")
async def test_a_full_slot_names_the_three_nearest_others(office: Office) -> None:
    wanted = await office.slot(TEN, capacity=1)
    others = [
        await office.slot(TEN + timedelta(minutes=minutes), rule_code=f"R{minutes}")
        for minutes in (240, 120, 45, -30)
    ]
    await office.hold(wanted)

    full = problem(await office.ask(wanted), 409, "slot-full")

    offered = [alternative["slot_ids"] for alternative in full["alternatives"]]
    assert offered == [[str(others[3])], [str(others[2])], [str(others[1])]]


async def test_consecutive_slots_are_taken_together_or_not_at_all(office: Office) -> None:
    first, second = await office.slot(TEN), await office.slot(TEN + timedelta(minutes=30), 1)

    held = await office.hold(second, first)
    refused = await office.ask(first, second)

    assert [slot["id"] for slot in held["slots"]] == [str(first), str(second)]
    assert held["minutes"] == 60
    problem(refused, 409, "slot-full")
    assert (await office.booked(first), await office.booked(second)) == (1, 1)


async def test_one_live_appointment_a_person_item_and_day(office: Office) -> None:
    morning, noon = await office.slot(TEN), await office.slot(TEN + timedelta(hours=2))
    tomorrow = await office.slot(TEN + timedelta(days=1))
    me = office.citizen()
    first = await office.hold(morning, headers=me)

    refused = problem(await office.ask(noon, headers=me), 409, "already-booked")
    assert (refused["appointment_id"], refused["code"]) == (first["id"], first["code"])
    assert refused["state"] == "held"
    await office.hold(noon, headers=me, item=office.items[1])
    await office.hold(tomorrow, headers=me)
    assert await office.booked(noon) == 1


async def test_twenty_wishes_of_one_person_at_once_make_one_appointment(office: Office) -> None:
    slot, me = await office.slot(TEN, capacity=20), office.citizen()

    answers = await asyncio.gather(*[office.ask(slot, headers=me) for _ in range(20)])

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert await office.booked(slot) == 1


async def test_a_capped_person_leaves_the_place_to_the_next(office: Office) -> None:
    slot, me = await office.slot(TEN, capacity=2), office.citizen()
    await office.hold(slot, headers=me)

    answers = await asyncio.gather(
        *[office.ask(slot, headers=me) for _ in range(3)], office.ask(slot), office.ask(slot)
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert await office.booked(slot) == 2


async def test_the_same_key_and_body_have_one_effect_and_one_answer(office: Office) -> None:
    slot, me = await office.slot(TEN), office.citizen(**{"Idempotency-Key": uuid4().hex})

    answers = await asyncio.gather(*[office.ask(slot, headers=me) for _ in range(5)])
    later = await office.ask(slot, headers=me)

    assert {answer.status_code for answer in [*answers, later]} == {201}
    assert len({answer.json()["id"] for answer in [*answers, later]}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 4
    assert later.headers["idempotent-replayed"] == "true"
    assert await office.booked(slot) == 1


@provokes("hold_appointment", "idempotency-key-reused")
async def test_the_same_key_with_another_body_is_refused(office: Office) -> None:
    slot, me = await office.slot(TEN), office.citizen(**{"Idempotency-Key": uuid4().hex})
    await office.hold(slot, headers=me)

    again = await office.ask(slot, headers=me, item=office.items[1])

    problem(again, 422, "idempotency-key-reused")


async def test_a_key_used_for_a_refused_booking_is_free_again(office: Office) -> None:
    slot, me = await office.slot(TEN, 1), office.citizen(**{"Idempotency-Key": uuid4().hex})
    other = office.citizen()
    taken = await office.hold(slot, headers=other)
    problem(await office.ask(slot, headers=me), 409, "slot-full")

    good(await office.do(taken, "cancel", other))

    await office.hold(slot, headers=me)


PERSON = {"name": "张三丰", "phone": "13800001234"}


async def test_staff_book_for_a_person_whose_contact_stays_sealed(office: Office) -> None:
    slot = await office.slot(TEN, pool="assisted")

    who = person()
    held = await office.hold(slot, headers=office.clerk(), citizen=who)

    seen = good(await office.get(f"appointments/{held['id']}", headers=office.clerk()))
    masked = f"{who['phone'][:3]}****{who['phone'][-4:]}"
    assert seen["citizen"] == {"name": "张**", "phone": masked}
    row = await office.owner.fetchrow(
        "SELECT c.* FROM citizen c JOIN appointment a ON a.citizen_key = c.key WHERE a.id = $1",
        UUID(held["id"]),
    )
    assert row is not None
    assert "张三丰" not in str(dict(row))
    assert who["phone"] not in str(dict(row))


async def test_nobody_sees_or_changes_what_is_not_theirs(office: Office) -> None:
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    strangers = [
        office.citizen(),
        office.sign("clerk", "OTHER"),
        office.sign("hall_manager", "OTHER"),
    ]

    for stranger in strangers:
        problem(await office.get(f"appointments/{held['id']}", headers=stranger), 404, "not-found")
        problem(await office.do(held, "confirm", stranger), 404, "not-found")
        problem(await office.do(held, "cancel", stranger), 404, "not-found")
    problem(await office.do(held, "check-in", office.sign("device", "OTHER")), 404, "not-found")


async def test_staff_of_another_hall_cannot_book_its_slots(office: Office) -> None:
    slot = await office.slot(TEN)

    answer = await office.ask(slot, headers=office.sign("clerk", "OTHER"), citizen=PERSON)

    assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/slot_ids/0"


async def test_lists_show_citizens_their_own_and_staff_their_hall(office: Office) -> None:
    me = office.citizen()
    mine = [
        await office.hold(await office.slot(TEN + timedelta(days=day)), headers=me)
        for day in range(3)
    ]
    await office.hold(await office.slot(TEN + timedelta(minutes=30)))

    first = good(await office.get("appointments?limit=2", headers=me))
    rest = good(await office.get(f"appointments?limit=2&cursor={first['next_cursor']}", headers=me))
    hall = good(
        await office.get(f"appointments?hall={office.code}&on=2026-11-24", headers=office.clerk())
    )

    shown = [one["id"] for one in first["items"] + rest["items"]]
    assert shown == [one["id"] for one in reversed(mine)]
    assert rest["next_cursor"] is None
    assert [one["starts_at"][11:16] for one in hall["items"]] == ["10:00", "10:30"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"slot_ids": []}, "/body/slot_ids"),
        ({"slot_ids": ["not-an-id"]}, "/body/slot_ids/0"),
        ({"slot_ids": [str(uuid4())]}, "/body/slot_ids/0"),
        ({"slot_ids": None}, "/body"),
        ({"item_code": "NO-SUCH"}, "/body/item_code"),
        ({"item_code": ""}, "/body/item_code"),
        ({"item_code": 7}, "/body/item_code"),
        ({"wish": "soon"}, "/body/wish"),
        ({"citizen": PERSON}, "/body/citizen"),
        ({"citizen": {"name": "张三", "phone": "call me"}}, "/body/citizen/phone"),
        (
            {"citizen": {**PERSON, "id_number": "110105194912310021"}},
            "/body/citizen/id_number",
        ),
    ],
)
async def test_bad_input_is_named_and_writes_nothing(
    office: Office, change: dict[str, Any], pointer: str
) -> None:
    slot = await office.slot(TEN)
    body = {"slot_ids": [str(slot)], "item_code": office.items[0]} | change
    body = {key: value for key, value in body.items() if value is not None}

    answer = await office.client.post("/api/v1/appointments", json=body, headers=office.citizen())

    errors = problem(answer, 422, "invalid-request")["errors"]
    assert pointer in [error["pointer"] for error in errors]
    assert await office.booked(slot) == 0


async def test_slots_that_do_not_follow_one_another_are_refused(office: Office) -> None:
    apart = [await office.slot(TEN), await office.slot(TEN + timedelta(hours=1))]
    mixed = [apart[0], await office.slot(TEN + timedelta(minutes=30), rule_code="R2")]

    for pair in (apart, mixed):
        answer = await office.ask(*pair)
        assert problem(answer, 422, "invalid-request")["errors"][0]["pointer"] == "/body/slot_ids"


@pytest.mark.parametrize("state", ["planned", "closed", "withdrawn"])
async def test_a_slot_that_is_not_on_sale_says_so(office: Office, state: str) -> None:
    slot = await office.slot(TEN, state=state)

    refused = problem(await office.ask(slot), 409, "slot-not-open")

    assert refused["state"] == state


async def test_citizens_do_not_get_the_places_kept_for_staff(office: Office) -> None:
    slot = await office.slot(TEN, pool="assisted")

    problem(await office.ask(slot), 422, "invalid-request")
