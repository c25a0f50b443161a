"""Places that are given out in turn are booked by whose turn it is, by whatever way."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.appointments.booking import settling as holds
from shared.database.engine import DirectPool
from tests.appointments.offices import Office, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.release_line import DAY, FAR, MINUTE, OPENS, Line, Waiting
from tests.provoking import provokes


async def admitted(
    line: Line, capacity: int = 3, persons: int = 1, **change: object
) -> tuple[UUID, Waiting]:
    """A slot of an open release, and who may book it for so many."""
    slot = await line.office.slot(FAR, capacity=capacity)
    await line.announce(**change)
    who = await line.join(persons=persons)
    await line.open()
    assert await who.state() == "admitted"
    return slot, who


@provokes("hold_appointment", "not-admitted")
async def test_who_is_not_in_line_is_told_how_to_join(line: Line, office: Office) -> None:
    slot = await office.slot(FAR)
    made = await line.announce(joins_from=(OPENS - 30 * MINUTE).isoformat())

    early = problem(await office.ask(slot), 409, "not-admitted")
    office.clock.at = OPENS - MINUTE
    joining = problem(await office.ask(slot), 409, "not-admitted")
    await line.open()
    late = problem(await office.ask(slot), 409, "not-admitted")

    assert early["release_id"] == made["id"]
    assert "09:30" in early["detail"]
    assert "10:00" in joining["detail"]
    assert late["state"] == "open"
    assert await office.booked(slot) == 0


async def test_who_waits_is_told_how_far_it_is(line: Line, office: Office) -> None:
    slot = await office.slot(FAR, capacity=9)
    await line.announce(least_per_minute=1, most_per_minute=1)
    people = [await line.join() for _ in range(3)]
    before = problem(await people[0].ask(slot), 409, "not-admitted")
    await line.open()
    [last] = [one for one in people if (await one.see())["number"] == 3]

    refused = problem(await last.ask(slot), 409, "not-admitted")

    assert (before["number"], before["entry_state"]) == (None, "waiting")
    assert (refused["number"], refused["called_through"]) == (3, 1)
    assert (refused["entry_id"], "3" in refused["detail"]) == (last.id, True)
    seen = await last.see()
    assert (seen["ahead"], seen["expected_minutes"]) == (1, 2)


async def test_who_is_admitted_books_once_and_it_is_one_event(line: Line, office: Office) -> None:
    slot, who = await admitted(line)
    key = {"Idempotency-Key": uuid4().hex}
    who.headers |= key

    held = good(await who.ask(slot), 201)
    again = await who.ask(slot)

    assert (good(again, 201)["id"], again.headers["idempotent-replayed"]) == (held["id"], "true")
    seen = await who.see()
    assert (seen["state"], seen["appointment_id"]) == ("booked", held["id"])
    [event] = await line.events("release_entry.booked")
    assert event["appointment_id"] == held["id"]
    assert event["version"] == seen["version"]
    assert len(await office.events("appointment.held")) == 1
    del who.headers["Idempotency-Key"]
    good(await office.do(held, "confirm", who.headers))
    other = await office.slot(FAR + timedelta(hours=1))
    problem(await who.ask(other), 409, "not-admitted")


async def test_who_gives_the_time_up_chooses_another_in_the_same_window(
    line: Line, office: Office
) -> None:
    slot, who = await admitted(line)
    other = await office.slot(FAR + timedelta(hours=1))
    held = good(await who.ask(slot), 201)
    good(await office.do(held, "cancel", who.headers))

    second = good(await who.ask(other), 201)

    assert (await who.see())["appointment_id"] == second["id"]
    office.clock.at += 5 * MINUTE
    async with line.sessions() as session, session.begin():
        await holds.expire_holds(session, office.clock.at)
    third = good(await who.ask(slot), 201)
    assert (await who.see())["appointment_id"] == third["id"]
    good(await office.do(third, "cancel", who.headers))
    office.clock.at += 5 * MINUTE
    problem(await who.ask(slot), 409, "not-admitted")


async def test_who_does_not_book_in_time_loses_the_turn_to_the_next(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR, capacity=1)
    await line.announce(window_minutes=4)
    people = [await line.join(), await line.join()]
    await line.open()
    [first] = [one for one in people if await one.state() == "admitted"]
    [second] = [one for one in people if await one.state() == "waiting"]

    office.clock.at += 4 * MINUTE
    assert await first.state() == "lapsed", "though no job has noted it"
    problem(await first.ask(slot), 409, "not-admitted")
    await line.run()

    assert (await first.state(), await second.state()) == ("lapsed", "admitted")
    [event] = await line.events("release_entry.lapsed")
    assert event["entry_id"] == first.id
    good(await second.ask(slot), 201)
    again = await line.join(first.headers)
    await line.run()
    assert (await again.see())["number"] == 3


async def test_two_bookings_at_once_by_one_admission_are_one(line: Line, office: Office) -> None:
    slot, who = await admitted(line)
    days = [await office.slot(FAR + timedelta(hours=hours)) for hours in (1, 2, 3)]

    answers = await asyncio.gather(*(who.ask(one) for one in (slot, *days)))

    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]
    assert sum([await office.booked(one) for one in (slot, *days)]) == 1
    assert len(await line.events("release_entry.booked")) == 1


async def test_staff_book_for_whose_turn_it_is_and_for_nobody_else(
    line: Line, office: Office
) -> None:
    """A pool of their own is no way round it."""
    slot = await office.slot(FAR, capacity=3, pool="assisted")
    await office.slot(FAR + timedelta(hours=1))
    await line.announce()
    who, other = person(id_number=id_number()), person()
    waiting = await line.join(office.clerk(), citizen=who)
    await line.open()

    problem(await office.ask(slot, headers=office.clerk(), citizen=other), 409, "not-admitted")
    problem(await office.ask(slot, headers=office.manager(), citizen=other), 409, "not-admitted")
    held = good(await office.ask(slot, headers=office.clerk(), citizen=who), 201)

    assert (await waiting.see())["appointment_id"] == held["id"]


async def test_a_visit_of_several_is_one_admission(line: Line, office: Office) -> None:
    slot, who = await admitted(line, capacity=4, persons=2)
    stranger = await office.ask(slot, persons=2)
    problem(stranger, 409, "not-admitted")

    held = good(await who.ask(slot, persons=2), 201)

    assert (len(held["legs"]), await office.booked(slot)) == (2, 2)
    assert await who.state() == "booked"


async def test_a_visit_of_two_releases_takes_a_turn_in_both(line: Line, office: Office) -> None:
    slot, who = await admitted(line, capacity=4)
    await office.slot(FAR + 30 * MINUTE)
    other = Line(office, line.sessions)
    later = (OPENS + 2 * MINUTE).isoformat()
    await other.announce(item_codes=[office.items[1]], opens_at=later)
    both = {"items": office.items, "item": None}

    problem(await who.ask(slot, **both), 409, "not-admitted")
    second = await other.join(who.headers)
    office.clock.at = OPENS + 2 * MINUTE
    await line.run()
    held = good(await who.ask(slot, **both), 201)

    assert (len(held["legs"]), await office.booked(slot)) == (2, 1)
    assert [await one.state() for one in (who, second)] == ["booked", "booked"]


@provokes("reschedule_appointment", "not-admitted")
async def test_nobody_moves_an_appointment_to_where_others_wait(line: Line, office: Office) -> None:
    slot, who = await admitted(line)
    elsewhere = await office.slot(FAR + timedelta(days=20))
    mine = office.citizen()
    held = await office.hold(elsewhere, headers=mine)
    good(await office.do(held, "confirm", mine))

    moved = await office.do(held, "reschedule", mine, slot_ids=[str(slot)])
    by_time = await office.do(held, "reschedule", mine, starts_at=FAR.isoformat())
    by_staff = await office.do(held, "reschedule", office.clerk(), slot_ids=[str(slot)])

    for answer in (moved, by_time, by_staff):
        problem(answer, 409, "not-admitted")
    own = good(await who.ask(slot), 201)
    good(await office.do(own, "confirm", who.headers))
    other = await office.slot(FAR + timedelta(hours=1))
    good(await office.do(own, "reschedule", who.headers, slot_ids=[str(other)]), 201)


async def test_what_is_booked_in_turn_is_listed_with_its_release(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR)
    made = await line.announce()

    async def listed(item: str) -> dict[str, object]:
        asked = {"hall": office.code, "item": item, "from": DAY, "to": DAY}
        [one] = good(await office.get("availability", params=asked))["items"]
        assert one["id"] == str(slot)
        return dict(one)

    assert (await listed(office.items[0]))["release_id"] == made["id"]
    assert (await listed(office.items[1]))["release_id"] is None
    good(await line.withdraw())
    assert (await listed(office.items[0]))["release_id"] is None


@provokes("join_waitlist", "not-admitted")
async def test_nobody_who_would_wait_is_sent_to_book_what_is_not_theirs_yet(
    line: Line, office: Office
) -> None:
    slot = await office.slot(FAR)
    made = await line.announce()
    wait = {"hall_code": office.code, "item_code": office.items[0]}

    async def ask_to_wait(headers: dict[str, str]) -> httpx.Response:
        return await office.client.post("/api/v1/waitlist", json=wait, headers=headers)

    refused = problem(await ask_to_wait(office.citizen()), 409, "not-admitted")
    assert refused["release_id"] == made["id"]
    admitted = await line.join()
    await line.open()
    [free] = problem(await ask_to_wait(admitted.headers), 409, "places-free")["alternatives"]
    assert free["id"] == str(slot)
    later = await office.slot(FAR + timedelta(days=1))
    [free] = problem(await ask_to_wait(office.citizen()), 409, "places-free")["alternatives"]
    assert free["id"] == str(later)


async def test_who_finds_a_time_full_is_not_sent_to_one_that_is_booked_in_turn(
    line: Line, office: Office
) -> None:
    full = await office.slot(FAR - timedelta(days=1), capacity=1)
    await office.slot(FAR)
    later = await office.slot(FAR + timedelta(days=1))
    await line.announce()
    await office.hold(full)

    refused = problem(await office.ask(full), 409, "slot-full")

    assert [one["id"] for one in refused["alternatives"]] == [str(later)]


async def test_other_items_and_days_are_booked_as_ever(line: Line, office: Office) -> None:
    slot = await office.slot(FAR)
    later = await office.slot(FAR + timedelta(days=1))
    await line.announce()

    good(await office.ask(slot, item=office.items[1]), 201)
    good(await office.ask(later), 201)
    problem(await office.ask(slot), 409, "not-admitted")


async def test_a_booking_elsewhere_asks_the_database_nothing_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = [await office.slot(FAR + timedelta(hours=hour)) for hour in range(3)]
    await office.hold(slots[0])
    asked: list[str] = []
    fetch = DirectPool.fetch

    async def counted(self: DirectPool, sql: str, *args: object) -> object:
        asked.append(sql)
        return await fetch(self, sql, *args)

    monkeypatch.setattr(DirectPool, "fetch", counted)
    await office.hold(slots[1])

    assert [sql for sql in asked if "release" in sql] == []
