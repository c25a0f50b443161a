"""A picture keeps the duties of its item open unless it was absent after the limit."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing

TITLE = "10月份建议书批复结果公示"


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


def show(world: World) -> None:
    """A list of one entry, whose page is a picture."""
    day = long_ago() + timedelta(days=3)
    world.served.pages["/list"] = listing(f"/a|{TITLE}|{day}")
    said = f"<h1>{TITLE}</h1><p>发布时间：{day} 来源：发改委</p>"
    world.served.pages["/a"] = f'{said}<p><img src="a.jpg"></p>'


async def test_a_picture_put_up_after_the_limit_lifts_no_finding_until_a_person_has_looked(
    world: World,
) -> None:
    world.publish_nothing()
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    show(world)
    await world.walk()
    [match] = await world.queue()
    assert (await world.verdict(duty), match["reason"]) == ("overdue", "page_unreadable")
    rejected = await world.decide(match, "reject")
    assert (rejected["state"], await world.verdict(duty)) == ("rejected", "overdue")


async def test_a_picture_that_uses_the_title_of_one_that_is_gone_has_not_moved(
    world: World,
) -> None:
    show(world)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    await world.decide_by_two("reject")
    assert await world.verdict(duty) == "overdue"
    del world.served.pages["/a"]
    world.served.pages["/list"] = listing(f"/b|{TITLE}|{long_ago()}")
    world.served.pages["/b"] = f"<h1>{TITLE}</h1><p>来源：本局</p><p><img src='b.jpg'></p>"
    for _ in range(3):
        await world.walk()
        assert await world.verdict(duty) == "overdue"
    assert [match["reason"] for match in await world.queue()] == ["page_unreadable"]


async def test_a_limit_that_is_moved_past_its_absence_has_a_picture_keep_the_duty_open(
    world: World,
) -> None:
    world.publish_nothing()
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    show(world)
    await world.walk(2)
    # It was not there a week ago, when the limit was over for some days.
    await world.desk.do(
        "UPDATE portal_page SET content_absent_at = now() - interval '7 days'"
        " WHERE portal_id = :id AND content_absent_at IS NOT NULL",
        id=world.portals[0],
    )
    await world.desk.match()
    assert await world.verdict(duty) == "overdue"
    path, auditor = f"/api/v1/duties/{duty}", world.as_("auditor", "*")
    version = (await world.desk.client.get(path, headers=auditor)).json()["version"]
    order = {"document": "宁发改函〔2026〕8号", "reason": "依法延长", "version": version, "days": 9}
    other = world.as_("auditor", "*", sub="auditor-b")
    extended = await make.by_two(world.desk.client, duty, "extend", order, auditor, other)
    assert extended.status_code == 200, extended.text
    await world.desk.match()
    assert await world.verdict(duty) == "unknown"
    [match] = await world.queue()
    rejected = await world.decide(match, "reject")
    assert (rejected["reason"], await world.verdict(duty)) == ("makes_overdue", "unknown")


async def test_a_picture_that_has_moved_keeps_its_duty_open(world: World) -> None:
    show(world)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    day = long_ago() + timedelta(days=3)
    world.served.pages["/b"] = world.served.pages.pop("/a")
    world.served.pages["/list"] = listing(f"/b|{TITLE}|{day}")
    for _ in range(3):
        await world.walk()
        assert await world.verdict(duty) == "unknown"
