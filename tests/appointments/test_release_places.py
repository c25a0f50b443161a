"""Which places the line is called for: those that are free, and nobody else's before."""

from datetime import timedelta

from shared.database.engine import Sessions
from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import run_jobs, slot_ids
from tests.appointments.release_line import FAR, MINUTE, SECOND, Line
from tests.appointments.test_release_waves import DAY
from tests.appointments.test_schedules import apply, change
from tests.appointments.waiting_line import Jobs, join, offered, standing


async def test_a_place_that_is_cancelled_is_offered_on_the_waitlist_before_the_line_goes_on(
    line: Line, office: Office, jobs: Jobs
) -> None:
    slot = await office.slot(FAR, capacity=1)
    await line.announce()
    people = [await line.join(), await line.join()]
    await line.open()
    [first] = [one for one in people if await one.state() == "admitted"]
    [second] = [one for one in people if await one.state() == "waiting"]
    held = good(await first.ask(slot), 201)
    me = office.citizen()
    await join(office, me)
    office.clock.at += MINUTE
    good(await office.do(held, "cancel", first.headers))

    await line.run()
    await jobs()

    assert (await standing(office, me), await second.state()) == ("offered", "waiting")
    problem(await first.ask(slot), 409, "slot-full")
    good(await office.do(await offered(office, me), "confirm", me))
    office.clock.at += 20 * MINUTE
    await jobs()
    await line.run()
    assert (await second.state(), (await line.shown())["places_left"]) == ("waiting", 0)


async def test_a_place_that_everybody_lets_pass_is_the_lines_again(
    line: Line, office: Office, jobs: Jobs
) -> None:
    slot = await office.slot(FAR, capacity=1)
    await line.announce()
    people = [await line.join(), await line.join()]
    await line.open()
    [first] = [one for one in people if await one.state() == "admitted"]
    [second] = [one for one in people if await one.state() == "waiting"]
    held = good(await first.ask(slot), 201)
    good(await office.do(held, "cancel", first.headers))

    for _ in range(3):
        office.clock.at += 30 * MINUTE
        await jobs()
        await line.run()

    admitted = await line.events("release_entry.admitted")
    assert [one["entry_id"] for one in admitted] == [first.id, second.id]


async def test_a_portion_that_comes_on_sale_meanwhile_is_given_out_in_turn(
    line: Line, office: Office, sessions: Sessions
) -> None:
    waves = [{"percent": 50, "at": at, "workdays": 1} for at in ("08:00", "12:00")]
    await apply(office, change(office, {"capacity": {"online": 2}, "waves": waves}))
    first, *_ = slots = await slot_ids(office, "online")
    for slot in slots:
        good(await office.ask(slot), 201)
    await line.announce(first_on=DAY, last_on=DAY)
    who = await line.join()
    await line.open()
    assert (await who.state(), (await line.shown())["places_left"]) == ("waiting", 0)

    office.clock.at = NINE + timedelta(hours=3)
    await run_jobs(sessions, office.clock.at)
    await line.run()

    problem(await office.ask(first), 409, "not-admitted")
    assert (await who.state(), (await line.shown())["places_left"]) == ("admitted", 3)
    good(await who.ask(first), 201)


async def test_nobody_is_admitted_to_places_that_staff_or_a_machine_give_away(
    line: Line, office: Office
) -> None:
    await office.slot(FAR, capacity=1)
    for minutes, pool in ((30, "assisted"), (60, "phone"), (90, "on_site")):
        await office.slot(FAR + minutes * MINUTE, capacity=5, pool=pool)
    await line.announce(least_per_minute=60, most_per_minute=60)
    people = [await line.join() for _ in range(3)]
    await line.open()

    assert sorted([await one.state() for one in people]) == ["admitted", "waiting", "waiting"]
    assert (await line.shown())["places_left"] == 0


async def test_who_comes_with_others_counts_for_all_of_them_and_is_passed_over_by_nobody(
    line: Line, office: Office
) -> None:
    """While a place is left who is next comes in, though not all who come with them find one."""
    slot = await office.slot(FAR, capacity=3)
    await line.announce(least_per_minute=60, most_per_minute=60)
    await line.open()
    people = []
    for many in (2, 2, 1):
        people.append(await line.join(persons=many))
        office.clock.at += SECOND
    await line.run()

    assert [await one.state() for one in people] == ["admitted", "admitted", "waiting"]
    assert (await line.shown())["places_left"] == 0
    good(await people[0].ask(slot, persons=2), 201)
    problem(await people[1].ask(slot, persons=2), 409, "slot-full")
    good(await people[1].ask(slot), 201)
