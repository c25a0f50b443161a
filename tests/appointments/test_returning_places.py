"""A cancelled place comes back after a while that nobody knows, so that places are not traded."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from services.appointments.booking import healing, settling
from services.appointments.booking.rules import returns_at
from services.appointments.slots import statement as slots
from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.test_orphans_are_people import without_a_time
from tests.appointments.test_schedules import apply, change, free
from tests.waiting import until_it_waits

FAR = NINE + timedelta(days=3)
MINUTE = timedelta(minutes=1)


async def _cancelled(office: Office, slot: UUID) -> dict[str, Any]:
    me = office.citizen()
    held = await office.hold(slot, headers=me)
    good(await office.do(held, "confirm", me))
    return good(await office.do(held, "cancel", me))


async def _return(sessions: Sessions, at: datetime) -> None:
    async with sessions() as session, session.begin():
        await slots.return_due(session, at)


async def _free(office: Office, slot: UUID) -> int:
    """Of the slot alone: `free` of a time is that of all its slots."""
    found = await office.owner.fetchval(
        "SELECT capacity - booked - kept_back FROM slot WHERE id = $1", slot
    )
    return int(found)


async def test_a_cancelled_place_is_on_sale_again_after_ten_minutes_to_two_hours(
    office: Office, sessions: Sessions
) -> None:
    slot = await office.slot(FAR, capacity=1)
    await _cancelled(office, slot)

    assert await office.booked(slot) == 0
    assert await _free(office, slot) == 0
    problem(await office.ask(slot), 409, "slot-full")
    await _return(sessions, NINE + 9 * MINUTE)
    problem(await office.ask(slot), 409, "slot-full")
    await _return(sessions, NINE + 121 * MINUTE)
    assert await _free(office, slot) == 1
    await office.hold(slot, headers=office.citizen(**{"Idempotency-Key": uuid4().hex}))


async def test_nobody_moves_into_a_place_that_has_not_returned(office: Office) -> None:
    slot, me = await office.slot(FAR, capacity=1), office.citizen()
    await _cancelled(office, slot)
    mine = await office.hold(await office.slot(FAR + timedelta(days=1)), headers=me)
    good(await office.do(mine, "confirm", me))

    answer = await office.do(mine, "reschedule", me, slot_ids=[str(slot)])

    problem(answer, 409, "slot-full")


async def test_the_old_place_of_a_move_and_a_hold_return_at_once(
    office: Office, sessions: Sessions
) -> None:
    old, new = await office.slot(FAR, capacity=1), await office.slot(FAR + timedelta(days=1))
    me, other = office.citizen(), office.citizen()
    mine = await office.hold(old, headers=me)
    good(await office.do(mine, "confirm", me))
    good(await office.do(mine, "reschedule", me, slot_ids=[str(new)]), 201)

    held = await office.hold(old, headers=other)
    good(await office.do(held, "cancel", other))

    await office.hold(old)
    office.clock.at += 6 * MINUTE
    async with sessions() as session, session.begin():
        await settling.expire_holds(session, office.clock.at)
    await office.hold(old)


async def test_the_hall_decides_how_long_and_may_give_it_back_at_once(office: Office) -> None:
    terms = {"return_from_minutes": 0, "return_to_minutes": 0, "version": 0}
    url = f"/api/v1/policies/{office.code}"
    good(await office.client.put(url, json=terms, headers=office.manager()))
    wrong = {"return_from_minutes": 30, "return_to_minutes": 10, "version": 1}
    answer = await office.client.put(url, json=wrong, headers=office.manager())
    problem(answer, 422, "invalid-request")
    slot = await office.slot(FAR, capacity=1)

    await _cancelled(office, slot)

    await office.hold(slot)


async def test_a_place_returns_once_however_often_the_job_runs(
    office: Office, sessions: Sessions
) -> None:
    slot = await office.slot(FAR, capacity=3)
    for _ in range(2):
        await _cancelled(office, slot)
    assert await _free(office, slot) == 1

    for _ in range(3):
        await _return(sessions, NINE + 121 * MINUTE)

    kept = await office.owner.fetchval("SELECT kept_back FROM slot WHERE id = $1", slot)
    assert (kept, await _free(office, slot)) == (0, 3)
    drift = await office.owner.fetchval(
        "SELECT count(*) FROM returning_place WHERE slot_id = $1", slot
    )
    assert drift == 0


async def test_a_place_returns_by_the_end_of_the_sale_and_not_of_the_day(
    office: Office, sessions: Sessions
) -> None:
    slot = await office.slot(FAR, capacity=1, closes_at=NINE + 20 * MINUTE)
    await _cancelled(office, slot)
    due = await office.owner.fetchval("SELECT due_at FROM returning_place WHERE slot_id=$1", slot)
    assert NINE < due <= NINE + 10 * MINUTE
    await _return(sessions, NINE + 10 * MINUTE)
    await office.hold(slot)


async def _kept(office: Office, slot: UUID) -> tuple[int, int]:
    found = await office.owner.fetchrow(
        "SELECT kept_back, (SELECT count(*) FROM returning_place r WHERE r.slot_id = s.id)"
        " FROM slot s WHERE s.id = $1",
        slot,
    )
    assert found is not None
    return found[0], found[1]


async def test_a_kept_place_that_somebody_without_a_time_is_given_does_not_return(
    office: Office, sessions: Sessions
) -> None:
    slot = await office.slot(FAR, capacity=3)
    lost = await without_a_time(office, FAR)
    await _cancelled(office, await office.slot(FAR, capacity=1, rule_code="R2"))
    [again] = await office.owner.fetch("SELECT state FROM appointment WHERE id = $1", lost)
    assert again["state"] == "confirmed"

    for _ in range(2):
        await _cancelled(office, slot)
    second = await without_a_time(office, FAR)
    async with sessions() as session, session.begin():
        await healing.heal_left(session, NINE)
    assert await office.owner.fetchval("SELECT state FROM appointment WHERE id = $1", second)
    free = [await _free(office, slot)]
    await _return(sessions, NINE + 121 * MINUTE)
    free.append(await _free(office, slot))
    assert (free, await _kept(office, slot)) == ([0, 1], (0, 0))


async def test_a_slot_made_in_the_stead_of_another_goes_on_keeping_its_places_back(
    office: Office, sessions: Sessions
) -> None:
    await apply(office, change(office, {"capacity": {"online": 2}}))
    [first, *_] = await free(office)
    await _cancelled(office, UUID(first["id"]))

    await apply(office, change(office, {"capacity": {"online": 3}}))
    [now, *_] = await free(office, full=True)
    assert (now["starts_at"], now["capacity"], now["free"]) == (first["starts_at"], 3, 2)
    await apply(office, change(office, {"capacity": {"online": 1}}))
    [now, *_] = await free(office, full=True)
    assert (now["capacity"], now["free"]) == (1, 0)
    await _return(sessions, NINE + 121 * MINUTE)
    [now, *_] = await free(office)
    assert (now["starts_at"], now["free"]) == (first["starts_at"], 1)


async def test_a_withdrawn_slot_is_locked_with_the_others_before_its_places_are_inherited(
    office: Office, other: asyncpg.Connection, sessions: Sessions
) -> None:
    """As by the job that returns places, which locks slots by id: nobody waits crosswise."""
    await apply(office, change(office, {}))
    [first, *_] = await free(office)
    gone = UUID(first["id"])
    await _cancelled(office, gone)
    await apply(office, change(office, retire=["WEEK"]))
    later = await office.slot(FAR)
    await other.execute("SELECT FROM slot WHERE id = $1 FOR NO KEY UPDATE", gone)

    changing = asyncio.create_task(apply(office, change(office, {})))
    await until_it_waits(other, changing)
    await other.execute("SELECT FROM slot WHERE id = $1 FOR NO KEY UPDATE NOWAIT", later)
    await other.execute("ROLLBACK")

    await changing
    [now, *_] = await free(office)
    assert (now["starts_at"], now["free"]) == (first["starts_at"], 1)
    await _return(sessions, NINE + 121 * MINUTE)
    assert (await free(office))[0]["free"] == 2


@given(st.integers(0, 20_000), st.integers(0, 200), st.integers(0, 400))
def test_a_place_is_back_within_the_policy_and_in_time_to_be_booked(
    ahead: int, least: int, more: int
) -> None:
    at = returns_at(NINE + ahead * MINUTE, least, least + more, NINE)

    assert NINE <= at <= NINE + (least + more) * MINUTE
    assert at <= NINE + ahead * MINUTE / 2
    if ahead >= 2 * (least + more):
        assert at >= NINE + least * MINUTE
