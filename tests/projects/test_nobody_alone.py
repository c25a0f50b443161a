"""What is held against a unit is seen by the machine, or said by two persons."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared import clock
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.provoking import provokes

FIREWALL = "<html><body>您的请求被拦截，请联系网站管理员</body></html>"
REMOVED = "<html><body><p>您访问的页面不存在或已删除</p></body></html>"


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def published(world: World, title: str | None = None, **others: Any) -> str:
    """A duty whose page was seen, or one that may be its page."""
    world.publish(title, **others)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    return duty


@provokes("reject_match", "four-eyes")
async def test_nobody_alone_says_that_what_was_published_is_gone(world: World) -> None:
    duty = await published(world)
    world.served.pages["/a"] = FIREWALL
    await world.walk()
    [match] = await world.queue()
    first = await world.decide(match, "reject")
    assert (first["state"], first["reason"]) == ("accepted", "makes_withdrawn")
    assert (first["first_by"], await world.queue()) == ("auditor-a", [first])
    alone = await world.decide(first, "reject", status=409)
    assert (alone["type"], await world.verdict(duty)) == ("/problems/four-eyes", "on_time")
    second = await world.decide(first, "reject", "auditor-b")
    assert (second["state"], await world.verdict(duty)) == ("rejected", "withdrawn")


async def test_what_one_person_said_of_a_page_that_was_back_since_counts_no_more(
    world: World,
) -> None:
    duty = await published(world)
    page = world.served.pages["/a"]
    for sub in ("auditor-a", "auditor-b"):
        world.served.pages["/a"] = FIREWALL
        await world.walk()
        [match] = await world.queue()
        first = await world.decide(match, "reject", sub)
        assert (first["first_by"], await world.verdict(duty)) == (sub, "on_time")
        world.served.pages["/a"] = page
        await world.walk()
        assert await world.queue() == []


@provokes("accept_match", "four-eyes")
async def test_nobody_alone_says_that_a_page_which_is_gone_was_the_publication(
    world: World,
) -> None:
    duty = await published(world, f"{world.name}公示")
    world.served.pages["/a"] = REMOVED
    await world.walk()
    [match] = await world.queue()
    first = await world.decide(match, "accept")
    assert (first["state"], first["reason"]) == ("review", "makes_withdrawn")
    alone = await world.decide(first, "accept", status=409)
    assert (alone["type"], await world.verdict(duty)) == ("/problems/four-eyes", "unknown")
    second = await world.decide(first, "accept", "auditor-b")
    assert (second["state"], await world.verdict(duty)) == ("accepted", "withdrawn")


@provokes("reject_match", "four-eyes")
async def test_nobody_alone_makes_withdrawn_what_they_accept_just_before_it_is_gone(
    world: World,
) -> None:
    duty = await published(world, f"{world.name}公示")
    [match] = await world.queue()
    accepted = await world.decide(match, "accept")
    assert (accepted["state"], await world.verdict(duty)) == ("accepted", "on_time")
    del world.served.pages["/a"]
    for _ in range(2):
        await world.walk()
        [asked] = await world.queue()
        assert (asked["reason"], asked["first_by"]) == ("makes_withdrawn", "auditor-a")
    alone = await world.decide(asked, "reject", status=409)
    assert (alone["type"], await world.verdict(duty)) == ("/problems/four-eyes", "on_time")
    second = await world.decide(asked, "reject", "auditor-b")
    assert (second["state"], await world.verdict(duty)) == ("rejected", "withdrawn")


async def test_nobody_alone_makes_a_duty_late_by_accepting_while_its_clock_stands_still(
    world: World,
) -> None:
    duty = await published(world, claimed_on=clock.today(clock.now()))
    path, client = f"/api/v1/duties/{duty}", world.desk.client
    auditor, another = (world.as_("auditor", "*", sub=f"auditor-{one}") for one in "ab")
    order = {"document": "宁发改函〔2026〕8号", "reason": "依法中止"}
    for ruling in ("suspend", "restore"):
        version = (await client.get(path, headers=auditor)).json()["version"]
        body = {**order, "version": version}
        asked = (await client.post(f"{path}/{ruling}", json=body, headers=auditor)).json()
        decide = f"/api/v1/exemptions/{asked['asked_ruling']['id']}/decide"
        granted = {"ruling": "granted", "reason": "核对了文件"}
        ruled = await client.post(decide, json=granted, headers=another)
        assert ruled.status_code == 200, ruled.text
        if ruling == "suspend":
            [match] = await world.queue()
            first = await world.decide(match, "accept")
            assert (first["state"], first["reason"]) == ("review", "makes_late")
    assert await world.verdict(duty) == "unknown"
