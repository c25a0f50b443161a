"""An address that a unit names in its reply is read by the collector, wherever it stands."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.projects.named_addresses import placing, rules
from shared.clock import now
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk, serving
from tests.projects.rectifying import PATH, REPLY
from tests.projects.test_rectification_recaptured import settled
from tests.projects.unruly_portal import UnrulyPortal


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def ordered(world: World) -> str:
    """A duty that is overdue is ordered to be published; the order's id."""
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    answer = await world.desk.client.post(
        PATH, json={"duty_id": duty, "demand": "请限期公开"}, headers=world.as_("auditor")
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def replied(world: World, order: str, url: str) -> dict[str, Any]:
    """The answer to a reply that names the address, or what will become of it."""
    answer = await world.desk.client.post(
        f"{PATH}/{order}/reply",
        json={**REPLY, "url": url},
        headers=world.as_("officer", world.unit),
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["recapture"])


async def page_of(world: World, order: str) -> dict[str, Any]:
    """How far the address of the last reply was read, after the collector was asked for it."""
    async with world.desk.sessions() as session, session.begin():
        await placing.place(session, now())
    await world.desk.collector.work(now())
    await world.desk.match()
    answer = await world.desk.client.get(f"{PATH}/{order}", headers=world.as_("auditor"))
    steps = [step for step in answer.json()["steps"] if step["step"] == "replied"]
    return dict(steps[-1]["page"])


async def allow(world: World) -> None:
    """An administrator lets what stands for the host without a list be read on a private address,
    and some hours pass. It is off, for it has no list, and stays so."""
    admin, client = world.as_("admin"), world.desk.client
    found = await client.get(f"/api/v1/portals?unit={world.unit}", headers=admin)
    [portal] = [one for one in found.json()["items"] if not one["has_list"]]
    assert (portal["enabled"], portal["is_public"], portal["allow_private"]) == (False,) * 3
    asked = {name: portal[name] for name in ("name", "unit_code", "start_url", "version")}
    asked |= {"allow_private": True, "interval_ms": 0}
    path = f"/api/v1/portals/{portal['id']}"
    refused = await client.put(path, json={**asked, "enabled": True}, headers=admin)
    assert refused.json()["errors"][0]["pointer"] == "/body/enabled"
    allowed = await client.put(path, json={**asked, "enabled": False}, headers=admin)
    assert allowed.status_code == 200, allowed.text
    await world.desk.do("UPDATE portal_host SET free_at = now()")
    await world.desk.do(
        "UPDATE portal_page SET checked_at = checked_at - interval '7 hours' WHERE portal_id = :id",
        id=portal["id"],
    )


async def test_an_address_on_no_column_is_read_by_itself_and_confirmed_by_people(
    world: World,
) -> None:
    order, other = await ordered(world), UnrulyPortal()
    world.publish(at="/x", listed=False)
    other.pages["/x"] = world.served.pages.pop("/x")
    async with serving(other) as elsewhere:
        told = await replied(world, order, f"{elsewhere}/x#top")
        assert told["portal_id"] is None
        assert "单独读取" in told["zh"]
        # It stands on a private address, which nobody has allowed: nothing is asked there.
        page = await page_of(world, order)
        assert (page["state"], page["fault"]) == ("unreadable", "address_refused")
        assert (other.asked, await world.queue()) == ([], [])
        await allow(world)
        page = await page_of(world, order)
        assert (page["state"], page["evidence_id"] is None) == ("read", False)
        # Whatever a unit names keeps nothing from being said until people have looked.
        [waiting] = await world.queue()
        assert waiting["reason"] == "named_by_unit"
        assert (await settled(world, order))["verdict"] == "overdue"
        await world.decide_by_two("accept")
        closed = await settled(world, order)
    # It is seen when it was read, neither when somebody named it nor when it claims to be of.
    assert (closed["closing"], closed["rectified"], closed["verdict"]) == ("proof", True, "late")
    assert closed["proof"]["url"] == f"{elsewhere}/x"
    assert closed["proof"]["evidence_id"] == page["evidence_id"]
    assert closed["proof"]["observed_at"] >= page["checked_at"]


async def test_a_column_of_the_unit_takes_the_address_in_also_where_its_list_is_silent(
    world: World,
) -> None:
    order = await ordered(world)
    told = await replied(world, order, f"{world.address}/c")
    assert told["portal_id"] == world.portals[0]
    assert (await page_of(world, order))["state"] == "gone"  # named before it was there
    assert await world.queue() == []
    named = now()
    world.publish("关于道路绿化养护的公告", at="/c", code=None)
    await world.walk()  # what a list shows later came with the list
    seen = "SELECT first_seen_at, content_seen_at FROM portal_page WHERE url = :url"
    (row,) = await world.desk.rows(seen, url=f"{world.address}/c")
    assert min(row["first_seen_at"], row["content_seen_at"]) > named
    world.publish(at="/b", listed=False)
    auditor = world.as_("auditor")
    for times in (1, 2):  # read again whenever it is named again
        back = await world.desk.client.post(
            f"{PATH}/{order}/return", json={"reason": "打不开"}, headers=auditor
        )
        assert back.status_code == 200, back.text
        asked = world.served.paths.count("/b")
        await replied(world, order, f"{world.address}/b")
        page = await page_of(world, order)
        assert (page["state"], page["fault"]) == ("read", None), times
        assert world.served.paths.count("/b") > asked
    await world.decide_by_two("accept")
    closed = await settled(world, order)
    assert (closed["closing"], closed["verdict"]) == ("proof", "late")


@pytest.mark.parametrize(
    ("one", "other", "are_same"),
    [
        ("https://a.gov.cn/x.htm", "https://a.gov.cn/y/z.htm?id=1", True),
        ("https://A.gov.cn/x.htm", "https://a.gov.cn/x.htm", True),
        ("https://a.gov.cn/x.htm", "https://a.gov.cn:8443/x.htm", False),
        ("https://a.gov.cn/x.htm", "https://b.gov.cn/x.htm", False),
    ],
)
def test_a_unit_has_one_place_for_the_addresses_of_a_host(
    one: str, other: str, are_same: bool
) -> None:
    first, second = (rules.portal_without_list("D07", url, now()) for url in (one, other))
    assert (first.id == second.id) is are_same
    assert first.id != rules.portal_without_list("D08", one, now()).id
    assert len(first.id) <= 40
