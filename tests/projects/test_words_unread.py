"""What nobody could read is neither complete nor missing: it mends no finding and proves no cure;
and one page that nobody can read does not keep its whole unit from ever being judged."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.projects.rectification import settling
from shared.clock import now
from tests.conftest import Headers
from tests.projects.absence_world import NAMES_ITEM, World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.rectifying import PATH
from tests.projects.unruly_portal import listing

JUDGED = {
    "list": {"rows": "li", "date": "span"},
    "items": [dict(NAMES_ITEM)],
    "detail": {"judges_elements": True},
}
DEAD_LINK = '<a href="https://other.example/x.pdf">批复全文</a>'


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def open_judged(world: World) -> None:
    """A portal whose pages show their elements as labels."""
    portal_id = f"t-{uuid4().hex[:10]}"
    await world.desk.portal(portal_id, f"{world.address}/list", world.unit, JUDGED)
    world.portals.append(portal_id)


async def ordered(world: World, duty: str) -> dict[str, Any]:
    body = {"duty_id": duty, "demand": "请补全要素"}
    client, auditor = world.desk.client, world.as_("auditor", sub="auditor-a")
    return dict((await client.post(PATH, json=body, headers=auditor)).json())


async def state_of(world: World, order: dict[str, Any]) -> str:
    async with world.desk.sessions() as session, session.begin():
        await settling.settle(session, now())
    found = await world.desk.client.get(f"{PATH}/{order['id']}", headers=world.as_("auditor"))
    return str(found.json()["state"])


async def test_a_file_that_nobody_can_read_completes_no_page_and_closes_no_order(
    world: World,
) -> None:
    world.publish()
    await world.register()
    duty = await world.record()
    await open_judged(world)
    await world.walk(2)
    assert (await world.verdict(duty), await world.queue()) == ("incomplete", [])
    order = await ordered(world, duty)
    assert order["cause"] == "incomplete", order

    world.publish(text=DEAD_LINK)
    await world.walk()
    assert (await world.verdict(duty), await state_of(world, order)) == ("incomplete", "issued")
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (duty, "page_unreadable")
    facts = "SELECT elements_judged FROM publication_fact WHERE duty_id = :id ORDER BY id"
    judged = [row["elements_judged"] for row in await world.desk.rows(facts, id=duty)]
    assert (judged[0], judged[-1]) == (True, False)

    await world.decide(match, "accept")
    await world.walk()
    assert (await world.queue(), await world.verdict(duty)) == ([], "incomplete")


async def test_an_entry_that_stays_unread_keeps_open_what_its_title_is_about_and_nothing_else(
    world: World,
) -> None:
    day = long_ago() + timedelta(days=3)
    world.served.pages["/list"] = listing(f"/error/a|10月份建议书批复结果公示|{day}")
    await world.register()
    duty, of_another_item = await world.record(), await world.record(item_code="MP-02-13")
    await world.open()
    await world.walk(2)
    verdicts = [await world.verdict(each) for each in (duty, of_another_item)]
    assert verdicts == ["unknown_source_down"] * 2
    await world.desk.do(
        "UPDATE portal_page SET unread_since = unread_since - interval '2 days'"
        " WHERE portal_id = :id",
        id=world.portals[0],
    )
    await world.walk(2)
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (duty, "page_unreadable")
    verdicts = [await world.verdict(each) for each in (duty, of_another_item)]
    assert verdicts == ["unknown", "overdue"]
    world.served.pages["/error/a"] = "<h1>10月份建议书批复结果公示</h1><p>另行通知。</p>"
    await world.walk(2)
    assert (await world.queue(), await world.verdict(duty)) == ([], "overdue")
