"""What becomes of the rows of a page that changes: gone, doubtful, moved, or as they were."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.test_pages_publish_many import (
    HEADS,
    TITLE,
    accept_all,
    duties_of,
    others,
    publications,
    row,
)
from tests.projects.unruly_portal import table


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


async def verdicts(world: World, duties: list[str]) -> list[str]:
    return [await world.verdict(duty) for duty in duties]


async def test_rows_are_back_with_their_page_also_where_it_says_that_nothing_changed(
    world: World,
) -> None:
    projects = others(world, 2)
    world.publish(
        TITLE, code=None, text=table([row(1, projects[0]), row(2, projects[1])], heads=HEADS)
    )
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    page = world.served.pages.pop("/a")
    await world.walk()
    assert await verdicts(world, duties) == ["withdrawn"] * 2
    world.served.pages["/a"] = page
    await world.walk()
    assert await verdicts(world, duties) == ["on_time"] * 2


async def test_rows_that_vanish_all_at_once_from_a_page_that_stands_are_put_to_a_person(
    world: World,
) -> None:
    projects = others(world, 2)
    rows = [row(n, p) for n, p in enumerate(projects, 1)]
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    world.publish(TITLE, code=None, text="本页面已改版，请见附件。")
    await world.walk(2)
    assert await verdicts(world, duties) == ["on_time"] * 2
    assert [match["reason"] for match in await world.queue()] == ["page_unreadable"] * 2
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    await world.walk()
    assert (await verdicts(world, duties), await world.queue()) == (["on_time"] * 2, [])


@pytest.mark.parametrize("changed", [(0, 1), (1,)])
async def test_rows_of_one_project_without_numbers_are_never_taken_for_each_other(
    world: World, changed: tuple[int, ...]
) -> None:
    heads = ["项目名称", "建设内容"]
    rows = [["河道整治工程", "上游段"], ["河道整治工程", "下游段"], ["水厂工程", "泵房"]]
    world.publish(TITLE, code=None, text=table(rows, heads=heads))
    await world.open()
    await world.walk()
    sql = "SELECT id, title, detail_state FROM portal_page WHERE parent_id IS NOT NULL"
    before = {each["title"]: each for each in await _rows(world, sql)}
    rows = [rows[1], rows[0], rows[2]]
    for at in changed:
        rows[at] = [rows[at][0], f"{rows[at][1]}(更正)"]
    world.publish(TITLE, code=None, text=table(rows, heads=heads))
    await world.walk()
    after = {each["title"]: each for each in await _rows(world, sql)}
    if changed == (1,):
        assert after["河道整治工程 下游段"]["id"] == before["河道整治工程 下游段"]["id"]
        assert after["河道整治工程 上游段(更正)"]["id"] == before["河道整治工程 上游段"]["id"]
        return
    unclear = [each["detail_state"] for title, each in after.items() if title in before]
    assert sorted(unclear) == ["read", "unreadable", "unreadable"]
    fresh = [title for title in after if title not in before]
    assert sorted(fresh) == ["河道整治工程 上游段(更正)", "河道整治工程 下游段(更正)"]


@pytest.mark.parametrize("is_named", [False, True])
async def test_a_row_that_is_new_beside_unclear_ones_of_another_project_was_not_there_before(
    world: World, is_named: bool
) -> None:
    heads = ["序号", "项目代码", *["项目名称"] * is_named, "审批事项"]
    one, two = ([each.project, *["河道整治工程"] * is_named] for each in others(world, 2))
    world.publish(TITLE, code=None, text=table([["1", *one, "甲"], ["2", *one, "乙"]], heads=heads))
    await world.open()
    await world.walk()
    sql = "SELECT * FROM portal_page WHERE parent_id IS NOT NULL"
    before = {each["id"]: each for each in await _rows(world, sql)}
    rows = [["1", *one, "甲(更正)"], ["2", *one, "乙(更正)"], ["3", *two, "丙"]]
    world.publish(TITLE, code=None, text=table(rows, heads=heads))
    await world.walk()
    after = {each["title"]: each for each in await _rows(world, sql) if each["id"] not in before}
    assert [*after] == [" ".join(each[1:]) for each in rows]
    *corrected, new = after.values()
    seen_at = min(each["content_seen_at"] for each in before.values())
    assert [each["content_seen_at"] for each in corrected] == [seen_at] * 2
    assert new["content_seen_at"] == new["checked_at"] > seen_at
    assert new["content_absent_at"] > seen_at - timedelta(days=3)


async def _rows(world: World, sql: str) -> list[Any]:
    return await world.desk.rows(f"{sql} AND portal_id = :id ORDER BY id", id=world.portals[0])


async def test_a_day_before_the_decision_is_not_claimed_for_a_row_that_gives_no_day(
    world: World,
) -> None:
    projects = others(world, 2)
    rows = [row(n, p)[:4] for n, p in enumerate(projects, 1)]
    text = table(rows, heads=HEADS[:4])
    world.publish(TITLE, code=None, text=text, claimed_on=long_ago(80))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    assert await verdicts(world, duties) == ["unknown"] * 2


async def test_many_rows_that_move_to_another_page_are_not_withdrawn_meanwhile(
    world: World,
) -> None:
    projects = others(world, 24)
    text = table([row(n, p) for n, p in enumerate(projects, 1)], heads=HEADS)
    world.publish(TITLE, code=None, text=text)
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    del world.served.pages["/a"]
    world.publish(TITLE, code=None, text=text, at="/b")
    await world.walk()
    assert await verdicts(world, duties) == ["on_time"] * 24
    found = await world.desk.rows(
        "SELECT 1 FROM publication_fact f JOIN duty d ON d.id = f.duty_id"
        " WHERE d.unit_code = :unit AND f.kind = 'gone'",
        unit=world.unit,
    )
    assert found == []


async def test_a_row_that_is_taken_out_is_withdrawn_also_where_its_page_was_its_alone_before(
    world: World,
) -> None:
    projects = others(world, 3)
    rows = [row(n, p) for n, p in enumerate(projects, 1)]
    world.publish(TITLE, code=projects[0].project, text=table(rows[:1], heads=HEADS))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    await accept_all(world)
    assert await world.verdict(duties[0]) == "on_time"
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    await world.walk()
    assert len(await publications(world)) == 3
    world.publish(TITLE, code=None, text=table(rows[1:], heads=HEADS))
    await world.walk(2)
    assert await world.verdict(duties[0]) == "withdrawn"
    # No table is read of it any more: that says nothing of what is withdrawn.
    world.publish(TITLE, code=None, text="本页面已改版，请见附件。")
    await world.walk()
    assert await world.verdict(duties[0]) == "withdrawn"
    world.publish(TITLE, code=None, text=table(rows[1:2], heads=HEADS))
    await world.walk()
    assert await world.verdict(duties[0]) == "withdrawn", "it shows another project alone"
    world.publish(TITLE, code=None, text=table(rows[:1], heads=HEADS))
    await world.walk()
    assert await world.verdict(duties[0]) == "on_time"
