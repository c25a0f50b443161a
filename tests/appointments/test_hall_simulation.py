"""The simulated hall calls as the statement does, and the forecast knows who usually comes."""

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.estimates import queries
from services.appointments.estimates.floors import HALF, floor_of
from services.appointments.estimates.queries import FloorNow, Newcomers, Usual
from services.appointments.priority.models import TicketClass
from services.appointments.priority.rules import Standing
from services.appointments.priority.schemas import DEFAULT_CREDITS
from shared.clock import SHANGHAI
from shared.database.engine import Sessions
from shared.database.rows import fetching
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good, serve_items
from tests.benchmarks.hall_simulation import STRICT, TIME_CREDIT, waits_under
from tests.benchmarks.hall_simulation_days import CLASSES, NO_SHOW, day
from tests.benchmarks.hall_simulation_floor import Line, Ticket

NINE = datetime(2026, 11, 23, 9, tzinfo=SHANGHAI)


@pytest.fixture
async def floor(hall: Build) -> Floor:
    made = await hall(windows=2, items=2)
    await made.open(0, 1)
    return made


async def test_the_simulated_line_calls_as_the_statement_does(
    floor: Floor, owner: asyncpg.Connection
) -> None:
    """With the guard at work: people wait for longer than it allows."""
    rng, line = Random(8), Line(TIME_CREDIT)
    serves = (floor.items, floor.items[1:])
    await serve_items(owner, floor.code, floor.windows[1], serves[1])
    plain = 0
    for number in range(70):
        floor.clock.pass_(minutes=rng.choice((2, 5, 9)))
        if number < 20 or rng.random() < 0.5:
            line.join(await _joins(floor, rng))
        else:
            place = rng.randrange(2)
            wanted = line.call(serves[place], floor.clock.at)
            answer = await floor.window("call-next", place)
            if wanted is None:
                assert answer.status_code == 204
                continue
            assert UUID(good(answer)["id"]) == wanted.key
            sql = "SELECT ignored_credits FROM call WHERE ticket_id = $1"
            plain += await owner.fetchval(sql, wanted.key)
            await floor.done({"id": str(wanted.key)}, "serve")
            await floor.done({"id": str(wanted.key)}, "finish", outcome="done")
    assert plain


async def _joins(floor: Floor, rng: Random) -> Ticket:
    item, given = rng.choice(floor.items), dict[str, Any]()
    wanted = rng.choice((TicketClass.WALK_IN, TicketClass.WALK_IN, TicketClass.DISABLED))
    if wanted is TicketClass.DISABLED:
        card = {"kind": "certificate", "number": f"残{uuid4().hex[:8]}"}
        given = {"class": wanted.value, "evidence": card}
    issued = await floor.issue(items=[item], **given)
    return Ticket(UUID(issued["id"]), item, Standing(floor.clock.at, DEFAULT_CREDITS[wanted]))


async def test_who_usually_comes_with_a_credit_is_counted_by_item_and_hour(
    floor: Floor, sessions: Sessions
) -> None:
    floor.clock.never_late()
    for credits in ({"class": "disabled"}, {"class": "disabled"}, {}):
        card = {"kind": "certificate", "number": f"残{uuid4().hex[:8]}"}
        await floor.issue(**credits, **({"evidence": card} if credits else {}))
    hour = floor.clock.at.astimezone(SHANGHAI).hour

    async def usual() -> Usual:
        async with sessions() as session, session.begin():
            return await queries.usual(fetching(session), floor.code, floor.clock.at)

    assert (await usual()).newcomers == []  # today is not over yet
    floor.clock.pass_(days=1)
    assert (await usual()).newcomers == [Newcomers(floor.items[0], 90, hour, 2.0)]
    floor.clock.pass_(days=31)
    assert (await usual()).newcomers == []


def expected(newcomers: list[Newcomers], at: datetime = NINE) -> list[tuple[str, float, float]]:
    empty = FloorNow([], [], [], {}, SHANGHAI.key)
    queue = floor_of(empty, Usual({}, newcomers), at).queue
    assert all(person.shows_up == HALF for person in queue)
    return [(person.item, person.arrives, person.due) for person in queue]


def test_newcomers_are_expected_as_far_ahead_as_they_overtake_who_is_there() -> None:
    found = expected([Newcomers("tax", 60, hour, 6.0) for hour in (9, 10, 11)])
    assert len(found) * HALF == 6.0
    assert all(0 < arrives <= 60 and due == arrives - 60 for _, arrives, due in found)


def test_newcomers_of_other_hours_are_not_expected() -> None:
    assert expected([Newcomers("tax", 60, 14, 6.0)]) == []
    late = expected([Newcomers("tax", 60, 10, 6.0)], NINE + timedelta(minutes=30))
    assert {arrives >= 30 for _, arrives, _ in late} == {True}


def test_many_rare_items_add_up() -> None:
    found = expected([Newcomers(f"item-{n:02}", 60, 9, 0.1) for n in range(50)])
    assert len(found) * HALF == pytest.approx(5.0, abs=HALF)
    assert max(Counter(item for item, _, _ in found).values()) == 1


def test_the_same_day_comes_again_and_one_in_five_who_booked_stays_away() -> None:
    assert day(3, 1) == day(3, 1) != day(4, 1)
    booked = [v for number in range(6) for v in day(number, 1) if v.slot is not None]
    assert sum(not v.shows_up for v in booked) / len(booked) == pytest.approx(NO_SHOW, abs=0.05)


def test_time_credit_spares_walk_ins_the_longest_waits_of_strict_classes() -> None:
    days = [day(number, 2) for number in range(2)]
    credit, strict = waits_under(TIME_CREDIT, days), waits_under(STRICT, days)
    for each in CLASSES:
        assert len(credit.by_class[each]) == len(strict.by_class[each]) > 0
    assert sum(credit.longest_walk_ins) < sum(strict.longest_walk_ins)
