"""What the appointments service refuses, where no other test comes by: problem by problem."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.appointments.conftest import Build
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.provoking import provokes

TOMORROW = NINE + timedelta(days=1)
ENGLISH = {"Accept-Language": "en"}


async def confirmed(office: Office, slot: UUID, me: dict[str, str]) -> dict[str, Any]:
    held = await office.hold(slot, headers=me)
    return good(await office.do(held, "confirm", me))


@provokes("reschedule_appointment", "state-conflict")
async def test_what_was_cancelled_is_not_moved(office: Office) -> None:
    me = office.citizen(**ENGLISH)
    mine = await confirmed(office, await office.slot(TOMORROW), me)
    good(await office.do(mine, "cancel", me))
    new = await office.slot(TOMORROW + timedelta(days=1))

    refused = await office.do(mine, "reschedule", me, slot_ids=[str(new)])

    assert problem(refused, 409, "state-conflict")["state"] == "cancelled"


@provokes("reschedule_appointment", "too-late")
async def test_a_citizen_does_not_move_what_begins_soon(office: Office) -> None:
    me = office.citizen()
    mine = await confirmed(office, await office.slot(NINE + timedelta(minutes=90)), me)
    new = await office.slot(TOMORROW)
    office.clock.pass_(minutes=11)

    problem(await office.do(mine, "reschedule", me, slot_ids=[str(new)]), 409, "too-late")


@provokes("reschedule_appointment", "slot-not-open")
async def test_nobody_moves_to_a_slot_that_is_not_on_sale(office: Office) -> None:
    me = office.citizen(**ENGLISH)
    mine = await confirmed(office, await office.slot(TOMORROW), me)
    shut = await office.slot(TOMORROW + timedelta(days=1), state="closed")

    problem(await office.do(mine, "reschedule", me, slot_ids=[str(shut)]), 409, "slot-not-open")


@provokes("reschedule_appointment", "already-booked")
async def test_nobody_moves_onto_a_day_with_the_same_item(office: Office) -> None:
    me = office.citizen()
    mine = await confirmed(office, await office.slot(TOMORROW), me)
    day_after = TOMORROW + timedelta(days=1)
    await confirmed(office, await office.slot(day_after), me)
    another = await office.slot(day_after + timedelta(hours=2))

    refused = await office.do(mine, "reschedule", me, slot_ids=[str(another)])

    problem(refused, 409, "already-booked")


@provokes("hold_appointment", "slot-not-open", "already-booked")
async def test_nobody_books_what_is_not_on_sale_or_the_same_item_twice_a_day(
    office: Office,
) -> None:
    me = office.citizen()
    shut = await office.slot(TOMORROW + timedelta(hours=5), state="closed")
    problem(await office.ask(shut, headers=me), 409, "slot-not-open")
    await office.hold(await office.slot(TOMORROW), headers=me)
    another = await office.slot(TOMORROW + timedelta(hours=2))
    problem(await office.ask(another, headers=me), 409, "already-booked")


@provokes("check_in_appointment", "state-conflict")
async def test_who_cancelled_does_not_check_in(office: Office) -> None:
    me = office.citizen(**ENGLISH)
    mine = await confirmed(office, await office.slot(TOMORROW), me)
    good(await office.do(mine, "cancel", me))
    office.clock.at = TOMORROW

    problem(await office.do(mine, "check-in", me), 409, "state-conflict")


@provokes("check_in_appointment", "too-early", "too-late")
async def test_who_comes_a_day_early_or_hours_late_does_not_check_in(office: Office) -> None:
    me = office.citizen(**ENGLISH)
    mine = await confirmed(office, await office.slot(TOMORROW), me)
    early = await office.do(mine, "check-in", me)
    office.clock.at = TOMORROW + timedelta(hours=3)
    late = await office.do(mine, "check-in", me)

    problem(early, 409, "too-early")
    problem(late, 409, "too-late")


@pytest.mark.parametrize(
    ("part", "body"),
    [
        pytest.param(
            "windows",
            {"zones": [], "windows": []},
            marks=provokes("put_windows", "state-conflict"),
        ),
        pytest.param("devices", {"devices": []}, marks=provokes("put_devices", "state-conflict")),
    ],
)
async def test_a_hall_is_changed_from_the_version_seen(
    office: Office, part: str, body: dict[str, Any]
) -> None:
    url = f"/api/v1/halls/{office.code}/{part}"
    headers = {**office.manager(), **ENGLISH}

    late = await office.client.put(url, json={**body, "version": 7}, headers=headers)

    assert problem(late, 409, "state-conflict")["version"] == 1


@provokes("undo_ticket", "state-conflict")
async def test_an_undo_names_the_version_that_it_takes_back(hall: Build) -> None:
    floor = await hall(windows=1, items=1)
    await floor.open(0)
    ticket = await floor.issue()
    await floor.call()

    late = await floor.do(ticket, "undo", version=ticket["version"])

    assert problem(late, 409, "state-conflict")["state"] == "called"
