"""A place that is given back goes to who waits for it, one after the other."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from services.appointments.booking import settling as holds
from services.appointments.slots import statement as slots
from shared.database.engine import Sessions
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.waiting_line import (
    FAR,
    MINUTE,
    Jobs,
    join,
    line_of,
    mine,
    offered,
    standing,
    taken,
)


async def test_a_cancelled_place_is_held_ten_minutes_for_the_first_inline_of(
    office: Office, jobs: Jobs
) -> None:
    slot, held, owner, (first, second) = await line_of(office)
    assert [one["ahead"] for one in await mine(office, second)] == [1]
    good(await office.do(held, "cancel", owner))
    problem(await office.ask(slot), 409, "slot-full")

    await jobs()

    offer = await offered(office, first)
    assert datetime.fromisoformat(offer["expires_at"]) == office.clock.at + 10 * MINUTE
    assert [one["ahead"] for one in await mine(office, second)] == [0]
    problem(await office.ask(slot), 409, "slot-full")
    good(await office.do(offer, "confirm", first))
    assert await standing(office, first) == "booked"
    await jobs()
    assert (await standing(office, first), await standing(office, second)) == ("booked", "waiting")
    [event] = await office.events("waitlist.offered")
    assert event["appointment_id"] == offer["id"]
    [event] = await office.events("waitlist.accepted")
    assert event["waitlist_id"] == offer["entry"]
    assert len(await office.events("waitlist.joined")) == 2
    assert await office.booked(slot) == 1


async def test_who_declines_waits_on_and_is_never_offered_that_time_again(
    office: Office, jobs: Jobs, sessions: Sessions
) -> None:
    slot, held, owner, (first, second) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    good(await office.do(await offered(office, first), "cancel", first))
    await jobs()
    assert await standing(office, first) == "waiting"
    assert len(await office.events("waitlist.declined")) == 1

    good(await office.do(await offered(office, second), "cancel", second))
    await jobs()

    assert [await standing(office, one) for one in (first, second)] == ["waiting", "waiting"]
    assert len(await office.events("waitlist.offered")) == 2
    # Nor is it on sale at once, for whoever a stranger passes it on to.
    problem(await office.ask(slot), 409, "slot-full")
    async with sessions() as session, session.begin():
        await slots.return_due(session, office.clock.at + 121 * MINUTE)
    await office.hold(slot, headers=office.citizen(**{"Idempotency-Key": uuid4().hex}))


async def test_an_offered_place_that_is_booked_and_cancelled_goes_to_the_next(
    office: Office, jobs: Jobs
) -> None:
    slot, held, owner, (first, second) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, first)
    good(await office.do(offer, "confirm", first))
    await jobs()
    good(await office.do(offer, "cancel", first))
    await join(office, first)

    await jobs()

    again = await offered(office, second)
    assert again["starts_at"] == offer["starts_at"]
    good(await office.do(again, "cancel", second))
    await jobs()
    assert [one["state"] for one in await mine(office, first)] == ["waiting", "booked"]
    assert len(await office.events("waitlist.offered")) == 2
    assert await office.booked(slot) == 0


async def test_who_does_not_answer_loses_the_place_in_line_and_the_next_is_asked(
    office: Office, jobs: Jobs
) -> None:
    slot, held, owner, (first, second) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, first)

    office.clock.at = datetime.fromisoformat(offer["expires_at"])
    assert await standing(office, first) == "expired"
    await jobs()

    assert await standing(office, first) == "expired"
    [event] = await office.events("waitlist.expired")
    assert event["appointment_id"] == offer["id"]
    await offered(office, second)
    assert await office.booked(slot) == 1


@pytest.mark.parametrize("before", [timedelta(microseconds=1), timedelta()])
async def test_an_offer_accepted_at_the_second_it_expires_is_had_by_one(
    office: Office, jobs: Jobs, sessions: Sessions, before: timedelta
) -> None:
    """Whoever comes first decides: then the hold is confirmed, or over; never both."""
    slot, held, owner, (first, second) = await line_of(office)
    good(await office.do(held, "cancel", owner))
    await jobs()
    offer = await offered(office, first)
    expires_at = datetime.fromisoformat(offer["expires_at"])
    office.clock.at = expires_at - before

    async def expire() -> None:
        async with sessions() as session, session.begin():
            await holds.expire_holds(session, expires_at)

    answer, _ = await asyncio.gather(office.do(offer, "confirm", first), expire())
    office.clock.at = expires_at
    await jobs()

    has_it = answer.status_code == 200
    assert has_it or answer.status_code == 409, answer.text
    assert not has_it or before > timedelta()
    assert await standing(office, first) == ("booked" if has_it else "expired")
    assert await standing(office, second) == ("waiting" if has_it else "offered")
    assert await office.booked(slot) == 1


async def test_a_hold_that_runs_out_or_is_cancelled_goes_to_who_waits_first(
    office: Office, jobs: Jobs
) -> None:
    slot = await office.slot(FAR, capacity=2)
    one, two = office.citizen(), office.citizen()
    held = await office.hold(slot, headers=one)
    await office.hold(slot, headers=two)
    line = [office.citizen(), office.citizen()]
    for who in line:
        await join(office, who)
    good(await office.do(held, "cancel", one))
    problem(await office.ask(slot), 409, "slot-full")
    await jobs()
    await offered(office, line[0])

    office.clock.at += 5 * MINUTE
    await jobs()

    await offered(office, line[1])


async def test_the_old_place_of_a_move_goes_to_who_waits(office: Office, jobs: Jobs) -> None:
    slot, held, owner, (first,) = await line_of(office, 1)
    other = await office.slot(FAR + timedelta(days=40))
    good(await office.do(held, "reschedule", owner, slot_ids=[str(other)]), 201)
    problem(await office.ask(slot), 409, "slot-full")

    await jobs()

    await offered(office, first)


async def test_who_joins_later_does_not_get_what_was_cancelled_before(
    office: Office, jobs: Jobs
) -> None:
    """Else a place could be cancelled for somebody who joins at that moment."""
    slot = await office.slot(FAR, capacity=1)
    held, owner = await taken(office, slot)
    good(await office.do(held, "cancel", owner))
    office.clock.at += MINUTE
    me = office.citizen()
    await join(office, me)

    await jobs()

    assert await standing(office, me) == "waiting"


async def test_everybody_is_offered_one_of_many_places_given_back_at_once(
    office: Office, jobs: Jobs
) -> None:
    slot = await office.slot(FAR, capacity=8)
    had = [await taken(office, slot) for _ in range(8)]
    line = [office.citizen() for _ in range(6)]
    for one in line:
        office.clock.at += MINUTE
        await join(office, one)

    await asyncio.gather(*(office.do(held, "cancel", owner) for held, owner in had))
    await jobs()

    offers = [await offered(office, one) for one in line]
    assert len({one["id"] for one in offers}) == 6
    kept = await office.owner.fetchrow(
        "SELECT booked, kept_back, (SELECT count(*) FROM returning_place r WHERE r.slot_id = s.id)"
        " FROM slot s WHERE s.id = $1",
        slot,
    )
    assert kept is not None
    assert tuple(kept) == (6, 2, 2)
    answers = await asyncio.gather(
        *(office.do(offer, "confirm", one) for offer, one in zip(offers, line, strict=True))
    )
    assert {one.status_code for one in answers} == {200}
