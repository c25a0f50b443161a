"""A notice that must be on display is found before the decision, and looked at on its last day."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from services.projects.auditing import service as auditing
from services.projects.matching import service as matching
from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk

ASKS = {"item_code": "DE-08", "columns": [], "words": ["征求意见"]}


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def test_a_page_on_display_is_noted_again_once_its_time_is_over(world: World) -> None:
    yesterday = clock.today(clock.now()) - timedelta(days=1)
    world.publish(f"{world.name}征求意见的公告", claimed_on=yesterday)
    await world.register()
    duty = await world.record(item_code="DE-08", on=yesterday)
    await world.open(items=(ASKS,))
    await world.walk()
    assert await world.verdict(duty) == "pending"
    assert [match["state"] for match in await world.matches("accepted")] == ["accepted"]
    later = clock.now() + timedelta(days=30)
    await _look(world, duty, days=5)
    assert await _noted(world, later) == 0, "its last day has not come"
    await _judge(world, duty, later)
    assert await world.verdict(duty) == "unknown_source_down"
    await _look(world, duty, days=30)
    assert await _noted(world, later) == 1
    await world.desk.match(later)
    assert await world.verdict(duty) == "on_time"
    assert await _noted(world, later) == 0


async def _look(world: World, duty: str, *, days: int) -> None:
    """The page was asked for again so many days from now, and was as before."""
    await world.desk.do(
        "UPDATE portal_page p SET checked_at = now() + make_interval(days => :days)"
        " FROM page_match m WHERE m.page_id = p.id AND m.duty_id = CAST(:duty AS uuid)",
        duty=duty,
        days=days,
    )


async def _judge(world: World, duty: str, then: datetime) -> None:
    async with world.desk.sessions() as session, session.begin():
        await auditing.judge_duties(session, [UUID(duty)], then, actor="test")


async def _noted(world: World, then: datetime) -> int:
    async with world.desk.sessions() as session, session.begin():
        return await matching.note_seen_again(session, then)
