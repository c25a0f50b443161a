"""Lost places and returned ones: those booked first keep theirs, and orphans come first."""

from typing import Any

import pytest

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_schedules import apply, change, free, propose, state_of


async def at_first_slot(office: Office, count: int, item: int = 0) -> list[dict[str, Any]]:
    """People who booked and confirmed the first free time, in order of booking."""
    people = []
    for _ in range(count):
        me = office.citizen()
        [slot, *_] = await free(office, item=office.items[item])
        held = await office.hold(slot["id"], headers=me, item=office.items[item])
        people.append({**good(await office.do(held, "confirm", me)), "owner": me})
        office.clock.pass_(seconds=1)
    return people


async def states(office: Office, people: list[dict[str, Any]]) -> list[str]:
    return [await state_of(office, one) for one in people]


async def drift(office: Office) -> int:
    """Slots of the hall whose count is not the number of appointments that hold a place."""
    return int(
        await office.owner.fetchval(
            "SELECT count(*) FROM (SELECT s.id FROM slot s"
            " LEFT JOIN appointment_slot x ON x.slot_id = s.id"
            " LEFT JOIN appointment a ON a.id = x.appointment_id"
            "  AND a.state IN ('held', 'confirmed', 'checked_in', 'served', 'no_show', 'lapsed')"
            " WHERE s.hall_code = $1 GROUP BY s.id HAVING s.booked <> count(a.id)) AS wrong",
            office.code,
        )
    )


async def test_lowering_a_capacity_takes_the_place_of_the_last_to_book_and_of_nobody_else(
    office: Office,
) -> None:
    await apply(office, change(office, {"capacity": {"online": 3}}))
    people = await at_first_slot(office, 3)

    done = await apply(office, change(office, {"capacity": {"online": 2}}))

    assert [one["code"] for one in done["orphaned"]] == [people[2]["code"]]
    assert await states(office, people) == ["confirmed", "confirmed", "orphaned"]
    assert (await free(office, full=True))[0]["free"] == 0
    assert await drift(office) == 0


async def test_a_time_that_comes_back_confirms_the_appointment_before_anybody_can_have_it(
    office: Office,
) -> None:
    await apply(office, change(office, {"capacity": {"online": 1}}))
    [lost] = await at_first_slot(office, 1)
    await apply(office, change(office, {"capacity": {"online": 1}, "slot_minutes": 20}))
    assert await state_of(office, lost) == "orphaned"

    back = change(office, {"capacity": {"online": 1}})
    assert good(await propose(office, back))["resupported"] == 1
    assert (await apply(office, back))["resupported"] == 1

    assert await state_of(office, lost) == "confirmed"
    assert (await free(office, full=True))[0]["free"] == 0
    assert await drift(office) == 0
    [first, again] = await office.events("appointment.confirmed")
    assert first["appointment_id"] == again["appointment_id"] == lost["id"]


@pytest.mark.parametrize(
    ("rules", "retire", "kept"),
    [
        ([{"ends": "11:00"}], [], True),
        ([{"starts": "10:00"}], [], False),
        ([{"ends": "10:00"}, {"code": "LATE", "starts": "10:00"}], [], True),
        ([{"code": "EARLY", "ends": "10:00"}, {"code": "LATE", "starts": "10:00"}], ["WEEK"], True),
        ([{"slot_minutes": 15}], [], True),
        ([{"slot_minutes": 60}], [], True),
        ([{"slot_minutes": 20}], [], False),
    ],
    ids=["shorter", "later", "split", "split anew", "halves", "doubled", "other lengths"],
)
async def test_shorter_days_and_split_rules_take_only_the_times_that_are_gone(
    office: Office, rules: list[dict[str, Any]], retire: list[str], kept: bool
) -> None:
    await apply(office, change(office, {}))
    [booked] = await at_first_slot(office, 1)

    done = await apply(office, change(office, *rules, retire=retire))

    assert [one["code"] for one in done["orphaned"]] == ([] if kept else [booked["code"]])
    assert await state_of(office, booked) == ("confirmed" if kept else "orphaned")
    assert await drift(office) == 0


async def test_fewer_items_take_only_the_appointments_for_those(office: Office) -> None:
    await apply(office, change(office, {}))
    people = [*await at_first_slot(office, 1, item=0), *await at_first_slot(office, 1, item=1)]

    await apply(office, change(office, {"item_codes": office.items[:1]}))
    assert await states(office, people) == ["confirmed", "orphaned"]

    await apply(office, change(office, {}))
    assert await states(office, people) == ["confirmed", "confirmed"]
    assert await drift(office) == 0


async def test_a_place_that_another_gives_back_is_given_to_who_lost_theirs(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    people = await at_first_slot(office, 2)
    await apply(office, change(office, {"capacity": {"online": 1}}))
    assert await states(office, people) == ["confirmed", "orphaned"]

    good(await office.do(people[0], "cancel", office.clerk()))

    assert await states(office, people) == ["cancelled", "confirmed"]
    assert (await free(office, full=True))[0]["free"] == 0
    assert await drift(office) == 0


async def test_who_found_another_time_meanwhile_keeps_that_one(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 1}}))
    [lost] = await at_first_slot(office, 1)
    await apply(office, change(office, {"capacity": {"online": 1}, "starts": "10:00"}))
    [other, *_] = await free(office)
    held = await office.hold(other["id"], headers=lost["owner"])
    good(await office.do(held, "confirm", lost["owner"]))

    done = await apply(office, change(office, {"capacity": {"online": 1}}))

    assert done["resupported"] == 0
    assert await state_of(office, lost) == "orphaned"


async def test_a_hold_that_does_not_fit_any_more_is_over(office: Office) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    await at_first_slot(office, 1)
    me = office.citizen()
    held = await office.hold((await free(office))[0]["id"], headers=me)

    await apply(office, change(office, {"capacity": {"online": 1}}))

    assert await state_of(office, {**held, "owner": me}) == "cancelled_by_hall"
    assert await drift(office) == 0
