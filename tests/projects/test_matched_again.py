"""Whatever matching goes by may become known after a page was collected: it is matched again."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Headers
from tests.projects import make
from tests.projects.absence_world import NAMES_ITEM, World, long_ago, new_world
from tests.projects.collecting_world import Desk


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def published_of(world: World, duty: str) -> list[str]:
    """What was published of the duty's publication, in its order."""
    sql = "SELECT body FROM outbox WHERE subject LIKE :subject ORDER BY position"
    rows = await world.desk.rows(sql, subject=f"projects.publication.%.v1.{world.unit}")
    bodies = [json.loads(row["body"]) for row in rows]
    return [each["type"].split(".")[2] for each in bodies if each["data"]["duty_id"] == duty]


async def test_a_duty_recorded_after_its_page_was_collected_is_on_time(world: World) -> None:
    world.publish()
    await world.register()
    await world.open()
    await world.walk(2)
    duty = await world.record()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.desk.match()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_what_the_matcher_took_back_a_person_gives_back(world: World) -> None:
    world.publish()
    await world.register()
    first = await world.record()
    await world.open()
    await world.walk(2)
    second = await world.record(kind="decided")
    await world.desk.match()
    assert [await world.verdict(duty) for duty in (first, second)] == ["unknown"] * 2
    sql = "SELECT kind FROM publication_fact WHERE duty_id = CAST(:id AS uuid) ORDER BY id"
    assert [row["kind"] for row in await world.desk.rows(sql, id=first)][-1] == "taken_back"
    assert await published_of(world, first) == ["found", "taken_back"]
    overdue = "SELECT 1 FROM verdict_event WHERE unit_code = :u AND to_verdict = 'overdue'"
    assert await world.desk.rows(overdue, u=world.unit) == []
    [match] = [each for each in await world.queue() if each["duty"]["id"] == first]
    answer = await world.desk.client.post(
        f"/api/v1/matches/{match['id']}/accept",
        json={"version": match["version"]},
        headers=world.as_("auditor", "*"),
    )
    assert answer.json()["state"] == "accepted", answer.text
    await world.walk(2)
    assert [await world.verdict(duty) for duty in (first, second)] == ["on_time", "unknown"]
    assert await published_of(world, first) == ["found", "taken_back", "found"]
    assert [each["duty"]["id"] for each in await world.queue()] == [second]


async def test_a_page_of_two_items_may_publish_the_one_that_is_recorded_later(world: World) -> None:
    permit = {"item_code": "MP-02-13", "columns": [], "words": ["施工许可"]}
    world.publish(f"{world.name}建议书批复暨施工许可")
    await world.register()
    first = await world.record()
    await world.open(items=(NAMES_ITEM, permit))
    await world.walk(2)
    assert await world.verdict(first) == "on_time"
    second = await world.record(item_code="MP-02-13")
    await world.walk(2)
    assert [await world.verdict(duty) for duty in (first, second)] == ["unknown"] * 2


async def test_what_was_matched_after_another_took_its_place_is_taken_back(world: World) -> None:
    other = World(world.desk, world.as_, world.served, world.address, world.unit)
    await world.register()
    await world.open()
    world.publish()
    await world.walk()
    other.publish()
    await world.walk()
    first = await world.record()
    await world.desk.match()
    assert await world.verdict(first) == "withdrawn"
    second = await world.record(kind="decided")
    await world.desk.match()
    assert [await world.verdict(duty) for duty in (first, second)] == ["unknown"] * 2


@pytest.mark.parametrize("is_late", [False, True], ids=["in time", "late"])
async def test_what_stands_at_the_place_of_what_is_taken_back_counts_as_before(
    world: World, is_late: bool
) -> None:
    """Or, where it means late alone, is for a person: nobody was asked about it."""
    day = long_ago()
    world.publish(text="批复文号：宁发改审批〔2026〕12号")
    await world.register()
    first = await world.record(on=day)
    await world.open()
    await world.walk(2)
    world.publish(text=f"批复文号：宁发改审批〔2026〕13号；批复时间：{day}")
    await world.walk(2)
    accepted = (
        "SELECT p.gone_at IS NOT NULL AS is_gone FROM page_match m JOIN portal_page p"
        " ON p.id = m.page_id WHERE m.duty_id = CAST(:id AS uuid) AND m.state = 'accepted'"
    )
    assert sorted(row["is_gone"] for row in await world.desk.rows(accepted, id=first)) == [
        False,
        True,
    ]
    if not is_late:
        await world.desk.do(
            "UPDATE portal_page SET content_absent_at = NULL WHERE portal_id = :id",
            id=world.portals[0],
        )
    second = await world.record(on=long_ago(29))
    await world.desk.match()
    left = [row["is_gone"] for row in await world.desk.rows(accepted, id=first)]
    assert left == ([] if is_late else [False])
    verdict = "unknown" if is_late else "on_time"
    assert [await world.verdict(duty) for duty in (first, second)] == [verdict, "unknown"]
    reasons = [each["reason"] for each in await world.queue() if each["duty"]["id"] == first]
    assert ("makes_late" in reasons) == is_late
    [*_, last] = await published_of(world, first)
    assert (last == "taken_back") == is_late


async def test_an_event_of_another_item_leaves_a_page_of_the_project_alone(world: World) -> None:
    world.publish()
    await world.register()
    first = await world.record()
    await world.open()
    await world.walk(2)
    sql = "SELECT id FROM publication_fact WHERE duty_id = CAST(:id AS uuid) ORDER BY id"
    before = await world.desk.rows(sql, id=first)
    await world.record(item_code="MP-02-02")
    await world.desk.match()
    assert await world.desk.rows(sql, id=first) == before
    assert (await world.verdict(first), await world.queue()) == ("on_time", [])


async def test_a_walk_before_the_duty_was_recorded_proves_nothing_of_it(world: World) -> None:
    await world.register()
    await world.open()
    await world.walk(2)
    duty = await world.record()
    await world.desk.match()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"


@pytest.mark.parametrize("change", ["name", "alias", "code"])
async def test_another_name_or_code_of_the_project_is_looked_for_in_old_pages(
    world: World, change: str
) -> None:
    other, code = f"{world.name[:-4]}特大桥", make.project_code()
    if change == "code":
        world.publish("关于某项目建议书的批复", code=code)
    else:
        world.publish(f"{other}建议书批复", code=None)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    changed: dict[str, dict[str, Any]] = {
        "name": {"name": other},
        "alias": {"aliases": [other]},
        "code": {"aliases": [code]},
    }
    await world.register(**changed[change])
    await world.desk.match()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_aliases_stay_where_a_change_does_not_name_them(world: World) -> None:
    await world.register(aliases=["老名字大桥"])
    await world.register(phase="bidding")
    found = await world.desk.client.get("/api/v1/projects", params={"q": "老名字大桥"})
    [project] = [p for p in found.json()["items"] if p["code"] == world.project]
    assert project["aliases"] == ["老名字大桥"]


async def test_a_new_name_suspends_the_proof_until_the_portals_were_read_again(
    world: World,
) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    await world.register(aliases=["另一个名字的工程"])
    await world.desk.match()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"


async def test_a_new_cue_of_a_portal_is_looked_for_in_old_pages(world: World) -> None:
    world.publish()
    await world.register()
    duty = await world.record()
    portal_id = await world.open(items=())
    await world.walk(2)
    [unclear] = await world.queue()
    assert unclear["reason"] == "item_unclear"
    await world.desk.rule(
        portal_id, {"list": {"rows": "li", "date": "span"}, "items": [NAMES_ITEM]}
    )
    await world.desk.match()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_new_portal_of_the_unit_suspends_every_earlier_proof(world: World) -> None:
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk(2)
    assert await world.verdict(duty) == "overdue"
    world.publish(at="/b", listed=False)
    world.served.pages["/second"] = '<li><a href="/b">公示</a><span>2026-01-05</span></li>'
    await world.open("/second")
    await world.desk.match()
    assert await world.verdict(duty) == "unknown_source_down"
    await world.walk()
    assert await world.verdict(duty) == "on_time"
