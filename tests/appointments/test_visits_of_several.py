"""A visit of several people with several items: booked, confirmed, moved and given up together."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem

TEN = NINE + timedelta(hours=1)
HALF_PAST = TEN + timedelta(minutes=30)


async def two_hours(office: Office, places: int = 2, **others: Any) -> list[UUID]:
    """Four slots in a row from ten on, for both items."""
    return [await office.slot(TEN + timedelta(minutes=30 * n), places, **others) for n in range(4)]


async def ask(office: Office, headers: dict[str, str], **body: Any) -> Any:
    wanted = {"items": office.items, "persons": 2, **body}
    return await office.client.post("/api/v1/appointments", json=wanted, headers=headers)


async def held(office: Office, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    return good(await ask(office, headers, **body), 201)


async def look(office: Office, headers: dict[str, str], which: str) -> dict[str, Any]:
    return good(await office.client.get(f"/api/v1/appointments/{which}", headers=headers))


async def free(office: Office, **query: Any) -> list[tuple[str, int]]:
    values = {"hall": office.code, "item": office.items, "persons": 2, **query}
    found = await office.client.get("/api/v1/availability", params=values)
    return [(row["starts_at"][11:16], row["free"]) for row in good(found)["items"]]


def states(visit: dict[str, Any]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for leg in visit["legs"]:
        found.setdefault(leg["person_no"], set()).add(leg["state"])
    return found


async def counts(office: Office, slots: list[UUID]) -> list[int]:
    return [await office.booked(slot) for slot in slots]


async def test_two_people_with_two_items_have_four_legs_one_after_the_other(
    office: Office,
) -> None:
    slots = await two_hours(office)
    before = await free(office)

    visit = await held(office, office.citizen(), slot_ids=[str(slots[0])])

    assert before == [("10:00", 2), ("10:30", 2), ("11:00", 2)]
    assert await counts(office, slots) == [2, 2, 0, 0]
    assert await free(office) == [("11:00", 2)]
    for number in (1, 2):
        legs = [leg for leg in visit["legs"] if leg["person_no"] == number]
        assert [leg["starts_at"][11:16] for leg in legs] == ["10:00", "10:30"]
        assert {leg["item_code"] for leg in legs} == {*office.items}
        assert all(leg["minutes"] == 30 and len(leg["slots"]) == 1 for leg in legs)
    assert {leg["state"] for leg in visit["legs"]} == {visit["state"]} == {"held"}
    assert visit["legs"][0]["code"] == visit["code"]
    assert len({leg["code"] for leg in visit["legs"]}) == 4
    events = await office.events("appointment.held")
    assert {event["appointment_id"] for event in events} == {leg["id"] for leg in visit["legs"]}


async def test_a_visit_may_be_named_by_when_it_begins(office: Office) -> None:
    slots = await two_hours(office)
    me = office.citizen()

    visit = await held(office, me, hall_code=office.code, starts_at=TEN.isoformat())

    assert (visit["starts_at"][:16], visit["pool"]) == ("2026-11-24T10:00", "online")
    assert await counts(office, slots) == [2, 2, 0, 0]
    mine = good(await office.client.get("/api/v1/appointments", headers=me))["items"]
    assert [one["id"] for one in mine] == [visit["id"]]
    assert mine[0]["legs"] == visit["legs"]


async def test_all_of_it_fits_or_nothing_is_held(office: Office) -> None:
    slots = await two_hours(office, 1)

    found = problem(await ask(office, office.citizen(), slot_ids=[str(slots[0])]), 409, "slot-full")

    assert found["alternatives"] == []
    assert "候补" in found["detail"], "nothing is listed: nobody is told to choose of that"
    assert await counts(office, slots) == [0, 0, 0, 0]
    other = problem(
        await ask(office, office.citizen(), persons=1, slot_ids=[str(slots[3])]), 409, "slot-full"
    )
    assert [each["starts_at"][11:16] for each in other["alternatives"]] == [
        "11:00",
        "10:30",
        "10:00",
    ]


async def test_the_same_request_again_is_answered_the_same_and_books_nothing(
    office: Office,
) -> None:
    slots = await two_hours(office)
    me = office.citizen(**{"Idempotency-Key": f"visit-{office.code}"})

    first = await ask(office, me, slot_ids=[str(slots[0])])
    again = await ask(office, me, slot_ids=[str(slots[0])])

    assert good(again, 201) == good(first, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await counts(office, slots) == [2, 2, 0, 0]


async def test_a_visit_is_confirmed_as_a_whole(office: Office) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])

    done = good(await office.do(visit, "confirm", me))

    assert states(done) == {1: {"confirmed"}, 2: {"confirmed"}}
    assert len(await office.events("appointment.confirmed")) == 4
    assert states(await look(office, me, visit["id"])) == states(done)


async def test_of_two_people_in_one_booking_one_cancels_and_the_other_comes(
    office: Office,
) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))

    done = good(await office.do(visit, "cancel", me, persons=[2]))

    assert states(done) == {1: {"confirmed"}, 2: {"cancelled"}}
    assert await counts(office, slots) == [1, 1, 0, 0]
    kept = await office.owner.fetch("SELECT kept_back FROM slot WHERE id = ANY($1)", slots)
    assert sorted(row["kept_back"] for row in kept) == [0, 0, 1, 1]
    assert len(await office.events("appointment.cancelled")) == 2
    refused = problem(await office.do(visit, "cancel", me, persons=[3]), 422, "invalid-request")
    assert refused["errors"][0]["pointer"] == "/body/persons/0"


async def test_who_is_cancelled_again_does_not_cancel_or_move_who_still_comes(
    office: Office,
) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    good(await office.do(visit, "cancel", me, persons=[2]))
    to = {"slot_ids": [str(slots[2])], "persons": [2]}

    again = problem(await office.do(visit, "cancel", me, persons=[2]), 409, "state-conflict")
    moved = problem(await office.do(visit, "reschedule", me, **to), 409, "state-conflict")

    assert (again["state"], moved["state"]) == ("cancelled", "cancelled")
    assert states(await look(office, me, visit["code"])) == {1: {"confirmed"}, 2: {"cancelled"}}
    assert await counts(office, slots) == [1, 1, 0, 0]


async def test_with_the_code_of_who_comes_along_only_they_cancel(office: Office) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    second = next(leg for leg in visit["legs"] if leg["person_no"] == 2)

    good(await office.do({"id": second["code"]}, "cancel", me))

    assert states(await look(office, me, visit["code"])) == {1: {"held"}, 2: {"cancelled"}}
    good(await office.do(visit, "cancel", me))
    assert states(await look(office, me, visit["code"])) == {1: {"cancelled"}, 2: {"cancelled"}}
    assert await counts(office, slots) == [0, 0, 0, 0]


async def test_whoever_is_left_when_the_first_person_cancels_still_comes(office: Office) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])

    good(await office.do(visit, "cancel", me, persons=[1]))
    done = good(await office.do(visit["legs"][2], "confirm", me))

    assert states(done) == {1: {"cancelled"}, 2: {"confirmed"}}
    assert await counts(office, slots) == [1, 1, 0, 0]


async def test_a_visit_moves_together_to_where_all_of_it_fits(office: Office) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))

    new = good(await office.do(visit, "reschedule", me, slot_ids=[str(slots[1])]), 201)

    assert await counts(office, slots) == [0, 2, 2, 0]
    assert states(new) == {1: {"confirmed"}, 2: {"confirmed"}}
    assert {leg["starts_at"][11:16] for leg in new["legs"]} == {"10:30", "11:00"}
    assert states(await look(office, me, visit["id"])) == {1: {"rescheduled"}, 2: {"rescheduled"}}
    moved = await office.events("appointment.rescheduled")
    assert {event["replaced_by"] for event in moved} == {leg["id"] for leg in new["legs"]}
    problem(
        await office.do(new, "reschedule", me, starts_at=(TEN + timedelta(days=1)).isoformat()),
        409,
        "slot-not-open",
    )
    assert await counts(office, slots) == [0, 2, 2, 0]


async def test_one_of_them_moves_alone_and_stays_of_the_visit(office: Office) -> None:
    slots, me = await two_hours(office, 3), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))

    new = good(await office.do(visit, "reschedule", me, slot_ids=[str(slots[2])], persons=[2]), 201)

    assert await counts(office, slots) == [1, 1, 1, 1]
    shown = await look(office, me, visit["id"])
    assert states(shown) == {1: {"confirmed"}, 2: {"rescheduled", "confirmed"}}
    assert {leg["person_no"] for leg in new["legs"]} == {1, 2}


async def test_the_calendar_has_an_entry_for_each_leg_and_rings_for_none_that_is_cancelled(
    office: Office,
) -> None:
    slots, me = await two_hours(office), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    good(await office.do(visit, "cancel", me, persons=[1]))
    url = f"/api/v1/appointments/{visit['id']}/calendar.ics"
    file = (await office.client.get(url, headers=me)).text
    assert all(f"UID:{leg['id']}" in file for leg in visit["legs"])
    entries = file.split("BEGIN:VEVENT")[1:]
    found = [(entry.count("STATUS:CANCELLED"), entry.count("BEGIN:VALARM")) for entry in entries]
    assert sorted(found) == [(0, 1), (0, 1), (1, 0), (1, 0)]


async def test_whoever_moves_alone_keeps_one_entry_in_the_calendar(office: Office) -> None:
    slots, me = await two_hours(office, 3), office.citizen()
    visit = await held(office, me, slot_ids=[str(slots[0])])
    good(await office.do(visit, "confirm", me))
    good(await office.do(visit, "reschedule", me, slot_ids=[str(slots[2])], persons=[2]), 201)
    url = f"/api/v1/appointments/{visit['id']}/calendar.ics"
    lines = (await office.client.get(url, headers=me)).text.split("\r\n")
    entries = [line for line in lines if line.startswith("UID:")]
    assert len({*entries}) == len(entries) == 4
    assert {line for line in lines if line.startswith("STATUS:")} == {"STATUS:CONFIRMED"}
