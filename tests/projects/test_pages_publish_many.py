"""One page may publish many: each row of its table, each project that its title names."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Headers
from tests.projects.absence_world import World, long_ago, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import table

HEADS = ("序号", "项目名称", "项目统一代码", "批复文号", "批复时间")
TITLE = "近期项目建议书批复情况公示"


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


def others(world: World, number: int) -> list[World]:
    """So many projects of the same unit, shown by the same portal."""
    return [
        World(world.desk, world.as_, world.served, world.address, world.unit) for _ in range(number)
    ]


def row(number: int, each: World, *, code: bool = True) -> list[str]:
    return [
        str(number),
        each.name,
        each.project if code else "-",
        f"宁发改〔2026〕{number}号",
        str(long_ago()),
    ]


async def duties_of(projects: Sequence[World]) -> list[str]:
    for each in projects:
        await each.register()
    return [await each.record() for each in projects]


async def publications(world: World) -> list[dict[str, Any]]:
    sql = "SELECT p.* FROM publication p JOIN duty d ON d.id = p.duty_id WHERE d.unit_code = :u"
    return await world.desk.rows(sql, u=world.unit)


@pytest.mark.parametrize("is_recorded_first", [True, False])
async def test_twenty_rows_are_twenty_publications(world: World, is_recorded_first: bool) -> None:
    projects = others(world, 20)
    world.publish(
        TITLE, code=None, text=table([row(n, p) for n, p in enumerate(projects, 1)], heads=HEADS)
    )
    duties = await duties_of(projects) if is_recorded_first else []
    await world.open()
    await world.walk(2)
    duties = duties or await duties_of(projects)
    await world.desk.match()
    assert [await world.verdict(duty) for duty in duties] == ["on_time"] * 20
    found = await publications(world)
    assert len({each["url"] for each in found}) == len(found) == 20
    assert all(each["url"].startswith(f"{world.address}/a#") for each in found)
    assert await world.queue() == []


async def test_rows_without_codes_wait_for_a_person_and_are_never_overdue(world: World) -> None:
    projects = others(world, 5)
    text = table([row(n, p, code=False) for n, p in enumerate(projects, 1)], heads=HEADS)
    world.publish(TITLE, code=None, text=text)
    duties = await duties_of(projects)
    await world.open()
    await world.walk(3)
    assert [await world.verdict(duty) for duty in duties] == ["unknown"] * 5
    waiting = await world.queue()
    assert {match["duty"]["id"] for match in waiting} == set(duties)
    assert {match["reason"] for match in waiting} == {"row_without_code"}
    assert await accept_all(world) == 5
    assert [await world.verdict(duty) for duty in duties] == ["on_time"] * 5


async def accept_all(world: World) -> int:
    waiting = await world.queue()
    for match in waiting:
        answer = await world.desk.client.post(
            f"/api/v1/matches/{match['id']}/accept",
            json={"version": match["version"]},
            headers=world.as_("auditor", "*"),
        )
        assert answer.json()["state"] == "accepted", answer.text
    return len(waiting)


async def test_a_title_that_names_five_publishes_five_also_where_some_are_known_later(
    world: World,
) -> None:
    projects = others(world, 5)
    world.publish(f"关于{'、'.join(p.name for p in projects)}建议书的批复", code=None)
    known = await duties_of(projects[:2])
    await world.open()
    await world.walk(2)
    assert [await world.verdict(duty) for duty in known] == ["unknown"] * 2
    assert await accept_all(world) == 2
    later = await duties_of(projects[2:])
    await world.desk.match()
    await world.walk(2)
    assert [await world.verdict(duty) for duty in later] == ["unknown"] * 3
    assert await accept_all(world) == 3
    assert [await world.verdict(duty) for duty in known + later] == ["on_time"] * 5


@pytest.mark.parametrize(
    ("number", "marks", "apart"),
    [(2, "both", "<p>{}</p>"), (5, "both", "{}；"), (2, "code", "{}；"), (5, "name", "<p>{}</p>")],
)
async def test_projects_named_in_prose_wait_for_a_person_and_are_never_overdue(
    world: World, number: int, marks: str, apart: str
) -> None:
    projects = others(world, number)
    said = {
        "both": "{p.name}，项目代码：{p.project}，",
        "code": "项目代码{p.project}",
        "name": "{p.name}",
    }
    lines = [f"{n}.{said[marks].format(p=p)}，许可证编号{n}7" for n, p in enumerate(projects, 1)]
    text = "".join(map(apart.format, lines))
    world.publish(TITLE, code=None, text=f"现将有关情况公示如下：</p>{text}<p>特此公示")
    known = await duties_of(projects[:-1])
    await world.open()
    await world.walk(2)
    [later] = await duties_of(projects[-1:])
    await world.desk.match()
    await world.walk(2)
    duties = [*known, later]
    assert [await world.verdict(duty) for duty in duties] == ["unknown"] * number
    assert {match["duty"]["id"] for match in await world.queue()} == set(duties)
    assert await accept_all(world) == number
    assert [await world.verdict(duty) for duty in duties] == ["on_time"] * number


async def test_a_sentence_that_is_mended_is_for_a_person_and_withdraws_nothing(
    world: World,
) -> None:
    projects = others(world, 2)
    lines = [f"<p>{p.name}，许可证编号7</p>" for p in projects]
    world.publish(TITLE, code=None, text="".join(lines))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    assert await accept_all(world) == 2
    world.publish(TITLE, code=None, text=f"{lines[0]}{lines[1].replace('7', '8')}")
    await world.walk()
    assert [await world.verdict(duty) for duty in duties] == ["on_time"] * 2
    assert {match["duty"]["id"] for match in await world.queue()} == {duties[1]}


async def test_a_page_of_one_project_that_cites_anothers_code_in_prose_stays_its_own(
    world: World,
) -> None:
    world.publish(text="<p>与项目代码2401-350000-04-01-000001、2401-350000-04-01-000002配套</p>")
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_row_that_is_taken_out_is_withdrawn_and_the_others_stay(world: World) -> None:
    projects = others(world, 3)
    rows = [row(n, p) for n, p in enumerate(projects, 1)]
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    world.publish(TITLE, code=None, text=table(rows[:2], heads=HEADS))
    await world.walk()
    assert [await world.verdict(d) for d in duties] == ["on_time", "on_time", "withdrawn"]
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    await world.walk()
    assert [await world.verdict(d) for d in duties] == ["on_time"] * 3
    del world.served.pages["/a"]
    await world.walk()
    assert [await world.verdict(d) for d in duties] == ["withdrawn"] * 3


async def test_a_row_that_is_put_in_later_was_absent_before(world: World) -> None:
    projects = others(world, 3)
    rows = [row(n, p) for n, p in enumerate(projects, 1)]
    world.publish(TITLE, code=None, text=table(rows[:2], heads=HEADS))
    duties = await duties_of(projects)
    await world.open()
    await world.walk(2)
    assert [await world.verdict(d) for d in duties] == ["on_time", "on_time", "overdue"]
    world.publish(TITLE, code=None, text=table([rows[2], *rows[:2]], heads=HEADS))
    await world.walk()
    assert [await world.verdict(d) for d in duties[:2]] == ["on_time", "on_time"]
    [match] = await world.queue()
    assert (match["duty"]["id"], match["reason"]) == (duties[2], "makes_late")


async def test_a_mended_row_is_the_same_publication_and_keeps_its_sighting(world: World) -> None:
    projects = others(world, 2)
    rows = [row(n, p) for n, p in enumerate(projects, 1)]
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    before = {each["duty_id"]: each["first_seen_at"] for each in await publications(world)}
    rows[0][1], rows[1][0] = f"{projects[0].name}（更正）", "7"
    world.publish(TITLE, code=None, text=table(rows, heads=HEADS))
    await world.walk(2)
    found = await publications(world)
    assert {each["duty_id"]: (each["first_seen_at"], each["gone_at"]) for each in found} == {
        duty: (seen, None) for duty, seen in before.items()
    }
    assert [await world.verdict(d) for d in duties] == ["on_time"] * 2


async def test_a_row_that_is_called_as_one_before_it_has_an_address_of_its_own(
    world: World,
) -> None:
    heads = ["项目名称", "建设内容"]
    start = "城市轨道交通第十二号线延伸段工程及其配套设施"
    rows = [[f"{start}甲部分", "一"], ["河道整治工程", "二"]]
    world.publish(TITLE, code=None, text=table(rows, heads=heads))
    await world.open()
    await world.walk()
    rows[0] = [f"{start}乙部分", "三"]
    world.publish(TITLE, code=None, text=table(rows, heads=heads))
    [run] = await world.walk()
    assert (run.state, run.error_count) == ("finished", 0)
    sql = "SELECT url FROM portal_page WHERE parent_id IS NOT NULL AND portal_id = :id"
    urls = [each["url"] for each in await world.desk.rows(sql, id=world.portals[0])]
    assert len(urls) == len(set(urls)) == 3


async def test_rows_that_move_to_another_page_are_not_withdrawn(world: World) -> None:
    projects = others(world, 2)
    text = table([row(n, p) for n, p in enumerate(projects, 1)], heads=HEADS)
    world.publish(TITLE, code=None, text=text)
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    before = {each["duty_id"]: each["first_seen_at"] for each in await publications(world)}
    del world.served.pages["/a"]
    world.publish(TITLE, code=None, text=text, at="/b")
    await world.walk(2)
    assert [await world.verdict(d) for d in duties] == ["on_time"] * 2
    found = {each["duty_id"]: each["first_seen_at"] for each in await publications(world)}
    assert found == before


async def test_what_a_page_claimed_before_a_row_was_decided_is_not_the_rows_claim(
    world: World,
) -> None:
    projects = others(world, 2)
    text = table([row(n, p) for n, p in enumerate(projects, 1)], heads=HEADS)
    world.publish(TITLE, code=None, text=text, claimed_on=long_ago() - timedelta(days=40))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    assert [await world.verdict(d) for d in duties] == ["unknown"] * 2


async def test_a_row_that_shows_when_it_was_published_claims_that(world: World) -> None:
    projects = others(world, 2)
    day = long_ago() + timedelta(days=2)
    rows = [[*row(n, p), str(day)] for n, p in enumerate(projects, 1)]
    text = table(rows, heads=[*HEADS, "公开时间"])
    world.publish(TITLE, code=None, text=text, claimed_on=long_ago() - timedelta(days=40))
    duties = await duties_of(projects)
    await world.open()
    await world.walk()
    assert [await world.verdict(d) for d in duties] == ["on_time"] * 2


async def test_a_page_of_one_project_stays_one_publication_whatever_its_tables_hold(
    world: World,
) -> None:
    parts = table([["1#楼", "3200平方米"], ["2#楼", "2800平方米"]], heads=["工程名称", "建设内容"])
    world.publish(code=None, text=parts)
    await world.register()
    duty = await world.record()
    await world.open()
    await world.walk()
    assert (await world.verdict(duty), await world.queue()) == ("on_time", [])


async def test_a_notice_before_the_decision_publishes_none_of_its_rows(world: World) -> None:
    projects = others(world, 2)
    text = table([row(n, p) for n, p in enumerate(projects, 1)], heads=HEADS)
    world.publish("项目建议书拟批准项目公示", code=None, text=text)
    duties = await duties_of(projects)
    await world.open()
    await world.walk(2)
    assert [await world.verdict(d) for d in duties] == ["overdue"] * 2
