"""Who may take which ticket: one place at a time, and nobody by another's appointment."""

import asyncio
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.ids import new_id, public_code
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, problem
from tests.appointments.test_queueing_booking import booked, state_of
from tests.provoking import provokes


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(items=2)
    await made.open()
    return made


def citizen(floor: Floor, sub: str) -> dict[str, str]:
    """A citizen's next request."""
    return {**floor.sign("citizen", sub=sub), "Idempotency-Key": uuid4().hex}


async def test_an_account_holds_one_walk_in_ticket_for_an_item(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    first = await floor.issue(headers=citizen(floor, me))

    again = problem(await floor.ask_ticket(headers=citizen(floor, me)), 409, "already-ticketed")

    assert (again["ticket_id"], again["number"]) == (first["id"], first["number"])
    assert again["state"] == "waiting"
    assert first["number"] in again["detail"]
    await floor.issue(headers=citizen(floor, me), items=floor.items[1:])
    both = await floor.ask_ticket(headers=citizen(floor, me), items=floor.items[::-1])
    problem(both, 409, "already-ticketed")


@provokes("issue_ticket", "already-ticketed")
async def test_a_place_given_up_or_used_is_free_again(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    for _ in range(2):
        ticket = await floor.issue(headers=citizen(floor, me))
        await floor.done(ticket, "abandon", headers=citizen(floor, me))
    served = await floor.issue(headers=citizen(floor, me))
    await floor.call()
    await floor.done(served, "serve")
    problem(await floor.ask_ticket(headers=citizen(floor, me)), 409, "already-ticketed")
    await floor.done(served, "finish", outcome="done")
    await floor.issue(headers=citizen(floor, me))


async def test_twenty_wishes_of_one_account_at_once_give_one_ticket(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    wishes = [floor.items[:1], floor.items, floor.items[::-1]]

    async def ask(items: list[str]) -> httpx.Response:
        """As an app does: 503 means try again after a while."""
        headers = citizen(floor, me)
        for _ in range(100):
            answer = await floor.ask_ticket(headers=headers, items=items)
            if answer.status_code != 503:
                return answer
            assert answer.headers["retry-after"]
            await asyncio.sleep(0.1)
        raise AssertionError("busy for ever")

    answers = await asyncio.gather(*[ask(wishes[place % 3]) for place in range(20)])

    [ticket] = [answer.json() for answer in answers if answer.status_code == 201]
    refused = [answer.json() for answer in answers if answer.status_code != 201]
    assert {(each["status"], each["ticket_id"]) for each in refused} == {(409, ticket["id"])}


async def test_the_database_itself_refuses_a_second_one(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    first = await floor.issue(headers=citizen(floor, f"citizen-{uuid4().hex}"))
    names = [
        row["attname"]
        for row in await owner.fetch(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'ticket'::regclass AND attnum > 0"
        )
    ]
    kept = ", ".join(name for name in names if name not in ("id", "number"))
    copy = f"INSERT INTO ticket (id, number, {kept}) SELECT $2, 'A999', {kept} FROM ticket"
    with pytest.raises(asyncpg.UniqueViolationError, match="uq_ticket_live_owner"):
        await owner.execute(f"{copy} WHERE id = $1", first["id"], new_id())


async def test_staff_and_devices_issue_for_as_many_as_come(floor: Floor) -> None:
    clerk = {**floor.clerk(), "Idempotency-Key": uuid4().hex}
    tickets = [await floor.issue() for _ in range(3)] + [await floor.issue(headers=clerk)]
    assert len({ticket["number"] for ticket in tickets}) == 4


async def test_other_people_and_other_halls_are_not_concerned(floor: Floor, hall: Build) -> None:
    me = f"citizen-{uuid4().hex}"
    await floor.issue(headers=citizen(floor, me))
    await floor.issue(headers=citizen(floor, f"citizen-{uuid4().hex}"))
    other = await hall()
    await other.issue(headers=citizen(other, me))


@provokes("undo_ticket", "ticketed-again")
async def test_a_finish_cannot_be_undone_once_a_new_ticket_was_taken(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    ticket = await floor.issue(headers=citizen(floor, me))
    await floor.call()
    await floor.done(ticket, "serve")
    await floor.done(ticket, "finish", outcome="done")
    await floor.issue(headers=citizen(floor, me))
    problem(await floor.do(ticket, "undo"), 409, "ticketed-again")
    assert (await floor.see(ticket))["state"] == "done"


@provokes("transfer_ticket", "already-ticketed")
async def test_nobody_is_sent_on_to_what_they_hold_another_ticket_for(floor: Floor) -> None:
    me = f"citizen-{uuid4().hex}"
    ticket = await floor.issue(headers=citizen(floor, me))
    await floor.call()
    other = await floor.issue(headers=citizen(floor, me), items=floor.items[1:])
    await floor.done(ticket, "serve")
    refused = await floor.do(ticket, "transfer", items=floor.items[1:])
    named = problem(refused, 409, "already-ticketed")
    assert (named["ticket_id"], named["number"]) == (other["id"], other["number"])
    assert other["number"] in named["detail"]
    assert (await floor.see(ticket))["state"] == "serving"
    await floor.done(other, "abandon", headers=citizen(floor, me))
    await floor.done(ticket, "transfer", items=floor.items[1:])


async def test_a_person_is_one_whether_with_an_appointment_or_without(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    appointed = await floor.issue(appointment_code=code)
    walk_in = await floor.issue(headers=citizen(floor, code), items=floor.items[1:])
    for ticket, items, other in (
        (appointed, floor.items[1:], walk_in),
        (walk_in, floor.items[:1], appointed),
    ):
        good(await floor.window("call", ticket=ticket["number"], reason="转办测试"))
        await floor.done(ticket, "serve")
        refused = await floor.do(ticket, "transfer", items=items)
        assert problem(refused, 409, "already-ticketed")["number"] == other["number"]
        await floor.done(ticket, "park")
        await floor.done(ticket, "resume")


async def test_nobody_takes_a_ticket_by_anothers_appointment(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    code = await booked(owner, floor)
    stranger = f"citizen-{uuid4().hex}"

    known = await floor.ask_ticket(headers=citizen(floor, stranger), appointment_code=code)
    made_up = await floor.ask_ticket(
        headers=citizen(floor, stranger), appointment_code=public_code("A")
    )

    told = [problem(answer, 404, "not-found") for answer in (known, made_up)]
    assert told[0]["errors"][0]["pointer"] == "/body/appointment_code"
    assert len({str({**each, "request_id": None}) for each in told}) == 1
    url = f"/api/v1/appointments/{code}/check-in"
    answer = await floor.client.post(url, headers=citizen(floor, stranger))
    problem(answer, 404, "not-found")
    assert await state_of(owner, code) == "confirmed"


@pytest.mark.parametrize("who", ["owner", "clerk", "hall_manager", "device"])
async def test_its_owner_and_the_hall_take_the_ticket_of_an_appointment(
    floor: Floor, owner: asyncpg.Connection, who: str
) -> None:
    code = await booked(owner, floor)
    key = {"Idempotency-Key": uuid4().hex}
    headers = citizen(floor, code) if who == "owner" else {**floor.sign(who, floor.code), **key}
    ticket = await floor.issue(headers=headers, appointment_code=code)
    assert ticket["number"] == "B001"
    assert await state_of(owner, code) == "checked_in"
    mine = await floor.client.get(f"/api/v1/appointments/{code}", headers=citizen(floor, code))
    assert good(mine)["state"] == "checked_in"


async def test_a_proof_holds_one_place_through_midnight_as_well(floor: Floor) -> None:
    proof = {"kind": "certificate", "number": f"军 {uuid4().hex}"}
    await floor.issue(**{"class": "military"}, evidence=proof)
    floor.clock.pass_(days=1)
    again = await floor.ask_ticket(**{"class": "military"}, evidence=proof)
    problem(again, 409, "already-ticketed")
