"""An order is closed by what the collector finds itself, from the portal to the proof."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.projects.rectification import settling
from shared.clock import now
from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.rectifying import PATH, REPLY


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def ordered(world: World, duty: str) -> str:
    """The duty is overdue and ordered to be put right; the unit replies at once. The order's id."""
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    body = {"duty_id": duty, "demand": "请限期公开"}
    client, auditor = world.desk.client, world.as_("auditor", sub="auditor-a")
    answer = await client.post(PATH, json=body, headers=auditor)
    assert answer.status_code == 201, answer.text
    order = str(answer.json()["id"])
    officer = world.as_("officer", world.unit)
    replied = await client.post(f"{PATH}/{order}/reply", json=REPLY, headers=officer)
    assert replied.status_code == 200, replied.text
    return order


async def settled(world: World, order: str) -> dict[str, Any]:
    """The order, after what is known of its duty was looked at."""
    async with world.desk.sessions() as session, session.begin():
        await settling.settle(session, now())
    answer = await world.desk.client.get(f"{PATH}/{order}", headers=world.as_("auditor"))
    return dict(answer.json())


async def test_a_page_that_appears_after_the_order_is_captured_and_proves_it(world: World) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    order = await ordered(world, duty)
    world.publish()
    await world.walk()
    assert (await settled(world, order))["state"] == "replied"  # two persons say that it is late
    await world.decide_by_two("accept")
    closed = await settled(world, order)
    assert (closed["state"], closed["closing"], closed["verdict"]) == ("closed", "proof", "late")
    proof = closed["proof"]
    assert (proof["url"], proof["evidence_id"] is None) == (f"{world.address}/a", False)
    assert proof["observed_at"] > closed["issued_at"]


async def test_a_page_that_was_there_all_along_and_is_only_now_known_proves_nothing(
    world: World,
) -> None:
    other = "滨江立交及接线道路改造项目"
    world.publish(f"{other}建议书批复", code=None, claimed_on=long_ago(5))
    await world.register()
    duty = await world.record()
    await world.open()
    order = await ordered(world, duty)
    await world.register(aliases=[other])
    await world.desk.match()
    await world.decide_by_two("accept")
    assert await world.verdict(duty) == "late"
    await world.walk()  # there it is seen after the order as well
    lifted = await settled(world, order)
    assert (lifted["closing"], lifted["rectified"]) == ("finding_lifted", False)
    assert lifted["proof"] is None
