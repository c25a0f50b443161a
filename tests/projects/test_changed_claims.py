"""A page that claims another day after it was accepted is not believed at once."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.provoking import provokes

FIREWALL = "<html><body>您的请求被拦截，请联系网站管理员</body></html>"
IN_TIME = long_ago() + timedelta(days=3)


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def published(world: World, claimed_on: date) -> str:
    """A duty whose page claims that day, as it was found."""
    world.publish(claimed_on=claimed_on)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    return duty


async def decide(
    world: World, decision: str, sub: str = "auditor-a", status: int = 200
) -> dict[str, Any]:
    """On the only match that waits."""
    [match] = await world.queue()
    return await world.decide(match, decision, sub, status=status)


async def late_by_two(world: World) -> str:
    duty = await published(world, clock.today(clock.now()))
    for sub in ("auditor-a", "auditor-b"):
        await decide(world, "accept", sub)
    assert await world.verdict(duty) == "late"
    return duty


@provokes("accept_match", "four-eyes")
async def test_nobody_alone_believes_an_earlier_day_of_a_page_that_two_persons_called_late(
    world: World,
) -> None:
    duty = await late_by_two(world)
    world.publish(claimed_on=IN_TIME)
    await world.walk(2)
    [match] = await world.queue()
    assert (match["state"], match["reason"]) == ("accepted", "claim_changed")
    assert (match["first_by"], await world.verdict(duty)) == (None, "late")
    first = await decide(world, "accept")
    assert (first["reason"], first["first_by"]) == ("claim_changed", "auditor-a")
    alone = await decide(world, "accept", status=409)
    assert (alone["type"], await world.verdict(duty)) == ("/problems/four-eyes", "late")
    taken = await decide(world, "accept", "auditor-b")
    assert (taken["state"], taken["reason"]) == ("accepted", None)
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_each_day_that_a_page_claims_is_refused_for_itself_and_stays_so(
    world: World,
) -> None:
    duty = await late_by_two(world)
    for days in (0, 1, 0):
        world.publish(claimed_on=IN_TIME + timedelta(days=days), text=f"第{days}次")
        await world.walk()
        waiting = await world.queue()
        assert [each["reason"] for each in waiting] == ["claim_changed"] * len(waiting)
        for match in waiting:
            kept = await world.decide(match, "reject")
            assert (kept["state"], kept["reason"]) == ("accepted", "claim_refused")
        assert (await world.verdict(duty), await world.queue()) == ("late", [])
        [match] = await world.matches("accepted")
        assert (match["reason"], match["claim_refused"]) == ("claim_refused", True)
    refused = "SELECT claimed_on FROM match_refusal WHERE duty_id = CAST(:id AS uuid) ORDER BY id"
    days_refused = [row["claimed_on"] for row in await world.desk.rows(refused, id=duty)]
    assert days_refused == [IN_TIME, IN_TIME + timedelta(days=1)]


async def test_what_a_person_refused_is_seen_while_and_after_the_page_cannot_be_read(
    world: World,
) -> None:
    duty = await late_by_two(world)
    world.publish(claimed_on=IN_TIME)
    await world.walk()
    await decide(world, "reject")
    page = world.served.pages["/a"]
    world.served.pages["/a"] = FIREWALL
    await world.walk()
    [waiting] = await world.queue()
    assert (waiting["reason"], waiting["claim_refused"]) == ("page_unreadable", True)
    confirmed = await decide(world, "accept")
    assert (confirmed["reason"], confirmed["claim_refused"]) == ("claim_refused", True)
    world.served.pages["/a"] = page
    for _ in range(2):
        assert [each["reason"] for each in await world.matches("accepted")] == ["claim_refused"]
        assert (await world.verdict(duty), await world.queue()) == ("late", [])
        await world.walk()


async def test_what_is_not_believed_of_its_day_is_still_withdrawn_once_it_is_gone(
    world: World,
) -> None:
    duty = await published(world, IN_TIME)
    world.publish(claimed_on=long_ago() - timedelta(days=3))
    await world.walk()
    del world.served.pages["/a"]
    await world.walk()
    assert await world.verdict(duty) == "withdrawn"


@provokes("accept_match", "four-eyes")
async def test_a_day_before_the_decision_on_an_accepted_page_needs_two_persons(
    world: World,
) -> None:
    duty = await published(world, IN_TIME)
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
    world.publish(claimed_on=long_ago() - timedelta(days=3))
    await world.walk()
    [match] = await world.queue()
    assert (match["reason"], await world.verdict(duty)) == ("claim_changed", "on_time")
    first = await decide(world, "accept")
    assert (first["reason"], first["first_by"]) == ("claim_changed", "auditor-a")
    alone = await decide(world, "accept", status=409)
    assert (alone["type"], await world.verdict(duty)) == ("/problems/four-eyes", "on_time")
    second = await decide(world, "accept", "auditor-b")
    assert (second["reason"], await world.verdict(duty)) == (None, "early_violation")


async def test_whoever_looked_at_a_day_has_not_looked_at_the_next_one(world: World) -> None:
    duty = await published(world, IN_TIME)
    world.publish(claimed_on=long_ago() - timedelta(days=3))
    await world.walk()
    assert (await decide(world, "accept"))["first_by"] == "auditor-a"
    [looked_at] = await world.queue()
    world.publish(claimed_on=long_ago() - timedelta(days=5))
    await world.walk()
    await world.decide(looked_at, "accept", "auditor-b", status=409)
    [match] = await world.queue()
    assert (match["reason"], match["first_by"]) == ("claim_changed", None)
    again = await decide(world, "accept", "auditor-b")
    assert (again["first_by"], await world.verdict(duty)) == ("auditor-b", "on_time")


async def test_another_day_by_which_the_verdict_stays_needs_nobody(world: World) -> None:
    duty = await published(world, IN_TIME)
    world.publish(claimed_on=IN_TIME + timedelta(days=1))
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
