"""The day of a portal's move stands in the addresses of all of its pages and proves nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from services.projects.reading.claims import Flag, claim_of
from services.projects.reading.details import read_page
from services.projects.reading.rule import DetailRule
from shared import clock
from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def put(world: World, portal_id: str, **changes: Any) -> dict[str, Any]:
    path, admin = f"/api/v1/portals/{portal_id}", world.as_("admin", "*")
    known = (await world.desk.client.get(path, headers=admin)).json()
    named = ("name", "unit_code", "start_url", "allow_private", "interval_ms", "version")
    body = {name: known[name] for name in named} | changes
    answer = await world.desk.client.put(path, json=body, headers=admin)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_marks_of_the_day_of_a_move_say_nothing(world: World) -> None:
    moved_on = clock.today(clock.now()) - timedelta(days=4)
    at = f"/{moved_on:%Y%m}/t{moved_on:%Y%m%d}_107687.htm"
    world.publish(at=at)
    await world.register()
    duty = await world.record()
    portal_id = await world.open()
    await world.walk()
    assert await world.verdict(duty) == "time_disputed"
    shown = await put(world, portal_id, moves=[{"on": str(moved_on - timedelta(days=1))}])
    await world.desk.collect(portal_id)
    assert await world.verdict(duty) == "time_disputed"
    shown = await put(world, portal_id, moves=[{"on": str(moved_on)}])
    assert shown["moves"] == [{"on": str(moved_on)}]
    await world.desk.collect(portal_id)
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
    assert (await put(world, portal_id, every_minutes=60))["moves"] == shown["moves"]
    world.served.asked.clear()
    await world.desk.collect(portal_id)
    assert at not in world.served.paths, "a page whose mark was void is not asked for each time"


async def test_a_page_read_after_the_move_was_declared_is_believed_at_once(world: World) -> None:
    moved_on = clock.today(clock.now()) - timedelta(days=4)
    world.publish(at=f"/{moved_on:%Y%m}/t{moved_on:%Y%m%d}_107687.htm")
    await world.register()
    duty = await world.record()
    portal_id = await world.open()
    await put(world, portal_id, moves=[{"on": str(moved_on)}])
    await world.walk()
    assert await world.verdict(duty) == "on_time"


async def test_a_portal_that_moves_during_a_walk_takes_nothing_of_where_it_stood(
    world: World,
) -> None:
    world.publish()
    portal_id = await world.open()

    async def move() -> None:
        # Its list looks otherwise there.
        rows = '<li class="new"><p><a href="/a">公示</a></p><span>2026-01-05</span></li>'
        world.served.pages["/new"] = f"<html><body><ul>{rows}</ul></body></html>"
        await put(world, portal_id, start_url=f"{world.address}/new")

    world.served.when_asked["/list"] = move
    [run] = await world.walk()
    known = "SELECT layout, walked_at, proven_at FROM portal WHERE id = :id"
    [portal] = await world.desk.rows(known, id=portal_id)
    assert (run.state, *portal.values()) == ("finished", None, None, None)
    [run] = await world.walk()
    [portal] = await world.desk.rows(known, id=portal_id)
    assert (run.errors, run.proves_absence) == ([], True)
    assert (portal["layout"] is None, portal["walked_at"]) == (False, run.started_at)


async def test_a_portal_that_is_read_again_proves_nothing_of_the_days_on_which_nobody_read_it(
    world: World,
) -> None:
    await world.register()
    duty = await world.record()
    closed, _ = await world.open(), await world.open("/other")
    world.served.pages["/other"] = world.served.pages["/list"]
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    for enabled, verdict in ((False, "overdue"), (True, "unknown_source_down")):
        await put(world, closed, enabled=enabled)
        await world.desk.match()
        assert await world.verdict(duty) == verdict
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"


@pytest.mark.parametrize(("apart", "is_disputed"), [(0, False), (1, False), (2, True)])
def test_meta_and_label_that_lie_a_day_apart_are_no_dispute(apart: int, is_disputed: bool) -> None:
    now, day = clock.now(), long_ago()
    html = (
        f'<meta name="PubDate" content="{day} 23:50"><h1>某工程建议书批复</h1>'
        f"<p>发布时间：{day + timedelta(days=apart)} 00:10</p><p>正文</p>"
    )
    reading = read_page(html, "https://a.gov.cn/a.htm", DetailRule(), now)
    claim = claim_of(reading, listed_on=None, header_at=None, now=now)
    assert (claim.is_disputed, Flag.META_AND_LABEL_DIFFER in claim.flags) == (is_disputed,) * 2


async def test_a_page_on_another_units_portal_is_of_the_unit_that_it_names_as_its_source(
    world: World, as_: Headers
) -> None:
    async with new_world(world.desk, as_) as other:
        alias = f"{world.unit}办公室"
        source = f'<meta name="ContentSource" content="{alias}">'
        other.publish(f"{world.name}建议书批复", code=world.project)
        other.served.pages["/a"] = source + str(other.served.pages["/a"])
        await world.register()
        duty = await world.record()
        await other.open()
        await other.walk()
        [match] = await world.queue()
        assert match["reason"] == "other_unit"
        body = {"name": "测试单位", "valid_from": "2000-01-01", "aliases": [alias], "version": 1}
        path, admin = f"/api/v1/units/{world.unit}", as_("admin", "*")
        answer = await world.desk.client.put(path, json=body, headers=admin)
        assert answer.status_code == 200, answer.text
        await world.desk.match()
        assert (await world.verdict(duty), await world.queue()) == ("on_time", [])
        # By its name alone, without a code, as well.
        bare = make.project_code()
        other.publish(f"{world.name}二桥建议书批复", at="/b", code=None)
        other.served.pages["/b"] = source + str(other.served.pages["/b"])
        world.project, world.version, world.name = bare, 0, f"{world.name}二桥"
        await world.register()
        second = await world.record()
        await other.walk()
        assert await world.verdict(second) == "on_time"


@pytest.mark.parametrize("is_recorded_first", [True, False])
async def test_a_page_that_names_another_unit_is_found_also_where_its_duty_comes_later(
    world: World, as_: Headers, is_recorded_first: bool
) -> None:
    async with new_world(world.desk, as_) as other:
        alias = f"{world.unit}办公室"
        body = {"name": "测试单位", "valid_from": "2000-01-01", "aliases": [alias], "version": 1}
        path, admin = f"/api/v1/units/{world.unit}", as_("admin", "*")
        answer = await world.desk.client.put(path, json=body, headers=admin)
        assert answer.status_code == 200, answer.text
        other.publish(f"{world.name}建议书批复", code=None)
        source = f'<meta name="ContentSource" content="{alias}">'
        other.served.pages["/a"] = source + str(other.served.pages["/a"])
        await other.open()
        if is_recorded_first:
            await world.register()
            duty = await world.record()
        await other.walk()
        if not is_recorded_first:
            await world.register()
            duty = await world.record()
            await world.desk.match()
        assert await world.verdict(duty) == "on_time"
