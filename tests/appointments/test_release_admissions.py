"""An admission is one visit: until all of it is given up, and whoever asks twice or late."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.booking import placing
from services.appointments.waiting_room import advancing
from shared.database.engine import Sessions
from tests.appointments.offices import Office, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.appointments.quotas import places, slot_ids
from tests.appointments.release_line import FAR, MINUTE, Line, Waiting
from tests.appointments.test_quotas_returned import DAY, FIVE, TERMS, at, taken
from tests.appointments.test_release_booking import admitted
from tests.appointments.test_schedules import apply, change
from tests.appointments.waiting_line import Jobs, join, standing
from tests.provoking import provokes

NEXT = FAR + timedelta(days=1)
TWO_DAYS = (NEXT + timedelta(hours=8)).date().isoformat()


async def visit(who: Waiting, slot: UUID, **body: Any) -> dict[str, Any]:
    """Booked and confirmed."""
    held = good(await who.ask(slot, **body), 201)
    good(await who.line.office.do(held, "confirm", who.headers))
    return dict(held)


@pytest.mark.parametrize("days", [1, 20])
async def test_who_moves_a_visit_has_it_still(line: Line, office: Office, days: int) -> None:
    """Into the release or out of it: else one admission were two visits."""
    slot, who = await admitted(line, last_on=TWO_DAYS)
    other = await office.slot(FAR + timedelta(days=days))
    third = await office.slot(NEXT + timedelta(hours=2))
    held = await visit(who, slot)
    moved = good(await office.do(held, "reschedule", who.headers, slot_ids=[str(other)]), 201)

    refused = problem(await who.ask(third), 409, "not-admitted")

    assert (refused["entry_state"], "取消" in refused["detail"]) == ("booked", True)
    good(await office.do(moved, "cancel", who.headers))
    good(await who.ask(third), 201)


async def test_who_gives_up_a_part_of_a_visit_has_it_still(line: Line, office: Office) -> None:
    slot, who = await admitted(line, capacity=4, persons=2, last_on=TWO_DAYS)
    other = await office.slot(NEXT, capacity=4)
    held = await visit(who, slot, persons=2)
    for persons in ([1], [2]):
        problem(await who.ask(other, persons=2), 409, "not-admitted")
        good(await office.do(held, "cancel", who.headers, persons=persons))
        held = {"id": held["legs"][1]["id"]} if persons == [1] else held

    good(await who.ask(other, persons=2), 201)


async def test_who_moves_a_visit_of_several_and_gives_its_first_leg_up_has_it_still(
    line: Line, office: Office
) -> None:
    slot, who = await admitted(line, capacity=4, persons=2, last_on=TWO_DAYS)
    other = await office.slot(NEXT, capacity=4)
    third = await office.slot(NEXT + timedelta(hours=1), capacity=4)
    held = await visit(who, slot, persons=2)
    moved = await office.do(held, "reschedule", who.headers, slot_ids=[str(other)])
    first, second = good(moved, 201)["legs"]
    good(await office.do(first, "cancel", who.headers, persons=[1]))

    problem(await who.ask(third), 409, "not-admitted")

    good(await office.do(second, "cancel", who.headers))
    good(await who.ask(third), 201)


@pytest.mark.parametrize(
    ("state", "is_given_up"),
    [
        ("cancelled", True),
        ("expired", True),
        ("cancelled_by_hall", True),
        ("orphaned", False),  # the hall owes them another time
        ("checked_in", False),
        ("served", False),
        ("no_show", False),
        ("lapsed", False),
    ],
)
async def test_only_a_visit_that_is_given_up_makes_room_for_another(
    line: Line, office: Office, owner: asyncpg.Connection, state: str, is_given_up: bool
) -> None:
    slot, who = await admitted(line, last_on=TWO_DAYS)
    other = await office.slot(NEXT)
    held = await visit(who, slot)
    await owner.execute("UPDATE appointment SET state = $1 WHERE id = $2", state, held["id"])

    answer = await who.ask(other)

    assert answer.status_code == (201 if is_given_up else 409)


@pytest.mark.parametrize("body", [{}, {"persons": 2}])
async def test_a_request_that_is_sent_again_at_once_is_answered_alike(
    line: Line, office: Office, body: dict[str, Any]
) -> None:
    """Though the first of them used the turn, and took the last place."""
    many = body.get("persons", 1)
    slot, who = await admitted(line, capacity=many, persons=many)
    who.headers["Idempotency-Key"] = uuid4().hex

    answers = await asyncio.gather(*(who.ask(slot, **body) for _ in range(6)))

    assert {one.status_code for one in answers} == {201}, [one.text for one in answers]
    assert len({one.json()["id"] for one in answers}) == 1
    assert len(await line.events("release_entry.booked")) == 1


async def test_of_two_bookings_at_once_the_second_is_told_why(line: Line, office: Office) -> None:
    slot, who = await admitted(line, capacity=9, last_on=TWO_DAYS)
    other = await office.slot(NEXT, capacity=9)

    answers = await asyncio.gather(*(who.ask(one) for one in (slot, other) * 3))

    [_] = [one for one in answers if one.status_code == 201]
    kinds = {one.json()["type"] for one in answers if one.status_code != 201}
    assert kinds <= {"/problems/not-admitted", "/problems/already-booked"}


async def test_whose_turn_lapses_between_look_and_statement_is_refused_without_a_trace(
    line: Line, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot, who = await admitted(line)
    look: Callable[..., Any] = placing.look

    async def late(*seen: Any) -> Any:
        found = await look(*seen)
        office.clock.at += 10 * MINUTE
        await line.run(advancing.advance)
        office.clock.at -= 10 * MINUTE
        return found

    monkeypatch.setattr(placing, "look", late)
    refused = problem(await who.ask(slot), 409, "not-admitted")

    assert "entry_id" not in refused
    assert (await who.state(), await office.booked(slot)) == ("lapsed", 0)
    assert await office.events("appointment.held") == []


async def test_a_booking_that_fails_leaves_the_turn(line: Line, office: Office) -> None:
    slot, who = await admitted(line, capacity=1, persons=2)
    full = await office.slot(FAR + timedelta(hours=1), capacity=1, booked=1)

    assert (await who.ask(full)).status_code == 409
    assert (await who.ask(slot, persons=2)).status_code == 409

    assert await who.state() == "admitted"
    good(await who.ask(slot), 201)


async def test_staff_take_nobody_out_of_the_line_who_joined_by_themselves(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    """Else whoever works there makes room for their relatives."""
    await line.announce()
    mine = await line.join()
    theirs = await line.join(office.clerk(), citizen=person(id_number=id_number()))

    for staff in (office.clerk(), office.manager()):
        url = f"/api/v1/release-entries/{mine.id}"
        problem(await office.client.delete(url, headers=staff), 403, "forbidden")

    assert await mine.state() == "waiting"
    assert (await theirs.leave())["state"] == "left"
    noted = "SELECT count(*) FROM audit_log WHERE action = 'release_entry.left' AND object = $1"
    assert await owner.fetchval(noted, f"release_entry:{theirs.id}") == 1
    assert (await mine.leave())["state"] == "left"


async def test_what_a_pool_returns_while_a_release_gives_out_places_is_for_its_line(
    line: Line, office: Office, sessions: Sessions, jobs: Jobs
) -> None:
    """Who waits for a cancelled place is before the line; nobody cancelled these."""
    await apply(office, change(office, TERMS))
    for slot in await slot_ids(office, "online"):
        await taken(office, slot)
    waiting = office.citizen()
    await join(office, waiting, first_on=DAY, last_on=DAY)
    await line.announce(first_on=DAY, last_on=DAY)
    who = await line.join()
    await line.open()
    assert await who.state() == "waiting"

    await at(office, sessions, FIVE)
    await jobs()

    assert [left for _, left in await places(office, "online")] == [2, 2, 2, 2]
    assert await standing(office, waiting) == "waiting"
    await line.run()
    assert await who.state() == "admitted"
    good(await who.ask((await slot_ids(office, "online"))[0]), 201)


@provokes("hold_appointment", "more-than-joined")
async def test_a_visit_is_of_no_more_people_than_were_named_on_joining(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    slot, who = await admitted(line, capacity=9, persons=2)

    refused = problem(await who.ask(slot, persons=3), 409, "more-than-joined")

    assert (refused["entry_id"], refused["persons"]) == (who.id, 2)
    assert "2 人" in refused["detail"]
    assert (await who.state(), await office.booked(slot)) == ("admitted", 0)
    before = "UPDATE release_entry SET persons = NULL WHERE id = $1"
    await owner.execute(before, UUID(who.id))
    good(await who.ask(slot, persons=3), 201)
    assert (await who.see())["persons"] is None, "the release before did not ask"
