"""Halls, appointments, slots, people: whoever waits for one of them holds none that comes later."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.appointments.offices import NINE, Office
from tests.appointments.queue_helpers import good
from tests.appointments.test_orphans_are_people import without_a_time
from tests.waiting import until_it_waits

TEN = NINE + timedelta(days=1, hours=1)
HALL = "SELECT FROM hall WHERE code = $1 FOR NO KEY UPDATE"
APPOINTMENT = "SELECT FROM appointment WHERE id = $1 FOR UPDATE NOWAIT"
SLOT = "SELECT FROM slot WHERE id = $1 FOR NO KEY UPDATE NOWAIT"
TURN = "UPDATE booking_turn SET turn = turn WHERE key = $1"


class Scene:
    """Somebody leaves a place, another has lost theirs, and both slots are in their reach."""

    def __init__(self, office: Office) -> None:
        self.office, self.me = office, office.citizen()

    async def set(self) -> "Scene":
        # The later id is left, the earlier one only looked at: each is one place for the orphan.
        self.early = await self.office.slot(TEN, capacity=1, rule_code="R1", minutes=60)
        self.left = await self.office.slot(TEN, capacity=1, rule_code="R2")
        self.target = await self.office.slot(TEN + timedelta(days=1))
        self.lost = await without_a_time(self.office, TEN)
        await self.office.owner.execute(
            "UPDATE slot SET item_codes = $2 WHERE id = $1", self.early, self.office.items
        )
        held = await self.office.hold(self.left, headers=self.me)
        self.mine = good(await self.office.do(held, "confirm", self.me))
        return self

    async def go(self, how: str) -> httpx.Response:
        body = {"slot_ids": [str(self.target)]} if how == "reschedule" else {}
        return await self.office.do(self.mine, how, self.me, **body)

    async def key_of(self, appointment: UUID) -> str:
        return str(
            await self.office.owner.fetchval(
                "SELECT citizen_key FROM appointment WHERE id = $1", appointment
            )
        )


@pytest.mark.parametrize("how", ["cancel", "reschedule"])
@pytest.mark.parametrize("waits_for", ["hall", "own", "lost", "slot", "turn"])
async def test_whoever_gives_a_place_back_holds_nothing_that_comes_after_what_it_waits_for(
    office: Office, other: asyncpg.Connection, how: str, waits_for: str
) -> None:
    scene = await Scene(office).set()
    own = UUID(scene.mine["id"])
    order: list[tuple[str, str, object]] = [
        ("hall", HALL, office.code),
        *sorted(
            [("own", APPOINTMENT, own), ("lost", APPOINTMENT, scene.lost)],
            key=lambda it: str(it[2]),
        ),
        ("slot", SLOT, scene.early),
        ("left", SLOT, scene.left),
        ("turn", TURN, await scene.key_of(scene.lost)),
    ]
    first = [name for name, _, _ in order].index(waits_for)
    _, statement, key = order[first]
    await other.execute(statement, key)

    going = asyncio.create_task(scene.go(how))
    await until_it_waits(other, going)
    for _, statement, key in order[first + 1 :]:
        await other.execute(statement, key)
    await other.execute("ROLLBACK")

    answer = await going
    assert answer.status_code < 300, answer.text
    found = await office.owner.fetchval("SELECT state FROM appointment WHERE id = $1", scene.lost)
    assert found == "confirmed"


async def test_nobody_books_beside_the_time_that_they_are_just_given_back(
    office: Office, other: asyncpg.Connection
) -> None:
    them = office.citizen()
    lost = await without_a_time(office, TEN, headers=them)
    left, me = await office.slot(TEN, capacity=1), office.citizen()
    mine = await office.hold(left, headers=me)
    own = await office.slot(TEN + timedelta(minutes=15))
    key = "SELECT citizen_key FROM appointment WHERE id = $1"
    await other.execute(TURN, await office.owner.fetchval(key, lost))

    booking = asyncio.create_task(office.ask(own, headers=them, item=office.items[1]))
    await until_it_waits(other, booking)
    leaving = asyncio.create_task(office.do(mine, "cancel", me))
    await until_it_waits(other, leaving, many=2)
    await other.execute("ROLLBACK")

    assert {(await booking).status_code, (await leaving).status_code} <= {200, 201, 409}
    live = await office.owner.fetchval(
        "SELECT count(*) FROM appointment a JOIN appointment l USING (citizen_key)"
        " WHERE l.id = $1 AND a.state IN ('held', 'confirmed')",
        lost,
    )
    assert live == 1


async def test_nobody_is_tried_again_for_a_deadlock_however_many_come_and_go(
    office: Office,
) -> None:
    """Cancelled, moved and booked at once, in slots that they share, while some have no time."""
    count = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await office.owner.fetchval(count)
    slots = [await office.slot(TEN, capacity=4, rule_code=f"R{n}") for n in range(4)]
    people = [office.citizen() for _ in range(12)]
    mine = []
    for place, me in enumerate(people):
        held = await office.hold(slots[place % 4], headers=me)
        mine.append(good(await office.do(held, "confirm", me)))
    for _ in range(6):
        await without_a_time(office, TEN)

    async def leave(place: int) -> int:
        if place % 3 == 0:
            target = str(slots[(place + 1) % 4])
            answer = await office.do(mine[place], "reschedule", people[place], slot_ids=[target])
        elif place % 3 == 1:
            answer = await office.do(mine[place], "cancel", people[place])
        else:
            answer = await office.ask(slots[place % 4])
        return answer.status_code

    answers = await asyncio.gather(*[leave(place) for place in range(12)])

    assert {*answers} <= {200, 201, 409}
    assert await office.owner.fetchval(count) == before


async def test_a_place_that_helps_nobody_is_given_back_without_the_hall(
    office: Office, other: asyncpg.Connection
) -> None:
    await without_a_time(office, TEN + timedelta(hours=2))
    slot, me = await office.slot(TEN, capacity=1), office.citizen()
    mine = await office.hold(slot, headers=me)
    await other.execute(HALL, office.code)

    good(await office.do(mine, "cancel", me))
