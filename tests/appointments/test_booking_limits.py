"""One person is in one place at a time, and has no more appointments than the policy allows."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.appointments import offices
from tests.appointments.offices import NINE, Office, person
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TEN = NINE + timedelta(hours=1)
THREE = NINE + timedelta(hours=6)
HALF_AN_HOUR = timedelta(minutes=30)


async def _decide(office: Office, **caps: int) -> None:
    url = f"/api/v1/policies/{office.code}"
    present = good(await office.get(f"policies/{office.code}"))
    body = {"caps": caps, "version": present["version"]}
    good(await office.client.put(url, json=body, headers=office.manager()))


async def _another(office: Office, items: int = 2) -> Office:
    return await offices.build(office.client, office.sign, office.owner, office.clock, items)


@provokes("hold_appointment", "overlapping-appointment")
async def test_one_person_is_in_one_place_at_a_time_whatever_the_item(office: Office) -> None:
    slot, me = await office.slot(TEN, capacity=6), office.citizen()
    first = await office.hold(slot, headers=me)

    refused = problem(
        await office.ask(slot, headers=me, item=office.items[1]), 409, "overlapping-appointment"
    )

    assert (refused["appointment_id"], refused["code"]) == (first["id"], first["code"])
    assert (refused["hall_code"], refused["state"]) == (office.code, "held")
    assert datetime.fromisoformat(refused["starts_at"]) == TEN
    assert await office.booked(slot) == 1


async def test_two_halls_at_one_minute_cannot_both_have_the_same_person(office: Office) -> None:
    there, me = await _another(office), office.citizen()
    await office.hold(await office.slot(TEN), headers=me)
    half_past = await there.slot(TEN + timedelta(minutes=15))

    problem(await there.ask(half_past, headers=me), 409, "overlapping-appointment")
    assert await there.booked(half_past) == 0


async def test_appointments_that_only_touch_are_allowed(office: Office) -> None:
    me = office.citizen()
    before, after = await office.slot(TEN - HALF_AN_HOUR), await office.slot(TEN + HALF_AN_HOUR)
    await office.hold(await office.slot(TEN), headers=me)

    await office.hold(after, headers=me, item=office.items[1])
    there = await _another(office)
    touching = await there.slot(TEN - HALF_AN_HOUR)
    await there.hold(touching, headers=me)
    assert (await office.booked(before), await there.booked(touching)) == (0, 1)


async def test_what_is_cancelled_or_ran_out_is_in_nobodys_way(office: Office) -> None:
    slot, me = await office.slot(TEN, capacity=6), office.citizen()
    given_up = await office.hold(slot, headers=me)
    good(await office.do(given_up, "cancel", me))
    await office.hold(slot, headers=me, item=office.items[1])

    office.clock.at += timedelta(minutes=6)

    await office.hold(slot, headers=me)


async def test_staff_of_another_hall_do_not_see_what_is_in_the_way(office: Office) -> None:
    there = await _another(office)
    await office.hold(
        await office.slot(TEN, pool="assisted"), headers=office.clerk(), citizen=(who := person())
    )
    slot = await there.slot(TEN, pool="assisted")

    answer = await there.ask(slot, headers=there.clerk(), citizen=who)

    refused = problem(answer, 409, "overlapping-appointment")
    assert not {"appointment_id", "code", "hall_code"} & refused.keys()


async def test_two_wishes_of_one_person_at_once_never_overlap(office: Office) -> None:
    for hour in range(5):
        slot, me = await office.slot(TEN + timedelta(hours=hour), 6), office.citizen()
        answers = await asyncio.gather(
            *(office.ask(slot, headers=me, item=item) for item in office.items)
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


@provokes("reschedule_appointment", "overlapping-appointment")
async def test_a_move_into_the_time_of_another_appointment_is_refused(office: Office) -> None:
    me = office.citizen()
    first = await office.hold(await office.slot(THREE), headers=me)
    good(await office.do(first, "confirm", me))
    noon = await office.slot(THREE + timedelta(hours=2))
    other = await office.hold(noon, headers=me, item=office.items[1])

    answer = await office.do(first, "reschedule", me, slot_ids=[str(noon)])

    assert problem(answer, 409, "overlapping-appointment")["code"] == other["code"]
    assert await office.booked(noon) == 1


async def test_a_move_within_its_own_time_is_allowed(office: Office) -> None:
    me, slot = office.citizen(), await office.slot(THREE)
    first = await office.hold(slot, headers=me)
    good(await office.do(first, "confirm", me))
    later = await office.slot(THREE + timedelta(minutes=15))

    good(await office.do(first, "reschedule", me, slot_ids=[str(later)]), 201)


@pytest.mark.parametrize(
    ("cap", "apart"),
    [
        ("per_day", timedelta(hours=1)),
        ("per_week", timedelta(days=1)),
        ("per_month", timedelta(days=6)),
        ("open_at_once", timedelta(days=40)),
    ],
)
@provokes("hold_appointment", "too-many-appointments")
async def test_a_cap_of_the_hall_counts_bookings_at_every_hall(
    office: Office, cap: str, apart: timedelta
) -> None:
    there, me = await _another(office), office.citizen()
    await there.hold(await there.slot(TEN), headers=me)
    slot = await office.slot(TEN + apart)
    await _decide(office, **{cap: 1})

    refused = problem(await office.ask(slot, headers=me), 409, "too-many-appointments")

    assert (refused["cap"], refused["limit"], refused["count"]) == (cap, 1, 1)
    assert await office.booked(slot) == 0
    await _decide(office, **{cap: 2})
    await office.hold(slot, headers=me)


@pytest.mark.parametrize(
    ("cap", "apart"),
    [
        ("per_day", timedelta(days=1)),
        ("per_week", timedelta(days=6)),
        ("per_month", timedelta(days=7)),
    ],
)
async def test_the_next_day_week_and_month_have_a_count_of_their_own(
    office: Office, cap: str, apart: timedelta
) -> None:
    """24 November 2026 is a Tuesday: six days later is the next week, seven the next month."""
    await _decide(office, **{cap: 1})
    me = office.citizen()
    await office.hold(await office.slot(TEN), headers=me)

    await office.hold(await office.slot(TEN + apart), headers=me)


async def test_the_cap_of_another_hall_does_not_hold_here(office: Office) -> None:
    there, me = await _another(office), office.citizen()
    await _decide(there, per_day=1)
    await office.hold(await office.slot(TEN), headers=me)

    await office.hold(await office.slot(TEN + timedelta(hours=1)), headers=me, item=office.items[1])


async def test_a_missed_appointment_still_counts_against_the_cap_of_its_day(
    office: Office,
) -> None:
    await _decide(office, per_day=1)
    me = office.citizen()
    held = await office.hold(await office.slot(TEN), headers=me)
    await office.owner.execute(
        "UPDATE appointment SET state = 'no_show', expires_at = NULL WHERE code = $1", held["code"]
    )

    answer = await office.ask(await office.slot(TEN + timedelta(hours=1)), headers=me)

    problem(answer, 409, "too-many-appointments")


async def test_two_wishes_at_once_do_not_both_get_under_the_cap(office: Office) -> None:
    await _decide(office, per_day=1)
    for day in range(4):
        me, at = office.citizen(), TEN + timedelta(days=day)
        slots = [await office.slot(at), await office.slot(at + timedelta(hours=2))]
        answers = await asyncio.gather(
            *(
                office.ask(slot, headers=me, item=item)
                for slot, item in zip(slots, office.items, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409]


@provokes("reschedule_appointment", "too-many-appointments")
async def test_a_move_into_a_full_day_is_refused_and_within_its_own_day_is_not(
    office: Office,
) -> None:
    await _decide(office, per_day=1)
    me = office.citizen()
    first = await office.hold(await office.slot(THREE), headers=me)
    good(await office.do(first, "confirm", me))
    tomorrow = await office.slot(THREE + timedelta(days=1))
    await office.hold(tomorrow, headers=me, item=office.items[1])
    full = await office.slot(THREE + timedelta(days=1, hours=2))
    own = await office.slot(THREE + timedelta(hours=2))

    refused = await office.do(first, "reschedule", me, slot_ids=[str(full)])

    problem(refused, 409, "too-many-appointments")
    good(await office.do(first, "reschedule", me, slot_ids=[str(own)]), 201)


async def test_the_policy_in_force_shows_its_caps(office: Office) -> None:
    nothing = good(await office.get(f"policies/{office.code}"))["caps"]
    await _decide(office, per_week=3, open_at_once=2)

    caps = good(await office.get(f"policies/{office.code}"))["caps"]

    assert set(nothing.values()) == {None}
    assert caps == {"per_day": None, "per_week": 3, "per_month": None, "open_at_once": 2}


@settings(
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.integers(0, 7), min_size=1, max_size=10))
async def test_for_any_wishes_no_two_appointments_of_a_person_share_a_minute(
    office: Office, quarters: list[int]
) -> None:
    """Each wish is 30 minutes that begin at a quarter of an hour, and an item of its own."""
    there = await _another(office, items=len(quarters))
    me = there.citizen(f"citizen-{uuid4().hex}")

    async def ask(place: int, quarter: int) -> Any:
        at = TEN + timedelta(minutes=15 * quarter)
        slot = await there.slot(at, rule_code=f"R{place}")
        return await there.ask(slot, headers=me, item=there.items[place])

    answers = [await ask(place, quarter) for place, quarter in enumerate(quarters)]

    assert {answer.status_code for answer in answers} <= {201, 409}
    got = sorted(datetime.fromisoformat(a.json()["starts_at"]) for a in answers if a.is_success)
    assert all(
        later - earlier >= HALF_AN_HOUR for earlier, later in zip(got, got[1:], strict=False)
    )
    refused = {q for q, a in zip(quarters, answers, strict=True) if not a.is_success}
    taken = {(at - TEN) // timedelta(minutes=15) for at in got}
    assert all(any(abs(quarter - other) < 2 for other in taken) for quarter in refused)
