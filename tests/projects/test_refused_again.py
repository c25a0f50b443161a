"""What a person refused comes back once its page says something else, and not before."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.test_nobody_alone import FIREWALL

IN_TIME = long_ago() + timedelta(days=3)


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def rejected(world: World) -> str:
    """A duty that is overdue, because two persons said that the only page is not of it."""
    world.publish(f"{world.name}公示")
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    await world.decide_by_two("reject")
    assert (await world.verdict(duty), await world.queue()) == ("overdue", [])
    return duty


async def match_again(world: World) -> None:
    wanted = "UPDATE portal_page SET match_wanted = true WHERE portal_id = ANY(:ids)"
    await world.desk.do(wanted, ids=world.portals)
    await world.desk.match()


async def test_a_rejected_page_that_says_something_else_waits_for_a_person_and_clears_nothing(
    world: World,
) -> None:
    """Another day, another number, and what the matcher would be sure of."""
    duty = await rejected(world)
    await match_again(world)
    assert [each["state"] for each in await world.matches("rejected")] == ["rejected"]
    title, day, number = (
        f"{world.name}公示",
        IN_TIME + timedelta(days=1),
        "文号：宁发改〔2026〕77号",
    )
    for changed in (
        (title, day, ""),
        (title, day, number),
        (f"{world.name}建议书批复", day, number),
    ):
        world.publish(changed[0], claimed_on=changed[1], text=changed[2])
        await world.walk()
        [match] = await world.queue()
        assert (match["state"], match["reason"]) == ("review", "claim_changed")
        assert await world.verdict(duty) == "overdue"
        is_last = changed[0] != title
        decided = await world.decide(match, "accept" if is_last else "reject", "auditor-b")
        expected = ("accepted", None) if is_last else ("rejected", "claim_refused")
        assert (decided["state"], decided["reason"]) == expected
        assert await world.queue() == []
    assert await world.verdict(duty) == "on_time"


async def test_what_went_back_to_what_was_refused_is_not_asked_any_more(world: World) -> None:
    duty = await rejected(world)
    before = dict(world.served.pages)
    world.publish(f"{world.name}公示", claimed_on=IN_TIME + timedelta(days=1))
    await world.walk()
    assert len(await world.queue()) == 1
    world.served.pages.update(before)
    await world.walk()
    assert (await world.queue(), await world.verdict(duty)) == ([], "overdue")
    [match] = await world.matches("rejected")
    assert (match["reason"], match["decided_at"] is None) == ("item_unclear", False)

    # Of what a release before ours refused it is not known what the page said: it comes back once.
    await world.desk.do("DELETE FROM match_refusal WHERE duty_id = CAST(:id AS uuid)", id=duty)
    await match_again(world)
    [match] = await world.queue()
    assert (match["reason"], await world.verdict(duty)) == ("claim_changed", "overdue")
    await world.decide(match, "reject")
    await match_again(world)
    assert (await world.queue(), await world.verdict(duty)) == ([], "overdue")


async def test_a_page_that_persons_called_taken_down_is_asked_about_once_it_can_be_read(
    world: World,
) -> None:
    world.publish()
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    page = world.served.pages["/a"]
    world.served.pages["/a"] = FIREWALL
    await world.walk()
    await world.decide_by_two("reject")
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("withdrawn", [])
    world.served.pages["/a"] = page
    await world.walk()
    # What follows a first sighting at once is not noted for itself.
    earlier = "UPDATE portal_page SET content_seen_at = content_seen_at - interval '5 minutes'"
    await world.desk.do(f"{earlier} WHERE portal_id = ANY(:ids)", ids=world.portals)
    [match] = await world.queue()
    assert (match["reason"], await world.verdict(duty)) == ("claim_changed", "withdrawn")
    await world.decide(match, "accept")
    assert await world.verdict(duty) == "on_time"
