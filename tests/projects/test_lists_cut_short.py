"""A list that is cut short proves nothing: the source is at fault until it is read whole."""

from collections.abc import AsyncIterator

import pytest

from services.projects.collecting.models import RunState
from tests.conftest import Headers
from tests.projects.absence_world import World, new_world
from tests.projects.collecting_world import Desk
from tests.projects.unruly_portal import listing

NUMBERED = {"kind": "numbered", "address": "list_{n}", "first": 1}
LINKED = {"kind": "next", "selector": "a.next"}
LOGIN = (
    '<html><body><ul class="nav"><li><a href="/home">首页</a></li></ul>'
    '<form><input name="user"><input type="password"></form></body></html>'
)
CUTS = {"empty": ("", 200), "gone": ("-", 404), "login": (LOGIN, 200), "bare": (listing(), 200)}


@pytest.fixture
async def world(desk: Desk, as_: Headers) -> AsyncIterator[World]:
    async with new_world(desk, as_) as world:
        yield world


def lay_out(world: World, said: str, *, linked: bool) -> None:
    """Three pages of a list whose first one says so; the duty's page is on the last one."""
    world.publish(at="/a", listed=False)
    for number in range(3):
        title = f"{world.name}建议书批复" if number == 2 else f"会议通知{number}"
        at = "/a" if number == 2 else f"/m{number}"
        world.served.pages.setdefault(at, f"<p>{title}</p>")
        follows = f'<a class="next" href="list_{number + 1}">下一页</a>' if number < 2 else ""
        extra = (said if number == 0 else "") + (follows if linked else "")
        path = "/list" if number == 0 else f"/list_{number}"
        world.served.pages[path] = listing(f"{at}|{title}|2026-01-05", extra=extra)


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize(
    ("said", "linked"),
    [("<script>createPageHTML(3, 0)</script>", False), ("<p>共 3 页</p>", True)],
    ids=["numbered", "linked"],
)
async def test_a_list_cut_short_proves_nothing_and_the_source_is_at_fault(
    world: World, cut: str, said: str, linked: bool
) -> None:
    lay_out(world, said, linked=linked)
    page, status = CUTS[cut]
    whole = dict(world.served.pages)
    world.served.pages["/list_1"] = page
    if status != 200:
        world.served.statuses["/list_1"] = status
    await world.register()
    duty = await world.record()
    portal_id = await world.open(pager=LINKED if linked else NUMBERED)
    for run in await world.walk(2):
        assert (run.state, run.list_complete, run.proves_absence) == (RunState.FAILED, False, False)
    assert await world.verdict(duty) == "unknown_source_down"
    (row,) = await world.desk.rows("SELECT health FROM portal WHERE id = :id", id=portal_id)
    assert row["health"] == "down"
    world.served.pages, world.served.statuses = whole, {}
    await world.walk()
    assert await world.verdict(duty) == "on_time"


def lay_out_numbered(world: World, answers: str) -> None:
    """A list that says its length, whose pages are answered by these: "11" answers 2 with 1.

    The duty's page is on the last one. Each page has two entries.
    """
    world.publish(at="/a", listed=False)
    own = f"/a|{world.name}建议书批复|2026-01-05"
    count, pages = len(answers), {}
    for number in range(count):
        names = [f"/m{number}{each}|会议通知{number}{each}|2026-01-05" for each in "ab"]
        for name in names:
            world.served.pages[name.partition("|")[0]] = "<p>正文</p>"
        names[1] = own if number == count - 1 else names[1]
        said = f"<script>createPageHTML({count}, {number})</script>"
        pages[str(number + 1)] = listing(*names, extra=said)
    for number, answer in enumerate(answers):
        world.served.pages["/list" if number == 0 else f"/list_{number}"] = pages[answer]


@pytest.mark.parametrize("answers", ["11", "122", "121", "1232"])
async def test_a_last_page_answered_by_an_earlier_one_proves_nothing(
    world: World, answers: str
) -> None:
    lay_out_numbered(world, answers)
    await world.register()
    duty = await world.record()
    await world.open(pager=NUMBERED)
    for run in await world.walk(2):
        assert (run.state, run.list_complete, run.proves_absence) == (RunState.FAILED, False, False)
        assert [error["fault"] for error in run.errors] == ["redesigned"]
    assert await world.verdict(duty) == "unknown_source_down"
    lay_out_numbered(world, "1234"[: len(answers)])
    await world.walk()
    assert await world.verdict(duty) == "on_time"


async def test_a_last_page_without_its_link_is_not_the_end_of_a_longer_list(world: World) -> None:
    lay_out(world, "<p>共3页</p>", linked=True)
    world.served.pages["/list_1"] = listing("/m1|会议通知1|2026-01-05")
    await world.register()
    duty = await world.record()
    await world.open(pager=LINKED)
    [run] = await world.walk()
    assert (run.state, run.proves_absence) == (RunState.FAILED, False)
    assert await world.verdict(duty) == "unknown_source_down"


UNSAID = {**CUTS, "other": (LOGIN.replace("ul", "ol"), 200)}


@pytest.mark.parametrize("cut", UNSAID)
@pytest.mark.parametrize("linked", [False, True])
async def test_two_walks_cut_alike_of_a_list_that_does_not_say_how_long_it_is_prove_nothing(
    world: World, cut: str, linked: bool
) -> None:
    lay_out(world, "", linked=linked)
    page, status = UNSAID[cut]
    whole = dict(world.served.pages)
    world.served.pages["/list_1"] = page
    if status != 200:
        world.served.statuses["/list_1"] = status
    await world.register()
    duty = await world.record()
    await world.open(pager=LINKED if linked else NUMBERED)
    assert not any(run.proves_absence for run in await world.walk(3))
    assert await world.verdict(duty) != "overdue"
    world.served.pages, world.served.statuses = whole, {}
    await world.walk()
    assert await world.verdict(duty) == "on_time"


async def test_two_walks_alike_without_the_link_to_the_next_page_prove_nothing(
    world: World,
) -> None:
    lay_out(world, "", linked=True)
    world.served.pages["/list"] = listing("/m0|会议通知0|2026-01-05")
    await world.register()
    duty = await world.record()
    await world.open(pager=LINKED)
    assert [run.proves_absence for run in await world.walk(2)] == [False, False]
    assert await world.verdict(duty) == "unknown_source_down"


@pytest.mark.parametrize(
    "said",
    ["<p>第 1/3 页</p>", "<p>页次：1/3</p>", '<a href="list_2">尾页</a>', "<p>共 3 页</p>"],
)
async def test_a_list_says_how_long_it_is_in_many_ways(world: World, said: str) -> None:
    lay_out(world, said, linked=False)
    world.served.pages["/list_2"] = listing("/m2|会议通知2|2026-01-05")
    world.served.pages["/m2"] = "<p>正文</p>"
    await world.register()
    duty = await world.record()
    await world.open(pager=NUMBERED)
    assert [(run.declared_pages, run.proves_absence) for run in await world.walk(2)] == [
        (3, True),
        (3, True),
    ]
    assert await world.verdict(duty) == "overdue"
