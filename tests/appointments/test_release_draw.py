"""Who is before whom is drawn by what nobody can sway, and anybody can compute it again."""

import asyncio
import hashlib
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.appointments.waiting_room import drawing
from tests.appointments.offices import Office
from tests.appointments.queue_helpers import good, problem
from tests.appointments.release_line import FAR, MINUTE, OPENS, SECOND, Line, Waiting
from tests.provoking import provokes

PAGE = Path(__file__).parents[2] / "docs" / "draws.md"


def published_program() -> Any:
    """`proved` of the page, as a stranger would run it."""
    [program] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"__name__": "a stranger's"}
    exec(program, names)
    return names["proved"]


async def test_who_joined_before_is_drawn_and_who_joins_later_comes_behind_by_arrival(
    line: Line,
) -> None:
    await line.announce()
    early = [await line.join() for _ in range(7)]
    line.office.clock.at = OPENS
    late = []
    for _ in range(3):
        late.append(await line.join())
        line.office.clock.at += SECOND
    await line.run()

    numbers = {one.id: (await one.see())["number"] for one in (*early, *late)}
    assert sorted(numbers[one.id] for one in early) == [1, 2, 3, 4, 5, 6, 7]
    assert [numbers[one.id] for one in late] == [8, 9, 10]
    assert await line.draw() == sorted((one.id for one in early), key=lambda id: numbers[id])
    shown = await line.shown()
    assert (shown["entry_count"], shown["last_number"], shown["state"]) == (7, 10, "open")
    latest = await line.join()
    await line.run()
    assert (await latest.see())["number"] == 11


async def test_a_stranger_proves_the_draw_by_the_program_of_the_page(line: Line) -> None:
    await line.announce()
    for _ in range(12):
        await line.join()
    await line.open()
    proved, release, ids = published_program(), await line.shown(), await line.draw()

    assert proved(release, ids)
    assert not proved(release, [ids[1], ids[0], *ids[2:]])
    assert not proved(release, ids[1:])
    assert not proved({**release, "seed": "0" * 64}, ids)
    [closed] = await line.events("release.closed")
    assert closed["entries_digest"] == release["entries_digest"]


async def test_the_seed_is_shown_by_the_draw_only_and_the_commitment_never_changes(
    line: Line,
) -> None:
    announced = await line.announce()
    await line.join()
    before = await line.shown()
    assert (announced["seed"], before["seed"], before["entries_digest"]) == (None, None, None)
    assert await line.draw() == []
    line.office.clock.at = OPENS
    await line.run(drawing.close_joining)
    closed = await line.shown()
    assert (closed["state"], closed["seed"], closed["entry_count"]) == ("closed", None, 1)
    assert closed["entries_digest"]
    assert await line.draw() == []
    await line.run()
    drawn = await line.shown()
    line.office.clock.at += 25 * 60 * MINUTE
    await line.run()
    over = await line.shown()

    assert hashlib.sha256(drawn["seed"].encode()).hexdigest() == announced["commitment"]
    assert (over["state"], over["seed"]) == ("ended", drawn["seed"])
    commitments = {one["commitment"] for one in (announced, before, closed, drawn, over)}
    assert commitments == {announced["commitment"]}
    [told] = await line.events("release.announced")
    [drawn_event] = await line.events("release.drawn")
    assert told["commitment"] == drawn_event["commitment"] == announced["commitment"]
    assert "seed" not in told
    assert drawn_event["seed"] == drawn["seed"]


async def test_nobody_who_reads_the_database_sees_the_seed_before(
    line: Line, owner: asyncpg.Connection
) -> None:
    await line.announce()
    row = await owner.fetchrow("SELECT * FROM release WHERE id = $1", line.id)
    await line.open()
    seed = (await line.shown())["seed"]

    assert row is not None
    assert row["seed"] is None
    assert seed not in str(tuple(row))


@pytest.mark.parametrize(("before", "is_drawn"), [(SECOND / 1_000_000, True), (0 * SECOND, False)])
async def test_at_the_very_second_of_the_release_it_is_too_late_for_the_draw(
    line: Line, before: Any, is_drawn: bool
) -> None:
    await line.announce()
    line.office.clock.at = OPENS - before
    who = await line.join()
    line.office.clock.at = OPENS
    await line.run()

    assert (await who.see())["is_drawn"] is is_drawn
    assert await line.draw() == ([who.id] if is_drawn else [])
    assert (await who.see())["number"] == 1


async def test_who_joins_while_it_is_closed_is_in_the_digest_or_late_and_never_lost(
    line: Line,
) -> None:
    """Joins that began before the second of the release meet its closing."""
    await line.announce()
    line.office.clock.at = OPENS - SECOND / 1_000_000

    joined = await asyncio.gather(
        *(line.join() for _ in range(6)),
        drawing.close_joining(line.sessions, OPENS),
        *(line.join() for _ in range(6)),
    )
    people = [one for one in joined if isinstance(one, Waiting)]
    line.office.clock.at = OPENS
    await line.run()

    seen = [await one.see() for one in people]
    drawn = {one["id"] for one in seen if one["is_drawn"]}
    assert drawn == {*await line.draw()}
    assert sorted(one["number"] for one in seen) == [*range(1, 13)]
    assert published_program()(await line.shown(), await line.draw())


async def test_a_draw_that_is_broken_off_comes_out_the_same(line: Line) -> None:
    await line.announce()
    for _ in range(8):
        await line.join()
    line.office.clock.at = OPENS
    await line.break_off(drawing.close)
    assert (await line.shown())["state"] == "announced"
    await line.run(drawing.close_joining)
    closed = await line.shown()
    await line.break_off(drawing.number)
    again = await line.shown()
    assert (again["state"], again["seed"], await line.draw()) == ("closed", None, [])

    await line.run()

    drawn = await line.shown()
    assert drawn["entries_digest"] == closed["entries_digest"]
    assert published_program()(drawn, await line.draw())


async def test_nobody_is_admitted_by_a_draw_whose_list_was_changed_after_closing(
    line: Line, owner: asyncpg.Connection
) -> None:
    await line.announce()
    people = [await line.join() for _ in range(3)]
    line.office.clock.at = OPENS
    await line.run(drawing.close_joining)
    await owner.execute("UPDATE release_entry SET is_drawn = false WHERE id = $1", people[0].id)

    with pytest.raises(RuntimeError, match="not what was committed to"):
        await line.run(drawing.draw)

    assert (await line.shown())["state"] == "closed"
    await owner.execute("UPDATE release_entry SET is_drawn = true WHERE id = $1", people[0].id)
    await line.run()
    assert (await line.shown())["state"] == "open"


async def test_who_leaves_before_is_not_in_the_draw_and_who_leaves_after_is_passed_over(
    line: Line,
) -> None:
    await line.office.slot(FAR, capacity=9)
    await line.announce(least_per_minute=1)
    people = [await line.join() for _ in range(4)]
    assert (await people[0].leave())["is_drawn"] is False
    again = await line.join(people[0].headers)
    line.office.clock.at = OPENS
    await line.run(drawing.close_joining)
    left = await people[1].leave()
    await line.run()

    order = await line.draw()
    assert sorted(order) == sorted([again.id, people[1].id, people[2].id, people[3].id])
    assert (left["state"], left["is_drawn"]) == ("left", True)
    for _ in range(4):
        line.office.clock.at += MINUTE
        await line.run()
    waiting = [again, people[2], people[3]]
    assert {await one.state() for one in waiting} == {"admitted"}
    assert await people[1].state() == "left"
    assert len(await line.events("release_entry.left")) == 2


@provokes("join_release", "joining-not-open")
async def test_nobody_joins_before_the_commitment_has_been_there_for_a_while(line: Line) -> None:
    await line.announce(joins_from=(OPENS - MINUTE).isoformat())

    early = problem(await line.ask_to_join(line.office.citizen()), 409, "joining-not-open")

    assert early["joins_from"] == "2026-11-24T09:59:00+08:00"
    line.office.clock.at = OPENS - MINUTE
    await line.join()


@provokes("announce_release", "release-overlaps")
async def test_a_place_is_given_out_by_one_release(line: Line) -> None:
    first = await line.announce()

    other = problem(await line.ask_to_announce(), 409, "release-overlaps")

    assert other["release_id"] == first["id"]
    good(await line.ask_to_announce(item_codes=[line.office.items[1]]), 201)
    good(await line.withdraw())
    await line.announce()


async def test_a_release_is_announced_by_the_halls_manager_for_what_lies_ahead(
    line: Line, office: Office
) -> None:
    other = office.sign("hall_manager", "H999")
    problem(await line.ask_to_announce(headers=office.citizen()), 403, "forbidden")
    problem(await line.ask_to_announce(headers=other), 404, "not-found")
    for wrong, pointer in (
        ({"opens_at": (OPENS - 60 * MINUTE).isoformat()}, "/body"),
        ({"opens_at": (FAR + 24 * 60 * MINUTE).isoformat()}, "/body/opens_at"),
        ({"item_codes": ["NOT-THERE"]}, "/body/item_codes/0"),
        ({"last_on": "2026-11-01"}, "/body"),
        ({"ends_at": OPENS.isoformat()}, "/body"),
        ({"least_per_minute": 9, "most_per_minute": 8}, "/body/least_per_minute"),
    ):
        refused = problem(await line.ask_to_announce(**wrong), 422, "invalid-request")
        assert refused["errors"][0]["pointer"].startswith(pointer), refused


async def test_what_a_release_does_not_say_is_as_in_the_halls_policy(
    line: Line, office: Office
) -> None:
    terms = {"join_minutes": 30, "window_minutes": 7, "least_per_minute": 2, "most_per_minute": 9}
    policy = {"version": 0, "releases": terms}
    put = await office.client.put(
        f"/api/v1/policies/{office.code}", json=policy, headers=office.manager()
    )
    good(put)

    made = await line.announce(joins_from=None, most_per_minute=20)

    assert made["joins_from"] == "2026-11-24T09:30:00+08:00"
    assert (made["window_minutes"], made["policy_version"]) == (7, 1)
    assert (made["least_per_minute"], made["most_per_minute"]) == (2, 20)
