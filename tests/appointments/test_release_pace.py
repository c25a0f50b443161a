"""People are admitted as places and bookings allow, until it is over."""

from datetime import timedelta

from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.release_line import FAR, MINUTE, OPENS, SECOND, Line, Waiting
from tests.provoking import provokes


async def states(people: list[Waiting]) -> list[str]:
    return [await one.state() for one in people]


async def test_no_more_are_admitted_than_there_are_places(line: Line, office: Office) -> None:
    slot = await office.slot(FAR, capacity=2)
    await line.announce(least_per_minute=60, most_per_minute=60)
    people = [await line.join() for _ in range(5)]
    await line.open()
    assert sorted(await states(people)) == ["admitted"] * 2 + ["waiting"] * 3
    assert (await line.shown())["places_left"] == 0
    waiting = [one for one in people if await one.state() == "waiting"]
    assert (await waiting[0].see())["expected_minutes"] is None, "nobody knows"

    booking = [one for one in people if await one.state() == "admitted"][0]
    good(await booking.ask(slot), 201)
    office.clock.at += MINUTE
    await line.run()
    assert sorted(await states(people)) == ["admitted", "booked", "waiting", "waiting", "waiting"]

    office.clock.at += 10 * MINUTE
    await line.run()
    assert sorted(await states(people)) == ["admitted", "booked", "lapsed", "waiting", "waiting"]


async def test_the_line_goes_as_fast_as_people_book_between_floor_and_ceiling(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR, capacity=40)
    await line.announce(least_per_minute=2, most_per_minute=4)
    people = [await line.join() for _ in range(12)]
    await line.open()
    assert (await states(people)).count("admitted") == 2

    seen = []
    for _ in range(3):
        for one in people:
            if await one.state() == "admitted":
                good(await one.ask(slot), 201)
        office.clock.at += MINUTE
        await line.run()
        seen.append((await line.shown())["per_minute"])

    assert seen == [3, 4, 4]
    advanced = await line.events("release.advanced")
    assert [one["called_through"] for one in advanced] == [2, 5, 9, 12]
    office.clock.at += 10 * MINUTE
    await line.run()
    assert (await line.shown())["per_minute"] == 2


async def test_after_a_pause_of_the_jobs_nobody_is_called_in_a_crowd(
    line: Line, office: Office
) -> None:
    await office.slot(FAR, capacity=40)
    await line.announce(least_per_minute=2, most_per_minute=2)
    people = [await line.join() for _ in range(9)]
    await line.open()

    office.clock.at += 60 * MINUTE
    await line.run()

    assert sorted(await states(people)) == ["admitted"] * 2 + ["lapsed"] * 2 + ["waiting"] * 5


async def test_who_leaves_makes_room_for_the_next(line: Line, office: Office) -> None:
    await office.slot(FAR, capacity=1)
    await line.announce()
    people = [await line.join() for _ in range(2)]
    await line.open()
    [first] = [one for one in people if await one.state() == "admitted"]

    assert (await first.leave())["state"] == "left"
    office.clock.at += MINUTE
    await line.run()

    assert sorted(await states(people)) == ["admitted", "left"]
    gone = await office.client.delete(f"/api/v1/release-entries/{first.id}", headers=first.headers)
    problem(gone, 409, "state-conflict")


@provokes("leave_release", "state-conflict")
@provokes("withdraw_release", "state-conflict")
@provokes("join_release", "state-conflict")
async def test_a_release_that_is_withdrawn_gives_its_places_to_everybody(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR, capacity=3)
    await line.announce(least_per_minute=1, most_per_minute=1)
    people = [await line.join() for _ in range(3)]
    await line.open()
    problem(await office.ask(slot), 409, "not-admitted")

    problem(await line.withdraw(version=99), 409, "state-conflict")
    gone = good(await line.withdraw())
    await line.run()

    assert (gone["state"], gone["reason"]) == ("withdrawn", "名额有变")
    assert await states(people) == ["dropped"] * 3
    good(await office.ask(slot), 201)
    problem(await line.ask_to_join(office.citizen()), 409, "state-conflict")
    problem(await line.withdraw(), 409, "state-conflict")
    left = await office.client.delete(
        f"/api/v1/release-entries/{people[0].id}", headers=people[0].headers
    )
    problem(left, 409, "state-conflict")
    [event] = await line.events("release.withdrawn")
    assert (event["release_id"], "reason" in event) == (line.id, False)
    assert len(await line.events("release_entry.dropped")) == 3


async def test_a_release_withdrawn_before_the_draw_is_never_drawn(
    line: Line, office: Office
) -> None:
    await line.announce()
    who = await line.join()
    good(await line.withdraw())
    await line.open()

    shown = await line.shown()
    assert (shown["state"], shown["seed"], shown["called_through"]) == ("withdrawn", None, 0)
    assert await who.state() == "dropped"


async def test_who_comes_before_joining_begins_is_not_sent_to_wait_for_what_was_withdrawn(
    line: Line, office: Office
) -> None:
    await line.announce(joins_from=(OPENS - MINUTE).isoformat())
    good(await line.withdraw())

    refused = problem(await line.ask_to_join(office.citizen()), 409, "state-conflict")

    assert refused["state"] == "withdrawn"


async def test_what_is_left_at_the_end_is_for_everybody(line: Line, office: Office) -> None:
    slot = await office.slot(FAR, capacity=3)
    await line.announce(
        least_per_minute=1, most_per_minute=1, ends_at=(OPENS + 5 * MINUTE).isoformat()
    )
    people = [await line.join() for _ in range(2)]
    await line.open()
    booking = [one for one in people if await one.state() == "admitted"][0]
    good(await booking.ask(slot), 201)

    office.clock.at = OPENS + 5 * MINUTE
    problem(await line.ask_to_join(office.citizen()), 409, "state-conflict")
    await line.run()

    assert sorted(await states(people)) == ["booked", "dropped"]
    assert (await line.shown())["state"] == "ended"
    good(await office.ask(slot), 201)
    assert len(await line.events("release.ended")) == 1


async def test_while_the_hall_is_closed_nobody_is_called_and_afterwards_it_goes_on(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR, capacity=3)
    await line.announce()
    who = await line.join()
    await close(office)
    await line.open()
    assert await who.state() == "waiting"
    assert (await line.shown())["places_left"] == 0

    again = await office.slot(FAR + timedelta(hours=1), capacity=1)
    office.clock.at += SECOND
    await line.run()

    assert await who.state() == "admitted"
    problem(await who.ask(slot), 409, "slot-not-open")
    assert await who.state() == "admitted", "a time that is gone uses up nothing"
    good(await who.ask(again), 201)


async def close(office: Office) -> None:
    """The hall is closed at the time of the release's places."""
    body = {
        "hall_code": office.code,
        "starts_at": (FAR - MINUTE).isoformat(),
        "ends_at": (FAR + 40 * MINUTE).isoformat(),
        "reason": "停电检修",
    }
    good(await office.client.post("/api/v1/closures", json=body, headers=office.manager()), 201)
