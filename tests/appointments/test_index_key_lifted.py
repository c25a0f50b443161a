"""All digests are lifted while people go on booking, and then nothing more is asked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from deploy import anew
from deploy.local.nats import NatsServer
from services.appointments.people import queries
from services.appointments.people import service as people
from services.appointments.people.rules import Stale
from shared.ids import new_id
from tests.appointments import index_keys
from tests.appointments.index_keys import NEW, OLD, TEN, THREE, Halls, book, lift, own, refused
from tests.appointments.offices import SIGN, id_number, person
from tests.appointments.queue_helpers import good, problem
from tests.support import Databases, Tokens


@pytest.fixture
async def halls(
    databases: Databases, bus: NatsServer, tokens: Tokens, as_: SIGN
) -> AsyncIterator[Halls]:
    urls = databases.new("appointments", f"lifted_{new_id().hex[-8:]}")
    async with index_keys.open_halls(urls, bus, tokens, as_) as made:
        yield made


async def test_once_nothing_is_left_nothing_more_is_asked(
    halls: Halls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_REST_SECONDS", 0)
    monkeypatch.setattr(queries, "_AT_ONCE", 3)
    held = await book(halls, who := person(id_number=id_number()))
    steps = 300
    async with halls.changed(), halls.sessions() as sessions, sessions() as session:
        seen = [await people.all_lifted(session) for _ in range(steps)]
        assert not any(seen), "somebody is still known by an older key"
        await lift(halls)
        for _ in range(steps):
            if await people.all_lifted(session):
                break
        asked: list[object] = []

        async def ask(*what: object) -> None:
            asked.append(what)

        monkeypatch.setattr(queries, "_left", ask)
        monkeypatch.setattr(queries, "bring_over", ask)
        assert await people.all_lifted(session)
        await people.bring_over(session, Stale({}, {"older": "b.newer"}, {}))
        assert not asked
        monkeypatch.undo()
        assert (await refused(halls, halls.office.clerk(), citizen=who))["code"] == held["code"]


async def test_a_citizen_moves_their_own_though_their_account_is_of_the_older_key(
    halls: Halls,
) -> None:
    account, who = new_id(), person(id_number=id_number())
    me = halls.office.citizen(str(account))
    mine = await halls.office.hold(await halls.office.slot(THREE), headers=me)
    good(await halls.office.do(mine, "confirm", me))
    await halls.identify(account, who, OLD)
    theirs = await halls.office.hold(
        await halls.office.slot(TEN, pool="assisted"),
        headers=halls.office.clerk(), citizen=who, item=halls.office.items[1],
    )  # fmt: skip
    async with halls.changed():
        same = await halls.office.slot(TEN)
        answer = await halls.office.do(mine, "reschedule", me, slot_ids=[str(same)])
        assert problem(answer, 409, "overlapping-appointment")["code"] == theirs["code"]
        free = await halls.office.slot(TEN + timedelta(hours=2))
        good(await halls.office.do(mine, "reschedule", me, slot_ids=[str(free)]), 201)


async def test_nothing_is_lost_or_booked_twice_while_all_is_lifted(
    halls: Halls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anew, "BATCH", 5)
    office, clerk = halls.office, halls.office.clerk()
    known = [person(id_number=id_number()) for _ in range(30)]
    newcomers = [person(id_number=id_number()) for _ in range(10)]
    ids = {(await book(halls, who))["id"] for who in known}
    late = [new_id() for _ in known[:10]]
    for account, who in zip(late, known, strict=False):
        await halls.identify(account, who, OLD)
    slots = [
        await office.slot(THREE, 99, pool="assisted", rule_code=f"R{new_id().hex[-6:]}")
        for _ in range(2)
    ]

    few = asyncio.Semaphore(4)

    async def twice(who: dict[str, str]) -> list[int]:
        """In two ways at once, neither of which they may have who has booked already."""
        async with few:
            return sorted(await asyncio.gather(*(ask(slot, who) for slot in slots)))

    async def ask(slot: UUID, who: dict[str, str]) -> int:
        """As an app does: 503 means try again after a while."""
        for _ in range(100):
            answer = await office.ask(slot, headers=clerk, citizen=who, item=office.items[1])
            if answer.status_code != 503:
                return answer.status_code
            await asyncio.sleep(0.1)
        raise AssertionError("busy for ever")

    async with halls.changed():
        lifting, rounds = asyncio.create_task(lift(halls)), 0
        while not lifting.done():
            tries = await asyncio.gather(*(twice(who) for who in [*known, *newcomers]))
            assert tries[: len(known)] == [[409, 409]] * len(known)
            expected = [409, 409] if rounds else [201, 409]
            assert tries[len(known) :] == [expected] * len(newcomers)
            rounds += 1
        done = await lifting
        assert rounds >= 2
        assert done.left == 0
        assert await halls.left() == 0
        for account in late:
            assert len(await own(halls, office.citizen(str(account))) & ids) == 1
        again = await lift(halls)
        assert (again.changed, again.left) == (0, 0)
        assert set(again.keys) <= {"b"}
        for who in known:
            await refused(halls, clerk, citizen=who)
    for row in await halls.owner.fetch("SELECT * FROM citizen"):
        NEW.open(row["phone_sealed"], where="citizen.phone", row=row["key"])
