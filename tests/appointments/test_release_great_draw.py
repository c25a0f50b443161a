"""A draw of many is made piece by piece, and one that fails keeps no other waiting."""

import asyncpg
import pytest

from services.appointments.waiting_room import drawing, statement
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good
from tests.appointments.release_line import OPENS, Line
from tests.appointments.test_release_draw import published_program


async def test_a_great_draw_is_numbered_piece_by_piece_and_nobody_sees_a_part(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement has five seconds; a piece that is broken off is done again."""
    monkeypatch.setattr(statement, "NUMBERED_AT_ONCE", 3)
    await line.announce()
    people = [await line.join() for _ in range(8)]
    line.office.clock.at = OPENS
    await line.run(drawing.close_joining)

    await line.once(drawing.number)
    await line.break_off(drawing.number)
    part, left = await line.shown(), await people[0].leave()
    late = await line.join()
    seen = [await one.see() for one in people]
    assert (part["state"], part["seed"], await line.draw()) == ("closed", None, [])
    assert {one["number"] for one in (*seen, left)} == {None}
    await line.run()

    assert published_program()(await line.shown(), await line.draw())
    assert len(await line.draw()) == 8
    assert (await late.see())["number"] == 9
    assert len(await line.events("release.drawn")) == 1


async def test_a_draw_that_cannot_be_proved_keeps_no_other_waiting(
    line: Line, office: Office, owner: asyncpg.Connection
) -> None:
    await line.announce()
    other = Line(office, line.sessions)
    await other.announce(item_codes=[office.items[1]])
    who = await other.join()
    line.office.clock.at = OPENS
    await line.run(drawing.close_joining)
    await owner.execute("UPDATE release SET seed_sealed = 'x' WHERE id = $1", line.id)

    try:
        with pytest.raises(RuntimeError, match=line.id):
            await line.run(drawing.draw)
        assert await other.draw() == [who.id]
        assert (await line.shown())["state"] == "closed"
    finally:  # or the draws of other tests would fail by it
        good(await line.withdraw())
