"""Ratings of whom somebody served: counted by quarter, of whom one person served alone."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.appointments.rated_services import service
from services.appointments.rated_services.contracts import RatingReceived
from shared.clock import today
from shared.database.engine import Sessions
from tests.appointments.conftest import Build
from tests.appointments.queue_helpers import Floor, good

JULY, AUGUST = (datetime(2026, month, 20, 3, tzinfo=UTC) for month in (7, 8))
COUNTED = datetime(2026, 11, 1, 4, tzinfo=UTC)
_SERVED = """
WITH given AS (
    SELECT $1::text AS hall, $2::text AS item, $3::text AS account, $4::timestamptz AS at),
visits AS (SELECT given.*, gen_random_uuid() AS id, n FROM given, generate_series(1, $5::int) n),
tickets AS (
    INSERT INTO ticket (id, visit_id, leg, hall_code, number, service_day, item_code, items, state,
        version, ticket_class, credit_minutes, ready_at, due_at, issued_at, state_since,
        policy_version, recalls, missing)
    SELECT id, id, 1, hall, left(id::text, 8), '2026-07-20', item, ARRAY[item], 'done', 5,
        'walk_in', 0, at, at, at, at, 0, 0, '[]' FROM visits)
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, window_no, served_seconds, outcome, before)
SELECT hall, n + coalesce((SELECT max(hall_seq) FROM ticket_event WHERE hall_code = hall), 0), id,
    id, left(id::text, 8), item, 'finish', 'done', 5, at, account, 1, 300, 'done', '{}' FROM visits
RETURNING visit_id"""
_ALSO = """
INSERT INTO ticket_event (hall_code, hall_seq, ticket_id, visit_id, number, item_code, action,
    to_state, version, at, actor, window_no, served_seconds, before, undoes)
SELECT hall_code, (SELECT max(hall_seq) + 1 FROM ticket_event WHERE hall_code = e.hall_code),
    ticket_id, visit_id, number, item_code, given.action, to_state, version + 1, at, $3,
    window_no, CASE given.action WHEN 'undo' THEN NULL ELSE 60 END, '{}',
    CASE given.action WHEN 'undo' THEN hall_seq END
FROM ticket_event e, (SELECT $2::text AS action) given
WHERE visit_id = $1 AND e.action = 'finish'"""
_RATED = """
INSERT INTO given_rating (rating_id, case_id, hall_code, is_bad, is_excluded, given_at, as_of)
SELECT gen_random_uuid(), id, $2, n <= $3, false, $4, $4
FROM unnest($1::uuid[]) WITH ORDINALITY AS c (id, n)"""


class Rated:
    """A hall where people were served, and what they say of it."""

    def __init__(self, floor: Floor, owner: asyncpg.Connection, sessions: Sessions) -> None:
        self.floor, self.owner, self.sessions = floor, owner, sessions

    def account(self, who: str) -> str:
        return f"{who}-{self.floor.code}"

    async def serve(self, who: str, people: int = 1) -> list[UUID]:
        given = (self.floor.code, self.floor.items[0], self.account(who), JULY, people)
        return [row["visit_id"] for row in await self.owner.fetch(_SERVED, *given)]

    async def say(self, case: UUID, *, bad: bool = False, at: datetime = JULY, **more: Any) -> UUID:
        rating: UUID = more.pop("rating_id", None) or uuid4()
        now = more.pop("now", at)
        said = RatingReceived(
            rating_id=rating, case_id=case, hall_code=self.floor.code, is_bad=bad, at=at, **more
        )
        async with self.sessions() as session, session.begin():
            await service.note(session, said, now)
        return rating

    async def count(self, now: datetime = COUNTED) -> None:
        async with self.sessions() as session, session.begin():
            await service.count(session, now)

    async def tallies(self) -> dict[str, tuple[int, int]]:
        rows = await self.owner.fetch(
            "SELECT account, rated, bad FROM served_rating_tally WHERE hall_code = $1",
            self.floor.code,
        )
        return {row["account"].partition("-")[0]: (row["rated"], row["bad"]) for row in rows}

    async def left(self) -> int:
        sql = "SELECT count(*) FROM given_rating WHERE hall_code = $1"
        return int(await self.owner.fetchval(sql, self.floor.code))


@pytest.fixture
async def there(hall: Build, owner: asyncpg.Connection, sessions: Sessions) -> Rated:
    return Rated(await hall(windows=3), owner, sessions)


async def test_a_quarter_is_counted_once_and_nothing_tells_afterwards_who_said_what(
    there: Rated,
) -> None:
    cases = await there.serve("li", 3)
    for case in cases:
        await there.say(case, bad=case == cases[0])
    await there.count(datetime(2026, 10, 30, 4, tzinfo=UTC))
    assert (await there.tallies(), await there.left()) == ({}, 3)
    await there.count()
    assert (await there.tallies(), await there.left()) == ({"li": (3, 1)}, 0)
    await there.say(cases[0], at=JULY, now=COUNTED)
    assert await there.left() == 0, "what comes after it was counted would be read by itself"
    await there.count()
    assert await there.tallies() == {"li": (3, 1)}


async def test_it_counts_as_it_was_said_last_and_not_at_all_if_excluded(there: Rated) -> None:
    amended, earlier, excluded, drawn = await there.serve("li", 4)
    one = await there.say(amended, bad=True)
    await there.say(amended, rating_id=one, at=JULY + timedelta(hours=2))
    other = await there.say(earlier, bad=True, at=JULY + timedelta(hours=2))
    await there.say(earlier, rating_id=other)
    refused = await there.say(excluded, bad=True)
    async with there.sessions() as session, session.begin():
        await service.exclude(session, refused)
    await there.say(drawn, bad=True, followup_id=uuid4())
    await there.count()
    assert await there.tallies() == {"li": (2, 1)}


async def test_whom_several_served_or_nobody_at_a_window_counts_for_nobody(there: Rated) -> None:
    both, undone = await there.serve("li", 2)
    await there.owner.execute(_ALSO, both, "transfer", there.account("wang"))
    await there.owner.execute(_ALSO, undone, "undo", there.account("li"))
    for case in (both, undone, uuid4()):
        await there.say(case)
    await there.count()
    assert (await there.tallies(), await there.left()) == ({}, 0)


async def test_the_assessment_shows_who_was_rated_enough_and_to_whom_it_belongs(
    there: Rated,
) -> None:
    floor = there.floor
    floor.clock.at = COUNTED
    for who, people, bad in (("li", 40, 6), ("wang", 50, 2), ("zhao", 50, 3), ("sun", 2, 1)):
        cases = await there.serve(who, people)
        await there.owner.execute(_RATED, cases, floor.code, bad, AUGUST)
    day = today(JULY).isoformat()
    url = f"/api/v1/halls/{floor.code}/assessments"

    async def lines(headers: dict[str, str], until: str) -> dict[str, Any]:
        asked = {"from": day, "to": until}
        found = good(await floor.client.get(url, params=asked, headers=headers))
        lines = {line["account"].partition("-")[0]: line for line in found["items"]}
        return {"quarter": (found["ratings_from_on"], found["ratings_to_on"]), **lines}

    before = await lines(floor.manager(), "2026-10-01")
    assert before["li"]["ratings"]["rated"] == 0, "nothing before all of it is counted"
    await there.count()
    found = await lines(floor.manager(), "2026-10-01")
    assert found["quarter"] == ("2026-07-01", "2026-09-30")
    assert found["wang"]["ratings"]["bad"] == 2
    assert found["zhao"]["ratings"] == {
        "rated": 50,
        "bad": 3,
        "compared": 0,
        "expected_bad": None,
        "reading": "too_few",
    }
    few = [found[who]["ratings"] for who in ("sun", "li")]
    assert [(one["rated"], one["bad"]) for one in few] == [(2, None), (40, None)]
    own = await lines(floor.clerk(there.account("wang")), "2026-10-01")
    assert set(own) == {"quarter", "wang"}
    earlier = await lines(floor.manager(), "2026-09-29")
    assert earlier["quarter"] == ("2026-04-01", "2026-06-30")
    assert earlier["wang"]["ratings"]["rated"] == 0
