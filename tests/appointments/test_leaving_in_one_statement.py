"""Who leaves a place decides on what was read: what changes meanwhile is not overlooked."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_orphans_are_people import without_a_time
from tests.appointments.test_resupport import at_first_slot, drift, states
from tests.appointments.test_schedules import apply, change
from tests.waiting import until_it_waits

TEN = NINE + timedelta(days=1, hours=1)
STATE = "SELECT state FROM appointment WHERE id = $1"


async def confirmed(office: Office, slot: UUID, me: dict[str, str]) -> dict[str, str]:
    held = await office.hold(slot, headers=me)
    mine: dict[str, str] = good(await office.do(held, "confirm", me))
    return mine


async def test_who_loses_a_time_meanwhile_is_given_the_place(
    office: Office, other: asyncpg.Connection
) -> None:
    me, slot = office.citizen(), await office.slot(TEN, capacity=1)
    mine = await office.hold(slot, headers=me)
    lost = await without_a_time(office, TEN)
    await other.execute("UPDATE appointment SET state = 'confirmed' WHERE id = $1", lost)
    await other.execute("COMMIT")
    await other.execute("BEGIN")
    # As a change of the schedule does it, which has locked the slots that could help.
    await other.execute("UPDATE slot SET losses = losses + 1 WHERE id = $1", slot)
    await other.execute("UPDATE appointment SET state = 'orphaned' WHERE id = $1", lost)

    leaving = asyncio.create_task(office.do(mine, "cancel", me))
    await until_it_waits(other, leaving)
    await other.execute("COMMIT")

    assert good(await leaving)["state"] == "cancelled"
    assert await office.owner.fetchval(STATE, lost) == "confirmed"
    assert await drift(office) == 0


async def test_a_change_of_the_schedule_counts_whom_it_takes_the_time_from(office: Office) -> None:
    one = {"capacity": {"online": 1}}
    await apply(office, change(office, one, {**one, "code": "OTHER"}))
    people = await at_first_slot(office, 2)
    await apply(office, change(office, {**one, "code": "OTHER"}, retire=["WEEK"]))
    assert sorted(await states(office, people)) == ["confirmed", "orphaned"]

    lost = await office.owner.fetch(
        "SELECT DISTINCT s.starts_at, s.losses FROM slot s"
        " WHERE s.hall_code = $1 AND s.state <> 'withdrawn' AND s.losses > 0",
        office.code,
    )
    starts = await office.owner.fetchval(
        "SELECT starts_at FROM appointment WHERE hall_code = $1 AND state = 'orphaned'", office.code
    )
    assert [tuple(row) for row in lost] == [(starts, 1)]


@pytest.mark.parametrize("how", ["cancel", "reschedule"])
async def test_the_place_is_given_back_that_one_was_given_meanwhile(
    office: Office, other: asyncpg.Connection, how: str
) -> None:
    me, old = office.citizen(), await office.slot(TEN, rule_code="R1")
    new, target = await office.slot(TEN, rule_code="R2"), await office.slot(TEN + timedelta(days=1))
    mine = await confirmed(office, old, me)
    await other.execute("SELECT FROM appointment WHERE id = $1 FOR UPDATE", UUID(mine["id"]))
    body = {"slot_ids": [str(target)]} if how == "reschedule" else {}
    leaving = asyncio.create_task(office.do(mine, how, me, **body))
    await until_it_waits(other, leaving)
    await other.execute("DELETE FROM appointment_slot WHERE appointment_id = $1", UUID(mine["id"]))
    await other.execute("INSERT INTO appointment_slot VALUES ($1, $2)", UUID(mine["id"]), new)
    await other.execute("UPDATE slot SET booked = booked - 1 WHERE id = $1", old)
    await other.execute("UPDATE slot SET booked = booked + 1 WHERE id = $1", new)
    await other.execute("COMMIT")

    good(await leaving, 201 if how == "reschedule" else 200)
    assert await drift(office) == 0


@pytest.mark.parametrize("how", ["cancel", "reschedule"])
async def test_many_with_one_key_leave_once_and_get_one_answer(office: Office, how: str) -> None:
    me, slot = office.citizen(), await office.slot(TEN)
    target = await office.slot(TEN + timedelta(days=1))
    mine = await confirmed(office, slot, me)
    body = {"slot_ids": [str(target)]} if how == "reschedule" else {}
    keyed = me | {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(office.do(mine, how, keyed, **body) for _ in range(6)))
    later = await office.do(mine, how, keyed, **body)
    done = [one for one in (*answers, later) if one.status_code in (200, 201)]
    assert {one.json()["type"] for one in answers if one not in done} <= {"/problems/still-running"}
    assert len({one.content for one in done}) == 1
    assert later.headers["idempotent-replayed"] == "true"
    event = "appointment.cancelled" if how == "cancel" else "appointment.rescheduled"
    assert len(await office.events(event)) == 1
    assert await drift(office) == 0


async def test_who_books_while_they_move_is_not_in_two_places_at_one_time(
    office: Office, other: asyncpg.Connection
) -> None:
    me, old = office.citizen(), await office.slot(TEN)
    target = await office.slot(TEN + timedelta(days=1))
    beside = await office.slot(TEN + timedelta(days=1), rule_code="R2")
    mine = await confirmed(office, old, me)
    await other.execute("SELECT FROM slot WHERE id = $1 FOR NO KEY UPDATE", target)
    moving = asyncio.create_task(office.do(mine, "reschedule", me, slot_ids=[str(target)]))
    await until_it_waits(other, moving)
    taken = good(await office.ask(beside, headers=me, item=office.items[1]), 201)
    await other.execute("ROLLBACK")

    refused = problem(await moving, 409, "overlapping-appointment")
    assert refused["code"] == taken["code"]
    assert await office.owner.fetchval(STATE, UUID(mine["id"])) == "confirmed"
    assert (await office.booked(old), await office.booked(target)) == (1, 0)


async def test_of_two_who_move_to_the_last_place_one_is_offered_others(office: Office) -> None:
    people = [office.citizen() for _ in range(4)]
    slot = await office.slot(TEN, capacity=4)
    target = await office.slot(TEN + timedelta(days=1), capacity=1)
    mine = [await confirmed(office, slot, me) for me in people]
    body = {"slot_ids": [str(target)]}
    asked = (office.do(m, "reschedule", me, **body) for m, me in zip(mine, people, strict=True))
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = [answer.json()["type"] for answer in answers if answer.status_code == 409]
    assert refused == ["/problems/slot-full"] * 3
    assert await drift(office) == 0
