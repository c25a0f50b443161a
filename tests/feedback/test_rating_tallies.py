"""The sums that are kept of ratings give what counting their rows gives, whatever happened."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from services.feedback.rating_counts import queries, service
from services.feedback.ratings.models import (
    Grade,
    Invitation,
    InvitationState,
    Rating,
    RatingState,
    ServiceEvent,
)
from shared.ids import new_id
from tests.feedback.isolated_service import IsolatedService, at

PERIODS = (
    (date(2026, 2, 1), date(2026, 2, 28)),
    (date(2026, 2, 5), date(2026, 2, 6)),
    (date(2025, 1, 1), date(2026, 11, 23)),
)
BAD_STATES = ("rated_bad", "verifying", "excluded", "feedback_given", "under_supervision")
CHANGES = (
    "UPDATE service_event SET department_code = 'D' || CAST(:n AS int) WHERE id = :event",
    "UPDATE service_event SET hall_code = 'H' || CAST(:n AS int), version = version + 1"
    " WHERE id = :event",
    "UPDATE service_event SET item_code = NULL WHERE id = :event",
    f"UPDATE rating SET state = (ARRAY{list(BAD_STATES)})[1 + CAST(:n AS int)]"
    " WHERE service_event_id = :event AND grade IN ('dissatisfied', 'very_dissatisfied')",
    "UPDATE rating SET round = 1 - round WHERE service_event_id = :event",
    "UPDATE rating SET grade = 'satisfied', state = 'rated_good' WHERE service_event_id = :event",
    "UPDATE rating SET grade = 'dissatisfied', state = 'rated_bad' WHERE service_event_id = :event",
)


async def served(session: AsyncSession, rng: random.Random, rated: bool = True) -> ServiceEvent:
    moment = at("2026-02-01 00:00") + timedelta(hours=rng.randrange(24 * 8))
    event = ServiceEvent(
        case_id=new_id(),
        hall_code=f"H{rng.randrange(3)}",
        department_code=f"D{rng.randrange(3)}",
        item_code=rng.choice(("I1", "I2", None)),
        finished_at=moment,
    )
    asked = Invitation(
        service_event_id=event.id,
        state=InvitationState.RATED if rated else InvitationState.OPEN,
        invited_at=moment,
        expires_at=moment + timedelta(days=7),
    )
    session.add(event)
    await session.flush()
    session.add(asked)
    await session.flush()
    if rated:
        good = rng.random() < 0.6
        rating = Rating(
            invitation_id=asked.id,
            service_event_id=event.id,
            case_id=event.case_id,
            hall_code=event.hall_code,
            department_code=event.department_code,
            grade=Grade.SATISFIED if good else Grade.DISSATISFIED,
            state=RatingState.RATED_GOOD if good else RatingState.RATED_BAD,
            rated_at=moment,
        )
        session.add(rating)
    return event


async def read(session: AsyncSession) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for first, last in PERIODS:
        cells = await queries.cells(session, first, last)
        found[f"cells {first} {last}"] = sorted(cells)
        for by in ("all", "department", "hall", "item"):
            for department in (None, "D1"):
                for hall in (None, "H1"):
                    given = {"department": department, "hall": hall}
                    key = f"{by} {given} {first} {last}"
                    found[key] = await queries.statistics(
                        session, group_by=by, first=first, last=last, **given
                    )
    return found


async def read_both_ways(isolated: IsolatedService) -> tuple[dict[str, Any], dict[str, Any]]:
    """By the sums that are kept, and as if none were."""
    async with isolated.sessions() as session:
        by_sums = await read(session)
        await session.execute(text("DELETE FROM counted_rating_day"))
        by_rows = await read(session)
        await session.rollback()
    return by_sums, by_rows


async def counted(isolated: IsolatedService) -> None:
    while await isolated.run(service.count):
        pass


@pytest.mark.parametrize("seed", range(3))
async def test_the_sums_give_what_the_rows_give(isolated: IsolatedService, seed: int) -> None:
    rng, events = random.Random(seed), []
    for _ in range(12):
        async with isolated.sessions() as session, session.begin():
            events += [await served(session, rng, rng.random() < 0.7) for _ in range(3)]
            for _ in range(2):
                change = {"event": rng.choice(events).id, "n": rng.randrange(3)}
                words = rng.choice(CHANGES)
                fields = change if ":n" in words else {"event": change["event"]}
                await session.execute(text(words), fields)
        if rng.random() < 0.6:
            await counted(isolated)
        by_sums, by_rows = await read_both_ways(isolated)
        assert by_sums == by_rows
    await counted(isolated)
    by_sums, by_rows = await read_both_ways(isolated)
    assert by_sums == by_rows
    async with isolated.sessions() as session:
        left = await session.execute(text("SELECT count(*) FROM rating_recount"))
        assert left.scalar_one() == 0
        assert [await service.prove(session, isolated.clock.now) for _ in range(10)] == [0] * 10


async def test_what_is_kept_wrong_is_found_and_set_right(isolated: IsolatedService) -> None:
    async with isolated.sessions() as session, session.begin():
        for n in range(9):
            await served(session, random.Random(n))
    await counted(isolated)
    good, by_rows = await read_both_ways(isolated)
    assert good == by_rows
    for broken in (
        "UPDATE rating_tally SET bad = bad + 1 WHERE day = '2026-02-03'",
        "DELETE FROM rating_tally WHERE day = '2026-02-03' AND grouping = 'hall'",
    ):
        async with isolated.sessions() as session, session.begin():
            await session.execute(text(broken))
            is_next = "CASE day WHEN '2026-02-03' THEN now() - interval '9 days' ELSE now() END"
            await session.execute(text(f"UPDATE counted_rating_day SET proven_at = {is_next}"))
        assert await isolated.run(service.prove) > 0
        assert (await read_both_ways(isolated))[0] == good


async def test_a_mark_made_while_days_are_counted_is_not_lost(isolated: IsolatedService) -> None:
    async with isolated.sessions() as session, session.begin():
        event = await served(session, random.Random(5))
    await counted(isolated)
    async with isolated.sessions() as writer, isolated.sessions() as counter:
        change = {"event": event.id, "n": 2}
        await writer.execute(text(CHANGES[0]), change)
        await service.count(counter, isolated.clock.now)
        await writer.commit()
        await counter.commit()
    by_sums, by_rows = await read_both_ways(isolated)
    assert by_sums == by_rows
    await counted(isolated)
    assert (await read_both_ways(isolated))[0] == by_rows
