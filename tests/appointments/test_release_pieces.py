"""Each release goes on by itself, some in line at a time; and who waits is let know of its end."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from services.appointments.waiting_room import advancing, statement
from tests.appointments.offices import Office, person
from tests.appointments.queue_helpers import good
from tests.appointments.release_line import FAR, MINUTE, Line
from tests.appointments.test_notices import due, handed


async def test_a_release_that_is_broken_keeps_no_other_waiting(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    await office.slot(FAR, capacity=9)
    await line.announce()
    other = Line(office, line.sessions)
    await other.announce(item_codes=[office.items[1]])
    await line.join()
    await line.open()
    await line.join()
    behind = await other.join()
    corrupt = "UPDATE release SET last_number = $2 WHERE id = $1"
    await owner.execute(corrupt, UUID(line.id), 0)

    try:
        with pytest.raises(IntegrityError, match="uq_release_entry_number"):
            await line.run(advancing.advance)
        assert await behind.state() == "admitted"
    finally:  # or the lines of other tests would fail by it
        await owner.execute(corrupt, UUID(line.id), 1)
    await line.run(advancing.advance)
    assert (await line.shown())["last_number"] == 2


async def test_windows_lapse_and_people_are_admitted_some_at_a_time(
    line: Line, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are, nobody who books or withdraws waits for all of them."""
    monkeypatch.setattr(advancing, "AT_ONCE", 2)
    pieces: list[int] = []
    for name in ("lapse", "admit"):
        step = getattr(statement, name)

        async def noted(*asked: Any, step: Any = step) -> Any:
            found = await step(*asked)
            pieces.append(len(found))
            return found

        monkeypatch.setattr(statement, name, noted)
    await office.slot(FAR, capacity=5)
    await line.announce(least_per_minute=60, most_per_minute=60)
    people = [await line.join() for _ in range(8)]
    await line.open()
    assert sorted([await one.state() for one in people]).count("admitted") == 5

    office.clock.at += 10 * MINUTE
    await line.run()

    states = [await one.state() for one in people]
    assert (states.count("lapsed"), states.count("admitted")) == (5, 3)
    assert max(pieces) == 2
    assert len(await line.events("release_entry.lapsed")) == 5


async def test_who_waits_is_let_know_that_a_release_is_withdrawn(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    await office.slot(FAR, capacity=1)
    await line.announce()
    account, who = str(uuid4()), person()
    mine = await line.join(office.citizen(account))
    await line.open()
    theirs = await line.join(office.clerk(), citizen=who)
    left = await line.join()
    await left.leave()

    good(await line.withdraw())
    assert not (await handed(office, "release_turn", mine.id))["applies"]
    await line.run()

    for one in (mine, theirs):
        notice = (await due(owner, one.id))[-1]
        assert notice["kind"] == "release_withdrawn"
    assert await due(owner, left.id) == []
    known = await handed(office, "release_withdrawn", mine.id)
    assert (known["account_id"], known["facts"]["title"]) == (account, "元旦登记放号")
    assert known["facts"]["hall_name"] == office.code
    assert (await handed(office, "release_withdrawn", theirs.id))["phone"] == who["phone"]
    assert not (await handed(office, "release_withdrawn", left.id))["applies"]


async def test_who_waits_until_the_end_is_told_nothing_that_was_not_announced(
    line: Line, owner: asyncpg.Connection
) -> None:
    await line.announce()
    waiting = await line.join()
    await line.open()
    line.office.clock.at += 25 * 60 * MINUTE
    await line.run()

    assert await waiting.state() == "dropped"
    assert await due(owner, waiting.id) == []
